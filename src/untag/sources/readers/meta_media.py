"""How the downloads of Facebook and Instagram name media, and which files are meant."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from untag.sources.kinds import is_named_video, may_be_photo
from untag.sources.text import repaired


def words_only(name: str) -> str:
    """A name as letters and digits alone: how apostrophes, spaces and accents are written differs between parts."""
    return "".join(char for char in unicodedata.normalize("NFKC", name).casefold() if char.isalnum())


def split_suffix(name: str) -> tuple[str, str]:
    """The name of a file before its suffix, and the lower-case suffix; the whole name and "" where there is none."""
    stem, _, suffix = name.rpartition(".")
    return (stem, suffix.lower()) if stem and suffix.isalnum() and len(suffix) <= 5 else (name, "")


def is_picture(uri: str) -> bool:
    """Whether media may be a picture by its name: it has no suffix, or none that is known of something else."""
    return not split_suffix(uri)[1] or may_be_photo(uri)


def is_media(uri: str) -> bool:
    """Whether media may be a picture or a video by its name."""
    return is_picture(uri) or is_named_video(uri)


_MOST_ALIKE, _MOST_DEEP = 500, 40
"""How many files of one name in folders of one name are distinguished, and by how many of the folders above. A site
numbers its photos; in what is made to take long, each of thousands would be compared with each mention."""


class MediaIndex:
    """Finds the files that `uri`s mean: the root folder may be missing or another one, and the suffix may differ."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_stem: dict[str, list[str]] = {}
        self._by_folder: dict[tuple[str, str], list[str]] = {}
        for name in filter(is_media, names):
            folders, _, last = name.rpartition("/")
            key = _key(last)
            self._by_stem.setdefault(key, []).append(name)
            if folders:
                self._by_folder.setdefault((key, _folder(folders.rpartition("/")[2])), []).append(name)

    def find(self, uri: str, near: str = "") -> tuple[str, ...]:
        """All files that `uri` may mean equally well, none when it is not here. A bare name is one below `near`."""
        parts = [part for part in (repaired(uri) or "").split("/") if part not in ("", ".", "..")]
        if not parts or "://" in uri:
            return ()
        if len(parts) == 1:
            candidates = self._by_stem.get(_key(parts[-1]), [])[:_MOST_ALIKE]
            best = [name for name in candidates if name.startswith(f"{near}/")] if near else candidates
            # Far from anything, a name that several files have says nothing.
            best = best if near or len(best) == 1 else []
        else:
            wanted = [_folder(part) for part in parts[-_MOST_DEEP:-1]]
            candidates = self._by_folder.get((_key(parts[-1]), wanted[-1]), [])[:_MOST_ALIKE]
            scores = {name: _shared_folders(name, wanted) for name in candidates}
            highest = max(scores.values(), default=0)
            best = [name for name, score in scores.items() if score == highest and score > 0]
        suffix = split_suffix(parts[-1])[1]
        # The picture beside a video, called as it is, is its thumbnail.
        alike = [name for name in best if is_named_video(name) == is_named_video(parts[-1])]
        return tuple([name for name in alike if split_suffix(name)[1] == suffix] or alike)


def _shared_folders(name: str, wanted: list[str]) -> int:
    """How many folders at the end of `name` are those that were `wanted`; 0 unless nearly all of one or the other."""
    folders = [_folder(part) for part in name.split("/")[:-1]]
    shared = 0
    for one, other in zip(reversed(folders), reversed(wanted), strict=False):
        if one != other:
            break
        shared += 1
    return shared if shared >= len(wanted) - 1 or shared == len(folders) else 0


@lru_cache(maxsize=4096)
def _folder(part: str) -> str:
    return words_only(repaired(part) or "")


def _key(file_name: str) -> str:
    return unicodedata.normalize("NFC", split_suffix(repaired(file_name) or "")[0]).casefold()
