"""What EfficientNet-Lite2 computes of every labelled photo, at the first look and at the closer one, kept on disk.

`python training/scene_features.py DATA CACHE` writes two files for each set of photos: everything that is slow.
What is trained and measured starts from these files and takes minutes. Delete them after any change to `scene_input`,
to `closer_input` or to the graph.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scene_data import drawn_by_lot, settled_by_eye
from untag.engine.downloads.registry import EFFICIENTNET_LITE2
from untag.engine.runtime.session import Device, OrtSession, open_session
from untag.imaging.decode import decode
from untag.scan import SEARCH_SIDE
from untag.scenes.backbone import int8_graph_from_weights
from untag.scenes.classify import scene_input
from untag.scenes.closer import closer_input
from untag.scenes.heads import head_inputs
from untag.types import Frame, Pixels

SETS = ("snaps", "scenes", "flickr8k")
_BATCH = 16


def main() -> None:
    """Write the files that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("cache", type=Path)
    arguments = parser.parse_args()
    arguments.cache.mkdir(exist_ok=True)
    # Two threads, whatever the machine has: how the sums over the feature map are split changes their last bits.
    graph = open_session(int8_graph_from_weights(EFFICIENTNET_LITE2.read()), device=Device.CPU, threads=2)
    for name in SETS:
        _keep(arguments.cache / f"{name}-whole.npz", partial(_whole, arguments.data, name, graph))
    for name in SETS:
        _keep(arguments.cache / f"{name}-closer.npz", partial(_closer, arguments.data, name, graph))


def _keep(target: Path, compute: Callable[[], dict[str, NDArray[np.generic]]]) -> None:
    if not target.is_file():
        np.savez(target, allow_pickle=False, **compute())
        print(target, flush=True)


def paths_of(data: Path, name: str) -> list[str]:
    """The photos of a set, relative to `data`."""
    tables = {"snaps": "snap_labels.csv", "scenes": "scene_labels.csv", "flickr8k": "flickr8k_captions.csv"}
    with (data / tables[name]).open(newline="") as file:
        named = {row["path"] for row in csv.DictReader(file)}
    return sorted(path for path in named if path.startswith(f"{name}/") and (data / path).is_file())


def _frames(data: Path, paths: Sequence[str]) -> Iterator[list[Frame]]:
    for start in range(0, len(paths), _BATCH):
        yield [decode((data / path).read_bytes(), max_side=SEARCH_SIDE) for path in paths[start : start + _BATCH]]


def _whole(data: Path, name: str, graph: OrtSession) -> dict[str, NDArray[np.generic]]:
    paths = paths_of(data, name)
    inputs = [_looked_at(graph, [scene_input(frame.pixels) for frame in frames]) for frames in _frames(data, paths)]
    return {"paths": np.array(paths), "inputs": np.concatenate(inputs)}


def _closer(data: Path, name: str, graph: OrtSession) -> dict[str, NDArray[np.generic]]:
    """Of every photo, but where there are thousands of every sixth, and of those in which eyes settled what shows."""
    paths = paths_of(data, name)
    if name == "flickr8k":
        drawn, settled = drawn_by_lot(paths), settled_by_eye()
        paths = [path for path in paths if path in drawn or Path(path).stem in settled]
    inputs, windows = [], []
    for path in paths:
        frame = decode((data / path).read_bytes(), max_side=SEARCH_SIDE)
        logits, features, details, _, means = graph.run({"images": closer_input(frame.pixels)[None]})
        inputs.append(head_inputs(logits, features, details))
        windows.append(means.astype(np.float16))  # hundreds of megabytes
    return {
        "paths": np.array(paths),
        "inputs": np.concatenate(inputs),
        "counts": np.array([len(each) for each in windows]),
        "windows": np.concatenate(windows),
    }


def _looked_at(graph: OrtSession, images: Sequence[Pixels]) -> NDArray[np.float32]:
    logits, features, details, *_ = graph.run({"images": np.stack(images)})
    return head_inputs(logits, features, details)


if __name__ == "__main__":
    main()
