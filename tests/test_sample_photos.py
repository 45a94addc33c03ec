"""From end to end with the real models, on a few of the sample photos."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from untag.cli.app import _run
from untag.scenes.categories import CATEGORIES, Category

SAMPLES = Path(__file__).parents[1] / "sample_photos"
REFERENCES = ("portrait.jpg", "at-home.jpg")
FACEBOOK = "facebook-ana-2025-01-04/your_facebook_activity/posts/media"
PORTRAIT = f"{FACEBOOK}/Timelinephotos_1002003001/4005008200.jpg"
WINE = f"{FACEBOOK}/Mobileuploads_1002003004/4005006007.jpg"
NOBODY = "Takeout/Google Photos/Photos from 2023/IMG_20230916_214502.jpg"
RANGE = "Takeout/Google Photos/Photos from 2024/IMG_20240427_101500.jpg"
SOMEBODY_ELSE = "instaloader/bea.moor/2024-09-03_14-23-18_UTC_1.jpg"


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
    assert (summary["photos"], summary["analysed"], summary["copies"], summary["me"]) == (6, 4, 1, 2)
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
