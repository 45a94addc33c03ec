"""A profile that learns from answers: "that is me" adds the face, and all that was scanned is judged again.

No photo is read and no model is loaded: the embeddings are on record.
"""

from __future__ import annotations

from collections.abc import Iterable

from untag.config import Settings
from untag.people.enroll import propose_confirmed
from untag.people.enrolment import EnrolmentRequest, enroll_person, take_back
from untag.people.roster import list_people
from untag.store import Store, references
from untag.types import Status

SAID_SO = frozenset({Status.IS_ME})


def learn_confirmed(store: Store, settings: Settings) -> dict[str, str]:
    """Adds the faces in photos decided as is-me to those enrolled, and judges again; whom each new photo enrols.

    By SHA-256. What somebody else was decided as teaches nothing: a photo to untag may show the person unclearly. What
    looks unlike the other references is recorded and not used, as when it is enrolled. Raises StoreError.
    """
    learnt: dict[str, str] = {}
    for person in list_people(store):
        proposal = propose_confirmed(store, person.person, person.engine, SAID_SO)
        if proposal.references:
            request = EnrolmentRequest(person.person, confirmed=True)
            # The user looked at each face and said whose it is: that settles what would be asked otherwise.
            enroll_person(store, request, proposal, settings, accept=lambda _: True)
            learnt |= {reference.sha256: person.person for reference in proposal.references}
    return learnt


def unlearn(store: Store, settings: Settings, sha256s: Iterable[str]) -> int:
    """Takes the references back that photos gave, and judges again; returns how many there were."""
    wanted = frozenset(sha256s)
    found = [reference.id for reference in references(store) if reference.sha256 in wanted and reference.id is not None]
    for reference_id in found:
        take_back(store, reference_id, settings)
    return len(found)
