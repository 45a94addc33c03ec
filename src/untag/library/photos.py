"""Photos: surveyed, scanned, listed, decided about, searched and looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from untag.errors import UsageError
from untag.library.home import OpenHome
from untag.library.options import SCAN, AnyPath, OnProgress, Paths, ScanOptions, path_of, paths_of
from untag.types import Face, Finding, SearchResult, Status

if TYPE_CHECKING:
    from untag.config import Settings
    from untag.findings.counting import Group, Pictures
    from untag.findings.filters import FindingFilter
    from untag.findings.stats import Stats
    from untag.library.deciding import EditedDecisions
    from untag.library.naming import Photo
    from untag.library.opening import Location
    from untag.library.scanning import PreparedScan
    from untag.people.searching import Probe
    from untag.scan import Move, ScanModels, ScanSummary
    from untag.scan.inspection import Inspection
    from untag.sources.missing import MissingPhotos
    from untag.sources.summary import Survey
    from untag.store import LastScan, Store


class Photos(OpenHome):
    """What was found in them."""

    def sources(self, paths: Paths, source: str | None = None) -> Survey:
        """What archives hold, before any scan; reads no photo. `source` reads them as those of one source."""
        from untag.sources.base import readers_named
        from untag.sources.summary import survey

        settings, readers = self.settings, readers_named(source)
        return survey(paths_of(paths), settings.limits, readers, settings.exclusions, videos=settings.videos)

    def missing(self, paths: Paths, source: str | None = None) -> MissingPhotos:
        """The links of the photos that archives report without a file, for gallery-dl and others; reads no photo."""
        from untag.sources.base import readers_named
        from untag.sources.missing import list_missing

        return list_missing(paths_of(paths), self.settings.limits, readers_named(source))

    def prepare_scan(self, paths: Paths, options: ScanOptions = SCAN) -> PreparedScan:
        """Runs `options.before`, checks paths and people and loads the models: `run` of the result then scans.

        Raises UsageError where no path leads anywhere, or nobody is enrolled.
        """
        from untag.config import overridden
        from untag.library.scanning import PreparedScan
        from untag.scan import require_enrolled, require_paths
        from untag.scan.judge import load_judge
        from untag.sources.base import readers_named
        from untag.store import note_written, references
        from untag.support.user_command import run_user_command

        readers = readers_named(options.source)
        chosen = paths_of(paths)
        settings = overridden(self.settings, {"exclude": (*self.settings.exclude, *options.exclude)})
        failed = None if options.before is None else run_user_command(options.before)
        if failed is not None:
            self._warn(f"the command before the scan failed: {failed}; the scan goes on")
        store = self._opened()
        for problem in require_paths(store, chosen):
            self._warn(f"{problem}; the others are scanned")
        require_enrolled(store)
        if options.log is not None:
            note_written(store, options.log, "log")
        models = self._models.for_scan
        judge = load_judge(store, models.faces.id, settings, all_scenes=options.all_scenes)
        elsewhere = sorted({one.person for one in references(store) if one.used} - judge.persons)
        if judge.persons and elsewhere:
            self._warn(
                f"{', '.join(elsewhere)}: enrolled with another engine only, and not looked for; "
                "enrol again with: untag enroll --person NAME PHOTO…"
            )
        move = self._planned_move(store, models, settings, options)
        place = None
        if options.shared and options.cluster is None:
            raise UsageError("shared folders are those that the workers of a cluster see: name it, too (--cluster)")
        if options.cluster is not None:
            from untag.library.clustering import join_cluster

            place = join_cluster(settings, self.engine, models, judge, options, self._say)
        else:
            self._say(f"scanning on {models.faces.device} with the engine {models.faces.id}")
            self._say_why_no_card(models, settings)
        return PreparedScan(store, settings, chosen, options, readers, models, judge, move, place, failed is not None)

    def _say_why_no_card(self, models: ScanModels, settings: Settings) -> None:
        """Only where the choice was untag's and fell on the CPU."""
        from untag.engine.runtime.session import Device, why_no_card

        if settings.device is Device.AUTO and models.faces.device is Device.CPU and (why := why_no_card()) is not None:
            self._warn(f"the graphics card is not used: {why}")

    def _planned_move(self, store: Store, models: ScanModels, settings: Settings, options: ScanOptions) -> Move:
        """What a scan does with the photos of other engines: only the home's own takes their word for a while."""
        from untag.faces.engine import AUTO
        from untag.people.changing import engine_in_use
        from untag.scan import ALL_AT_ONCE, plan_move
        from untag.store import photos_by_engine

        if self.settings.engine == AUTO or engine_in_use(store) == models.faces.id:
            most = None if options.move_all else settings.move_per_scan
            return plan_move(store, models, settings, most=most, all_scenes=options.all_scenes)
        if photos_by_engine(store):
            self._warn(
                f"this scan reads all photos again with the engine {self.settings.engine}, which is not the home's; "
                f"to change that: untag models use {self.settings.engine}"
            )
        return ALL_AT_ONCE

    def scan(self, paths: Paths, *, options: ScanOptions = SCAN, on_progress: OnProgress | None = None) -> ScanSummary:
        """Looks through folders and archives for photos that show somebody enrolled; only what is new is read.

        Raises as `prepare_scan` does, and LockedError while another scan runs.
        """
        return self.prepare_scan(paths, options).run(on_progress)

    def last_scan(self) -> LastScan | None:
        """The scan that began last, whichever process runs it, with what it has done so far; None before the first."""
        from untag.store import last_scan

        return last_scan(self._opened(create=False)) if self._has_database() else None

    def mark_reported(self, summary: ScanSummary) -> None:
        """Records that a finished scan's summary was shown: what is new in it is not new to the next scan."""
        from untag.scan import mark_shown

        mark_shown(self._opened(create=False), summary)

    def findings(self, wanted: FindingFilter | None = None, **asked: Any) -> Iterator[Finding]:
        """The findings, one for each file, the riskiest first: those that show you and that are not settled.

        `asked` are the filters and the order, by the names of `filter`, which makes a `FindingFilter` of them once.
        They are the findings of the moment in which the first is asked for, so photos may be decided meanwhile.
        """
        from untag.library.listing import list_findings

        return list_findings(self._opened(), self.filter(**asked) if wanted is None else wanted)

    def pictures(self, wanted: FindingFilter | None = None, **asked: Any) -> list[Group]:
        """The same with copies and near-duplicates folded into one photo; limit and offset count photos."""
        from untag.library.listing import list_pictures

        return list_pictures(self._opened(), self.filter(**asked) if wanted is None else wanted)

    @contextmanager
    def open_pictures(self, wanted: FindingFilter | None = None, **asked: Any) -> Iterator[Pictures]:
        """The same for any number of photos: they are read as they are gone through, as often as is wanted.

        All are of the moment in which this begins, and none is held.
        """
        from untag.library.stored_pictures import open_pictures

        with open_pictures(self._opened(), self.filter(**asked) if wanted is None else wanted) as pictures:
            yield pictures

    def count(self, wanted: FindingFilter | None = None, **asked: Any) -> int:
        """How many findings there are, whatever the limit is."""
        from untag.store import count_findings

        return count_findings(self._opened(), self.filter(**asked) if wanted is None else wanted)

    def filter(self, **asked: Any) -> FindingFilter:
        """Which findings are asked for: verdict, category, status, person, poster and platform, each one or several.

        Also since and until (2024, 2024-05 or 2024-05-03), min_risk, due (by today), sort ("risk", "date" or "poster"),
        limit and offset. `status` None is what is still to be done: not keep, done or not-me. `photos` are the only
        ones that count, as `finding` takes them. Raises UsageError for a value that there is not.
        """
        from untag.library.listing import Asked, filter_of
        from untag.library.naming import hashes_of

        wanted = Asked(**asked)
        chosen = None if wanted.photos is None else set(hashes_of(self._opened(create=False), wanted.photos))
        return filter_of(self.home, wanted, chosen)

    def finding(self, photo: Photo) -> Finding:
        """The finding of a photo, by its id, path, the end of its path, name or link; of copies the first file.

        Raises UsageError for a photo that shows nobody enrolled or was not scanned, and names the candidates where
        several may be meant.
        """
        from untag.library.listing import finding_of
        from untag.library.naming import hashes_of

        store = self._opened(create=False)
        (sha256,) = hashes_of(store, photo)
        return finding_of(store, sha256, str(photo))

    def stats(self, wanted: FindingFilter | None = None, **asked: Any) -> Stats:
        """The photos of you counted, copies once; `asked` as in `filter`, of every status unless one is asked for."""
        from untag.library.listing import statistics_of

        chosen = self.filter(**({"status": tuple(Status)} | asked)) if wanted is None else wanted
        return statistics_of(self._opened(), chosen)

    def where(self, photo: Photo) -> Location:
        """Where a photo can be looked at: its pages online, its file, its folder. Raises as `finding` does."""
        from untag.library.opening import location_of

        return location_of(photo if isinstance(photo, Finding) else self.finding(photo))

    def locate(self, photo: AnyPath) -> Path:
        """The file of a photo however it is named: a path that leads somewhere is taken as it is.

        Raises UsageError where it leads nowhere and names no photo on record, or several.
        """
        from untag.library.naming import path_on_record
        from untag.sources.base import unreachable

        path = path_of(photo)
        problem = unreachable(path)
        if problem is None:
            return path
        found = path_on_record(self.home, photo)
        if found is None:
            raise problem
        return found

    def count_hidden(self) -> int:
        """How many more undecided photos would call for an action after a scan with the sensitivity `high`."""
        from untag.scenes.categories import Sensitivity
        from untag.scenes.otherwise import count_more

        if self.settings.sensitivity is Sensitivity.HIGH:
            return 0
        return count_more(self._opened(), replace(self.settings, sensitivity=Sensitivity.HIGH))

    def count_unlearnt(self) -> int:
        """How many more it would be without the thresholds that the user's decisions moved."""
        from untag.scenes.otherwise import count_more

        if not self.moved_thresholds():
            return 0
        return count_more(self._opened(), replace(self.settings, learn_from_decisions=False))

    def moved_thresholds(self) -> dict[str, float]:
        """From which score the categories count whose threshold the user's decisions move, after the next scan.

        None where a wrong file of prompts leaves it open: whoever has scenes judged is told, and decisions need none.
        """
        from untag.scenes.in_force import learnt_thresholds

        store = self._opened(create=False)
        try:
            learnt = learnt_thresholds(store, self.settings)
        except UsageError:
            return {}
        return {name: each.threshold for name, each in learnt.items()}

    def decide(self, photos: Photo | Iterable[Photo], status: Status | str) -> int:
        """Records what was decided about photos, all of them or none; returns how many decisions that are.

        A photo is a finding, or what `finding` takes. A decision holds for every identical copy, and for the files of
        one shot that the finding stands for; it survives every later scan. `is-me` makes a finding of a photo in which
        no face was found, too. Raises UsageError for a photo that was not scanned, for the status `open`, see `undo`,
        and for `is-me` where nobody is enrolled.
        """
        from untag.library.deciding import decide, of_one_shot
        from untag.library.listing import several
        from untag.library.naming import hashes_of

        store = self._opened(create=False)
        (chosen,) = several(Status, status)
        hashes = of_one_shot(store, hashes_of(store, photos), chosen)
        return decide(store, self.settings, dict.fromkeys(hashes, chosen))

    def decide_as_suggested(self, groups: Iterable[Group]) -> int:
        """Records what untag suggests for photos of `pictures` that are open; what it wants reviewed stays open."""
        from untag.library.deciding import decide, suggested

        return decide(self._opened(create=False), self.settings, suggested(groups))

    def undo(self, photos: Photo | Iterable[Photo]) -> int:
        """Takes the last decision about each photo back; returns how many there were."""
        from untag.library.deciding import decide, of_one_shot
        from untag.library.naming import hashes_of

        store = self._opened(create=False)
        return decide(store, self.settings, {}, of_one_shot(store, hashes_of(store, photos), None))

    def read_decisions(self, file: AnyPath, status: Status | str | None = None) -> EditedDecisions:
        """What a file of ids, paths or links changes, or one that `export` wrote whose statuses were edited.

        With `status` that is for all of its rows. Raises UsageError, with the line, for what cannot be meant.
        """
        from untag.library.deciding import changes_of
        from untag.library.decision_file import read_decisions
        from untag.library.listing import several

        chosen = None if status is None else next(iter(several(Status, status)))
        return changes_of(self._opened(create=False), read_decisions(path_of(file)), chosen)

    def read_photos(self, file: AnyPath) -> list[str]:
        """The photos that such a file names, as `decide` takes them, whatever statuses are in it."""
        from untag.library.decision_file import read_decisions

        return list(dict.fromkeys(row.photo for row in read_decisions(path_of(file))))

    def apply(self, changes: EditedDecisions) -> int:
        """Records what `read_decisions` gave, all of it or nothing; returns how many photos that are."""
        from untag.library.deciding import decide

        return decide(self._opened(create=False), self.settings, changes.decided, changes.undone)

    def search(self, words: str, *, limit: int = 10) -> SearchResult:
        """The photos of somebody enrolled that are nearest to a few English words; reads no photo.

        Raises UsageError when no word is known.
        """
        from untag.library.searching import search

        return search(self._opened(), words, limit)

    def probe(self, photo: AnyPath, *, number: int = 1) -> Probe:
        """The faces of a photo, the largest first, and the one to search for: number 1 is the largest.

        Raises UsageError when it is no photo that can be read, or has no such face.
        """
        from untag.library.searching import find_probe

        return find_probe(path_of(photo), number, self._models.faces, self.settings)

    def search_face(self, face: Face, *, limit: int = 10) -> SearchResult:
        """The photos on record with the faces most similar to this one, of `probe` or `inspect`; reads no photo.

        All whose embeddings were kept are found: of those enrolled, of those who are nearly so, and of everybody with
        `keep_bystanders`. Raises StoreError while another run is scanning.
        """
        from untag.library.searching import search_similar
        from untag.people.searching import Wanted

        wanted = Wanted(limit, self.settings.maybe_similarity, keep_index=self.settings.keep_bystanders)
        return search_similar(self._opened(), face, self._models.faces, wanted)

    def inspect(self, paths: Paths) -> Iterator[Inspection]:
        """What the models see in photos, in order; stores nothing. Raises UsageError for a path that does not exist."""
        from untag.scan.inspection import inspect_photos, optional_judge

        models = self._models.for_scan
        judge = optional_judge(self.settings, models.faces.id)
        return inspect_photos(paths_of(paths), models, judge, self.settings)
