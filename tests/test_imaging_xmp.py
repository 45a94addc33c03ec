"""People named in a photo's own metadata: whatever wrote them, however the picture is stored, and hostile ones."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from test_imaging_exif import STORED
from untag.errors import ReadFailure
from untag.imaging import xmp
from untag.imaging.decode import decode
from untag.imaging.rdf import MOST_BYTES
from untag.imaging.xmp import MOST_NAMES, may_name_people, read_named, read_people
from untag.support.words import name_key
from untag.types import Box, NamedFace

NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "MP": "http://ns.microsoft.com/photo/1.2/",
    "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "mediapro": "http://ns.iview-multimedia.com/mediapro/1.0/",
    "acdsee": "http://ns.acdsee.com/iptc/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
ANA = Box(20, 20, 40, 60)
"""Where Ana's face is in an upright picture of 100 by 200."""


def packet(body: str, attributes: str = "") -> bytes:
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {spaces} {attributes}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="w"?>\0'
    ).encode()


def bag(*items: str, kind: str = "Bag") -> str:
    return (
        f"<rdf:{kind}>"
        + "".join(item if item[:7] == "<rdf:li" else f"<rdf:li>{item}</rdf:li>" for item in items)
        + f"</rdf:{kind}>"
    )


def mwg(*regions: str, size: tuple[int, int] | None = (100, 200)) -> bytes:
    applied = "" if size is None else f'<mwg-rs:AppliedToDimensions stDim:w="{size[0]}" stDim:h="{size[1]}"/>'
    inner = f"{applied}<mwg-rs:RegionList>{bag(*regions)}</mwg-rs:RegionList>"
    return packet(f'<mwg-rs:Regions rdf:parseType="Resource">{inner}</mwg-rs:Regions>')


def region(name: str = "Ana", area: str = 'x="0.3" y="0.2" w="0.2" h="0.2"', kind: str = 'mwg-rs:Type="Face"') -> str:
    fields = " ".join(f"stArea:{part}" for part in area.split())
    return f'<rdf:li><rdf:Description mwg-rs:Name="{name}" {kind}><mwg-rs:Area {fields}/></rdf:Description></rdf:li>'


ELEMENTS = """<rdf:li rdf:parseType="Resource">
    <mwg-rs:Area rdf:parseType="Resource">
      <stArea:x>0.3</stArea:x> <stArea:y>0.2</stArea:y> <stArea:w>0.2</stArea:w> <stArea:h>0.2</stArea:h>
      <stArea:unit>normalized</stArea:unit>
    </mwg-rs:Area>
    <mwg-rs:Name>Ana</mwg-rs:Name> <mwg-rs:Type>Face</mwg-rs:Type>
  </rdf:li>"""


def microsoft(rectangle: str | None = "0.2, 0.1, 0.2, 0.2", name: str = "Ana") -> bytes:
    where = "" if rectangle is None else f'MPReg:Rectangle="{rectangle}"'
    people = bag(f'<rdf:li MPReg:PersonDisplayName="{name}" {where}/>')
    return packet(f'<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions>{people}</MPRI:Regions></MP:RegionInfo>')


def iptc(*people: str, unit: str = "relative") -> bytes:
    boundary = "".join(
        f"<Iptc4xmpExt:{key}>{value}</Iptc4xmpExt:{key}>"
        for key, value in {
            "rbShape": "rectangle",
            "rbUnit": unit,
            "rbX": 0.2,
            "rbY": 0.1,
            "rbW": 0.2,
            "rbH": 0.2,
        }.items()
    )
    return packet(
        '<Iptc4xmpExt:ImageRegion><rdf:Bag><rdf:li rdf:parseType="Resource">'
        f'<Iptc4xmpExt:RegionBoundary rdf:parseType="Resource">{boundary}</Iptc4xmpExt:RegionBoundary>'
        f"<Iptc4xmpExt:PersonInImage>{bag(*people)}</Iptc4xmpExt:PersonInImage>"
        "</rdf:li></rdf:Bag></Iptc4xmpExt:ImageRegion>"
    )


def named(data: bytes, orientation: int = 1) -> list[tuple[str, Box | None]]:
    """Everybody in a picture of 100 by 200, boxes rounded to whole pixels."""
    return [
        (face.name, None if face.box is None else Box(*(round(side) for side in edges(face.box))))
        for face in read_named((data,), 100, 200, orientation)
    ]


