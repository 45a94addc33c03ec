"""What the processes that decode cannot do once they look at a file, and that the decoders need none of it."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from made_up_videos import grey, video
from untag.imaging import confined
from untag.imaging import video as videos
from untag.imaging.decode import decode
from untag.imaging.limits import DEFAULT_LIMITS

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.made_up_raw import dng

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have other limits")

UNPRIVILEGED = """
    import os, sys
    from untag.imaging import confined_child, rights, video_child

    def unprivileged(*given):
        # The number of processes does not bind root, as whom tests may run.
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        rights.give_up_rights(*given)

    child = {child}
    child.give_up_rights = {lowered}
"""
"""The beginning of a process as the one that decodes, for which the limits hold as for an ordinary user."""

DEEDS = """
    import mmap, socket, subprocess, threading

    def thread():
        threading.Thread(target=print).start()

    DEEDS = {
        "file": lambda: open("/dev/null"),
        "new file": lambda: open(sys.argv[-1], "w"),
        "write": lambda: os.write(KEPT, b"x"),
        "socket": lambda: socket.socket(),
        "program": lambda: subprocess.run(["true"]),
        "process": lambda: os.fork() or os._exit(0),
        "thread": thread,
        "descriptor": lambda: os.dup(0),
        "memory": lambda: mmap.mmap(-1, 3 << 30),
    }

    def tried(deed):
        try:
            deed()
            return "done"
        except (OSError, MemoryError, RuntimeError):
            return "refused"

    KEPT = os.open(sys.argv[-1], os.O_WRONLY | os.O_CREAT)

    def attempt(*given):
        # A file that is written to beyond its limit is answered by a signal, which Python ignores.
        os.write(2, "".join(f"- {name}: {tried(deed)}\\n" for name, deed in DEEDS.items()).encode())
        os._exit(0)
"""

IN_PLACE_OF_DECODING = {
    "raw": "loaded = child._loaded; child._loaded = lambda *given: (loaded(*given), attempt)[1]",
    "jxl": "loaded = child._loaded; child._loaded = lambda *given: (loaded(*given), attempt)[1]",
    "video": "child.work = attempt",
}
MAIN = {
    "raw": 'child.main("raw", 1000, 1 << 30)',
    "jxl": 'child.main("jxl", 1000, 1 << 30)',
    "video": 'child.main(["64", "60", "0", "-1", "-1"])',
}
LIBRARY = {"raw": "rawpy", "jxl": "imagecodecs", "video": "cv2"}


def began(kind: str, *, lowered: bool = True) -> str:
    """The beginning of a program that is the process for files of a kind, unprivileged and with its limits or not."""
    pytest.importorskip(LIBRARY[kind])
    child = "video_child" if kind == "video" else "confined_child"
    program = UNPRIVILEGED.replace("{child}", child)
    return textwrap.dedent(program.replace("{lowered}", "unprivileged" if lowered else "lambda *given: None"))


def what_is_possible(kind: str, folder: Path, *, lowered: bool) -> dict[str, str]:
    """Each deed, and "done" or "refused", in the process that decodes files of a kind once it looks at one."""
    program = began(kind, lowered=lowered) + textwrap.dedent(DEEDS) + f"{IN_PLACE_OF_DECODING[kind]}\n{MAIN[kind]}"
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder / "written")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    return dict(line.split(": ") for line in done.stderr.splitlines() if line.startswith("- "))


@pytest.mark.parametrize("kind", IN_PLACE_OF_DECODING)
def test_a_process_that_decodes_can_do_nothing_else(kind: str, tmp_path: Path) -> None:
    refused = what_is_possible(kind, tmp_path, lowered=True)
    assert set(refused.values()) == {"refused"}, refused
    done = what_is_possible(kind, tmp_path, lowered=False)
    assert set(done.values()) == {"done"}, "this test can tell"
    assert len(refused) == len(done) == 9


@pytest.mark.parametrize("kind", IN_PLACE_OF_DECODING)
def test_the_time_of_the_processor_is_bounded(kind: str) -> None:
    program = began(kind) + textwrap.dedent("""
        import resource
        def attempt(*given):
            os.write(2, str(resource.getrlimit(resource.RLIMIT_CPU)).encode())
            os._exit(0)
    """)
    program += f"{IN_PLACE_OF_DECODING[kind]}\n{MAIN[kind]}"
    done = subprocess.run(
        [sys.executable, "-c", program], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1] == ("(120, 120)" if kind == "video" else "(90, 90)")


def test_a_system_that_refuses_one_limit_has_the_others() -> None:
    program = textwrap.dedent("""
        import os, resource
        from untag.imaging.rights import give_up_rights
        lower = resource.setrlimit
        def refusing(what, limits):
            if what == resource.RLIMIT_CPU:
                raise ValueError("not here")
            lower(what, limits)
        resource.setrlimit = refusing
        del resource.RLIMIT_CORE
        give_up_rights(60, 1 << 30)
        try:
            open("/dev/null")
        except OSError:
            print("refused")
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"


def test_the_decoders_need_none_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs untag is no root, whom not every limit binds."""
    monkeypatch.setattr(videos, "COMMAND", (sys.executable, "-c", f"{began('video')}\nchild.main(sys.argv[1:])"))
    path = tmp_path / "video.mp4"
    path.write_bytes(video(grey(10, 90, 200)))
    with path.open("rb") as file:
        frame = videos.look_through_video(videos.VideoPart(file), max_side=64, limits=DEFAULT_LIMITS)
    assert [moment.at for moment in frame.moments] == [1.0, 2.0] and frame.fault is None


@pytest.mark.parametrize("kind", ["raw", "jxl"])
def test_the_decoders_of_pictures_need_none_of_it(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = f"{began(kind)}\nsys.exit(child.main(sys.argv[1], *map(int, sys.argv[2:])))"
    monkeypatch.setattr(confined, "COMMAND", (sys.executable, "-c", program))
    pixels = np.random.default_rng(3).integers(0, 255, (1500, 2000, 3)).astype(np.uint8)
    if kind == "raw":
        frame = decode(dng(pixels), max_side=0)
        assert (frame.width, frame.height) == (1000, 750)
    else:
        import imagecodecs

        frame = decode(bytes(imagecodecs.jpegxl_encode(pixels, lossless=True, effort=1)), max_side=0)
        assert np.array_equal(frame.pixels, pixels)
