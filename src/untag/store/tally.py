"""The findings as a few words each, for counting them: no place, no reason, no face."""

from __future__ import annotations

import json
from collections.abc import Iterator

from untag.findings.counting import Counted, shows_what_matters
from untag.findings.filters import EVERYTHING, FindingFilter
from untag.findings.stats import Tally
from untag.store.db import Store
from untag.store.listed import FROM, MOMENT, PICTURE, STATUS, condition_of
from untag.store.records import ABSENT
from untag.types import Action, Status, Verdict


def tallies(store: Store, wanted: FindingFilter) -> Iterator[Tally]:
    """What is counted of each finding that meets a filter, in no order; its limit and offset do not count."""
    condition = condition_of(store, wanted)
    rows = store.rows(
        f"""SELECT {PICTURE} AS picture, findings.sha256, findings.verdict, findings.risk, findings.action,
            findings.categories, findings.first_run, {STATUS} AS status, {MOMENT} AS moment,
            files.platform, files.poster, photos.engine = :absent AS absent
        FROM {FROM} WHERE {condition.sql}""",  # noqa: S608 - own conditions
        condition.parameters | {"absent": ABSENT},
    )
    for row in rows:
        yield Tally(
            picture=row["picture"],
            verdict=Verdict(row["verdict"]),
            risk=row["risk"],
            action=Action(row["action"]),
            categories=tuple(json.loads(row["categories"])),
            status=Status.OPEN if row["status"] is None else Status(row["status"]),
            moment=row["moment"],
            platform=row["platform"],
            poster=row["poster"],
            absent=bool(row["absent"]),
            first_run=row["first_run"],
        )


def counted_findings(store: Store, wanted: FindingFilter = EVERYTHING) -> Iterator[Counted]:
    """What `count_all` counts of each finding that meets a filter, in no order; its limit and offset do not count."""
    condition = condition_of(store, wanted)
    rows = store.rows(
        f"""SELECT findings.sha256, {PICTURE} AS picture, person, verdict, risk, action,
            categories <> '{{}}' AS flagged, {STATUS} AS status, permalink IS NOT NULL AS linked,
            photos.engine = :absent AS absent,
            NOT EXISTS (SELECT 1 FROM files AS earlier WHERE earlier.sha256 = files.sha256
                AND (earlier.first_run, earlier.path) < (files.first_run, files.path)) AS first
        FROM {FROM} WHERE {condition.sql}""",  # noqa: S608 - own conditions
        condition.parameters | {"absent": ABSENT},
    )
    for row in rows:
        status = Status.OPEN if row["status"] is None else Status(row["status"])
        verdict, is_first = Verdict(row["verdict"]), bool(row["first"]) and row["picture"] == row["sha256"]
        yield Counted(
            sha256=row["sha256"],
            picture=(row["picture"], row["person"], status),
            rank=(row["risk"], bool(row["linked"]), is_first),
            verdict=verdict,
            status=status,
            flagged=shows_what_matters(verdict, Action(row["action"]), flagged=bool(row["flagged"])),
            absent=bool(row["absent"]),
        )
