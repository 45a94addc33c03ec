"""Lets a user prove that nothing leaves the machine: untag's main commands on a drawn picture, under a watch.

Each command runs as a program of its own, in a made-up user folder, with none of untag's own switches set beforehand.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import cv2
from PIL import Image

from untag.config import CONFIG_NAME
from untag.doctor.checks import Check
from untag.doctor.drawn import drawn_face
from untag.doctor.watching import Seen, Watch, usable_watch
from untag.engine.downloads.registry import OCR_DETECTION
from untag.engine.runtime.ort import SWITCH
from untag.errors import ModelError

_PROGRAM = "from untag.cli import main\nmain()\n"
_VISITED = "from untag.doctor.visited import main\nmain()\n"
"""For the one command that does not end by itself."""
_LISTENS = {"review"}
_MOST_NAMED = 5

JOB: tuple[tuple[str, ...], ...] = (
    ("enroll", "references", "--called", "Jane Doe"),
    ("sources", "photos"),
    ("scan", "photos"),
    ("list", "--format", "json"),
    ("search", "a person outdoors"),
    ("search", "photos/1.png"),
    ("people",),
    ("inspect", "photos/1.png"),
    ("decide", "photos/1.png", "--status", "keep"),
    ("decide", "photos/gallery-dl/facebook/Bea Moor/1001.png", "--status", "request-removal"),
    ("act", "--print"),
    ("letters", "--output", "letters", "--name", "Jane Doe"),
    ("stats",),
    ("open", "photos/1.png", "--print"),
    ("export", "--to-folder", "copies", "--status", "all", "--xmp"),
    ("report", "--output", "report.html"),
    ("review",),
    ("evaluate", "pairs", "pairs.csv"),
    ("categories",),
    ("models", "list"),
    ("schedule", "install", "photos", "--print", "--service", "systemd"),
    ("worker", "--nas"),
    ("doctor",),
    ("backup", "backup.jsonl"),
    ("restore", "backup.jsonl"),
    ("forget", "--all", "--yes"),
)
"""What is run: every command that handles photos or what was found in them."""

_POST = '{"category": "facebook", "subcategory": "set", "username": "Bea Moor", "id": "1001", "extension": "png"}'
"""What gallery-dl writes beside a photo: somebody else posted it, so that there is a letter to write."""


@dataclass(frozen=True, slots=True)
class Place:
    """A made-up user's folders: the only ones in which something may appear."""

    root: Path

    @property
    def home(self) -> Path:
        """Where untag keeps all that it knows."""
        return self.root / "home"

    @property
    def work(self) -> Path:
        """The folder in which commands run, with the photos in it."""
        return self.root / "work"

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """The variables of a user who has nothing yet, and no switch that turns a telemetry off."""
        kept = {name: value for name, value in base.items() if not name.startswith(("XDG_", "UNTAG_"))}
        kept.pop(SWITCH, None)
        user, scratch = str(self.root / "user"), str(self.root / "tmp")
        return kept | {
            "HOME": user, "USERPROFILE": user, "APPDATA": user, "LOCALAPPDATA": user,
            "TMPDIR": scratch, "TEMP": scratch, "TMP": scratch, "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip


def prove_offline() -> Iterator[Check]:
    """The watch that works here, what it saw of each command of `JOB`, and what it cannot prove."""
    with tempfile.TemporaryDirectory(prefix="untag-offline-") as folder:
        place = furnish(Path(folder).resolve())
        watch, reasons = usable_watch(place.environment(os.environ))
        for reason in reasons:
            yield Check("not used", True, reason)
        if watch is None:
            yield Check("watch", False, "no watch works here", "on Linux, install strace")
            return
        yield Check("watch", True, f"{watch.name}; it caught a socket and a file that were opened on purpose")
        for number, command in enumerate(JOB):
            yield _judged(command[0], *watched(watch, place, command, place.root / f"notes-{number}"))
        yield Check("not proved", True, watch.blind)


def furnish(root: Path) -> Place:
    """Make the folders and the drawn pictures below an empty folder."""
    place = Place(root)
    for folder in ("user", "tmp", "work/references", "work/photos"):
        (root / folder).mkdir(parents=True)
    face = drawn_face()
    for name, width in (("references/1.png", 240), ("photos/1.png", 480), ("photos/2.png", 960)):
        packed = BytesIO()
        picture = cv2.resize(face, (width, width), interpolation=cv2.INTER_LINEAR)
        cv2.putText(picture, "Jane Doe", (8, width - 8), cv2.FONT_HERSHEY_DUPLEX, 1.0, (0, 0, 0), 2, cv2.LINE_AA)
        Image.fromarray(picture).save(packed, "PNG")
        (place.work / name).write_bytes(packed.getvalue())
    if _reads_text():
        place.home.mkdir(mode=0o700)
        (place.home / CONFIG_NAME).write_text('text_words = ["Jane Doe"]\ntext_cards = true\n')
    posted = place.work / "photos/gallery-dl/facebook/Bea Moor"
    posted.mkdir(parents=True)
    (posted / "1001.png").write_bytes((place.work / "photos/1.png").read_bytes())
    (posted / "1001.png.json").write_text(_POST)
    (place.work / "pairs.csv").write_text("left,right,same\nphotos/1.png,photos/2.png,1\n")
    return place


def _reads_text() -> bool:
    """Whether the extra is installed: then reading is watched as well."""
    try:
        OCR_DETECTION.locate()
    except ModelError:
        return False
    return True


def watched(watch: Watch, place: Place, command: tuple[str, ...], notes: Path) -> tuple[Seen, list[Path]]:
    """Run one command of untag; what was seen, and the files that appeared anywhere but where they belong."""
    notes.mkdir()
    before = _files(place)
    arguments = ["--home", str(place.home), *command]
    program = _VISITED if command[0] in _LISTENS else _PROGRAM
    seen = watch.run(program, arguments, environment=place.environment(os.environ), folder=place.work, notes=notes)
    asked_for = (place.work / "report.html", place.work / "backup.jsonl")
    folders = (place.home, place.work / "copies", place.work / "letters")
    touched = {*seen.written, *(_files(place) - before)}
    strays = [
        path
        for path in sorted(touched)
        if not any(map(path.is_relative_to, folders)) and path not in (*asked_for, notes / "events")
    ]
    return seen, strays


def _files(place: Place) -> set[Path]:
    """All that lies in the made-up user's folders."""
    return {path for name in ("user", "tmp", "work") for path in (place.root / name).rglob("*")}


def _judged(name: str, seen: Seen, strays: list[Path]) -> Check:
    # The review page waits for the browser of this machine. Nothing else may wait for anybody.
    network = seen.network if name in _LISTENS else (*seen.network, *seen.listening)
    problems = [*network, *(f"{path} was written" for path in strays)]
    if seen.status != 0:
        problems.append(f"it ended with status {seen.status}: {seen.said.strip()[-300:]}")
    if not problems:
        waits = "; it waits for this machine's browser at 127.0.0.1" if seen.listening else ""
        return Check(f"untag {name}", True, f"no use of the network, no file outside the home folder{waits}")
    more = f"; and {len(problems) - _MOST_NAMED} more" if len(problems) > _MOST_NAMED else ""
    return Check(f"untag {name}", False, "; ".join(problems[:_MOST_NAMED]) + more, "report this as a bug of untag")
