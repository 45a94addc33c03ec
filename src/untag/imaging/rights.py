"""What a process that decodes strangers' files gives away before it looks at the first byte.

FFmpeg, LibRaw and libjxl work in processes of their own, `video_child` and `confined_child`. A hostile file may take
one of those over, so nothing is to be gained there: no file, no connection, no program, and bounded memory and time.
"""

from __future__ import annotations

from contextlib import suppress

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_UNKNOWN_HELD = 4 * 1024 * 1024 * 1024
"""Counted for what the process has where the system does not say: macOS, which does not enforce this bound either."""


def give_up_rights(seconds: int, memory: int) -> None:
    """Lowers this process's limits for good, as far as the system has them: nothing on Windows.

    Nothing more can be opened, which is files and sockets alike, written to a file or started. `seconds` bounds the
    processor time of the process, `memory` the bytes that it takes beside those that it has. All libraries must have
    been loaded before.
    """
    if resource is None:
        return
    limits = {
        "RLIMIT_CPU": seconds,
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_NPROC": 0,
        "RLIMIT_AS": _held() + memory,
        "RLIMIT_NOFILE": 0,
    }
    for name, most in limits.items():
        # macOS has not all of them, and lets not all be lowered.
        with suppress(OSError, ValueError, AttributeError):
            resource.setrlimit(getattr(resource, name), (most, most))


def _held() -> int:
    """Bytes of address space that the process has."""
    with suppress(OSError), open("/proc/self/statm", "rb") as file:  # noqa: PTH123
        return int(file.read().split()[0]) * resource.getpagesize()
    return _UNKNOWN_HELD
