"""People: enrolled, listed, corrected and forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from untag.errors import UntagError, UsageError
from untag.library.home import OpenHome
from untag.library.options import (
    ENROLL,
    SUGGEST,
    EnrollOptions,
    OnProgress,
    Paths,
    SuggestOptions,
    counting,
    paths_of,
)

if TYPE_CHECKING:
    from untag.people.enrolment import Enrolment
    from untag.people.roster import Contribution, Person
    from untag.people.suggest import FaceGroups
    from untag.store import Reference
    from untag.upkeep.forgetting import Forgotten


class People(OpenHome):
    """Whose face to look for."""

    def enroll(
        self,
        person: str = "me",
        paths: Paths = (),
        *,
        options: EnrollOptions = ENROLL,
        on_progress: OnProgress | None = None,
    ) -> Enrolment:
        """Learns a person's face from photos with one clear face each; says of each photo whether it is used, and why.

        What was scanned is judged again. Raises UsageError for a path that does not exist or a name that cannot be one.
        """
        from untag.people.enrolment import EnrolmentRequest, enroll_person, look_for_references

        chosen = paths_of(paths)
        request = EnrolmentRequest(person, chosen, options.confirmed, options.tag, options.called)
        request.check()
        self.count_photos(chosen)  # a path that does not exist is reported before the model is loaded
        store = self._opened()
        found = look_for_references(store, request, self._models.faces, self.settings, on_photo=counting(on_progress))
        return enroll_person(store, request, found, self.settings, accept=options.accept)

    def enroll_pictures(
        self, person: str, pictures: Iterable[tuple[str, bytes]], *, options: EnrollOptions = ENROLL
    ) -> Enrolment:
        """The same from pictures in memory, such as uploaded ones: a name to call each by, and the bytes of its file.

        Of `options`, `called` and `accept` count.
        """
        from untag.people.enroll import EnrolmentOptions, propose_pictures
        from untag.people.enrolment import EnrolmentRequest, enroll_person
        from untag.scan import SEARCH_SIDE

        reading = EnrolmentOptions(person, SEARCH_SIDE, self.settings.limits)
        found = propose_pictures(pictures, self._models.faces, reading)
        request = EnrolmentRequest(person, called=options.called)
        return enroll_person(self._opened(), request, found, self.settings, accept=options.accept)

    def suggest_people(
        self, paths: Paths, *, options: SuggestOptions = SUGGEST, on_progress: OnProgress | None = None
    ) -> FaceGroups:
        """Who is often in some photos: the clear faces of a sample, in groups that look like one person each.

        Stores nothing. `enroll_groups` enrols what was chosen; the rest is gone with the result. Raises UsageError for
        a path that does not exist.
        """
        from untag.library.suggesting import suggest_people

        chosen = paths_of(paths)
        return suggest_people(
            chosen, lambda: self._models.faces, self.settings, options, on_photo=counting(on_progress)
        )

    def enroll_groups(
        self, groups: FaceGroups, chosen: Iterable[int], person: str = "me", *, options: EnrollOptions = ENROLL
    ) -> Enrolment:
        """Enrols a person from groups of `suggest_people`, by their numbers from 0: the best faces of each.

        Of `options`, `called` and `accept` count. Raises UsageError where there is no such group.
        """
        from untag.people.calibrate import load_calibration
        from untag.people.enrolment import EnrolmentRequest, enroll_person
        from untag.people.suggest import propose_groups

        request = EnrolmentRequest(person, called=options.called)
        picked = groups.choose(chosen)
        found = propose_groups(person, groups.engine, picked, load_calibration(groups.engine))
        return enroll_person(self._opened(), request, found, self.settings, accept=options.accept)

    @property
    def is_new(self) -> bool:
        """Whether nobody is enrolled; makes no database."""
        from untag.store import references

        return not self._has_database() or not references(self._opened(create=False))

    def people(self) -> list[Person]:
        """Everybody enrolled, by name, once for each engine."""
        from untag.people.roster import list_people

        return list_people(self._opened())

    def references(self, person: str = "me") -> list[Contribution]:
        """The photos that enrol a person, and what each contributes. Raises UsageError for a name nobody has."""
        from untag.people.roster import contributions

        return contributions(self._opened(create=False), person)

    def remove_reference(self, reference_id: int) -> tuple[Reference, Person | None]:
        """Takes one photo back from a person, whom it returns, and judges again what was scanned; reads no photo."""
        from untag.people.enrolment import take_back

        return take_back(self._opened(create=False), reference_id, self.settings)

    def not_called(self, name: str) -> int:
        """Records that an account whose download was scanned is somebody else's; returns how many photos that is about.

        Their posts do not count as the user's own any more. Raises UsageError for an account that no download is of.
        """
        from untag.errors import UsageError
        from untag.library.deciding import assess_anew
        from untag.store import deny_owner, posted_by

        store = self._opened(create=False)
        found = deny_owner(store, name)
        if not found:
            raise UsageError(f"no download that was scanned is of an account called {name}")
        photos = posted_by(store, found)
        assess_anew(store, self.settings, photos)
        return len(photos)

    def forget(self, person: str) -> Forgotten:
        """Erases a person, and searches the home folder for what is left. Raises UsageError for a name nobody has."""
        from untag.upkeep.forgetting import erase_person

        self.close()
        forgotten = erase_person(self.home, person)
        if forgotten.count == 0:
            raise UsageError(f"nobody called {person} is enrolled; see: untag people")
        return forgotten

    def forget_bystanders(self) -> Forgotten:
        """Erases the embeddings of all faces that are not surely somebody enrolled."""
        from untag.upkeep.forgetting import erase_bystanders

        self.close()
        return erase_bystanders(self.home)

    def forget_all(self) -> Forgotten:
        """Deletes the database, even a damaged one, and all that was made from it; photos are never touched.

        Scheduled scans are taken back first: they would find it all out again.
        """
        from untag.library.scheduling import end_schedule
        from untag.upkeep.forgetting import erase_all

        self.close()
        try:
            ended = end_schedule(self.home)
        except UntagError as error:
            self._warn(f"what scans by itself may go on: {error}")
        else:
            if ended is not None:
                self._say(f"nothing runs by itself any more (it was started by {ended.service})")
        return erase_all(self.home)
