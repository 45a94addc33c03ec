"""Match and assess: from the faces and scenes of a photo to verdicts and an assessment. Needs no photo and no model.

A scan judges what it has just analysed; after a change of profile, threshold or rule the same judgement runs again over
what is stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from untag import __version__
from untag.config import Settings
from untag.errors import StoreError
from untag.findings import Known, Names, Rules, assess, assess_without_file, names_of
from untag.findings.evenings import spoken_for
from untag.findings.grouping import group_near_duplicates
from untag.findings.shots import live_photos, with_copies
from untag.people.calibrate import load_calibration
from untag.people.concerned import faces_concerned
from untag.people.index import discard_index, index_path, open_index
from untag.people.match import Matcher, keeps_embedding
from untag.people.profile import embeddings_of, judged_with, make_profile
from untag.scenes.in_force import certain_scores, thresholds_in_force
from untag.scenes.installed import experimental_names
from untag.store import (
    DuePhoto,
    JudgedWith,
    Made,
    MatchUpdate,
    Store,
    StoredPhoto,
    account_owners,
    changed_places,
    confirmed_contents,
    due_photos,
    evenings_noted,
    flagged_among,
    hashed_findings,
    is_up_to_date,
    live_parts,
    make_new,
    mark_judged,
    mark_up_to_date,
    note_evenings,
    note_owners,
    person_names,
    photo_evidence,
    photos_named,
    photos_of,
    photos_taken,
    posted_by,
    references,
    replace_findings,
    replace_groups,
    replace_live,
    risky_posters,
    update_matches,
)
from untag.support.words import name_key
from untag.types import Assessment, Evidence, Face, Match, Origin, Verdict

_PAGE = 256


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is looked for, and of whom the embedding is kept: all that must be known where photos are looked at."""

    matcher: Matcher
    called: Names
    keep_bystanders: bool
    all_scenes: bool

    def match(self, faces: Sequence[Face]) -> tuple[Match, ...]:
        """The verdict on each face that has its embedding."""
        vectors = [face.embedding for face in faces if face.embedding is not None]
        if not vectors:
            return ()
        return tuple(self.matcher.match(np.stack(vectors)))

    def keeps(self, match: Match) -> bool:
        """Whether the embedding of a face with this verdict is stored."""
        return keeps_embedding(match, keep_bystanders=self.keep_bystanders)

    def shown(self, matches: Iterable[Match], named: Iterable[str]) -> bool:
        """Whether a photo shows, or may show, somebody enrolled, or names them."""
        return any(match.verdict is not Verdict.OTHER for match in matches) or self.called.among(named) is not None

    def may_concern(self, matches: Iterable[Match], named: Iterable[str]) -> bool:
        """Whether the scene matters: where the photo shows or names somebody enrolled, or a later profile may say so.

        A face whose embedding is not kept can only be somebody after the photo was read again.
        """
        return self.all_scenes or any(map(self.keeps, matches)) or self.called.among(named) is not None


