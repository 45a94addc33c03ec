"""Videos: looked through by a process that can do nothing else, within bounds, and a finding says when."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import stat
import struct
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import untag as library
from fakes import ME, STRANGER, Square, Untag, paint
from made_up_videos import EXACT, USUAL, filmed_at, grey, turned, video
from untag.cli.app import _run
from untag.errors import ReadFailure
from untag.imaging import video as decoder
from untag.imaging.containers import Container, sniff_video
from untag.imaging.decode import decode
from untag.imaging.iso_media import media_facts
from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.imaging.moments import MOST_MOMENTS
from untag.imaging.video import VideoCancelled, VideoPart, frame_at, look_through_video
from untag.imaging.video_wire import GarbageError, Kind, Message, receive
from untag.types import Frame, Outcome

CODECS = (USUAL, EXACT, ("MJPG", "avi"), ("VP80", "webm"), ("XVID", "avi"), ("WMV2", "wmv"), ("mp4v", "3gp"))


@contextmanager
def part_of(data: bytes, folder: Path, before: bytes = b"", after: bytes = b"") -> Iterator[VideoPart]:
    path = folder / "a-video"
    path.write_bytes(before + data + after)
    with path.open("rb") as file:
        yield VideoPart(file, len(before), len(data))


def looked(data: bytes, folder: Path, limits: Limits = DEFAULT_LIMITS, max_side: int = 1600) -> Frame:
    with part_of(data, folder) as part:
        return look_through_video(part, max_side=max_side, limits=limits)


def times(frame: Frame) -> list[float]:
    return [0.0, *(moment.at for moment in frame.moments)]


@pytest.mark.parametrize("codec", CODECS)
def test_frames_come_with_their_times(codec: tuple[str, str], tmp_path: Path) -> None:
    frame = looked(video(grey(10, 10, 90, 200, 10), codec), tmp_path)
    assert (frame.width, frame.height, frame.fault) == (64, 48, None)
    assert times(frame) == pytest.approx([0, 2, 3, 4], abs=0.15), "one for each change"
    levels = [int(decode(moment.data, max_side=0).pixels.mean()) for moment in frame.moments]
    assert levels == pytest.approx([90, 200, 10], abs=12)


def test_at_most_one_frame_a_second_is_taken(tmp_path: Path) -> None:
    flicker = video(grey(*(20 + 130 * (n % 2) for n in range(60))), seconds=0.1)
    assert np.diff(times(looked(flicker, tmp_path))).min() >= 1.0


def test_of_a_long_film_frames_are_spread_over_the_whole(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    levels = rng.integers(0, 200, 1500)
    film = video(grey(*(int(level) for level in levels), width=32, height=32), seconds=1, rate=1)
    frame = looked(film, tmp_path)
    assert MOST_MOMENTS / 3 < len(frame.moments) <= MOST_MOMENTS
    assert frame.moments[-1].at > 1450
    assert np.diff(times(frame)).max() < 30
    for moment in frame.moments[::25]:
        assert int(decode(moment.data, max_side=0).pixels.mean()) == pytest.approx(levels[round(moment.at)], abs=9)


def test_a_video_inside_another_file_is_read_where_it_is(tmp_path: Path) -> None:
    data = video(grey(10, 200))
    with part_of(data, tmp_path, before=b"a photo", after=b"more") as part:
        assert times(look_through_video(part, max_side=64, limits=DEFAULT_LIMITS)) == [0.0, 1.0]
        assert decode_mean(frame_at(part, 1.0, max_side=64, limits=DEFAULT_LIMITS)) > 150


def decode_mean(frame: Frame) -> float:
    return float(frame.pixels.mean())


def test_the_frame_of_a_moment_is_the_one_that_was_looked_at(tmp_path: Path) -> None:
    with part_of(video(grey(*range(0, 250, 25)), seconds=2), tmp_path) as part:
        for moment in look_through_video(part, max_side=64, limits=DEFAULT_LIMITS).moments:
            again = frame_at(part, moment.at, max_side=64, limits=DEFAULT_LIMITS)
            assert decode_mean(again) == pytest.approx(decode(moment.data, max_side=0).pixels.mean(), abs=2)


def test_a_phone_that_was_held_upright_is_heeded(tmp_path: Path) -> None:
    pictures = grey(10, 10)
    for picture in pictures:
        picture[:12] = 220
    frame = looked(turned(video(pictures)), tmp_path)
    assert (frame.width, frame.height) == (48, 64)
    assert frame.pixels[:, -8:].mean() > 150 > frame.pixels[:, :30].mean(), "what was the top is at the right"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(3_700_000_000, "2021-03-31T01:46:40+00:00"), (0, None), (2_082_844_800, None), (86_400, None)],
)
def test_the_camera_says_when_unless_its_clock_was_never_set(seconds: int, said: str | None, tmp_path: Path) -> None:
    assert looked(filmed_at(video(grey(10)), seconds), tmp_path).taken_at == said


CUT = video(grey(10, 90))
BAD = {
    "empty": (b"", Outcome.EMPTY, "empty"),
    "text": (b"hello there, this is no video", Outcome.NOT_AN_IMAGE, "not a video"),
    "no index": (CUT[: CUT.index(b"moov")], Outcome.BROKEN, "cut off: the index"),
    "zeros": (b"\0\0\1\xba" + bytes(5000), Outcome.UNSUPPORTED, "no frame"),
    "matroska": (video(grey(10), EXACT)[:60], Outcome.UNSUPPORTED, "no frame"),
}


@pytest.mark.parametrize("which", BAD)
def test_what_cannot_be_seen_is_said(which: str, tmp_path: Path) -> None:
    data, outcome, words = BAD[which]
    with pytest.raises(ReadFailure, match=words) as caught:
        looked(data, tmp_path)
    assert caught.value.outcome is outcome


def test_sound_alone_is_said(tmp_path: Path) -> None:
    silent = video(grey(10, 90))
    with pytest.raises(ReadFailure, match="sound and no pictures"):
        looked(silent.replace(b"vide", b"soun").replace(b"mp4v", b"mp4a"), tmp_path)


@pytest.mark.parametrize("codec", [("MJPG", "avi")])
def test_of_a_video_that_is_cut_off_the_rest_is_looked_at(codec: tuple[str, str], tmp_path: Path) -> None:
    data = video(grey(*range(0, 250, 10)), codec)
    frame = looked(data[: len(data) // 2], tmp_path)
    assert 8 <= len(frame.moments) <= 14
    assert frame.fault is not None
    assert (frame.fault.outcome, "until 0:1" in frame.fault.error) == (Outcome.BROKEN, True)


def test_containers_are_told_by_how_they_begin() -> None:
    wanted = {"mp4": Container.MP4, "mkv": Container.MATROSKA, "avi": Container.AVI, "webm": Container.MATROSKA}
    for name, suffix in CODECS:
        if suffix in wanted:
            assert sniff_video(video(grey(10), (name, suffix))[:256]) is wanted[suffix]
    assert sniff_video(b"\0\0\0\x18ftypM4A \0\0\0\0") is None
    assert sniff_video(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic") is None
    assert sniff_video(b"#EXTM3U\n") is None
    assert sniff_video(b"\xff\xd8\xff\xe1") is None


# The process: what it may not do, and what becomes of it.


def child(program: str) -> tuple[str, ...]:
    """A process that does something else in place of decoding."""
    return (sys.executable, "-c", textwrap.dedent(program))


FATES = {
    "crash": "import os; os.kill(os.getpid(), 11)",
    "no word": "pass",
    "garbage": "import sys; sys.stdout.buffer.write(b'#' * 5000)",
    "too large": "import struct, sys; sys.stdout.buffer.write(struct.pack('<cdI', b'F', 0.0, 2**32 - 1))",
    "no number": "import struct, sys; sys.stdout.buffer.write(struct.pack('<cdI', b'B', float('nan'), 0))",
    "backwards": "import struct, sys; sys.stdout.buffer.write((struct.pack('<cdI', b'F', 0.0, 1) + b'x') * 2)",
    "half a word": "import struct, sys; sys.stdout.buffer.write(struct.pack('<cdI', b'F', 0.0, 100) + b'x')",
}


@pytest.mark.parametrize("fate", FATES)
def test_whatever_becomes_of_the_process_is_a_sentence(
    fate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "COMMAND", child(FATES[fate]))
    with pytest.raises(ReadFailure) as caught:
        looked(video(grey(10, 90)), tmp_path)
    assert caught.value.outcome is Outcome.BROKEN


def test_a_process_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "pid"
    monkeypatch.setattr(decoder, "COMMAND", child(f"""
        import os, pathlib, time
        pathlib.Path({str(mark)!r}).write_text(str(os.getpid()))
        time.sleep(600)
    """))  # fmt: skip
    monkeypatch.setattr(decoder, "_QUIET_SECONDS", 2.0)
    with pytest.raises(ReadFailure, match="damaged"):
        looked(video(grey(10, 90)), tmp_path, Limits(video_seconds=0.0))
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_what_came_before_a_crash_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "COMMAND", (
        sys.executable, "-c", textwrap.dedent("""
            import os, sys
            from untag.imaging import video_child
            sent = video_child.Out.send
            def send(self, message):
                sent(self, message)
                if message.kind == "F" and message.at >= 2:
                    os.kill(os.getpid(), 9)
            video_child.Out.send = send
            video_child.main(sys.argv[1:])
        """),
    ))  # fmt: skip
    frame = looked(video(grey(10, 90, 200, 10, 90)), tmp_path)
    assert times(frame) == [0, 1, 2]
    assert frame.fault is not None
    assert "until 0:02" in frame.fault.error


def test_a_scan_that_is_stopped_does_not_wait(tmp_path: Path) -> None:
    with part_of(video(grey(10, 90)), tmp_path) as part, pytest.raises(VideoCancelled):
        look_through_video(part, max_side=64, limits=DEFAULT_LIMITS, cancelled=lambda: True)


def test_the_time_for_one_video_is_bounded(tmp_path: Path) -> None:
    """Sixty frames of 4 K are more than two seconds of work for nobody's computer; they are noise."""
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 255, (120, 160, 3), np.uint8) for _ in range(40)]
    frame = looked(video(noise, seconds=4), tmp_path, Limits(video_seconds=0.05))
    assert frame.fault is not None
    assert frame.fault.outcome is Outcome.TOO_LARGE
    assert "video_minutes" in frame.fault.error


