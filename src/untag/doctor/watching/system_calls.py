"""The watch that sees everything: strace, which stops a program at each system call of the kinds that are asked for."""

from __future__ import annotations

import codecs
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from untag.doctor.watching.base import Seen, run_quietly

_NETWORK = ("socket", "bind", "connect", "sendto", "sendmsg", "sendmmsg", "io_uring_setup")
_FILES = (
    "open", "openat", "openat2", "creat", "mkdir", "mkdirat", "mknod", "mknodat", "rename", "renameat", "renameat2",
    "link", "linkat", "symlink", "symlinkat", "truncate",
)  # fmt: skip
_LOCAL = {"AF_UNIX", "AF_LOCAL", "AF_NETLINK"}
"""Families that end at this machine; netlink asks the kernel which addresses there are."""

_CALL = re.compile(r"^\d+ +(\w+)\((.*)$")
_MADE = re.compile(r"^\d+ +socket\(AF_INET, SOCK_STREAM(?:\|SOCK_CLOEXEC)?, \w+\) = \d+<(?:TCP|socket):\[(\d+)\]>$")
_BOUND = re.compile(
    r"^\d+ +bind\(\d+<(?:TCP|socket):\[(\d+)\]>, "
    r'\{sa_family=AF_INET, sin_port=htons\(\d+\), sin_addr=inet_addr\("127\.0\.0\.1"\)\}, 16\) = 0$'
)
_FAMILY = re.compile(r"\b[AP]F_\w+")
_UNIX_PATH = re.compile(r'sun_path=@?"((?:[^"\\]|\\.)*)"')
_PATH = re.compile(r'(?:(AT_FDCWD|\d+)<((?:[^>\\]|\\.)*)>, )?"((?:[^"\\]|\\.)*)"')
_OPENS = {"open", "openat", "openat2"}
_CHANGES = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC|TMPFILE)")
_NO_FILES = ("/dev/null", "/dev/tty", "/dev/pts/", "/proc/self/", "/proc/thread-self/")


class SystemCalls:
    """strace on Linux. It follows threads and children, native code among them."""

    name = "strace, at every system call that opens a socket, connects, sends, or makes or changes a file"
    blind = "what another program does that was running before; untag has not talked to one, or it would be listed here"

    def run(
        self, program: str, arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, notes: Path
    ) -> Seen:
        """As `Watch.run`."""
        strace = shutil.which("strace")
        if strace is None:
            raise FileNotFoundError("strace is not installed")
        log = notes / "calls"
        calls = ",".join(f"?{name}" for name in (*_NETWORK, *_FILES))
        command = [strace, "-f", "-qq", "-y", "-o", str(log), "-e", "signal=none", "-e", f"trace={calls}"]
        status, said = run_quietly([*command, sys.executable, "-c", program, *arguments], environment, folder)
        lines = log.read_text("utf-8", "surrogateescape").splitlines() if log.exists() else []
        listening = _listening(lines)
        network = tuple(dict.fromkeys(_network(line for line in lines if line not in listening)))
        bound = tuple(line for line in listening if "bind(" in line)
        return Seen(status, said, network, tuple(dict.fromkeys(_written(lines, folder))), bound)


def _listening(lines: Sequence[str]) -> dict[str, None]:
    """The calls that make a TCP socket and bind it to 127.0.0.1. What else is done with it counts like any other use.

    A socket that is only made, and one whose call another thread interrupted, is not among them.
    """
    made = {call[1]: line for line in lines if (call := _MADE.match(line)) is not None}
    calls = [(line, call[1]) for line in lines if (call := _BOUND.match(line)) is not None and call[1] in made]
    return dict.fromkeys(line for bound, number in calls for line in (made[number], bound))


def _network(lines: Iterable[str]) -> Iterator[str]:
    """Uses of the network in words. A name may also be looked up by a daemon of this machine: its socket counts."""
    for line in lines:
        call = _CALL.match(line)
        if call is None or call[1] not in _NETWORK:
            continue
        families = set(_FAMILY.findall(call[2]))
        path = _UNIX_PATH.search(call[2])
        if call[1] == "io_uring_setup" or families - _LOCAL:
            yield f"{call[1]}({call[2]}"
        elif path is not None:
            yield f"another program of this machine was asked: {call[1]} to {path[1]}"


def _written(lines: Sequence[str], folder: Path) -> Iterator[Path]:
    """The files that were made or changed. A call that another thread interrupts has no result: it counts."""
    for line in lines:
        call = _CALL.match(line)
        if call is None or call[1] not in _FILES or re.search(r"\) += -1 ", call[2]):
            continue
        if call[1] in _OPENS and not _CHANGES.search(call[2]):
            continue
        for _, base, name in _PATH.findall(call[2]):
            path = folder / _plain(base) / _plain(name)
            if not str(path).startswith(_NO_FILES):
                yield path


def _plain(text: str) -> str:
    """A path as strace quotes it, with its escapes undone."""
    raw, _ = codecs.escape_decode(text.encode("utf-8", "surrogateescape"))
    return str(raw.decode("utf-8", "surrogateescape"))
