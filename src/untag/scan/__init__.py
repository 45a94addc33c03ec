"""A scan: walk -> read -> recall -> decode -> analyse -> judge -> record, composed of the stages of `pipeline`.

Content that is on record is not analysed again, wherever it lies; files that did not change are not even read. What is
recorded is recorded whole, a batch in one transaction, so a scan may be killed at any instant and run again.
"""

from untag.scan.away import Away
from untag.scan.moving import ALL_AT_ONCE, Move, plan_move
from untag.scan.recorder import ScanSummary
from untag.scan.run import count_photos, mark_shown, require_enrolled, require_paths, scan
from untag.scan.stages import SEARCH_SIDE, ScanModels

__all__ = [
    "ALL_AT_ONCE",
    "SEARCH_SIDE",
    "Away",
    "Move",
    "ScanModels",
    "ScanSummary",
    "count_photos",
    "mark_shown",
    "plan_move",
    "require_enrolled",
    "require_paths",
    "scan",
]
