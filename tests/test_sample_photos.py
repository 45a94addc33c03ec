"""The sample photos: the exports that they lie in, and from end to end with the real models on a few of them."""

from __future__ import annotations

import csv
import io
import json
import lzma
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakes import Result
from untag.cli.app import _run
from untag.scenes.categories import CATEGORIES, Category
from untag.sources.base import walk_all
from untag.sources.listing import Skipped
from untag.types import LinkConfidence, Origin, ReadError

SAMPLES = Path(__file__).parents[1] / "sample_photos"
REFERENCES = ("portrait.jpg", "at-home.jpg")
ARCHIVE = SAMPLES / "archive"
FACEBOOK = "facebook-ana-2025-01-04/your_facebook_activity/posts/media"
FRIDAY = "facebook-ana-2019-06-30/photos_and_videos/Friday_b7QxP2mLkA"
CHAT = "facebook-ana-2025-01-04/your_facebook_activity/messages/inbox/beamoor_1000000000500/photos"
NO_COPY = "facebook-ana-2025-01-04/(no copy here)"
TAKEOUT_OLD = "takeout-20240103T090000Z-001/Takeout/Google Photos"
TAKEOUT = "takeout-20250104T120000Z-001/Takeout/Google Photos"
ZIPPED = "takeout-20250104T120000Z-002.zip/Takeout/Google Photos/Photos from 2024"
GALLERY = "gallery-dl/facebook/Bea Moor/Birthday at the Otter (a.1000000000600)"
GALLERY_TAGGED = "gallery-dl/facebook/Ana Doe/Photos of Ana (t.1000000000009)"
PORTRAIT = f"{FACEBOOK}/Timelinephotos_1000000000400/1000000000401.jpg"
WINE = f"{FACEBOOK}/Mobileuploads_1000000000200/1000000000201.jpg"
NOBODY = f"{TAKEOUT_OLD}/Photos from 2023/IMG_20230916_214502.jpg"
RANGE = f"{TAKEOUT}/Photos from 2024/IMG_20240427_101500.jpg"
SOMEBODY_ELSE = "instaloader/bea.moor/2024-09-03_14-23-18_UTC_1.jpg"

PHOTO = "https://www.facebook.com/photo"
GOOGLE = "https://photos.google.com/photo/AF1QipEXAMPLE"

# What the archives say, one row or more of each: platform, permalink, poster, people.
ROWS: dict[str, tuple[str | None, str | None, str | None, tuple[str, ...]]] = {
    WINE: ("facebook", f"{PHOTO}/?fbid=1000000000201&set=a.1000000000200", "Ana Doe", ("Carl Venn",)),
    PORTRAIT: ("facebook", f"{PHOTO}/?fbid=1000000000401&set=a.1000000000400", "Ana Doe", ()),
    f"{FACEBOOK}/Weekendinthehills_1000000000300/1000000000301.jpg": (
        "facebook",
        f"{PHOTO}/?fbid=1000000000301&set=a.1000000000300",
        "Ana Doe",
        ("Bea Moor",),
    ),
    f"{FRIDAY}/10102_1000000000102_20102_n_1000000000102.jpg": (
        "facebook",
        f"{PHOTO}/?fbid=1000000000102",
        "Ana Doe",
        ("Bea Moor",),
    ),
    f"{CHAT}/1000000000501.jpg": ("facebook", None, "Bea Moor", ()),
    f"{CHAT}/1000000000502.jpg": ("facebook", None, "Bea Moor", ()),
    f"{NO_COPY}/1000000000611": ("facebook", f"{PHOTO}.php?fbid=1000000000611", None, ("Ana Doe",)),
    f"{NO_COPY}/1000000000622": ("facebook", f"{PHOTO}.php?fbid=1000000000622", None, ("Ana Doe",)),
    f"{NO_COPY}/1000000000633": ("facebook", f"{PHOTO}.php?fbid=1000000000633", None, ("Ana Doe",)),
    f"{NO_COPY}/1000000000644": ("facebook", f"{PHOTO}.php?fbid=1000000000644", None, ("Ana Doe",)),
    f"{GALLERY}/1000000000605.jpg": (
        "facebook",
        f"{PHOTO}/?fbid=1000000000605&set=a.1000000000600",
        "Bea Moor",
        (),
    ),
    f"{GALLERY_TAGGED}/1000000000702.jpg": (
        "facebook",
        f"{PHOTO}/?fbid=1000000000702&set=t.1000000000009",
        None,
        ("Ana Doe",),
    ),
    "gallery-dl/instagram/carl.venn/9000000000000000801.jpg": (
        "instagram",
        "https://www.instagram.com/p/example-801/",
        "carl.venn",
        ("ana.doe",),
    ),
    "instagram-ana-2025-01-05/media/posts/202410/17800000000000118.webp": ("instagram", None, "ana.doe", ()),
    "instagram-ana-2025-01-05/media/stories/202412/17800000000000344.webp": ("instagram", None, "ana.doe", ()),
    SOMEBODY_ELSE: ("instagram", "https://www.instagram.com/p/example-901/", "bea.moor", ()),
    SOMEBODY_ELSE.replace("_1.", "_2."): (
        "instagram",
        "https://www.instagram.com/p/example-901/",
        "bea.moor",
        ("ana.doe",),
    ),
    NOBODY: ("google_photos", f"{GOOGLE}20230916214502", None, ()),
    RANGE: ("google_photos", f"{GOOGLE}20240427101500", None, ("Ana Doe",)),
    f"{TAKEOUT_OLD}/Christmas 2023/IMG_20231224_181530.jpg": (
        "google_photos",
        f"{GOOGLE}20231224181530",
        None,
        ("Ana Doe", "Bea Moor"),
    ),
    f"{ZIPPED}/IMG_20240802_201010-edited.jpg": (
        "google_photos",
        f"{GOOGLE}20240802201010",
        None,
        ("Ana Doe", "Bea Moor"),
    ),
    "Phone backup/DCIM/Camera/20231224_181530.jpg": (None, None, None, ()),
    "Phone backup/DCIM/Camera/20240622_190355.jpg": (None, None, None, ("Ana Doe",)),
}


