"""Evidence to findings: the table of actions, the risk, its presets, and the words of the reasons."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from untag.findings import (
    Names,
    Preset,
    Rules,
    assess,
    assess_without_file,
    load_preset,
    names_of,
)
from untag.findings import preset as preset_module
from untag.findings.nearness import Nearness, nearness
from untag.findings.prominence import Prominence, prominence
from untag.findings.rules import DEFAULT_SEVERITY, Audience, audience_of
from untag.scenes.categories import Category
from untag.types import Action, Box, Evidence, LinkConfidence, Match, Origin, SceneScores, Spot, Verdict

ME = Match(Verdict.ME, 0.94, "ana")
MAYBE = Match(Verdict.MAYBE, 0.61, "ana")
OTHER = Match(Verdict.OTHER, 0.12, "ana")
THRESHOLDS = {"alcohol": 0.6, "weapon": 0.6, "crowd": 0.6, "location": 0.6}
RULES = Rules(load_preset(Preset.JOB_HUNT), THRESHOLDS)
LINKED = Origin("facebook", "https://www.facebook.com/photo?fbid=1", LinkConfidence.CERTAIN, "Bea Roe")
POSTED = Origin("whatsapp", poster="Bea Roe")
OWN = replace(LINKED, poster="Ana")
GOOGLE = Origin("google_photos", "https://photos.google.com/photo/A", LinkConfidence.CERTAIN)
NOWHERE = Origin()
WINE: dict[str, tuple[str, ...]] = {"alcohol": ("red wine", "wine bottle", "goblet", "beer glass")}


def evidence(
    *matches: Match,
    scores: dict[str, float] | None = None,
    origin: Origin = NOWHERE,
    words: dict[str, tuple[str, ...]] | None = None,
) -> Evidence:
    boxes = tuple(Box(10.0 * number, 5, 10.0 * number + 8, 15) for number in range(len(matches)))
    scenes = None if scores is None else SceneScores(scores, {} if words is None else words, "toy")
    return Evidence((origin,), 100, 80, boxes, matches, scenes)


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
        (ME, {"alcohol": 0.9}, GOOGLE, Action.REVIEW),
        (ME, {"alcohol": 0.9}, replace(GOOGLE, poster="Bea Roe"), Action.REVIEW),
        (ME, {}, GOOGLE, Action.KEEP),
        (ME, {"what I taught": 0.5}, LINKED, Action.UNTAG),
    ],
)
def test_action_table(match: Match, scores: dict[str, float] | None, origin: Origin, action: Action) -> None:
    finding = assess(evidence(match, scores=scores, origin=origin), RULES)
    assert finding is not None
    assert finding.action is action


LIKELY = replace(LINKED, permalink="https://www.facebook.com/2", permalink_confidence=LinkConfidence.PROBABLE)
UNKNOWN_POSTER = replace(LIKELY, poster=None)


@pytest.mark.parametrize(
    ("origins", "action", "acted_on", "posters"),
    [
        ((OWN, LINKED), Action.UNTAG, LINKED, ["you", "Bea Roe"]),
        ((OWN, POSTED), Action.REQUEST_REMOVAL, POSTED, ["you", "Bea Roe"]),
        ((OWN, NOWHERE), Action.REVIEW, OWN, ["you"]),
        ((OWN, OWN), Action.REVIEW, OWN, ["you"]),
        ((NOWHERE, POSTED, LIKELY, LINKED), Action.UNTAG, LINKED, ["Bea Roe"]),
        ((UNKNOWN_POSTER, POSTED), Action.UNTAG, UNKNOWN_POSTER, ["Bea Roe"]),
        ((UNKNOWN_POSTER, LIKELY), Action.UNTAG, LIKELY, ["Bea Roe"]),
        ((POSTED, replace(POSTED, poster="Cy")), Action.REQUEST_REMOVAL, POSTED, ["Bea Roe", "Cy"]),
        ((GOOGLE, LIKELY), Action.UNTAG, LIKELY, ["Bea Roe"]),
        ((GOOGLE, POSTED), Action.REQUEST_REMOVAL, POSTED, ["Bea Roe"]),
        ((GOOGLE, OWN), Action.REVIEW, OWN, ["you"]),
        ((replace(GOOGLE, poster="Cy"), LINKED), Action.UNTAG, LINKED, ["Cy", "Bea Roe"]),
        ((NOWHERE, GOOGLE), Action.REVIEW, GOOGLE, []),
        ((NOWHERE, NOWHERE), Action.REVIEW, NOWHERE, []),
        ((), Action.REVIEW, NOWHERE, []),
        (
            tuple(replace(POSTED, poster=str(number)) for number in range(8)),
            Action.REQUEST_REMOVAL,
            replace(POSTED, poster="0"),
            ["0", "1", "2", "3", "4", "3 more"],
        ),
    ],
)
def test_all_places_of_a_photo(
    origins: tuple[Origin, ...], action: Action, acted_on: Origin, posters: list[str]
) -> None:
    finding = assess(replace(evidence(ME, scores={"alcohol": 0.9}), origins=origins), RULES)
    assert finding is not None
    assert (finding.action, finding.origin) == (action, acted_on)
    assert [reason for reason in finding.reasons if reason.startswith("posted")] == [
        f"posted by {poster}" for poster in posters
    ]


@pytest.mark.parametrize(
    ("origins", "said"),
    [((GOOGLE,), True), ((GOOGLE, POSTED), True), ((GOOGLE, OWN), False), ((LINKED,), False), ((POSTED,), False)],
)
def test_a_link_that_opens_only_for_you_is_said_so(origins: tuple[Origin, ...], said: bool) -> None:
    finding = assess(replace(evidence(ME, scores={"alcohol": 0.9}), origins=origins), RULES)
    assert finding is not None
    assert ("the link opens only for you" in finding.reasons) is said


@pytest.mark.parametrize(
    ("audiences", "reason"),
    [
        (("friends", "public"), "anyone can see it"),
        (("only me", "friends"), "friends of the poster can see it"),
        (("only me", None), None),
        (("only me",), "only the account it is in can see it"),
    ],
)
def test_the_broadest_audience_counts_but_no_plain_folder(
    audiences: tuple[str | None, ...], reason: str | None
) -> None:
    origins = (*(replace(POSTED, audience=audience) for audience in audiences), NOWHERE)
    finding = assess(replace(evidence(ME, scores={}), origins=origins), RULES)
    assert finding is not None
    assert [said for said in finding.reasons if "can see it" in said] == ([] if reason is None else [reason])


@pytest.mark.parametrize(
    ("called", "name", "meant"),
    [
        ((), "Ana", True),
        ((), " ANA ", True),
        ((), "Anna", False),
        (("Ana Maria Roe",), "ana  maria roe", True),
        (("Ana Maria Roe",), "Ana Maria", False),
        (("@Ana.R",), "ana.r", True),
        (("ana.r",), "@ANA.R ", True),
        (("Zoe\u0308",), "ZO\u00cb", True),
        (("Stra\u00dfe",), "STRASSE", True),
        (("", "@"), "", False),
        (("",), "@", False),
    ],
)
def test_who_is_meant_by_a_name(called: tuple[str, ...], name: str, meant: bool) -> None:
    names = names_of({"ana": called, "bea": ()})
    assert names.is_called("ana", name) is meant
    assert names.among(["somebody", name]) == ("ana" if meant else None)
    tagged = replace(evidence(ME, scores={}), origins=(NOWHERE, Origin("x", people=("Cy", name))))
    finding = assess(tagged, RULES, names)
    assert finding is not None
    assert ("you are tagged in it" in finding.reasons) is meant


NAMES = names_of({"ana": ("Ana Roe",), "bea": ()})


@pytest.mark.parametrize(
    ("origins", "named"),
    [((Origin(people=("Ana Roe",)),), ()), ((NOWHERE, Origin("x", people=("Cy", "ANA"))), ()), ((), ("ana roe",))],
)
def test_a_tag_by_name_without_the_face_is_a_maybe(origins: tuple[Origin, ...], named: tuple[str, ...]) -> None:
    tagged = replace(evidence(OTHER, OTHER, scores={"alcohol": 0.9}), origins=origins, named=named)
    finding = assess(tagged, RULES, NAMES)
    assert finding is not None
    assert (finding.verdict, finding.similarity, finding.person) == (Verdict.MAYBE, 0.0, "ana")
    assert (finding.action, finding.faces) == (Action.REVIEW, ())
    assert finding.reasons == ("you are tagged in it by name, but your face was not found", "alcohol 90 %")
    assert assess(tagged, RULES) is None
    assert assess(tagged, RULES, names_of({"bea": ()})) is None


def test_a_face_goes_before_a_tag_of_somebody_else() -> None:
    tagged = replace(evidence(MAYBE, scores={}), named=("bea",))
    finding = assess(tagged, RULES, NAMES)
    assert finding is not None
    assert finding.person == "ana"
    assert "you are tagged in it" not in finding.reasons


TOLD = "you are tagged here; the download has no copy of the photo"


@pytest.mark.parametrize(
    ("origins", "names", "person", "reasons"),
    [
        ((LINKED,), names_of({"me": ()}), "me", [f"{TOLD}: open the link", "posted by Bea Roe"]),
        ((POSTED,), names_of({"me": ()}), "me", [TOLD, "posted by Bea Roe"]),
        ((replace(LINKED, people=("Ana Example",)),), names_of({"me": ()}), "me", None),
        ((replace(LINKED, people=("Ana Roe",)),), NAMES, "ana", None),
        ((LINKED, replace(POSTED, people=("Cy", "BEA"))), NAMES, "bea", None),
        ((replace(LINKED, people=("Cy",)),), NAMES, None, None),
        ((LINKED,), names_of({}), None, None),
    ],
)
def test_a_photo_without_a_copy(
    origins: tuple[Origin, ...], names: Names, person: str | None, reasons: list[str] | None
) -> None:
    finding = assess_without_file(origins, RULES, names)
    if person is None:
        assert finding is None
        return
    assert finding is not None
    assert (finding.person, finding.verdict, finding.similarity) == (person, Verdict.MAYBE, 0.0)
    assert (finding.action, finding.categories, finding.faces) == (Action.REVIEW, {}, ())
    assert finding.origin == origins[0]
    assert reasons is None or list(finding.reasons) == reasons


def test_a_photo_of_others_is_no_finding() -> None:
    assert assess(evidence(OTHER, OTHER, scores={"weapon": 0.99}), RULES) is None
    assert assess(evidence(scores={"weapon": 0.99}), RULES) is None


def test_all_scenes_reports_flagged_photos_without_you() -> None:
    rules = replace(RULES, all_scenes=True)
    finding = assess(evidence(OTHER, scores={"weapon": 0.99}), rules)
    assert finding is not None
    assert (finding.verdict, finding.person, finding.similarity) == (Verdict.OTHER, None, 0.0)
    assert finding.faces == ()
    assert finding.action is Action.REVIEW
    assert finding.reasons == ("Your face was not found in this picture", "weapon 99 %")
    assert assess(evidence(OTHER, scores={"weapon": 0.59}), rules) is None
    assert assess(evidence(OTHER, scores={"location": 1.0, "crowd": 0.99}), rules) is None
    assert assess(evidence(OTHER), rules) is None


def test_reasons_in_plain_words() -> None:
    origin = replace(LINKED, people=("Bea Roe", "Ana"), audience="Anyone with the link")
    photo = evidence(OTHER, ME, OTHER, scores={"crowd": 0.7, "alcohol": 0.87}, origin=origin, words=WINE)
    finding = assess(photo, RULES)
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
    maybe = assess(evidence(MAYBE, OTHER), RULES)
    harmless = assess(evidence(ME, scores={"alcohol": 0.1}, origin=OWN), RULES)
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
        "no other face in the picture",
        "posted by you",
    )


def test_the_surest_face_decides_and_only_its_own_boxes_are_framed() -> None:
    sister = Match(Verdict.ME, 0.80, "bea")
    sure_maybe = Match(Verdict.MAYBE, 0.99, "ana")
    photo = evidence(sure_maybe, sister, ME, replace(ME, similarity=0.9), scores={})
    finding = assess(photo, RULES)
    assert finding is not None
    assert (finding.person, finding.verdict, finding.similarity) == ("ana", Verdict.ME, 0.94)
    assert finding.faces == photo.boxes[2:]


def test_a_missing_match_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 boxes but 0 matches"):
        assess(replace(evidence(ME), matches=()), RULES)


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
    finding = assess(evidence(match, OTHER, scores=scores, origin=Origin(audience=audience)), RULES)
    assert finding is not None
    return finding.risk


def test_risk_of_known_cases() -> None:
    # 100 x (1 - (1 - 0.03)(1 - 0.6 x 0.9)) x (0.8 + 0.2 x 0.94) = 54.7; a maybe of the same likeness counts half.
    assert risk(ME, {"alcohol": 0.9}) == 55
    assert risk(replace(MAYBE, similarity=0.94), {"alcohol": 0.9}) == 27
    assert risk(ME, {"weapon": 0.95, "nudity": 0.95}) == 98
    assert risk(ME, {}) == 3
    assert risk(ME, {}, "public") <= 5


def test_a_score_of_more_than_one_weighs_as_one() -> None:
    assert risk(ME, {"alcohol": 1.2}) == risk(ME, {"alcohol": 1.0}) > risk(ME, {"alcohol": 0.95})


def test_a_wider_audience_is_a_higher_risk() -> None:
    risks = [risk(ME, {"alcohol": 0.9}, words) for words in ("only me", None, "friends", "with the link", "public")]
    assert risks == sorted(set(risks))


@pytest.mark.parametrize(
    ("face", "others", "marks"),
    [
        # In a picture of 1000 x 800, of which the root of the area is 894.
        ((400, 300, 623, 523), 1, ""),
        ((400, 300, 624, 524), 0, "close alone"),
        ((400, 300, 660, 560), 7, "close crowd"),
        ((400, 300, 500, 400), 1, ""),
        ((400, 300, 500, 400), 0, "alone"),
        ((400, 300, 500, 400), 6, ""),
        ((400, 300, 500, 400), 7, "crowd"),
        ((400, 300, 427, 327), 1, ""),
        ((400, 300, 426, 326), 1, "small"),
        ((400, 300, 420, 320), 0, "small alone"),
        ((400, 300, 420, 320), 39, "small crowd"),
        ((10, 300, 30, 320), 39, "edge crowd"),
        ((970, 300, 990, 320), 1, "edge"),
        ((400, 0, 420, 20), 1, "edge"),
        ((400, 770, 420, 790), 1, "edge"),
        # Boxes may reach out of the picture; a large face at the edge is still a large one.
        ((-10, 300, 10, 320), 1, "edge"),
        ((-40, 300, 60, 400), 1, ""),
    ],
)
def test_where_you_are(face: tuple[float, float, float, float], others: int, marks: str) -> None:
    assert prominence([Box(*face)], others + 1, 1000, 800) == tuple(Prominence(mark) for mark in marks.split())


def test_where_you_are_twice_or_not_at_all() -> None:
    small, large = Box(400, 300, 420, 320), Box(100, 100, 400, 400)
    assert prominence([small, large], 2, 1000, 800) == (Prominence.CLOSE, Prominence.ALONE)
    assert prominence([], 20, 1000, 800) == ()


@pytest.mark.parametrize(
    ("face", "faces", "risk", "reasons"),
    [
        # A drink, as sure and as severe each time; only you are somewhere else. 55 is what the usual photo has.
        ((300, 200, 600, 500), 1, 65, ["your face fills much of the picture", "no other face in the picture"]),
        ((300, 200, 600, 500), 3, 61, ["your face fills much of the picture", "2 other faces in the picture"]),
        ((400, 300, 500, 400), 1, 58, ["no other face in the picture"]),
        ((400, 300, 500, 400), 3, 55, ["2 other faces in the picture"]),
        ((400, 300, 500, 400), 40, 47, ["one of 40 people in the picture"]),
        ((400, 300, 420, 320), 2, 47, ["your face is small in the picture", "1 other face in the picture"]),
        ((400, 300, 420, 320), 40, 40, ["your face is small in the picture", "one of 40 people in the picture"]),
        (
            (0, 300, 20, 320),
            40,
            34,
            ["your face is small and at the edge of the picture", "one of 40 people in the picture"],
        ),
    ],
)
def test_where_you_are_counts(face: tuple[float, ...], faces: int, risk: int, reasons: list[str]) -> None:
    boxes = (Box(*face),) + (Box(700, 100, 780, 180),) * (faces - 1)
    photo = replace(evidence(scores={"alcohol": 0.9}), width=1000, height=800, boxes=boxes)
    finding = assess(replace(photo, matches=(ME,) + (OTHER,) * (faces - 1)), RULES)
    assert finding is not None
    assert finding.risk == risk
    assert finding.reasons == ("Your face: 94 % alike", "alcohol 90 %", *reasons)


@pytest.mark.parametrize(
    ("spot", "faces", "near"),
    [
        # In a picture of 1000 x 1000. A face of 50 at its middle: near is up to 250 pixels from it, far above 350.
        ((0.5, 0.5), [(475, 475, 525, 525)], "near"),
        ((0.5, 0.74), [(475, 475, 525, 525)], "near"),
        ((0.5, 0.76), [(475, 475, 525, 525)], None),
        ((0.5, 0.84), [(475, 475, 525, 525)], None),
        ((0.5, 0.86), [(475, 475, 525, 525)], "far"),
        # Across and down alike, and from the nearest of two faces (a photo in a mirror).
        ((0.65, 0.65), [(475, 475, 525, 525)], "near"),
        ((0.9, 0.9), [(475, 475, 525, 525)], "far"),
        ((0.9, 0.9), [(475, 475, 525, 525), (800, 800, 850, 850)], "near"),
        ((0.9, 0.9), [(475, 475, 525, 525), (675, 675, 725, 725)], None),
        # A face that fills the picture is near to all of it, a tiny one to hardly any.
        ((0.0, 0.0), [(350, 350, 650, 650)], "near"),
        ((0.61, 0.61), [(495, 495, 505, 505)], None),
        ((0.7, 0.7), [(495, 495, 505, 505)], "far"),
        ((0.5, 0.5), [], None),
    ],
)
def test_how_near_a_thing_is(
    spot: tuple[float, float], faces: list[tuple[float, float, float, float]], near: str | None
) -> None:
    assert nearness(Spot(*spot), [Box(*face) for face in faces], 1000, 1000) == near


def test_a_picture_of_any_shape_is_measured_in_its_pixels() -> None:
    face = Box(100, 240, 150, 290)
    assert nearness(Spot(0.1, 0.5), [face], 2000, 500) is Nearness.NEAR
    assert nearness(Spot(0.5, 0.5), [face], 2000, 500) is Nearness.FAR


@pytest.mark.parametrize(
    ("match", "spot", "risk", "reason"),
    [
        (ME, None, 55, "alcohol 90 %: red wine"),
        (ME, Spot(0.5, 0.5), 60, "alcohol 90 %: red wine; near you"),
        (ME, Spot(0.5, 0.75), 55, "alcohol 90 %: red wine"),
        (ME, Spot(0.0, 0.0), 43, "alcohol 90 %: red wine; not near you"),
        (MAYBE, Spot(0.5, 0.5), 28, "alcohol 90 %: red wine; near the face"),
    ],
)
def test_a_drink_beside_you_weighs_more(match: Match, spot: Spot | None, risk: int, reason: str) -> None:
    photo = evidence(match, OTHER, scores={"alcohol": 0.9})
    spots = {} if spot is None else {"alcohol": spot}
    scenes = SceneScores({"alcohol": 0.9, "crowd": 0.2}, {"alcohol": ("red wine",)}, "toy", spots)
    boxes = (Box(480, 480, 520, 520), Box(10, 10, 60, 60))
    finding = assess(replace(photo, width=1000, height=1000, boxes=boxes, scenes=scenes), RULES)
    assert finding is not None
    assert (finding.risk, finding.reasons[1]) == (risk, reason)


def test_what_is_experimental_says_so() -> None:
    rules = Rules(load_preset(Preset.JOB_HUNT), {}, experimental=frozenset({"party", "drugs"}))
    finding = assess(evidence(ME, scores={"party": 0.7, "alcohol": 0.8}, words={"party": ("balloon",)}), rules)
    assert finding is not None
    assert finding.reasons[1:3] == ("alcohol 80 %", "party 70 %, experimental: balloon")


def test_a_face_that_may_be_yours_is_not_called_yours() -> None:
    finding = assess(replace(evidence(MAYBE, scores={}), boxes=(Box(0, 0, 60, 60),)), RULES)
    assert finding is not None
    assert "the face fills much of the picture" in finding.reasons


def test_each_preset_is_whole_in_range_and_explained() -> None:
    files = sorted(preset_module._FOLDER.iterdir())
    assert {file.name for file in files} == {f"{preset}.toml" for preset in Preset}
    for file in files:
        assert file.read_text(encoding="utf-8").startswith("# For somebody who")
        weights = load_preset(Preset(file.stem))
        assert set(weights.severities) == set(Category)
        assert set(weights.certainty) == set(Verdict)
        assert set(weights.exposure) == set(Audience)
        assert set(weights.prominence) == set(Prominence)
        assert set(weights.nearness) == set(Nearness)
        assert weights.nearness[Nearness.NEAR] >= 1 >= weights.nearness[Nearness.FAR]
        shares = (*weights.severities.values(), *weights.certainty.values(), weights.act_from)
        exponents = (*weights.exposure.values(), *weights.prominence.values(), *weights.nearness.values())
        assert all(0 < share <= 1 for share in shares)
        assert all(0 < exponent <= 2 for exponent in exponents)


@pytest.mark.parametrize("preset", Preset)
def test_what_every_preset_agrees_on(preset: Preset) -> None:
    weights = load_preset(preset)
    severities = weights.severities
    assert min(severities[name] for name in ("weapon", "drugs", "nudity")) > severities["alcohol"]
    assert min(severities["alcohol"], severities["party"]) >= max(severities["location"], severities["crowd"])
    assert weights.certainty[Verdict.ME] == 1.0 > weights.certainty[Verdict.MAYBE] > weights.certainty[Verdict.OTHER]
    assert weights.exposure[Audience.ONLY_ME] < weights.exposure[Audience.UNKNOWN] < weights.exposure[Audience.FRIENDS]
    marks = [weights.prominence[mark] for mark in (Prominence.EDGE, Prominence.SMALL, Prominence.CLOSE)]
    assert marks == sorted(set(marks))
    assert RULES.severity("what I taught") == DEFAULT_SEVERITY


PHOTOS: dict[str, tuple[Match, dict[str, float], str | None]] = {
    "a drink, public": (ME, {"alcohol": 0.9}, "public"),
    "a drink, friends": (ME, {"alcohol": 0.9}, "friends"),
    "a drink, perhaps you": (MAYBE, {"alcohol": 0.9}, None),
    "a gesture, public": (ME, {"gesture": 0.8}, "public"),
    "a weapon": (ME, {"weapon": 0.9}, None),
    "where you were": (ME, {"location": 1.0}, None),
    "nothing": (ME, {}, None),
}


@pytest.mark.parametrize(
    ("photo", "job_hunt", "family", "public_office"),
    [
        # With friends, 1 - (1 - 0.988 x (1 - 0.97 x (1 - 0.4 x 0.9))) ** 1.25 = 0.44 in the family.
        ("a drink, public", 63, 42, 67),
        ("a drink, friends", 58, 44, 63),
        ("a drink, perhaps you", 26, 14, 39),
        ("a gesture, public", 57, 50, 83),
        ("a weapon", 85, 76, 88),
        ("where you were", 17, 37, 29),
        ("nothing", 3, 3, 3),
    ],
)
def test_the_risk_under_each_preset(photo: str, job_hunt: int, family: int, public_office: int) -> None:
    match, scores, audience = PHOTOS[photo]
    shown = evidence(match, OTHER, scores=scores, origin=Origin(audience=audience))
    findings = [assess(shown, Rules(load_preset(preset), THRESHOLDS)) for preset in Preset]
    assert [finding and finding.risk for finding in findings] == [job_hunt, family, public_office]


def test_a_preset_decides_what_asks_for_action() -> None:
    place = evidence(ME, scores={"location": 1.0}, origin=LINKED)
    actions = {preset: assess(place, Rules(load_preset(preset), THRESHOLDS)) for preset in Preset}
    assert {preset: finding and finding.action for preset, finding in actions.items()} == {
        Preset.JOB_HUNT: Action.KEEP,
        Preset.FAMILY: Action.UNTAG,
        Preset.PUBLIC_OFFICE: Action.UNTAG,
    }


SHARES = st.floats(0, 1)
CATEGORIES = st.dictionaries(st.sampled_from(sorted(Category)), SHARES)
AUDIENCES = st.sampled_from([None, "public", "friends", "only me"])


@given(CATEGORIES, SHARES, AUDIENCES)
def test_risk_stays_in_range_and_a_maybe_is_never_riskier(
    scores: dict[str, float], likeness: float, audience: str | None
) -> None:
    sure = risk(Match(Verdict.ME, likeness, "ana"), scores, audience)
    unsure = risk(Match(Verdict.MAYBE, likeness, "ana"), scores, audience)
    assert 0 <= unsure <= sure <= 100


@given(CATEGORIES, st.sampled_from(sorted(Category)), SHARES)
def test_one_more_category_never_lowers_the_risk(scores: dict[str, float], name: str, score: float) -> None:
    before = {other: value for other, value in scores.items() if other != name}
    assert risk(ME, before) <= risk(ME, {**before, name: score})