def edges(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (mwg(region()), [("Ana", ANA)]),
        (mwg(ELEMENTS), [("Ana", ANA)]),
        (mwg(region(), size=None), [("Ana", ANA)]),
        (mwg(region(), size=(1000, 2000)), [("Ana", ANA)]),
        (mwg(region(kind="")), [("Ana", ANA)]),
        (
            mwg(region("Ana"), region("Bea", 'x="0.6" y="0.5" w="0.2" h="0.1"')),
            [("Ana", ANA), ("Bea", Box(50, 90, 70, 110))],
        ),
        # One region written without an array of them.
        (
            packet(
                '<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList>'
                f"{region()[8:-9]}</mwg-rs:RegionList></mwg-rs:Regions>"
            ),
            [("Ana", ANA)],
        ),
        # A picture that was cropped since, or of which it is not known how large the parts are.
        (mwg(region(), size=(150, 200)), [("Ana", None)]),
        (mwg(region(area='x="30" y="40" w="20" h="40" unit="pixel"')), [("Ana", None)]),
        (mwg(region(area='x="0.3" y="0.2"')), [("Ana", None)]),
        (mwg(region(area='x="nan" y="0.2" w="0.2" h="0.2"')), [("Ana", None)]),
        (mwg(region(area='x="0.3" y="0.2" w="-0.2" h="0.2"')), [("Ana", None)]),
        (mwg(region(area='x="3" y="0.2" w="0.2" h="0.2"')), [("Ana", None)]),
        (mwg(region(area='x="0" y="0.2" w="0.2" h="0.2"')), [("Ana", Box(0, 20, 10, 60))]),
        (mwg(region("Rex", kind='mwg-rs:Type="Pet"'), region("", kind="")), []),
        (microsoft(), [("Ana", ANA)]),
        (microsoft(rectangle=None), [("Ana", None)]),
        (microsoft(rectangle="0.2, 0.1, 0.2"), [("Ana", None)]),
        (microsoft(name="Unknown"), []),
        (iptc("Ana"), [("Ana", ANA)]),
        (iptc("Ana", unit="pixel"), [("Ana", None)]),
        (iptc("Ana", "Bea"), [("Ana", None), ("Bea", None)]),
        (
            packet(f"<Iptc4xmpExt:PersonInImage>{bag('Ana', 'Bea  Roe')}</Iptc4xmpExt:PersonInImage>"),
            [("Ana", None), ("Bea Roe", None)],
        ),
        (
            packet(
                "<Iptc4xmpExt:PersonInImageWDetails><rdf:Bag><rdf:li><rdf:Description><Iptc4xmpExt:PersonName>"
                '<rdf:Alt><rdf:li xml:lang="x-default">Ana</rdf:li><rdf:li xml:lang="fr">Anne</rdf:li></rdf:Alt>'
                "</Iptc4xmpExt:PersonName></rdf:Description></rdf:li></rdf:Bag></Iptc4xmpExt:PersonInImageWDetails>"
            ),
            [("Ana", None)],
        ),
        (packet("", 'Iptc4xmpExt:PersonInImage="Ana"'), [("Ana", None)]),
        (
            packet(f"<digiKam:TagsList>{bag('People/Ana', 'Places/Rome', kind='Seq')}</digiKam:TagsList>"),
            [("Ana", None)],
        ),
        (
            packet(f"<MicrosoftPhoto:LastKeywordXMP>{bag('people/Ana')}</MicrosoftPhoto:LastKeywordXMP>"),
            [("Ana", None)],
        ),
        (packet(f"<mediapro:CatalogSets>{bag('People|Ana', 'People')}</mediapro:CatalogSets>"), [("Ana", None)]),
        # Lightroom lists the levels on the way too.
        (
            packet(
                f"<lr:hierarchicalSubject>{bag('People', 'People|Family', 'People|Family|Ana')}"
                "</lr:hierarchicalSubject>"
            ),
            [("Ana", None)],
        ),
        (packet(f"<lr:hierarchicalSubject>{bag('Personen|Jörg')}</lr:hierarchicalSubject>"), [("Jörg", None)]),
        (
            packet(
                "<acdsee:categories>&lt;Categories&gt;&lt;Category Assigned=&quot;0&quot;&gt;People&lt;Category"
                " Assigned=&quot;1&quot;&gt;Ana&lt;/Category&gt;&lt;Category Assigned=&quot;0&quot;&gt;Bea"
                "&lt;/Category&gt;&lt;/Category&gt;&lt;/Categories&gt;</acdsee:categories>"
            ),
            [("Ana", None)],
        ),
        (packet("<acdsee:categories>&lt;Categories</acdsee:categories>"), []),
        # Keywords without levels name anything, and who tagged a photo need not be in it.
        (packet(f"<dc:subject>{bag('Ana', 'tagged_by: Bea', 'beach')}</dc:subject>", 'mwg-rs:Regions=""'), []),
    ],
)
def test_who_is_named_and_where(data: bytes, expected: list[tuple[str, Box | None]]) -> None:
    assert named(data) == expected
    assert read_people(data) == tuple(name for name, _ in expected)


