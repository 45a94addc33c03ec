"""Decode and analyse: what is seen in a photo, by the models and by whom is looked for. Knows no store and no path.

So it can run where the photos are not: `local.py` runs it in this process, `cluster.py` on other machines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from untag.errors import ReadFailure
from untag.imaging.limits import Limits
from untag.imaging.looking import look_through
from untag.imaging.phash import perceptual_hash
from untag.imaging.versions import decoders_key
from untag.scan.items import Decoded, Failed, Loaded, Seen
from untag.scan.judge import Wanted
from untag.scan.over_time import find_faces, frames_to_read, judge_scenes
from untag.scan.stages import SEARCH_SIDE, ScanModels
from untag.scenes.photo import of_photo
from untag.types import Face, Match, Outcome, SceneScores, Verdict


@dataclass(frozen=True, slots=True)
class _Analysed:
    """A photo with its faces, and the verdict on each."""

    photo: Decoded
    faces: tuple[Face, ...]
    matches: tuple[Match, ...]
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Looker:
    """Looks at photos with these models, for whoever is wanted; `limits` are what one photo may ask for."""

    models: ScanModels
    wanted: Wanted
    limits: Limits

    def decode(self, item: Loaded) -> Decoded | Failed:
        """The pixels of a photo, or why it has none."""
        try:
            frame = look_through(item.data, max_side=SEARCH_SIDE, limits=self.limits)
        except ReadFailure as failure:
            # Where memory ran out, the same decoders may do better another time.
            refused_by = None if isinstance(failure.__cause__, MemoryError) else decoders_key(self.limits)
            return Failed(item.ref, item.sha256, failure.outcome, str(failure), refused_by=refused_by)
        return Decoded(item.ref, item.sha256, frame, perceptual_hash(frame.pixels), item.concerns)

    def analyse(self, photos: list[Decoded]) -> Iterator[Seen | Failed]:
        """What is seen, or a failure for what the models cannot take even alone; a batch that fails is halved."""
        try:
            found = find_faces(self.models.faces, [photo.frame for photo in photos], self.wanted.matcher.calibration)
            analysed = [self._analysed(photo, faces) for photo, faces in zip(photos, found, strict=True)]
            concern = [one for one in analysed if self._may_concern(one)]
            shown = [(one.photo.frame, one.faces, one.matches) for one in concern]
            scenes = judge_scenes(self.models.scenes, shown)
            scenes = [self._with_text(one, scene) for one, scene in zip(concern, scenes, strict=True)]
        except Exception as error:  # a runtime that is out of memory raises a class of its own
            if len(photos) > 1:
                yield from self.analyse(photos[: len(photos) // 2])
                yield from self.analyse(photos[len(photos) // 2 :])
                return
            reason = f"the models could not look at it ({type(error).__name__})"
            yield Failed(photos[0].ref, photos[0].sha256, Outcome.NOT_ANALYSED, reason)
            return
        judged = {one.photo.sha256: scene for one, scene in zip(concern, scenes, strict=True)}
        for one in analysed:
            yield self._seen(one, judged.get(one.photo.sha256))

    def _analysed(self, photo: Decoded, faces: tuple[Face, ...]) -> _Analysed:
        named = tuple(dict.fromkeys(face.name for face in photo.frame.named))
        return _Analysed(photo, faces, self.wanted.match(faces), named)

    def _may_concern(self, one: _Analysed) -> bool:
        return one.photo.concerns or self.wanted.may_concern(one.matches, one.named)

    def _with_text(self, one: _Analysed, scenes: SceneScores) -> SceneScores:
        """Photos of somebody enrolled are read, and no others: reading takes longer than all else."""
        text = self.models.text
        if text is None or not (one.photo.concerns or self.wanted.shown(one.matches, one.named)):
            return scenes
        return text.added(scenes, frames_to_read(one.photo.frame, one.faces, one.matches))

    def _seen(self, one: _Analysed, scenes: SceneScores | None) -> Seen:
        photo, frame = one.photo, one.photo.frame
        keep = tuple(map(self.wanted.keeps, one.matches))
        return Seen(
            ref=photo.ref,
            sha256=photo.sha256,
            width=frame.width,
            height=frame.height,
            taken_at=frame.taken_at,
            phash=photo.phash,
            faces=tuple(
                face if kept else replace(face, embedding=None) for face, kept in zip(one.faces, keep, strict=True)
            ),
            matches=one.matches,
            keep=keep,
            scenes=None if scenes is None else self._stored(of_photo(scenes, frame), one.matches),
            named=one.named,
            fault=frame.fault,
            refused_by=None if frame.fault is None else decoders_key(self.limits),
        )

    def _stored(self, scenes: SceneScores, matches: tuple[Match, ...]) -> SceneScores:
        """What a photo shows is kept as numbers only of photos of somebody enrolled."""
        return scenes if any(match.verdict is Verdict.ME for match in matches) else replace(scenes, vector=None)
