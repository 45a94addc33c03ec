"""Photo and prompts -> how surely it shows each category, with CLIP, by which of several texts fits it best.

EXPERIMENTAL: neither the prompts nor the thresholds were measured. Method: Radford et al. 2021, with an ensemble of
prompts and templates for each category, as in section 3.1.4.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from untag.engine.downloads.pull import CLIP_IMAGE, CLIP_TEXT, CLIP_VOCABULARY
from untag.engine.runtime.cache import cached
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import OrtSession, open_session
from untag.errors import ModelError
from untag.scenes.prompts import Prompts, load_prompts
from untag.scenes.tokenizer import Tokenizer
from untag.types import Pixels, SceneScores

SIDE = 224
DIMENSIONS = 512
LOGIT_SCALE = 100.0
"""What CLIP's similarities are multiplied by before the softmax: exp of its learned, clipped logit scale."""

_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
_DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
_WORTH_NAMING = 0.05
_VERSION = 1


def clip_input(rgb: Pixels) -> Pixels:
    """The middle square of a photo, (height, width, 3) uint8 of any size, as CLIP takes it: (224, 224, 3) uint8.

    The short side becomes 224 by Pillow's bicubic filter, then the middle is cut out (openai/CLIP, clip/clip.py; the
    long side is cut down to a whole number as torchvision's Resize does).
    """
    height, width = rgb.shape[:2]
    short = min(height, width)
    size = (width * SIDE // short, height * SIDE // short)
    left, top = round((size[0] - SIDE) / 2), round((size[1] - SIDE) / 2)
    # Only what is cut out is computed; a value in some thousands comes out different by 1 of 255 from resizing first.
    across, down = width / size[0], height / size[1]
    right, bottom = min(width, (left + SIDE) * across), min(height, (top + SIDE) * down)
    box = (left * across, top * down, right, bottom)
    return np.asarray(Image.fromarray(rgb).resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box), np.uint8)


