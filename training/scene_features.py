"""What EfficientNet-Lite2 computes of every labelled photo, whole and around up to three faces, kept on disk.

`python training/scene_features.py DATA CACHE` writes two files for each set of photos: everything that is slow.
What is trained and measured starts from these files and takes minutes. Delete them after any change to `scene_input`,
to `crops`, to the graph or to the face detector.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from untag.engine.downloads.registry import EFFICIENTNET_LITE2
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import Device, OrtSession, open_session
from untag.engine.weights.efficientnet import graph_from_weights
from untag.faces.engine import FaceEngine, load_engine
from untag.imaging.decode import decode
from untag.scan import SEARCH_SIDE
from untag.scenes.classify import scene_input
from untag.scenes.crops import Region, crop_input
from untag.scenes.heads import head_inputs
from untag.scenes.view import view_of
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
    # Two threads, whatever the machine has: how sums are split among threads changes their last bits.
    graph = open_session(graph_from_weights(EFFICIENTNET_LITE2.read()), device=Device.CPU, threads=2)
    for name in SETS:
        _keep(arguments.cache / f"{name}-whole.npz", partial(_whole, arguments.data, name, graph))
    with tempfile.TemporaryDirectory() as home:
        finder = load_engine("dlib", ModelOptions(Path(home), Device.CPU, threads=2))
        for name in SETS:
            _keep(arguments.cache / f"{name}-crops.npz", partial(_crops, arguments.data, name, graph, finder))


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


def _crops(data: Path, name: str, graph: OrtSession, finder: FaceEngine) -> dict[str, NDArray[np.generic]]:
    """Around the faces of every photo, but of every sixth only where there are thousands: they are no positives."""
    paths = paths_of(data, name)[:: 6 if name == "flickr8k" else 1]
    owners, boxes = [], []
    found: dict[Region, list[NDArray[np.float32]]] = {region: [] for region in Region}
    for number, frames in enumerate(_frames(data, paths)):
        wanted: dict[Region, list[Pixels]] = {region: [] for region in Region}
        for row, (frame, faces) in enumerate(zip(frames, finder.analyse(frames), strict=True), number * _BATCH):
            for box in view_of(frame, faces).faces:
                owners.append(row)
                boxes.append((box.left, box.top, box.right, box.bottom))
                for region in Region:
                    wanted[region].append(crop_input(frame.pixels, box, region))
        for region, cut in wanted.items():
            found[region] += [_looked_at(graph, cut[start : start + _BATCH]) for start in range(0, len(cut), _BATCH)]
    return {
        "paths": np.array(paths),
        "owners": np.array(owners, np.int64),
        "boxes": np.array(boxes, np.float64).reshape(-1, 4),
        **{region.value: np.concatenate(rows) for region, rows in found.items()},
    }


def _looked_at(graph: OrtSession, images: Sequence[Pixels]) -> NDArray[np.float32]:
    logits, features, details, _ = graph.run({"images": np.stack(images)})
    return head_inputs(logits, features, details)


if __name__ == "__main__":
    main()
