"""Which photo is meant: what strangers type for it, and what is said where several may be meant."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from store_samples import analysis, assessment, record
from untag.errors import UsageError
from untag.library.listing import finding_of
from untag.library.naming import hash_prefix, hashes_of
from untag.store import Store, record_batch, start_run
from untag.support.permalinks import link_key
from untag.types import Origin, short_id

FACEBOOK = "https://www.facebook.com/photo/?fbid=123456789&set=a.1"
FLICKR = "https://www.flickr.com/photos/bea/4711/"
HASHES = {name: sha256(name.encode()).hexdigest() for name in ("beach", "party", "cafe", "linked", "other", "nobody")}
PLACES = {
    "/a/2019/beach.jpg": "beach",
    "/backup/beach copy.jpg": "beach",
    "/a/2020/IMG_1.jpg": "party",
    "/a/2021/IMG_1.jpg": "other",
    "/a/Caf\u00e9/Jos\u00e9.jpg": "cafe",
    "/a/zip.zip/photos/LINKED.JPG": "linked",
    "/a/nobody.jpg": "nobody",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    origins = {"linked": Origin("facebook", FACEBOOK), "party": Origin("flickr", FLICKR)}
    with Store.open(tmp_path / "home") as store:
        run = start_run(store, ["/a"])
        record_batch(
            store,
            run,
            [record(path, HASHES[name], made(name), origin=origins.get(name)) for path, name in PLACES.items()],
        )
        yield store


def made(name: str):  # type: ignore[no-untyped-def]
    return analysis(seed=len(name), found=None if name == "nobody" else assessment())


def meant(store: Store, text: str) -> str:
    (found,) = hashes_of(store, text)
    return next(name for name, content in HASHES.items() if content == found)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("/a/2019/beach.jpg", "beach"),
        ("beach.jpg", "beach"),
        ("BEACH.JPG", "beach"),
        ("2019/beach.jpg", "beach"),
        ("2019\\beach.jpg", "beach"),
        ("./2019/beach.jpg", "beach"),
        ("…/2019/beach.jpg", "beach"),
        (".../beach.jpg", "beach"),
        ("…each.jpg", "beach"),
        ("  beach.jpg ", "beach"),
        ("2020/IMG_1.jpg", "party"),
        ("linked.jpg", "linked"),
        ("zip.zip/photos/linked.jpg", "linked"),
        (unicodedata.normalize("NFD", "José.jpg"), "cafe"),
        (unicodedata.normalize("NFD", "café/josé.jpg"), "cafe"),
        (short_id(HASHES["beach"]), "beach"),
        (short_id(HASHES["beach"]).upper(), "beach"),
        (short_id(HASHES["beach"])[:6], "beach"),
        (HASHES["beach"], "beach"),
        (HASHES["beach"].upper(), "beach"),
        (HASHES["beach"][:12], "beach"),
        (FACEBOOK, "linked"),
        ("https://m.facebook.com/photo.php?fbid=123456789&refsrc=deprecated", "linked"),
        ("facebook.com/photo/?fbid=123456789", "linked"),
        ("www.facebook.com/photo?fbid=123456789", "linked"),
        (FLICKR, "party"),
        ("http://flickr.com/photos/bea/4711?utm_source=mail#comments", "party"),
        ("https://m.flickr.com/photos/bea/4711", "party"),
    ],
)
def test_what_people_type(store: Store, text: str, name: str) -> None:
    assert meant(store, text) == name


@pytest.mark.parametrize("text", ["IMG_1.jpg", "img_1.jpg", "…/IMG_1.jpg", "…_1.jpg"])
def test_where_several_may_be_meant_they_are_named(store: Store, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        hashes_of(store, text)
    said = str(caught.value)
    for name, path in (("party", "/a/2020/IMG_1.jpg"), ("other", "/a/2021/IMG_1.jpg")):
        assert f"{short_id(HASHES[name])}  {path}" in said
    assert "2 photos" in said


@pytest.mark.parametrize(
    "text",
    [".", "/", "…", "each.jpg", "19/beach.jpg", "beach", "a/beach.jpg", "zzzz", "0" * 64, "%.jpg", "_MG_1.jpg",
     "https://www.facebook.com/photo/?fbid=1", "https://[", "https://", "facebook.com/", "beach.jpg\0"],
)  # fmt: skip
def test_what_nothing_is_called(store: Store, text: str) -> None:
    with pytest.raises(UsageError, match="was not scanned yet"):
        hashes_of(store, text)


def test_an_empty_name_is_told_as_such(store: Store) -> None:
    with pytest.raises(UsageError, match="an empty name is that of no photo"):
        hashes_of(store, "")


def test_a_file_that_is_there_is_never_taken_for_another_of_its_name(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("beach.jpg").write_bytes(b"another photo")
    with pytest.raises(UsageError, match="nor was a copy"):
        hashes_of(store, "beach.jpg")
    Path("elsewhere.jpg").write_bytes(b"beach")
    assert meant(store, "elsewhere.jpg") == "beach", "a copy of what was scanned"
    assert meant(store, "2019/beach.jpg") == "beach"


def test_many_photos_are_found_in_one_pass(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[int] = []
    rows = Store.rows

    def counted(self: Store, sql: str, *parameters: Any):  # type: ignore[no-untyped-def]
        if "SELECT path, sha256 FROM files" in sql:
            passes.append(1)
        return rows(self, sql, *parameters)

    monkeypatch.setattr(Store, "rows", counted)
    assert hashes_of(store, ["beach.jpg", "2020/IMG_1.jpg", "linked.jpg"]) == [
        HASHES["beach"],
        HASHES["party"],
        HASHES["linked"],
    ]
    assert len(passes) == 1


def test_a_photo_without_a_finding_can_be_meant_but_is_none(store: Store) -> None:
    assert meant(store, "nobody.jpg") == "nobody"
    with pytest.raises(UsageError, match="no photo of anybody enrolled"):
        finding_of(store, HASHES["nobody"], "nobody.jpg")
    found = finding_of(store, HASHES["beach"], "beach.jpg")
    assert (found.path, len(found.places)) == ("/a/2019/beach.jpg", 2)


def test_two_with_one_id_are_named_by_their_hashes(store: Store) -> None:
    alike = HASHES["beach"][:10] + "f" * 54
    record_batch(store, start_run(store, ["/a"]), [record("/a/alike.jpg", alike, analysis(found=assessment()))])
    with pytest.raises(UsageError) as caught:
        hashes_of(store, short_id(alike))
    assert f"{alike}  /a/alike.jpg" in str(caught.value)
    assert f"{HASHES['beach']}  /a/2019/beach.jpg" in str(caught.value)


def test_an_id_is_no_number_and_no_hash() -> None:
    for content in HASHES.values():
        assert short_id(content).isalpha()
        assert hash_prefix(short_id(content)) == content[:10]
    assert hash_prefix("beach") is None


def test_links_are_stored_by_their_key() -> None:
    assert link_key(FACEBOOK) == "facebook:123456789"
