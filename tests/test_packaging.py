"""What is shipped: read from pyproject.toml, so that it costs no build. `make release` builds it, proves the rest."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import untag
from untag.doctor.checks import SHIPPED
from untag.errors import ModelError
from untag.findings import Preset
from untag.support.assets import read_asset

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
WHEEL: dict[str, Any] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
DOCTOR = ROOT / "src" / "untag" / "doctor" / "checks.py"
SDIST: dict[str, Any] = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]


def assets_read() -> list[str]:
    """Every name that the sources give to `read_asset`; all are literals, else this fails, but the table of doctor."""
    names: list[str] = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "read_asset":
                if path == DOCTOR:
                    names += SHIPPED
                else:
                    names.append(ast.literal_eval(node.args[0]))
    return names


def test_the_wheel_holds_the_package_and_the_models_and_nothing_else() -> None:
    assert WHEEL["packages"] == ["src/untag"]
    assert WHEEL["force-include"] == {"models": "untag/models"}
    assert not (ROOT / "src" / "untag" / "models").exists(), "the wheel would hold two of them"
    assert WHEEL.keys() == {"packages", "force-include"}


@pytest.mark.parametrize("name", sorted(set(assets_read())))
def test_every_asset_that_is_read_is_there(name: str) -> None:
    assert (ROOT / "models" / name).is_file()
    assert read_asset(name)


def test_assets_are_found_in_both_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "calibration.json" in assets_read()
    installed = tmp_path / "site-packages" / "untag"
    (installed / "models").mkdir(parents=True)
    (installed / "models" / "here.json").write_bytes(b"in the wheel")
    monkeypatch.setattr("untag.support.assets.__file__", str(installed / "support" / "assets.py"))
    assert read_asset("here.json") == b"in the wheel"
    with pytest.raises(ModelError, match=r"lacks models/calibration\.json"):
        read_asset("calibration.json")


DATA = ["py.typed", "reports/templates/report.html", "reports/templates/report.css"]
DATA += [f"findings/presets/{preset}.toml" for preset in Preset]


@pytest.mark.parametrize("name", DATA)
def test_data_files_lie_inside_the_package(name: str) -> None:
    # Hatchling ships whatever lies in the package, but for what git ignores.
    assert (ROOT / "src" / "untag" / name).is_file()
    ignored = (ROOT / ".gitignore").read_text()
    assert not re.search(r"^(\*\.(html|css|js|json|toml|typed)|templates|presets|models)", ignored, re.M)


def test_the_sdist_can_build_test_and_demonstrate_itself() -> None:
    wanted = {"src", "models", "tests", "sample_photos", "docs", "benchmarks", ".ci", "Makefile", "README.md"}
    wanted |= {"scripts", "requirements-dev.txt", ".github", "CONTRIBUTING.md", "RELEASING.md", "SECURITY.md"}
    listed = set(SDIST["include"])
    assert {f"/{name}" for name in (*wanted, *PROJECT["project"]["license-files"])} <= listed
    for entry in listed:
        assert entry.startswith("/"), f"{entry} would match at any depth"
        assert (ROOT / entry.lstrip("/")).exists()


def test_the_version_has_one_source() -> None:
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert "version" not in PROJECT["project"]
    assert PROJECT["tool"]["hatch"]["version"] == {"path": "src/untag/__init__.py"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", untag.__version__)
    assert f"\n## {untag.__version__} " in (ROOT / "CHANGELOG.md").read_text()


def test_the_commands_point_at_something() -> None:
    assert PROJECT["project"]["scripts"].keys() == {"untag"}
    module, _, function = PROJECT["project"]["scripts"]["untag"].partition(":")
    assert callable(getattr(import_module(module), function))


def test_the_python_versions_agree() -> None:
    project = PROJECT["project"]
    (least,) = re.findall(r">=3\.(\d+)$", project["requires-python"])
    named = [int(minor) for minor in re.findall(r":: 3\.(\d+)'", str(project["classifiers"]))]
    assert min(named) == int(least)
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py3{least}"


def test_the_same_pythons_are_named_tried_and_run_by_ci() -> None:
    named = [text.rpartition(" ")[2] for text in PROJECT["project"]["classifiers"] if "Python :: 3." in text]
    tried = re.findall(r"^PYTHONS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    run = re.findall(r"^ +python: (\[.*\])$", (ROOT / ".github/workflows/checks.yml").read_text(), re.MULTILINE)
    assert named == tried[0].split() == ast.literal_eval(run[0])
    assert PROJECT["project"]["requires-python"] == f">={named[0]}"
