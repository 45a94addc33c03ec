"""What callers may choose of the library's longer jobs, with the defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from untag.support.cancel import Cancel as Cancel

if TYPE_CHECKING:
    from untag.findings.filters import FindingFilter
    from untag.people.review import Doubts

AnyPath = str | PathLike[str]
"""A path; one that is a string may begin with ~."""

Paths = AnyPath | Iterable[AnyPath]
"""One path, or several."""

OnProgress = Callable[[int], object]
"""Is called with how many photos are done so far, once for each."""


def _refuse(_: Doubts) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class EnrollOptions:
    """Where the faces come from, besides photos that show the person alone.

    `tag`: the faces that photos or their sources call by this name. `confirmed`: those in photos on which the user
    decided anything but not-me. `called` are names under which archives have the person. `accept` is asked whether to
    store photos that seem to show several people, or somebody else; without it nothing doubtful is stored.
    """

    tag: str | None = None
    confirmed: bool = False
    called: tuple[str, ...] = ()
    accept: Callable[[Doubts], bool] = _refuse


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How to scan.

    `source` reads archives as those of one source, such as facebook. With `all_scenes`, scenes without anybody enrolled
    become findings, too. With `prune`, photos in places that are away are forgotten. `cancel` ends the scan early but
    cleanly once it is set, from another thread or a signal handler. `log` is a file that the caller writes about the
    scan: untag names it when it forgets. With `mark_reported` false, findings stay new to the next scan until
    `Untag.mark_reported` is called. `before` is a command of the user's that runs first, without a shell. `exclude` are
    patterns of what is left out, beside those of `Settings.exclude`. With `move_all` every photo is read again that an
    earlier engine of the home has analysed, not only `Settings.move_per_scan` of them. `cluster` is the address of a
    scheduler of Dask whose workers look at the photos; `shared` are the folders that they see as well, each as `FOLDER`
    or `FOLDER=AS-THEY-SEE-IT`. After `video_hours` no video is begun any more; the next scan begins those.
    """

    source: str | None = None
    all_scenes: bool = False
    prune: bool = False
    cancel: Cancel | None = None
    log: Path | None = None
    mark_reported: bool = True
    before: str | None = None
    exclude: tuple[str, ...] = ()
    move_all: bool = False
    cluster: str | None = None
    shared: tuple[str, ...] = ()
    video_hours: float | None = None


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """`limit` is how many photos are shown at most; with `replace_worse`, fewer pictures than before may be in it.

    `wanted`: which findings are in it; None is all that show somebody enrolled, decided or not.
    """

    limit: int = 1000
    replace_worse: bool = False
    wanted: FindingFilter | None = None


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """`root` is what paths in the table are relative to, None for its folder.

    `references` photos enrol each person; `seed` chooses which. With `compare` scenes are judged by CLIP alone as well.
    """

    root: AnyPath | None = None
    references: int = 3
    seed: int = 0
    compare: bool = False


@dataclass(frozen=True, slots=True)
class SuggestOptions:
    """How many photos to look at, and for how many seconds, to find out who is often in them.

    Another `seed` chooses other photos. `cancel` ends the search early, from another thread: what was seen counts.
    """

    photos: int = 400
    seconds: float = 60.0
    seed: int = 0
    cancel: Cancel | None = None


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """`link` puts links to the photos into the folder where they are files; `xmp` writes keywords beside each."""

    link: bool = False
    xmp: bool = False


EXPORT = ExportOptions()
ENROLL = EnrollOptions()
SUGGEST = SuggestOptions()
SCAN = ScanOptions()
REPORT = ReportOptions()
EVALUATE = EvaluateOptions()


def path_of(path: AnyPath) -> Path:
    """A path as the library uses it: ~ in a string is the user's own folder."""
    if not isinstance(path, str) or not path.startswith("~"):
        return Path(path)
    try:
        return Path(path).expanduser()
    except RuntimeError:
        # There is no such user; the path is reported as it was given.
        return Path(path)


def paths_of(paths: Paths) -> tuple[Path, ...]:
    """One path or several, as the library uses them."""
    if isinstance(paths, (str, PathLike)):
        return (path_of(paths),)
    return tuple(map(path_of, paths))


def counting(on_progress: OnProgress | None) -> Callable[[], None]:
    """A function to call after each photo, which says how many there were."""
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        if on_progress is not None:
            on_progress(done)

    return advance