@dataclass(frozen=True, slots=True)
class Judge:
    """The profiles, names and rules in force. `key` changes whenever a verdict or a finding could.

    `confirmed` are the SHA-256 of the photos of which the user said that they show the person; `risky_posters` are as
    in `Known`; `evenings` are as `spoken_for` had them when photos were assessed. What changes in these,
    `assess_by_posters` and `assess_by_evenings` see to, not the key. `certain` is None where evenings do not count.
    """

    matcher: Matcher
    rules: Rules
    names: Names
    keep_bystanders: bool
    key: JudgedWith
    confirmed: frozenset[str] = frozenset()
    risky_posters: frozenset[str] = frozenset()
    evenings: Mapping[str, frozenset[str]] = field(default_factory=dict)
    certain: Mapping[str, float] | None = None

    @property
    def wanted(self) -> Wanted:
        """Whom to look for."""
        return Wanted(self.matcher, Names(self.names.called), self.keep_bystanders, self.rules.all_scenes)

    def match(self, faces: Sequence[Face]) -> tuple[Match, ...]:
        """The verdict on each face that has its embedding."""
        return self.wanted.match(faces)

    def keeps(self, match: Match) -> bool:
        """Whether the embedding of a face with this verdict is stored."""
        return keeps_embedding(match, keep_bystanders=self.keep_bystanders)

    def concerns(self, origin: Origin, sha256: str) -> bool:
        """Whether a photo concerns somebody enrolled, whatever it shows: by a tag, or by the user's word."""
        return sha256 in self.confirmed or self.names.among(origin.people) is not None

    def assess(self, evidence: Evidence, sha256: str = "") -> Assessment | None:
        """What the photo means, by the rules in force; None: it concerns no enrolled person."""
        evening = self.evenings.get(sha256, frozenset[str]())
        return assess(replace(evidence, evening=evening), self.rules, self.names)

    def assess_without_file(self, origins: tuple[Origin, ...], sha256: str) -> Assessment | None:
        """The same for a photo that archives report without a file; `sha256` is what stands for its hash."""
        known = Known(sha256 in self.confirmed, self.risky_posters)
        return assess_without_file(origins, self.rules, self.names, known)

    @property
    def persons(self) -> frozenset[str]:
        """Who is enrolled."""
        return frozenset(profile.person for profile in self.matcher.profiles)


def load_judge(store: Store, engine_id: str, settings: Settings, *, all_scenes: bool = False) -> Judge:
    """The judge for everybody enrolled with this engine, who may be none. Raises ModelError without a calibration."""
    used = [reference for reference in references(store, engine=engine_id) if reference.used]
    calibration = load_calibration(engine_id)
    profiles = tuple(
        make_profile(person, embeddings_of([item for item in used if item.person == person]), calibration)
        for person in sorted({reference.person for reference in used})
    )
    called = person_names(store)
    names = {profile.person: called.get(profile.person, ()) for profile in profiles}
    thresholds = thresholds_in_force(store, settings)
    rules = Rules(settings.weights, thresholds, all_scenes, experimental_names(settings.home))
    in_force = {
        "engine": engine_id,
        "me": settings.me_similarity,
        "maybe": settings.maybe_similarity,
        "calibration": calibration,
        "weights": rules.weights,
        "thresholds": sorted(rules.thresholds.items()),
        "all_scenes": all_scenes,
        "experimental": sorted(rules.experimental),
        "keep_bystanders": settings.keep_bystanders,
        "names": sorted(names.items()),
        "evenings": settings.evenings,
    }
    matcher = Matcher(profiles, calibration, settings.me_similarity, settings.maybe_similarity)
    key = judged_with(profiles, in_force)
    whose = names_of(names, account_owners(store))
    certain = certain_scores(settings, thresholds) if settings.evenings else None
    return Judge(
        matcher,
        rules,
        whose,
        settings.keep_bystanders,
        key,
        confirmed_contents(store),
        risky_posters(store),
        evenings_noted(store) if certain is not None else {},
        certain,
    )


def _evenings(store: Store, certain: Mapping[str, float] | None) -> Mapping[str, frozenset[str]]:
    return {} if certain is None else spoken_for(photos_taken(store), certain)