def told() -> dict[str, tuple[str, Origin]]:
    """The source and origin of everything in the archive, by its path there."""
    found = {}
    for listing in walk_all([ARCHIVE]):
        for entry in listing.entries:
            assert not isinstance(entry, ReadError | Skipped), entry
            found[Path(entry.path).relative_to(ARCHIVE).as_posix()] = (entry.source, entry.origin)
    return found


def test_the_archives_say_what_they_were_made_to_say() -> None:
    if not ARCHIVE.is_dir():
        pytest.skip("the sample photos are not here")
    found = told()
    rows = {path: found[path][1] for path in ROWS}
    assert {path: (o.platform, o.permalink, o.poster, o.people) for path, o in rows.items()} == ROWS
    assert rows[WINE].permalink_confidence is LinkConfidence.PROBABLE
    assert rows[RANGE].permalink_confidence is LinkConfidence.CERTAIN
    assert found[f"{FACEBOOK}/Weekendinthehills_1000000000300/1000000000304.jpg"][1] == Origin(
        "facebook",
        f"{PHOTO}/?fbid=1000000000304&set=a.1000000000300",
        LinkConfidence.PROBABLE,
        poster="Ana Doe",
        people=("Bea Moor",),
        caption="Last bottle at the Café Aurora",
        album="Weekend in the hills",
        taken_at="2024-07-13T21:17:40+00:00",
        posted_at="2024-07-14T20:41:07+00:00",
    )
    nothing_said = {path for path, (source, _) in found.items() if source == "folder"}
    assert nothing_said == {f"Phone backup/DCIM/Camera/{name}.jpg" for name in ("20231224_181530", "20240310_154412")}


def test_every_file_of_the_archives_is_understood(capfd: pytest.CaptureFixture[str]) -> None:
    if not ARCHIVE.is_dir():
        pytest.skip("the sample photos are not here")
    assert _run(["sources", str(ARCHIVE), "--json"]) == 0
    overviews = json.loads(capfd.readouterr().out)
    assert [(o["missing"], o["unknown"]) for o in overviews] == [([], [])] * len(overviews)
    assert sum(o["without_copy"] for o in overviews) == 4
    assert {o["source"] for o in overviews} == {
        *("facebook", "instagram", "google_takeout", "gallery_dl", "instaloader", "xmp_sidecar", "folder")
    }


