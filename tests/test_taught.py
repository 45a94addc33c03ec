"""Categories that the user teaches: learning, the files, and the whole way from a folder of photos to the findings.

The network is made up: its features are those of an ordinary photo, but for some that the colour of a picture raises.
"""

from __future__ import annotations

import stat
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fakes import ME, Untag, damage_assets, paint
from untag.config import load_settings
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import Device, OrtSession
from untag.engine.weights.efficientnet import CLASSES, DETAILS, FEATURES
from untag.errors import ModelError, StoreError, UsageError
from untag.scenes.background import load_background, read_background
from untag.scenes.categories import Category
from untag.scenes.classify import BACKBONE_ID, MODEL_ID, load_classifier
from untag.scenes.installed import installed_thresholds, load_scene_models
from untag.scenes.space import WIDTH, load_space
from untag.scenes.taught import THRESHOLD, TaughtHeads, learn, load_taught
from untag.scenes.taught_files import (
    Examples,
    check_name,
    example_file,
    example_files,
    load_examples,
    save_examples,
    taught_names,
)
from untag.scenes.words import load_words
from untag.support.assets import read_asset
from untag.support.home import MARKS
from untag.types import SceneScores

BACKGROUND = load_background(BACKBONE_ID)
ORDINARY = (BACKGROUND.mean**2).astype(np.float32)
_TYPICAL = 40.0


def features(*strengths: float, kind: int = 0, seed: int = 0) -> NDArray[np.float32]:
    """(N, 1280): of ordinary photos, of which the features of a `kind` are raised by each of the strengths."""
    generator = np.random.default_rng([seed, kind])
    roots = np.tile(BACKGROUND.mean, (len(strengths), 1))
    roots += 0.5 * BACKGROUND.deviation * generator.standard_normal(roots.shape)
    own = slice(kind * _WIDTH, (kind + 1) * _WIDTH)
    roots[:, own] += np.outer(strengths, BACKGROUND.deviation[own])
    return (np.maximum(roots, 0) ** 2).astype(np.float32)


_WIDTH = 60


def examples(count: int = 10, unlike: NDArray[np.float32] | None = None, name: str = "band") -> Examples:
    nothing = np.zeros((0, FEATURES), np.float32)
    return Examples(name, BACKBONE_ID, features(*[3] * count), nothing if unlike is None else unlike)


def scores(taught: Examples, of: NDArray[np.float32]) -> NDArray[np.float64]:
    vectors = np.zeros((len(of), WIDTH), np.float32)
    return TaughtHeads(BACKGROUND, [learn(taught, BACKGROUND)], "").scores(of, vectors)[:, 0]


def test_what_is_like_the_examples_counts_and_ordinary_photos_do_not() -> None:
    assert (scores(examples(), features(*[3] * 20, seed=1)) >= THRESHOLD).all()
    assert (scores(examples(), features(*[0] * 20, seed=1)) < THRESHOLD).all()
    assert (scores(examples(), features(*[3] * 20, kind=5, seed=1)) < THRESHOLD).all()


def test_leaving_one_out_tells_what_would_be_found() -> None:
    good = learn(examples(), BACKGROUND).estimate
    assert (good.found, good.tried) == (10, 10)
    mixed = Examples(
        "band", BACKBONE_ID, np.concatenate([features(3, kind=kind) for kind in range(10)]), features()[:0]
    )
    assert learn(mixed, BACKGROUND).estimate.found < 3


def test_the_edge_is_the_documented_one_and_goes_up_with_what_stands_far_out() -> None:
    """3.2 deviations above ordinary photos, or half as far as the median example (docs/models.md)."""
    alone = learn(Examples("band", BACKBONE_ID, features(3), features()[:0]), BACKGROUND)
    scattered = np.concatenate([features(3, kind=kind) for kind in range(10)])
    assert alone.edge == 3.2
    assert learn(Examples("band", BACKBONE_ID, scattered, features()[:0]), BACKGROUND).edge == 3.2
    assert learn(examples(), BACKGROUND).edge > 3.2


