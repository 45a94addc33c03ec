"""Evidence to findings: the table of actions, the risk and the words of the reasons."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from untag.findings import SEVERITIES, PhotoEvidence, decide, default_rules
from untag.findings.rules import DEFAULT_SEVERITY, Audience, audience_of
from untag.types import Action, Box, LinkConfidence, Match, Origin, SceneScores, Status, Verdict

ME = Match(Verdict.ME, 0.94, "ana")
MAYBE = Match(Verdict.MAYBE, 0.61, "ana")
OTHER = Match(Verdict.OTHER, 0.12, "ana")
RULES = default_rules({"alcohol": 0.6, "weapon": 0.6, "crowd": 0.6, "location": 0.6})
LINKED = Origin("facebook", "https://www.facebook.com/photo?fbid=1", LinkConfidence.CERTAIN, "Bea Roe")
POSTED = Origin("whatsapp", poster="Bea Roe")
OWN = replace(LINKED, poster="Ana")
NOWHERE = Origin()
WINE: dict[str, tuple[str, ...]] = {"alcohol": ("red wine", "wine bottle", "goblet", "beer glass")}


def evidence(
    *matches: Match,
    scores: dict[str, float] | None = None,
    origin: Origin = NOWHERE,
    words: dict[str, tuple[str, ...]] | None = None,
) -> PhotoEvidence:
    boxes = tuple(Box(10.0 * number, 5, 10.0 * number + 8, 15) for number in range(len(matches)))
    scenes = None if scores is None else SceneScores(scores, {} if words is None else words, "toy")
    return PhotoEvidence(origin, "2019-07-14T23:10:00", 100, 80, boxes, matches, scenes, "a/1.jpg", "0" * 64, "folder")


@pytest.mark.parametrize(
    ("match", "scores", "origin", "action"),
    [
        (MAYBE, {"alcohol": 0.9}, LINKED, Action.REVIEW),
        (MAYBE, {}, NOWHERE, Action.REVIEW),
        (ME, None, LINKED, Action.REVIEW),
        (ME, {}, LINKED, Action.KEEP),
        (ME, {"alcohol": 0.59}, LINKED, Action.KEEP),
        (ME, {"crowd": 0.99, "location": 0.99}, LINKED, Action.KEEP),
        (ME, {"alcohol": 0.6}, LINKED, Action.UNTAG),
        (ME, {"crowd": 0.99, "alcohol": 0.6}, LINKED, Action.UNTAG),
        (ME, {"alcohol": 0.9}, replace(LINKED, poster=None), Action.UNTAG),
        (ME, {"alcohol": 0.9}, POSTED, Action.REQUEST_REMOVAL),
        (ME, {"alcohol": 0.9}, NOWHERE, Action.REVIEW),
        (ME, {"alcohol": 0.9}, OWN, Action.REVIEW),
        (ME, {"what I taught": 0.5}, LINKED, Action.UNTAG),
    ],
)
def test_action_table(match: Match, scores: dict[str, float] | None, origin: Origin, action: Action) -> None:
    finding = decide(evidence(match, scores=scores, origin=origin), RULES)
    assert finding is not None
    assert finding.action is action
    assert finding.status is Status.OPEN


def test_a_photo_of_others_is_no_finding() -> None:
    assert decide(evidence(OTHER, OTHER, scores={"weapon": 0.99}), RULES) is None
    assert decide(evidence(scores={"weapon": 0.99}), RULES) is None


def test_all_scenes_reports_flagged_photos_without_you() -> None:
    rules = replace(RULES, all_scenes=True)
    finding = decide(evidence(OTHER, scores={"weapon": 0.99}), rules)
    assert finding is not None
    assert (finding.verdict, finding.person, finding.similarity) == (Verdict.OTHER, None, 0.0)
    assert finding.faces == ()
    assert finding.action is Action.REVIEW
    assert finding.reasons == ("Your face was not found in this picture", "weapon 99 %")
    assert decide(evidence(OTHER, scores={"weapon": 0.59}), rules) is None
    assert decide(evidence(OTHER), rules) is None


def test_reasons_in_plain_words() -> None:
    origin = replace(LINKED, people=("Bea Roe", "Ana"), audience="Anyone with the link")
    photo = evidence(OTHER, ME, OTHER, scores={"crowd": 0.7, "alcohol": 0.87}, origin=origin, words=WINE)
    finding = decide(photo, RULES)
    assert finding is not None
    assert finding.reasons == (
        "Your face: 94 % alike",
        "alcohol 87 %: red wine, wine bottle, goblet",
        "crowd 70 %",
        "2 other faces in the picture",
        "you are tagged in it",
        "posted by Bea Roe",
        "anyone with the link can see it",
    )
    assert finding.faces == (photo.boxes[1],)
    assert list(finding.categories) == ["alcohol", "crowd"]


def test_reasons_say_what_is_not_known() -> None:
    maybe = decide(evidence(MAYBE, OTHER), RULES)
    harmless = decide(evidence(ME, scores={"alcohol": 0.1}, origin=OWN), RULES)
    assert maybe is not None
    assert maybe.reasons == (
        "You may be in this picture: 61 % alike; check it",
        "what the picture shows was not judged; look at it yourself",
        "1 other face in the picture",
    )
    assert harmless is not None
    assert harmless.reasons == (
        "Your face: 94 % alike",
        "nothing found that you may not want online",
        "posted by you",
    )


def test_the_surest_face_decides_and_only_its_own_boxes_are_framed() -> None:
    sister = Match(Verdict.ME, 0.80, "bea")
    sure_maybe = Match(Verdict.MAYBE, 0.99, "ana")
    photo = evidence(sure_maybe, sister, ME, replace(ME, similarity=0.9), scores={})
    finding = decide(photo, RULES)
    assert finding is not None
    assert (finding.person, finding.verdict, finding.similarity) == ("ana", Verdict.ME, 0.94)
    assert finding.faces == photo.boxes[2:]


def test_a_date_from_the_photo_goes_before_that_of_the_source() -> None:
    origin = Origin(taken_at="2001-01-01")
    dated = decide(evidence(ME, origin=origin), RULES)
    undated = decide(replace(evidence(ME, origin=origin), taken_at=None), RULES)
    assert dated is not None
    assert undated is not None
    assert (dated.taken_at, undated.taken_at) == ("2019-07-14T23:10:00", "2001-01-01")


def test_a_missing_match_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 boxes but 0 matches"):
        decide(replace(evidence(ME), matches=()), RULES)


@pytest.mark.parametrize(
    ("words", "audience"),
    [
        (None, Audience.UNKNOWN),
        ("", Audience.UNKNOWN),
        ("PUBLIC", Audience.PUBLIC),
        ("Everyone", Audience.PUBLIC),
        ("anyone with the link", Audience.LINK),
        ("Friends of friends", Audience.FRIENDS),
        ("ONLY_ME", Audience.ONLY_ME),
        ("private", Audience.ONLY_ME),
    ],
)
def test_audience_words(words: str | None, audience: Audience) -> None:
    assert audience_of(words) is audience


def risk(match: Match, scores: dict[str, float], audience: str | None = None) -> int:
    finding = decide(evidence(match, scores=scores, origin=Origin(audience=audience)), RULES)
    assert finding is not None
    return finding.risk


def test_risk_of_known_cases() -> None:
    # 100 x (1 - (1 - 0.03)(1 - 0.6 x 0.9)) x (0.8 + 0.2 x 0.94) = 54.7; a maybe of the same likeness counts half.
    assert risk(ME, {"alcohol": 0.9}) == 55
    assert risk(replace(MAYBE, similarity=0.94), {"alcohol": 0.9}) == 27
    assert risk(ME, {"weapon": 0.95, "nudity": 0.95}) == 98
    assert risk(ME, {}) == 3
    assert risk(ME, {}, "public") <= 5


def test_a_wider_audience_is_a_higher_risk() -> None:
    risks = [risk(ME, {"alcohol": 0.9}, words) for words in ("only me", None, "friends", "with the link", "public")]
    assert risks == sorted(set(risks))


def test_severities_of_all_categories() -> None:
    names = "alcohol party bar smoking drugs weapon gambling swimwear nudity crowd gesture document location"
    assert set(SEVERITIES) == set(names.split())
    assert min(SEVERITIES[name] for name in ("weapon", "drugs", "nudity")) > SEVERITIES["alcohol"]
    assert min(SEVERITIES["alcohol"], SEVERITIES["party"]) > max(SEVERITIES["location"], SEVERITIES["crowd"])
    assert RULES.severity("what I taught") == DEFAULT_SEVERITY
    with pytest.raises(TypeError):
        SEVERITIES["alcohol"] = 0.0  # type: ignore[index]


SHARES = st.floats(0, 1)
CATEGORIES = st.dictionaries(st.sampled_from(sorted(SEVERITIES)), SHARES)
AUDIENCES = st.sampled_from([None, "public", "friends", "only me"])


@given(CATEGORIES, SHARES, AUDIENCES)
def test_risk_stays_in_range_and_a_maybe_is_never_riskier(
    scores: dict[str, float], likeness: float, audience: str | None
) -> None:
    sure = risk(Match(Verdict.ME, likeness, "ana"), scores, audience)
    unsure = risk(Match(Verdict.MAYBE, likeness, "ana"), scores, audience)
    assert 0 <= unsure <= sure <= 100


@given(CATEGORIES, st.sampled_from(sorted(SEVERITIES)), SHARES)
def test_one_more_category_never_lowers_the_risk(scores: dict[str, float], name: str, score: float) -> None:
    before = {other: value for other, value in scores.items() if other != name}
    assert risk(ME, before) <= risk(ME, {**before, name: score})
