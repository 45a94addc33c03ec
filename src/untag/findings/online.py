"""What all the places of one photo say together, for the person that it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from untag.findings.names import Names
from untag.findings.rules import Audience, audience_of
from untag.types import LinkConfidence, Origin

_NOWHERE = Origin()
_SURENESS = (LinkConfidence.CERTAIN, LinkConfidence.PROBABLE, LinkConfidence.NONE)
_BROADNESS = tuple(Audience)

_PRIVATE = frozenset({"google_photos", "google_takeout"})
"""Platforms on which the link to a photo opens for the owner of the account alone, whoever else has the photo."""


@dataclass(frozen=True, slots=True)
class Online:
    """A photo's places together. `origin` is the one to act on, as `online` chooses it.

    `own` says that the person posted it in one of them, `only_own` that nothing is known of another; `posters` who else
    posted it, each once; `tagged` that a tag in any place names the person. `audience` is the broadest. `private` says
    that there are links, and that all of them are as `opens_only_for_owner` has it.
    """

    origin: Origin
    own: bool
    only_own: bool
    posters: tuple[str, ...]
    tagged: bool
    audience: Audience
    private: bool


def online(origins: Sequence[Origin], person: str | None, names: Names, named: Sequence[str] = ()) -> Online:
    """Puts the places together; `named` are tags that are with the photo wherever it lies.

    What others posted is to be acted on before the person's own post, and both before a place that only its owner can
    open. Of several a permalink goes before a poster, a certain permalink before a probable one, and what was seen
    first before what came later.
    """
    # A copy in a plain folder is no place online: only the user can see it there.
    said = [origin for origin in origins if origin != _NOWHERE]
    own = [origin for origin in said if names.is_own(person, origin.poster)]
    # What lies in one's own account says by itself nothing of a place where others see it.
    unshared = [origin for origin in said if opens_only_for_owner(origin) and origin.poster is None]
    of_others = [origin for origin in said if origin not in own and origin not in unshared]
    private = [opens_only_for_owner(origin) for origin in said if origin.permalink is not None]
    tags = [*named, *(name for origin in said for name in origin.people)]
    return Online(
        origin=min(of_others or said, key=_rank, default=_NOWHERE),
        own=bool(own),
        only_own=bool(said) and not of_others,
        posters=tuple(dict.fromkeys(origin.poster for origin in of_others if origin.poster is not None)),
        tagged=any(names.is_called(person, name) for name in tags),
        audience=min((audience_of(origin.audience) for origin in said), key=_BROADNESS.index, default=Audience.UNKNOWN),
        private=bool(private) and all(private),
    )


def opens_only_for_owner(origin: Origin) -> bool:
    """Whether a place has a link that shows something to the owner of the account alone."""
    return origin.permalink is not None and origin.platform in _PRIVATE


def _rank(origin: Origin) -> tuple[bool, bool, int, bool]:
    private = opens_only_for_owner(origin)
    return private, origin.permalink is None, _SURENESS.index(origin.permalink_confidence), origin.poster is None
