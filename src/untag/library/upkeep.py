"""Upkeep: categories that are taught, backups, checks and downloads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from untag.library.home import OpenHome
from untag.library.options import AnyPath, OnProgress, counting, path_of

if TYPE_CHECKING:
    from untag.doctor.checks import Check
    from untag.engine.downloads.inventory import ModelStatus
    from untag.library.categories import CategoryStatus
    from untag.library.downloads import Download
    from untag.scenes.teaching import Learnt
    from untag.upkeep.backup import Restored


class Upkeep(OpenHome):
    """What keeps a home folder in order, and what it can judge."""

    def categories(self) -> list[CategoryStatus]:
        """Every category: which model judges it, and from which score it counts; those that were taught last."""
        from untag.library.categories import list_categories
        from untag.scenes.in_force import learnt_thresholds
        from untag.store import DATABASE_NAME

        known = (self.home / DATABASE_NAME).exists()
        learnt = learnt_thresholds(self._opened(create=False), self.settings) if known else {}
        return list(list_categories(self.settings, learnt))

    @property
    def flagged_per_1000(self) -> float:
        """How many of 1,000 ordinary photos untag's own categories flag together, at the sensitivity in force."""
        from untag.library.categories import flagged_per_1000

        return flagged_per_1000(self.settings)

    def teach(
        self,
        name: str,
        photos: AnyPath | None = None,
        *,
        unlike: AnyPath | None = None,
        words: str = "",
        on_progress: OnProgress | None = None,
    ) -> Learnt:
        """Teaches a category with a folder of photos that show it, or in English words, or with both.

        `unlike` are photos easily taken for it that are not. The same name again replaces it. Raises UsageError for a
        name that it cannot have, or for too few photos.
        """
        from untag.scenes.classify import load_backbone
        from untag.scenes.taught_files import check_name
        from untag.scenes.teaching import Lesson, teach

        like, other = (None if path is None else path_of(path) for path in (photos, unlike))
        lesson = Lesson(check_name(name), like, other, self.settings.limits, " ".join(words.split()))
        self.count_photos(lesson.paths)  # a path that does not exist is reported before the model is loaded
        return teach(self.home, lesson, load_backbone(self._models.options), on_photo=counting(on_progress))

    def forget_category(self, name: str) -> None:
        """Erases a category that was taught: its examples, its scores, its name in findings."""
        from untag.scenes.teaching import forget

        self.close()
        forget(self.home, name)

    def taught_names(self) -> tuple[str, ...]:
        """The names of the categories that were taught."""
        from untag.scenes.taught_files import taught_names

        return tuple(taught_names(self.home))

    def backup(self, file: AnyPath) -> int:
        """Saves people, names, decisions and taught categories to a file; returns how many records are in it."""
        from untag.upkeep.backup import back_up

        self.close()
        return back_up(self.home, path_of(file))

    def restore(self, file: AnyPath) -> Restored:
        """Brings a backup back; what is here already stays. Raises UsageError for a file that is no whole backup."""
        from untag.upkeep.backup import restore

        self.close()
        return restore(self.home, path_of(file))

    def check(self) -> Iterator[Check]:
        """Checks versions, devices, models, home folder and database, one after the other."""
        from untag.doctor.checks import examine

        return examine(self.settings)

    def models(self) -> list[ModelStatus]:
        """The models: what each is for, whether it is installed and whole, and the command that mends it."""
        from untag.engine.downloads.inventory import inventory

        return inventory(self.home)

    def plan_downloads(self, names: Iterable[str] = (), origin: str | None = None) -> list[Download]:
        """The files that are missing of models or sets of them, or of the recommended set; uses no network.

        `origin` is the address of a mirror, or a folder. Raises UsageError for a name that there is not.
        """
        from untag.library.downloads import plan_downloads

        return plan_downloads(self.home, names, origin)

    def download(self, file: Download, on_progress: Callable[[int, int | None], None] = lambda _, __: None) -> Path:
        """Gets one file of `plan_downloads`, checked against its SHA-256: the only call that uses the network.

        `on_progress` gets the bytes so far and in all. Raises NetworkError; called again it goes on where it ended.
        """
        from untag.library.downloads import download

        return download(self.home, file, on_progress)