def run_child(program: str, data: bytes, folder: Path, environment: dict[str, str] | None = None) -> str:
    """What a program prints that has the rights of the process that decodes, and a video as its input."""
    path = folder / "input"
    path.write_bytes(data)
    with path.open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)],
            stdin=file,
            stdout=subprocess.PIPE,
            check=False,
            env={**os.environ, **(environment or {})},
        )
    return done.stdout.decode().strip()


def test_a_process_that_hangs_ends_itself(tmp_path: Path) -> None:
    """Where nobody ends it: the limits leave it no thread that could."""
    printed = run_child(
        """
        import subprocess, sys
        program = (
            "import time; from untag.imaging import video_child;"
            "video_child._QUIET_SECONDS = 0.2; video_child._decoded = lambda *given: time.sleep(60);"
            "video_child.main(['64', '60', '0', '-1', '-1'])"
        )
        done = subprocess.run([sys.executable, "-c", program], stdin=0, stdout=subprocess.DEVNULL, timeout=50)
        print(done.returncode != 0)
        """,
        video(grey(10, 90)),
        tmp_path,
    )
    assert printed == "True"


FRAMES = """
    import cv2, os
    capture = cv2.VideoCapture(os.environ["OPENED"], cv2.CAP_FFMPEG, [])
    n = 0
    while capture.grab():
        n += 1
    print(n)
"""


