"""Damaged and hostile archives: every reader says what is wrong, raises nothing, and writes nothing."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_up_archives import MadeUpFiles, any_json
from miniature_archives import MINIATURES, ODD_NAMES, damage, flipped, unpack, watched, zipped
from untag.imaging.limits import DEFAULT_LIMITS
from untag.sources.names import is_named_photo
from untag.sources.readers import READERS
from untag.sources.summary import survey

METADATA = sorted({name for archive in MINIATURES.values() for name in archive if not is_named_photo(name)})
PHOTOS = sorted({name for archive in MINIATURES.values() for name in archive if is_named_photo(name)})
KEYS = (
    *(
        "media",
        "uri",
        "attachments",
        "data",
        "label_values",
        "href",
        "photos",
        "name",
        "messages",
        "type",
        "photo",
        "id",
    ),
    *("tweet", "id_str", "photopage", "people", "Saved Media", "Date", "title", "photoTakenTime", "timestamp", "url"),
    *("category", "subcategory", "node", "instaloader", "node_type", "tagged", "fb_url", "profile_v2", "text"),
)
TEXTS = ("", "100", "A.jpg", "https://www.facebook.com/photo/?fbid=1", "https://[", "\ud800", "2021-07-01", *PHOTOS)
CONTENT = (
    any_json(KEYS, TEXTS)
    | any_json(KEYS, TEXTS).map(lambda data: b"window.YTD.x.part0 = " + data)
    | st.binary(max_size=99)
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(METADATA), CONTENT, min_size=1, max_size=4), st.sets(st.sampled_from(PHOTOS)))
def test_no_metadata_is_too_wrong_for_any_reader(metadata: dict[str, bytes], photos: set[str]) -> None:
    files = MadeUpFiles({**metadata, **dict.fromkeys(photos, b"\xff\xd8")})
    for reader in READERS:
        reader.sniff(files)
        description = reader.describe(files)
        assert description.origins.keys() <= set(files.names)
        assert description.understood <= set(files.names)
        assert all(error.error for error in description.errors)


@pytest.mark.parametrize("name", MINIATURES)
@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32), packed=st.booleans(), broken=st.booleans())
def test_damaged_archives_are_surveyed_without_a_trace(name: str, seed: int, packed: bool, broken: bool) -> None:
    chance = random.Random(seed)
    archive = damage(MINIATURES[name], chance)
    with TemporaryDirectory() as scratch:
        place = Path(scratch) / ("archive.zip" if packed else "archive")
        if packed:
            data = zipped(archive)
            place.write_bytes(flipped(data, chance) if broken else data)
        else:
            unpack(archive, place)
        with watched() as written:
            found = survey([place], DEFAULT_LIMITS, READERS)
        assert written == []
        assert all(error.error for error in found.unreadable)
        assert {path.name for path in Path(scratch).iterdir()} == {place.name}


@pytest.mark.parametrize("odd", ODD_NAMES)
def test_names_of_zipped_files_are_taken_as_they_are(odd: str, tmp_path: Path) -> None:
    files = {f"{odd}/{name}": data for name, data in MINIATURES["twitter"].items()}
    (tmp_path / "archive.zip").write_bytes(zipped({**files, f"../{odd}.jpg": b"x", "/etc/a.jpg": b"x"}))
    with watched() as written:
        survey([tmp_path], DEFAULT_LIMITS, READERS)
    assert written == []
    assert [path.name for path in tmp_path.iterdir()] == ["archive.zip"]


def test_the_watch_notices_what_is_written(tmp_path: Path) -> None:
    with watched() as written:
        (tmp_path / "a").write_bytes(b"")
        (tmp_path / "b").mkdir()
        (tmp_path / "a").unlink()
    assert [event.split()[0] for event in written] == ["open", "os.mkdir", "os.remove"]
