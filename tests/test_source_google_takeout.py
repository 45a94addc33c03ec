"""Google Photos in a Takeout: which JSON tells of which photo, and what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_up_archives import MadeUpFiles
from untag.sources.readers.google_takeout import READER
from untag.sources.readers.takeout_pairs import EDITED, Pair, pair
from untag.types import LinkConfidence, Origin, Outcome

TAKEN = {"photoTakenTime": {"timestamp": "1695394176", "formatted": "Sep 22, 2023, 2:49:36 PM UTC"}}
LONG = "Backyard_ceremony_wedding_photography_abcdefgh"  # 46 letters, all of a long name that its JSON keeps
SMILES = "😀😃😄😁😆😅😂🤣🥲😊😇🙂🙃😉😌😍🥰😘😗😙😚😋😛"  # 23 letters of two UTF-16 units each


def photo_json(**more: Any) -> dict[str, Any]:
    return {"title": "IMG_1.jpg", "description": "", **TAKEN, **more}


@pytest.mark.parametrize(
    ("photo", "sidecars", "expected"),
    [
        # The old name and the new one, whole and cut.
        ("IMG_1.jpg", ["IMG_1.jpg.json"], "IMG_1.jpg.json"),
        ("IMG_1.jpg", ["IMG_2.jpg.json"], None),
        ("IMG_1.jpg", ["IMG_1.jpg.supplemental-metadata.json"], "IMG_1.jpg.supplemental-metadata.json"),
        ("IMG_1.jpg", ["IMG_1.jpg.supplemental-me.json"], "IMG_1.jpg.supplemental-me.json"),
        ("IMG_1.jpg", ["IMG_1.jpg.supple.json"], "IMG_1.jpg.supple.json"),
        ("IMG_1.jpg", ["IMG_1.jpg.s.json"], "IMG_1.jpg.s.json"),
        ("IMG_1.jpg", ["IMG_1.jpg..json"], "IMG_1.jpg..json"),
        ("IMG_1.jpg", ["IMG_1.jpg.other.json"], None),
        ("PXL_1.MP.jpg", ["PXL_1.MP.jpg.json"], "PXL_1.MP.jpg.json"),
        ("PXL_1.MP~2.jpg", ["PXL_1.MP.jpg.json", "PXL_1.MP~2.jpg.json"], "PXL_1.MP~2.jpg.json"),
        # Cut within the photo's own name, at 46; the photo's at 47.
        (
            "05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jpg",
            ["05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jp.json"],
            "05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jp.json",
        ),
        (f"{LONG[:-1]}.jpg", [f"{LONG[:-1]}..json"], f"{LONG[:-1]}..json"),
        (f"{LONG}A.jpg", [f"{LONG}.json"], f"{LONG}.json"),
        (f"{LONG}.jpg", [f"{LONG}.json"], f"{LONG}.json"),
        (f"{LONG}A.jpg", [f"{LONG[:-1]}.json"], None),
        (f"{SMILES}😝.jpg", [f"{SMILES}.json"], f"{SMILES}.json"),
        # The counter moves behind the suffix, or behind what is left after the cut.
        ("IMG_1(1).jpg", ["IMG_1.jpg(1).json"], "IMG_1.jpg(1).json"),
        ("IMG_1(1).jpg", ["IMG_1.jpg.json", "IMG_1.jpg(1).json", "IMG_1.jpg(2).json"], "IMG_1.jpg(1).json"),
        ("IMG_1.jpg", ["IMG_1.jpg.json", "IMG_1.jpg(1).json"], "IMG_1.jpg.json"),
        ("IMG_1(1).jpg", ["IMG_1.jpg.supplemental-metadata(1).json"], "IMG_1.jpg.supplemental-metadata(1).json"),
        ("IMG_1(1).jpg", ["IMG_1.jpg.suppl(1).json"], "IMG_1.jpg.suppl(1).json"),
        ("IMG_1(1).jpg", ["IMG_1(1).jpg.json"], "IMG_1(1).jpg.json"),
        ("IMG_1(1).jpg", ["IMG_1.jpg.json"], None),
        ("IMG_1(1).jpg", ["IMG_1.jpg.supplemental-metadata.json"], None),
        ("IMG_1(1).jpg", ["IMG_1.jpg(2).json"], None),
        ("IMG_1.jpg", ["IMG_1.jpg(1).json"], None),
        (f"{LONG}m(494).jpg", [f"{LONG}(494).json"], f"{LONG}(494).json"),
        (f"{LONG}m(185).jpg", [f"{LONG}(494).json"], None),
        (f"{LONG[2:]}(1).jpg", [f"{LONG[2:]}.j(1).json"], f"{LONG[2:]}.j(1).json"),
        (f"{LONG[2:]}(1).jpg", [f"{LONG[2:]}.j.json"], None),
        # Edited copies.
        ("IMG_1-edited(1).jpg", ["IMG_1.jpg.json", "IMG_1.jpg(1).json"], "IMG_1.jpg(1).json"),
        ("IMG_1(1)-edited.jpg", ["IMG_1.jpg.json", "IMG_1.jpg(1).json"], "IMG_1.jpg(1).json"),
        ("IMG_1-edited.jpg", ["IMG_1.jpg(1).json"], None),
        ("IMG_1-EFFECTS.jpg", ["IMG_1.jpg.json"], "IMG_1.jpg.json"),
        ("IMG_1-edited.jpg", ["IMG_1.HEIC.json"], "IMG_1.HEIC.json"),
        ("IMG_1-edited.jpg", ["IMG_1.HEIC.json", "IMG_1.jpg.json"], "IMG_1.jpg.json"),
        ("IMG_1-edited.jpg", ["IMG_1.HEIC.json", "IMG_1.png.json"], None),
        ("IMG_1-edited.jpg", ["IMG_1.HEIC.supplemental-metadata.json"], "IMG_1.HEIC.supplemental-metadata.json"),
        ("IMG_2-edited.jpg", ["IMG_1.jpg.json"], None),
        (f"{LONG[:43]}-bea.jpg", [f"{LONG[:43]}.jp.json", f"{LONG[:43]}.jpg.json"], f"{LONG[:43]}.jpg.json"),
        # It came without a suffix.
        ("20030616.jpg", ["20030616.json"], "20030616.json"),
        ("20030616.jpg", ["20030616.supplemental-metadata.json"], "20030616.supplemental-metadata.json"),
        ("20030616(1).jpg", ["20030616.json", "20030616(1).json"], "20030616(1).json"),
        ("20030616(1).jpg", ["20030616.json"], None),
        ("20030616", ["20030616.json"], "20030616.json"),
        ("IMG_1.jpg", ["IMG_1.HEIC.json"], None),
        # Names in NFC and NFD are the same.
        (normalize("NFD", "Café.jpg"), [normalize("NFC", "Café.jpg.json")], normalize("NFC", "Café.jpg.json")),
        (normalize("NFC", "Café.jpg"), [normalize("NFD", "Café.jpg.json")], normalize("NFD", "Café.jpg.json")),
        ("IMG_1.JPG", ["IMG_1.JPG.JSON"], "IMG_1.JPG.JSON"),
    ],
)
def test_a_photo_has_the_json_of_its_name(photo: str, sidecars: list[str], expected: str | None) -> None:
    found = pair([photo], dict.fromkeys(sidecars))
    assert found == ({} if expected is None else {photo: Pair(expected)})


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("mark", EDITED)
def test_an_edited_copy_has_the_json_of_its_original_in_any_language(mark: str, form: Any) -> None:
    photos = ["IMG_1.jpg", normalize(form, f"IMG_1{mark}.jpg")]
    assert pair(photos, {"IMG_1.jpg.json": None}) == dict.fromkeys(photos, Pair("IMG_1.jpg.json"))


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        # Characters that no file may have become _; Google cuts the title's own name at 47.
        ({"x.json": 'a&b?c\\d/e:f*g"h<i>j|k.jpg'}, {"a_b_c_d_e_f_g_h_i_j_k.jpg": "x.json"}),
        ({"x.json": "IMG_1.jpg", "IMG_1.jpg.json": "IMG_1.jpg"}, {"IMG_1.jpg": "IMG_1.jpg.json"}),
        ({"x.json": "IMG_1.jpg", "y.json": "IMG_1.jpg"}, {}),
        # Two photos with the same first 46 letters: the titles say which is which.
        (
            {f"{LONG}.json": f"{LONG}B and more.jpg", f"{LONG}(1).json": f"{LONG}A.jpg"},
            {f"{LONG}A.jpg": f"{LONG}(1).json", f"{LONG}B.jpg": f"{LONG}.json"},
        ),
        ({f"{LONG}.json": None}, {}),
        # Two photos that may both have come without a suffix.
        ({"IMG_1.json": "IMG_1.png"}, {"IMG_1.png": "IMG_1.json"}),
        ({"IMG_1.json": "IMG_1"}, {}),
    ],
)
def test_titles_decide_where_names_do_not(titles: dict[str, str | None], expected: dict[str, str]) -> None:
    photos = ["IMG_1.jpg", "IMG_1.png", f"{LONG}A.jpg", f"{LONG}B.jpg", "a_b_c_d_e_f_g_h_i_j_k.jpg"]
    assert {photo: found.sidecar for photo, found in pair(photos, titles).items()} == expected


def test_the_second_copy_of_a_cut_name_is_probably_the_same_photo() -> None:
    first, second = f"{LONG}P.jpg", f"{LONG}P(1).jpg"
    assert pair([first, second], {f"{LONG}.json": None}) == {
        first: Pair(f"{LONG}.json"),
        second: Pair(f"{LONG}.json", certain=False),
    }
    origins = READER.describe(
        MadeUpFiles({second: b"", f"{LONG}.json": photo_json(url="https://photos.google.com/photo/A")})
    ).origins
    assert origins[second].permalink_confidence is LinkConfidence.PROBABLE


LINK = "https://photos.google.com/photo/AF1QipA"
EVERYTHING = {
    "title": "IMG_1.jpg",
    "description": " By the sea ",
    "imageViews": "3",
    "creationTime": {"timestamp": "1695397525"},
    "photoTakenTime": {"timestamp": "1695394176"},
    "geoData": {"latitude": 1.5, "longitude": 2.5},
    "people": [{"name": "Ana"}, {"name": "Bea Roe"}, {"name": "Ana"}, {"name": ""}, {}],
    "archived": True,
    "trashed": True,
    "url": LINK,
    "googlePhotosOrigin": {"fromPartnerSharing": {}},
}
ALBUM = {"title": "Trip", "description": "", "access": "protected", "date": {"timestamp": "1697872351"}}
ROWS: dict[str, tuple[dict[str, Any], Origin]] = {
    "everything, with an album": (
        {"IMG_1.jpg": b"", "IMG_1.jpg.json": EVERYTHING, "métadonnées.json": ALBUM},
        Origin(
            platform="google_photos",
            permalink=LINK,
            permalink_confidence=LinkConfidence.CERTAIN,
            people=("Ana", "Bea Roe"),
            caption="By the sea",
            album="Trip",
            taken_at="2023-09-22T14:49:36+00:00",
            posted_at="2023-09-22T15:45:25+00:00",
            audience="protected",
        ),
    ),
    "an album since 2025": (
        {"IMG_1.jpg": b"", "IMG_1.jpg.json": photo_json(), "metadata.json": {"title": "Trip"}},
        Origin(platform="google_photos", album="Trip", taken_at="2023-09-22T14:49:36+00:00"),
    ),
    "an older album": (
        {"IMG_1.jpg": b"", "IMG_1.jpg.json": photo_json(), "metadata.json": {"albumData": {"title": "Trip"}}},
        Origin(platform="google_photos", album="Trip", taken_at="2023-09-22T14:49:36+00:00"),
    ),
    "from a shared album, by somebody who is not named": (
        {"IMG_1.jpg": b"", "IMG_1.jpg.json": photo_json(googlePhotosOrigin={"fromSharedAlbum": {}})},
        Origin(platform="google_photos", taken_at="2023-09-22T14:49:36+00:00"),
    ),
    "no time, and a link to elsewhere": (
        {
            "IMG_1.jpg": b"",
            "IMG_1.jpg.json": {"photoTakenTime": {"timestamp": "0"}, "url": "javascript:alert(1)", "people": "Ana"},
        },
        Origin(platform="google_photos"),
    ),
}


@pytest.mark.parametrize(("files", "expected"), ROWS.values(), ids=ROWS)
def test_what_the_json_says(files: dict[str, Any], expected: Origin) -> None:
    made_up = MadeUpFiles(files)
    assert READER.sniff(made_up)
    description = READER.describe(made_up)
    assert description.origins == {"IMG_1.jpg": expected}
    assert description.understood == {name for name in files if name.endswith(".json")}
    assert not description.errors


def test_other_json_is_left_alone_and_broken_json_is_told() -> None:
    files = MadeUpFiles(
        {
            "IMG_1.jpg": b"",
            "IMG_2.jpg": b"",
            "IMG_3.jpg": b"",
            "IMG_1.jpg.json": photo_json(),
            "IMG_2.jpg.supplemental-metadata.json": b"{",
            "IMG_3.jpg.json": ["no", "photo"],
            "print-subscriptions.json": {"items": []},
            "user-generated-memory-titles.json": {"userGeneratedMemoryTitles": ["Us"]},
        }
    )
    description = READER.describe(files)
    assert list(description.origins) == ["IMG_1.jpg"]
    assert [(error.path, error.outcome, error.error) for error in description.errors] == [
        ("archive/IMG_2.jpg.supplemental-metadata.json", Outcome.BROKEN, "it is not valid JSON"),
        ("archive/IMG_3.jpg.json", Outcome.BROKEN, "it does not hold the data of a photo"),
    ]


@pytest.mark.parametrize(
    "files",
    [
        {"IMG_1.jpg": b""},
        {"IMG_1.jpg": b"", "IMG_1.jpg.json": {"category": "instagram", "subcategory": "tagged", "title": "Bea"}},
        {"IMG_1.jpg": b"", "notes.json": {"title": "Notes"}},
        {"IMG_1.jpg": b"", "IMG_1.jpg.json": b"not JSON"},
    ],
)
def test_other_folders_are_none_of_its(files: dict[str, Any]) -> None:
    assert not READER.sniff(MadeUpFiles(files))


def test_a_large_folder_is_paired_with_each_json_read_once() -> None:
    photos = {f"IMG_{number}.jpg": b"" for number in range(3000)}
    files = MadeUpFiles({**photos, **{f"{photo}.supplemental-metadata.json": photo_json() for photo in photos}})
    assert READER.describe(files).origins.keys() == photos.keys()
    assert set(files.reads.values()) == {1}


JSON = st.recursive(
    st.sampled_from((None, True, 0, -1, 10**40, 1.5, float("nan"), "", "7", "1695394176", "\ud800", "\0")),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("title", "photoTakenTime", "timestamp", "url", "people", "name", "albumData", "access", "date")
            ),
            inside,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_no_value_is_too_wrong(photo: Any, album: Any) -> None:
    files = MadeUpFiles({"IMG_1.jpg": b"", "IMG_1.jpg.json": json.dumps(photo), "metadata.json": json.dumps(album)})
    READER.sniff(files)
    READER.describe(files)


@given(st.lists(st.text(min_size=1)), st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_no_name_is_too_odd(photos: list[str], names: list[str], titles: list[str]) -> None:
    sidecars = {f"{name}.json": title for name, title in zip(names, titles, strict=False)}
    assert {found.sidecar for found in pair(photos, sidecars).values()} <= sidecars.keys()


class _OneFolder(MadeUpFiles):
    """A folder on the disk, read whole."""

    def __init__(self, folder: Path) -> None:
        super().__init__({path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()})


def test_every_photo_of_a_real_takeout_has_its_json(shared: Path) -> None:
    folders = {path.parent for path in (shared / "fixtures" / "google_takeout").rglob("*.jpg")}
    assert len(folders) == 3
    for folder in folders:
        files = _OneFolder(folder)
        assert READER.sniff(files)
        description = READER.describe(files)
        assert description.origins.keys() == {name for name in files.names if not name.endswith(".json")}
        assert all(
            origin.permalink_confidence is LinkConfidence.CERTAIN and origin.taken_at
            for origin in description.origins.values()
        )
        albums = {origin.album for origin in description.origins.values()}
        expected = {"gophers": "Gopher's gallery", "Album test 6-10-23": "Album test 6/10/23", "Photos from 2025": None}
        assert albums == {expected[folder.name]}
        assert not description.errors


@pytest.mark.parametrize(
    ("photo", "sidecars", "expected"),
    [
        ("IMG_1-muokattu.jpg", ["IMG_1.jpg.json"], "IMG_1.jpg.json"),
        ("IMG_1-已修改.jpg", ["IMG_1.HEIC.supplemental-metadata.json"], "IMG_1.HEIC.supplemental-metadata.json"),
        ("IMG_1-edited(1).jpg", ["IMG_1.jpg.json"], "IMG_1.jpg.json"),
        ("IMG_1(1)-rediģēts.jpg", ["IMG_1.jpg.json", "IMG_1.jpg(1).json"], "IMG_1.jpg(1).json"),
        ("IMG_1-COLLAGE.jpg", ["IMG_1.jpg.json"], "IMG_1.jpg.json"),
        ("IMG_1-2.jpg", ["IMG_1.jpg.json"], None),
        ("IMG_1-muokattu.jpg", ["IMG_1.HEIC.json", "IMG_1.png.json"], None),
        ("IMG_1-muokattu.jpg", ["IMG_1.jpg(1).json"], None),
    ],
)
def test_marks_of_languages_that_are_not_listed_give_likely_pairs(
    photo: str, sidecars: list[str], expected: str | None
) -> None:
    found = pair([photo], dict.fromkeys(sidecars))
    assert found == ({} if expected is None else {photo: Pair(expected, certain=False)})


def test_a_title_among_other_things_is_no_albums() -> None:
    files = {"IMG_1.jpg": b"", "IMG_1.jpg.json": photo_json(), "other.json": {"title": "Trip", "text": "x"}}
    description = READER.describe(MadeUpFiles(files))
    assert description.origins["IMG_1.jpg"].album is None
    assert description.understood == {"IMG_1.jpg.json"}
    assert not READER.sniff(MadeUpFiles({"metadata.json": {"title": "Trip"}}))
