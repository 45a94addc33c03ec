"""The watch that is always at hand: Python's audit events, and the sockets that the process is seen to hold."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from untag.doctor.watching.base import Seen, run_quietly

_PRELUDE = '''
def _watch():
    import json, os, sys, threading, time
    notes = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    network = ("socket.__new__", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto",
               "socket.sendmsg", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.system")
    files = {"os.mkdir": (0,), "os.rename": (0, 1), "os.link": (0, 1), "os.symlink": (1,), "os.truncate": (0,)}
    local = {1, 16}  # AF_UNIX, AF_NETLINK
    busy = threading.local()

    def note(kind, what):
        os.write(notes, (json.dumps([kind, what]) + "\\n").encode())

    def hook(event, arguments):
        if getattr(busy, "now", False):
            return
        busy.now = True
        try:
            if event == "socket.bind" or (event == "socket.__new__" and int(arguments[1]) not in local):
                if event == "socket.__new__" or isinstance(arguments[1], tuple):
                    kind = [int(arguments[1]), int(arguments[2])] if event == "socket.__new__" else None
                    note(event, [id(arguments[0]), kind, " ".join(map(repr, arguments[1:]))])
            elif event in network and event != "socket.__new__":
                note("network", event + " " + " ".join(map(repr, arguments[1:])))
            elif event == "open" and isinstance(arguments[0], (str, bytes)) and (
                (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            ):
                note("file", os.path.abspath(os.fsdecode(arguments[0])))
            elif event in files:
                for place in files[event]:
                    if isinstance(arguments[place], (str, bytes)):
                        note("file", os.path.abspath(os.fsdecode(arguments[place])))
        finally:
            busy.now = False

    def held():
        """Internet sockets of this process, whatever code opened them."""
        mine = set()
        for name in os.listdir("/proc/self/fd"):
            try:
                mine.add(os.readlink("/proc/self/fd/" + name))
            except OSError:
                pass
        for table in ("tcp", "tcp6", "udp", "udp6", "udplite", "raw", "raw6", "icmp", "icmp6", "packet"):
            try:
                with open("/proc/self/net/" + table) as rows:
                    lines = rows.read().splitlines()[1:]
            except OSError:
                continue
            for line in lines:
                if any("socket:[" + word + "]" in mine for word in line.split()[8:]):
                    yield table + " " + " ".join(line.split()[1:4])

    def sample():
        busy.now = True
        seen = set()
        while True:
            for line in held():
                if line not in seen:
                    seen.add(line)
                    note("network", "an open socket: " + line)
            time.sleep(0.02)

    sys.addaudithook(hook)
    if os.path.isdir("/proc/self/net"):
        threading.Thread(target=sample, daemon=True).start()

_watch()
'''


class Audit:
    """Python's audit hook, and on Linux a look at the process's sockets 50 times a second."""

    name = "Python's audit events, and the open sockets of the process where /proc tells them"
    blind = (
        "what libraries in C and C++ do by themselves: files that they write outside the folders listed, names that "
        "they look up, and sockets open for less than 20 ms (any, where there is no /proc). For a whole proof install "
        "strace on Linux and run this again"
    )

    def run(
        self, program: str, arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, notes: Path
    ) -> Seen:
        """As `Watch.run`."""
        status, said = run_quietly(audited(program, arguments, notes), environment, folder)
        return read_audit(status, said, notes)


def audited(program: str, arguments: Sequence[str], notes: Path) -> list[str]:
    """The command that runs Python code with the hook in it."""
    return [sys.executable, "-c", _PRELUDE + program, str(notes / "events"), *arguments]


def read_audit(status: int, said: str, notes: Path) -> Seen:
    """What the hook noted of a program that has ended."""
    events = [json.loads(line) for line in (notes / "events").read_text("utf-8").splitlines()]
    used = [str(what) for kind, what in events if kind == "network"]
    sockets, listening = _sockets([(kind, *what) for kind, what in events if kind.startswith("socket.")])
    network = dict.fromkeys((*sockets, *(what for what in used if not _LISTENS.fullmatch(what))))
    waiting = dict.fromkeys((*listening, *(what for what in used if _LISTENS.fullmatch(what))))
    written = tuple(dict.fromkeys(Path(what) for kind, what in events if kind == "file"))
    return Seen(status, said, tuple(network), written, tuple(waiting))


_LISTENS = re.compile(r"an open socket: tcp (?:0100007F|7F000001):[0-9A-F]{4} 00000000:0000 0A")
"""A row of /proc/net/tcp: bound to 127.0.0.1, with nobody at the other end, in the state LISTEN."""
_TCP = [2, 1]
"""AF_INET and SOCK_STREAM."""
_LOOPBACK = re.compile(r"\('127\.0\.0\.1', \d+\)")


def _sockets(events: Sequence[tuple[str, int, list[int] | None, str]]) -> tuple[list[str], list[str]]:
    """Of the sockets that were made and the addresses they were bound to: uses of the network, and those that listen.

    Allowed is a TCP socket that Python binds to 127.0.0.1. One that is only made counts as a use.
    """
    used: list[str] = []
    listening: list[str] = []
    made: dict[int, str] = {}
    for event, number, kind, arguments in events:
        said = f"{event} {arguments}"
        if event == "socket.__new__":
            used.append(said)
            # A number is used again once its socket is gone.
            made.pop(number, None)
            if kind == _TCP:
                made[number] = said
        elif number in made and _LOOPBACK.fullmatch(arguments):
            used.remove(made[number])
            listening += [made.pop(number), said]
        else:
            used.append(said)
    return used, listening
