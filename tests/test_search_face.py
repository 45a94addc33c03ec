"""Searching stored photos by the face in a photo: what is found, what is not and said, what the argument means."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import untag as library
from fakes import ME, NEAR, STRANGER, Result, Square, Untag, paint
from untag.store import Store, photo_evidence

MAYBE = Square(off=0.8)


@pytest.fixture
def scanned(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> Untag:
    """One photo of you, one perhaps of you, one of somebody a little like you, one of a stranger, one of nobody."""
    # Drawn faces are near copies of each other.
    monkeypatch.setattr("untag.scan.judge.group_near_duplicates", lambda _: {})
    untag.enroll()
    for number, (name, squares) in enumerate(
        {"me": [ME], "maybe": [MAYBE], "near": [NEAR], "stranger": [STRANGER], "nobody": []}.items(), start=1
    ):
        untag.add(f"{name}.png", paint(*squares, serial=number))
    untag.scan()
    return untag


def probe(untag: Untag, *squares: Square, name: str = "probe.png") -> Path:
    """A photo outside of what is scanned."""
    path = untag.root / name
    path.write_bytes(paint(*squares, serial=500))
    return path


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.status == 0, result.err
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


def names(result: Result) -> list[str]:
    return [Path(row["path"]).stem for row in rows(result)]


def test_the_most_similar_face_comes_first(scanned: Untag) -> None:
    result = scanned.run("search", probe(scanned, ME), "--format", "json")
    assert names(result) == ["me", "maybe", "near"]
    best, second, _ = rows(result)
    assert best["similarity"] > 0.95 > second["similarity"] > 0.5
    assert (best["verdict"], best["person"], second["verdict"]) == ("me", "me", "maybe")
    assert best["face"] == [4, 20, 74, 90]
    assert best["nearness"] is None
    lines = scanned.run("search", probe(scanned, ME), "--limit", "2").out.splitlines()
    assert [line.split(maxsplit=2)[1:] for line in lines] == [[row["id"], row["path"]] for row in rows(result)[:2]]


def test_distances_are_those_of_the_embeddings(scanned: Untag) -> None:
    """Against plain arithmetic on what is stored, and not by way of the index."""
    face = Square(off=0.5, seed=3)
    with Store.open(scanned.home) as store:
        stored = [
            (evidence.places[0].path, one.face.embedding)
            for evidence in photo_evidence(store)
            for one in evidence.faces
            if one.face.embedding is not None
        ]
    expected = sorted(stored, key=lambda item: float(np.linalg.norm(item[1] - face.embedding)))
    found = rows(scanned.run("search", probe(scanned, face), "--format", "json"))
    assert [row["path"] for row in found] == [path for path, _ in expected]


def test_who_was_thrown_away_is_not_found_and_that_is_said(scanned: Untag) -> None:
    result = scanned.run("search", probe(scanned, STRANGER), "--format", "json")
    assert "stranger" not in names(result)
    assert "no face on record is much like this one" in result.err
    assert "faces in 1 photo cannot be found" in result.err
    assert "keep_bystanders = true" in result.err


def test_with_keep_bystanders_everybody_is_found(scanned: Untag) -> None:
    (scanned.home / "config.toml").write_text("keep_bystanders = true\n")
    scanned.add("two.png", paint(STRANGER, Square(person=8), serial=20))
    scanned.scan()
    result = scanned.run("search", probe(scanned, STRANGER), "--format", "json")
    assert names(result)[0] in ("two", "stranger")
    assert rows(result)[0]["similarity"] > 0.95
    assert rows(result)[0]["verdict"] == "other"


def test_the_largest_of_several_faces_is_searched_for_unless_another_is_named(scanned: Untag) -> None:
    photo = probe(scanned, Square(person=9, side=60), Square(side=100))
    result = scanned.run("search", photo, "--format", "json")
    assert names(result)[0] == "me"
    assert "has 2 faces, and the largest is searched for; --face N takes another" in result.err
    assert "1: 100 x 100 pixels at 68,20" in result.err
    assert "2: 60 x 60 pixels at 4,20" in result.err
    second = scanned.run("search", photo, "--face", "2", "--format", "json")
    assert "face 2 is searched for" in second.err
    assert all(row["similarity"] < 0.5 for row in rows(second))
    third = scanned.run("search", photo, "--face", "3")
    assert third.status == 2
    assert "has 2 faces; --face 3 is none of them" in third.err


def test_one_face_is_searched_for_without_a_word(scanned: Untag) -> None:
    assert "faces, and" not in scanned.run("search", probe(scanned, ME)).err


@pytest.mark.parametrize("square", [Square(side=40), Square(clear=False)], ids=["small", "blurred"])
def test_a_face_that_says_little_is_named_so(scanned: Untag, square: Square) -> None:
    assert "what is found says little" in scanned.run("search", probe(scanned, square)).err


def test_copies_of_one_picture_count_once(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    untag.enroll()
    for number in range(1, 9):
        untag.add(f"{number}.png", paint(Square(off=number / 100), serial=number))
        untag.add(f"sub/{number}.png", paint(Square(off=number / 100), serial=number))
    untag.add("far.png", paint(MAYBE, serial=50))
    hashes: dict[str, str] = {}

    def group(photos: Any) -> dict[str, str]:
        near = [photo.sha256 for photo in photos if photo.verdict == "me"]
        hashes.update(dict.fromkeys(near[1:], near[0]))
        return hashes

    monkeypatch.setattr("untag.scan.judge.group_near_duplicates", group)
    untag.scan()
    assert len(hashes) == 7
    found = rows(untag.run("search", probe(untag, ME), "--limit", "2", "--format", "json"))
    assert [row["verdict"] for row in found] == ["me", "maybe"]


def test_a_photo_that_is_gone_is_not_found(scanned: Untag) -> None:
    (scanned.photos / "me.png").unlink()
    scanned.scan()
    assert "me" not in names(scanned.run("search", probe(scanned, ME), "--format", "json"))


def test_photos_of_another_engine_are_not_compared_and_that_is_said(scanned: Untag) -> None:
    with Store.open(scanned.home) as store, store.transaction():
        store.execute(
            "UPDATE photos SET engine = 'other-1' WHERE sha256 IN (SELECT sha256 FROM faces WHERE verdict = 'me')"
        )
    result = scanned.run("search", probe(scanned, ME), "--format", "json")
    assert "me" not in names(result)
    assert "faces in 1 photo cannot be found: another engine" in result.err


def test_nothing_scanned_is_said(untag: Untag) -> None:
    result = untag.run("search", probe(untag, ME))
    assert (result.status, result.out) == (0, "")
    assert "no face is on record" in result.err


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.png", paint(), "no face was found"),
        ("broken.jpg", b"\xff\xd8\xff\xe0 cut", "cannot be read"),
        ("gone.jpg", None, "no such file"),
    ],
)
def test_a_photo_without_a_face_to_search_for_is_refused(
    scanned: Untag, name: str, data: bytes | None, said: str
) -> None:
    path = scanned.root / name
    if data is not None:
        path.write_bytes(data)
    result = scanned.run("search", path)
    assert result.status == 2
    assert said in result.err
    assert result.out == ""


def test_a_folder_is_not_one_photo(scanned: Untag) -> None:
    result = scanned.run("search", scanned.photos)
    assert result.status == 2
    assert "is not one photo" in result.err


def test_what_the_argument_means(scanned: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that exists or the name of a picture is a photo, all else words, and each can be forced."""
    monkeypatch.chdir(scanned.root)
    (scanned.root / "beer").write_bytes(paint(ME, serial=77))
    assert rows(scanned.run("search", "beer", "--format", "json"))[0]["similarity"] > 0.9
    assert rows(scanned.run("search", "beer", "--words", "--format", "json"))[0]["similarity"] is None
    assert "no such file" in scanned.run("search", "beer.JPG").err
    assert scanned.run("search", "beer.JPG", "--words").status == 0
    assert scanned.run("search", "a beer").status == 0
    assert "no such file" in scanned.run("search", "a beer", "--photo").err
    for odd in ("beer " * 20 + "\N{BEER MUG}" * 300, "beer\0wine"):
        assert scanned.run("search", odd).status in (0, 2)


