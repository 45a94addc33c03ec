"""The table of weights that can be pulled: pinned, free to use, and each file once."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from untag.engine.downloads.pull import DOWNLOAD_SETS, DOWNLOADABLE_WEIGHTS
from untag.engine.downloads.registry import DownloadableWeights

FREE = {"MIT", "Apache-2.0", "BSD-3-Clause", "CC0-1.0"}
TRAPS = (
    "insightface", "buffalo", "scrfd", "w600k", "edgeface", "mobileclip", "ultralytics", "yolov5", "yolov8", "nudenet",
    "mobilefacenet", "shape_predictor_68",
)  # fmt: skip
"""Weights that may not be used commercially, that bind what uses them, or that have no licence at all."""


@pytest.fixture(params=DOWNLOADABLE_WEIGHTS, ids=lambda weights: weights.name)
def weights(request: pytest.FixtureRequest) -> DownloadableWeights:
    found = request.param
    assert isinstance(found, DownloadableWeights)
    return found


def test_it_is_pinned(weights: DownloadableWeights) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", weights.sha256)
    assert weights.size is None or weights.size > 10_000


def test_its_address_names_one_revision(weights: DownloadableWeights) -> None:
    url = urlsplit(weights.url)
    assert (url.scheme, url.query, url.fragment, url.username) == ("https", "", "", None)
    assert re.search(r"/[0-9a-f]{40}/|/download/[\w.]+/|/2023\.0/", url.path)
    assert not re.search(r"/(main|master|latest)/", url.path)
    # raw.githubusercontent.com answers with a Git LFS pointer for some of these files.
    assert url.hostname != "raw.githubusercontent.com"


def test_its_licence_lets_everybody_use_it(weights: DownloadableWeights) -> None:
    assert weights.licence in FREE
    words = f"{weights.name} {weights.url} {weights.file} {weights.note}".lower()
    assert not [trap for trap in TRAPS if trap in words]


def test_its_file_is_a_plain_name(weights: DownloadableWeights) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][\w.-]*", weights.file)
    assert weights.purpose and weights.note


def test_the_name_that_pulls_it_is_a_set_with_it(weights: DownloadableWeights) -> None:
    assert weights in DOWNLOAD_SETS[weights.pull]


@pytest.mark.parametrize("field", ["name", "url", "file", "sha256"])
def test_nothing_is_there_twice(field: str) -> None:
    values = [getattr(weights, field) for weights in DOWNLOADABLE_WEIGHTS]
    assert len(set(values)) == len(values)


def test_sets_and_files_cannot_be_confused() -> None:
    for name, files in DOWNLOAD_SETS.items():
        assert files
        assert all(weights.name != name for weights in DOWNLOADABLE_WEIGHTS) or [w.name for w in files] == [name]
