"""CLIP zero-shot on networks made up here, with the inputs and outputs of the real ones.

The encoders' own weights are nowhere in these tests: how well CLIP judges photos is not tested. Loading, tokens,
preparation, ensembling, caching and scores are.
"""

from __future__ import annotations

import gzip
import json
import math
import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import made_up_networks
from fakes import Untag
from untag.engine.downloads.pull import CLIP_IMAGE, CLIP_TEXT, CLIP_VOCABULARY
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import Device, OrtSession, open_session
from untag.errors import ModelError
from untag.scenes import zero_shot
from untag.scenes.categories import Category
from untag.scenes.prompts import ASKED, CategoryPrompts, Prompts, load_prompts
from untag.scenes.tokenizer import Tokenizer
from untag.scenes.zero_shot import ImageEncoder, TextEncoder, ZeroShotModel, clip_input, load_zero_shot
from untag.types import Pixels

VOCABULARY = gzip.compress(b"#version\nr e\nre d</w>\nb l\nbl u\nblu e</w>\n")
RED, BLUE = 513, 516
DIRECTIONS = {RED: (1.0, -1.0, -1.0), BLUE: (-1.0, -1.0, 1.0)}
PROMPTS = """
templates = ["{}", "a {}"]
negatives = ["x"]
[bar]
prompts = ["red", "red red"]
negatives = ["blue"]
"""


def session(model: bytes) -> OrtSession:
    return open_session(model, device=Device.CPU, threads=1)


def plain(*colour: int, height: int = 300, width: int = 400) -> Pixels:
    return np.full((height, width, 3), colour, np.uint8)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder in which CLIP was pulled, and the user's prompts are about red and blue."""
    files = {
        "CLIP_IMAGE": (CLIP_IMAGE, made_up_networks.clip_image_encoder()),
        "CLIP_TEXT": (CLIP_TEXT, made_up_networks.clip_text_encoder(DIRECTIONS)),
        "CLIP_VOCABULARY": (CLIP_VOCABULARY, VOCABULARY),
    }
    for name, (weights, data) in files.items():
        monkeypatch.setattr(f"untag.scenes.zero_shot.{name}", made_up_networks.put(tmp_path, weights, data))
    shut = "".join(f"[{name}]\nprompts = []\n" for name in ASKED if name is not Category.BAR)
    (tmp_path / "prompts.toml").write_text(PROMPTS + shut)
    return tmp_path


def options(home: Path, built: list[str] | None = None) -> ModelOptions:
    return ModelOptions(home, Device.CPU, 1, on_build=(lambda _: None) if built is None else built.append)


def test_a_photo_shows_what_its_prompts_describe_and_says_which(home: Path) -> None:
    model = load_zero_shot(options(home))
    red, blue = model.judge([plain(255, 0, 0), plain(0, 0, 255)])
    assert red.scores.keys() == {"bar"}
    assert red.scores["bar"] > 0.99
    assert red.evidence["bar"] == ("red",)
    assert blue.scores["bar"] < 0.01
    assert blue.evidence["bar"] == ()
    assert red.model == model.id
    assert model.classify(np.zeros((0, 224, 224, 3), np.uint8)) == []


def test_the_score_is_a_softmax_at_clips_temperature() -> None:
    # In the plane of red and green: the category at 45 degrees, as the mean of two prompts, the negative on red.
    vectors = np.zeros((3, 512), np.float32)
    vectors[[0, 1, 2], [0, 0, 1]] = 1
    prompts = Prompts(("{}",), ("n",), {"bar": CategoryPrompts(("p", "q"))})
    assert prompts.phrases == ("n", "p", "q")
    encoder = ImageEncoder(session(made_up_networks.clip_image_encoder()))
    image = clip_input(plain(140, 125, 0))
    vector = encoder.embed(image[np.newaxis])[0]
    ((score,),) = (found.scores.values() for found in ZeroShotModel(encoder, prompts, vectors).classify(image[None]))
    gap = 100 * (float(vector[0]) - float(vector[0] + vector[1]) / math.sqrt(2))
    assert 0.001 < score < 0.999
    assert score == pytest.approx(1 / (1 + math.exp(gap)), rel=1e-3)


def test_templates_are_averaged_after_each_is_brought_to_length_one() -> None:
    text = TextEncoder(session(made_up_networks.clip_text_encoder({RED: (5, 0), 64 + 256: (0, 1)})), tokenizer())
    prompts = Prompts(("{}", "a"), (), {"bar": CategoryPrompts(("red",))})
    (vector,) = zero_shot.embed_phrases(prompts, text)
    np.testing.assert_allclose(vector[:2], [math.sqrt(0.5), math.sqrt(0.5)], atol=1e-6)


def tokenizer() -> Tokenizer:
    return Tokenizer(VOCABULARY)


@pytest.mark.parametrize("mask", [False, True])
def test_a_text_encoder_gets_the_inputs_that_it_has(mask: bool) -> None:
    # The filling is the end token: only where it is masked does it not count.
    graph = made_up_networks.clip_text_encoder({RED: (1, 0), tokenizer().end: (0, 1)}, mask=mask)
    (vector,) = TextEncoder(session(graph), tokenizer()).embed(["red"])
    ends = 1 if mask else 75
    np.testing.assert_allclose(vector[:2], np.array([1, ends]) / math.hypot(1, ends), atol=1e-6)


