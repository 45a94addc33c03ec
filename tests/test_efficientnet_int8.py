"""The scene network in whole numbers: near the one in floating point, and the same to the bit however it is run."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from golden_images import golden_images
from untag.engine.downloads.registry import EFFICIENTNET_LITE2
from untag.engine.runtime.session import Device, Session, open_session
from untag.engine.weights.efficientnet import build_efficientnet_lite2
from untag.engine.weights.efficientnet_int8 import Ranges, build_int8, read_ranges, whole_weights
from untag.engine.weights.torch_weights import read_state_dict
from untag.errors import ModelError
from untag.support.assets import read_asset

FEATURE_MAP = "a8bd38b64ea0261cf4b0f12a07480963c0ca98bb41ff326f2e9a12d5ae015bb3"
"""SHA-256 of the feature map of the golden images. Processors with SSE4.1 alone, with AVX2, AVX512 or VNNI, and ARM
with and without dot products all gave it; it changes with models/scene_ranges.npz."""


@pytest.fixture(scope="module")
def state() -> dict[str, NDArray[Any]]:
    return read_state_dict(EFFICIENTNET_LITE2.read())


@pytest.fixture(scope="module")
def ranges() -> Ranges:
    return read_ranges(read_asset("scene_ranges.npz"))


@pytest.fixture(scope="module")
def graph(state: dict[str, NDArray[Any]], ranges: Ranges) -> bytes:
    return build_int8(state, ranges)


@pytest.fixture(scope="module")
def session(graph: bytes) -> Session:
    return open_session(graph, device=Device.CPU, threads=1)


def test_answers_nearly_what_the_network_answers(session: Session, state: dict[str, NDArray[Any]]) -> None:
    real = open_session(build_efficientnet_lite2(state), device=Device.CPU, threads=1)
    images = golden_images()
    outputs = zip(session.run({"images": images}), real.run({"images": images}), (0.95, 0.95, 0.95, 0.9), strict=False)
    for rounded, wanted, least in outputs:
        assert rounded.shape == wanted.shape
        for one, other in zip(rounded, wanted, strict=True):
            assert _cosine(one, other) > least


def _cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(one.ravel() @ other.ravel() / np.linalg.norm(one) / np.linalg.norm(other))


def test_the_feature_map_is_the_same_on_every_processor(session: Session) -> None:
    feature_map = session.run({"images": golden_images()})[3]
    assert hashlib.sha256(feature_map.tobytes()).hexdigest() == FEATURE_MAP


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_an_image_is_judged_alike_alone_in_any_batch_and_by_any_threads(
    session: Session, graph: bytes, threads: int
) -> None:
    images = golden_images()
    together = open_session(graph, device=Device.CPU, threads=threads).run({"images": images})
    alone = [session.run({"images": image[None]}) for image in images]
    for output in range(4):
        assert together[output].tobytes() == np.concatenate([result[output] for result in alone]).tobytes()


def test_no_sum_leaves_the_numbers_that_every_processor_adds_up_exactly(graph: bytes) -> None:
    model = onnx.load_from_string(graph).graph
    constants = {constant.name: onnx.numpy_helper.to_array(constant) for constant in model.initializer}
    whole = [node for node in model.node if node.op_type == "QLinearConv"]
    assert len(whole) == 61
    for node in whole:
        weight = constants[node.input[3]].astype(np.int64)
        if weight.shape[1] > 1:  # 255 times what is of one sign in any two neighbours, in 16 bits
            pairs = weight.reshape(len(weight), -1, 2)
            assert 255 * max(pairs.clip(0, None).sum(axis=2).max(), -pairs.clip(None, 0).sum(axis=2).min()) < 2**15
    fine = [node for node in model.node if node.op_type == "Conv"]
    assert len(fine) == 3
    for node in fine:
        factors, bias = (constants[name].astype(np.float64) for name in node.input[1:])
        np.testing.assert_array_equal(factors, np.rint(factors))
        np.testing.assert_array_equal(bias, np.rint(bias))
        assert (255 * np.abs(factors).sum(axis=(1, 2, 3)) + np.abs(bias)).max() <= 2**24


def test_weights_are_rounded_to_the_nearest_step_of_their_channel() -> None:
    weight = np.random.default_rng(3).normal(size=(5, 8, 1, 1)) * np.array([1, 10, 1e-3, 0, 1])[:, None, None, None]
    weight[4, :2] = 3.0  # two large neighbours, which share what one alone has for itself
    steps, whole = whole_weights(weight, np.zeros(5))
    assert (np.abs(whole * steps[:, None, None, None] - weight) <= 0.5 * steps[:, None, None, None] + 1e-9).all()
    assert np.abs(whole[0].astype(int)).max() > 64
    assert whole[4, :2].ravel().tolist() == [64, 64]
    assert not whole[3].any()


def test_a_channel_that_is_always_zero_stays_so(state: dict[str, NDArray[Any]], ranges: Ranges) -> None:
    dead = {**state}
    for name in ("_conv_head.weight", "_bn1.bias", "_bn1.running_mean"):
        dead[name] = state[name].copy()
        dead[name][7] = 0
    corrections = {name: values for name, values in ranges.corrections.items() if name != "_conv_head"}
    session = open_session(build_int8(dead, replace(ranges, corrections=corrections)), device=Device.CPU, threads=1)
    assert not session.run({"images": golden_images()[:1]})[1][0, 7]


def test_ranges_of_another_network_are_refused(state: dict[str, NDArray[Any]], ranges: Ranges) -> None:
    bounds = {name: ends for name, ends in ranges.bounds.items() if name != "_conv_head"}
    with pytest.raises(ModelError, match="_conv_head is missing"):
        build_int8(state, replace(ranges, bounds=bounds))
    with pytest.raises(ModelError, match=r"_blocks\.2\. adds up has several"):
        build_int8(state, replace(ranges, bounds={**ranges.bounds, "_blocks.2.": (-1.0, 1.0)}))
    with pytest.raises(ModelError, match="_conv_head has other channels"):
        build_int8(state, replace(ranges, corrections={"_conv_head": np.zeros(3, np.float32)}))
    with pytest.raises(ModelError, match="holds no ranges"):
        read_ranges(b"no ranges")
