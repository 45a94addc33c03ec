"""One exception tree: an error raised on purpose is an UntagError, with a sentence for the user and an exit status."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Importing it would load numpy, and `untag --help` has to answer at once.
    from untag.types import Outcome


class UntagError(Exception):
    """Base of all errors with a message for the user; `exit_status` is what the command line returns."""

    exit_status = 1


class UsageError(UntagError):
    """The user asked for something that cannot be done as asked: a wrong path, a missing profile, bad configuration."""

    exit_status = 2


class ModelError(UntagError):
    """A model's weights are missing, damaged or not what their hash says."""

    exit_status = 2


class DeviceError(UntagError):
    """The device that was asked for does not really run."""

    exit_status = 2


class StoreError(UntagError):
    """The database cannot be opened, is newer than this program, or is held by another run."""

    exit_status = 2


class ResourceError(UntagError):
    """What untag needs of the machine is used up or not to be had: room on the disk, memory, open files, a folder."""

    exit_status = 2


class AwayError(UntagError):
    """Photos that were there cannot be reached now. Nothing of what is known about them was lost."""

    exit_status = 4


class DiskFullError(StoreError):
    """The disk has no room for what is to be written; everything recorded so far is kept."""


class LockedError(StoreError):
    """Another run holds the lock: the same command works once that has ended."""

    exit_status = 75
    """EX_TEMPFAIL of sysexits.h."""


class NetworkError(UntagError):
    """A download failed, or brought something else than was asked for. What came of it is kept when it is of use."""


class ClusterError(UntagError):
    """A cluster cannot be reached, is not the same as this machine, or was lost. What was done is kept."""

    exit_status = 2


class ReadFailure(UntagError):  # noqa: N818 - it ends one photo, not the run
    """A photo or archive member could not be read. Never ends a run: it becomes an Outcome with a reason."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
