"""Readers of .dat files: whatever the bytes are, either a model comes out, or ModelError with a sentence."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import real_dlib
from untag.engine.downloads import registry
from untag.engine.weights.dlib_graphs import build_detector, build_embedder
from untag.engine.weights.dlib_weights import (
    Affine,
    Convolution,
    FullyConnected,
    read_layers,
    read_shape_predictor,
)
from untag.errors import ModelError


def integer(value: int, size: int | None = None) -> bytes:
    """As dlib writes it: a control byte with the sign and the number of bytes, and these."""
    magnitude = abs(value)
    size = (magnitude.bit_length() + 7) // 8 if size is None else size
    return bytes([size | (0x80 if value < 0 else 0)]) + magnitude.to_bytes(size, "little")


def tag(name: bytes) -> bytes:
    return integer(len(name)) + name


def tensor(shape: tuple[int, int, int, int], values: bytes | None = None, version: int = 2) -> bytes:
    data = np.zeros(shape, "<f4").tobytes() if values is None else values
    return integer(version) + b"".join(map(integer, shape)) + data


def convolution(parameters: bytes, *fields: int) -> bytes:
    return tag(b"con_4") + parameters + b"".join(map(integer, fields))


def shape_predictor(depth: int = 4) -> bytearray:
    """A predictor of one landmark, one cascade of one tree of `depth`, two pixels."""
    splits = 2**depth - 1

    def real(mantissa: int, exponent: int = -1) -> bytes:
        return integer(mantissa) + integer(exponent)

    data = integer(1)
    data += integer(-2) + integer(-1) + real(1) + real(3)
    data += integer(1) + integer(1)
    data += integer(splits) + (integer(0) + integer(1) + real(5)) * splits
    data += integer(splits + 1) + (integer(-2) + integer(-1) + real(1) + real(-1)) * (splits + 1)
    data += integer(1) + integer(2) + integer(0) * 2
    data += integer(1) + integer(2) + (real(1) + real(1)) * 2
    return bytearray(data)


def test_the_networks_have_the_layers_that_dlib_gave_them() -> None:
    detector = list(read_layers(registry.DLIB_DETECTOR.read()))
    convolutions = [layer for layer in detector if isinstance(layer, Convolution)]
    assert [layer.weights.shape for layer in convolutions] == [
        (16, 3, 5, 5),
        (32, 16, 5, 5),
        (32, 32, 5, 5),
        (45, 32, 5, 5),
        (45, 45, 5, 5),
        (45, 45, 5, 5),
        (1, 45, 9, 9),
    ]
    assert [layer.stride for layer in convolutions] == [(2, 2)] * 3 + [(1, 1)] * 4
    embedder = list(read_layers(registry.DLIB_EMBEDDING.read()))
    assert sum(isinstance(layer, Convolution) for layer in embedder) == 29
    assert sum(isinstance(layer, Affine) for layer in embedder) == 29
    head = embedder[-1]
    assert isinstance(head, FullyConnected)
    assert head.weights.shape == (256, 128)


def test_the_landmark_model_has_the_shape_that_its_readme_says() -> None:
    predictor = real_dlib.predictor()
    assert predictor.mean_shape.shape == (5, 2)
    assert predictor.split_a.shape == predictor.split_b.shape == predictor.thresholds.shape == (15, 500, 15)
    assert predictor.leaves.shape == (15, 500, 16, 5, 2)
    assert predictor.anchors.shape == (15, 800)
    assert predictor.deltas.shape == (15, 800, 2)
    assert 0 <= predictor.split_a.min() <= predictor.split_a.max() < 800
    assert 0 <= predictor.anchors.min() <= predictor.anchors.max() < 5
    # The mean shape is a face: the eye on the right of the picture is right of the other, the nose below both.
    assert predictor.mean_shape[0, 0] > predictor.mean_shape[2, 0]
    assert predictor.mean_shape[4, 1] > predictor.mean_shape[:4, 1].max()


def test_a_miniature_predictor_is_read_exactly() -> None:
    predictor = read_shape_predictor(bytes(shape_predictor(depth=4)))
    np.testing.assert_array_equal(predictor.mean_shape, [[0.5, 1.5]])
    np.testing.assert_array_equal(predictor.thresholds, np.full((1, 1, 15), 2.5))
    np.testing.assert_array_equal(predictor.leaves[0, 0, :, 0], [[0.5, -0.5]] * 16)
    np.testing.assert_array_equal(predictor.split_b, np.ones((1, 1, 15)))


def test_a_layer_is_read_exactly() -> None:
    values = np.arange(2 * 3 * 1 * 1 + 2, dtype="<f4")
    data = b"junk" + convolution(tensor((8, 1, 1, 1), values.tobytes()), 2, 1, 1, 2, 3, 0, 1)
    (layer,) = read_layers(data)
    assert isinstance(layer, Convolution)
    np.testing.assert_array_equal(layer.weights, np.arange(6).reshape(2, 3, 1, 1))
    np.testing.assert_array_equal(layer.biases, [6, 7])
    assert (layer.stride, layer.padding) == ((2, 3), (0, 1))


def test_a_tag_inside_a_tensor_is_not_a_layer() -> None:
    inside = (tag(b"fc_2") + bytes(64))[:64]
    data = convolution(tensor((16, 1, 1, 1), inside), 4, 1, 1, 1, 1, 0, 0)
    assert len(list(read_layers(data))) == 1


def test_a_batch_norm_becomes_the_affine_that_it_is() -> None:
    """With the statistics of the training: those of its last batch, which stand before them, are other numbers."""
    (layer,) = read_layers(batch_norm(variances=[3.75, 15.75], epsilon=integer(1) + integer(-2)))
    assert isinstance(layer, Affine)
    np.testing.assert_allclose(layer.gamma, [1, 0.75])
    np.testing.assert_allclose(layer.beta, [9, 18.5])


def batch_norm(variances: list[float], epsilon: bytes = integer(0) * 2) -> bytes:
    parameters, last_batch, means = [2, 3, 10, 20], [7, 8], [1, 2]
    parts = [tensor((2, 1, 1, 1), np.array(each, "<f4").tobytes()) for each in (last_batch, last_batch, means)]
    parts.append(tensor((len(variances), 1, 1, 1), np.array(variances, "<f4").tobytes()))
    begin = tag(b"bn_con2") + tensor((4, 1, 1, 1), np.array(parameters, "<f4").tobytes())
    alias = integer(1) + integer(1) * 4
    rates = (integer(1) + integer(0)) * 4
    return begin + alias * 2 + b"".join(parts) + integer(100) + integer(50) + rates + epsilon


LANDMARKS = "landmarks"
NETWORK = "network"
HUGE = 2**62
MALFORMED = {
    "nothing at all": (LANDMARKS, b""),
    "another version": (LANDMARKS, integer(2) + bytes(shape_predictor())[2:]),
    "bytes after the end": (LANDMARKS, bytes(shape_predictor(4)) + b"\0"),
    "trees too shallow": (LANDMARKS, bytes(shape_predictor(3))),
    "trees too deep": (LANDMARKS, bytes(shape_predictor(5))),
    "a matrix of no rows": (LANDMARKS, integer(1) + integer(0) + integer(-1)),
    "a matrix of rows less than none": (LANDMARKS, integer(1) + integer(3) + integer(-1)),
    "a gigantic matrix": (LANDMARKS, integer(1) + integer(-HUGE) + integer(-HUGE)),
    "a matrix of one number instead of points": (LANDMARKS, integer(1) + integer(-1) * 2 + integer(1) * 2),
    "a float out of range": (LANDMARKS, integer(1) + integer(-2) + integer(-1) + integer(1) + integer(HUGE)),
    "an integer of 127 bytes": (LANDMARKS, integer(1) + integer(-2) + integer(-1) + integer(1 << 1000, 127) * 4),
    "cascades without end": (LANDMARKS, bytes(shape_predictor()[:14]) + integer(HUGE)),
    "a tensor of another version": (NETWORK, convolution(tensor((8, 1, 1, 1), version=3), 2, 1, 1, 1, 1, 0, 0)),
    "a gigantic tensor": (NETWORK, convolution(tensor((HUGE, HUGE, HUGE, HUGE), b""), 2, 1, 1, 1, 1, 0, 0)),
    "a gigantic tensor of nothing": (NETWORK, convolution(tensor((HUGE, HUGE, HUGE, 0), b""), 2, 1, 1, 1, 1, 0, 0)),
    "a tensor of negative size": (NETWORK, convolution(tensor((-1, -1, 1, 1), b"\0" * 4), 1, 1, 1, 1, 1, 0, 0)),
    "no filters": (NETWORK, convolution(tensor((8, 1, 1, 1)), 0, 1, 1, 1, 1, 0, 0)),
    "more filters than numbers": (NETWORK, convolution(tensor((8, 1, 1, 1)), 9, 1, 1, 1, 1, 0, 0)),
    "filters less than none": (NETWORK, convolution(tensor((8, 1, 1, 1)), -2, 1, 1, 1, 1, 0, 0)),
    "filters that do not divide the numbers": (NETWORK, convolution(tensor((8, 1, 1, 1)), 3, 1, 1, 1, 1, 0, 0)),
    "a window of no size": (NETWORK, convolution(tensor((8, 1, 1, 1)), 2, 0, 1, 1, 1, 0, 0)),
    "a stride of nothing": (NETWORK, convolution(tensor((8, 1, 1, 1)), 2, 1, 1, 0, 1, 0, 0)),
    "a negative padding": (NETWORK, convolution(tensor((8, 1, 1, 1)), 2, 1, 1, 1, 1, -1, 0)),
    "an odd affine": (NETWORK, tag(b"affine_") + tensor((3, 1, 1, 1))),
    "a batch norm of unequal parts": (NETWORK, batch_norm([1, 1, 1])),
    "a batch norm without variance": (NETWORK, batch_norm([1, 0])),
    "a batch norm that ends with its statistics": (NETWORK, batch_norm([1, 1])[:-13]),
    "a fully connected layer of no inputs": (
        NETWORK,
        tag(b"fc_2") + integer(4) + integer(0) + tensor((1, 4, 0, 1), b""),
    ),
}


@pytest.mark.parametrize(("kind", "data"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_weights_are_a_model_error(kind: str, data: bytes) -> None:
    with pytest.raises(ModelError):
        if kind == LANDMARKS:
            read_shape_predictor(data)
        else:
            list(read_layers(data))


def test_a_predictor_cut_off_anywhere_is_a_model_error() -> None:
    data = bytes(shape_predictor(4))
    for end in range(len(data)):
        with pytest.raises(ModelError):
            read_shape_predictor(data[:end])


def test_the_real_predictor_cut_off_is_a_model_error() -> None:
    data = registry.DLIB_LANDMARKS.read()
    for end in (1, 5, 40, 1000, 65_536):
        with pytest.raises(ModelError):
            read_shape_predictor(data[:end])


@pytest.mark.parametrize("share", [0, 0.01, 0.35, 0.77, 0.99])
def test_the_real_networks_cut_off_are_a_model_error(share: float) -> None:
    for weights, build in ((registry.DLIB_DETECTOR, build_detector), (registry.DLIB_EMBEDDING, build_embedder)):
        data = weights.locate().read_bytes()
        with pytest.raises(ModelError):
            build(read_layers(data[: int(len(data) * share)]))


def test_the_weights_of_one_network_do_not_build_the_other() -> None:
    with pytest.raises(ModelError):
        build_embedder(read_layers(registry.DLIB_DETECTOR.read()))
    with pytest.raises(ModelError):
        build_detector(read_layers(registry.DLIB_EMBEDDING.read()))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_no_predictor(data: bytes) -> None:
    with pytest.raises(ModelError):
        read_shape_predictor(data)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_changed_predictor_is_read_or_refused(data: st.DataObject) -> None:
    content = shape_predictor(4)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        predictor = read_shape_predictor(bytes(content))
    except ModelError:
        return
    # What is accepted can be used: no index reaches outside, no number is missing.
    pixels, points = predictor.anchors.shape[1], len(predictor.mean_shape)
    assert predictor.deltas.shape == (*predictor.anchors.shape, 2)
    for indices, end in ((predictor.split_a, pixels), (predictor.split_b, pixels), (predictor.anchors, points)):
        assert 0 <= indices.min() <= indices.max() < end
    for floats in (predictor.mean_shape, predictor.thresholds, predictor.leaves, predictor.deltas):
        assert np.isfinite(floats).all()


LAYER = st.sampled_from([b"con_4", b"affine_", b"bn_con2", b"fc_2"])
NUMBER = st.one_of(st.integers(-3, 9), st.sampled_from([HUGE, -HUGE, 1 << 1008]), st.just(2), st.just(1)).map(
    lambda value: integer(value)
)
FLOATS = st.lists(st.floats(width=32), max_size=12).map(lambda values: struct.pack(f"<{len(values)}f", *values))


@settings(max_examples=200, deadline=None)
@given(LAYER, st.lists(st.one_of(NUMBER, NUMBER, FLOATS, st.binary(max_size=8)), max_size=14))
def test_random_layers_are_read_or_refused(name: bytes, parts: list[bytes]) -> None:
    try:
        layers = list(read_layers(tag(name) + b"".join(parts)))
    except ModelError:
        return
    for layer in layers:
        if isinstance(layer, Convolution):
            assert len(layer.weights) == len(layer.biases) > 0
            assert layer.weights.size > 0
            assert min(layer.stride) > 0 <= min(layer.padding)
        elif isinstance(layer, Affine):
            assert layer.gamma.shape == layer.beta.shape
        else:
            assert layer.weights.size > 0
