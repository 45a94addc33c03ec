"""Train the space that pictures and sentences share, on what people wrote of 6,800 photos.

`python training/joint_space.py DATA FEATURES models/scene_space.npz [--vectors captions.npz]`: the square roots of
EfficientNet-Lite2's features and details -> 1,024 -> 384 numbers, so that a photo lies near the all-MiniLM-L6-v2
vectors of its captions (symmetric contrastive loss, Radford et al. 2021). One thread and fixed seeds: the same photos
and versions give the same bytes. Prints how often the right one of 500 unseen photos is found by a caption.
"""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from scene_data import pack, read_captions
from sentences import WIDTH, SentenceEncoder
from untag.scenes.space import SEEN_BY_SPACE, Space, signed_root

Floats = NDArray[np.float32]
HIDDEN = 1024
UNSEEN = 500
_EPOCHS, _BATCH = 25, 512
_RATE, _DECAY, _DROPOUT = 2e-3, 0.05, 0.4
_TEMPERATURE = 0.05


def caption_vectors(data: Path, cache: Path) -> tuple[dict[str, int], Floats]:
    """Each sentence's row, and the vectors of all (S, 384); kept in `cache`, as it takes minutes."""
    sentences = sorted({line for lines in read_captions(data).values() for line in lines})
    if cache.is_file():
        with np.load(cache, allow_pickle=False) as file:
            if [str(line) for line in file["sentences"]] == sentences:
                return {line: row for row, line in enumerate(sentences)}, file["vectors"]
    vectors = SentenceEncoder().embed(sentences)
    np.savez(cache, sentences=np.array(sentences), vectors=vectors)
    return {line: row for row, line in enumerate(sentences)}, vectors


def fit(features: Floats, captions: NDArray[np.int64], vectors: Floats, *, seed: int = 0) -> Space:
    """`captions` (N, 5) are the rows in `vectors` of what was written of each of N photos."""
    torch.manual_seed(seed)
    roots = signed_root(features)
    mean, deviation = roots.mean(axis=0), roots.std(axis=0) + 0.02
    pictures = torch.from_numpy(((roots - mean) / deviation).astype(np.float32))
    texts = torch.from_numpy(vectors)
    written = torch.from_numpy(captions)
    network = nn.Sequential(
        nn.Dropout(_DROPOUT),
        nn.Linear(SEEN_BY_SPACE, HIDDEN),
        nn.ReLU(),
        nn.Dropout(_DROPOUT),
        nn.Linear(HIDDEN, WIDTH),
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
    steps = _EPOCHS * (len(pictures) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps, pct_start=0.1)
    for _ in range(_EPOCHS):
        order = torch.randperm(len(pictures))
        for start in range(0, len(order) - _BATCH + 1, _BATCH):
            rows = order[start : start + _BATCH]
            said = nn.functional.normalize(texts[written[rows]].mean(1), dim=1)
            seen = nn.functional.normalize(network(pictures[rows]), dim=1)
            scores = seen @ said.T / _TEMPERATURE
            right = torch.arange(len(rows))
            loss = nn.functional.cross_entropy(scores, right) + nn.functional.cross_entropy(scores.T, right)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    first, second = network[1], network[4]
    found = Space(
        mean,
        deviation,
        first=_values(first.weight.T),
        first_bias=_values(first.bias),
        second=_values(second.weight.T),
        second_bias=_values(second.bias),
        usual=np.zeros(WIDTH, np.float32),
        spread=np.eye(WIDTH, dtype=np.float32),
    )
    vectors = found.embed(features)
    return replace(found, usual=vectors.mean(axis=0), spread=np.cov(vectors.T).astype(np.float32))


def _values(layer: torch.Tensor) -> Floats:
    return np.asarray(layer.detach().contiguous().numpy())


def found_by_caption(
    space: Space, features: Floats, captions: NDArray[np.int64], vectors: Floats
) -> tuple[float, float]:
    """For how many of the captions the right one of these photos is first, and among the first ten."""
    pictures = space.embed(features)
    scores = vectors[captions.ravel()] @ pictures.T
    right = np.repeat(np.arange(len(pictures)), captions.shape[1])
    ranks = (scores > scores[np.arange(len(scores)), right][:, None]).sum(axis=1)
    return float((ranks == 0).mean()), float((ranks < 10).mean())


def described(data: Path, features: Path, cache: Path) -> tuple[list[str], Floats, NDArray[np.int64], Floats]:
    """The photos that have five captions: paths, features (N, 1696), rows of captions (N, 5), vectors."""
    number, vectors = caption_vectors(data, cache)
    captions = read_captions(data)
    with np.load(features / "flickr8k-whole.npz", allow_pickle=False) as file:
        paths, inputs = [str(path) for path in file["paths"]], file["inputs"]
    rows = [row for row, path in enumerate(paths) if len(captions.get(path, ())) >= 5]
    written = np.array([[number[line] for line in captions[paths[row]][:5]] for row in rows])
    return [paths[row] for row in rows], inputs[rows, :SEEN_BY_SPACE], written, vectors


def main() -> None:
    """Measure on 500 photos left out, then train on all and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("features", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--vectors", type=Path, default=Path("captions.npz"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    _, pictures, captions, vectors = described(arguments.data, arguments.features, arguments.vectors)
    order = np.random.default_rng(0).permutation(len(pictures))
    unseen, seen = order[:UNSEEN], order[UNSEEN:]
    tried = fit(pictures[seen], captions[seen], vectors)
    first, ten = found_by_caption(tried, pictures[unseen], captions[unseen], vectors)
    print(f"of {UNSEEN} unseen photos the right one is first for {first:.3f} of the captions, among ten for {ten:.3f}")
    space = fit(pictures, captions, vectors)
    halves = {field.name: getattr(space, field.name).astype(np.float16) for field in fields(Space)}
    halves["spread"] = space.spread.astype(np.float32)  # its numbers are too small for half precision
    arguments.output.write_bytes(pack(halves))
    print(f'SPACE_SHA256 = "{hashlib.sha256(arguments.output.read_bytes()).hexdigest()}"')


if __name__ == "__main__":
    main()
