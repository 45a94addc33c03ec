"""Wrong usage and bad files: a sentence each, the right exit status, and everything else still done."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from fakes import ME, Result, Untag, paint
from untag.sources.files import failure, read_file


def check(result: Result, status: int, *sentences: str) -> None:
    """The command ended so, said all of this, and did not fall over."""
    said = result.out + result.err
    assert result.status == status, said
    for sentence in sentences:
        assert sentence in said
    assert "Traceback" not in said
    assert "this is a bug" not in said


@pytest.fixture
def enrolled(untag: Untag) -> Untag:
    untag.enroll()
    return untag


def huge_png() -> bytes:
    """A PNG that says it has 30,000 x 30,000 pixels, in a few kilobytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    header = (30_000).to_bytes(4, "big") * 2 + bytes((1, 0, 0, 0, 0))
    compressor = zlib.compressobj(9)
    rows = b"".join(compressor.compress(bytes(3751)) for _ in range(300)) + compressor.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def truncated_jpeg() -> bytes:
    out = BytesIO()
    # Dark, so that the fake engine sees nobody in what is left.
    Image.effect_noise((300, 200), 40).point(lambda shade: shade // 4).convert("RGB").save(out, "JPEG")
    return out.getvalue()[: len(out.getvalue()) // 2]


def test_every_kind_of_bad_file_is_listed_and_the_rest_is_scanned(
    enrolled: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad: dict[str, tuple[bytes, str]] = {
        "text.jpg": (b"Dear diary, this is no photo.\n", "not an image (it starts like plain text)"),
        "cut.jpg": (truncated_jpeg(), "the picture is cut off"),
        "huge.png": (huge_png(), "30000 x 30000 pixels; the limit is 250 million"),
        "zero.jpg": (b"", "the file is empty"),
        "secret.png": (paint(ME, serial=5), "you have no permission to read this"),
    }
    for name, (data, _) in bad.items():
        enrolled.add(name, data)
    enrolled.add("a.png", paint(ME, serial=1))
    enrolled.add("z.png", paint(ME, serial=2))
    # The superuser may read every file, so a mode would prove nothing.
    with monkeypatch.context() as patch:

        def guarded(path: str, limits: object) -> bytes:
            if path.endswith("secret.png"):
                raise failure(PermissionError(13, "Permission denied"))
            return read_file(path, limits)  # type: ignore[arg-type]

        patch.setattr("untag.sources.folder.read_file", guarded)
        result = enrolled.run("scan", enrolled.photos, "--json")
    check(result, 1, "5 could not be read:", *(f"{name}: {reason}" for name, (_, reason) in bad.items()))
    summary = json.loads(result.out)
    assert {Path(item["path"]).name for item in summary["unreadable"]} == set(bad)
    assert enrolled.found() == {"a.png": "me", "z.png": "me"}
    # Given the permission, the photo is read; the damaged ones stay damaged.
    check(enrolled.run("scan", enrolled.photos), 0, "4 could not be read:")
    assert sorted(enrolled.found()) == ["a.png", "secret.png", "z.png"]


def test_a_long_list_is_cut_and_json_has_it_whole(enrolled: Untag) -> None:
    for number in range(60):
        enrolled.add(f"{number:02}.jpg", b"")
    result = enrolled.run("scan", enrolled.photos, "--json")
    check(result, 1, "60 could not be read:", "and 10 more; all are in the output of: untag scan --json")
    assert len(json.loads(result.out)["unreadable"]) == 60
    assert result.err.count("the file is empty") == 50


def test_an_empty_folder(enrolled: Untag) -> None:
    enrolled.photos.mkdir()
    check(enrolled.run("scan", enrolled.photos), 0, "there are no photos in what you gave")
    assert ".jpg" in enrolled.run("scan", "--help").out
    check(enrolled.run("enroll", enrolled.photos, "--person", "Bob"), 1, "so Bob is not enrolled")


def test_a_path_that_does_not_exist_does_not_stop_a_scan_of_the_others(enrolled: Untag) -> None:
    enrolled.add("a.png", paint(ME, serial=1))
    missing = enrolled.root / "nowhere"
    result = enrolled.run("scan", missing, enrolled.photos)
    check(result, 1, f"no such file or folder: {missing}; the others are scanned", f"{missing}: it does not exist")
    assert result.err.index("the others are scanned") < result.err.index("scanning on")
    assert enrolled.found() == {"a.png": "me"}
    check(enrolled.run("scan", missing, enrolled.root / "nor this"), 2, f"no such file or folder: {missing}")


@pytest.mark.parametrize("command", ["enroll", "inspect"])
def test_a_path_that_does_not_exist(enrolled: Untag, command: str) -> None:
    enrolled.add("a.png", paint(ME, serial=1))
    missing = enrolled.root / "nowhere"
    check(enrolled.run(command, enrolled.photos, missing), 2, f"no such file or folder: {missing}")
    assert enrolled.engine.analysed == {}


def test_nobody_is_enrolled(untag: Untag) -> None:
    untag.add("a.png", paint(ME, serial=1))
    check(untag.run("scan", untag.photos), 2, "nobody is enrolled yet", "untag enroll PHOTO")
    assert untag.engine.analysed == {}


def test_nobody_is_enrolled_with_this_engine(enrolled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    enrolled.add("a.png", paint(ME, serial=1))
    enrolled.engine.id = "fake-2"
    calibration = {"maybe": 1.0, "me": 0.5, "maybe_shift": 0.0, "me_shift": 0.0}
    table = json.dumps({"engines": {"fake-2": calibration}}).encode()
    monkeypatch.setattr("untag.people.calibrate.read_asset", lambda *_: table)
    check(enrolled.run("scan", enrolled.photos), 2, "nobody is enrolled with this engine", "same --engine")


def test_an_engine_without_thresholds(enrolled: Untag) -> None:
    enrolled.add("a.png", paint(ME, serial=1))
    enrolled.engine.id = "fake-3"
    check(enrolled.run("scan", enrolled.photos), 2, "the engine fake-3 has no calibrated thresholds")


@pytest.fixture(params=["list", "people", "scan", "enroll", "report", "decide", "forget"])
def command(request: pytest.FixtureRequest, untag: Untag) -> Callable[..., Result]:
    """Each command that opens the database."""
    photo = untag.add("a.png", paint(ME, serial=1))
    arguments: dict[str, tuple[str | Path, ...]] = {
        "scan": (untag.photos,),
        "enroll": (photo,),
        "report": ("--output", untag.root / "report.html"),
        "decide": (photo, "--status", "keep"),
        "forget": ("--bystanders",),
    }
    name = request.param
    return lambda *before: untag.invoke([*map(str, before), name, *map(str, arguments.get(name, ()))])


def test_a_home_that_is_a_file(untag: Untag, command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    untag.home.write_text("not a folder")
    check(command("--home", untag.home), 2, "--home", "is a file")
    monkeypatch.setenv("UNTAG_HOME", str(untag.home))
    check(command(), 2, f"{untag.home} is a file, not a folder", "--home")


def test_a_home_that_cannot_be_written(
    untag: Untag, command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: object, flags: int, *_: object, **__: object) -> int:
        if "home" in str(path) and flags & os.O_CREAT:
            raise OSError(30, "Read-only file system", str(path))
        return real(path, flags, *_, **__)  # type: ignore[arg-type]

    untag.home.mkdir()
    real = os.open
    monkeypatch.setattr(os, "open", refuse)
    result = command("--home", untag.home)
    assert result.status == 2
    assert "Read-only file system" in result.err or "No photos have been scanned yet" in result.err
    assert "Traceback" not in result.err


def test_a_database_of_a_newer_version(untag: Untag, command: Callable[..., Result]) -> None:
    untag.enroll()
    with closing(sqlite3.connect(untag.home / "untag.db")) as db:
        db.execute("PRAGMA user_version = 99")
    check(command("--home", untag.home), 2, "newer")


def test_a_damaged_database(untag: Untag, command: Callable[..., Result]) -> None:
    untag.home.mkdir()
    (untag.home / "untag.db").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    check(command("--home", untag.home), 2, "untag.db is damaged", "Move it aside and scan again")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("jobs = 2\nengine = dlib\n", "(at line 2, column 10)"),
        ("jbos = 2\n", "unknown setting 'jbos'; did you mean 'jobs'"),
        ("jobs = -1\n", "jobs must be a whole number, at least 0, not -1"),
        ("jobs = 1000000\n", "jobs must be a whole number, at most 128, not 1000000"),
        (f"jobs = {'9' * 4000}\n", f"at most 128, not {'9' * 60}…"),
        (f"jobs = {'9' * 5000}\n", "a number is too long"),
        (f"max_megapixels = 1{'0' * 30}\n", "at most 100000, not 1000000000000000"),
        (f"jobs = {'[' * 5000}\n", "brackets are nested too deeply"),
        (f"thresholds = {'[' * 300}{']' * 300}\n", "thresholds must be a table with a number"),
        (f"thresholds = {'{a=' * 400}1{'}' * 400}\n", "nested too deeply"),
        ("engine = " + '"' + "x" * 100_000 + '"\n', "there is no engine"),
        ('device = "gpu"\n', "device must be one of auto, cpu, cuda"),
        ('engine = "dlip"\n', "there is no engine 'dlip'; there are dlib"),
        ("[thresholds]\nbeer = 0.5\n", "thresholds has no category 'beer'; there are alcohol, party"),
    ],
)
def test_a_broken_configuration(enrolled: Untag, text: str, sentence: str) -> None:
    enrolled.add("a.png", paint(ME, serial=1))
    (enrolled.home / "config.toml").write_text(text)
    check(enrolled.run("scan", enrolled.photos), 2, sentence)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("scan", "PHOTOS", "--engine", "dlip"), "there is no engine 'dlip'; there are dlib"),
        (("inspect", "PHOTOS", "--engine", "dlip"), "there is no engine 'dlip'; there are dlib"),
        (("scan", "PHOTOS", "--device", "gpu"), "'gpu' is not one of 'auto', 'cpu', 'cuda'"),
        (("scan", "PHOTOS", "--jobs", "-2"), "-2 is not in the range x>=0"),
        (("scan", "PHOTOS", "--jobs", "1000000"), "--jobs 1000000 is too many: at most 128"),
        (("scan", "PHOTOS", "--jobs", "9" * 5000), "is not a valid integer"),
        (("scan", "PHOTOS", "--jobs", "9" * 4000), "is too many"),
        (("scan",), "Missing argument 'PATH…'"),
        (("list", "--category", "beer"), "there is no category 'beer'; there are alcohol, party"),
        (("list", "--format", "xml"), "'xml' is not one of 'table', 'json', 'csv'"),
        (("decide", "PHOTOS/a.png"), "say one of --status STATUS, --suggested and"),
        (("decide", "PHOTOS/a.png", "--status", "keep", "--undo"), "say one of --status STATUS, --suggested and"),
        (("decide", "PHOTOS/b.png", "--status", "keep"), "b.png was not scanned yet; scan it first"),
        (("forget",), "say what to forget: --person NAME, --bystanders or --all"),
        (("forget", "--person", "Eve"), "nobody called Eve is enrolled; see: untag people"),
        (("report", "--output", "PHOTOS/no/where.html"), "does not exist, so no report can be written there"),
        (("report", "--output", "PHOTOS"), "is a directory"),
        (("report",), "Missing option '--output'"),
        (("scna", "PHOTOS"), "No such command 'scna'"),
        (("list", "--nope"), "No such option"),
    ],
)
def test_wrong_usage(enrolled: Untag, arguments: tuple[str, ...], sentence: str) -> None:
    enrolled.add("a.png", paint(ME, serial=1))
    assert enrolled.run("scan", enrolled.photos).status == 0
    result = enrolled.run(*(argument.replace("PHOTOS", str(enrolled.photos)) for argument in arguments))
    check(result, 2, sentence)
    assert result.out == ""