class ImageEncoder:
    """CLIP's image encoder: `pixel_values` (N, 3, 224, 224) float32 -> `image_embeds` (N, 512) float32."""

    def __init__(self, session: OrtSession) -> None:
        """Raises ModelError when the graph has other inputs or outputs."""
        match list(session.inputs.items()):
            case [(name, (None | 1, None | 3, None | 224, None | 224))]:
                self._input = name
            case inputs:
                raise ModelError(f"CLIP's image encoder has the inputs {inputs}, not photos of 224 x 224 pixels")
        self._session = session
        self._output = _output(session, "image_embeds")
        self.embed(np.zeros((1, SIDE, SIDE, 3), np.uint8))  # a wrong graph is better known before the first photo

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Unit vectors, (N, 512), of photos, (N, 224, 224, 3) as `clip_input` makes them.

        One by one: a graph of 8 bits scales its values by the largest of a batch, and what a photo shows must not
        depend on those that happen to be beside it.
        """
        return _unit([self._embed((image / np.float32(255) - _MEAN) / _DEVIATION) for image in images])

    def _embed(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        pixels = np.ascontiguousarray(image.transpose(2, 0, 1)[np.newaxis], np.float32)
        return np.asarray(self._session.run({self._input: pixels})[self._output])


class TextEncoder:
    """CLIP's text encoder: `input_ids` (N, 77) int64, `attention_mask` if it has one -> `text_embeds` (N, 512)."""

    def __init__(self, session: OrtSession, tokenizer: Tokenizer) -> None:
        """Raises ModelError when the graph has other inputs or outputs."""
        # The text encoder exported by itself has no mask; that of the whole model has one.
        self._inputs = session.inputs
        if "input_ids" not in self._inputs or not self._inputs.keys() <= {"input_ids", "attention_mask"}:
            raise ModelError(f"CLIP's text encoder has the inputs {list(self._inputs)}, not input_ids")
        self._session = session
        self._tokenizer = tokenizer
        self._output = _output(session, "text_embeds")

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, (N, 512). One by one, as photos are. Raises UsageError for a text that is too long."""
        ids, mask = self._tokenizer.batch(texts)
        feeds = {"input_ids": ids, "attention_mask": mask}
        return _unit(
            [
                self._session.run({name: feeds[name][row : row + 1] for name in self._inputs})[self._output]
                for row in range(len(texts))
            ]
        )


def embed_phrases(prompts: Prompts, encoder: TextEncoder) -> NDArray[np.float32]:
    """A unit vector for each of `prompts.phrases`, (P, 512): the mean of its vectors in every template."""
    return np.concatenate(
        [
            _unit(encoder.embed([template.replace("{}", phrase) for template in prompts.templates]).mean(axis=0))
            for phrase in prompts.phrases
        ]
    )


class ZeroShotModel:
    """Judges the categories that prompts describe. `vectors`, (P, 512), are those of `prompts.phrases`."""

    def __init__(self, encoder: ImageEncoder, prompts: Prompts, vectors: NDArray[np.float32]) -> None:
        rows = {phrase: row for row, phrase in enumerate(prompts.phrases)}
        self._encoder = encoder
        self._categories = {
            name: _Category(
                asked.prompts,
                vectors[[rows[phrase] for phrase in asked.prompts]],
                vectors[[rows[phrase] for phrase in dict.fromkeys((*asked.negatives, *prompts.negatives))]],
            )
            for name, asked in prompts.categories.items()
        }
        self.id = model_id(prompts)
        self.preferred = prompts.own
        self.only = frozenset[str]()

    def judge(self, photos: Sequence[Pixels]) -> list[SceneScores]:
        """Judge whole photos."""
        return [score for photo in photos for score in self.classify(clip_input(photo)[np.newaxis])]

    def classify(self, images: NDArray[np.uint8]) -> list[SceneScores]:
        """Judge photos, (N, 224, 224, 3) uint8 as `clip_input` makes them; N may be 0."""
        if images.ndim != 4 or images.shape[1:] != (SIDE, SIDE, 3) or images.dtype != np.uint8:
            raise ValueError(f"images are (N, {SIDE}, {SIDE}, 3) uint8, not {images.shape} {images.dtype}")
        return [self._judge(vector) for vector in self._encoder.embed(images)]

    def _judge(self, image: NDArray[np.float32]) -> SceneScores:
        judged = {name: category.judge(image) for name, category in self._categories.items()}
        return SceneScores(
            {name: score for name, (score, _) in judged.items()},
            {name: words for name, (_, words) in judged.items()},
            self.id,
        )


class _Category:
    def __init__(
        self, prompts: tuple[str, ...], positives: NDArray[np.float32], negatives: NDArray[np.float32]
    ) -> None:
        self._prompts = prompts
        self._positives = positives
        self._texts = np.concatenate([_unit(positives.mean(axis=0)), negatives])

    def judge(self, image: NDArray[np.float32]) -> tuple[float, tuple[str, ...]]:
        """The probability of the category among its negatives, and the prompt that fits best if it is not nothing."""
        logits = LOGIT_SCALE * (self._texts @ image).astype(np.float64)
        shares = np.exp(logits - logits.max())
        score = float(shares[0] / shares.sum())
        best = self._prompts[int((self._positives @ image).argmax())]
        return score, (best,) if score >= _WORTH_NAMING else ()


def model_id(prompts: Prompts) -> str:
    """Identifies scores: the hashes of both encoders and of the prompts, and the version of what is done with them."""
    return f"clip-b32@{CLIP_IMAGE.sha256[:8]}{CLIP_TEXT.sha256[:8]}+{prompts.digest[:12]}v{_VERSION}"


def load_zero_shot(options: ModelOptions) -> ZeroShotModel:
    """CLIP with the prompts in force. The text encoder is loaded only when their vectors are not cached.

    Raises UsageError for a wrong prompts file, ModelError when the weights are missing, damaged or of another shape,
    DeviceError when the device does not really run.
    """
    prompts = load_prompts(options.home)
    vectors = phrase_vectors(prompts, options)
    session = open_session(CLIP_IMAGE.read(options.home), device=options.device, threads=options.threads)
    return ZeroShotModel(ImageEncoder(session), prompts, vectors)


def phrase_vectors(prompts: Prompts, options: ModelOptions) -> NDArray[np.float32]:
    """The vectors of the prompts, (P, 512), from the cache under the home folder or made and cached."""

    def build() -> bytes:
        options.on_build(f"reading {len(prompts.phrases)} prompts with CLIP (once)")
        session = open_session(CLIP_TEXT.read(options.home), device=options.device, threads=options.threads)
        encoder = TextEncoder(session, Tokenizer(CLIP_VOCABULARY.read(options.home)))
        return embed_phrases(prompts, encoder).astype("<f4").tobytes()

    key = hashlib.sha256(f"{model_id(prompts)} {CLIP_VOCABULARY.sha256}".encode()).hexdigest()
    path = options.home / "cache" / f"clip-prompts-{key[:16]}.bin"
    vectors = np.frombuffer(cached(path, build), "<f4").reshape(len(prompts.phrases), DIMENSIONS)
    for old in path.parent.glob("clip-prompts-*.bin"):
        if old != path:
            old.unlink(missing_ok=True)
    return vectors


def _output(session: OrtSession, name: str) -> int:
    if name not in session.outputs:
        raise ModelError(f"CLIP's encoder has the outputs {list(session.outputs)}, not {name}")
    return session.outputs.index(name)


def _unit(vectors: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of (N, 512), given as such or one by one, at length 1."""
    rows = np.asarray(vectors, np.float32)
    if rows.size and rows.shape[-1] != DIMENSIONS:
        raise ModelError(f"CLIP's encoder gives {rows.shape}, not {DIMENSIONS} values")
    rows = rows.reshape(-1, DIMENSIONS)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))
