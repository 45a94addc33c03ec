"""Letters as files in a folder that untag made: nothing else in it is touched, and what the user changed stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from untag.actions.letters import Kind, Letter, Letters
from untag.errors import UsageError
from untag.support.aside import new_part
from untag.support.home import is_private, make_private_folder

MARK = ".untag-letters.json"
README = "README.txt"
_LONGEST = 16 << 20


class Placed(StrEnum):
    """What became of a file."""

    WRITTEN = "written"
    SAME = "same"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class LettersWritten:
    """The files by what became of them; those that the user has changed are `kept` as they are."""

    folder: Path
    letters: tuple[Letter, ...]
    written: tuple[str, ...]
    same: tuple[str, ...]
    kept: tuple[str, ...]


def write_files(letters: Letters, folder: Path, home: Path) -> LettersWritten:
    """Writes the letters and the README into `folder`, 0700, the files 0600; parts lie in `home` until they are whole.

    Raises UsageError for a folder that holds anything of others, or lies in `home`.
    """
    known = _prepare(folder, home)
    placed: dict[str, Placed] = {}
    try:
        for name, data in _contents(letters):
            placed[name] = _place(folder / name, data, known, home)
            if placed[name] is not Placed.KEPT:
                known[name] = _digest(data)
                _install(folder / MARK, json.dumps({"untag letters": known}, indent=1).encode(), home)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}") from error
    return LettersWritten(
        folder, letters.letters, *(tuple(name for name, what in placed.items() if what is one) for one in Placed)
    )


def file_text(letter: Letter) -> str:
    """A letter as the text of its file: ready to be sent, or each field of a form under its name."""
    if letter.kind in (Kind.MESSAGE, Kind.INTIMATE):
        return letter.text
    if letter.kind not in (Kind.FORM, Kind.SEARCH):
        return f"{letter.fields[0].label}: {letter.fields[0].text}\n\n{letter.text}"
    head = [letter.title, *([letter.address] if letter.address else []), "", *letter.notes]
    parts = [f"=== {part.label} ===\n\n{part.text}" for part in letter.fields]
    return "\n".join(head) + "\n\n" + "\n\n".join(parts) + "\n"


def email_bytes(letter: Letter) -> bytes:
    """A letter as an unsent email that mail programs open as a draft; no sender, so that they put the user's own."""
    message = EmailMessage(policy=SMTP)
    # One line each: a line end in a header would begin another header.
    message["Subject"] = " ".join(letter.fields[0].text.split())
    message["To"] = letter.address
    message["X-Unsent"] = "1"
    message.set_content(letter.text, cte="quoted-printable")
    return message.as_bytes()


def _contents(letters: Letters) -> Iterator[tuple[str, bytes]]:
    for letter in letters.letters:
        is_email = letter.kind is Kind.EMAIL
        yield letter.file, email_bytes(letter) if is_email else file_text(letter).encode("utf-8", "replace")
    yield README, letters.readme.encode("utf-8", "replace")


def _prepare(folder: Path, home: Path) -> dict[str, str]:
    """The digests of the files that untag wrote there before; makes the folder."""
    if folder.resolve().is_relative_to(home.resolve()):
        raise UsageError(f"{folder} lies in untag's own folder; choose another one")
    try:
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file; name a folder")
        if folder.exists() and any(folder.iterdir()):
            known = _known(folder / MARK)
            if known is None:
                raise UsageError(f"{folder} holds other files; name a new folder, or one that untag letters has made")
        else:
            known = {}
            make_private_folder(folder)
        if not is_private(folder):
            folder.chmod(0o700)
    except OSError as error:
        raise UsageError(f"{folder} cannot be used: {error.strerror or error}") from error
    return known


def _known(mark: Path) -> dict[str, str] | None:
    if not mark.is_file() or mark.is_symlink():
        return None
    try:
        known = json.loads(mark.read_bytes())["untag letters"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(known, dict):
        return None
    return {str(name): str(digest) for name, digest in known.items()}


def _place(path: Path, data: bytes, known: dict[str, str], home: Path) -> Placed:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return Placed.KEPT
    if path.exists():
        there = _digest(path.read_bytes()) if path.stat().st_size <= _LONGEST else ""
        if there == _digest(data):
            return Placed.SAME
        if there != known.get(path.name):
            return Placed.KEPT
    _install(path, data, home)
    return Placed.WRITTEN


def _install(path: Path, data: bytes, home: Path) -> None:
    with new_part(home) as part:
        part.write(data)
        part.install(path)


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