def test_near_copies_do_not_vouch_for_each_other() -> None:
    taught = learn(Examples("band", BACKBONE_ID, np.repeat(features(3), 10, axis=0), features()[:0]), BACKGROUND)
    assert taught.estimate.tried == 0
    assert np.isfinite(taught.weights).all()


def test_photos_unlike_it_count_less_when_it_is_told_of_them() -> None:
    alike = features(*[3] * 8)
    alike[:, 5 * _WIDTH : 7 * _WIDTH] *= 3  # the same, and more besides
    others = alike[4:]
    untold = scores(examples(), others)
    told = scores(examples(unlike=alike[:4]), others)
    assert (1 - told > 100 * (1 - untold)).all()
    assert learn(examples(unlike=alike[:4]), BACKGROUND).estimate.unlike_tried == 4


@given(st.integers(1, 6), st.floats(0, 1e6), st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_any_features_give_finite_scores(count: int, size: float, unlike: int) -> None:
    rows = np.full((count + unlike, FEATURES), size, np.float32)
    given_rows = Examples("band", BACKBONE_ID, rows[:count], rows[count:])
    found = scores(given_rows, rows)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert (found <= 1).all()


def test_the_background_whitens_what_it_describes() -> None:
    generator = np.random.default_rng(0)
    own = generator.standard_normal((4000, len(BACKGROUND.spread))) * np.sqrt(BACKGROUND.spread)
    rest = generator.standard_normal((4000, FEATURES)) * np.sqrt(BACKGROUND.rest)
    rest -= (rest @ BACKGROUND.axes.T) @ BACKGROUND.axes
    roots = BACKGROUND.mean + 100 * BACKGROUND.deviation + (own @ BACKGROUND.axes + rest) * BACKGROUND.deviation
    whitened = BACKGROUND.whiten((roots**2).astype(np.float32))
    direction = generator.standard_normal((1, FEATURES)) + 5 * BACKGROUND.axes[0]
    expected = float(BACKGROUND.covariance(direction, direction)[0, 0])
    assert float((whitened @ direction[0]).var()) == pytest.approx(expected, rel=0.1)


def test_a_background_that_is_not_the_pinned_one_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not of another"):
        load_background("another")
    with monkeypatch.context() as damaged:
        damage_assets(damaged.setattr, tmp_path)
        with pytest.raises(ModelError, match="damaged"):
            load_background(BACKBONE_ID)
    for data in (b"", read_asset("scene_heads.npz")):
        with pytest.raises(ModelError, match="no statistics"):
            read_background(data)


@pytest.mark.parametrize("name", ["band", "my-band", "fußball", "горы", "サーフィン", "band 2024", "con", "a_b"])
def test_names_in_any_script_are_kept(tmp_path: Path, name: str) -> None:
    assert check_name(name) == name
    save_examples(tmp_path, examples(name=name))
    assert taught_names(tmp_path) == (name,)
    assert load_examples(tmp_path, name).name == name
    assert example_file(tmp_path, name).name.isascii()


@pytest.mark.parametrize(
    "name", ["", " ", "Band", "a/b", "..", "a\n", "a--b", "-a", "x" * 21, "100%", "\u202eab", "a,b"]
)
def test_names_that_cannot_be_one_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="lowercase words"):
        check_name(name)


@pytest.mark.parametrize("name", Category)
def test_untags_own_categories_cannot_be_taught(name: str) -> None:
    with pytest.raises(UsageError, match="of untag's own"):
        check_name(name)


def test_the_longest_name_fits_a_file_system(tmp_path: Path) -> None:
    save_examples(tmp_path, examples(name=check_name("𐐨" * 20)))
    assert all(len(path.name) <= 255 for path in example_files(tmp_path))


