"""Whether this process has a network, found out and not believed: a unit may ask for what the system does not grant."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

_AF_INET, _SOCK_DGRAM = 2, 2


class Isolation(StrEnum):
    """How the network is taken away from a process."""

    NAMESPACE = "no network"
    FILTER = "no Internet sockets"
    SANDBOX = "a sandbox without network"
    NONE = "not at all"


def isolation_here(*, sandboxed: bool = False, devices: Path = Path("/proc/net/dev")) -> Isolation:
    """How the network is taken away from this process; `sandboxed` is what macOS was asked for, which does not tell."""
    with suppress(OSError):
        lines = devices.read_text("ascii", "replace").splitlines()[2:]
        if all(line.strip().startswith("lo:") for line in lines):
            return Isolation.NAMESPACE
    if _is_refused():
        return Isolation.FILTER
    return Isolation.SANDBOX if sandboxed and sys.platform == "darwin" else Isolation.NONE


def _is_refused() -> bool:
    """Whether the system refuses a socket of the Internet. It is closed at once where not, and nothing is sent."""
    if os.name != "posix":
        return False
    handle = ctypes.CDLL(None, use_errno=True).socket(_AF_INET, _SOCK_DGRAM, 0)
    if handle >= 0:
        os.close(handle)
        return False
    return ctypes.get_errno() in (errno.EAFNOSUPPORT, errno.EPERM, errno.EACCES)
