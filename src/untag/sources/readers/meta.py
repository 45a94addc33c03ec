"""What the downloads of Facebook and Instagram have in common: how they name media, tell times and say things twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

from untag.errors import ReadFailure
from untag.sources.dates import moment
from untag.sources.reader import AbsentPhoto, Description, Files
from untag.sources.readers.meta_media import MediaIndex, is_media, is_picture
from untag.sources.streaming import MAX_STREAMED_BYTES, large_thread
from untag.sources.text import (
    MAX_JSON_BYTES,
    check_json_memory,
    iso_time,
    items,
    member,
    parse_json,
    read_error,
    repaired,
    text,
)
from untag.support.words import counted
from untag.types import LinkConfidence, Origin, Outcome, ReadError

NEVER_FILLED = frozenset((b"", b"[object Object]"))
"""What files hold into which the site meant to write and did not; the second was seen in Facebook's stories."""

_DAY = 86_400
_FIRST_CAMERAS = 315_532_800
"""1 January 1980, where the clocks of cameras begin."""

_FIRST_CAMERA_YEAR = 1980

_SITES = {
    "facebook": re.compile(
        r"(^|/)(your_facebook_activity|your_activity_across_facebook|this_profile[^/]{0,2}s_activity_across_facebook"
        r"|activity_you[^/]{0,3}re_tagged_in|photos_and_videos|profile_information)/"
        r"|(^|/)posts/((your|profile)_posts[^/]*\.(json|html)$|album/|media/)"
        r"|(^|/)messages/(inbox|archived_threads|filtered_threads|message_requests|e2ee_cutover)/",
        re.IGNORECASE,
    ),
    "instagram": re.compile(
        r"(^|/)(your_instagram_activity|account_information|followers_and_following)/"
        r"|(^|/)content/(posts|stories|reels|profile_photos|archived_posts)[^/]*\.(json|html)$"
        r"|(^|/)media/(posts|stories|profile|reels|archived_posts)/\d{6}/",
        re.IGNORECASE,
    ),
}


def site_of(names: Iterable[str]) -> str | None:
    """Whose download has files of these names, or None; what both have counts for Facebook."""
    found = {site for name in names for site, pattern in _SITES.items() if pattern.search(name) is not None}
    return "instagram" if "instagram" in found else next(iter(found), None)


_SURELY_FACEBOOK = re.compile(
    r"(^|/)(your_facebook_activity|your_activity_across_facebook|activity_you[^/]{0,3}re_tagged_in)/"
)


def facebooks(names: Iterable[str]) -> set[str]:
    """Those files of an Instagram download that are of one of Facebook's beside it."""
    surely = {name for name in names if _SURELY_FACEBOOK.search(name) is not None}
    if not surely:
        return surely
    likely = (name for name in names if _SITES["facebook"].search(name) is not None)
    return surely | {name for name in likely if _SITES["instagram"].search(name) is None}


def joined(one: Description, other: Description) -> Description:
    """What two downloads in one folder say."""
    return Description(
        origins={**one.origins, **other.origins},
        absent=(*one.absent, *other.absent),
        skipped=one.skipped | other.skipped,
        understood=one.understood | other.understood,
        owner=tuple(dict.fromkeys((*one.owner, *other.owner))),
        missing=(*one.missing, *other.missing),
        errors=(*one.errors, *other.errors),
    )


