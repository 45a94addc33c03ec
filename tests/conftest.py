"""What many tests share."""

from __future__ import annotations

import signal
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings

from fakes import FakeEngine, Result, Untag, install
from untag.imaging.limits import Limits
from untag.scan.recorder import Recorder
from untag.sources.files import read_file

# A shell that starts the tests in the background has them, and the programs that they start, ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# So does nohup with the end of its terminal.
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A busy machine may take a second for what takes a millisecond.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

SHARED = Path(__file__).parents[2] / "shared"


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are called by their length: what is packed holds the time, and every worker must give a test one name."""
    return f"{argname} of {len(val)} bytes" if isinstance(val, bytes) and len(val) > 8 else None


@pytest.fixture
def shared() -> Path:
    """The folder of labelled photos and fixtures beside the checkout, which few machines have."""
    if not SHARED.is_dir():
        pytest.skip("the labelled photos are not here")
    return SHARED


@pytest.fixture
def untag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Untag:
    """The command line with fake models, a home folder and a folder of photos, both still to be made."""
    from untag.cli.app import _run

    engine = FakeEngine()
    install(monkeypatch.setattr, engine)
    # On a busy machine the seconds would end batches that the tests count.
    monkeypatch.setattr("untag.scan.run.Recorder", partial(Recorder, clock=lambda: 0.0))
    monkeypatch.delenv("UNTAG_DEBUG", raising=False)
    monkeypatch.delenv("UNTAG_HOME", raising=False)

    def invoke(arguments: list[str]) -> Result:
        capfd.readouterr()
        status = _run(arguments)
        captured = capfd.readouterr()
        return Result(status, captured.out, captured.err)

    return Untag(tmp_path, engine, invoke)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files in folders that were read, as they are read."""
    names: list[str] = []

    def counting(path: str, limits: Limits) -> bytes:
        names.append(Path(path).name)
        return read_file(path, limits)

    monkeypatch.setattr("untag.sources.folder.read_file", counting)
    return names
