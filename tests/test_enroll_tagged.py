"""Enrolment by the names in photos: which faces are taken, and what is said of the others."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from fakes import ME, STRANGER, Result, Square, Untag, paint
from test_imaging_xmp import bag, mwg, packet, region
from untag.faces.geometry import iou
from untag.people import tagged
from untag.sources.base import walk_all
from untag.sources.readers import picasa
from untag.store import Store, references
from untag.types import Box

FIRST, SECOND = 'x="0.16" y="0.23" w="0.3" h="0.3"', 'x="0.47" y="0.23" w="0.3" h="0.3"'
"""Where the first and the second square of a picture are, in a region somewhat larger and not quite in the middle."""

UNLIKE = "looks unlike the other references, so it is not used; is it the same person?"


def tag(picture: bytes, metadata: bytes) -> bytes:
    """A picture of `paint` with metadata."""
    out, info = io.BytesIO(), PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", metadata.decode())
    Image.open(io.BytesIO(picture)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def keyword(*names: str) -> bytes:
    return packet(f"<digiKam:TagsList>{bag(*(f'People/{name}' for name in names))}</digiKam:TagsList>")


def regions(*named: tuple[str, str]) -> bytes:
    return mwg(*(region(name, area) for name, area in named), size=(240, 240))


def enroll(untag: Untag, name: str = "Ana", *arguments: str) -> Result:
    return untag.run("enroll", "--from-tags", name, untag.photos, *arguments)


def said(result: Result) -> dict[str, str]:
    """What was said of each photo, by its name."""
    lines = [line.split("  ", 1) for line in result.out.splitlines()]
    pairs = [(mark, *rest.strip().split(": ", 1)) for mark, rest in lines]
    return {Path(path).name: note if mark == "not used" else "used" for mark, path, note in pairs}


@pytest.mark.parametrize(
    ("picture", "metadata", "expected"),
    [
        # By the region, whoever else is in the photo.
        (paint(ME), regions(("Ana", FIRST)), "used"),
        (paint(ME, STRANGER), regions(("Ana", FIRST)), "used"),
        (paint(STRANGER, ME), regions(("Bea", FIRST), ("Ana", SECOND)), "used"),
        (paint(STRANGER, ME), regions(("ANA", SECOND)), "used"),
        # By the name alone, where it is the only one and so is the face.
        (paint(ME), keyword("Ana"), "used"),
        (paint(ME), keyword("Ana", "ana"), "used"),
        (paint(ME, STRANGER), keyword("Ana"), "2 faces were found, and nothing says which one is meant"),
        (paint(ME), keyword("Ana", "Bea"), "2 people are named in it, and nothing says which face is whose"),
        (paint(), keyword("Ana"), "no face was found"),
        # The face that was meant was not found: that of somebody else is not taken for it.
        (paint(STRANGER), regions(("Ana", SECOND)), "no face was found where the name is in the photo"),
        (
            paint(STRANGER),
            regions(("Bea", FIRST), ("Ana", 'x="0.2" y="0.25" w="0.4" h="0.4"')),
            "no face was found where the name is in the photo",
        ),
        (
            paint(STRANGER),
            regions(("Ana", 'x="0.5" y="0.5" w="1" h="1"')),
            "no face was found where the name is in the photo",
        ),
        # What no reference may be.
        (paint(Square(side=50)), keyword("Ana"), "the face is 50 pixels wide; at least 60 are needed"),
        (paint(Square(clear=False)), keyword("Ana"), "the face is too blurred, or turned too far away"),
    ],
)
def test_which_face_is_meant(untag: Untag, picture: bytes, metadata: bytes, expected: str) -> None:
    untag.add("a.png", tag(picture, metadata))
    result = enroll(untag)
    assert said(result) == {"a.png": expected}
    assert result.status == (0 if expected == "used" else 1)
    with Store.open(untag.home) as store:
        faces = [item.face for item in references(store, "me")]
    vectors = [face.embedding.tolist() for face in faces if face.embedding is not None]
    assert vectors == ([ME.embedding.tolist()] if expected == "used" else [])


def test_photos_of_others_are_neither_taken_nor_mentioned_nor_looked_at(untag: Untag) -> None:
    untag.add("a.png", tag(paint(ME, serial=1), keyword("Ana")))
    untag.add("b.png", tag(paint(STRANGER, serial=2), keyword("Bea")))
    untag.add("c.png", paint(ME, serial=3))
    untag.add("d/copy.png", tag(paint(ME, serial=1), keyword("Ana")))
    result = enroll(untag, "ana", "--person", "Ana")
    assert said(result) == {"a.png": "used"}
    assert result.err.startswith("Ana is enrolled with 1 photo\n")
    assert dict(untag.engine.analysed) == {1: 1}


def test_a_wrong_tag_is_an_outlier(untag: Untag) -> None:
    for number, square in enumerate((ME, Square(off=0.1), STRANGER, Square(off=0.2))):
        untag.add(f"{number}.png", tag(paint(square, serial=number), keyword("Ana")))
    assert said(enroll(untag)) == {"0.png": "used", "1.png": "used", "2.png": UNLIKE, "3.png": "used"}


def test_the_best_of_every_folder(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagged, "MOST_REFERENCES", 3)
    for number in range(4):
        untag.add(f"2019/{number}.png", tag(paint(Square(off=number / 100), serial=number), keyword("Ana")))
    untag.add("2024/9.png", tag(paint(Square(off=0.2), serial=9), keyword("Ana")))
    result = enroll(untag)
    assert said(result) == {"0.png": "used", "1.png": "used", "9.png": "used"}
    assert result.err.startswith("2 more would do as well and are not needed\nme is enrolled with 3 photos\n")


def test_names_that_only_a_source_gives(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagged, "walk_all", partial(walk_all, readers=[picasa.READER]))
    untag.add("a.png", paint(ME, serial=1))
    untag.add("b.png", tag(paint(ME, serial=2), keyword("Ana Doe", "Bea")))
    id_ = "8e62b2035b74b477"
    faces = "".join(f"[{name}.png]\nfaces=rect64(3f845bcb59418507),{id_}\n" for name in "ab")
    untag.add(".picasa.ini", f"{faces}[Contacts2]\n{id_}=Ana Doe;;\n".encode())
    assert said(enroll(untag, "Ana Doe")) == {
        "a.png": "used",
        "b.png": "2 people are named in it, and nothing says which face is whose",
    }


def test_unreadable_photos_are_listed(untag: Untag) -> None:
    untag.add("a.png", tag(paint(ME), keyword("Ana")))
    untag.add("b.png", tag(paint(ME), keyword("Ana"))[:-50])
    untag.add("c.png", b"no picture, and no names")
    result = enroll(untag)
    assert result.status == 1
    assert said(result)["a.png"] == "used"
    assert said(result)["b.png"].startswith("the picture is cut off")
    assert "c.png" not in said(result)


@pytest.mark.parametrize(
    ("people", "wanted", "message"),
    [
        ([["Ana Doe"], ["Ana Doe", "Bea"], ["Zoë"]], "Anna Doe", "the nearest names are Ana Doe (2 photos)"),
        ([["Ana Doe"], ["Zoë"]], "ana", "the nearest names are Ana Doe (1 photo)"),
        ([["Ana Maria Doe"], ["Zoë"]], "Mari", "the nearest names are Ana Maria Doe (1 photo)"),
        ([["Ana Doe"], ["Zoë"]], "Zoe", "the nearest names are Zoë (1 photo)"),
        ([["Ana"], ["Bea"], ["Bea"]], "Xerxes", "the most frequent names are Bea (2 photos), Ana (1 photo)"),
        ([], "Ana", "no photo there says who is in it"),
    ],
)
def test_nobody_of_that_name(untag: Untag, people: list[list[str]], wanted: str, message: str) -> None:
    untag.add("plain.png", paint(ME))
    for number, names in enumerate(people):
        untag.add(f"{number}.png", tag(paint(ME, serial=number), keyword(*names)))
    result = enroll(untag, wanted)
    assert result.status == 2
    assert f"nobody is called {wanted!r}" in result.err
    assert result.err.rstrip().endswith(message)
    with Store.open(untag.home) as store:
        assert references(store) == []


def test_the_name_needs_a_place_to_look(untag: Untag) -> None:
    assert "say where to look for the name" in untag.run("enroll", "--from-tags", "Ana", "--confirmed").err
    assert untag.run("enroll", "--from-tags", "Ana").status == 2
    result = enroll(untag, "Ana", "--person", " ")
    assert result.status == 2


def test_overlap() -> None:
    assert iou(Box(0, 0, 2, 2), Box(1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert iou(Box(0, 0, 2, 2), Box(2, 0, 3, 2)) == 0