def test_examples_come_back_as_they_were_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    saved = examples(unlike=features(1, 2))
    save_examples(home, saved)
    found = load_examples(home, "band")
    assert (found.name, found.backbone) == (saved.name, saved.backbone)
    np.testing.assert_array_equal(found.like, saved.like)
    np.testing.assert_array_equal(found.unlike, saved.unlike)
    if sys.platform != "win32":
        assert stat.S_IMODE(example_file(home, "band").stat().st_mode) == 0o600
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert [path.name for path in home.iterdir() if path.is_file() and path.name not in MARKS] == ["taught-band.npz"]


@pytest.mark.parametrize("what", ["nothing", "text", "cut", "pickle", "no rows", "not finite", "too many", "too large"])
def test_a_damaged_file_is_named(tmp_path: Path, what: str) -> None:
    save_examples(tmp_path, examples())
    path = example_file(tmp_path, "band")
    like: NDArray[Any] = features(3)
    match what:
        case "nothing":
            path.write_bytes(b"")
        case "text":
            path.write_text("hello")
        case "cut":
            path.write_bytes(path.read_bytes()[:-200])
        case "pickle":
            np.savez(path, backbone=np.array("x"), like=like.astype(object), unlike=like)
        case "no rows":
            np.savez(path, backbone=np.array("x"), like=like[:0], unlike=like)
        case "not finite":
            np.savez(path, backbone=np.array("x"), like=like * np.nan, unlike=like)
        case "too many":
            np.savez(path, backbone=np.array("x"), like=np.repeat(like[:1], 5000, axis=0), unlike=like)
        case "too large":
            np.savez(path, backbone=np.array("x"), like=np.full_like(like, 1e38), unlike=like)
    with pytest.raises(StoreError, match=r"taught-band\.npz"):
        load_examples(tmp_path, "band")


@pytest.mark.parametrize("widths", [(7, 7), (FEATURES, 7), (7, FEATURES)])
def test_examples_of_another_width_are_damaged(school: Untag, widths: tuple[int, int]) -> None:
    like, unlike = (np.ones((5, width), np.float32) for width in widths)
    save_examples(school.home, Examples("band", BACKBONE_ID, like, unlike))
    with pytest.raises(StoreError, match="examples of band are damaged"):
        load_taught(school.home, BACKBONE_ID)
    listed = school.run("categories")
    assert listed.status == 0
    assert "band        unavailable: taught with another model, or damaged" in listed.out
    assert school.run("categories", "forget", "band").status == 0


def test_other_examples_are_another_model(tmp_path: Path) -> None:
    assert load_taught(tmp_path, BACKBONE_ID) is None
    save_examples(tmp_path, examples())
    first = load_taught(tmp_path, BACKBONE_ID)
    save_examples(tmp_path, examples(11))
    second = load_taught(tmp_path, BACKBONE_ID)
    assert first is not None
    assert second is not None
    assert first.id != second.id


def test_what_another_network_was_taught_is_not_judged(tmp_path: Path) -> None:
    save_examples(tmp_path, Examples("band", "another@1234", features(3), features()[:0]))
    assert load_taught(tmp_path, BACKBONE_ID) is None
    assert "band" not in installed_thresholds(tmp_path)