def judge_again(
    store: Store, engine_id: str, judge: Judge, run_id: int, *, absent: bool = True, indexed: bool = True
) -> int:
    """Match and assess again every stored photo that was judged otherwise; returns how many there were.

    A photo is passed over when no enrolled person was found in it or is named with it, and none of its embeddings is
    near a template. It cannot become a finding. Its faces keep the similarity that was measured first.

    `absent` says whether photos that archives report without a file are judged, too. Without `indexed` the index of
    embeddings is left alone: in a transaction of the caller's it would copy what may never be.

    A photo keeps its old key, so that the next scan reads it again, when somebody is enrolled now who was not when the
    embeddings of its bystanders were thrown away. Each batch is one transaction: an interruption loses nothing. If any
    photo was due, the copies among the findings are grouped again.
    """
    count = 0
    near: frozenset[str] | None = None
    named = frozenset[str]()
    for page in due_photos(store, engine_id, judge.key, absent=absent):
        if count == 0:
            near = _photos_near(store, engine_id, judge) if indexed else None
            named = photos_named(store, lambda names: judge.names.among(names) is not None)
        concerned = [due for due in page if due.sha256 in named or _may_concern(due, near, judge)]
        known = {due.sha256 for due in concerned}
        passed = [due for due in page if due.sha256 not in known]
        complete = [due for due in passed if not must_read_again(due.judged_with, due.discarded, judge)]
        mark_judged(store, [due.sha256 for due in complete], judge.key)
        if concerned:
            _judge_batch(store, judge, run_id, list(photo_evidence(store, [due.sha256 for due in concerned])))
        count += len(page)
    if count:
        group_copies(store)
    if indexed:
        _clean_index(store, engine_id, judge)
    return count


def _photos_near(store: Store, engine_id: str, judge: Judge) -> frozenset[str] | None:
    """The photos with a face that may be an enrolled person, by the index; None when all embeddings must be compared.

    Without bystanders there are few embeddings, nearly all of enrolled persons, and some are to be erased.
    """
    if not judge.keep_bystanders:
        return None
    try:
        index = open_index(store, engine_id)
    except StoreError:
        # Another run is scanning, or the disk is full. Nothing depends on the index but the time it takes.
        return None
    return photos_of(store, faces_concerned(index, judge.matcher))


def _may_concern(due: DuePhoto, near: frozenset[str] | None, judge: Judge) -> bool:
    """Whether a photo has a finding or can get one. Only embeddings in photos of `near` can match; None: any can."""
    if due.sha256 in judge.confirmed:
        return True
    return judge.rules.all_scenes or due.shows or (due.embedded if near is None else due.sha256 in near)


def _clean_index(store: Store, engine_id: str, judge: Judge) -> None:
    """Take out of the index what the store has erased since; no index is kept when bystanders are not."""
    if not judge.keep_bystanders:
        discard_index(store, engine_id)
    elif index_path(store.home, engine_id).exists():
        with suppress(StoreError):
            open_index(store, engine_id)


def assess_moved(store: Store, judge: Judge, run_id: int) -> None:
    """Assess again all photos that gained or lost a place since they were assessed.

    From stored verdicts, whichever engine they are of. One transaction for each batch: an interruption loses nothing.
    """
    while placed := changed_places(store):
        assessed = [
            (photo.sha256, _assess_stored(judge, photo, [stored.match for stored in photo.faces]))
            for photo in photo_evidence(store, placed)
        ]
        replace_findings(store, run_id, assessed, placed=placed)


def assess_by_posters(store: Store, judge: Judge, owners: Iterable[str], run_id: int) -> None:
    """Assess again what depends on who posted it, after a scan: `owners` are those of the downloads in it.

    Their posts are the user's own. And a photo without a file matters more where its poster has others that matter.
    """
    new = note_owners(store, owners)
    names = replace(judge.names, owners=judge.names.owners | {name_key(name) for name in new})
    posted = posted_by(store, new) if new else []
    _assess_again(store, replace(judge, names=names, risky_posters=risky_posters(store)), posted, run_id)
    now_risky = risky_posters(store)
    changed = posted_by(store, now_risky ^ judge.risky_posters, absent=True)
    _assess_again(store, replace(judge, names=names, risky_posters=now_risky), changed, run_id)


