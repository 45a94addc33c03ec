"""The stages of a scan, in order. Only `recall` looks into the store, and none writes to it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from untag import __version__
from untag.config import Settings
from untag.faces.engine import FaceEngine
from untag.imaging.versions import decoders_key
from untag.reading.reader import TextReader
from untag.scan.absent import absent_record, is_current_absent
from untag.scan.items import Known, Loaded, Result, Seen, Task, Unchanged, UnchangedFolder, VideoTask, WithoutFile
from untag.scan.judge import Judge, must_read_again
from untag.scenes.installed import SceneModels
from untag.sources.listing import AbsentRef, Listing, Skipped
from untag.store import (
    Analysis,
    KnownFile,
    KnownPhoto,
    ListedFolder,
    PhotoRecord,
    Store,
    known_files,
    known_photo,
    known_refusal,
    unchanged_folder,
)
from untag.types import Evidence, Outcome, PhotoRef, ReadError

SEARCH_SIDE = 1600
"""Photos are searched for faces with their long side at most this many pixels."""

_ANALYSIS_VERSION = 6

_OF_TEXT = "/text:"

_WITHOUT_FILE_TOGETHER = 500
"""Photos without a file that are passed on at once: a list may report any number of them."""


@dataclass(frozen=True, slots=True)
class ScanModels:
    """The loaded models; `text` is None where photos are not read. `pipeline` names them: an analysis by others is done
    again, but one that differs in the text alone only where the photo is a finding."""

    faces: FaceEngine
    scenes: SceneModels
    text: TextReader | None = None

    @property
    def pipeline(self) -> str:
        return self.pipeline_of(self.faces.id)

    def pipeline_of(self, engine: str) -> str:
        """What an analysis by another face engine would be called."""
        of_text = "" if self.text is None else f"{_OF_TEXT}{self.text.id}"
        return f"{engine}/{self.scenes.id}/{SEARCH_SIDE}/{_ANALYSIS_VERSION}{of_text}"

    def made(self, photo: KnownPhoto) -> bool:
        """Whether what is on record of a photo is what these models make of it."""
        if photo.found:
            return photo.pipeline == self.pipeline
        return _without_text(photo.pipeline) == _without_text(self.pipeline)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A face engine whose verdicts count until its photos have moved to the new one: how its analyses are called, and
    the judge that gives the verdicts."""

    engine: str
    pipeline: str
    judge: Judge