def test_a_photo_is_prepared_as_clip_does() -> None:
    # openai/CLIP, clip/clip.py: the short side to 224 with Pillow's bicubic filter, then the middle of it.
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8).repeat(9, axis=0).repeat(9, axis=1)
    whole = np.asarray(Image.fromarray(noise).resize((336, 224), Image.Resampling.BICUBIC), np.int16)
    difference = np.abs(whole[:, 56:280] - clip_input(noise))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.001


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (500, 3), (224, 224), (223, 225)])
def test_a_photo_of_any_size_can_be_prepared(size: tuple[int, int]) -> None:
    prepared = clip_input(plain(10, 20, 30, height=size[0], width=size[1]))
    assert prepared.shape == (224, 224, 3)
    assert (prepared == [10, 20, 30]).all()


def test_colours_are_normalised_by_clips_mean_and_deviation() -> None:
    encoder = ImageEncoder(session(made_up_networks.clip_image_encoder()))
    (vector,) = encoder.embed(clip_input(plain(255, 128, 0))[np.newaxis])
    expected = (np.array([1, 128 / 255, 0]) - [0.48145466, 0.4578275, 0.40821073]) / [
        0.26862954,
        0.26130258,
        0.27577711,
    ]
    np.testing.assert_allclose(vector[:3], expected / np.linalg.norm(expected), atol=1e-4)


def test_texts_are_read_once_and_again_when_they_change(home: Path) -> None:
    built: list[str] = []
    first = load_zero_shot(options(home, built))
    CLIP_TEXT.path(home).unlink()
    again = load_zero_shot(options(home, built))
    assert len(built) == 1
    assert again.id == first.id
    (cache,) = (home / "cache").glob("clip-prompts-*")
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600
    (home / "prompts.toml").write_text((home / "prompts.toml").read_text().replace('"red red"', '"blue red"'))
    with pytest.raises(ModelError, match="clip-text is not installed; run: untag models pull clip"):
        load_zero_shot(options(home, built))


def test_only_the_prompts_in_force_stay_in_the_cache_and_name_the_scores(home: Path) -> None:
    first = load_zero_shot(options(home))
    (home / "prompts.toml").write_text((home / "prompts.toml").read_text().replace('"red red"', '"blue red"'))
    second = load_zero_shot(options(home))
    assert first.id != second.id
    assert len(list((home / "cache").glob("clip-prompts-*"))) == 1


def test_a_damaged_cache_is_made_again(home: Path) -> None:
    built: list[str] = []
    load_zero_shot(options(home, built))
    (cache,) = (home / "cache").glob("clip-prompts-*")
    cache.write_bytes(cache.read_bytes()[:-40])
    load_zero_shot(options(home, built))
    assert len(built) == 2


def test_other_weights_are_another_model(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = load_prompts(home)
    before = zero_shot.model_id(prompts)
    for name in ("CLIP_IMAGE", "CLIP_TEXT"):
        with monkeypatch.context() as patch:
            patch.setattr(f"untag.scenes.zero_shot.{name}", made_up_networks.put(home, CLIP_TEXT, b"other"))
            assert zero_shot.model_id(prompts) != before


def test_graphs_of_another_kind_are_refused() -> None:
    image = session(made_up_networks.clip_image_encoder())
    text = session(made_up_networks.clip_text_encoder({}))
    nudity = session(made_up_networks.nudity_classifier())
    with pytest.raises(ModelError, match="image encoder has the inputs"):
        ImageEncoder(text)
    with pytest.raises(ModelError, match="image encoder has the inputs"):
        ImageEncoder(nudity)
    with pytest.raises(ModelError, match="text encoder has the inputs"):
        TextEncoder(image, tokenizer())
    with pytest.raises(ModelError, match="image encoder has the inputs"):
        ImageEncoder(session(made_up_networks.embedder("data", "fc1", "N", 512)))
    with pytest.raises(ModelError, match="not 512 values"):
        ImageEncoder(session(made_up_networks.clip_image_encoder(dimensions=768)))


def test_clip_is_compared_with_what_judges_otherwise_in_one_table(home: Path, untag: Untag) -> None:
    for name, colour in (("red", (250, 0, 0)), ("blue", (0, 0, 250))):
        Image.fromarray(plain(*colour)).save(home / f"{name}.png")
    (home / "labels.csv").write_text("path,labels\nred.png,bar|alcohol\nblue.png,\n")
    compared = untag.invoke(["--home", str(home), "evaluate", "scenes", str(home / "labels.csv"), "--compare"])
    assert compared.status == 0, compared.err
    rows = [line.split() for line in compared.out.splitlines()]
    (bar,) = (row for row in rows if row[:2] == ["bar,", "CLIP"])
    assert bar[2:] == ["1", "1", "1", "1", "1", "1", "0"]
    assert ["alcohol", "1"] in [row[:2] for row in rows]
    assert compared.out.count("positives") == 1
    alone = untag.invoke(["--home", str(home), "evaluate", "scenes", str(home / "labels.csv"), "--json"])
    assert json.loads(alone.out)["clip"] == {}


def test_a_comparison_without_clips_files_says_how_to_get_them(untag: Untag) -> None:
    table = untag.add("labels.csv", b"path,labels\n")
    refused = untag.run("evaluate", "scenes", table, "--compare")
    assert refused.status == 2
    assert "untag models pull clip, or with --from DIR" in refused.err
