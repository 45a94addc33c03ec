"""A photo as it is looked at: where its faces and things are, its copies, and what was taken on the same occasion."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta

from untag.findings.counting import Group, fold
from untag.findings.evenings import same_evening
from untag.findings.filters import SHOWING_YOU, FindingFilter, Sort
from untag.findings.times import faces_shown
from untag.store import Store, findings, photo_evidence
from untag.types import Box, Finding, Spot


@dataclass(frozen=True, slots=True)
class Look:
    """`width` and `height` of the upright original, in whose pixels the person's `faces` are; None where it is unknown.

    `spots` say roughly where the thing of a category is, for those that the finding has.
    """

    width: int | None
    height: int | None
    faces: tuple[Box, ...]
    spots: Mapping[str, Spot]


def look_at(store: Store, finding: Finding) -> Look:
    """Where in the photo of a finding its faces and things are."""
    photo = next(photo_evidence(store, [finding.sha256]), None)
    if photo is None or photo.is_absent:
        return Look(None, None, (), {})
    spots = {} if photo.scenes is None else photo.scenes.spots
    shown = {category: spot for category, spot in spots.items() if category in finding.categories}
    return Look(photo.width, photo.height, faces_shown(finding), shown)


def group_of(store: Store, finding: Finding) -> Group:
    """The finding with all files of its picture, near-duplicates among them."""
    with closing(store.reader()) as reader, reader.snapshot():
        alike = list(findings(reader, pictures=[finding.picture or finding.sha256]))
    of_person = [one for one in alike if one.person == finding.person]
    copies = tuple(one for one in of_person if one.path != finding.path)
    places = tuple(dict.fromkeys(place for one in of_person for place in one.places))
    return Group(finding, copies, tuple(sorted(places, key=lambda place: place.path != finding.path)))


def evening_of(store: Store, finding: Finding) -> list[Group]:
    """Those of the same person that were taken, or else posted, one after the other with the finding."""
    moment = _moment(finding)
    if moment is None:
        return [group_of(store, finding)]
    day = date.fromisoformat(moment[:10])
    wanted = FindingFilter(
        statuses=None,
        persons=frozenset() if finding.person is None else frozenset({finding.person}),
        verdicts=SHOWING_YOU | {finding.verdict},
        # Clocks may say the first or the last day that there is.
        since=None if day == date.min else (day - timedelta(1)).isoformat(),
        until=None if day == date.max else (day + timedelta(1)).isoformat(),
        sort=Sort.DATE,
    )
    with closing(store.reader()) as reader, reader.snapshot():
        near = list(findings(reader, wanted))
    evening = same_evening(moment, [other for one in near if (other := _moment(one)) is not None])
    taken = [one for one in near if (one.taken_at is None) == (finding.taken_at is None)]
    return fold((one for one in reversed(taken) if _moment(one) in evening), in_order=True)


def _moment(finding: Finding) -> str | None:
    return finding.origin.posted_at if finding.taken_at is None else finding.taken_at
