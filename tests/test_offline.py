"""Nothing leaves the machine: the real command line, with the real models, under a watch of its system calls.

Tests that read imports cannot see what native code does; these can. Each watch is seen to catch what it must.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from fakes import Untag
from untag.cli import app
from untag.doctor import offline
from untag.doctor.offline import JOB, Place, furnish, prove_offline, watched
from untag.doctor.watching import WATCHES, Seen, Watch, is_caught, usable_watch
from untag.doctor.watching.audit import Audit
from untag.doctor.watching.namespace import Namespace
from untag.doctor.watching.system_calls import SystemCalls
from untag.engine.runtime.ort import SWITCH

SAMPLES = Path(__file__).parents[1] / "sample_photos"


def works(watch: Watch) -> str | None:
    """Why a watch does not work here, or None."""
    try:
        return None if is_caught(watch, os.environ) else "it saw nothing"
    except OSError as error:
        return str(error)


@pytest.fixture
def strict() -> Watch:
    """A watch that sees native code."""
    for watch in (SystemCalls(), Namespace()):
        if works(watch) is None:
            return watch
    pytest.skip("there is neither strace nor a network namespace to be had")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return furnish(tmp_path)


def test_every_command_of_the_job_is_clean(strict: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "usable_watch", lambda _: (strict, []))
    found = list(prove_offline())
    assert [check for check in found if not check.ok] == []
    assert [check.name for check in found] == ["watch", *(f"untag {command[0]}" for command in JOB), "not proved"]


def test_the_whole_demo_is_clean(strict: Watch, place: Place, tmp_path: Path) -> None:
    commands = [
        ("sources", str(SAMPLES / "archive")),
        ("enroll", str(SAMPLES / "me"), "--called", "Ana Doe"),
        ("scan", str(SAMPLES / "archive")),
        ("list",),
        ("report", "--output", "report.html"),
    ]
    for number, command in enumerate(commands):
        seen, strays = watched(strict, place, command, tmp_path / f"notes-{number}")
        assert (seen.status, seen.network, strays) == (0, (), []), (command, seen.said)
    assert (place.work / "report.html").stat().st_size > 100_000


def test_no_command_is_left_out() -> None:
    assert {command[0] for command in JOB} == set(app._COMMANDS)


@pytest.mark.parametrize("watch", WATCHES, ids=lambda watch: type(watch).__name__)
def test_a_watch_catches_what_python_does(watch: Watch) -> None:
    reason = works(watch)
    if reason is not None and not isinstance(watch, Audit):
        pytest.skip(reason)
    assert reason is None


NATIVE = """
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
what = sys.argv[1]
if what in ("socket", "held", "connect"):
    number = libc.socket(2, 2, 0)  # AF_INET, SOCK_DGRAM
    assert number >= 0
    if what != "socket":
        address = bytes([2, 0, 0, 9, 192, 0, 2, 1]) + bytes(8)
        libc.connect(number, address, 16)
    if what == "held":
        libc.connect(number, bytes([2, 0, 0, 9, 127, 0, 0, 1]) + bytes(8), 16)
        time.sleep(0.3)
elif what == "file":
    number = libc.open(os.fsencode(sys.argv[2]), os.O_WRONLY | os.O_CREAT, 0o600)
    assert number >= 0
elif what == "child":
    os.system(sys.executable + " -c 'import socket; socket.socket(socket.AF_INET6)'")
elif what == "daemon":
    number = libc.socket(1, 1, 0)  # AF_UNIX
    libc.connect(number, bytes([1, 0]) + b"/run/no-such-resolver\\0", 24)
elif what == "uring":
    libc.syscall(425, 4, bytes(120))