def test_the_device_must_run(enrolled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    from untag.engine.runtime.ort import onnx_runtime
    from untag.engine.runtime.session import Device, open_session

    monkeypatch.setattr(onnx_runtime(), "get_available_providers", lambda: ["CPUExecutionProvider"])

    def load(options: object) -> object:
        return open_session(b"", device=Device(options.device))  # type: ignore[attr-defined]

    monkeypatch.setattr("untag.faces.engine._ENGINES", {"dlib": load})
    enrolled.add("a.png", paint(ME, serial=1))
    result = enrolled.run("scan", enrolled.photos, "--device", "cuda")
    check(result, 2, "cuda is not available: install untag[gpu] on a machine with an NVIDIA driver")


def test_list_before_any_scan(untag: Untag) -> None:
    check(untag.run("list"), 0, "untag enroll PHOTO…", "untag scan FOLDER")
    assert untag.run("list", "--format", "json").out == "[]\n"
    assert untag.run("list", "--format", "csv").out.startswith("path,sha256,source,")


def test_report_before_any_scan(untag: Untag) -> None:
    check(untag.run("report", "--output", untag.root / "report.html"), 0, "wrote 0 photos to")


def test_report_of_photos_that_are_gone(enrolled: Untag) -> None:
    enrolled.add("a.png", paint(ME, serial=1))
    assert enrolled.run("scan", enrolled.photos).status == 0
    shutil.rmtree(enrolled.photos)
    check(enrolled.run("report", "--output", enrolled.root / "report.html"), 0, "wrote 1 photo to", "could not be read")
    assert "a.png" in (enrolled.root / "report.html").read_text()


def test_a_report_with_pictures_is_kept_while_the_photos_are_away(enrolled: Untag) -> None:
    enrolled.add("a.png", paint(ME, serial=1))
    report = enrolled.root / "report.html"
    assert enrolled.run("scan", enrolled.photos).status == 0
    assert enrolled.run("report", "--output", report).status == 0
    before = report.read_bytes()
    enrolled.photos.rename(enrolled.root / "away")
    check(enrolled.run("report", "--output", report), 4, "1 photo cannot be read now", "left as it is", "--force")
    assert report.read_bytes() == before
    check(enrolled.run("report", "--output", report, "--force"), 0, "1 photo could not be read now")
    assert b"The photo cannot be read now" in report.read_bytes()
    (enrolled.root / "away").rename(enrolled.photos)
    check(enrolled.run("report", "--output", report), 0, "wrote 1 photo to")
    assert report.read_bytes().count(b"data:image/") == 1


def test_inspect_goes_on_after_what_is_no_image(untag: Untag) -> None:
    untag.add("a.jpg", b"<html>gone</html>")
    untag.add("b.png", paint(ME, serial=1))
    result = untag.run("inspect", untag.photos, "--json")
    check(result, 1)
    first, second = (json.loads(line) for line in result.out.splitlines())
    assert (first["outcome"], first["error"]) == ("not-an-image", "not an image (it starts like a web page)")
    assert (first["faces"], first["scenes"], first["width"]) == ([], {}, 0)
    assert (second["outcome"], second["error"], len(second["faces"])) == ("ok", None, 1)
    check(untag.run("inspect", untag.photos), 1, "a.jpg: not an image", "b.png: 240 x 240, 1 face")


@pytest.mark.parametrize(
    ("kind", "table", "sentence"),
    [
        ("pairs", "left,right\na.png,a.png\n", "has no column same; evaluate pairs needs left, right, same"),
        ("people", "path,name\na.png,me\n", "has no column person; evaluate people needs path, person"),
        ("scenes", "", "has no column path, labels; evaluate scenes needs path, labels"),
        ("scenes", "path,labels\n", "has no rows"),
        ("pairs", "left,right,same\na.png\n", "line 2 has too few columns"),
        ("pairs", "left,right,same\na.png,a.png,yes\n", "same must be 0 or 1, not 'yes'"),
        ("pairs", "left,right,same\na.png,b.png,1\n", "no such file or folder: "),
        ("scenes", "path,labels\n,alcohol\n", "an empty path is not a photo"),
        ("scenes", "path,labels\nsub,alcohol\n", "sub is not a photo"),
        ("people", "path,person\na.png,me\n", "nobody has more than 3 photos with a face"),
        ("people", "path,person\nfaceless.png,me\n", "no face was found in any photo"),
        ("pairs", "left,right,same\nfaceless.png,a.png,1\n", "no pair has a face in both photos"),
    ],
)
def test_tables_that_cannot_be_evaluated(untag: Untag, kind: str, table: str, sentence: str) -> None:
    untag.add("a.png", paint(ME, serial=1))
    untag.add("faceless.png", paint(serial=2))
    (untag.photos / "sub").mkdir()
    path = untag.add("table.csv", table.encode())
    check(untag.run("evaluate", kind, path, "--json"), 2, sentence)


def test_a_table_that_is_missing_or_no_text(untag: Untag) -> None:
    path = untag.add("table.csv", b"\xff\xfe\x00")
    check(untag.run("evaluate", "scenes", path), 2, "table.csv cannot be read")
    check(untag.run("evaluate", "scenes", untag.root / "none.csv"), 2, "none.csv cannot be read")
    check(untag.run("evaluate", "scenes", untag.photos), 2, "is a directory")
