"""The rebuilt network against what the published one answered in PyTorch, and against damaged weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from golden_images import golden_images
from untag.engine.downloads.registry import EFFICIENTNET_LITE2
from untag.engine.runtime.session import Device, Session, open_session
from untag.engine.weights.efficientnet import (
    DETAILS,
    FEATURES,
    build_efficientnet_lite2,
    graph_from_weights,
    window_classes_from_weights,
)
from untag.engine.weights.torch_weights import read_state_dict
from untag.errors import ModelError

GOLDEN = Path(__file__).parent / "golden" / "efficientnet_lite2.npz"
# Measured: 8e-6 for the logits (which reach 4.9) and for the features; another CPU may round otherwise.
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def state() -> dict[str, NDArray[Any]]:
    return read_state_dict(EFFICIENTNET_LITE2.read())


@pytest.fixture(scope="module")
def session(state: dict[str, NDArray[Any]]) -> Session:
    return open_session(build_efficientnet_lite2(state), device=Device.CPU, threads=1)


def test_agrees_with_the_published_network(session: Session) -> None:
    with np.load(GOLDEN) as golden:
        logits, features, *_ = session.run({"images": golden_images()})
        np.testing.assert_allclose(logits, golden["logits"], rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(features, golden["features"], rtol=0, atol=TOLERANCE)


def test_an_image_is_judged_alike_alone_and_in_any_batch(session: Session) -> None:
    images = golden_images()
    together = session.run({"images": images})
    alone = [session.run({"images": image[None]}) for image in images]
    for output in (0, 1, 2, 3):
        np.testing.assert_allclose(together[output], [result[output][0] for result in alone], rtol=0, atol=TOLERANCE)


def test_features_are_the_means_of_the_feature_map(session: Session) -> None:
    _, features, _, feature_map, *_ = session.run({"images": golden_images()})
    assert feature_map.shape == (len(golden_images()), FEATURES, 7, 7)
    np.testing.assert_allclose(feature_map.mean(axis=(2, 3)), features, rtol=0, atol=1e-3)


@pytest.mark.parametrize(("height", "width"), [(64, 96), (160, 128), (224, 224)])
def test_windows_are_means_of_overlapping_squares_that_leave_nothing_out(
    session: Session, height: int, width: int
) -> None:
    images = np.random.default_rng(5).integers(0, 256, (1, height, width, 3), dtype=np.uint8)
    _, _, _, (feature_map,), windows = session.run({"images": images})
    edged = np.pad(feature_map, ((0, 0), (1, 1), (1, 1)), constant_values=np.nan)
    _, rows, columns = edged.shape
    corners = [(row, column) for row in range(0, rows - 3, 2) for column in range(0, columns - 3, 2)]
    squares = [edged[:, row : row + 4, column : column + 4] for row, column in corners]
    np.testing.assert_allclose(windows, [np.nanmean(square, axis=(1, 2)) for square in squares], rtol=0, atol=1e-4)
    seen = np.zeros((rows, columns), np.int64)
    for row, column in corners:
        seen[row : row + 4, column : column + 4] += 1
    assert (seen[1:-1, 1:-1] > 0).all()


def test_windows_are_classed_by_the_last_layer(session: Session, state: dict[str, NDArray[Any]]) -> None:
    graph = window_classes_from_weights(EFFICIENTNET_LITE2.read())
    features = session.run({"images": golden_images()})[1]
    (logits,) = open_session(graph, device=Device.CPU, threads=1).run({"images": features})
    np.testing.assert_allclose(logits, features @ state["_fc.weight"].T + state["_fc.bias"], rtol=0, atol=1e-3)
    with pytest.raises(ModelError):
        window_classes_from_weights(b"not weights")


def test_details_are_means_and_maxima_of_88_and_120_channels(session: Session) -> None:
    details = session.run({"images": golden_images()})[2]
    assert details.shape == (len(golden_images()), DETAILS)
    means_88, maxima_88, means_120, maxima_120 = np.split(details, [88, 176, 296], axis=1)
    assert (means_88 < maxima_88).any()
    assert (means_88 <= maxima_88).all()
    assert (means_120 < maxima_120).any()
    assert (means_120 <= maxima_120).all()


def test_a_larger_image_sees_the_same_things_smaller(session: Session) -> None:
    """Mirrored at its edges to twice the size, an image has nearly the features of one of its four parts."""
    (image,) = golden_images()[1:2]
    mirrored = np.pad(image, ((0, 224), (0, 224), (0, 0)), mode="symmetric")
    once, more = (session.run({"images": pixels[None]})[1][0] for pixels in (image, mirrored))
    other = session.run({"images": golden_images()[2][None]})[1][0]
    assert np.corrcoef(once, more)[0, 1] > np.corrcoef(once, other)[0, 1]


def test_the_state_dict_is_read_whole(state: dict[str, NDArray[Any]]) -> None:
    assert len(state) == 386
    assert state["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert state["_fc.weight"].shape == (1000, 1280)
    assert all(np.isfinite(tensor).all() for tensor in state.values())


def test_the_same_weights_give_the_same_graph(state: dict[str, NDArray[Any]]) -> None:
    assert graph_from_weights(EFFICIENTNET_LITE2.read()) == build_efficientnet_lite2(state)


def test_missing_and_misshapen_tensors_are_refused(state: dict[str, NDArray[Any]]) -> None:
    without = {name: tensor for name, tensor in state.items() if name != "_blocks.3._bn1.running_var"}
    with pytest.raises(ModelError, match=r"_blocks\.3\._bn1\.running_var is missing"):
        build_efficientnet_lite2(without)
    with pytest.raises(ModelError, match=r"_fc\.bias is \(999,\), not \(1000,\)"):
        build_efficientnet_lite2({**state, "_fc.bias": state["_fc.bias"][:-1]})


def test_other_bytes_are_refused() -> None:
    with pytest.raises(ModelError):
        graph_from_weights(b"not weights")