@pytest.mark.parametrize("prefix", ["", "file:"])
def test_what_a_playlist_names_is_not_opened(prefix: str, tmp_path: Path) -> None:
    """FFmpeg told as for every video, and given a name, which it never is; without the limits of the process."""
    target = tmp_path / "private.ts"
    target.write_bytes(video(grey(10, 90, 200), ("mpg2", "ts")))
    hostile = tmp_path / "hostile.m3u8"
    hostile.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{prefix}{target}\n#EXT-X-ENDLIST\n")

    def frames(options: str) -> int:
        told = {"OPENED": str(hostile), "OPENCV_FFMPEG_CAPTURE_OPTIONS": options}
        return int(run_child(FRAMES, b"", tmp_path, told))

    told = decoder._environment(Container.MP4)["OPENCV_FFMPEG_CAPTURE_OPTIONS"]
    lists, protocols = told.split("|")
    careless = "allowed_extensions;ALL|extension_picky;0"
    assert frames(f"protocol_whitelist;file,crypto,data|{careless}") > 0, "this test can tell"
    assert frames(f"protocol_whitelist;file,crypto,data|{careless}|{lists}") == 0
    assert frames(f"{protocols}|{careless}") == 0
    with part_of(hostile.read_bytes(), tmp_path) as part, pytest.raises(ReadFailure, match="not a video"):
        look_through_video(part, max_side=64, limits=DEFAULT_LIMITS)


