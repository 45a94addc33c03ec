"""The network under the heads, and which form of it runs where."""

from __future__ import annotations

from untag.engine.downloads.registry import EFFICIENTNET_LITE2
from untag.engine.runtime.cache import DerivedFile
from untag.engine.runtime.models import ModelOptions, open_derived
from untag.engine.runtime.session import Device, OrtSession, devices_for
from untag.engine.weights.efficientnet import graph_from_weights, window_classes_from_weights
from untag.engine.weights.efficientnet_int8 import build_int8, read_ranges
from untag.engine.weights.torch_weights import read_state_dict
from untag.support.assets import read_asset

RANGES_SHA256 = "7a622829a2350bf48442038d3190f1343d10bff792836cb494b75c7ef0584af1"
"""Of models/scene_ranges.npz, on which all that the network in whole numbers answers depends."""


def int8_graph_from_weights(weights: bytes) -> bytes:
    """The graph in whole numbers, from the bytes of the published weights file.

    Raises ModelError when they or the ranges are not those of this network.
    """
    return build_int8(read_state_dict(weights), read_ranges(read_asset("scene_ranges.npz", RANGES_SHA256)))


REAL_GRAPH_FILE = DerivedFile(EFFICIENTNET_LITE2, 3, graph_from_weights)
WINDOW_CLASSES_FILE = DerivedFile(EFFICIENTNET_LITE2, 1, window_classes_from_weights, form="classes-")
INT8_GRAPH_FILE = DerivedFile(EFFICIENTNET_LITE2, 2, int8_graph_from_weights, form=f"int8-{RANGES_SHA256[:8]}-")


def open_backbone(options: ModelOptions) -> OrtSession:
    """The network in whole numbers on a CPU, and in floating point on what is none, which lacks such operators.

    Scores differ by .002 in the mean between them, and by less than .04 for 99 of 100 photos.
    Raises ModelError when the weights are missing or damaged, DeviceError when the device does not really run.
    """
    if devices_for(options.device)[0] is not Device.CPU:
        session = open_derived(REAL_GRAPH_FILE, options)
        if session.device is not Device.CPU:
            return session
    return open_derived(INT8_GRAPH_FILE, options.for_any_size)
