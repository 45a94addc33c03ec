"""What `untag inspect` says of a photo, and that it says nothing else."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from fakes import MAYBE, ME, SIDE, STRANGER, Square, Untag, paint
from untag.reports.inspection_text import describe
from untag.scan.inspection import Inspection
from untag.types import Outcome, SceneScores, Spot


def inspect(untag: Untag, *arguments: str) -> list[dict[str, Any]]:
    result = untag.run("inspect", untag.photos, "--json", *arguments)
    assert (result.status, result.err) == (0, "")
    return [json.loads(line) for line in result.out.splitlines()]


def test_the_keys_of_the_contract(untag: Untag) -> None:
    untag.enroll()
    path = untag.add("a.png", paint(ME, STRANGER, serial=1, alcohol=0.25))
    (seen,) = inspect(untag)
    assert list(seen) == ["path", "width", "height", "outcome", "error", "faces", "scenes"]
    assert (seen["path"], seen["width"], seen["height"]) == (str(path), SIDE, SIDE)
    assert (seen["outcome"], seen["error"]) == ("ok", None)
    assert seen["scenes"] == {"alcohol": 0.25, "weapon": 0.0, "location": 0.0}
    mine, other = seen["faces"]
    assert list(mine) == ["box", "score", "landmarks", "quality", "verdict", "similarity", "seen"]
    assert mine["box"] == [4, 20, 74, 90]
    assert mine["landmarks"] == [[4, 20]] * 5
    assert (mine["score"], mine["quality"]) == (1.0, 0.9)
    assert (mine["verdict"], other["verdict"]) == ("me", "other")
    assert mine["similarity"] > 0.9 > 0.1 > other["similarity"]


def test_nobody_needs_to_be_enrolled(untag: Untag) -> None:
    untag.add("a.png", paint(ME, serial=1))
    (seen,) = inspect(untag)
    assert [(face["verdict"], face["similarity"]) for face in seen["faces"]] == [(None, None)]
    assert not untag.home.exists()


def test_embeddings_only_when_asked_for(untag: Untag) -> None:
    untag.add("a.png", paint(MAYBE, serial=1))
    (seen,) = inspect(untag, "--embeddings")
    embedding = np.array(seen["faces"][0].pop("embedding"), np.float32)
    np.testing.assert_array_equal(embedding, MAYBE.embedding)
    assert inspect(untag) == [seen]


def test_boxes_are_those_of_the_original(untag: Untag) -> None:
    # Twice as long as what is searched for faces, so that it is reduced by two.
    untag.add("big.png", paint(Square(side=400), serial=1, side=3200))
    (seen,) = inspect(untag)
    assert (seen["width"], seen["height"]) == (3200, 3200)
    # Squares of other colours arise at the edges of what was reduced; the face is the largest.
    widest = max(seen["faces"], key=lambda face: face["box"][2] - face["box"][0])
    assert widest["box"] == pytest.approx([4, 20, 404, 420], abs=4)


def test_in_words(untag: Untag) -> None:
    untag.enroll(ME)
    photo = untag.add("a.png", paint(ME, serial=1, alcohol=0.25))
    assert untag.run("inspect", photo).out.splitlines() == [
        f"{photo}: 240 x 240, 1 face",
        "  face 70 px wide at 4,20, quality 90%, me (99% alike)",
        "  alcohol 25%: a green background",
        "  weapon 0%",
        "  location 0%",
    ]
    empty = untag.add("b.png", paint(serial=2))
    assert untag.run("inspect", empty).out.startswith(f"{empty}: 240 x 240, 0 faces\n")


def test_in_words_it_says_where() -> None:
    scenes = SceneScores(
        {"alcohol": 0.9, "bar": 0.3}, {"alcohol": ("red wine",), "bar": ()}, "toy", {"alcohol": Spot(0.25, 0.6)}
    )
    assert describe(Inspection("a.jpg", Outcome.OK, None, 80, 60, scenes=scenes))[1:] == [
        "  alcohol 90%: red wine, around 25% across and 60% down",
        "  bar 30%",
    ]


def test_thresholds_of_the_configuration_hold_here_too(untag: Untag) -> None:
    untag.enroll(ME)
    (untag.home / "config.toml").write_text("me_similarity = 0.6\n")
    untag.add("a.png", paint(MAYBE, serial=1))
    assert [face["verdict"] for face in inspect(untag)[0]["faces"]] == ["me"]