class Gathering:
    """What is found out of a download while its files are read one after the other."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.index = MediaIndex(files.names)
        self.owner: tuple[str, ...] = ()
        self.origins: dict[str, Origin] = {}
        self.absent: dict[str, AbsentPhoto] = {}
        self.understood: set[str] = set()
        self.errors: list[ReadError] = []
        self._not_here: dict[str, set[str]] = {}
        self._empty: list[str] = []

    @property
    def poster(self) -> str | None:
        """The owner's name, as posts and messages have it."""
        return self.owner[0] if self.owner else None

    def read(self, name: str, max_bytes: int = MAX_JSON_BYTES) -> bytes | None:
        """The bytes of a file; None when it cannot be read, which is an error, or was never filled."""
        try:
            data = self.files.read(name, max_bytes)
        except ReadFailure as failure:
            self.errors.append(read_error(self.files, name, failure))
            return None
        if data.strip() in NEVER_FILLED:
            self._empty.append(name)
            return None
        return data

    def read_json(self, name: str) -> Any:
        """The JSON value in a file; None when it cannot be read, which is an error, or was never filled."""
        data = self.read(name, MAX_STREAMED_BYTES)
        if data is None:
            return None
        try:
            return parse_json(data)
        except ReadFailure as failure:
            if failure.outcome is Outcome.TOO_LARGE:
                return self._large_thread(name, data)
            self.errors.append(read_error(self.files, name, failure))
            return None

    def _large_thread(self, name: str, data: bytes) -> Any:
        """A conversation that is too large to be held; of other files that are, it is said."""
        try:
            thread = large_thread(data)
            if thread is None:
                check_json_memory(data)
            return thread
        except ReadFailure as failure:
            self.errors.append(read_error(self.files, name, failure))
            return None

    def add(self, uri: Any, origin: Origin, *, wanted_by: str | None, near: str = "") -> bool:
        """Note where the picture or video `uri` is from; False when it is neither, or not here.

        Pictures that are not here are counted for `wanted_by`, which names them, unless that is None.
        """
        if not isinstance(uri, str) or not uri.strip() or "://" in uri or not is_media(uri):
            return False
        found = self.index.find(uri, near)
        if not found:
            if wanted_by is not None and is_picture(uri):
                self._not_here.setdefault(wanted_by, set()).add(uri.lstrip("./"))
            return False
        for name in found:
            known = self.origins.get(name)
            self.origins[name] = origin if known is None else merged(known, origin)
        return True

    def description(self) -> Description:
        """All that was found out."""
        skipped = frozenset(name for name in self.files.names if "/stickers_used/" in f"/{name}" and is_picture(name))
        return Description(
            origins={name: origin for name, origin in self.origins.items() if name not in skipped},
            absent=tuple(self.absent.values()),
            skipped=skipped,
            understood=frozenset(self.understood),
            owner=self.owner,
            missing=(*self._not_here_sentences(), *(f"nothing was written into {name}" for name in self._empty)),
            errors=tuple(self.errors),
        )

    def _not_here_sentences(self) -> Iterator[str]:
        for wanted_by, uris in self._not_here.items():
            if len(uris) == 1:
                yield f"1 photo that {wanted_by} name is not here; it is probably in another part of the download"
            else:
                yield (
                    f"{counted(len(uris), 'photo')} that {wanted_by} name are not here; "
                    "they are probably in other parts of the download"
                )


def merged(one: Origin, other: Origin) -> Origin:
    """Two accounts of the same photo as one: the fuller one counts, the other fills its gaps."""
    first, second = sorted((one, other), key=_fullness, reverse=True)
    values: dict[str, Any] = {
        item.name: getattr(second if getattr(first, item.name) is None else first, item.name) for item in fields(Origin)
    }
    link = second if _certainty(second) > _certainty(first) else first
    values["permalink"], values["permalink_confidence"] = link.permalink, link.permalink_confidence
    values["posted_at"] = _with_zone(first.posted_at, second.posted_at)
    values["people"] = tuple(dict.fromkeys((*first.people, *second.people)))
    return Origin(**values)


def _with_zone(one: str | None, other: str | None) -> str | None:
    """Of two times that which says its zone: pages do not."""
    return other if other is not None and (one is None or (other.endswith("+00:00") and "+" not in one)) else one


def _fullness(origin: Origin) -> int:
    return sum(getattr(origin, item.name) not in (None, ()) for item in fields(Origin))


def _certainty(origin: Origin) -> int:
    return (LinkConfidence.NONE, LinkConfidence.PROBABLE, LinkConfidence.CERTAIN).index(origin.permalink_confidence)


def seconds_of(value: Any) -> float | None:
    """Seconds since 1970 from a number or its digits, which may be of milliseconds; None unless they are positive."""
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    # 100 billion seconds after 1970 is the year 5138, and as many milliseconds is 1973.
    return seconds / (1000 if seconds > 1e11 else 1) if seconds > 0 else None


