"""References judged against each other: which are used, which are set aside, and which the user must agree to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from untag.people.calibrate import Calibration
from untag.people.enroll import Enrolled, EnrolmentResult, Proposal
from untag.people.profile import cluster_references, embeddings_of, find_outliers
from untag.store import Reference, Store, add_reference, denied_references, references, set_reference_use
from untag.support.words import counted

MOST_TEMPLATES = 3
"""A person has two or three over the years. More are what a folder of several people has."""

_A_FOLDER = 4
"""From this many photos on, a half that is unlike the rest is more than one that went astray."""

_OUTLIER_NOTE = "looks unlike the other references, so it is not used; is it the same person?"
_DENIED_NOTE = "you decided that it is not-me, so it is not used"


@dataclass(frozen=True, slots=True)
class Doubts:
    """Why references may be of somebody else: `reasons` in words, `paths` of the photos that are unlike the others."""

    reasons: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


def doubts_about(store: Store, proposal: Proposal, calibration: Calibration) -> Doubts:
    """What speaks against storing a proposal unasked, beside what the store has; see `weigh`."""
    whose = (proposal.person, proposal.engine)
    denied = denied_references(store, *whose)
    before = [item for item in references(store, *whose) if item.sha256 not in denied]
    return weigh(before, [item for item in proposal.references if item.sha256 not in denied], calibration)


def weigh(before: Sequence[Reference], new: Sequence[Reference], calibration: Calibration) -> Doubts:
    """Why `new` references of a person may be of somebody else, judged with those `before` as they will be.

    That is more templates than a person has; new references that make a template of their own beside what is enrolled,
    or that push out what was used before; and more new references that are like no other than ones that can be used.
    """
    if not new:
        return Doubts()
    replaced = {item.sha256 for item in new}
    clusters, aside = _judged([*(item for item in before if item.sha256 not in replaced), *new], calibration)
    known = {item.sha256 for item in before if item.used}
    fresh = replaced - known
    others = [item for cluster in clusters for item in cluster if known and not known & {one.sha256 for one in cluster}]
    unlike = [item for item in aside if item.sha256 in fresh]
    pushed_out = [item for item in aside if item.sha256 in known]
    reasons = []
    if len(clusters) > max(MOST_TEMPLATES, _templates_before(before, calibration)):
        reasons.append(f"the photos fall into {counted(len(clusters), 'appearance')}, as those of several people do")
    if others:
        reasons.append(f"{_photos_look(len(others))} unlike those enrolled before")
    if pushed_out:
        reasons.append(f"{_photos_look(len(pushed_out))} unlike the new ones and would not be used any more")
    # A first folder of which as much is unlike as alike may be of anybody; later ones are held against what is known.
    if 2 * len(unlike) > len(fresh) or (not known and len(fresh) >= _A_FOLDER and 2 * len(unlike) == len(fresh)):
        reasons.append(f"{_photos_look(len(unlike))} unlike all the others")
    outside = [item for cluster in clusters[1:] for item in cluster if item.sha256 in fresh]
    return Doubts(tuple(reasons), tuple(item.path for item in others or [*outside, *unlike]))


def _photos_look(number: int) -> str:
    return f"{counted(number, 'photo')} {'looks' if number == 1 else 'look'}"


def _templates_before(before: Sequence[Reference], calibration: Calibration) -> int:
    used = [item for item in before if item.used]
    return len(cluster_references(embeddings_of(used), calibration)) if used else 0


def _judged(trusted: Sequence[Reference], calibration: Calibration) -> tuple[list[list[Reference]], list[Reference]]:
    """The clusters that are used of some references, at least one, and what is set aside."""
    outliers = find_outliers(embeddings_of(trusted), calibration)
    used = [item for item, outlier in zip(trusted, outliers, strict=True) if not outlier]
    aside = [item for item, outlier in zip(trusted, outliers, strict=True) if outlier]
    clusters = cluster_references(embeddings_of(used), calibration)
    return [[used[position] for position in cluster] for cluster in clusters], aside


def add_proposal(store: Store, proposal: Proposal, calibration: Calibration) -> list[EnrolmentResult]:
    """Adds a proposal's references to the person's, and judges all of them again: see `review_references`.

    Its results, in which references that were set aside say so. One transaction: all of it is stored, or nothing.
    """
    with store.transaction():
        for reference in proposal.references:
            add_reference(store, reference)
        aside = review_references(store, proposal.person, proposal.engine, calibration)
    results = list(proposal.results)
    for reference in aside:
        for index in proposal.positions.get(reference.sha256, ()):
            results[index] = EnrolmentResult(results[index].path, Enrolled.OUTLIER, reference.note or "")
    return results


def review_references(store: Store, person: str, engine_id: str, calibration: Calibration) -> list[Reference]:
    """Judges a person's references against each other, records which to use, and returns those set aside, with why.

    References that look like somebody else are recorded but not used; a better profile may take back what it had set
    aside. One in a photo that the user decided is `not-me` is set aside too, and says nothing about the others. For the
    caller's transaction.
    """
    enrolled = references(store, person, engine_id)
    denied = denied_references(store, person, engine_id)
    trusted = [item for item in enrolled if item.sha256 not in denied]
    outliers = find_outliers(embeddings_of(trusted), calibration) if trusted else ()
    notes = dict.fromkeys(denied, _DENIED_NOTE)
    notes |= {item.sha256: _OUTLIER_NOTE for item, outlier in zip(trusted, outliers, strict=True) if outlier}
    reviewed = [replace(item, used=item.sha256 not in notes, note=notes.get(item.sha256)) for item in enrolled]
    for reference in reviewed:
        set_reference_use(store, reference, used=reference.used, note=reference.note)
    return [reference for reference in reviewed if not reference.used]
