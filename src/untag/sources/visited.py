"""What the sources of one scan have already given, so that overlapping arguments never give a photo twice."""

from __future__ import annotations


class VisitedFiles:
    """The folders that were listed, by (device, inode), and the single files that were asked for by name."""

    def __init__(self) -> None:
        self._folders: set[tuple[int, int]] = set()
        self._files: dict[tuple[int, int], set[str]] = {}

    def enter(self, folder: tuple[int, int]) -> bool:
        """Mark a folder as listed; False when it already was."""
        if folder in self._folders:
            return False
        self._folders.add(folder)
        return True

    def knows(self, folder: tuple[int, int]) -> bool:
        """Whether a folder is marked as listed."""
        return folder in self._folders

    def add_file(self, folder: tuple[int, int], name: str) -> bool:
        """Mark the file `name` in `folder` as given; False when it already was."""
        names = self._files.setdefault(folder, set())
        if name in names:
            return False
        names.add(name)
        return True

    def names_in(self, folder: tuple[int, int]) -> frozenset[str]:
        """The names of the files in `folder` that were given on their own."""
        return frozenset(self._files.get(folder, ()))
