"""untag sources: what archives hold, in words and as JSON; and archives that are read as the one that is named."""

from __future__ import annotations

import json

from fakes import Untag
from miniature_archives import MINIATURES, unpack, zipped

SIDECAR = "Takeout/Google Photos/Trip/IMG_1.jpg.supplemental-metadata.json"


def test_an_archive_in_words(untag: Untag) -> None:
    unpack(MINIATURES["facebook"], untag.photos / "export")
    untag.add("export/harmless.txt", b"?")
    untag.add("export/x/a b.jpg", b"\xff\xd8\xff\xe0")
    untag.add("export/x/of_next_year.json", b'{"photo": "x/a%20b.jpg", "other": "https://example.org/c.jpg"}')
    untag.add("export/x/of_the_site.html", b"<img src='logo.png'>")
    result = untag.run("sources", untag.photos)
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines() == [
        f"facebook: {untag.photos}/export",
        "  2 photo files, 2021-12-26 to 2021-12-26",
        "  account of Ana Doe; if that is you: untag enroll --called 'Ana Doe'",
        "  1 more photo reported without a file: it has a link, but no copy",
        "  links: 1 certain, 1 probable",
        "  posted by: Ana Doe (1)",
        "  people named: Ana Doe (1)",
        f"  not understood, though photos are named there: {untag.photos}/export/x/of_next_year.json",
    ]


def test_what_parts_have_in_common_is_said(untag: Untag) -> None:
    files = MINIATURES["facebook"]
    for number in (1, 2):
        untag.add(f"facebook-ana-2024-01-01-AbCdEfG{number}.zip", zipped(files))
    lines = untag.run("sources", untag.photos).out.splitlines()
    assert [line for line in lines if "note" in line] == [
        f"  note: {len(files)} files that several parts have in common, counted once"
    ]


def test_the_same_as_json(untag: Untag) -> None:
    untag.add("export.zip", zipped(MINIATURES["facebook"]))
    (overview,) = json.loads(untag.run("sources", untag.photos / "export.zip", "--json").out)
    assert (overview["source"], overview["photos"], overview["without_copy"]) == ("facebook", 1, 1)
    assert (overview["links"], overview["owner"]) == ({"probable": 1, "certain": 1}, ["Ana Doe"])


def test_nothing_is_stored(untag: Untag) -> None:
    unpack(MINIATURES["instagram"], untag.photos)
    assert untag.run("sources", untag.photos).status == 0
    assert not untag.home.exists()


def test_what_cannot_be_read_is_named(untag: Untag) -> None:
    untag.add("a.zip", b"no zip")
    result = untag.run("sources", untag.photos)
    assert result.status == 1
    assert "there are no photos in what you gave" in result.err
    assert "a.zip: it is not a zip archive" in result.err


def test_a_source_that_is_named(untag: Untag) -> None:
    unpack(MINIATURES["facebook"], untag.photos)
    untag.enroll()
    assert "flickr" not in untag.run("sources", untag.photos, "--source", "flickr").out
    assert untag.run("sources", untag.photos, "--source", "facebook").out.startswith("facebook: ")
    for command in ("sources", "scan"):
        result = untag.run(command, untag.photos, "--source", "myspace")
        assert result.status == 2
        assert "there is no source 'myspace'; there are facebook, instagram" in result.err


def test_what_lies_in_two_folders_is_told_apart(untag: Untag) -> None:
    for number, folder in enumerate(("takeout-1", "more/takeout-2"), start=1):
        unpack(MINIATURES["google_takeout"], untag.photos / folder)
        unpack(MINIATURES["gallery_dl"], untag.photos / "gallery-dl" / f"bea-{number}")
    unpack(MINIATURES["google_takeout"], untag.photos)
    unpack({"IMG_2.jpg": b"?", "IMG_2.jpg.json": MINIATURES["google_takeout"][SIDECAR]}, untag.photos)
    untag.add("a/b/plain.jpg", b"?")

    def roots(*paths: str) -> list[tuple[str, str]]:
        found = json.loads(untag.run("sources", *(untag.photos / path for path in paths), "--json").out)
        return sorted((item["source"], item["path"].removeprefix(str(untag.photos))) for item in found)

    assert roots("") == [
        ("folder", ""),
        ("gallery_dl", "/gallery-dl"),
        ("google_takeout", ""),
        ("google_takeout", "/Takeout"),
        ("google_takeout", "/more"),
        ("google_takeout", "/takeout-1"),
    ]
    assert roots("more", "gallery-dl") == [
        ("gallery_dl", "/gallery-dl/bea-1"),
        ("gallery_dl", "/gallery-dl/bea-2"),
        ("google_takeout", "/more/takeout-2"),
    ]


def test_a_scan_asks_whose_account_an_archive_is_of(untag: Untag) -> None:
    unpack(MINIATURES["facebook"], untag.photos / "export")
    untag.enroll()
    asked = "the account Ana Doe, so its posts count as yours; if that is you: untag enroll --called 'Ana Doe'"
    said = untag.run("scan", untag.photos).err
    assert asked in said
    assert "if not: untag enroll --not-called 'Ana Doe'" in said
    assert untag.run("enroll", "--called", "Ana Doe").status == 0
    assert asked not in untag.run("scan", untag.photos).err
