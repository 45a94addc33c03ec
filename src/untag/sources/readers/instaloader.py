"""Folders that Instaloader filled: a JSON for each post (`.json.xz`, `.json`), captions, or its names alone."""

from __future__ import annotations

import lzma
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from heapq import nsmallest
from posixpath import splitext
from typing import Any

from untag.errors import ReadFailure
from untag.sources.reader import AbsentPhoto, Description, Files, photos_of
from untag.sources.readers.instaloader_nodes import PLATFORM, MediaNode, media_node
from untag.sources.text import parse_json, read_error, text, wrong_shape
from untag.types import Origin, Outcome, ReadError

MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_JSON_BYTES = 32 * 1024 * 1024
"""Unpacked. The JSON of a post takes some hundred kilobytes."""

_MAX_MEMORY = 128 * 1024 * 1024
"""For unpacking: what Instaloader writes needs 9 MiB (preset 6 of xz), the highest preset 65 MiB (`man xz`)."""

_SNIFFED = 4
_SLIDE = re.compile(r"(?P<base>.+)_(?P<number>[1-9][0-9]?)", re.DOTALL)
_DATED = re.compile(r"(\d{4}-\d\d-\d\d)_(\d\d)-(\d\d)-(\d\d)_UTC", re.ASCII)
_PROFILE_PICTURE = "_profile_pic"
_TAGGED = (":tagged", "：tagged")
_SEPARATOR = re.compile(r"[\\/]")


class Instaloader:
    """Photos with Instaloader's JSON or captions beside them."""

    name = "instaloader"
    marks = frozenset((".json", ".xz", ".txt"))

    def sniff(self, files: Files) -> bool:
        """Whether one of a few JSON files is Instaloader's, or a caption has one of its names. Raises nothing."""
        likely = nsmallest(_SNIFFED, _json_names(files), key=lambda name: f"{_base(name)}.jpg" not in files)
        for name in likely:
            try:
                if media_node(_read_json(files, name)) is not None:
                    return True
            except ReadFailure:
                continue
        return any(name.endswith(".txt") and _DATED.fullmatch(name[: -len(".txt")]) for name in files.names)

    def describe(self, files: Files) -> Description:
        """What the JSON and the captions say of the photos; each is read once. Raises nothing."""
        folder = _Folder(files)
        folder.read_items()
        folder.describe_photos()
        return Description(
            origins=folder.origins,
            absent=tuple(folder.absent()),
            understood=frozenset(folder.understood),
            errors=tuple(folder.errors),
        )


@dataclass(slots=True)
class _Folder:
    """A folder while it is read. A post's files have one name, the base, but for their suffixes and numbers."""

    files: Files
    posts: dict[str, tuple[str, MediaNode]] = field(default_factory=dict)
    photos: defaultdict[str, list[tuple[str, int | None]]] = field(default_factory=lambda: defaultdict(list))
    profile: Origin = field(default_factory=lambda: Origin(PLATFORM))
    origins: dict[str, Origin] = field(default_factory=dict)
    understood: list[str] = field(default_factory=list)
    errors: list[ReadError] = field(default_factory=list)

    def read_items(self) -> None:
        for name in _json_names(self.files):
            try:
                item = media_node(_read_json(self.files, name))
            except ReadFailure as failure:
                self.errors.append(read_error(self.files, name, failure))
                continue
            base = _base(name)
            if item is None:
                if f"{base}.jpg" in self.files:
                    self.errors.append(wrong_shape(self.files, name, "what Instaloader writes of a post"))
                continue
            self.understood.append(name)
            if item.kind == "Profile":
                self.profile = item.origin
            elif item.kind in ("Post", "StoryItem"):
                self.posts[base] = (name, item)

    def describe_photos(self) -> None:
        for name in photos_of(self.files):
            stem = splitext(name)[0]
            slide = _SLIDE.fullmatch(stem)
            if stem in self.posts or slide is None:
                self.photos[stem].append((name, None))
            else:
                self.photos[slide["base"]].append((name, int(slide["number"])))
        tagged = self._tagged_by_folder()
        for base, photos in self.photos.items():
            if base in self.posts:
                _, item = self.posts[base]
                caption = item.origin.caption or self._caption(base)
                for photo, number in photos:
                    self.origins[photo] = replace(item.of_photo(number, tagged), caption=caption)
            elif match := _DATED.fullmatch(base):
                day, *clock = match.groups()
                posted_at = f"{day}T{':'.join(clock)}+00:00"
                origin = Origin(PLATFORM, people=tagged, caption=self._caption(base), posted_at=posted_at)
                self.origins.update((photo, origin) for photo, _ in photos)
            elif base.endswith(_PROFILE_PICTURE):
                self.origins.update((photo, self.profile) for photo, _ in photos)

    def absent(self) -> Iterator[AbsentPhoto]:
        """Posts without a file, but for those of which only the video was wanted."""
        for base, (name, item) in self.posts.items():
            videos = (f"{base}.mp4", f"{base}_1.mp4")
            if base not in self.photos and not item.is_video and not any(video in self.files for video in videos):
                yield AbsentPhoto(name, item.code or base, item.of_photo(None, self._tagged_by_folder()))

    def _caption(self, base: str) -> str | None:
        name = f"{base}.txt"
        if name not in self.files:
            return None
        try:
            found = self.files.read(name, MAX_FILE_BYTES)
        except ReadFailure as failure:
            if failure.outcome is not Outcome.EMPTY:
                self.errors.append(read_error(self.files, name, failure))
            return None
        self.understood.append(name)
        return text(found.decode("utf-8-sig", "replace"))

    def _tagged_by_folder(self) -> tuple[str, ...]:
        """The profile whose tagged posts are in the folder: `<profile>/:tagged`."""
        for name in self.files.names:
            match _SEPARATOR.split(self.files.shown(name))[:-1]:
                case [*_, profile, folder] if folder in _TAGGED and profile:
                    return (profile,)
            break
        return ()


def _json_names(files: Files) -> Iterator[str]:
    for name in files.names:
        if name.lower().endswith((".json", ".json.xz")) and not name.endswith("_comments.json"):
            yield name


def _base(name: str) -> str:
    return name[: name.lower().rindex(".json")]


def _read_json(files: Files, name: str) -> Any:
    data = files.read(name, MAX_FILE_BYTES)
    return parse_json(_unpacked(data) if name.lower().endswith(".xz") else data)


def _unpacked(data: bytes) -> bytes:
    """At most MAX_JSON_BYTES of what was packed by xz. Raises ReadFailure: BROKEN, or TOO_LARGE."""
    try:
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MAX_MEMORY)
        unpacked = decompressor.decompress(data, MAX_JSON_BYTES + 1)
    except lzma.LZMAError as error:
        raise ReadFailure(Outcome.BROKEN, "it cannot be unpacked") from error
    if len(unpacked) > MAX_JSON_BYTES:
        raise ReadFailure(Outcome.TOO_LARGE, f"it holds more than {MAX_JSON_BYTES >> 20} MiB when unpacked")
    if not decompressor.eof:
        raise ReadFailure(Outcome.BROKEN, "its end is missing")
    return unpacked


READER = Instaloader()
