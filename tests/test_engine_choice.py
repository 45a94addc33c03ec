"""Which engine is loaded, what is said when it cannot be, and the thresholds that each comes with."""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

import made_up_networks
from untag.engine.downloads import pull as downloads
from untag.engine.downloads.pull import DOWNLOAD_SETS, YUNET
from untag.engine.downloads.registry import DownloadableWeights
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import Device
from untag.errors import ModelError, UsageError
from untag.faces import engine as engines
from untag.faces import yunet_engines
from untag.faces.dlib_engine import DLIB_ENGINE_ID
from untag.faces.engine import best_installed, load_engine
from untag.people.calibrate import MAYBE_FMR, ME_FMR, is_provisional, load_calibration


def options(home: Path) -> ModelOptions:
    return ModelOptions(home, Device.CPU, threads=1)


IDS = {
    "dlib": "dlib-4cb193-55533b",
    "yunet+0095": "yunet+0095-104ee2-241229",
    "yunet+auraface": "yunet+auraface-104ee2-a7933e",
    "yunet+sface": "yunet+sface-104ee2-0ba9fb",
}


def test_the_ids_are_those_that_enrolments_are_stored_under() -> None:
    """A renamed file or class must not change one: nobody would be enrolled any more."""
    made = {
        "dlib": DLIB_ENGINE_ID,
        "yunet+0095": yunet_engines.engine_id("yunet+0095", downloads.RETAIL_0095_WEIGHTS),
        "yunet+auraface": yunet_engines.engine_id("yunet+auraface", downloads.AURAFACE),
        "yunet+sface": yunet_engines.engine_id("yunet+sface", downloads.SFACE),
    }
    assert made == IDS
    assert set(IDS) == set(engines._ENGINES)


def test_ids_carry_the_hashes_of_both_networks() -> None:
    one, other = downloads.SFACE, downloads.AURAFACE
    assert yunet_engines.engine_id("x", one) != yunet_engines.engine_id("x", other)
    assert YUNET.sha256[:6] in yunet_engines.engine_id("x", one)
    assert one.sha256[:6] in yunet_engines.engine_id("x", one)


@pytest.mark.parametrize("name", ["yunet+0095", "yunet+sface", "yunet+auraface"])
def test_missing_weights_say_how_to_get_them(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"untag models pull yunet\+") as error:
        load_engine(name, options(tmp_path))
    assert "not installed" in str(error.value)


def test_damaged_weights_are_not_loaded(tmp_path: Path) -> None:
    for weights in DOWNLOAD_SETS["yunet+0095"]:
        made_up_networks.put(tmp_path, weights, b"\0" * 100)
    with pytest.raises(ModelError, match="not the file that untag was made for"):
        load_engine("yunet+0095", options(tmp_path))


def test_an_unknown_engine_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="dlib") as error:
        load_engine("arcface", options(tmp_path))
    assert "yunet+0095" in str(error.value)


@pytest.mark.parametrize(
    ("installed", "best"),
    [
        ((), "dlib"),
        (("yunet+0095",), "yunet+0095"),
        (("yunet+sface",), "dlib"),
        (("yunet+auraface", "yunet+sface"), "dlib"),
        (("yunet+0095", "yunet+sface"), "yunet+0095"),
        (("yunet+sface", "yunet+0095", "yunet+auraface"), "yunet+0095"),
    ],
)
def test_auto_takes_the_best_that_is_installed(installed: tuple[str, ...], best: str, tmp_path: Path) -> None:
    for name in installed:
        for weights in DOWNLOAD_SETS[name]:
            made_up_networks.put(tmp_path, weights, b"x")
    assert best_installed(tmp_path) == best


def test_auto_prefers_every_measured_engine_to_every_provisional_one() -> None:
    provisional = [is_provisional(IDS[name]) for name in engines._ENGINES]
    assert provisional == sorted(provisional)


@pytest.mark.parametrize("missing", DOWNLOAD_SETS["yunet+0095"], ids=lambda weights: weights.name)
def test_auto_wants_every_file_of_an_engine(missing: DownloadableWeights, tmp_path: Path) -> None:
    for weights in DOWNLOAD_SETS["yunet+0095"]:
        if weights is not missing:
            made_up_networks.put(tmp_path, weights, b"x")
    assert best_installed(tmp_path) == "dlib"


def test_every_engine_that_can_be_pulled_can_be_loaded() -> None:
    names = {name for name in DOWNLOAD_SETS if name.startswith("yunet+")}
    assert names == set(engines._ENGINES) - {"dlib"}


@pytest.mark.parametrize(
    ("name", "embedder", "provisional"),
    [
        ("yunet+0095", downloads.RETAIL_0095_WEIGHTS, False),
        ("yunet+sface", downloads.SFACE, True),
        ("yunet+auraface", downloads.AURAFACE, True),
    ],
)
def test_every_engine_has_thresholds_for_unit_vectors(
    name: str, embedder: DownloadableWeights, provisional: bool
) -> None:
    engine_id = yunet_engines.engine_id(name, embedder)
    calibration = load_calibration(engine_id)
    assert 0.7 < calibration.me < calibration.maybe < np.sqrt(2)  # within a right angle
    assert is_provisional(engine_id) is provisional


def test_how_provisional_thresholds_are_derived() -> None:
    """OpenCV's threshold for SFace is a cosine of 0.363, where 99.40 % of the pairs of LFW are judged rightly."""
    normal = NormalDist()
    deviation = 0.363 / normal.inv_cdf(1 - (1 - 0.9940))
    cosines = np.array([deviation * normal.inv_cdf(1 - rate) for rate in (MAYBE_FMR, ME_FMR)])
    shipped = load_calibration(yunet_engines.engine_id("yunet+sface", downloads.SFACE))
    np.testing.assert_allclose((shipped.maybe, shipped.me), np.sqrt(2 - 2 * cosines), atol=1e-4)


def test_an_unknown_engine_is_not_provisional() -> None:
    assert not is_provisional("no-such-engine")
