"""Which photo is meant: by its id or hash, its path, the end of its path, its name, or a link to it."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from urllib.parse import urlsplit

from untag.errors import UsageError
from untag.library.options import AnyPath, path_of
from untag.store import (
    DATABASE_NAME,
    Store,
    all_paths,
    contents_beginning,
    contents_linked,
    known_file,
    paths_of_contents,
)
from untag.support.paths import absolute, os_path, printable_path
from untag.support.permalinks import link_key
from untag.support.words import counted, printable
from untag.types import ID_LETTERS, Finding, short_id

Photo = Finding | AnyPath
"""A photo that was scanned: a finding, an id, a SHA-256, a path or the end of one, a name, or a link."""

_MOST_CANDIDATES = 8
_LEAST_ID, _LEAST_HASH, _HASH = 4, 6, 64
_SHORTENED = ("…", "...")


def hashes_of(store: Store, photos: Photo | Iterable[Photo]) -> list[str]:
    """The SHA-256 of each photo, in order.

    Raises UsageError for one that was not scanned, and one that names the candidates where several may be meant.
    """
    given = [photos] if isinstance(photos, (Finding, str, PathLike)) else list(photos)
    found = [_at_once(store, photo) for photo in given]
    missing = [str(photo) for photo, sha256 in zip(given, found, strict=True) if sha256 is None]
    by_end = _ByEnd(store, missing) if missing else None
    return [
        by_end.only(str(photo)) if sha256 is None and by_end is not None else str(sha256)
        for photo, sha256 in zip(given, found, strict=True)
    ]


def _at_once(store: Store, photo: Photo) -> str | None:
    """The SHA-256 of a photo that an index leads to; None where all paths are to be looked at."""
    if isinstance(photo, Finding):
        return photo.sha256
    known = known_file(store, printable_path(absolute(path_of(photo))))
    if known is None:
        # As untag list shows it: escaped already, or with slashes inside an archive.
        known = known_file(store, str(photo))
    if known is not None and known.sha256 is not None:
        return known.sha256
    text = str(photo).strip()
    prefix = hash_prefix(text)
    found = [] if prefix is None else contents_beginning(store, prefix)
    if found or (prefix is not None and len(prefix) == _HASH):
        return _only(store, text, found)
    link = _link(text)
    if link is not None:
        return _only(store, text, _linked(store, link))
    return _same_content(store, photo)


def path_on_record(home: Path, photo: AnyPath) -> Path | None:
    """The first file of a photo by its id, the end of its path, its name or a link; None where nothing was scanned.

    Raises UsageError as `hashes_of` does where several may be meant.
    """
    if not (home / DATABASE_NAME).exists():
        return None
    with Store.open(home, create=False) as store:
        try:
            (sha256,) = hashes_of(store, photo)
        except UnknownPhotoError:
            return None
        found = paths_of_contents(store, [sha256]).get(sha256)
    return None if found is None else Path(os_path(found))


class UnknownPhotoError(UsageError):
    """What was given names no photo on record."""


def hash_prefix(text: str) -> str | None:
    """How the SHA-256 begins of the photos that `text` may name: an id or a hash, or the beginning of either.

    None where it can be neither.
    """
    plain = text.casefold()
    if _LEAST_ID <= len(plain) <= _HASH and set(plain) <= set(ID_LETTERS):
        return plain.translate(str.maketrans(ID_LETTERS, "0123456789abcdef"))
    return plain if _LEAST_HASH <= len(plain) <= _HASH and set(plain) <= set("0123456789abcdef") else None


def _link(text: str) -> str | None:
    """The address that a text is, with its scheme; None for one that is no address."""
    if text.casefold().startswith(("http://", "https://")):
        return text
    host, slash, _ = text.partition("/")
    bare = slash and "." in host and " " not in text and not host.startswith(".")
    return f"https://{text}" if bare and host.rpartition(".")[2].casefold() in _ENDINGS else None


_ENDINGS = ("com", "org", "net", "me", "io", "de")
"""How hosts end whose addresses are typed without https://; a folder that is called so is looked for first."""


def _linked(store: Store, link: str) -> list[str]:
    """The contents with this permalink, whatever query and host it is written with."""
    found = contents_linked(store, [link_key(link)])
    return found or contents_linked(store, list(dict.fromkeys(_writings(link))))