def test_a_region_says_more_than_a_keyword_and_nobody_comes_twice() -> None:
    both = packet(
        f"<digiKam:TagsList>{bag('People/ANA', 'People/Bea')}</digiKam:TagsList>"
        f"<mwg-rs:Regions><rdf:Description><mwg-rs:RegionList>{bag(region(area=''), region('Bea'))}"
        "</mwg-rs:RegionList></rdf:Description></mwg-rs:Regions>"
        '<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions>'
        + bag(
            *(f'<rdf:li MPReg:PersonDisplayName="{name}" MPReg:Rectangle="0, 0, 0.5, 0.5"/>' for name in ("Ana", "Bea"))
        )
        + "</MPRI:Regions></MP:RegionInfo>"
    )
    assert named(both) == [("Ana", Box(0, 0, 50, 100)), ("Bea", ANA)]


def test_two_faces_of_one_name_are_both_kept() -> None:
    assert named(mwg(region(), region(area='x="0.6" y="0.5" w="0.2" h="0.1"'))) == [
        ("Ana", ANA),
        ("Ana", Box(50, 90, 70, 110)),
    ]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_regions_are_of_the_stored_picture(orientation: int, image_format: str) -> None:
    """A white face is painted, stored turned, and found again at the box that the region in the stored one gives."""
    scene = np.zeros((200, 100, 3), np.uint8)
    scene[20:60, 20:40] = 255
    stored = np.ascontiguousarray(STORED[orientation](scene))
    rows, columns = np.nonzero(stored[..., 0])
    height, width = stored.shape[:2]
    box = Box(float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
    middle = ((box.left + box.right) / 2 / width, (box.top + box.bottom) / 2 / height)
    area = f'x="{middle[0]}" y="{middle[1]}" w="{box.width / width}" h="{box.height / height}"'
    data = encode(stored, mwg(region(area=area), size=(width, height)), image_format, orientation)
    frame = decode(data, max_side=0)
    assert frame.pixels[20:60, 20:40].min() > 200
    (face,) = frame.named
    assert face.box is not None
    assert edges(face.box) == pytest.approx(edges(ANA))
    assert may_name_people(data)


def encode(pixels: Any, metadata: bytes, image_format: str = "PNG", orientation: int = 1) -> bytes:
    image, out = Image.fromarray(pixels), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"exif": exif}
    if image_format == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", metadata.decode())
    elif image_format == "TIFF":
        exif[700] = metadata
    else:
        options["xmp"] = metadata
    image.save(out, image_format, **options)
    return out.getvalue()


def test_a_region_drawn_in_the_upright_picture_says_so_by_its_size() -> None:
    turned = read_named((mwg(region(), size=(100, 200)),), 100, 200, 6)
    assert [edges(face.box) for face in turned if face.box is not None] == [pytest.approx(edges(ANA))]


@pytest.mark.parametrize("data", [microsoft(), iptc("Ana")])
def test_of_turned_pictures_the_other_regions_only_say_who(data: bytes) -> None:
    assert named(data, orientation=6) == [("Ana", None)]


@pytest.mark.parametrize("name", ["portrait.jpg", "portrait-orientation-6.jpg"])
def test_real_pictures(shared: Path, name: str) -> None:
    frame = decode((shared / "fixtures/faces" / name).read_bytes(), max_side=400)
    assert (frame.width, frame.height) == (840, 700)
    assert [face.name for face in frame.named] == ["Marie Curie", "Pierre Curie"]
    boxes = [edges(face.box) for face in frame.named if face.box is not None]
    assert boxes == [pytest.approx((262, 146, 357, 285), abs=1), pytest.approx((537, 83, 618, 252), abs=1)]


