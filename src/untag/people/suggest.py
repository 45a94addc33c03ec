"""Who is often in some photos: the faces of a sample, grouped in memory, for the user to say which group is theirs.

Nothing here stores anything: what is not chosen is gone with the values that these functions give.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from untag.errors import UsageError
from untag.faces.engine import FaceEngine
from untag.faces.quality import SMALL_FACE, USABLE_QUALITY
from untag.people.calibrate import Calibration
from untag.people.enroll import Enrolled, EnrolmentResult, Photo, Proposal, analysed, check_person, face_side
from untag.people.profile import cluster, pair_distances
from untag.people.sample import Sample, SampleOptions, read_sample
from untag.store import Reference
from untag.types import Box, Face, Frame, ReadError

MOST_REFERENCES = 8
"""Chosen of a group. More than eight make a profile no better (docs/architecture.md)."""

_PICTURE_SIDE = 160
_MARGIN = 0.45
"""Of a face's longer side, shown around it: a person is recognised by hair and ears, too."""

_MOST_FACES = 3000
"""Of a sample. The grouping needs the distance of every two of them: 3,000 take 72 MB."""

_ALIKE = 0.85
"""Two groups are joined while their faces are so similar on average, between `maybe` and `me`.

Of 500 photos of LFW, most of them of strangers, 4 % of the faces in the 12 largest groups strayed there, and 3 % of the
references; at `maybe` it was 45 %. With 0.9 it is 1 %, and people fall apart into more groups.
`training/measure_groups.py` measures it.
"""


@dataclass(frozen=True, slots=True)
class SeenFace:
    """A clear face in a photo of the sample. `picture` is a small JPEG of it."""

    path: str
    sha256: str
    face: Face
    picture: bytes


@dataclass(frozen=True, slots=True)
class FaceGroup:
    """Faces that look like one person, the clearest first. `photos` is in how many they are.

    `side_by_side` counts the photos that show two of them: one person is seldom beside themselves, twins often are.
    """

    faces: tuple[SeenFace, ...]

    @property
    def photos(self) -> int:
        return len({seen.sha256 for seen in self.faces})

    @property
    def side_by_side(self) -> int:
        return sum(number > 1 for number in Counter(seen.sha256 for seen in self.faces).values())


@dataclass(frozen=True, slots=True)
class FaceGroups:
    """The groups of a sample, the largest first. `looked_at` photos were read of about `photos`, `unreadable` not.

    `faces` is how many were seen, clear or not. `in_time` is false where time or the caller ended the search.
    """

    engine: str
    groups: tuple[FaceGroup, ...]
    looked_at: int
    photos: int
    faces: int
    unreadable: tuple[ReadError, ...]
    in_time: bool

    def choose(self, numbers: Iterable[int]) -> list[FaceGroup]:
        """The groups of these numbers, from 0. Raises UsageError for none at all, and for one that there is not."""
        wanted = dict.fromkeys(numbers)
        if not wanted or not all(0 <= number < len(self.groups) for number in wanted):
            raise UsageError("choose at least one of the groups that were found")
        return [self.groups[number] for number in wanted]


def look_for_people(
    sample: Sample,
    engine: FaceEngine,
    calibration: Calibration,
    options: SampleOptions,
    *,
    on_photo: Callable[[], None] = lambda: None,
) -> FaceGroups:
    """Looks at a sample and groups its clear faces; `on_photo` is called for each photo."""
    seen: list[SeenFace] = []
    unreadable = list(sample.unreadable)
    looked_at = faces_seen = 0
    for item, faces in analysed(read_sample(sample, options), engine):
        on_photo()
        if isinstance(item, ReadError):
            unreadable.append(item)
            continue
        looked_at += 1
        faces_seen += len(faces)
        seen += [_seen(item, face) for face in faces if is_clear(face)]
    in_time = sample.whole and options.keep_on()
    groups = group_faces(seen[:_MOST_FACES], calibration)
    return FaceGroups(engine.id, groups, looked_at, sample.of, faces_seen, tuple(unreadable), in_time)