def assess_by_evenings(store: Store, judge: Judge, run_id: int) -> None:
    """Assess again the photos for which other photos of their evening speak otherwise than when they were assessed.

    What is on record counts, not what was so before this scan: others may have been decided about since the last one,
    or that one may have ended half-way.
    """
    by = json.dumps([__version__, None if judge.certain is None else sorted(judge.certain.items())])
    if is_up_to_date(store, Made.EVENINGS, by):
        return
    with store.transaction():
        now, noted = _evenings(store, judge.certain), evenings_noted(store)
        changed = [sha256 for sha256 in sorted(noted.keys() | now.keys()) if noted.get(sha256) != now.get(sha256)]
        if not changed:  # what is assessed again may change what evenings say
            mark_up_to_date(store, Made.EVENINGS, by)
    judge = replace(judge, evenings=now, risky_posters=risky_posters(store))
    for start in range(0, len(changed), _PAGE):
        page = changed[start : start + _PAGE]
        with store.transaction():
            flagged = flagged_among(store, page)
            assess_decided(store, judge, page, run_id)
            # The photo was there; that it may show something that its owner may not want online is news.
            make_new(store, run_id, flagged_among(store, page) - flagged)
            note_evenings(store, page, now)


def _assess_again(store: Store, judge: Judge, sha256s: Sequence[str], run_id: int) -> None:
    for start in range(0, len(sha256s), _PAGE):
        assess_decided(store, judge, sha256s[start : start + _PAGE], run_id)


def assess_decided(store: Store, judge: Judge, sha256s: Sequence[str], run_id: int) -> None:
    """Assess photos again of which the user just said that they show the person, or took that back."""
    assessed = [
        (photo.sha256, _assess_stored(judge, photo, [stored.match for stored in photo.faces]))
        for photo in photo_evidence(store, sha256s)
    ]
    replace_findings(store, run_id, assessed)


def group_copies(store: Store) -> None:
    """Find out again which findings are copies of one picture, or one Live Photo, in one transaction.

    Unless they were grouped from what is on record now.
    """
    with store.transaction():
        if is_up_to_date(store, Made.GROUPS, __version__):
            return
        copies = group_near_duplicates(list(hashed_findings(store)))
        replace_groups(store, copies)
        replace_live(store, with_copies(live_photos(live_parts(store)), copies))
        mark_up_to_date(store, Made.GROUPS, __version__)


def must_read_again(key: JudgedWith | None, discarded: int, judge: Judge) -> bool:
    """Whether faces whose embeddings are gone may match a person, or a template, that was not considered then."""
    return discarded > 0 and not judge.key.appearances <= (frozenset() if key is None else key.appearances)


def _judge_batch(store: Store, judge: Judge, run_id: int, batch: list[StoredPhoto]) -> None:
    updates: list[MatchUpdate] = []
    complete: list[tuple[str, Assessment | None]] = []
    incomplete: list[tuple[str, Assessment | None]] = []
    for photo in batch:
        matches = list(_match_stored(judge, photo))
        updates += [
            MatchUpdate(stored.id, match, judge.keeps(match))
            for stored, match in zip(photo.faces, matches, strict=True)
        ]
        assessment = _assess_stored(judge, photo, matches)
        lacking = must_read_again(photo.judged_with, photo.discarded, judge)
        (incomplete if lacking else complete).append((photo.sha256, assessment))
    update_matches(store, updates)
    replace_findings(store, run_id, incomplete)
    replace_findings(store, run_id, complete, judged_with=judge.key)


def _assess_stored(judge: Judge, photo: StoredPhoto, matches: Sequence[Match]) -> Assessment | None:
    if photo.is_absent:
        return judge.assess_without_file(tuple(place.origin for place in photo.places), photo.sha256)
    evidence = photo.evidence(tuple(matches), confirmed=photo.sha256 in judge.confirmed)
    return judge.assess(evidence, photo.sha256)


def _match_stored(judge: Judge, photo: StoredPhoto) -> Iterator[Match]:
    with_embedding = [stored.face for stored in photo.faces if stored.face.embedding is not None]
    fresh = iter(judge.match(with_embedding))
    for stored in photo.faces:
        # A face whose embedding was thrown away matched no enrolled person, and keeps that verdict.
        yield stored.match if stored.face.embedding is None else next(fresh)
