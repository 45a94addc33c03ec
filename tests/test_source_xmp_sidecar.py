"""XMP sidecars: which photo each tells of, and whom it names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_up_archives import MadeUpFiles
from untag.sources.base import walk_all
from untag.sources.readers.xmp_sidecar import READER
from untag.types import Origin, PhotoRef


def sidecar(*names: str) -> str:
    people = "".join(f"<rdf:li>{name}</rdf:li>" for name in names)
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
        f"<Iptc4xmpExt:PersonInImage><rdf:Bag>{people}</rdf:Bag></Iptc4xmpExt:PersonInImage>"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


@pytest.mark.parametrize(
    ("photos", "sidecars", "expected"),
    [
        (["a.jpg"], {"a.jpg.xmp": ["Ana"]}, {"a.jpg": ("Ana",)}),
        (["a.jpg"], {"a.xmp": ["Ana", "Bea"]}, {"a.jpg": ("Ana", "Bea")}),
        (["A.JPG"], {"a.jpg.XMP": ["Ana"]}, {"A.JPG": ("Ana",)}),
        (["a.jpg", "A.jpg"], {"a.jpg.xmp": ["Ana"], "A.jpg.xmp": ["Bea"]}, {"a.jpg": ("Ana",), "A.jpg": ("Bea",)}),
        (["a.jpg"], {"a.jpg.xmp": ["Ana"], "a.xmp": ["Ana", "Bea"]}, {"a.jpg": ("Ana", "Bea")}),
        # Of two with the same stem it is not known which one is meant.
        (["a.jpg", "a.png"], {"a.xmp": ["Ana"]}, {}),
        (["a.jpg", "a.png"], {"a.png.xmp": ["Ana"]}, {"a.png": ("Ana",)}),
        (["a.jpg"], {"b.xmp": ["Ana"], "a.raw.xmp": ["Ana"]}, {}),
        (["a.jpg"], {"a.jpg.xmp": []}, {}),
    ],
)
def test_people_in_photos(
    photos: list[str], sidecars: dict[str, list[str]], expected: dict[str, tuple[str, ...]]
) -> None:
    files = MadeUpFiles(dict.fromkeys(photos, "photo") | {name: sidecar(*who) for name, who in sidecars.items()})
    assert READER.sniff(files)
    description = READER.describe(files)
    assert description.origins == {name: Origin(people=people) for name, people in expected.items()}
    assert description.errors == ()


def test_utf_16_is_read_and_what_is_no_xml_is_an_error() -> None:
    wide = ('<?xml version="1.0" encoding="UTF-16"?>' + sidecar("Zoë")).encode("utf-16")
    files = MadeUpFiles({"a.jpg": "", "b.jpg": "", "a.jpg.xmp": wide, "b.jpg.xmp": "PersonInImage, no XML"})
    description = READER.describe(files)
    assert description.origins == {"a.jpg": Origin(people=("Zoë",))}
    assert description.understood == {"a.jpg.xmp"}
    assert [error.path for error in description.errors] == ["archive/b.jpg.xmp"]


def test_a_long_sidecar_without_names_is_no_error() -> None:
    files = MadeUpFiles({"a.jpg": "", "a.xmp": f"<x:xmpmeta>{'mask' * 500_000}</x:xmpmeta>"})
    assert READER.describe(files).errors == ()


def test_a_sidecar_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"photo")
    (tmp_path / "a.jpg.xmp").write_text(sidecar("Ana"))
    (listing,) = walk_all([tmp_path], readers=[READER])
    (ref,) = listing.entries
    assert isinstance(ref, PhotoRef)
    assert (ref.source, ref.origin.people) == ("xmp_sidecar", ("Ana",))


@given(st.binary(max_size=300))
def test_whatever_a_sidecar_holds_nothing_is_raised(data: bytes) -> None:
    READER.describe(MadeUpFiles({"a.jpg": "", "a.jpg.xmp": data}))
