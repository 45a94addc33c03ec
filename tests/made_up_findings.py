"""Findings as the store lists them, made up: for what is done with them, without photos or models."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from untag.findings.names import Names, names_of
from untag.types import Action, Finding, LinkConfidence, Origin, Place, Status, Verdict

NAMES: Names = names_of({"me": ("Ana Doe", "ana.doe")})


def origin(
    number: int = 1, *, platform: str | None = "facebook", poster: str | None = "Bea Moor", **more: Any
) -> Origin:
    """A post with a link, unless `permalink` is given otherwise."""
    link = f"https://www.facebook.com/photo/?fbid={1000 + number}" if platform == "facebook" else None
    values: dict[str, Any] = {"permalink": link, "posted_at": "2018-05-12T20:15:00+00:00", **more}
    sure = LinkConfidence.NONE if values["permalink"] is None else LinkConfidence.CERTAIN
    return Origin(platform=platform, poster=poster, permalink_confidence=sure, **values)


def finding(number: int = 1, *places: Origin, **more: Any) -> Finding:
    """A photo that shows the user with a drink; `places` are where it lies, one post by a friend unless given."""
    origins = places or (origin(number),)
    path = f"/photos/{number}.jpg"
    values: dict[str, Any] = {
        "person": "me",
        "verdict": Verdict.ME,
        "similarity": 0.99,
        "categories": {"alcohol": 0.9},
        "risk": 60,
        "reasons": ("Your face: 99 % alike", "alcohol 90 %"),
        "action": Action.UNTAG,
        "status": Status.OPEN,
        **more,
    }
    lying = tuple(
        Place(path if place == 0 else f"{path}.{place}", "facebook", one) for place, one in enumerate(origins)
    )
    digest = sha256(str(number).encode()).hexdigest()
    return Finding(path, digest, "facebook", origins[0], places=lying, **values)