def test_pictures_without_names(shared: Path) -> None:
    assert decode((shared / "fixtures/faces/picasa.jpg").read_bytes(), max_side=0).named == ()
    assert decode(encode(np.zeros((9, 9, 3), np.uint8), packet("")), max_side=0).named == ()


def test_nothing_is_parsed_where_there_can_be_no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmp, "parse_xmp", None)
    assert read_named((), 1, 1, 1) == ()
    assert read_named((b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",), 1, 1, 1) == ()
    assert not may_name_people(b"\xff\xd8\xff\xe1 Exif and pixels")


BOMB = '<!DOCTYPE lolz [<!ENTITY a "PersonInImage"><!ENTITY b "&a;&a;&a;">]>'
HOSTILE = {
    "entities": BOMB.encode() + packet("<Iptc4xmpExt:PersonInImage>&b;</Iptc4xmpExt:PersonInImage>"),
    "an outer file": b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + mwg(region()),
    "too long": packet(f"<Iptc4xmpExt:PersonInImage>{' ' * MOST_BYTES}</Iptc4xmpExt:PersonInImage>"),
    "cut off": mwg(region())[:-100],
    "no encoding": b'<?xml version="1.0" encoding="Region"?><a/>',
    "no XML": b"Region",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_packet_names_nobody_and_the_photo_is_read(what: str) -> None:
    assert read_named((HOSTILE[what],), 1, 1, 1) == ()
    with pytest.raises(ReadFailure):
        read_people(HOSTILE[what])


def test_depth_and_numbers_have_bounds() -> None:
    deep = packet("<mwg-rs:Regions>" * 20_000 + "</mwg-rs:Regions>" * 20_000)
    assert len(deep) < MOST_BYTES
    assert named(deep) == []
    nested = "&lt;a&gt;" * 20_000 + "&lt;/a&gt;" * 20_000
    assert named(packet(f"<acdsee:categories>{nested}</acdsee:categories>")) == []
    many = [f"Person {number}" for number in range(5000)]
    crowd = read_named((packet(f"<Iptc4xmpExt:PersonInImage>{bag(*many)}</Iptc4xmpExt:PersonInImage>"),), 1, 1, 1)
    assert len(crowd) == MOST_NAMES
    assert named(packet("", f'Iptc4xmpExt:PersonInImage="{"a" * 1000}"')) == []
    assert named(packet("", 'Iptc4xmpExt:PersonInImage="\u202eAna"')) == []


@pytest.mark.parametrize(
    ("left", "right"), [("Zoë", "ZOE\u0308"), ("Ana  Doe", " ana doe"), ("Straße", "STRASSE"), ("@ana.doe", "Ana.Doe")]
)
def test_writings_of_one_name(left: str, right: str) -> None:
    assert name_key(left) == name_key(right)
    assert name_key("Zoe") != name_key("Zoë")


SAMPLES = [
    mwg(region()),
    mwg(ELEMENTS),
    microsoft(),
    iptc("Ana"),
    packet(f"<lr:hierarchicalSubject>{bag('People|Ana')}</lr:hierarchicalSubject>"),
]


@given(
    st.sampled_from(SAMPLES),
    st.lists(
        st.tuples(
            st.integers(0, 2000),
            st.integers(0, 30),
            st.sampled_from([b"", b"<", b">", b'"', b"/", b"-1", b"1e999", b"<rdf:li>", b"\xff"]),
        )
    ),
    st.integers(1, 8),
)
def test_damaged_packets_raise_nothing(data: bytes, changes: list[tuple[int, int, bytes]], orientation: int) -> None:
    for start, length, new in changes:
        data = data[:start] + new + data[start + length :]
    for face in read_named((data,), 100, 200, orientation):
        assert isinstance(face, NamedFace)
        if face.box is not None:
            assert 0 <= face.box.left < face.box.right <= 100 and 0 <= face.box.top < face.box.bottom <= 200


@given(st.binary())
def test_any_bytes_raise_nothing(data: bytes) -> None:
    assert read_named((b"Region" + data,), 1, 1, 1) == ()
