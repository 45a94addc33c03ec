"""Searching photos of you in words: the text tower, the space, the command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fakes import MAYBE, ME, STRANGER, Untag, damage_assets, paint
from untag.errors import ModelError, UsageError
from untag.scenes.space import WIDTH, Space, load_space, read_space
from untag.scenes.words import MOST_WORDS, Sentence, load_words, read_words, words_of
from untag.types import short_id


def test_words_are_plain_and_lower_case() -> None:
    assert words_of("A man's Café, 2 beers!") == ["a", "man's", "cafe", "beers"]
    assert words_of("it\N{RIGHT SINGLE QUOTATION MARK}s") == ["it's"]
    assert words_of("собака 犬") == ["собака", "犬"]
    assert words_of("123 … ?!") == []


def near(one: str, other: str) -> float:
    tower = load_words()
    return float(tower.read(one).vector @ tower.read(other).vector)


def test_sentences_lie_near_those_that_mean_the_same() -> None:
    assert (
        near("a man drinks a beer", "a guy with a glass of beer")
        > near("a man drinks a beer", "a dog in the snow") + 0.2
    )
    assert (
        near("people dancing at a party", "a party with dancing") > near("people dancing at a party", "a red car") + 0.2
    )
    assert near("the dog bites the man", "the man bites the dog") > 0.5
    assert np.linalg.norm(load_words().read("a wedding").vector) == pytest.approx(1, abs=1e-5)


def test_forms_of_known_words_are_known() -> None:
    tower = load_words()
    assert tower.read("skateboarders skateboarding").unknown == ()
    assert tower.read("beers").unknown == ()


def test_words_that_are_not_known_are_named_and_have_no_say() -> None:
    tower = load_words()
    sentence = tower.read("a zxqwy beer")
    assert sentence.unknown == ("zxqwy",)
    np.testing.assert_allclose(sentence.vector, tower.read("a beer").vector, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no word"),
        ("  !? 42", "no word"),
        ("собака в снегу", "knows no word"),
        ("zxqwy", "knows no word"),
        ("beer " * (MOST_WORDS + 1), "words and"),
        ("beer " + "zxqwy " * MOST_WORDS, "words and"),
        ("犬 " * 5000, "words and"),
        ("beer" + "." * 10_000, "letters at most"),
        ("beer" * 200, "letters at most"),
    ],
    ids=range(9),
)
def test_what_cannot_be_looked_for_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        load_words().read(text)
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize("name", ["scene_words.npz", "scene_space.npz"])
def test_damaged_parameters_are_refused(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = "words" if name == "scene_words.npz" else "space"
    damage_assets(monkeypatch.setattr, tmp_path)
    with pytest.raises(ModelError, match="damaged"):
        (load_words if module == "words" else load_space)()
    for data in (b"", b"no archive"):
        with pytest.raises(ModelError, match="install untag again"):
            (read_words if module == "words" else read_space)(data)


def space() -> Space:
    """One in which ordinary photos vary alike in every direction, around nothing."""
    return replace(
        load_space(), usual=np.zeros(WIDTH, np.float32), spread=np.eye(WIDTH, dtype=np.float32) / np.float32(WIDTH)
    )


@pytest.fixture
def searched(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> Untag:
    """Photos of you in which dimensions 10, 20 and 30 of the space show, and one of somebody else in which 20 does.

    Words are numbers, and each is where it says.
    """

    class Tower:
        def read(self, text: str) -> Sentence:
            if not text.strip():
                raise UsageError("there is no word")
            first, *unknown = text.split()
            return Sentence(np.eye(WIDTH, dtype=np.float32)[int(first)], tuple(unknown))

    # Drawn faces are near copies of each other.
    monkeypatch.setattr("untag.scan.judge.group_near_duplicates", lambda _: {})
    monkeypatch.setattr("untag.library.searching.load_words", Tower)
    monkeypatch.setattr("untag.library.searching.load_space", space)
    for serial, alcohol in ((1, 0.1), (2, 0.2), (3, 0.3)):
        untag.add(f"{alcohol}.png", paint(ME, serial=serial, alcohol=alcohol))
    untag.add("other.png", paint(STRANGER, serial=9, alcohol=0.2))
    untag.add("me.png", paint(ME, serial=8))
    assert untag.run("enroll", untag.photos / "me.png").status == 0
    assert untag.run("scan", untag.photos).status == 0
    return untag


def test_the_nearest_photo_of_you_comes_first_and_those_of_others_never(searched: Untag) -> None:
    result = searched.run("search", "20", "--format", "json")
    assert result.status == 0, result.err
    rows = json.loads(result.out)
    assert Path(rows[0]["path"]).name == "0.2.png"
    assert rows[0]["nearness"] > 10
    assert rows[0]["id"] == short_id(rows[0]["sha256"]) and rows[0]["id"] in searched.run("search", "20").out
    assert "other.png" not in {Path(row["path"]).name for row in rows}
    assert [row["nearness"] for row in rows] == sorted((row["nearness"] for row in rows), reverse=True)
    assert len(searched.run("search", "20", "--limit", "1").out.splitlines()) == 1


def test_it_says_what_it_does_not_know_and_when_nothing_looks_like_it(searched: Untag) -> None:
    result = searched.run("search", "77 zxqwy")
    assert result.status == 0
    assert "does not know: zxqwy" in result.err
    assert "none of your photos looks much like that" in result.err
    assert searched.run("search", " ").status == 2


def test_what_you_say_is_not_you_is_not_found(searched: Untag) -> None:
    assert searched.run("decide", searched.photos / "0.2.png", "--status", "not-me").status == 0
    assert "0.2.png" not in searched.run("search", "20").out


@pytest.mark.parametrize("query", ["", " "])
def test_nothing_is_not_taken_for_the_folder_that_one_is_in(untag: Untag, query: str) -> None:
    result = untag.run("search", query)
    assert result.status == 2
    assert "no word" in result.err


def test_nothing_scanned_is_said(untag: Untag) -> None:
    result = untag.run("search", "a beer")
    assert result.status == 0
    assert result.out == ""
    assert "no photo of you" in result.err


def test_photos_that_were_read_before_they_were_known_to_show_you_are_said(untag: Untag) -> None:
    untag.enroll()
    untag.add("maybe.png", paint(MAYBE, serial=1))
    untag.scan()
    (untag.home / "config.toml").write_text("me_similarity = 0.6\n")
    untag.scan()
    assert untag.found() == {"maybe.png": "me"}
    result = untag.run("search", "a beer")
    assert result.out == ""
    assert "1 photo of you could not be searched: read before it was known to show you" in result.err
