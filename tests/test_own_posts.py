"""Whose post it is: the owner of a download, and what is known of a photo that nobody has seen."""

from __future__ import annotations

from pathlib import Path

import pytest

import untag as untag_library
from fakes import ME, Untag, paint
from store_samples import analysis, assessment, record
from untag.findings import Known, assess_without_file, load_preset, names_of
from untag.findings.preset import Preset
from untag.findings.rules import Rules
from untag.scan.judge import assess_by_posters, load_judge
from untag.store import Store, account_owners, findings, record_batch, start_run
from untag.types import Action, Origin

RULES = Rules(load_preset(Preset.JOB_HUNT), {"alcohol": 0.5})
NAMES = names_of({"me": ("Ana Doe",)})


def risk(origin: Origin, *risky: str) -> int:
    found = assess_without_file((origin,), RULES, NAMES, Known(risky_posters=frozenset(risky)))
    assert found is not None
    return found.risk


def test_a_photo_that_nobody_has_seen_ranks_by_what_is_known() -> None:
    tagged = Origin("facebook", "https://x.example/1", poster="Bob", people=("Ana Doe",))
    public = Origin("facebook", "https://x.example/1", poster="Bob", people=("Ana Doe",), audience="Public")
    own = Origin("facebook", "https://x.example/1", poster="Ana Doe")
    harmless = 4
    assert risk(own) < harmless < risk(tagged) < risk(public) < risk(tagged, "bob") < risk(public, "bob") < 40


@pytest.fixture
def posted(untag: Untag) -> Untag:
    """A photo posted by the account whose download it lies in, and one by somebody else, as a scan left them."""
    untag.enroll()
    untag.add("own.png", paint(ME, serial=1, alcohol=0.9))
    untag.add("bob.png", paint(ME, serial=2, alcohol=0.9))
    untag.scan()
    with Store.open(untag.home) as store:
        for name, poster in (("own.png", "Jane Roe"), ("bob.png", "Bob")):
            store.execute(
                "UPDATE files SET poster = ?, permalink = ?, permalink_confidence = 'certain' WHERE path = ?",
                (poster, f"https://x.example/{poster}", str(untag.photos / name)),
            )
    return untag


def actions(untag: Untag) -> dict[str, object]:
    return {Path(str(one["path"])).name: one["action"] for one in untag.listed()}


def after_scan(untag: Untag, owners: set[str]) -> None:
    """What a scan does at its end."""
    settings = untag_library.open(untag.home).settings
    with Store.open(untag.home) as store:
        run = start_run(store, ["/a"])
        assess_by_posters(store, load_judge(store, "fake-1", settings), owners, run)


def test_posts_of_a_downloaded_account_are_ones_own(posted: Untag) -> None:
    after_scan(posted, set())
    assert posted.run("decide", "own.png", "--status", "is-me").status == 0  # judged again, as posted now
    assert posted.run("decide", "bob.png", "--status", "is-me").status == 0
    assert actions(posted) == {"own.png": "untag", "bob.png": "untag"}
    after_scan(posted, {"JANE  ROE"})
    assert actions(posted) == {"own.png": "review", "bob.png": "untag"}
    (own,) = [one for one in posted.listed() if str(one["path"]).endswith("own.png")]
    assert "you can delete or hide it yourself" in list(own["reasons"])  # type: ignore[call-overload]
    assert posted.run("enroll", "--not-called", "nobody at all").status == 2
    denied = posted.run("enroll", "--not-called", "jane roe")
    assert (denied.status, "1 photo" in denied.err) == (0, True), denied.err
    assert actions(posted) == {"own.png": "untag", "bob.png": "untag"}
    after_scan(posted, {"JANE  ROE"})
    assert actions(posted)["own.png"] == "untag", "what the user said stays"


def test_what_a_poster_has_done_counts_for_what_nobody_has_seen(untag: Untag) -> None:
    untag.enroll()
    with Store.open(untag.home) as store:
        run = start_run(store, ["/a"])
        bob = Origin("facebook", "https://x.example/1", poster="Bob", people=("me",))
        judge = load_judge(store, "fake-1", untag_library.open(untag.home).settings)
        absent = analysis((), engine="absent", found=judge.assess_without_file((bob,), "a" * 64))
        record_batch(store, run, [record("/a/absent", "a" * 64, absent, origin=bob)])
        (before,) = findings(store)
        drunk = analysis(found=assessment(risk=80))
        record_batch(store, run, [record("/a/seen", "b" * 64, drunk, origin=Origin("facebook", poster="BOB"))])
        assess_by_posters(store, judge, set(), run)
        after = {one.path: one for one in findings(store)}["/a/absent"]
        assert after.risk > before.risk
        assert after.action is Action.REVIEW
        assert account_owners(store) == frozenset()