def is_clear(face: Face) -> bool:
    """Whether a face may become a reference: large, sharp and turned this way."""
    return face.embedding is not None and face_side(face) >= SMALL_FACE and face.quality >= USABLE_QUALITY


def group_faces(seen: Sequence[SeenFace], calibration: Calibration) -> tuple[FaceGroup, ...]:
    """Faces that are like each other, the largest groups first, each with its clearest face first."""
    if not seen:
        return ()
    clusters = cluster(_embeddings(seen), calibration.distance(_ALIKE))
    groups = [
        FaceGroup(tuple(sorted((seen[index] for index in one), key=_clearness, reverse=True))) for one in clusters
    ]
    return tuple(sorted(groups, key=lambda group: -group.photos))


def propose_groups(person: str, engine_id: str, groups: Sequence[FaceGroup], calibration: Calibration) -> Proposal:
    """The best faces of the groups that the user says are one person, as references.

    Raises UsageError for a name that a person cannot have.
    """
    check_person(person)
    share = math.ceil(MOST_REFERENCES / len(groups))
    chosen = [seen for group in groups for seen in best_faces(group, share, calibration)]
    references = {one.sha256: Reference(person, engine_id, one.sha256, one.path, one.face) for one in chosen}
    results = [EnrolmentResult(one.path, Enrolled.USED, "chosen by you") for one in references.values()]
    positions = {sha256: [index] for index, sha256 in enumerate(references)}
    return Proposal(person, engine_id, tuple(references.values()), tuple(results), positions)


def best_faces(group: FaceGroup, most: int, calibration: Calibration) -> list[SeenFace]:
    """Clear faces of a group that differ: the clearest, then each time the one most unlike those that were taken.

    Of photos that show two of the group none is taken, unless there are no others, nor of those unlike all others.
    """
    often = Counter(seen.sha256 for seen in group.faces)
    single = [seen for seen in group.faces if often[seen.sha256] == 1] or list(group.faces[:1])
    distances = pair_distances(_embeddings(single))
    left = _core(distances, calibration.me)
    quality = np.array([seen.face.quality for seen in single])
    chosen: list[int] = []
    while left and len(chosen) < most:
        # The clearest come first.
        worth = quality[left] * (distances[left][:, chosen].min(axis=1) if chosen else 1)
        chosen.append(left.pop(int(worth.argmax()) if chosen else 0))
    return [single[index] for index in chosen]


def _core(distances: NDArray[np.float64], near: float) -> list[int]:
    """The positions of the faces that have two others so near, by the (N, N) distances, in order; or else all.

    What strayed into a group is near to few of it. A second look of the same person has several that are near to each
    other, so that it stays.
    """
    second = np.sort(distances, axis=1)[:, min(2, len(distances) - 1)]
    return [int(index) for index in np.flatnonzero(second <= near)] or list(range(len(distances)))


def _seen(photo: Photo, face: Face) -> SeenFace:
    return SeenFace(photo.path, photo.sha256, face, _picture_of(photo.frame, face.box))


def _picture_of(frame: Frame, box: Box) -> bytes:
    """The face with what surrounds it, as a small square JPEG."""
    shown = box.scaled(frame.scale)
    side = max(shown.width, shown.height) * (1 + 2 * _MARGIN)
    left, top = (shown.left + shown.right - side) / 2, (shown.top + shown.bottom - side) / 2
    area = (round(left), round(top), round(left + side), round(top + side))
    picture = Image.fromarray(frame.pixels).crop(area).resize((_PICTURE_SIDE, _PICTURE_SIDE), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _embeddings(seen: Sequence[SeenFace]) -> NDArray[np.float32]:
    return np.stack([one.face.embedding for one in seen if one.face.embedding is not None])


def _clearness(seen: SeenFace) -> float:
    return seen.face.quality * min(face_side(seen.face), 200.0)
