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


@dataclass(frozen=True, slots=True)
class Online:
    """A photo's places together. `origin` is the one to act on, as `online` chooses it.

    `own` says that the person posted it in one of them, `only_own` that nothing is known of another; `posters` who else
    posted it, each once; `tagged` that a tag in any place names the person. `audience` is the broadest.
    """

    origin: Origin
    own: bool
    only_own: bool
    posters: tuple[str, ...]
    tagged: bool
    audience: Audience


def online(origins: Sequence[Origin], person: str | None, names: Names, named: Sequence[str] = ()) -> Online:
    """Puts the places together; `named` are tags that are with the photo wherever it lies.

    What others posted is to be acted on before the person's own post. Of several a permalink goes before a poster, a
    certain permalink before a probable one, and what was seen first before what came later.
    """
    # A copy in a plain folder is no place online: nobody but the user can see it there.
    said = [origin for origin in origins if origin != _NOWHERE]
    of_others = [origin for origin in said if not names.is_called(person, origin.poster)]
    tags = [*named, *(name for origin in said for name in origin.people)]
    return Online(
        origin=min(of_others or said, key=_rank, default=_NOWHERE),
        own=len(of_others) < len(said),
        only_own=bool(said) and not of_others,
        posters=tuple(dict.fromkeys(origin.poster for origin in of_others if origin.poster is not None)),
        tagged=any(names.is_called(person, name) for name in tags),
        audience=min((audience_of(origin.audience) for origin in said), key=_BROADNESS.index, default=Audience.UNKNOWN),
    )


def _rank(origin: Origin) -> tuple[bool, int, bool]:
    return origin.permalink is None, _SURENESS.index(origin.permalink_confidence), origin.poster is None
