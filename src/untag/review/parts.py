"""What all requests share, and what each has for itself: a home folder that is open for as long as the request lasts.

SQLite connections belong to a thread, and `untag forget` cannot finish while one is open. So each request opens its own
and closes it; that takes about a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask, current_app, g

from untag.review.activity import Activity
from untag.review.learning import Learning
from untag.review.surveys import Surveys
from untag.review.thumbnails import Thumbnails
from untag.review.working import COMMAND, Working

if TYPE_CHECKING:
    from untag import Settings, Untag

OpenHome = Callable[[Callable[[str], object]], "Untag"]
"""Opens the home folder; gets where the library's messages go."""


def _ignore(_: Exception) -> None:
    pass


_KEY = "untag-parts"


@dataclass(frozen=True, slots=True)
class Parts:
    """What all requests share. Each part is safe for any thread."""

    open_home: OpenHome
    activity: Activity
    thumbnails: Thumbnails
    learning: Learning
    working: Working
    surveys: Surveys
    on_bug: Callable[[Exception], object]


def make_parts(
    settings: Settings,
    open_home: OpenHome,
    on_bug: Callable[[Exception], object] = _ignore,
    worker: Sequence[str] = COMMAND,
) -> Parts:
    """Parts for a home folder. `worker` is the command of the process that looks at photos."""
    activity = Activity()
    learning = Learning(open_home, activity, on_bug)
    working = Working(settings.home, activity, worker)
    return Parts(open_home, activity, Thumbnails(settings), learning, working, Surveys(), on_bug)


def parts() -> Parts:
    """Those of the application that answers."""
    found: Parts = current_app.extensions[_KEY]
    return found


def share(app: Flask, parts: Parts) -> None:
    """Gives an application its parts; what a request opened is closed when it ends."""
    app.extensions[_KEY] = parts

    @app.teardown_appcontext
    def close(_: BaseException | None) -> None:
        opened = g.pop("home", None)
        if opened is not None:
            opened.close()


def home() -> Untag:
    """The home folder, open for this request."""
    if "home" not in g:
        g.said = []
        g.home = parts().open_home(g.said.append)
    opened: Untag = g.home
    return opened


def said() -> list[str]:
    """What the library said to the user during this request."""
    return list(g.get("said", ()))
