"""The pins of the weights inside packages: they match what is installed, and nothing else is ever accepted."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import untag
from untag.engine.downloads.registry import DLIB_DETECTOR, DLIB_LANDMARKS, PACKAGED_WEIGHTS, PackagedWeights
from untag.errors import ModelError


@pytest.mark.parametrize("weights", PACKAGED_WEIGHTS, ids=lambda weights: weights.name)
def test_a_pin_is_the_installed_file(weights: PackagedWeights) -> None:
    data = weights.read()
    assert len(data) == weights.size
    assert hashlib.sha256(data).hexdigest() == weights.sha256
    assert weights.licence in {"CC0-1.0", "Apache-2.0", "BSD-2-Clause"}


def test_names_are_names_of_files_and_unlike() -> None:
    names = [weights.name for weights in PACKAGED_WEIGHTS]
    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalnum() for name in names)


def test_packages_are_located_without_being_imported() -> None:
    program = (
        "import sys\n"
        "from untag.engine.downloads.registry import PACKAGED_WEIGHTS\n"
        "assert all(weights.locate().is_file() for weights in PACKAGED_WEIGHTS)\n"
        "names = {weights.package for weights in PACKAGED_WEIGHTS} | {'pkg_resources'}\n"
        "assert not names & set(sys.modules), names & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_another_file_is_refused() -> None:
    with pytest.raises(ModelError, match=r"mmod_human_face_detector\.dat is not the file.*reinstall"):
        replace(DLIB_DETECTOR, sha256="0" * 64).read()


def test_a_changed_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = bytearray(DLIB_DETECTOR.locate().read_bytes())
    changed[len(changed) // 2] ^= 1
    path = tmp_path / "weights.dat"
    path.write_bytes(changed)
    monkeypatch.setattr(PackagedWeights, "locate", lambda _: path)
    with pytest.raises(ModelError, match="reinstall"):
        DLIB_DETECTOR.read()


def test_a_missing_package_or_file_is_named_with_the_remedy() -> None:
    with pytest.raises(ModelError, match="pip install no-such-package"):
        replace(DLIB_DETECTOR, package="no-such-package").locate()
    with pytest.raises(ModelError, match=r"without gone\.dat; reinstall it"):
        replace(DLIB_DETECTOR, path="face_recognition_models/models/gone.dat").locate()


def test_the_landmark_model_that_excludes_commercial_use_is_never_named() -> None:
    # It lies in the same package: the 68 points were trained on iBUG 300-W.
    assert DLIB_LANDMARKS.path.endswith("shape_predictor_5_face_landmarks.dat")
    for path in Path(untag.__file__).parent.rglob("*.py"):
        assert "68_face_landmarks" not in path.read_text("utf-8"), path
