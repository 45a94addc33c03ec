"""Photos that an archive reports without a file: on record like others, so that decisions on them last."""

from __future__ import annotations

import hashlib

from untag.scan.judge import Judge
from untag.sources.listing import AbsentRef
from untag.store import ABSENT, Analysis, KnownFile, PhotoRecord
from untag.support.permalinks import link_key
from untag.types import Outcome, PhotoRef


def absent_id(ref: AbsentRef) -> str:
    """What stands for the hash of its content: the same in every archive that gives a permalink of the same photo."""
    link = ref.path if ref.origin.permalink is None else link_key(ref.origin.permalink)
    return hashlib.sha256(f"untag: photo without a copy\n{link}".encode("utf-8", "surrogatepass")).hexdigest()


def absent_record(ref: AbsentRef, judge: Judge) -> PhotoRecord:
    """The record of such a photo, which has no size, no time and no pixels."""
    sha256 = absent_id(ref)
    analysis = Analysis(
        width=0,
        height=0,
        taken_at=None,
        phash=None,
        pipeline=ABSENT,
        judged_with=judge.key,
        engine=ABSENT,
        assessment=judge.assess_without_file((ref.origin,), sha256),
    )
    return PhotoRecord(PhotoRef(ref.path, ref.source, 0, 0, ref.origin), sha256, Outcome.OK, None, analysis)


def is_current_absent(known: KnownFile | None, ref: AbsentRef) -> bool:
    """Whether it is on record as the archive reports it now. `judge_again` has judged it since, if need be."""
    return known is not None and (known.sha256, known.origin) == (absent_id(ref), ref.origin)