def posted_time(*values: Any) -> str | None:
    """ISO 8601 of the first of `values` that is a time of the site."""
    return next((time for value in values if (time := iso_time(seconds_of(value))) is not None), None)


_EXIF_DATE = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)", re.ASCII)


def taken_time(media: Any, posted: Any) -> str | None:
    """ISO 8601 of when a photo was taken, from the EXIF that the site kept; None when it is after `posted`.

    Facebook kept it in `photo_metadata` itself until 2021; Instagram writes since 2024 the camera's own date, without
    a zone.
    """
    latest = seconds_of(posted)
    metadata = member(media, "media_metadata", "photo_metadata")
    kept = [*items(member(metadata, "exif_data")), *items([metadata])]
    for exif in kept:
        seconds = seconds_of(exif.get("taken_timestamp"))
        if seconds is not None and seconds >= _FIRST_CAMERAS and (latest is None or seconds <= latest + _DAY):
            return iso_time(seconds)
    written = (camera_time(exif.get(key)) for exif in kept for key in ("date_time_original", "date_time_digitized"))
    return next((time for time in written if time is not None and not _is_after(time, latest)), None)


def camera_time(value: Any) -> str | None:
    """ISO 8601, without a zone, of a date as EXIF has it: `2024:09:01 14:23:18`."""
    match = _EXIF_DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    year, month, day, *clock = (int(group) for group in match.groups())
    return moment(year, month, day, clock) if year >= _FIRST_CAMERA_YEAR else None


def _is_after(time: str, latest: float | None) -> bool:
    return latest is not None and datetime.fromisoformat(f"{time}+00:00").timestamp() > latest + _DAY


def lists_in(value: Any) -> Iterator[tuple[str, list[Any]]]:
    """The lists of a metadata file with their names: the file is one, named "", or an object around some."""
    if isinstance(value, list):
        yield "", value
    elif isinstance(value, dict):
        for key, below in value.items():
            if isinstance(below, dict):
                yield from ((key, found) for found in below.values() if isinstance(found, list))
            elif isinstance(below, list):
                yield key, below


_CAPTION_LABELS = frozenset(
    (
        *("message", "text", "caption", "nachricht", "bildunterschrift", "mensaje", "texto", "légende", "messaggio"),
        *("didascalia", "mensagem", "legenda", "bericht", "tekst", "bijschrift", "wiadomość", "podpis", "meddelande"),
        *("besked", "melding", "viesti", "mesaj", "açıklama", "сообщение", "текст", "подпись", "повідомлення"),
        *(
            "メッセージ",
            "キャプション",
            "메시지",
            "캡션",
            "消息",
            "訊息",
            "说明文字",
            "الرسالة",
            "संदेश",
            "pesan",
            "tin nhắn",
        ),
    )
)


def labelled_caption(record: Any) -> str | None:
    """The words of a post of labels and values: by the label, or where one value alone is neither a link nor a name of
    something that has one."""
    values = [
        (text(entry.get("label")), repaired(entry.get("value")))
        for entry in items(member(record, "label_values"))
        if text(entry.get("href")) is None
    ]
    said = [(repaired(label), value) for label, value in values if value is not None and "://" not in value]
    by_label = [value for label, value in said if label is not None and label.casefold() in _CAPTION_LABELS]
    return by_label[0] if by_label else said[0][1] if len(said) == 1 else None


def labelled_media(record: Any) -> Iterator[dict[str, Any]]:
    """The media of a post of labels and values, wherever in it they are."""
    yield from items(member(record, "media"))
    for entry in label_values(record):
        yield from items(entry.get("media"))


def label_values(record: Any) -> Iterator[dict[str, Any]]:
    """The entries of a record of labels and values, with those nested in them. Labels are in the user's language."""
    open_lists = [member(record, "label_values")]
    while open_lists:
        for entry in items(open_lists.pop()):
            yield entry
            open_lists.append(entry.get("dict"))
