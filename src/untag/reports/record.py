"""A finding as the flat record of the command-line contract, shared by the JSON and the CSV format."""

from __future__ import annotations

from collections.abc import Sequence

from untag.types import Finding, Place, Span

FIELDS = (
    "path",
    "sha256",
    "source",
    "platform",
    "permalink",
    "permalink_confidence",
    "poster",
    "taken_at",
    "verdict",
    "similarity",
    "categories",
    "risk",
    "reasons",
    "action",
    "status",
    "duplicate_of",
    "person",
    "places",
    "group",
    "id",
    "caption",
    "posted_at",
    "seen",
)
"""The keys and columns in their order. Scripts rely on them: only ever append."""

_DIGITS = 4
_GROUP_LETTERS = 16
"""Of 64: 16 tell the photos of any library apart."""


def record(finding: Finding) -> dict[str, object]:
    """The finding with plain values under `FIELDS`, in that order; scores are rounded to four decimals."""
    origin = finding.origin
    values: tuple[object, ...] = (
        finding.path,
        None if finding.absent else finding.sha256,
        finding.source,
        origin.platform,
        origin.permalink,
        str(origin.permalink_confidence),
        origin.poster,
        finding.taken_at,
        str(finding.verdict),
        round(float(finding.similarity), _DIGITS),
        {name: round(float(score), _DIGITS) for name, score in finding.categories.items()},
        finding.risk,
        list(finding.reasons),
        str(finding.action),
        str(finding.status),
        finding.duplicate_of,
        finding.person,
        [_place(place) for place in finding.places],
        (finding.sha256 if finding.picture is None else finding.picture)[:_GROUP_LETTERS],
        finding.id,
        origin.caption,
        origin.posted_at,
        times_of(finding.spans),
    )
    return dict(zip(FIELDS, values, strict=True))


def times_of(spans: Sequence[Span]) -> list[dict[str, float]]:
    """When somebody is to be seen, in seconds, as JSON has it."""
    return [{"best": round(at, 3), "from": round(since, 3), "until": round(until, 3)} for at, since, until in spans]


def _place(place: Place) -> dict[str, str | None]:
    origin = place.origin
    return {
        "path": place.path,
        "source": place.source,
        "platform": origin.platform,
        "permalink": origin.permalink,
        "permalink_confidence": str(origin.permalink_confidence),
        "poster": origin.poster,
        "album": origin.album,
        "posted_at": origin.posted_at,
    }
