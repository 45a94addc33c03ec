"""Build what a release consists of, and prove that it works without the checkout. Uploads nothing.

    python scripts/release.py [--output dist]

Leaves the source distribution, the wheel that was built from it, sbom.cdx.json and SHA256SUMS in the output folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAIN_JOB = (
    ("doctor",),
    ("enroll", "{photos}/me"),
    ("scan", "{photos}/archive"),
    ("report", "--output", "{folder}/report.html"),
    ("list", "--format", "json"),
)
"""What a user does first; the last one prints what was found."""


def run(*command: str | Path, folder: Path, accepted: Sequence[int] = (0,)) -> str:
    """The output of a command; ends the release with what it printed when its status is not an accepted one."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        [str(word) for word in command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode not in accepted:
        sys.exit(f"{' '.join(map(str, command))} failed with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def must_be_clean() -> None:
    """A release is what is committed: nothing else may slip into the archives."""
    if run("git", "status", "--porcelain", folder=ROOT):
        sys.exit("there are changes that are not committed; a release is made of commits only")


def build(output: Path) -> list[Path]:
    """The source distribution, and the wheel built from it."""
    shutil.rmtree(output, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", output, ROOT, folder=ROOT)
    archives = sorted(output.iterdir())
    run(sys.executable, "-m", "twine", "check", "--strict", *archives, folder=ROOT)
    return archives


def prove(wheel: Path, folder: Path) -> Path:
    """Install the wheel into an empty environment, run the main job outside the checkout; returns its Python."""
    venv.create(folder / "env", with_pip=True)
    programs = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    run(programs / "python", "-m", "pip", "install", "--quiet", wheel, folder=folder)
    version = run(programs / "python", "-m", "untag", "--version", folder=folder).split()[-1]
    if f"-{version}-" not in wheel.name:
        sys.exit(f"{wheel.name} says that it is {version}")
    photos = shutil.copytree(ROOT / "sample_photos", folder / "photos")
    output = ""
    for words in MAIN_JOB:
        arguments = [word.format(photos=photos, folder=folder) for word in words]
        output = run(programs / "untag", "--home", folder / "home", *arguments, folder=folder)
    must_have_found(output)
    return programs / "python"


def must_have_found(listed: str) -> None:
    """That the sample photos were recognised: a wheel without its models or templates would end well, too."""
    verdicts = [finding["verdict"] for finding in json.loads(listed)]
    if "me" not in verdicts:
        sys.exit(f"the installed wheel finds nobody in the sample photos: {verdicts}")


def write_sbom(python: Path, output: Path) -> Path:
    """What the installed wheel pulls in, as CycloneDX."""
    path = output / "sbom.cdx.json"
    for note in python.parents[1].rglob("untag-*.dist-info/direct_url.json"):
        note.unlink()  # where pip found the wheel: a path of this machine
    run(
        *(sys.executable, "-m", "cyclonedx_py", "environment", python),
        *("--output-reproducible", "--output-format", "JSON", "--output-file", path),
        folder=output,
    )
    if "file:" in path.read_text():
        sys.exit(f"{path} names a file of this machine")
    return path


def write_sums(files: Sequence[Path], output: Path) -> None:
    """SHA256SUMS, which `sha256sum --check` reads."""
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (output / "SHA256SUMS").write_text("".join(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    output = parser.parse_args().output.absolute()
    must_be_clean()
    archives = build(output)
    with tempfile.TemporaryDirectory(prefix="untag-release-") as folder:
        python = prove(next(path for path in archives if path.suffix == ".whl"), Path(folder))
        sbom = write_sbom(python, output)
    write_sums([*archives, sbom], output)
    sys.stdout.write(f"{output} holds {', '.join(path.name for path in sorted(output.iterdir()))}\n")


if __name__ == "__main__":
    main()
