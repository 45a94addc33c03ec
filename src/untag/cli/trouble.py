"""What the machine, and not untag, got wrong: each is a sentence with a remedy, and never exit status 70."""

from __future__ import annotations

import errno
from pathlib import Path

import untag
from untag.errors import ResourceError, StoreError, UntagError, UsageError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_TOO_MANY = {errno.EMFILE, errno.ENFILE}
_MEMORY_WORDS = ("cannot allocate", "failed to allocate", "bad_alloc", "insufficient memory", "failed to map segment")

_NO_MEMORY = (
    "there is not enough memory; close other programs, or take less with --jobs 0 and a smaller max_megapixels in"
    " config.toml. Everything recorded so far is kept"
)
_NO_FOLDER = "the current folder does not exist any more; change to one that does (cd ~) and run the same command again"


def explained(error: Exception, home: Path | None) -> UntagError | None:
    """What to tell the user of an error that nobody expected where it happened; None when it is a bug of untag's.

    `home` is looked into: whatever goes wrong with a damaged database is the damage's fault.
    """
    return of_machine(error) or _of_database(home)


def of_machine(error: Exception) -> UntagError | None:
    """The same, without a look into the database."""
    if isinstance(error, MemoryError) or _is_of_memory(error):
        return ResourceError(_NO_MEMORY)
    # What a library could not load of its own, it says in its own words; numpy hides a want of memory so.
    if isinstance(error, ImportError) and not (error.name or "").startswith("untag") and not _of_interrupt(error):
        return ResourceError(
            f"a library that untag needs cannot be loaded{'' if error.name is None else f' ({error.name})'};"
            " close other programs if memory is short, or else install untag again"
        )
    if isinstance(error, OSError):
        return _of_system(error)
    said = str(error)
    if isinstance(error, ValueError) and ("embedded null" in said or "surrogates not allowed" in said):
        # Of NUL, and of half a character, such as a table or an archive can hold and no file name does.
        return UsageError("a path or a name holds a character that no file name can have")
    return None


def _of_interrupt(error: BaseException) -> bool:
    """Whether a library made it of an interrupt that came while it was loaded."""
    cause = error.__cause__ or error.__context__
    return cause is not None and (isinstance(cause, KeyboardInterrupt) or _of_interrupt(cause))


def _is_of_memory(error: BaseException) -> bool:
    """Whether it is, in the words of a library written in another language, a want of memory."""
    said = str(error).casefold()
    # "can't start new thread" is what Python says where there is no memory for another stack, or no process left.
    return any(words in said for words in _MEMORY_WORDS) or "can't start new thread" in said


def _of_system(error: OSError) -> UntagError:
    where = "" if error.filename is None else f"{error.filename}: "
    reason = error.strerror or str(error) or type(error).__name__
    if error.errno in _FULL:
        return ResourceError(
            f"{where}the disk is full ({reason}). Make room and run the same command again; everything recorded so far"
            " is kept"
        )
    if error.errno in _TOO_MANY:
        return ResourceError("too many files are open; allow more (ulimit -n 1024) and run the same command again")
    if error.errno == errno.ENOMEM:
        return ResourceError(_NO_MEMORY)
    if error.errno == errno.ENOENT and error.filename is None:
        return UsageError(_NO_FOLDER)
    if error.errno in _REFUSED:
        return ResourceError(
            f"{where}{reason}. Check who owns it and its permissions, or choose another folder with --home"
        )
    return ResourceError(f"{where}{reason}. Check the disk and the path, and run the same command again")


def _of_database(home: Path | None) -> UntagError | None:
    damage = untag.find_damage(home)
    return None if damage is None else StoreError(damage)