class Stages:
    """What the stages of one scan share: models, judge, and the hashes whose first file is on its way to the record.

    Only `recall` adds to `under_way`, and only the recorder removes from it.
    """

    def __init__(
        self,
        models: ScanModels,
        judge: Judge,
        settings: Settings,
        under_way: set[str],
        earlier: Sequence[Earlier] = (),
        most_moved: int | None = None,
    ) -> None:
        self._earlier = {one.pipeline: one.judge for one in earlier}
        self._most_moved = most_moved
        self.moving: set[str] = set()
        self._models = models
        self._judge = judge
        self._settings = settings
        self._under_way = under_way
        self._decoders = decoders_key(settings.limits)
        self.strangers: set[tuple[str, ...]] = set()
        self.skipped: Counter[str] = Counter()
        self.notes: dict[str, None] = {}

    def walk(self, reader: Store, listings: Iterable[Listing]) -> Iterator[Task | Result]:
        """A task for each photo to read. Unchanged folders and files, and errors of listing, are results already."""
        for listing in listings:
            digest = None if listing.fingerprint is None else self._digest(listing.source.name, listing.fingerprint)
            known = None if digest is None else unchanged_folder(reader, listing.folder, digest)
            self.skipped.update(listing.unseen)
            self.notes.update(dict.fromkeys(listing.notes))
            if known is not None:
                self.skipped.update(known.skipped)
                yield UnchangedFolder(listing.folder, known.count, known.errors)
            else:
                yield from self._walk_folder(reader, listing, digest)

    def _walk_folder(self, reader: Store, listing: Listing, digest: bytes | None) -> Iterator[Task | Result]:
        known = known_files(reader, listing.folder)
        unchanged: list[str] = []
        errors: list[ReadError] = []
        current: list[str] = []
        records: list[PhotoRecord] = []
        skipped: Counter[str] = Counter()
        entries = listing.entries
        self._note_owner(listing.source.owner)
        for entry in entries:
            match entry:
                case Skipped(video=PhotoRef() as video) if self._settings.videos:
                    yield from self._to_read(VideoTask(listing.source, video), known, unchanged, errors)
                case Skipped():
                    skipped[entry.kind] += 1
                case AbsentRef():
                    if is_current_absent(known.get(entry.path), entry):
                        current.append(entry.path)
                    else:
                        records.append(absent_record(entry, self._judge))
                    if len(current) + len(records) >= _WITHOUT_FILE_TOGETHER:
                        yield WithoutFile(tuple(current), tuple(records))
                        current, records = [], []
                case ReadError():
                    # The folder is not remembered as unchanged, so that the error is reported every time.
                    digest = None
                    yield entry
                case PhotoRef():
                    yield from self._to_read(Task(listing.source, entry), known, unchanged, errors)
                case _:
                    assert_never(entry)
        if unchanged:
            yield Unchanged(tuple(unchanged), tuple(errors))
        if current or records:
            yield WithoutFile(tuple(current), tuple(records))
        self.skipped.update(skipped)
        if digest is not None:
            yield ListedFolder(listing.folder, len(entries) - skipped.total(), digest, skipped)

    def _to_read(
        self, task: Task, known: Mapping[str, KnownFile], unchanged: list[str], errors: list[ReadError]
    ) -> Iterator[Task]:
        """The task of reading a file, unless what is on record stands: then it is one of the `unchanged`."""
        ref = task.ref
        file = known.get(ref.path)
        if file is None or not (self._is_current(file, ref) or self._stays(file, ref)):
            yield task
            return
        unchanged.append(ref.path)
        if file.outcome is not Outcome.OK:
            errors.append(ReadError(ref.path, file.outcome, file.error or ""))

    def _note_owner(self, names: tuple[str, ...]) -> None:
        if names and self._judge.names.among(names) is None:
            self.strangers.add(names)

    def _digest(self, source: str, fingerprint: bytes) -> bytes:
        """Changes whenever the folder, the software or the judge does, so that its record may be out of date."""
        judged_with = self._judge.key.text
        videos = f"videos {self._settings.videos}"
        in_force = "\0".join((__version__, self._decoders, videos, self._models.pipeline, judged_with, source)).encode()
        return hashlib.blake2b(hashlib.sha256(in_force).digest() + fingerprint, digest_size=16).digest()

    def recall_from(self, reader: Store) -> Callable[[Loaded], Loaded | Known]:
        """The stage that finds out by `reader` whether content is on record, as this scan would judge it."""

        def recall(item: Loaded) -> Loaded | Known:
            if item.sha256 in self._under_way:
                return Known(item.ref, item.sha256)
            photo = known_photo(reader, item.sha256)
            if photo is not None and self._is_judged(photo) and not self._lacks_scene(photo, item.ref):
                refusal = known_refusal(reader, item.sha256)
                if refusal is None or refusal.refused_by == self._decoders:
                    return Known(item.ref, item.sha256, refusal)
            self._under_way.add(item.sha256)
            return replace(item, concerns=self._judge.concerns(item.ref.origin, item.sha256))

        return recall

    def _lacks_scene(self, photo: KnownPhoto, ref: PhotoRef) -> bool:
        """Whether a photo without an enrolled face, met at a new place, has a tag there of an enrolled person."""
        return not photo.classified and self._judge.names.among(ref.origin.people) is not None

    def judge(self, seen: Seen) -> PhotoRecord:
        """What the rules make of a photo; what is left of one that was cut off could still not be read."""
        record = PhotoRecord(seen.ref, seen.sha256, Outcome.OK, None, self._judged(seen))
        if seen.fault is None:
            return record
        return replace(record, outcome=seen.fault.outcome, error=seen.fault.error, refused_by=seen.refused_by)

    def _judged(self, seen: Seen) -> Analysis:
        boxes = tuple(face.box for face in seen.faces)
        spans = tuple(face.span for face in seen.faces)
        origins = (seen.ref.origin,)
        confirmed = seen.sha256 in self._judge.confirmed
        evidence = Evidence(
            origins, seen.width, seen.height, boxes, seen.matches, seen.scenes, seen.named, confirmed, spans
        )
        return Analysis(
            width=seen.width,
            height=seen.height,
            taken_at=seen.taken_at,
            phash=seen.phash,
            pipeline=self._models.pipeline,
            judged_with=self._judge.key,
            engine=self._models.faces.id,
            faces=seen.faces,
            matches=seen.matches,
            keep=seen.keep,
            scenes=seen.scenes,
            assessment=self._judge.assess(evidence, seen.sha256),
            named=seen.named,
        )

    def _is_current(self, file: KnownFile, ref: PhotoRef) -> bool:
        return _is_same(file, ref) and self.is_settled(file)

    def _stays(self, file: KnownFile, ref: PhotoRef) -> bool:
        """Whether an unchanged file has the verdicts of an earlier engine, and keeps them for now."""
        photo, sha256 = file.photo, file.sha256
        judge = None if photo is None else self._earlier.get(photo.pipeline)
        if judge is None or photo is None or sha256 is None or not _is_same(file, ref):
            return False
        if must_read_again(photo.judged_with, photo.discarded, judge) or not self._has_scene(photo):
            return False
        if not self._is_readable(file):
            return False
        if sha256 in self.moving:
            return True
        if self._most_moved is None or len(self.moving) < self._most_moved:
            self.moving.add(sha256)
            return False
        return True

    def is_settled(self, file: KnownFile) -> bool:
        """Whether what is on record for a file stands as long as the file itself does not change."""
        if file.outcome is not Outcome.OK and file.photo is None:
            return self._is_readable(file)
        return file.photo is not None and self._is_judged(file.photo) and self._is_readable(file)

    def _is_readable(self, file: KnownFile) -> bool:
        """Whether nothing more of a file can be read today than before.

        What failed for want of permission, room or a working disk may be read today; content that was refused, or read
        in part, is so until the decoders or the limits change.
        """
        return file.outcome in (Outcome.OK, Outcome.EMPTY) or file.refused_by == self._decoders

    def _is_judged(self, photo: KnownPhoto) -> bool:
        if not self._models.made(photo) or must_read_again(photo.judged_with, photo.discarded, self._judge):
            return False
        return self._has_scene(photo)

    def _has_scene(self, photo: KnownPhoto) -> bool:
        return photo.classified or not (photo.found or self._judge.rules.all_scenes)


def _without_text(pipeline: str) -> str:
    return pipeline.partition(_OF_TEXT)[0]


def _is_same(file: KnownFile, ref: PhotoRef) -> bool:
    return (file.size, file.mtime_ns, file.origin) == (ref.size, ref.mtime_ns, ref.origin)
