"""What untag wrote outside of its home folder because it was asked to, so that `untag forget` can name it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from untag.errors import StoreError
from untag.store.codec import now, path_key, path_of
from untag.store.db import Store
from untag.support.erase import destroy
from untag.support.paths import absolute, os_path, printable_path


@dataclass(frozen=True, slots=True)
class Written:
    """A file as it was named then, what it is ("report"), and when it was written, ISO 8601 UTC."""

    path: str
    kind: str
    written_at: str

    @property
    def is_there(self) -> bool:
        """Whether there is a file of this name now; its disk may be away."""
        return self._place.exists()

    @property
    def _place(self) -> Path:
        return Path(os_path(self.path))

    def is_below(self, folder: Path) -> bool:
        """Whether it was written into this folder."""
        return self._place.resolve().is_relative_to(folder.resolve())

    def destroy(self) -> bool:
        """Overwrite and delete it; False when it is gone already. Raises StoreError."""
        if not self.is_there:
            return False
        try:
            destroy(self._place)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be deleted: {error.strerror}.") from error
        return True


def note_written(store: Store, path: Path, kind: str) -> None:
    """Record that untag wrote this file; the newest of several times counts."""
    row = {"path": path_key(printable_path(absolute(path))), "kind": kind, "written_at": now()}
    store.insert_all("written", [row], replace=True)


def written_files(store: Store) -> tuple[Written, ...]:
    """All that was ever written outside of the home folder, by path."""
    rows = store.rows_where("written", order_by="path")
    return tuple(Written(path_of(row["path"]), row["kind"], row["written_at"]) for row in rows)