elif what == "lookup":
    libc.getaddrinfo(b"untag.invalid", None, None, ctypes.byref(ctypes.c_void_p()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="strace is for Linux")
@pytest.mark.parametrize(
    ("watch", "what"),
    [
        *((SystemCalls(), what) for what in ("socket", "connect", "file", "child", "daemon", "uring", "lookup")),
        *((Namespace(), what) for what in ("connect", "lookup", "child")),
        *((Audit(), what) for what in ("held", "child")),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_watch_catches_native_code(watch: Watch, what: str, tmp_path: Path) -> None:
    if (reason := works(watch)) is not None:
        pytest.skip(reason)
    made, notes = tmp_path / "mädé", tmp_path / "notes"
    notes.mkdir()
    seen = watch.run(NATIVE, [what, str(made)], environment=os.environ, folder=tmp_path, notes=notes)
    assert seen.status == 0, seen.said
    assert (made in seen.written) == (what == "file")
    assert bool(seen.network) == (what != "file")


@pytest.mark.parametrize("watch", WATCHES, ids=lambda watch: type(watch).__name__)
def test_a_harmless_program_is_not_accused(watch: Watch, tmp_path: Path) -> None:
    if (reason := works(watch)) is not None:
        pytest.skip(reason)
    notes = tmp_path / "notes"
    notes.mkdir()
    program = "import socket, numpy, sqlite3; socket.socketpair(); open('a'); open('/dev/null', 'w')"
    (tmp_path / "a").write_text("")
    seen = watch.run(
        program, [], environment={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, folder=tmp_path, notes=notes
    )
    assert (seen.status, seen.network) == (0, ())
    assert [path for path in seen.written if path not in (notes / "events", Path("/dev/null"))] == []


def test_telemetry_that_is_on_is_seen(strict: Watch, place: Place, tmp_path: Path) -> None:
    """The positive control: the very library, started without untag's switch."""
    notes = tmp_path / "notes"
    notes.mkdir()
    program = (
        "import importlib, pathlib, time\n"
        "runtime = importlib.import_module('onnx' + 'runtime')\n"
        "print(runtime.__version__, runtime.get_available_providers())\n"
        # It writes in a thread of its own, which a busy machine lets run late.
        "for _ in range(300):\n"
        "    if any(pathlib.Path.home().rglob('*onnxruntime*')): break\n"
        "    time.sleep(.1)\n"
    )
    # ONNX Runtime sends nothing where it thinks that it is tested.
    environment = place.environment({name: value for name, value in os.environ.items() if name != "CI"})
    assert SWITCH not in environment
    seen = strict.run(program, [], environment=environment, folder=place.work, notes=notes)
    version = tuple(int(part) for part in seen.said.split()[0].split(".")[:2])
    if version < (1, 29) or sys.platform != "linux":
        pytest.skip("this ONNX Runtime has no telemetry")
    assert list((place.root / "user").rglob("*onnxruntime*")) != []


class Leaky:
    """A watch of a program that leaks."""

    name = "a leaky one"
    blind = "everything"

    def __init__(self, *leaks: str) -> None:
        self.leaks = leaks

    def run(self, *_: object, folder: Path, **__: object) -> Seen:
        if "file" in self.leaks:
            (folder.parent / "user" / ".telemetry").write_text("")
        return Seen(
            70 if "status" in self.leaks else 0,
            "a bug",
            ("socket(AF_INET)",) if "network" in self.leaks else (),
            (Path("/etc/elsewhere"),) if "far" in self.leaks else (),
        )


@pytest.mark.parametrize(
    ("leak", "words"),
    [
        ("network", "untag scan: socket(AF_INET)"),
        ("far", "untag scan: /etc/elsewhere was written"),
        ("file", "user/.telemetry was written"),
        ("status", "untag scan: it ended with status 70: a bug"),
    ],
)
def test_doctor_says_what_it_saw(untag: Untag, monkeypatch: pytest.MonkeyPatch, leak: str, words: str) -> None:
    monkeypatch.setattr(offline, "usable_watch", lambda _: (Leaky(leak), []))
    result = untag.run("doctor", "--offline")
    assert result.status == 1
    assert words in result.out
    assert "report this as a bug of untag" in result.out
    assert not untag.home.exists()


def test_doctor_says_what_it_cannot_prove(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "usable_watch", lambda _: (Leaky(), ["strace is not installed"]))
    result = untag.run("doctor", "--offline")
    assert result.status == 0
    assert "ok       not used: strace is not installed" in result.out
    assert "ok       watch: a leaky one; it caught a socket and a file that were opened on purpose" in result.out
    assert result.out.endswith("ok       not proved: everything\n")
    monkeypatch.setattr(offline, "usable_watch", lambda _: (None, []))
    assert untag.run("doctor", "--offline").status == 1


def test_a_watch_that_sees_nothing_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("untag.doctor.watching.choose.WATCHES", (Leaky(), Audit()))
    watch, reasons = usable_watch(os.environ)
    assert isinstance(watch, Audit)
    assert reasons == ["a leaky one: it did not see a socket that was opened on purpose"]


def test_without_strace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    watch, reasons = usable_watch(os.environ)
    assert isinstance(watch, Audit)
    assert "strace is not installed" in reasons[0]
    assert "unshare is not installed" in reasons[1]


LISTENING = """
import socket, sys
what = sys.argv[1]
if what == "python":
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
elif what == "everywhere":
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("0.0.0.0", 0))
    listener.listen()
elif what == "datagram":
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(("127.0.0.1", 0))
elif what == "both":
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    socket.socket(socket.AF_INET, socket.SOCK_STREAM)
elif what == "connect":
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    try:
        listener.connect(("192.0.2.1", 9))
    except OSError:
        pass
"""


@pytest.mark.parametrize("watch", WATCHES, ids=lambda watch: type(watch).__name__)
@pytest.mark.parametrize("what", ["python", "everywhere", "datagram", "both", "connect"])
def test_waiting_for_this_machine_is_told_from_the_network(watch: Watch, what: str, tmp_path: Path) -> None:
    if (reason := works(watch)) is not None:
        pytest.skip(reason)
    if what == "connect" and isinstance(watch, SystemCalls | Audit):
        # Outside of a namespace it would leave this machine's address, and wait long.
        program = LISTENING.replace("192.0.2.1", "127.0.0.1")
    else:
        program = LISTENING
    (notes := tmp_path / "notes").mkdir()
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    seen = watch.run(program, [what], environment=environment, folder=tmp_path, notes=notes)
    assert seen.status == 0, seen.said
    assert bool(seen.network) == (what != "python"), seen.network
    assert bool(seen.listening) == (what in ("python", "both", "connect"))


def test_a_command_that_should_not_listen_is_named(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    class Waiting(Leaky):
        def run(self, *_: object, **__: object) -> Seen:
            return Seen(0, "", (), (), ("bind(127.0.0.1)",))

    monkeypatch.setattr(offline, "usable_watch", lambda _: (Waiting(), []))
    result = untag.run("doctor", "--offline")
    assert result.status == 1
    assert "untag scan: bind(127.0.0.1)" in result.out
    assert "ok       untag review: no use of the network" in result.out
