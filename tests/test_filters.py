"""Filters of findings: what each leaves out, the order, and pages that fit together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import ME, Untag, paint
from store_samples import analysis, assessment, record
from untag.errors import UsageError
from untag.findings.filters import EVERYTHING, TO_DO, FindingFilter, Sort, day_of
from untag.library.listing import Asked, filter_of, list_pictures
from untag.store import Store, count_findings, findings, record_batch, record_decision, start_run
from untag.types import Origin, Status, Verdict

BOB = Origin("facebook", "https://example.org/1", poster="Bob Müller", posted_at="2019-05-01T10:00:00Z")
ZOE = Origin("twitter", "https://example.org/2", poster="@zoe", posted_at="2021-01-01T00:00:00Z")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as store:
        record_batch(
            store,
            start_run(store, ["/a"]),
            [
                record("/a/bob", "s1", analysis(found=assessment(risk=40)), origin=BOB),
                record("/a/bob-copy", "s1"),
                record("/a/zoe", "s2", analysis(seed=1, found=assessment(risk=80, person="Zoë")), origin=ZOE),
                record("/a/mine", "s3", analysis(seed=2, found=assessment(risk=5, alcohol=0), taken_at="2024-05-03")),
                record("/a/undated", "s4", analysis(seed=3, found=assessment(Verdict.MAYBE, 40))),
                record("/a/kept", "s5", analysis(seed=4, found=assessment(risk=99), taken_at="2020-02-29T23:59:59")),
            ],
        )
        record_decision(store, "s5", Status.KEEP)
        record_decision(store, "s4", Status.UNTAG)
        yield store


def names(store: Store, **asked: object) -> list[str]:
    wanted = filter_of(Path("/nowhere"), Asked(**asked))  # type: ignore[arg-type]
    found = [finding.path.removeprefix("/a/") for finding in findings(store, wanted)]
    assert count_findings(store, wanted) >= len(found)
    return found


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["zoe", "bob", "bob-copy", "undated", "mine"]),
        ({"status": list(Status)}, ["kept", "zoe", "bob", "bob-copy", "undated", "mine"]),
        ({"status": "keep"}, ["kept"]),
        ({"status": ["keep", "untag"]}, ["kept", "undated"]),
        ({"person": "ZOE\u0308"}, ["zoe"]),
        ({"poster": "bob mu\u0308ller"}, ["bob"]),
        ({"poster": ["zoe", "Bob Müller"]}, ["zoe", "bob"]),
        ({"poster": "Bob"}, []),
        ({"platform": "Facebook"}, ["bob"]),
        ({"platform": "x"}, ["zoe"]),
        ({"category": "alcohol", "verdict": "me"}, ["zoe", "bob", "bob-copy"]),
        ({"verdict": "maybe"}, ["undated"]),
        ({"min_risk": 40}, ["zoe", "bob", "bob-copy", "undated"]),
        ({"since": "2021"}, ["zoe", "mine"]),
        ({"since": "2019-05-01", "until": "2019-05-01"}, ["bob"]),
        ({"since": "2019-05", "until": "2021"}, ["zoe", "bob"]),
        ({"until": "2020-02", "status": list(Status)}, ["kept", "bob"]),
        ({"since": "2024-05-04"}, []),
        ({"since": "2024", "until": "2024-05"}, ["mine"]),
        ({"since": "2024-05", "until": "2024"}, ["mine"]),
        ({"sort": "date"}, ["mine", "zoe", "bob", "undated", "bob-copy"]),
        ({"sort": "poster"}, ["zoe", "bob", "undated", "bob-copy", "mine"]),
        ({"limit": 2}, ["zoe", "bob"]),
        ({"limit": 2, "offset": 4}, ["mine"]),
        ({"limit": 0}, []),
    ],
)
def test_what_is_asked_for(store: Store, asked: dict[str, object], expected: list[str]) -> None:
    found = names(store, **asked)
    assert (sorted(found), found[:2]) == (sorted(expected), expected[:2])


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"since": "2024-13"}, "2024-13"),
        ({"until": "31.12.2024"}, "write 2024, 2024-05 or 2024-05-03"),
        ({"since": "2023-02-29"}, "2023-02-29"),
        ({"since": "0000"}, "0000"),
        ({"since": "2025", "until": "2024"}, "turn the two around"),
        ({"sort": "name"}, "risk, date, poster"),
        ({"status": "kept"}, "is-me"),
        ({"limit": -1}, "below 0"),
    ],
)
def test_what_cannot_be_asked_for(store: Store, asked: dict[str, object], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        names(store, **asked)


def test_days_are_written_in_several_ways() -> None:
    written = ("2024", " 2024-5 ", "2024-05-3")
    assert [day_of(text) for text in written] == ["2024", "2024-05", "2024-05-03"]


def test_what_is_to_do_is_all_but_what_is_settled() -> None:
    assert set(Status) - TO_DO == {Status.KEEP, Status.DONE, Status.NOT_ME}


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("size", [1, 2, 4])
def test_pages_fit_together(store: Store, sort: Sort, size: int) -> None:
    whole = list_pictures(store, replace(EVERYTHING, sort=sort))
    pages = [
        list_pictures(store, replace(EVERYTHING, sort=sort, limit=size, offset=start))
        for start in range(0, len(whole) + size, size)
    ]
    assert [group for page in pages for group in page] == whole
    assert len(whole) == 5
    assert {group.finding.path: len(group.places) for group in whole}["/a/bob"] == 2


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=12), st.integers(0, 3))
@settings(max_examples=10, deadline=None)
def test_the_pages_of_copies_fit_together(
    tmp_path_factory: pytest.TempPathFactory, photos: list[tuple[int, int]], size: int
) -> None:
    """Many files of few contents: none is lost between two pages, none comes twice."""
    with Store.open(tmp_path_factory.mktemp("home")) as store:
        run = start_run(store, ["/a"])
        made = {number: analysis(seed=number, found=assessment(risk=risk * 10)) for number, risk in photos}
        rows = [record(f"/a/{place}", f"s{number}", made[number]) for place, (number, _) in enumerate(photos)]
        record_batch(store, run, rows)
        whole = [one.path for one in findings(store)]
        paged = [
            one.path
            for start in range(0, len(photos) + 1, size + 1)
            for one in findings(store, FindingFilter(statuses=None, limit=size + 1, offset=start))
        ]
        assert paged == whole
        assert sorted(whole) == sorted(f"/a/{place}" for place in range(len(photos)))


def test_the_first_page_is_not_sorted_out_of_all(store: Store) -> None:
    """Whatever is done with the rest of an archive, the first risks come from the index."""
    record_batch(
        store,
        start_run(store, ["/b"]),
        [record(f"/b/{n}", f"t{n}", analysis(seed=n, found=assessment(risk=n % 7))) for n in range(300)],
    )
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    def cost(wanted: FindingFilter) -> int:
        nonlocal steps
        steps = 0
        store._db.conn.set_progress_handler(step, 10)
        assert list(findings(store, wanted))
        store._db.conn.set_progress_handler(None, 0)
        return steps

    assert cost(FindingFilter(limit=2)) < cost(FindingFilter()) / 20


def test_each_command_says_which_statuses_it_takes_by_itself(untag: Untag) -> None:
    untag.enroll()
    path = untag.add("kept.png", paint(ME, serial=1, alcohol=0.9))
    untag.scan()
    assert untag.run("decide", path, "--status", "keep").status == 0
    said = {name: " ".join(untag.run(name, "--help").out.split()) for name in ("list", "report", "stats", "letters")}
    assert "[default: all but keep, done and not-me]" in said["list"]
    assert untag.listed() == []
    assert "[default: any, what is decided last]" in said["report"]
    report = untag.root / "r.html"
    assert untag.run("report", "--output", report).status == 0
    assert "kept.png" in report.read_text()
    assert "[default: any]" in said["stats"]
    assert json.loads(untag.run("stats", "--format", "json").out)["photos"] == 1
    assert "[default: untag and request-removal]" in said["letters"]
