"""The review page, served to this machine's browser, and what it asks beside what the commands ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from untag.library.home import OpenHome

if TYPE_CHECKING:
    from untag.findings.counting import Group
    from untag.library.client import Untag
    from untag.library.looking import Look
    from untag.store import Changes
    from untag.types import Finding


class Reviewing(OpenHome):
    """Looking and deciding in a browser."""

    def review(
        self, on_address: Callable[[str], object], *, port: int = 0, on_browser: Callable[[str], object] | None = None
    ) -> str:
        """Serves the review page on 127.0.0.1 and says why it ended: unused for an hour, or its terminal was closed.

        `on_address` is called once, with the address to open; its token lets whoever has it see and decide everything.
        `on_browser` is called then, with an address for a browser that is started here: it is good for one visit, since
        others may read it in the list of processes. `port` 0 is a free one. KeyboardInterrupt ends it too. Raises
        UsageError for a port that cannot be used.
        """
        from untag.review.server import Serving, serve

        def opened(say: Callable[[str], object]) -> Untag:
            return cast("Untag", type(self)(self.settings, say, say))

        self.close()
        serving = Serving(self.settings, opened, on_address, self._tell_bug, port)
        return str(serve(serving if on_browser is None else replace(serving, on_browser=on_browser)))

    def _tell_bug(self, error: Exception) -> None:
        self._warn(f"the review page met a bug in untag ({type(error).__name__}: {error}); please report it")

    def look(self, finding: Finding) -> Look:
        """Where in a photo its faces and things are, and how large it is; reads no photo."""
        from untag.library.looking import look_at

        return look_at(self._opened(create=False), finding)

    def group(self, finding: Finding) -> Group:
        """The photo of a finding with all its copies, whatever was decided about each of them."""
        from untag.library.looking import group_of

        return group_of(self._opened(create=False), finding)

    def evening(self, finding: Finding) -> list[Group]:
        """The photos of the same person taken, or else posted, on the same occasion, in their order."""
        from untag.library.looking import evening_of

        return evening_of(self._opened(create=False), finding)

    def changes(self, since: str | None = None) -> Changes:
        """What was decided or taken back since the `mark` of an earlier answer, here or elsewhere."""
        from untag.store import Changes, changes

        return changes(self._opened(), since) if self._has_database() else Changes("", 0, {})

    def version(self) -> tuple[int, ...]:
        """Numbers that are others whenever anybody has written to the database; opens nothing."""
        from untag.store import written_last

        return written_last(self.home)

    def names(self) -> dict[str, list[str]]:
        """The persons, posters and platforms that there are to filter by."""
        from untag.store import names_on_record

        columns = {"person": "findings.person", "poster": "files.poster", "platform": "files.platform"}
        return {field: names_on_record(self._opened(), column) for field, column in columns.items()}

    def learn(self) -> dict[str, str]:
        """Adds the faces in photos decided as is-me to who is enrolled, and judges again what was scanned.

        Returns whom each new reference enrols, by SHA-256. Reads no photo and loads no model.
        """
        from untag.people.confirming import learn_confirmed

        return learn_confirmed(self._opened(create=False), self.settings)

    def unlearn(self, sha256s: Iterable[str]) -> int:
        """Takes the references that photos gave back, and judges again; returns how many there were."""
        from untag.people.confirming import unlearn

        return unlearn(self._opened(create=False), self.settings, sha256s)
