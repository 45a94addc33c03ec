"""Advisory locks between processes. The system drops one when its holder ends, however it ends."""

from __future__ import annotations

import errno
import os
import sys

HELD = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK})
"""What the systems answer when another process has the lock; anything else, as on some network drives, is a failure."""

if sys.platform == "win32":
    import msvcrt

    # Windows locks are mandatory: a byte far behind what the file says leaves that readable for others.
    _FAR = 1 << 20

    def lock(handle: int) -> None:
        """Lock an open file, or raise OSError at once: with an errno in `HELD` when another process has it."""
        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(handle, 0, os.SEEK_SET)

else:
    import fcntl

    def lock(handle: int) -> None:
        """Lock an open file, or raise OSError at once: with an errno in `HELD` when another process has it."""
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
