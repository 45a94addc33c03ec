"""What the scene heads are taught of a photo: what was seen by eye stands above its labels."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from untag.scenes.categories import Category

SCRIPT = Path(__file__).parents[1] / "training" / "scene_data.py"
LABELS = {"plain": "ordinary", "yes": "ordinary", "maybe": "ordinary", "no": "ordinary", "taken_back": "bar|alcohol"}
SEEN = {("yes", "bar"): 1, ("maybe", "bar"): -1, ("no", "bar"): 0, ("taken_back", "bar"): 0}


@pytest.fixture
def scene_data(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module with five photos of `snaps` to load and what was seen in four of them."""
    spec = importlib.util.spec_from_file_location("scene_data_of_training", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "_SEEN", SEEN)
    monkeypatch.setattr(module, "class_logits", lambda features: np.zeros((len(features), 1000), np.float32))
    return module


def labelled(folder: Path) -> Path:
    (folder / "scene_labels.csv").write_text("path,labels\n")
    (folder / "flickr8k_captions.csv").write_text("path,caption\n")
    rows = [f"snaps/{name}.jpg,{labels},yes,yes,{name}\n" for name, labels in LABELS.items()]
    (folder / "snap_labels.csv").write_text("path,labels,people,amateur,source\n" + "".join(rows))
    for name in ("snaps", "scenes", "flickr8k"):
        paths = [f"snaps/{stem}.jpg" for stem in LABELS] if name == "snaps" else []
        whole = {"paths": np.array(paths, "U99"), "inputs": np.eye(len(paths), 1698, dtype=np.float32)}
        np.savez(folder / f"{name}-whole.npz", allow_pickle=False, **whole)
        counts, windows = np.ones(len(paths), np.int64), np.zeros((len(paths), 1280), np.float16)
        np.savez(folder / f"{name}-closer.npz", allow_pickle=False, **whole, counts=counts, windows=windows)
    return folder


def test_what_was_seen_stands_above_the_labels(scene_data: ModuleType, tmp_path: Path) -> None:
    photos = scene_data.load(labelled(tmp_path), tmp_path)
    truth = photos.truth[:, scene_data.TRAINED.index(Category.BAR)]
    assert dict(zip(LABELS, truth.tolist(), strict=True)) == {
        "plain": 0,
        "yes": 1,
        "maybe": -1,
        "no": 0,
        "taken_back": 0,
    }
    assert photos.truth[-1, scene_data.TRAINED.index(Category.ALCOHOL)] == 1  # of another category nothing is taken


def test_what_may_show_anything_is_not_ordinary(scene_data: ModuleType, tmp_path: Path) -> None:
    photos = scene_data.load(labelled(tmp_path), tmp_path)
    assert [name for name, ordinary in zip(LABELS, photos.ordinary, strict=True) if ordinary] == ["plain", "no"]
