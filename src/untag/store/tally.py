"""The findings as a few words each, for counting them: no place, no reason, no face."""

from __future__ import annotations

import json
from collections.abc import Iterator

from untag.findings.filters import FindingFilter
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
