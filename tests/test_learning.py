"""What decisions say of thresholds: the pure function, and what comes of it in a home folder."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import ME, Square, Untag, paint
from untag.findings.learning import FEWEST, Decided, Reach, learn_thresholds


@pytest.fixture
def enrolled(untag: Untag) -> Untag:
    untag.enroll()
    return untag


USUAL = {"alcohol": 0.5, "weapon": 0.6, "nudity": 0.8}
REACH = {"alcohol": Reach(0.3, 0.9), "weapon": Reach(0.4, 0.9)}


def kept(scores: Iterable[float]) -> list[Decided]:
    return [Decided({"alcohol": score, "weapon": 0.1}, unwanted=False) for score in scores]


def unwanted(scores: Iterable[float]) -> list[Decided]:
    return [Decided({"alcohol": score, "weapon": 0.1}, unwanted=True) for score in scores]


def learnt(decided: list[Decided]) -> float | None:
    found = learn_thresholds(USUAL, REACH, decided)
    assert set(found) <= {"alcohol"}
    return found["alcohol"].threshold if found else None


def test_who_keeps_what_counts_from_little_is_shown_less() -> None:
    threshold = learnt(kept([0.51, 0.55, 0.6, 0.62]) + unwanted([0.7, 0.8, 0.9]))
    assert threshold == pytest.approx(0.621)


def test_who_wants_to_be_rid_of_what_hardly_counts_is_shown_more() -> None:
    assert learnt(unwanted([0.35, 0.4, 0.45, 0.52, 0.6, 0.7])) == pytest.approx(0.35)


def test_what_should_go_is_not_hidden_for_two_that_may_stay() -> None:
    assert learnt(kept([0.55, 0.56, 0.57, 0.6]) + unwanted([0.52, 0.7, 0.8])) is None


SCORES = st.sampled_from([0.25, 0.3, 0.35, 0.45, 0.499, 0.5, 0.501, 0.55, 0.7, 0.899, 0.9, 0.95])


@given(st.lists(SCORES, max_size=14), st.lists(SCORES, max_size=14))
def test_no_other_threshold_would_get_less_wrong(stay: list[float], go: list[float]) -> None:
    """Every threshold is tried, each with every decision: what the search must agree with, however fast it is."""

    def wrong(threshold: float) -> int:
        seen_stay, seen_go = ([one for one in scores if one >= 0.3] for scores in (stay, go))
        return sum(one >= threshold for one in seen_stay) + 2 * sum(one < threshold for one in seen_go)

    least = min(wrong(threshold / 1000) for threshold in range(300, 901))
    threshold = learnt(kept(stay) + unwanted(go))
    speaking = sum(one >= 0.3 for one in (*stay, *go))
    if threshold is not None:
        assert wrong(threshold) == least
    elif speaking >= FEWEST:
        # Only those that somebody's score stands at or just below are tried: no other does better than all of them.
        assert wrong(0.5) - least < 3 or speaking == 0


def test_few_decisions_say_nothing() -> None:
    assert learnt(kept([0.51] * (FEWEST - 1))) is None
    assert learnt(kept([0.51] * FEWEST)) is not None


def test_nobody_can_tell_which_of_two_categories_was_meant() -> None:
    both = [Decided({"alcohol": 0.55, "weapon": 0.7}, unwanted=False)] * 20
    assert learn_thresholds(USUAL, REACH, both) == {}
    nude = [Decided({"alcohol": 0.55, "nudity": 0.9}, unwanted=False)] * 20
    assert learn_thresholds(USUAL, REACH, nude) == {}


def test_no_decision_moves_a_threshold_out_of_reach() -> None:
    assert learnt(kept([0.95] * 20)) is None  # nothing in reach would spare one
    assert learnt(unwanted([0.1] * 20)) is None


def test_how_many_decisions_spoke_is_told() -> None:
    other = [Decided({"alcohol": 0.1, "weapon": 0.7}, unwanted=True)] * 4
    assert learn_thresholds(USUAL, REACH, kept([0.51] * 8) + other)["alcohol"].decisions == 8


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=40))
def test_never_more_is_wrong_than_before(decisions: list[tuple[float, bool]]) -> None:
    decided = [Decided({"alcohol": score}, go) for score, go in decisions]
    found = learn_thresholds(USUAL, REACH, decided).get("alcohol")
    if found is None:
        return
    assert REACH["alcohol"].lowest <= found.threshold <= REACH["alcohol"].highest
    seen = [(score, go) for score, go in decisions if score >= REACH["alcohol"].lowest]

    def wrong(threshold: float) -> int:
        return sum((2 if go else 1) for score, go in seen if go is (score < threshold))

    assert wrong(found.threshold) <= wrong(USUAL["alcohol"]) - 3


def flagged(user: Untag) -> set[str]:
    rows = json.loads(user.run("list", "--format", "json", "--status", "open").out)
    return {row["path"].rsplit("/", 1)[-1] for row in rows if "alcohol" in row["categories"]}


def test_decisions_move_a_threshold_openly_and_undoing_them_moves_it_back(enrolled: Untag) -> None:
    (enrolled.home / "config.toml").write_text('sensitivity = "strict"\n')
    for number in range(8):  # of different sizes, or they were copies of one picture
        enrolled.add(f"kept{number}.png", paint(Square(side=40 + 12 * number), serial=number, alcohol=0.55))
    enrolled.add("like.png", paint(ME, serial=20, alcohol=0.54))
    enrolled.add("more.png", paint(ME, serial=21, alcohol=0.9))
    enrolled.scan()
    assert {"like.png", "more.png"} < flagged(enrolled)
    kept = [enrolled.photos / f"kept{number}.png" for number in range(8)]
    assert enrolled.run("decide", *kept, "--status", "keep").status == 0
    listed = enrolled.run("categories")
    assert "8 decisions of yours" in next(line for line in listed.out.splitlines() if line.startswith("alcohol"))
    enrolled.scan()
    assert flagged(enrolled) == {"more.png"}
    assert enrolled.run("decide", *kept, "--undo").status == 0
    assert "decisions of yours" not in enrolled.run("categories").out
    enrolled.scan()
    assert {"like.png", "more.png"} < flagged(enrolled)


def test_it_can_be_turned_off(enrolled: Untag) -> None:
    for number in range(8):
        enrolled.add(f"kept{number}.png", paint(Square(side=40 + 12 * number), serial=number, alcohol=0.55))
    (enrolled.home / "config.toml").write_text('sensitivity = "strict"\nlearn_from_decisions = false\n')
    enrolled.scan()
    kept = [enrolled.photos / f"kept{number}.png" for number in range(8)]
    assert enrolled.run("decide", *kept, "--status", "keep").status == 0
    assert "decisions of yours" not in enrolled.run("categories").out
