"""The review page, served to this machine's browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from untag.library.home import OpenHome

if TYPE_CHECKING:
    from untag.library.client import Untag


class Reviewing(OpenHome):
    """Looking and deciding in a browser."""

    def review(self, on_address: Callable[[str], object], *, port: int = 0) -> str:
        """Serves the review page on 127.0.0.1 and says why it ended: unused for an hour, or its terminal was closed.

        `on_address` is called once, with the address to open; its token lets whoever has it see and decide everything.
        `port` 0 is a free one. KeyboardInterrupt ends it too. Raises UsageError for a port that cannot be used.
        """
        from untag.review.server import Serving, serve

        def opened(say: Callable[[str], object]) -> Untag:
            return cast("Untag", type(self)(self.settings, say, say))

        self.close()
        return str(serve(Serving(self.settings, opened, on_address, self._tell_bug, port)))

    def _tell_bug(self, error: Exception) -> None:
        self._warn(f"the review page met a bug in untag ({type(error).__name__}: {error}); please report it")