def content(path: Path) -> bytes:
    """How small xz makes a file depends on its version."""
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def test_the_scripts_write_the_archives_as_they_are(tmp_path: Path) -> None:
    if not ARCHIVE.is_dir():
        pytest.skip("the sample photos are not here")
    (archive,) = ARCHIVE.glob("*.zip")
    (tmp_path / "archive").mkdir()
    shutil.copy(archive, tmp_path / "archive")
    script = SAMPLES / "make" / "exports.py"
    subprocess.run([sys.executable, "-B", script, "--output", tmp_path], check=True)
    made = {path.relative_to(tmp_path / "archive"): path for path in tmp_path.rglob("*") if path.is_file()}
    there = {path.relative_to(ARCHIVE): path for path in ARCHIVE.rglob("*") if path.is_file()}
    photos = {".jpg", ".png", ".webp"}
    assert made.keys() == {name for name in there if name.suffix not in photos}
    assert [str(name) for name in made if content(made[name]) != content(there[name])] == []


def test_the_enrolled_person_is_found_among_others(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wanted = [SAMPLES / "me" / name for name in REFERENCES]
    wanted += [SAMPLES / "archive" / name for name in (PORTRAIT, WINE, NOBODY, SOMEBODY_ELSE)]
    missing = [path.name for path in wanted if not path.is_file()]
    if missing:
        pytest.skip(f"sample photos are missing: {', '.join(missing)}")
    photos = tmp_path / "photos"
    photos.mkdir()
    for path in wanted[2:]:
        shutil.copy(path, photos)
    shutil.copy(photos / Path(WINE).name, photos / "copy of wine.jpg")
    (photos / "broken.jpg").write_bytes((photos / Path(WINE).name).read_bytes()[:5000])

    def untag(*arguments: str | Path) -> tuple[int, str]:
        capfd.readouterr()
        status = _run(["--home", str(tmp_path / "home"), *map(str, arguments)])
        return status, capfd.readouterr().out

    assert untag("enroll", *wanted[:2], "--device", "cpu")[0] == 0
    status, out = untag("scan", photos, "--device", "cpu", "--json")
    assert status == 1
    summary = json.loads(out)
    assert (summary["photos"], summary["analysed"], summary["copies"], summary["me"]) == (6, 5, 1, 2)
    assert [Path(item["path"]).name for item in summary["unreadable"]] == ["broken.jpg"]
    status, out = untag("list", "--format", "json")
    assert status == 0
    found = {Path(item["path"]).name: item for item in json.loads(out)}
    assert found.keys() == {Path(PORTRAIT).name, Path(WINE).name, "copy of wine.jpg"}
    assert {item["verdict"] for item in found.values()} == {"me"}
    assert found[Path(PORTRAIT).name]["categories"] == {}
    assert found[Path(WINE).name]["categories"].keys() == {"alcohol"}
    assert found[Path(WINE).name]["risk"] > 30 > found[Path(PORTRAIT).name]["risk"]
    assert sum(item["duplicate_of"] is None for item in found.values()) == 2


def test_a_face_is_searched_for_among_the_sample_photos(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Another portrait of the person finds the photos that show her, and none that shows somebody else."""
    probe = SAMPLES / "me" / "library.jpg"
    photos = [SAMPLES / "archive" / name for name in (PORTRAIT, WINE, SOMEBODY_ELSE, NOBODY)]
    if missing := [path.name for path in (probe, *photos) if not path.is_file()]:
        pytest.skip(f"sample photos are missing: {', '.join(missing)}")
    folder = tmp_path / "photos"
    folder.mkdir()
    for path in photos:
        shutil.copy(path, folder)
    home = ["--home", str(tmp_path / "home")]
    assert _run([*home, "enroll", str(SAMPLES / "me" / "portrait.jpg"), "--device", "cpu"]) == 0
    assert _run([*home, "scan", str(folder), "--device", "cpu"]) == 0
    capfd.readouterr()
    assert _run([*home, "search", str(probe), "--format", "json", "--device", "cpu"]) == 0
    said = capfd.readouterr().out
    found = {Path(row["path"]).name: row["similarity"] for row in json.loads(said)}
    assert {name for name, similarity in found.items() if similarity > 0.9} == {Path(PORTRAIT).name, Path(WINE).name}
    assert all(similarity < 0.5 for similarity in sorted(found.values())[:-2])


def test_sample_photos_show_what_they_were_made_to_show(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shown = {WINE: {"alcohol"}, RANGE: {"weapon"}, PORTRAIT: set(), SOMEBODY_ELSE: set(), NOBODY: {"alcohol"}}
    photos = {SAMPLES / "archive" / name: categories for name, categories in shown.items()}
    photos |= {path: set() for path in sorted((SAMPLES / "me").glob("*.jpg"))}
    if missing := [path.name for path in photos if not path.is_file()]:
        pytest.skip(f"sample photos are missing: {', '.join(missing)}")
    assert _run(["--home", str(tmp_path), "inspect", *map(str, photos), "--json", "--device", "cpu"]) == 0
    flagged = [
        {name for name, score in json.loads(line)["scenes"].items() if score >= CATEGORIES[Category(name)].threshold}
        for line in capfd.readouterr().out.splitlines()
    ]
    assert dict(zip(photos, flagged, strict=True)) == photos


def numbers(sentence: str) -> dict[str, int]:
    """What a sentence of counts says: each number by the words after it."""
    return {words: int(number) for number, words in re.findall(r"(\d+) ([^;]+)", sentence)}


def test_every_command_counts_the_same(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if not ARCHIVE.is_dir():
        pytest.skip("the sample photos are not here")

    def untag(*arguments: str | Path) -> Result:
        capfd.readouterr()
        status = _run(["--home", str(tmp_path / "home"), *map(str, arguments)])
        said = capfd.readouterr()
        return Result(status, said.out, said.err)

    names = ("--called", "Ana Doe", "--called", "ana.doe")
    assert untag("enroll", SAMPLES / "me", *names, "--device", "cpu").status == 0
    overviews = json.loads(untag("sources", ARCHIVE, "--json").out)
    summary = json.loads(untag("scan", ARCHIVE, "--device", "cpu", "--json").out)
    again = untag("scan", ARCHIVE, "--device", "cpu")
    rows = json.loads(untag("list", "--format", "json").out)
    table = untag("list").out.splitlines()
    csv_rows = list(csv.DictReader(io.StringIO(untag("list", "--format", "csv").out, newline="")))
    report = untag("report", "--output", tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text("utf-8")

    # Files, as archives have them.
    assert summary["photos"] == sum(overview["photos"] for overview in overviews) == 53
    assert summary["told"] == sum(overview["without_copy"] for overview in overviews) == 4
    # Photos, each with its copies counted once.
    photos = [row for row in rows if row["duplicate_of"] is None]
    counts = summary["findings"]
    assert counts["photos"] == summary["new_findings"] == counts["new"] == len(photos)
    assert len({row["group"] for row in rows}) == len({row["group"] for row in csv_rows}) == counts["photos"]
    assert counts["photos"] + counts["copies"] == len(rows) == len(csv_rows)
    assert counts["showing_you"] == summary["me"] == sum(row["verdict"] == "me" for row in photos)
    assert counts["unsure"] == summary["maybe"] == sum(row["verdict"] == "maybe" for row in photos)
    assert counts["without_file"] == sum(row["sha256"] is None for row in photos) == 4
    assert sum(len(row["places"]) for row in rows) == len(rows)
    # In the same words everywhere.
    sentence = table[-1]
    assert numbers(sentence) == {
        "photos show you": counts["showing_you"],
        "with something you may not want online": counts["flagged"],
        "to check": counts["unsure"],
        "reported without a file": counts["without_file"],
        "copies folded in": counts["copies"],
    }
    assert sentence in again.err.splitlines() + again.out.splitlines()
    assert f"wrote {counts['photos']} photos to " in report.err
    assert report.err.rstrip().endswith(sentence)
    assert html.count('<li class="card') == counts["photos"]
    tiles = dict(re.findall(r"<dt>([^<]*)</dt><dd>(\d+)</dd>", html))
    assert [int(tiles[name]) for name in ("show you", "to check", "reported without a file", "copies folded in")] == [
        *(counts["showing_you"], counts["unsure"], counts["without_file"], counts["copies"]),
    ]
    shown = [line.split()[0] for line in table[1:-1] if re.match(r"[k-z]{10} ", line)]
    assert sorted(shown) == sorted(row["id"] for row in photos)