class Colours:
    """A network that knows how red a picture is, its faces aside."""

    def run(self, _: None, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        photos = feeds["images"]
        # The background's blue, in which the made-up pictures keep a score of their own.
        strengths = [3.0 if photo[-40:, :40, 2].mean() > _TYPICAL else 0.0 for photo in photos]
        found = np.concatenate(
            [features(value, seed=int(photo.sum())) for value, photo in zip(strengths, photos, strict=True)]
        )
        others = ((CLASSES,), (DETAILS,), (FEATURES, 10, 10))
        logits, details, cells = (np.zeros((len(photos), *shape), np.float32) for shape in others)
        return [logits, found, details, cells, found]


class NoClasses:
    """Names nothing in any window."""

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        return [np.zeros((len(feeds["images"]), CLASSES), np.float32)]


@pytest.fixture
def school(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> Untag:
    """The command line with the made-up network in place of EfficientNet, and a folder `like` of ten examples."""
    monkeypatch.setattr("untag.scenes.classify.open_backbone", lambda *_: OrtSession(Colours(), Device.CPU))
    monkeypatch.setattr("untag.scenes.classify.open_derived", lambda *_: NoClasses())
    monkeypatch.setattr("untag.scenes.installed.load_scene_models", load_scene_models)
    like = untag.root / "like"
    like.mkdir()
    for number in range(10):
        (like / f"{number}.png").write_bytes(paint(serial=number, weapon=0.6))
    return untag


def test_taught_scanned_listed_and_forgotten(school: Untag) -> None:
    school.enroll()
    school.add("at-the-gig.png", paint(ME, serial=51, weapon=0.6))
    school.add("at-home.png", paint(ME, serial=52))
    school.scan()
    assert not [item for item in school.listed() if "band" in dict(item["categories"])]  # type: ignore[call-overload]
    done = school.run("categories", "teach", "band", school.root / "like")
    assert done.status == 0, done.err
    assert (
        done.out
        == "band: taught with 10 photos\nabout 10 of 10 like these would be found, 5 to 100 in 1,000 others flagged\n"
    )
    assert "looks at every photo again" in done.err
    assert school.scan()["analysed"] == 2
    (found,) = school.listed("--category", "band")
    assert str(found["path"]).endswith("at-the-gig.png")
    assert any("band" in reason and "like your 10 examples" in reason for reason in found["reasons"])  # type: ignore[attr-defined]
    assert "band        counts from 50%  taught with 10 photos: about 10 of 10" in school.run("categories").out

    forgotten = school.run("categories", "forget", "band")
    assert forgotten.status == 0, forgotten.err
    assert "band" not in school.run("list", "--format", "json").out.replace("at-the-gig", "")
    assert school.run("list", "--category", "band").status == 2
    assert not example_files(school.home)
    assert b"like your" not in b"".join(path.read_bytes() for path in school.home.glob("untag.db*"))
    assert school.scan()["analysed"] == 2
    assert all("band" not in str(item) for item in school.listed())


def test_the_same_name_again_replaces_it(school: Untag) -> None:
    school.run("categories", "teach", "band", school.root / "like")
    (school.root / "like" / "0.png").unlink()
    again = school.run("categories", "teach", "band", school.root / "like")
    assert again.out.startswith("band: taught anew with 9 photos")
    assert "ten or more photos" in again.err
    assert len(example_files(school.home)) == 1


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_photos_teach_nothing(school: Untag, count: int, *, broken: bool) -> None:
    few = school.root / "few"
    few.mkdir()
    for number in range(count):
        (few / f"{number}.png").write_bytes(paint(serial=number))
    if broken:
        (few / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    result = school.run("categories", "teach", "band", few)
    assert result.status == 2, result.err
    assert "at least 4 are needed, and ten or more work well" in result.err
    assert ("broken.png" in result.err) == broken
    assert not example_files(school.home)


def test_broken_photos_are_named_and_the_others_taught(school: Untag) -> None:
    (school.root / "like" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    result = school.run("categories", "teach", "band", school.root / "like")
    assert result.status == 1
    assert "broken.png" in result.err
    assert "taught with 10 photos" in result.out


def test_of_too_many_photos_some_are_used_spread_over_the_folder(
    school: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("untag.scenes.teaching.MOST", 4)
    result = school.run("categories", "teach", "band", school.root / "like")
    assert result.out.startswith("band: taught with 4 photos")
    assert "of 10 photos, 4 were used" in result.err
    assert len(load_examples(school.home, "band").like) == 4


def test_photos_unlike_it_are_learnt_from(school: Untag) -> None:
    unlike = school.root / "unlike"
    unlike.mkdir()
    for number in range(5):
        (unlike / f"{number}.png").write_bytes(paint(serial=100 + number))
    result = school.run("categories", "teach", "band", school.root / "like", "--unlike", unlike)
    assert result.status == 0, result.err
    assert "band: taught with 10 photos and 5 unlike it\n" in result.out
    assert len(load_examples(school.home, "band").unlike) == 5
    assert "taught with 10 photos and 5 unlike it" in school.run("categories").out


def test_photos_unlike_it_that_are_none_teach_nothing(school: Untag) -> None:
    unlike = school.root / "unlike"
    unlike.mkdir()
    teach = ("categories", "teach", "band", school.root / "like", "--unlike")
    empty = school.run(*teach, unlike)
    assert empty.status == 2
    assert "unlike has no photo that band could be told from" in empty.err
    (unlike / "broken.png").write_bytes(b"no picture")
    assert "broken.png: " in school.run(*teach, unlike).err
    for same in (school.root / "like", school.root):
        result = school.run(*teach, same)
        assert result.status == 2
        assert "share photos" in result.err
    assert not example_files(school.home)


def test_the_configuration_of_what_is_forgotten_is_pointed_out(school: Untag) -> None:
    school.run("categories", "teach", "band", school.root / "like")
    (school.home / "config.toml").write_text("[thresholds]\nband = 0.7\n")
    assert "band        counts from 70% (usually 50%)  taught" in school.run("categories").out
    result = school.run("forget", "--all", "--yes")
    assert result.status == 0
    assert "config.toml still names band" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("teach", "band", "nowhere"), "no such file or folder"),
        (("teach", "alcohol", "like"), "alcohol is a category of untag's own; choose another name, such as my-alcohol"),
        (("teach", "Band", "like"), "lowercase words"),
        (("forget", "band"), "band was never taught; taught is nothing"),
        (("forget", "alcohol"), "of untag's own"),
    ],
)
def test_what_cannot_be_done_is_said(school: Untag, arguments: tuple[str, ...], message: str) -> None:
    *words, last = arguments
    place = [school.root / last] if words[0] == "teach" else [last]
    result = school.run("categories", *words, *place)
    assert result.status == 2
    assert message in result.err


def test_a_damaged_category_stops_a_scan_but_can_be_listed_and_forgotten(school: Untag) -> None:
    school.enroll()
    school.run("categories", "teach", "band", school.root / "like")
    example_file(school.home, "band").write_bytes(b"no")
    school.photos.mkdir()
    scan = school.run("scan", school.photos)
    assert scan.status == 2
    assert "untag categories forget" in scan.err
    assert "band        unavailable" in school.run("categories").out
    assert school.run("categories", "forget", "band").status == 0
    assert school.run("scan", school.photos).status == 0


def test_forget_all_takes_what_was_taught(school: Untag) -> None:
    school.enroll()
    school.run("categories", "teach", "band", school.root / "like")
    assert school.run("forget", "--all", "--yes").status == 0
    assert not example_files(school.home)


def test_the_configuration_may_weigh_what_was_taught_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[severities]\nband = 0.9\n[thresholds]\nband = 0.7\n")
    with pytest.raises(UsageError, match="no category 'band'"):
        load_settings(tmp_path)
    save_examples(tmp_path, examples())
    found = load_settings(tmp_path)
    assert (found.severities, found.thresholds) == ({"band": 0.9}, {"band": 0.7})
    assert found.weights.severities["band"] == 0.9
    (tmp_path / "config.toml").write_text("[certainty]\nband = 0.9\n")
    with pytest.raises(UsageError, match="no verdict 'band'"):
        load_settings(tmp_path)


def test_forgetting_reminds_of_the_configuration(school: Untag) -> None:
    school.run("categories", "teach", "band", school.root / "like")
    (school.home / "config.toml").write_text("[severities]\nband = 0.9\n")
    assert "config.toml still names band" in school.run("categories", "forget", "band").err


def test_taught_categories_are_evaluated(school: Untag) -> None:
    school.run("categories", "teach", "band", school.root / "like")
    school.add("gig.png", paint(serial=61, weapon=0.6))
    school.add("home.png", paint(serial=62))
    school.add("labels.csv", b"path,labels\ngig.png,band\nhome.png,\n")
    result = school.run("evaluate", "scenes", school.photos / "labels.csv", "--json")
    assert result.status == 0, result.err
    assert '"band": {"positives": 1, "ap": 1.0' in result.out


@pytest.mark.usefixtures("school")
def test_the_name_of_the_model_changes_with_what_it_was_taught(tmp_path: Path) -> None:
    options = ModelOptions(tmp_path)
    assert load_classifier(options).id == MODEL_ID
    save_examples(tmp_path, examples())
    classifier = load_classifier(options)
    assert classifier.id.startswith(f"{MODEL_ID}+taught-")
    (judged,) = classifier.judge([np.zeros((320, 320, 3), np.uint8)])
    assert isinstance(judged, SceneScores)
    assert judged.model == classifier.id
    assert list(judged.scores)[-1] == "band"


def near_to(text: str, far: float) -> NDArray[np.float32]:
    """A vector of the shared space that is so many standard deviations nearer to a text than ordinary photos."""
    space, sentence = load_space(), load_words().read(text).vector
    return (space.usual + sentence * np.float32(far * np.sqrt(sentence @ space.spread @ sentence)))[np.newaxis]


def test_words_alone_make_a_category(tmp_path: Path) -> None:
    text = "musicians with guitars on a stage"
    nothing = np.zeros((0, FEATURES), np.float32)
    save_examples(tmp_path, Examples("band", BACKBONE_ID, nothing, nothing, text))
    taught = load_taught(tmp_path, BACKBONE_ID)
    assert taught is not None
    ordinary = features(0)
    assert taught.scores(ordinary, near_to(text, 3.05))[0, 0] > THRESHOLD
    assert taught.scores(ordinary, near_to(text, 2.95))[0, 0] < THRESHOLD
    assert taught.evidence["band"] == f"near to your words: {text}"


def test_words_and_examples_must_agree(tmp_path: Path) -> None:
    text = "musicians with guitars on a stage"
    save_examples(tmp_path, replace(examples(), words=text))
    taught = load_taught(tmp_path, BACKBONE_ID)
    assert taught is not None
    (like,), (ordinary,) = features(3), features(0)
    both, words, looks, neither = (
        taught.scores(row[np.newaxis], near_to(text, far))[0, 0]
        for row, far in ((like, 4.0), (ordinary, 4.0), (like, -6.0), (ordinary, 0.0))
    )
    assert both > THRESHOLD
    assert max(words, neither) < THRESHOLD
    assert looks < both


def test_the_name_of_the_model_changes_with_the_words(tmp_path: Path) -> None:
    found = set()
    for text in ("", "a dog", "a cat"):
        save_examples(tmp_path, replace(examples(), words=text))
        taught = load_taught(tmp_path, BACKBONE_ID)
        assert taught is not None
        found.add(taught.id)
    assert len(found) == 3


def test_taught_in_words_listed_and_forgotten(school: Untag) -> None:
    done = school.run("categories", "teach", "band", "--words", "musicians with guitars")
    assert done.status == 0, done.err
    assert done.out.startswith("band: taught with the words musicians with guitars\nexperimental")
    assert "band        counts from 50%  taught with the words musicians" in school.run("categories").out
    again = school.run("categories", "teach", "band", school.root / "like", "--words", "musicians with guitars")
    assert again.status == 0, again.err
    assert again.out.startswith("band: taught anew with 10 photos")
    assert school.run("categories", "forget", "band").status == 0
    assert "band" not in school.run("categories").out


@pytest.mark.parametrize("words", ["", "  ", "собака", "zxqwy", "4 !"])
def test_words_that_mean_nothing_here_teach_nothing(school: Untag, words: str) -> None:
    result = school.run("categories", "teach", "band", "--words", words)
    assert result.status == 2
    assert "band" not in school.run("categories").out


def test_words_that_are_not_known_are_said_where_a_category_is_taught(school: Untag) -> None:
    done = school.run("categories", "teach", "band", "--words", "a zxqwy  guitar\n on a qqvvx")
    assert done.status == 0
    assert "does not know: zxqwy, qqvvx" in done.err
    assert done.out.startswith("band: taught with the words a zxqwy guitar on a qqvvx\n")
    again = school.run("categories", "teach", "band", school.root / "like", "--words", "a zxqwy guitar")
    assert "does not know: zxqwy;" in again.err
    assert "does not know" not in school.run("categories", "teach", "band", "--words", "a guitar").err


@pytest.mark.parametrize("words", ["guitar " + "zxqwy " * 5000, "guitar" + "." * 10_000])
def test_a_description_that_would_fill_every_finding_is_refused(school: Untag, words: str) -> None:
    result = school.run("categories", "teach", "band", "--words", words)
    assert result.status == 2
    assert "at most" in result.err
    assert "band" not in school.run("categories").out


def test_words_that_another_release_kept_are_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    nothing = np.zeros((0, FEATURES), np.float32)
    save_examples(tmp_path, Examples("band", BACKBONE_ID, nothing, nothing, "zxqwy"))
    with pytest.raises(StoreError, match="Teach it again"):
        load_taught(tmp_path, BACKBONE_ID)


def test_photos_unlike_it_need_photos_like_it(school: Untag) -> None:
    result = school.run("categories", "teach", "band", "--unlike", school.root / "like", "--words", "a guitar")
    assert result.status == 2
    assert "show what band is like" in result.err


def test_copies_of_one_photo_are_one_example(school: Untag) -> None:
    like = school.root / "copies"
    like.mkdir()
    for number in range(9):
        (like / f"{number}.png").write_bytes(paint(serial=number % 3, weapon=0.6))
    result = school.run("categories", "teach", "band", like)
    assert result.status == 2
    assert "3 photos to learn band from" in result.err
    (like / "9.png").write_bytes(paint(serial=77, weapon=0.6))
    assert school.run("categories", "teach", "band", like).out.startswith("band: taught with 4 photos")


def test_the_same_photo_cannot_be_like_it_and_unlike_it_in_two_folders(school: Untag) -> None:
    unlike = school.root / "unlike"
    unlike.mkdir()
    (unlike / "other.png").write_bytes(paint(serial=200))
    assert school.run("categories", "teach", "band", school.root / "like", "--unlike", unlike).status == 0
    (unlike / "renamed.png").write_bytes((school.root / "like" / "3.png").read_bytes())
    result = school.run("categories", "teach", "band", school.root / "like", "--unlike", unlike)
    assert result.status == 2
    assert "share 1 photo" in result.err


@pytest.mark.parametrize(
    "written", ["café", "cafe\N{COMBINING ACUTE ACCENT}", "CAFÉ", "Cafe\N{COMBINING ACUTE ACCENT}"]
)
def test_a_category_is_found_however_its_name_is_written(school: Untag, written: str) -> None:
    school.enroll()
    assert school.run("categories", "teach", "cafe\N{COMBINING ACUTE ACCENT}", school.root / "like").status == 0
    school.add("there.png", paint(ME, serial=51, weapon=0.6))
    school.scan()
    (found,) = school.listed("--category", written)
    assert str(found["path"]).endswith("there.png")
    assert school.listed("--category", "Alcohol") == []
