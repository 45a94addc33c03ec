"""What the user leaves out of scans: patterns as git has them, and folders with a file `.nomedia`.

Patterns come from `--exclude` and `exclude` in config.toml, and from a file `.untagignore` in a folder, which holds for
that folder and everything below it. The last pattern that fits decides, those of an inner folder after those of an
outer one; `!` takes back in. What is in a folder that is left out cannot be taken back in. What was itself asked for is
never left out.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from untag.errors import ReadFailure, UsageError
from untag.imaging.limits import Limits
from untag.sources.files import read_file
from untag.sources.kinds import Kind
from untag.sources.listing import Entry, Listing, Skipped, Source
from untag.support.paths import folder_of, os_path
from untag.types import Outcome, ReadError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".untagignore"
NO_MEDIA = ".nomedia"

_LIMITS = Limits(max_bytes=64 * 1024)
_NAMED_CLASS = re.compile(r"\[[:.=]\w*[:.=]\]")
_MOST_STARS = 3
"""In one name of a pattern: each further one multiplies the time that a long name can take."""
_MOST_DEEP = 100
"""Names in archives may have thousands of folders, each of which would be looked at."""
_SEPARATORS = re.compile(rf"[/{re.escape(os.sep)}]")
_MOST_KEPT = 4096
"""Folders whose rules are kept at a time."""
_DRIVE = re.compile(r"[A-Za-z]:[/\\]")


@dataclass(frozen=True, slots=True)
class Layer:
    """Patterns that lie together. `base` is the folder that they are relative to, None for the whole disk."""

    base: str | None
    patterns: tuple[str, ...]
    spec: GitIgnoreSpec

    def decides(self, path: str, *, is_folder: bool) -> bool | None:
        """Whether a path is left out, or taken back in; None where no pattern fits."""
        relative = _relative(path, self.base)
        return self.spec.check_file(f"{relative}/" if is_folder else relative).include


@dataclass(frozen=True, slots=True)
class FolderRules:
    """What holds in one folder: whether it is left out itself, the layers of patterns, and what is wrong with them."""

    excluded: bool
    layers: tuple[Layer, ...]
    problems: tuple[ReadError, ...] = ()

    def decides(self, path: str, *, is_folder: bool) -> bool:
        """Whether what lies directly in the folder is left out."""
        for layer in reversed(self.layers):
            found = layer.decides(path, is_folder=is_folder)
            if found is not None:
                return found
        return False

    @property
    def key(self) -> bytes:
        """Changes whenever a pattern does."""
        text = repr([(layer.base, layer.patterns) for layer in self.layers])
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def check_pattern(pattern: str) -> str:
    """A pattern of the user's. Raises UsageError for one that can fit nothing, or that takes too long to try."""
    problem = _problem_with(pattern)
    if problem is not None:
        raise UsageError(f"{pattern!r} is no pattern of what to exclude: {problem}")
    return pattern


class Exclusions:
    """What is left out of scans, by the patterns that were given and by what folders say of themselves."""

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        """Raises UsageError for what is no pattern."""
        self._patterns = tuple(check_pattern(pattern) for pattern in patterns)
        self._below: dict[str, ExclusionsBelow] = {}

    def below(self, root: str) -> ExclusionsBelow:
        """What is left out below a path as it is shown, which was itself asked for."""
        return self._below.setdefault(root, ExclusionsBelow(root, self._patterns))

    def leave_out(self, path: str, roots: Iterable[str]) -> bool:
        """Whether a path as it is shown is left out of a scan of these roots, whichever of them lead to it."""
        leading = [root for root in roots if _is_at_or_below(path, root)]
        return bool(leading) and all(self.below(root).excludes(path) for root in leading)