def test_messages_come_back_as_they_were_sent() -> None:
    sent = [Message(Kind.FRAME, 1.5, b"abc"), Message(Kind.BEAT, 2.0), Message(Kind.THIN, 3.0)]
    pipe = io.BytesIO(b"".join(message.pack() for message in sent))
    assert [receive(pipe.read) for _ in range(4)] == [*sent, None]
    with pytest.raises(GarbageError):
        receive(io.BytesIO(sent[0].pack()[:-1]).read)


# A whole scan.


def scenes(*people: Square | None) -> list[bytes]:
    """One picture for each, with backgrounds that differ."""
    return [
        paint(*(() if who is None else (who,)), serial=number + 1, weapon=number / 8)
        for number, who in enumerate(people)
    ]


def test_a_finding_says_from_when_to_when(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.mkv", video(scenes(None, STRANGER, ME, ME, None), EXACT))
    untag.add("b.mkv", video(scenes(STRANGER, None), EXACT))
    summary = untag.scan()
    assert "video" not in summary["skipped"]  # type: ignore[operator]
    (finding,) = untag.listed()
    assert Path(str(finding["path"])).name == "a.mkv"
    assert finding["verdict"] == "me"
    assert finding["seen"] == [{"best": 2.0, "from": 2.0, "until": 3.0}]
    assert "0:02 to 0:03" in str(finding["reasons"])


def test_a_video_is_decoded_once(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    untag.enroll()
    data = video(scenes(None, ME), EXACT)
    untag.add("a.mkv", data)
    untag.add("copy.mkv", data)
    untag.scan()
    assert len(untag.listed()) == 1 or all(finding["sha256"] for finding in untag.listed())

    def never(*_: object, **__: object) -> Frame:
        raise AssertionError("it was decoded again")

    monkeypatch.setattr("untag.scan.videos.look_through_video", never)
    untag.scan()
    untag.add("moved/third.mkv", data)
    untag.scan()
    assert len(untag.listed()[0]["places"]) == 3  # type: ignore[arg-type]


def test_videos_for_which_there_is_no_time_are_left_to_the_next_scan(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.mkv", video(scenes(None, ME), EXACT))
    untag.add("b.png", paint(ME, serial=9))
    with library.open(untag.home) as home:
        summary = home.scan(untag.photos, options=library.ScanOptions(video_hours=-1.0))
        assert (summary.analysed, len(list(home.findings()))) == (1, 1)
        assert any("1 video left for the next" in note for note in summary.notes)
        summary = home.scan(untag.photos)
        assert (summary.analysed, len(list(home.findings())), summary.notes) == (1, 2, [])
        untag.add("c.mkv", video(scenes(ME, ME, None), EXACT))
        (untag.photos / "a.mkv").touch()
        summary = home.scan(untag.photos, options=library.ScanOptions(video_hours=-1.0))
        assert (summary.analysed, summary.removed, len(list(home.findings()))) == (0, 0, 2), "what is on record stays"
        assert home.scan(untag.photos).analysed == 1
        assert len(list(home.findings())) == 3


def test_a_video_that_was_replaced_and_left_is_looked_through_by_the_next_scan(untag: Untag) -> None:
    """What is on record of it is that of the old one, and complete."""
    untag.enroll()
    untag.add("a.mkv", video(scenes(None, None), EXACT))
    with library.open(untag.home) as home:
        home.scan(untag.photos)
        assert list(home.findings()) == []
        untag.add("a.mkv", video(scenes(None, ME, ME), EXACT))
        home.scan(untag.photos, options=library.ScanOptions(video_hours=-1.0))
        assert home.scan(untag.photos).analysed == 1
        assert len(list(home.findings())) == 1


def test_two_films_that_begin_alike_are_two(untag: Untag) -> None:
    """A title of one's own, and oneself in the same place in both."""
    untag.enroll()
    rng = np.random.default_rng(5)
    title = np.kron(rng.integers(0, 90, (12, 12, 3)), np.ones((20, 20, 1))).astype(np.uint8)
    for name in ("a.mkv", "b.mkv"):
        film = np.asarray(Image.open(io.BytesIO(paint(ME, serial=1))).convert("RGB")).copy()
        film[100:, :, 1:] = np.kron(rng.integers(0, 90, (10, 16, 2)), np.ones((14, 15, 1)))
        untag.add(name, video([title, film], EXACT))
    untag.scan()
    assert [finding["duplicate_of"] for finding in untag.listed()] == [None, None]


def test_videos_in_archives_leave_nothing_behind(untag: Untag) -> None:
    untag.enroll()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b.mkv", video(scenes(None, ME), EXACT))
    untag.add("a.zip", out.getvalue())
    before = {path.name for path in untag.home.iterdir()}
    untag.scan()
    assert untag.found() == {"b.mkv": "me"}
    assert {path.name for path in untag.home.iterdir()} == before | {"scan.lock"}
    assert stat.S_IMODE(untag.home.stat().st_mode) == 0o700


def test_videos_can_be_switched_off_and_on(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.mkv", video(scenes(None, ME), EXACT))
    (untag.home / "config.toml").write_text("videos = false\n")
    assert untag.scan()["skipped"] == {"video": 1}
    assert untag.listed() == []
    (untag.home / "config.toml").write_text("videos = true\n")
    untag.scan()
    assert untag.found() == {"a.mkv": "me"}
    (untag.home / "config.toml").write_text("videos = false\n")
    said = untag.run("scan", untag.photos)
    assert "no longer there" not in said.out, "it is"
    assert "excluded now" in said.out
    assert untag.listed() == []


def test_a_video_that_cannot_be_read_is_said_and_the_rest_is_scanned(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.mp4", CUT[: CUT.index(b"moov")])
    untag.add("b.png", paint(ME, serial=5))
    result = untag.run("scan", untag.photos, "--json")
    assert result.status == 1
    (wrong,) = json.loads(result.out)["unreadable"]
    assert "index" in wrong["error"]
    assert untag.found() == {"b.png": "me"}


def test_inspect_looks_through_a_video(untag: Untag) -> None:
    untag.enroll()
    path = untag.add("a.mkv", video(scenes(None, STRANGER, ME), EXACT))
    faces = json.loads(untag.run("inspect", path, "--json").out)["faces"]
    assert {face["verdict"]: face["seen"][0]["from"] for face in faces} == {"other": 1.0, "me": 2.0}


def test_reports_and_pages_show_the_frame_of_the_first_time(untag: Untag) -> None:
    untag.enroll()
    out = io.BytesIO()
    film = video(scenes(STRANGER, None, ME, None), EXACT)
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a/b.mkv", film)
    untag.add("a.zip", out.getvalue())
    untag.scan()
    assert untag.run("report", "--output", untag.root / "report.html").status == 0
    page = (untag.root / "report.html").read_text()
    (picture,) = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))))
    assert abs(int(shown[50, 40, 0]) - ME.colour[0]) < 5
    assert "0:02" in page


def test_a_video_is_copied_as_it_is(untag: Untag) -> None:
    untag.enroll()
    film = video(scenes(STRANGER, ME), EXACT)
    untag.add("a.mkv", film)
    untag.scan()
    for _ in range(2):
        assert untag.run("export", "--to-folder", untag.root / "out").status == 0
        (copy,) = (untag.root / "out").iterdir()
        assert copy.read_bytes() == film


def test_a_video_teaches_no_face(untag: Untag) -> None:
    path = untag.add("a.mkv", video(scenes(ME, ME), EXACT))
    result = untag.run("enroll", path)
    assert result.status != 0
    assert "video" in result.err + result.out


SAMPLES = Path(__file__).parents[1] / "sample_photos"
NOBODY = "archive/takeout-20240103T090000Z-001/Takeout/Google Photos/Photos from 2023/IMG_20230916_214502.jpg"
SOMEBODY_ELSE = "archive/instaloader/bea.moor/2024-09-03_14-23-18_UTC_1.jpg"


def panned(name: str, frames: int) -> list[NDArray[np.uint8]]:
    """A camera that moves over a photo of the sample."""
    photo = Image.open(SAMPLES / name).convert("RGB")
    photo = photo.resize((480, round(480 * photo.height / photo.width)))
    room = max(1, photo.height - 360)
    return [
        np.asarray(photo.crop((0, top, 480, top + 360)))
        for top in (round(room * 0.4 * number / frames) for number in range(frames))
    ]


def test_the_real_models_say_when_somebody_is_in_a_film(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Nobody for two seconds, somebody else for two, oneself for three, nobody again; compressed as phones do."""
    wanted = (NOBODY, SOMEBODY_ELSE, "me/by-the-lake.jpg", NOBODY)
    if missing := [name for name in (*wanted, "me/portrait.jpg") if not (SAMPLES / name).is_file()]:
        pytest.skip(f"sample photos are missing: {', '.join(missing)}")
    frames = [frame for name, seconds in zip(wanted, (2, 2, 3, 2), strict=True) for frame in panned(name, 10 * seconds)]
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "film.mp4").write_bytes(video(frames, seconds=0.1))
    home = ["--home", str(tmp_path / "home")]
    assert _run([*home, "enroll", str(SAMPLES / "me" / "portrait.jpg"), "--device", "cpu"]) == 0
    assert _run([*home, "scan", str(folder), "--device", "cpu"]) == 0
    capfd.readouterr()
    assert _run([*home, "list", "--format", "json"]) == 0
    (finding,) = json.loads(capfd.readouterr().out)
    assert finding["verdict"] == "me"
    (seen,) = finding["seen"]
    assert (seen["from"], seen["until"]) == (pytest.approx(4.1, abs=0.3), pytest.approx(6.1, abs=0.4))
    assert "0:04 to 0:06" in str(finding["reasons"])


def test_boxes_in_boxes_cost_nothing_however_deep() -> None:
    data = b""
    for _ in range(5_000):
        data = struct.pack(">I", 8 + len(data)) + b"moov" + data
    assert media_facts(BytesIO(data), 0, len(data)).indexed
    inner = struct.pack(">I4s", 40, b"mvhd") + bytes(4) + struct.pack(">I", 3_800_000_000) + bytes(24)
    nested = struct.pack(">I4s", 8 + len(inner), b"moov") + inner + struct.pack(">I4s", 9_000, b"mdat")
    facts = media_facts(BytesIO(nested), 0, len(nested))
    assert (facts.taken_at, facts.cut_off) == ("2024-05-31T11:33:20+00:00", True)