def _writings(link: str) -> Iterator[str]:
    """Other ways to write an address, each as its key: the desktop's host, no query, no fragment, a slash or none."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("mobile.").removeprefix("www.")
    for name in (parts.netloc, host, f"www.{host}", f"m.{host}"):
        for query in (f"?{parts.query}" if parts.query else "", ""):
            for path in (parts.path, parts.path.rstrip("/"), f"{parts.path.rstrip('/')}/"):
                for scheme in ("https", "http"):
                    yield link_key(f"{scheme}://{name}{path}{query}")


def _same_content(store: Store, photo: AnyPath) -> str | None:
    """The content of a file that is there, but was not scanned at this place; None where there is no such file.

    It must not be taken for another one with the same name. Raises UsageError when no copy of it was scanned.
    """
    path = path_of(photo)
    try:
        if not path.is_file():
            path = Path(os_path(str(path)))
            if not path.is_file():
                return None
        sha256 = _sha256(path)
    except (OSError, ValueError):
        return None
    if not contents_beginning(store, sha256):
        raise UsageError(f"{photo} was not scanned yet, nor was a copy of it; scan it first")
    return sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _only(store: Store, text: str, found: Sequence[str]) -> str:
    """The one content that is meant. Raises UsageError when there is none, or there are several."""
    unique = list(dict.fromkeys(found))
    if len(unique) == 1:
        return unique[0]
    if not unique and not text.strip():
        raise UnknownPhotoError("an empty name is that of no photo; give the id that untag list shows")
    if not unique:
        raise UnknownPhotoError(f"{text} was not scanned yet; scan it first, or give the id that untag list shows")
    shown = paths_of_contents(store, unique[:_MOST_CANDIDATES])
    named = "".join(f"\n  {_distinct_id(one, unique)}  {shown.get(one, '')}" for one in unique[:_MOST_CANDIDATES])
    more = f"\n  … and {len(unique) - _MOST_CANDIDATES} more" if len(unique) > _MOST_CANDIDATES else ""
    raise UsageError(f"{text} may mean {counted(len(unique), 'photo')}; give one of these ids:{named}{more}")


def _distinct_id(sha256: str, others: Sequence[str]) -> str:
    alike = sum(short_id(other) == short_id(sha256) for other in others)
    return short_id(sha256) if alike == 1 else sha256


def path_key(path: str) -> str:
    """What two writings of a path have in common: case, composed accents, either separator."""
    return unicodedata.normalize("NFC", path).casefold().replace("\\", "/")


@dataclass(frozen=True, slots=True)
class _End:
    """The end of a path, as it is compared; `whole` where it begins with the name of a file or folder."""

    end: str
    whole: bool

    def ends(self, path: str) -> bool:
        return path == self.end or path.endswith(f"/{self.end}" if self.whole else self.end)


class _ByEnd:
    """The contents whose paths end like the texts: all paths on record are gone through once."""

    def __init__(self, store: Store, texts: Iterable[str]) -> None:
        self._store = store
        self._found: dict[str, list[str]] = {text: [] for text in texts}
        self._named: dict[str, list[tuple[str, _End]]] = {}
        self._others: list[tuple[str, _End]] = []
        for text in self._found:
            end = _end_of(text)
            name = end.end.rpartition("/")[2]
            if end.whole or "/" in end.end:
                self._named.setdefault(name, []).append((text, end))
            elif end.end:
                self._others.append((text, end))
        self._look()

    def only(self, text: str) -> str:
        """The one content that a text means. Raises UsageError as `_only` does."""
        return _only(self._store, text, self._found[text])

    def _look(self) -> None:
        for path, sha256 in all_paths(self._store):
            for written in dict.fromkeys((path, printable(path))):
                key = path_key(written)
                for text, end in (*self._named.get(key.rpartition("/")[2], ()), *self._others):
                    if end.ends(key):
                        self._found[text].append(sha256)


def _end_of(text: str) -> _End:
    """The end of a path that somebody typed, or that a table has shortened."""
    plain = path_key(text.strip())
    shortened = plain.startswith(_SHORTENED)
    for mark in _SHORTENED:
        plain = plain.removeprefix(mark)
    whole = not shortened or plain.startswith("/")
    while plain.startswith(("./", "/")):
        plain = plain.removeprefix(".").removeprefix("/")
    return _End(plain.rstrip("/"), whole)