def test_face_goes_with_a_photo(scanned: Untag) -> None:
    result = scanned.run("search", "a beer", "--face", "2")
    assert result.status == 2
    assert "--face goes with a photo" in result.err


@pytest.mark.parametrize("keep", [False, True])
def test_no_index_is_left_behind_unless_everybody_is_kept(scanned: Untag, *, keep: bool) -> None:
    (scanned.home / "config.toml").write_text(f"keep_bystanders = {str(keep).lower()}\n")
    assert scanned.run("search", probe(scanned, ME)).out.count("\n") == 3
    assert [path.suffix for path in scanned.home.glob("faces-*")] == ([".idx"] if keep else [])


def test_forgetting_takes_people_out_of_the_search(scanned: Untag) -> None:
    (scanned.home / "config.toml").write_text("keep_bystanders = true\n")
    scanned.run("search", probe(scanned, ME))
    assert scanned.run("forget", "--person", "me", "--yes").status == 0
    assert names(scanned.run("search", probe(scanned, ME), "--format", "json")) == ["near"]
    assert scanned.run("forget", "--bystanders", "--yes").status == 0
    assert rows(scanned.run("search", probe(scanned, ME), "--format", "json")) == []


def test_the_library_gives_the_same(scanned: Untag) -> None:
    photo = probe(scanned, Square(person=9, side=60), Square(side=100))
    with library.open(scanned.home) as home:
        found = home.probe(photo)
        result = home.search_face(found.face, limit=2)
    assert [face.box.width for face in found.faces] == [100, 60]
    assert [Path(hit.path).stem for hit in result.hits] == ["me", "maybe"]
    assert (result.searched, result.passed_over, result.looks_like_it) == (3, 1, True)


def test_a_photo_in_a_zip_file_can_have_the_face(scanned: Untag) -> None:
    archive = scanned.root / "more.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("in/probe.png", paint(ME, serial=600))
        file.writestr("in/other.png", paint(STRANGER, serial=601))
    assert names(scanned.run("search", archive / "in" / "probe.png", "--format", "json"))[0] == "me"
    assert "is not one photo" in scanned.run("search", archive).err
