"""Findings: what untag makes of a photo, as it is written, and which of it is new."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from untag.findings.counting import shows_what_matters
from untag.store.categories import reaches
from untag.store.codec import json_list, text
from untag.store.columns import ASSESSMENT
from untag.store.db import Store
from untag.store.judged import JudgedWith
from untag.store.listed import COPY_LISTED, PICTURE, STATUS
from untag.store.records import ABSENT
from untag.types import Action, Assessment, Status, Verdict


def replace_findings(
    store: Store,
    run_id: int,
    assessed: Sequence[tuple[str, Assessment | None]],
    *,
    judged_with: JudgedWith | None = None,
    placed: Sequence[str] = (),
) -> None:
    """Write what was assessed again for each hash, in one transaction; None means that there is no finding any more.

    With `judged_with` the photos are recorded as judged so: pass it when they were matched again,
    so that a run that ends between `update_matches` and this is done again. `placed` are the `changed_places` that were
    taken into account.
    """
    with store.transaction():
        save_findings(store, run_id, assessed)
        if judged_with is not None:
            key = judged_with.text
            keys = [(key, sha256) for sha256, _ in assessed]
            store.execute_many("UPDATE photos SET people_key = ? WHERE sha256 = ?", keys)
        store.execute_many("DELETE FROM changed_places WHERE sha256 = ?", ((sha256,) for sha256 in placed))


def flagged_among(store: Store, sha256s: Iterable[str]) -> frozenset[str]:
    """Those contents whose finding shows the person with something that calls for an action."""
    rows = store.rows(
        """SELECT sha256, verdict, action FROM findings WHERE categories <> '{}'
            AND sha256 IN (SELECT value FROM json_each(:some))""",
        {"some": json_list(sha256s)},
    )
    shown = ((row["sha256"], Verdict(row["verdict"]), Action(row["action"])) for row in rows)
    return frozenset(sha256 for sha256, verdict, action in shown if shows_what_matters(verdict, action, flagged=True))


def make_new(store: Store, run_id: int, sha256s: Iterable[str]) -> None:
    """Have findings count as new to a run, inside the caller's transaction: they are not what they were."""
    chosen = list(sha256s)
    store.execute_many("UPDATE findings SET first_run = ? WHERE sha256 = ?", ((run_id, one) for one in chosen))
    store.execute_many("DELETE FROM told WHERE sha256 = ?", ((one,) for one in chosen))


def new_findings(store: Store, run_id: int) -> frozenset[str]:
    """The SHA-256 of what became a finding since the last run before this one that was reported, and are not decided.

    A near-duplicate of an older finding counts: a picture that was saved anew for another place shows you there too.
    """
    rows = store.rows(
        f"""SELECT findings.sha256 FROM findings JOIN photos USING (sha256)
        WHERE first_run > COALESCE((SELECT MAX(id) FROM runs WHERE id < :run AND reported_at IS NOT NULL), 0)
            AND NOT EXISTS (SELECT 1 FROM told WHERE told.sha256 = findings.sha256)
            AND NOT (photos.engine = :absent AND {COPY_LISTED})
            AND EXISTS (SELECT 1 FROM files WHERE files.sha256 = findings.sha256)
            AND NOT EXISTS (SELECT 1 FROM decisions WHERE decisions.sha256 = findings.sha256 AND undone_at IS NULL)""",  # noqa: S608 - a constant
        {"run": run_id, "absent": ABSENT, "other": Verdict.OTHER},
    )
    return frozenset(row["sha256"] for row in rows)


def save_findings(store: Store, run_id: int, assessed: Iterable[tuple[str, Assessment | None]]) -> None:
    """Write or remove the findings of contents, inside the caller's transaction; `first_run` stays what it was."""
    found = dict(assessed)
    gone = [(sha256,) for sha256, assessment in found.items() if assessment is None]
    store.execute_many("DELETE FROM findings WHERE sha256 = ?", gone)
    rows = [
        {"sha256": sha256, **ASSESSMENT.values(assessment), "act_on": text(assessment.act_on), "first_run": run_id}
        for sha256, assessment in found.items()
        if assessment is not None
    ]
    store.upsert_all("findings", rows, "sha256", instead={"first_run": "first_run"})


@dataclass(frozen=True, slots=True)
class Scored:
    """An undecided finding about somebody enrolled: which `categories` count now, and the scores that might.

    What is about one picture and person has one `group`, as in the list.
    """

    sha256: str
    group: tuple[str, str | None, Status]
    categories: frozenset[str]
    scores: Mapping[str, float]


def scored_findings(store: Store, least: Mapping[str, float]) -> Iterator[Scored]:
    """The undecided findings about somebody enrolled in which something counts, or has a score of `least` or more."""
    reached, given = reaches(least)
    rows = store.rows(
        f"""WITH undecided AS (
            SELECT sha256, person, categories, {PICTURE} AS picture, COALESCE({STATUS}, :open) AS status,
                (SELECT json_group_object(category, score) FROM scenes
                    WHERE scenes.sha256 = findings.sha256 AND {reached}) AS scores
            FROM findings WHERE verdict <> :other
                AND EXISTS (SELECT 1 FROM files WHERE files.sha256 = findings.sha256))
        SELECT * FROM undecided WHERE status IN (:open, :is_me) AND (categories <> '{{}}' OR scores <> '{{}}')""",  # noqa: S608 - constants, own names
        {"other": Verdict.OTHER, "open": Status.OPEN, "is_me": Status.IS_ME, **given},
    )
    for row in rows:
        group = (row["picture"], row["person"], Status(row["status"]))
        yield Scored(row["sha256"], group, frozenset(json.loads(row["categories"])), json.loads(row["scores"]))