class ExclusionsBelow:
    """What is left out below one root. It looks into the folders that it is asked about, once each."""

    def __init__(self, root: str, patterns: Sequence[str]) -> None:
        self._root = root.rstrip("/" + os.sep) or root
        self._given = tuple(_given_layers(patterns, self._root))
        self._known: dict[str, FolderRules] = {}
        self._above = FolderRules(False, ())

    def folder(self, path: str) -> FolderRules:
        """What holds in a folder, given as it is shown. Very deep in an archive it is what holds further up."""
        path = self._not_too_deep(path)
        below = [path]
        while below[-1] not in self._known and _is_below(below[-1], self._root):
            below.append(folder_of(below[-1]))
        for one in reversed(below):
            rules = self._known.get(one) or self._look(one)
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[one] = rules
            self._above = rules
        return rules

    def _not_too_deep(self, path: str) -> str:
        ends = islice(_SEPARATORS.finditer(path, len(self._root) + 1), _MOST_DEEP, None)
        end = next(ends, None)
        return path if end is None else path[: end.start()]

    def excludes(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether a path as it is shown is left out."""
        if not _is_below(path, self._root):
            return False
        rules = self.folder(folder_of(path))
        return rules.excluded or rules.decides(path, is_folder=is_folder)

    def filtered(self, listings: Iterable[Listing]) -> Iterator[Listing]:
        """The listings without what is left out, which they count instead."""
        for listing in listings:
            rules = self.folder(listing.folder)
            if rules.excluded:
                yield left_out(listing.source, listing.folder)
            elif rules.problems:
                yield replace(listing, fingerprint=None, list_entries=partial(_entries, listing, rules))
            elif rules.layers:
                marked = None if listing.fingerprint is None else listing.fingerprint + rules.key
                yield replace(listing, fingerprint=marked, list_entries=partial(_entries, listing, rules))
            else:
                yield listing

    def _look(self, path: str) -> FolderRules:
        if not _is_below(path, self._root):
            return _within(path, self._given)
        # `folder` has just looked at the one that it lies in.
        above = self._above
        if above.excluded:
            return FolderRules(True, ())
        if above.decides(path, is_folder=True) or os.path.lexists(os_path(path) + os.sep + NO_MEDIA):
            return FolderRules(True, ())
        return _within(path, above.layers)


def left_out(source: Source, folder: str) -> Listing:
    """What stands for a folder that is left out."""
    return Listing(source, folder, 0, None, list, {Kind.EXCLUDED: 1})


def _entries(listing: Listing, rules: FolderRules) -> list[Entry]:
    kept: list[Entry] = list(rules.problems)
    for entry in listing.entries:
        out = rules.decides(entry.path, is_folder=False)
        kept.append(Skipped(entry.path, Kind.EXCLUDED) if out else entry)
    return kept


def _within(folder: str, layers: tuple[Layer, ...]) -> FolderRules:
    """The rules in a folder that is not left out: those from above, and its own."""
    shown = folder.rstrip(os.sep) + os.sep + IGNORE_FILE
    try:
        data = read_file(os_path(shown), _LIMITS)
    except ReadFailure as failure:
        # Nothing is there either where the path is too long for one on a disk: it leads into an archive.
        if failure.outcome in (Outcome.MISSING, Outcome.EMPTY) or not os.path.lexists(os_path(shown)):
            return FolderRules(False, layers)
        problem = ReadError(shown, failure.outcome, f"nothing is excluded by it: {failure}")
        return FolderRules(False, layers, (problem,))
    lines = data.decode("utf-8-sig", "replace").splitlines()
    wrong = {number: reason for number, line in enumerate(lines, 1) if (reason := _problem_with(line)) is not None}
    patterns = tuple(line for number, line in enumerate(lines, 1) if number not in wrong)
    said = "; ".join(f"line {number} excludes nothing: {reason}" for number, reason in wrong.items())
    problems = (ReadError(shown, Outcome.UNSUPPORTED, said),) if wrong else ()
    return FolderRules(False, (*layers, Layer(folder, patterns, _spec(patterns))), problems)


def _given_layers(patterns: Sequence[str], root: str) -> Iterator[Layer]:
    """One pattern a layer, so that their order counts whatever each is relative to."""
    for pattern in patterns:
        sign, rest = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
        if rest.startswith("~"):
            rest = os.path.expanduser(rest)  # noqa: PTH111 - it may be a pattern, and no path
        if rest.startswith("/") or _DRIVE.match(rest):
            anchored = rest.replace(os.sep, "/")
            yield _layer(None, sign + (anchored if anchored.startswith("/") else f"/{anchored}"))
        else:
            yield _layer(root, pattern)


def _layer(base: str | None, pattern: str) -> Layer:
    return Layer(base, (pattern,), _spec((pattern,)))


def _spec(patterns: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    with warnings.catch_warnings():
        # Python's own expressions may one day mean more by [[ than git does.
        warnings.simplefilter("ignore", FutureWarning)
        return GitIgnoreSpec.from_lines(map(_composed, patterns))


def _composed(text: str) -> str:
    """Macs write an umlaut as two characters in names of files, and keyboards as one."""
    return unicodedata.normalize("NFC", text)


def _relative(path: str, base: str | None) -> str:
    if base is None:
        rest = path
    elif _is_below(path, base):
        rest = path[len(base.rstrip("/" + os.sep)) :]
    else:  # another part of an archive of several
        rest = path.rpartition("/")[2]
    return _composed(rest.replace(os.sep, "/").lstrip("/"))


def _is_below(path: str, other: str) -> bool:
    bare = other.rstrip("/" + os.sep)
    return path.startswith((bare + os.sep, bare + "/")) and len(path) > len(bare) + 1


def _is_at_or_below(path: str, root: str) -> bool:
    return path == root or _is_below(path, root)


def _problem_with(pattern: str) -> str | None:
    names = [name for name in pattern.split("/") if name != "**"]
    if any(name.count("*") > _MOST_STARS for name in names):
        return f"a name has more than {_MOST_STARS} asterisks; write two patterns, or fewer asterisks"
    if (named := _NAMED_CLASS.search(pattern)) is not None:
        return f"{named[0]} is not understood; write the characters themselves, such as [A-Z]"
    try:
        _spec((pattern,))
    except (ValueError, re.error) as error:
        return str(error)
    return None
