"""The checklist: which findings are in it, in which groups and order, with which steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from made_up_findings import NAMES, finding, origin
from untag.actions.plan import Background, Plan, PlannedPhoto, State, make_plan
from untag.actions.platforms import StepKind
from untag.store import Answer, StepAnswer
from untag.types import Action, Finding, LinkConfidence, Origin, Status, Verdict

BACKGROUND = Background(names=NAMES)
AT = "2026-01-01T00:00:00+00:00"


def planned(*findings: Finding, background: Background = BACKGROUND) -> Plan:
    return make_plan(findings, background)


def only(plan: Plan) -> PlannedPhoto:
    (photo,) = plan.photos
    return photo


def kinds(photo: PlannedPhoto) -> list[StepKind]:
    return list(dict.fromkeys(step.kind for step in photo.steps))


def said(photo: PlannedPhoto, *answers: tuple[StepKind, Answer]) -> Background:
    rows = [
        StepAnswer(
            photo.contents[0], "me", photo.place, kind, answer, "r1" if answer is Answer.ASKED else None, None, "b", AT
        )
        for kind, answer in answers
    ]
    return replace(BACKGROUND, answers=rows, waiting=frozenset({"r1"}))


@pytest.mark.parametrize(
    ("more", "is_in"),
    [
        ({}, True),
        ({"action": Action.REQUEST_REMOVAL}, True),
        ({"action": Action.REVIEW}, True),
        ({"action": Action.REVIEW, "verdict": Verdict.MAYBE}, False),
        ({"action": Action.REVIEW, "verdict": Verdict.MAYBE, "status": Status.IS_ME}, True),
        ({"action": Action.REVIEW, "categories": {}}, False),
        ({"action": Action.REVIEW, "categories": {}, "verdict": Verdict.MAYBE, "absent": True}, True),
        ({"action": Action.KEEP}, False),
        *(({"status": status}, False) for status in (Status.KEEP, Status.DONE, Status.NOT_ME)),
        *(({"status": status, "action": Action.KEEP}, True) for status in (Status.UNTAG, Status.REQUEST_REMOVAL)),
    ],
    ids=lambda value: None if isinstance(value, bool) else "-".join(map(str, value.values())) or "plain",
)
def test_what_asks_for_something_is_in_the_plan(more: dict[str, Any], is_in: bool) -> None:
    assert bool(planned(finding(**more)).groups) is is_in


def test_groups_are_by_platform_and_poster_and_the_riskiest_comes_first() -> None:
    plan = planned(
        finding(1, risk=20),
        finding(2, risk=90),
        finding(3, origin(3, poster="bea  MOOR"), risk=95),
        finding(4, origin(4, platform="instagram", poster="Bea Moor"), risk=50),
        finding(5, origin(5, poster="Carl"), risk=92),
    )
    assert [(group.platform, group.poster, group.risk, len(group.photos)) for group in plan.groups] == [
        ("facebook", "bea  MOOR".replace("  ", " "), 95, 3),
        ("facebook", "Carl", 92, 1),
        ("instagram", "Bea Moor", 50, 1),
    ]
    assert [photo.finding.risk for photo in plan.groups[0].photos] == [95, 90, 20]
    assert len({group.key for group in plan.groups}) == 3


def test_a_removal_comes_before_a_tag_and_a_tag_before_hiding() -> None:
    photo = only(planned(finding()))
    assert kinds(photo) == [StepKind.ASK_POSTER, StepKind.REPORT, StepKind.REMOVE_TAG, StepKind.HIDE]
    untag = next(step for step in photo.steps if step.kind is StepKind.REMOVE_TAG)
    assert untag.link == "https://www.facebook.com/photo/?fbid=1001"
    assert "does not remove the photo" in untag.words


def test_an_own_post_is_deleted_and_never_untagged() -> None:
    photo = only(planned(finding(1, origin(1, poster="ANA.doe"))))
    assert photo.own
    assert kinds(photo) == [StepKind.DELETE, StepKind.LIMIT_AUDIENCE]


def test_what_only_the_owner_can_open_is_own_and_comes_last() -> None:
    mine = Origin(platform="google_photos", permalink="https://photos.google.com/photo/A")
    plan = planned(finding(1, mine, risk=99, action=Action.REVIEW), finding(2, risk=1))
    assert [(group.platform, group.private) for group in plan.groups] == [("facebook", False), ("google_photos", True)]


def test_without_a_poster_nobody_is_asked() -> None:
    assert StepKind.ASK_POSTER not in kinds(only(planned(finding(1, origin(1, poster=None)))))


def test_without_any_place_online_there_is_one_thing_to_do() -> None:
    plan = planned(finding(1, Origin(), status=Status.REQUEST_REMOVAL))
    assert kinds(only(plan)) == [StepKind.LOOK]
    assert plan.groups[0].platform_name == "Not known to be online"


def test_without_a_link_and_a_platform_the_poster_is_asked() -> None:
    photo = only(planned(finding(1, Origin(poster="Carl"))))
    assert kinds(photo)[0] is StepKind.ASK_POSTER
    assert not any(step.link for step in photo.steps)


def test_a_platform_without_a_file_has_the_steps_for_others_under_its_own_name() -> None:
    there = Origin(platform="friends_reunited", poster="Carl", permalink="https://example.org/1")
    plan = planned(finding(1, there))
    assert plan.groups[0].platform_name == "Friends Reunited"
    assert kinds(only(plan))[:2] == [StepKind.ASK_POSTER, StepKind.REPORT]


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "https://user:pw@example.org/",
        "http://a b/",
        "",
        "x" * 3000,
    ],
)
def test_a_link_that_is_no_page_is_never_opened(link: str) -> None:
    there = Origin(platform="facebook", poster="B", permalink=link, permalink_confidence=LinkConfidence.CERTAIN)
    photo = only(planned(finding(1, there)))
    assert photo.link is None
    assert all(step.link is None or step.link.startswith("https://www.facebook.com/") for step in photo.steps)


def test_each_place_online_is_acted_on_and_two_tellings_of_one_post_are_one() -> None:
    plan = planned(
        finding(1, origin(1), origin(1), origin(1, permalink=None), origin(2, poster="Carl"), Origin(), origin(3))
    )
    assert [(photo.origin.poster, photo.link and photo.link[-4:]) for photo in plan.photos] == [
        ("Bea Moor", "1001"),
        ("Bea Moor", "1003"),
        ("Carl", "1002"),
    ]
    assert all(len(photo.places) == 3 for photo in plan.photos)


def intimate(**more: Any) -> Finding:
    return finding(1, categories={"nudity": 0.9}, **more)


@pytest.mark.parametrize(
    ("born", "places"),
    [
        (None, ["https://stopncii.org", "https://takeitdown.ncmec.org"]),
        (date(1990, 1, 1), ["https://stopncii.org"]),
        (date(2000, 5, 12), ["https://stopncii.org"]),
        (date(2000, 5, 13), ["https://takeitdown.ncmec.org"]),
    ],
)
def test_an_intimate_picture_is_for_the_services_and_not_for_a_friend(born: date | None, places: list[str]) -> None:
    photo = only(planned(intimate(), background=replace(BACKGROUND, born=born)))
    assert photo.intimate
    assert StepKind.ASK_POSTER not in kinds(photo)
    protect = [step.link for step in photo.steps if step.kind is StepKind.PROTECT]
    assert protect == [*places, "https://www.facebook.com/photo/?fbid=1001"]


def test_intimacy_holds_for_every_copy_whatever_was_decided_about_it() -> None:
    copy = finding(2, duplicate_of="/photos/1.jpg")
    for nude in (intimate(), intimate(status=Status.DONE), intimate(status=Status.REQUEST_REMOVAL, person="other")):
        for plan in (planned(copy, nude), planned(copy, background=replace(BACKGROUND, beside=[nude]))):
            assert all(photo.intimate for photo in plan.photos)
            assert plan.intimate == {copy.sha256, nude.sha256}
    plain = finding(1, status=Status.DONE)
    assert not any(photo.intimate for photo in planned(copy, background=replace(BACKGROUND, beside=[plain])).photos)


def test_a_copy_of_which_something_else_was_found_is_intimate_as_well() -> None:
    """Near-duplicates of another verdict or person are listed for themselves, and show the same."""
    copy, nude = (replace(one, picture=one.sha256) for one in (finding(2), intimate(verdict=Verdict.MAYBE)))
    assert not any(photo.intimate for photo in planned(copy, background=replace(BACKGROUND, beside=[nude])).photos)
    for alike in ({copy.sha256: nude.sha256}, {nude.sha256: copy.sha256}, {copy.sha256: "x", nude.sha256: "x"}):
        plan = planned(copy, background=replace(BACKGROUND, beside=[nude], alike=alike))
        assert all(photo.intimate for photo in plan.photos)
        assert plan.intimate == {copy.sha256, nude.sha256}


def test_a_copy_tells_that_the_user_was_under_18() -> None:
    copy = finding(2, origin(2, posted_at="2024-01-01"), duplicate_of="/photos/1.jpg")
    at_17 = finding(1, origin(1, taken_at="2017-07-01"), categories={"swimwear": 0.9}, status=Status.KEEP)
    background = replace(BACKGROUND, beside=[at_17], born=date(2000, 1, 1))
    photo = only(planned(copy, background=background))
    assert (photo.under_18, photo.intimate) == (True, True)


def test_a_birthday_in_a_leap_year_and_a_swimsuit_at_17() -> None:
    at_17 = finding(1, origin(1, posted_at="2018-02-28"), categories={"swimwear": 0.9})
    at_18 = finding(2, origin(2, posted_at="2018-03-01"), categories={"swimwear": 0.9})
    plan = planned(at_17, at_18, background=replace(BACKGROUND, born=date(2000, 2, 29)))
    assert {photo.finding.path: (photo.under_18, photo.intimate) for photo in plan.photos} == {
        at_17.path: (True, True),
        at_18.path: (False, False),
    }


@pytest.mark.parametrize(
    ("answers", "state", "then"),
    [
        ([], State.OPEN, StepKind.ASK_POSTER),
        ([(StepKind.ASK_POSTER, Answer.ASKED)], State.WAITING, StepKind.REMOVE_TAG),
        ([(StepKind.ASK_POSTER, Answer.DONE)], State.FINISHED, None),
        ([(StepKind.ASK_POSTER, Answer.LATER)], State.OPEN, StepKind.ASK_POSTER),
        ([(StepKind.REMOVE_TAG, Answer.DONE)], State.OPEN, StepKind.ASK_POSTER),
        ([(kind, Answer.SKIP) for kind in StepKind], State.FINISHED, None),
        ([*((kind, Answer.SKIP) for kind in StepKind), (StepKind.ASK_POSTER, Answer.ASKED)], State.WAITING, None),
        ([*((kind, Answer.SKIP) for kind in StepKind), (StepKind.HIDE, Answer.LATER)], State.LATER, StepKind.HIDE),
    ],
    ids=["nothing", "asked", "gone", "later", "untagged", "skipped", "waiting", "left"],
)
def test_answers_lead_to_the_next_step(
    answers: Iterable[tuple[StepKind, Answer]], state: State, then: StepKind | None
) -> None:
    photo = only(planned(finding()))
    after = only(planned(finding(), background=said(photo, *answers)))
    assert (after.state, after.next_step and after.next_step.kind) == (state, then)


@pytest.mark.parametrize(("waiting", "overdue"), [({"r1"}, {"r1"}), (set(), set())], ids=["overdue", "refused"])
def test_the_platform_comes_once_asking_did_not_help(waiting: set[str], overdue: set[str]) -> None:
    asked = said(only(planned(finding())), (StepKind.ASK_POSTER, Answer.ASKED))
    then = replace(asked, waiting=frozenset(waiting), overdue=frozenset(overdue))
    photo = only(planned(finding(), background=then))
    assert (photo.state, photo.next_step and photo.next_step.kind) == (State.OPEN, StepKind.REPORT)


def test_an_overdue_request_with_nothing_left_to_do_is_not_finished() -> None:
    answers = [*((kind, Answer.SKIP) for kind in StepKind), (StepKind.ASK_POSTER, Answer.ASKED)]
    background = replace(said(only(planned(finding())), *answers), overdue=frozenset({"r1"}))
    assert only(planned(finding(), background=background)).state is State.WAITING


def test_a_poster_of_300_photos_is_one_group() -> None:
    plan = planned(*(finding(number, risk=number % 90) for number in range(300)))
    (group,) = plan.groups
    assert len(group.photos) == 300
    assert group.photos[0].finding.risk == 89


def test_names_and_captions_are_made_harmless() -> None:
    bad = origin(1, poster="Bea\n\u202eMoor{{ 7*7 }}\x1b[31m", caption="a\r\nBcc: x@y.z\u200b")
    plan = planned(finding(1, bad))
    assert plan.groups[0].poster == "Bea Moor{{ 7*7 }}[31m"
    assert only(plan).caption == "a Bcc: x@y.z"
