"""Photos whose file says where they were taken: that they are noticed, and that the place is not kept."""

from __future__ import annotations

import io
import json

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from fakes import ME, STRANGER, Square, Untag, paint

SECONDS = 29681
"""Thousandths, of latitude and longitude: a number that nothing else has."""


def photographed(*squares: Square, serial: int) -> bytes:
    """A picture as `paint` makes it, with coordinates."""
    exif = Image.Exif()
    latitude = (IFDRational(48), IFDRational(51), IFDRational(SECONDS, 1000))
    exif[0x8825] = {1: "N", 2: latitude, 3: "E", 4: (IFDRational(2), IFDRational(17), IFDRational(SECONDS, 1000))}
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(paint(*squares, serial=serial))) as image:
        image.save(buffer, "PNG", exif=exif.tobytes())
    return buffer.getvalue()


def test_a_scan_finds_photos_with_a_place(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", photographed(ME, serial=1))
    untag.add("b.png", paint(ME, serial=2))
    untag.add("c.png", photographed(STRANGER, serial=3))
    untag.scan("--all-scenes")
    # A stranger's photo is no finding for its place alone.
    found = {str(item["path"])[-5:]: item for item in untag.listed()}
    assert found.keys() == {"a.png", "b.png"}
    assert found["a.png"]["categories"] == {"location": 1.0}
    assert "location 100 %: GPS coordinates in the file" in found["a.png"]["reasons"]  # type: ignore[operator]
    assert (found["a.png"]["action"], found["b.png"]["categories"]) == ("keep", {})
    assert 30 > int(str(found["a.png"]["risk"])) > int(str(found["b.png"]["risk"]))
    assert [str(item["path"])[-5:] for item in untag.listed("--category", "location")] == ["a.png"]


def test_what_is_stored_has_no_coordinates(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", photographed(ME, serial=1))
    untag.scan()
    assert untag.listed()[0]["categories"] == {"location": 1.0}
    stored = b"".join(path.read_bytes() for path in untag.home.rglob("*") if path.is_file())
    for number in (f"{SECONDS / 1000}", "48.858", "48, 51", str(SECONDS)):
        assert number.encode() not in stored


def test_inspect_and_evaluate_see_the_same(untag: Untag) -> None:
    photo = untag.add("a.png", photographed(STRANGER, serial=1))
    untag.add("b.png", paint(STRANGER, serial=2))
    (seen,) = (json.loads(line) for line in untag.run("inspect", photo, "--json").out.splitlines())
    assert seen["scenes"]["location"] == 1.0
    assert "  location 100%: GPS coordinates in the file" in untag.run("inspect", photo).out.splitlines()
    table = untag.photos / "labels.csv"
    table.write_text("path,labels\na.png,location\nb.png,\n")
    figures = json.loads(untag.run("evaluate", "scenes", table, "--json").out)
    assert "location" not in figures["unavailable"]
    assert figures["categories"]["location"]["positives"] == 1
    assert figures["categories"]["location"]["auc"] == 1.0
    assert figures["categories"]["location"]["false_alarms_per_1000"] == 0
