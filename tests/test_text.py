"""Text in photos: what the networks are given and give, a user's own words, cards, and that nobody else is read."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import MAYBE, ME, STRANGER, Untag, paint
from made_up_videos import EXACT, video
from untag.engine.downloads.registry import EXTRA_WEIGHTS, OCR_DETECTION
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import Device
from untag.errors import ModelError, UsageError
from untag.reading.cards import Card, cards_found, is_card_number
from untag.reading.cut import Longer, longer_lines
from untag.reading.index import WordIndex
from untag.reading.lines import Line, LineReader, boxes_of, decoded, load_line_reader
from untag.reading.reader import TextReader, TextWanted, load_text_reader
from untag.reading.words import Text, folded, likeness_at, words_found
from untag.scan.over_time import frames_to_read
from untag.types import Box, Face, Frame, Match, Moment, Pixels, Span, Verdict


def has_extra() -> bool:
    try:
        OCR_DETECTION.locate()
    except ModelError:
        return False
    return True


PRESENT = "pip/py.typed"
"""A file of a package that is always there, in place of the extra's."""

with_models = pytest.mark.skipif(not has_extra(), reason="untag[ocr] is not installed")


def line(text: str, left: float = 0, top: float = 0, height: float = 20, sureness: float = 0.9) -> Line:
    """A line as wide as its letters, each half as wide as high."""
    right, bottom = left + len(text) * height / 2, top + height
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    return Line(text, sureness, corners)


@pytest.mark.parametrize(
    ("word", "texts"),
    [
        ("Acme", ["we are ACME today"]),
        ("Müller & Söhne", ["MULLER SOHNE GmbH"]),
        ("Café Zoë", ["cafe zoe"]),
        ("Łódź", ["LODZ"]),
        ("Straße", ["STRASSE 5"]),
        ("Lincoln High School", ["LincolnHighSchool"]),
        ("Contoso", ["CONTOSOLIMITED"]),
        ("Vandelay", ["Vandelav Industries"]),
        ("Goethe-Gymnasium", ["GOETHE GYMNAS1UM"]),
        ("B-AN 1O34", ["BAN 1034"]),
        ("LO52 KXB", ["L052KX8"]),
        ("北京大学", ["我在北京大学学习"]),
    ],
)
def test_a_word_is_found_as_it_is_written_elsewhere(word: str, texts: list[str]) -> None:
    assert word in words_found([word, "Initech"], [line(text) for text in texts])


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Acme", "ACNE"),  # too short to be guessed
        ("Acme", "pacmen"),
        ("ETH", "method"),
        ("HP", "shop"),
        ("B-AN 1234", "B-AN 1235"),
        ("B-AN 1234", "B-AN 123"),
        ("Vandelay", "Vanilla"),
        ("No borders", "no boarding passes"),
        ("Resist", "resisted"[:5]),
    ],
)
def test_another_word_is_not_found(word: str, text: str) -> None:
    assert words_found([word], [line(text)]) == {}


def test_a_word_goes_on_beside_and_below_but_not_far_away() -> None:
    assert words_found(["Free the press"], [line("Free"), line("the press", 50)])
    stacked = [line("LINCOLN"), line("HIGH", 20, 24), line("SCHOOL", 5, 50)]
    assert words_found(["Lincoln High School"], stacked)
    assert words_found(["Lincoln High School"], stacked[::-1])
    assert words_found(["Springfield"], [line("SPRING"), line("FIELD", 70)])
    assert not words_found(["Free the press"], [line("Free"), line("the press", 400)])
    assert not words_found(["Free the press"], [line("Free"), line("the press", 0, 300)])
    assert not words_found(["Free the press"], [line("the press"), line("Free", 0, 24)])


def test_columns_of_text_are_not_mixed() -> None:
    """Two signs side by side: read line by line, each would be interrupted by the other."""
    signs = [line("STOP"), line("KEEP", 200), line("THE WALL", 0, 24), line("LEFT", 200, 24)]
    assert words_found(["Stop the wall", "Keep left", "Keep the wall"], signs).keys() == {"Stop the wall", "Keep left"}


def test_the_surest_comes_first_and_what_is_wrong_costs() -> None:
    found = words_found(["Vandelay", "Initech"], [line("Vandelav"), line("Initech", 0, 200)])
    assert list(found) == ["Initech", "Vandelay"]
    assert 0.5 < found["Vandelay"] < found["Initech"] == pytest.approx(0.9)


@given(st.lists(st.text(max_size=30), max_size=12), st.lists(st.text(min_size=1, max_size=20), max_size=5))
def test_any_text_is_compared(texts: list[str], words: list[str]) -> None:
    lines = [line(text, 7 * number, 9 * number) for number, text in enumerate(texts)]
    assert all(0 < sureness <= 1 for sureness in words_found(words, lines).values())
    assert all(0 < sureness <= 1 for sureness in cards_found(lines).values())
    assert all(folded(folded(text)) == folded(text) for text in texts if text.isascii())


LETTERS = "abgi1058łß-北京 "


@st.composite
def lists_and_texts(draw: st.DrawFn) -> tuple[list[str], list[Line]]:
    """A list of words, and lines of which some have one of them in several pieces and with errors."""
    words = draw(st.lists(st.text(LETTERS, min_size=1, max_size=16), min_size=1, max_size=12, unique=True))
    texts: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        text = draw(st.sampled_from(words)) if draw(st.booleans()) else draw(st.text(LETTERS, max_size=12))
        for _ in range(draw(st.integers(0, 3))):
            at = draw(st.integers(0, len(text)))
            text = text[:at] + draw(st.sampled_from(["", " ", "a", "8", "xy"])) + text[at + draw(st.integers(0, 1)) :]
        at = draw(st.integers(0, len(text)))
        texts += [text[:at], text[at:]] if draw(st.booleans()) else [text]
    lines = [
        line(text, draw(st.sampled_from([0.0, 40.0])), 24.0 * number, sureness=draw(st.sampled_from([0.6, 0.9])))
        for number, text in enumerate(texts)
        if text
    ]
    return words, lines


def places(found: Sequence[Longer]) -> list[tuple[str, list[list[float]]]]:
    return [(longer.word, longer.corners.tolist()) for longer in found]


@given(lists_and_texts())
@settings(max_examples=300, deadline=None)
def test_a_list_that_was_made_ready_gives_the_same(drawn: tuple[list[str], list[Line]]) -> None:
    words, lines = drawn
    index, found = WordIndex(words), words_found(words, lines)
    assert index.found(lines) == found and list(index.found(lines)) == list(found)
    left = [word for word in words if word not in found]
    assert places(index.longer_lines(found, lines)) == places(longer_lines(left, lines))


def test_of_a_long_list_few_words_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    luck = np.random.default_rng(1)
    words = ["".join(chr(97 + letter) for letter in luck.integers(0, 26, luck.integers(3, 15))) for _ in range(10_000)]
    texts = ["".join(chr(97 + letter) for letter in luck.integers(0, 26, 12)) for _ in range(38)]
    lines = [line(text, 0, 60 * number) for number, text in enumerate([*texts, words[17][1:], words[5000]])]
    compared = list[int]()

    def noted(word: str, text: Text, places: Iterable[int]) -> float:
        compared.append(len(list(places)))
        return likeness_at(word, text, places)

    monkeypatch.setattr("untag.reading.index.likeness_at", noted)
    assert words[5000] in WordIndex(words).found(lines)
    assert sum(compared) < 300, "of 400,000 pairs of a word and a place"


def test_many_lines_of_one_letter_end_in_time() -> None:
    """Every line may follow every other: all ways through them would never be tried to their end."""
    lines = [line("a", 5 * (number % 15), 8 * (number // 15)) for number in range(200)]
    assert words_found(["a" * 40], lines) == {}
    assert WordIndex(["a" * 40]).found(lines) == {}


def test_many_lines_of_all_letters_end_in_time() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    lines = [line(letters[at * 7 % 26], 5 * (at % 15), 8 * (at // 15)) for at in range(200)]
    assert WordIndex(["zzzzzyyyyy"]).found(lines) == {}


@pytest.mark.parametrize(
    ("texts", "card"),
    [
        (["4111 1111 1111 1111", "VALID THRU 09/27"], Card.BANK),
        (["5555", "5555", "5555", "4444"], Card.BANK),
        (["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"], Card.IDENTITY),
        (["BUNDESREPUBLIK DEUTSCHLAND", "PERSONALAUSWEIS", "T22000129", "12.08.1964"], Card.IDENTITY),
        (["DRIVING LICENCE", "MORGAN", "11.03.1976"], Card.IDENTITY),
        (["Hello my name is", "Ana"], Card.BADGE),
        (["4111-1111-1111-1111 12/27"], Card.BANK),
        (["Card:4111111111111111 VISA"], Card.BANK),
        (["L898902C36UTO7408122F1204159ZE184226B<<<<<10"], Card.IDENTITY),
        (["I<UTOD231458907<<<<<<<<<<<<<<<"], Card.IDENTITY),
        (["74O8I22F12O4159UTO<<<<<<<<<<<6"], Card.IDENTITY),
        (["ERIKSSON<<ANNA<MARIA<<<<<<<<<<"], Card.IDENTITY),
        (["P<D<<MUSTERMANN«ERIKA<<<<<<<<<<<<<<<<<<<<<"], Card.IDENTITY),
        (["P<INDSUKARNO<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<"], Card.IDENTITY),
        (["IDFRABERTHIER<<<<<<<<<<<<<<<<<<880692"], Card.IDENTITY),
        (["IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<"], Card.IDENTITY),
        (["8806923102858CORINNE<<<<<<<6512068F6"], Card.IDENTITY),
        (["2223 0031 2200 3222"], Card.BANK),
        (["4111 - 1111 - 1111 - 1111"], Card.BANK),
        (["4111\u20131111\u20131111\u20131111"], Card.BANK),
        (["EXP.09/27 4111 1111 1111 1111"], Card.BANK),
        (["UNIVERSITY", "STUDENT ID", "Ana Doe"], Card.BADGE),
    ],
)
def test_a_card_is_told_by_what_stands_on_it(texts: list[str], card: Card) -> None:
    lines = [line(text, 110 * (number if len(text) == 4 else 0), 0 if len(text) == 4 else 40 * number)
             for number, text in enumerate(texts)]  # fmt: skip
    assert card in cards_found(lines)


@pytest.mark.parametrize(
    "texts",
    [
        ["4111 1111 1111 1112"],  # the sum is wrong
        ["0000 0000 0000 0000"],
        ["Call 0043 660 1234567"],
        ["PASSPORT PHOTOS", "while you wait"],
        ["Happy birthday", "12.08.1964"],
        ["alamy", "Image ID: WTDHG0"],
        ["<" * 30],
        ["«" * 20],
        ["<" * 14 + "BACK" + "<" * 14],
        ["PREVIOUS<<<<<<<<<<<<<<<<<<NEXT"],
        ["BACK" + "<" * 26],
        ["12345678901234" + "<" * 16],
        ["1<<2<<3<<4<<5<<6<<7<<8<<9<<10"],
        ["X<<X<<X<<X<<X<<X<<X<<X<<X<<X"],
        ["FASTER<<STRONGER<<LONGER<<BETTER<<"],
        ["https://x.com/i/status/4111111111111111"],
        ["www.example.org/ 4111 1111 1111 1111"],
        ["facebook.com/photo?fbid=4111111111111111"],
        ["fbid=4111111111111111&set=a"],
        ["IMG_4111111111111111.jpg"],
        ["shop.example/item-4111111111111111"],
        ["/4111111111111111/"],
        ["user4111111111111111@example.org"],
        ["part no a4111111111111111b"],
        ["2020-2021 2022-2023 2024"],
        ["8806923102858" + "<" * 12 + "6512068F6"],
        ["99999 4111 1111 1111 1111 9999 9999"],
        [],
    ],
)
def test_other_text_is_no_card(texts: list[str]) -> None:
    assert cards_found([line(text, 0, 40 * number) for number, text in enumerate(texts)]) == {}


def test_the_numbers_that_payment_systems_publish_for_tests_are_numbers() -> None:
    assert all(map(is_card_number, ("4111111111111111", "378282246310005", "6011111111111117", "30569309025904")))
    assert not any(map(is_card_number, ("4111111111111112", "1234567890123452", "411111111111", "4444444444444444")))


def test_boxes_are_as_large_as_the_text_and_lie_as_it_lies() -> None:
    likely = np.zeros((200, 300), np.float32)
    cv2.fillPoly(likely, [cv2.boxPoints(((150, 100), (120, 12), 20)).astype(np.int32)], 0.9)
    likely[5:7, 5:7] = 0.9  # too small
    cv2.rectangle(likely, (10, 130), (80, 190), 0.9, 2)  # empty within
    (corners,) = boxes_of(likely)
    assert np.allclose(corners.mean(axis=0), (150, 100), atol=2)
    along = corners[1] - corners[0]
    assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(20, abs=3)
    assert 120 < np.linalg.norm(along) < 160
    assert 20 < np.linalg.norm(corners[3] - corners[0]) < 40


def test_faint_text_that_is_seen_in_pieces_is_a_line() -> None:
    """So the network sees small letters: every other cell, and surely in a few."""
    likely = np.zeros((200, 300), np.float32)
    likely[100:110, 50:150:2] = 0.6
    (corners,) = boxes_of(likely)
    assert np.allclose(corners.mean(axis=0), (100, 105), atol=2)


def test_letters_come_out_once_unless_a_blank_parts_them() -> None:
    rows = np.full((7, 3), 0.1, np.float32)
    for at, letter in enumerate((0, 1, 1, 0, 1, 2, 0)):
        rows[at, letter] = 0.8
    text, sureness = decoded(rows, ("", "a", "b"))
    assert (text, round(sureness, 5)) == ("aab", 0.8)
    assert decoded(rows[:1], ("", "a", "b")) == ("", 0.0)


@dataclass
class Said(LineReader):
    """Says the same of every photo, and counts how often it was asked."""

    said: Sequence[str]
    asked: int = 0

    @property
    def letters(self) -> frozenset[str]:
        return frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")

    def read(self, photo: Pixels) -> list[Line]:
        self.asked += 1
        return [line(text, 0, 60 * number) for number, text in enumerate(self.said)]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    lines = Said(["ACME Corp", "4111 1111 1111 1111"])
    monkeypatch.setattr("untag.reading.reader.load_line_reader", lambda _: lines)
    monkeypatch.setattr(
        "untag.reading.reader.OCR_DETECTION", replace(OCR_DETECTION, package="pip", path="pip/py.typed")
    )
    return lines


def configure(untag: Untag, text: str) -> None:
    untag.home.mkdir(exist_ok=True)
    (untag.home / "config.toml").write_text(text)


def scanned(untag: Untag) -> dict[str, list[str]]:
    """What the reasons say of text, for each photo on the list."""
    untag.scan()
    found = {}
    for one in untag.listed("--verdict", "all"):
        reasons = one["reasons"]
        assert isinstance(reasons, list)
        found[Path(str(one["path"])).name] = [why for why in reasons if why.startswith("text ")]
    return found


def test_photos_of_you_are_read_and_no_others(untag: Untag, said: Said) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=2))
    untag.add("b.png", paint(MAYBE, serial=3))
    untag.add("c.png", paint(STRANGER, serial=4))
    assert scanned(untag) == {"a.png": [], "b.png": []}
    assert said.asked == 0
    configure(untag, 'text_words = ["acme"]\n')
    assert scanned(untag) == {"a.png": ['text 90 %: "acme"'], "b.png": ['text 90 %: "acme"']}
    assert said.asked == 2
    assert untag.engine.analysed[4] == 1  # a stranger's photo is not read again for the sake of a word
    configure(untag, "text_cards = true\n")
    assert scanned(untag)["a.png"] == ["text 95 %: looks like a bank card"]
    assert scanned(untag)["a.png"] == ["text 95 %: looks like a bank card"]
    assert said.asked == 4
    configure(untag, 'text_words = ["Initech"]\n')
    assert scanned(untag) == {"a.png": [], "b.png": []}
    configure(untag, "")
    assert scanned(untag) == {"a.png": [], "b.png": []}
    assert b"acme" not in b"".join(path.read_bytes().lower() for path in untag.home.rglob("*") if path.is_file())


@dataclass
class Signs(Said):
    """Reads a white band across the middle as a sign of the number of pictures that it was shown."""

    def read(self, photo: Pixels) -> list[Line]:
        self.asked += 1
        return [line("ACME")] if photo[:4].mean() > 200 else []


@pytest.mark.parametrize(("mine", "found"), [((2, 4), True), ((1, 3), False)])
def test_a_video_is_read_where_you_are_seen(
    mine: Sequence[int], found: bool, untag: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sign is in a frame that is not the first; nobody reads the frames in which you are not."""
    reader = Signs([])
    monkeypatch.setattr("untag.reading.reader.load_line_reader", lambda _: reader)
    monkeypatch.setattr(
        "untag.reading.reader.OCR_DETECTION", replace(OCR_DETECTION, package="pip", path="pip/py.typed")
    )
    frames = []
    for number in range(6):
        data = paint(*((ME,) if number in mine else ()), serial=number)
        frame = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert frame is not None
        if number == 4:
            frame[:6] = 255
        frames.append(cv2.imencode(".png", frame)[1].tobytes())
    untag.enroll()
    untag.add("a.mkv", video(frames, EXACT))
    configure(untag, 'text_words = ["acme"]\n')
    assert scanned(untag) == {"a.mkv": ['text 90 %: "acme"'] if found else []}
    assert 2 <= reader.asked <= 4


def test_of_a_long_video_few_frames_are_read() -> None:
    still = np.zeros((8, 8, 3), np.uint8)
    picture = cv2.imencode(".png", still)[1].tobytes()
    moments = tuple(Moment(float(at), picture) for at in range(1, 100))
    face = Face(Box(0, 0, 4, 4), 0.9, np.zeros((5, 2), np.float32), 0.5, None)
    faces = tuple(replace(face, span=Span(float(at), float(at), float(at))) for at in range(1, 100, 2))
    frame = Frame(still, 8, 8, 1.0, moments=moments)
    assert len(list(frames_to_read(frame, faces, [Match(Verdict.ME, 0.9, "me")] * len(faces)))) == 4
    assert len(list(frames_to_read(frame, faces, [Match(Verdict.OTHER, 0.1)] * len(faces)))) == 1


@pytest.mark.parametrize(
    ("word", "text", "left", "right"),
    [
        ("Stop the wall", "the wall", -50, 80),  # four letters of ten pixels, and a quarter
        ("Smash the system", "Smash the sys", 0, 130 + 37.5),
        ("LO52 KXB", "0S2", -12.5, 30 + 37.5),
        ("Globex", "obex", -25, 40),
        ("Lincoln High School", "my Lincoln High", 0, 150 + 75),
    ],
)
def test_a_line_with_a_part_of_a_word_has_room_for_the_rest(word: str, text: str, left: float, right: float) -> None:
    (place,) = longer_lines([word, "Initech"], [line(text)])
    assert place.word == word
    assert place.corners.tolist() == [[left, 0], [right, 0], [right, 20], [left, 20]]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Stop the wall", "they stop"),  # too little of it
        ("Stop the wall", "we stop the ball"),  # nothing is missing
        ("Acme", "cm"),
        ("ETH", "method"),
        ("College", "collection"),
    ],
)
def test_no_second_look_at_a_line_that_is_no_part_of_a_word(word: str, text: str) -> None:
    assert longer_lines([word], [line(text)]) == []


def test_second_looks_are_few_and_not_at_what_runs_down() -> None:
    lines = [line("the wall", 0, 30 * number) for number in range(200)]
    assert len(longer_lines(["Stop the wall"], lines)) == 8
    down = replace(lines[0], corners=np.array([[0, 0], [9, 0], [9, 90], [0, 90]], np.float32))
    assert longer_lines(["Stop the wall"], [down]) == []


@pytest.mark.parametrize(
    ("there", "found"), [("Stop the wall", {'"Stop the wall"'}), ("Walk the wall", set()), ("the wall", set())]
)
def test_the_rest_of_a_word_must_be_read_beside_its_part(there: str, found: set[str]) -> None:
    @dataclass
    class Beside(Said):
        def read_at(self, photo: Pixels, boxes: Sequence[object]) -> list[Line]:
            return [line(there) for _ in boxes]

    wanted = TextWanted(("Stop the wall", "Initech"))
    assert TextReader(Beside(["the wall"]), wanted).found(np.zeros((9, 9, 3), np.uint8)).keys() == found


@with_models
def test_a_word_that_a_box_cuts_is_read_as_a_whole(tmp_path: Path) -> None:
    page = np.full((300, 900, 3), (230, 220, 200), np.uint8)
    cv2.putText(page, "Vandelay", (300, 150), cv2.FONT_HERSHEY_DUPLEX, 1.6, (40, 40, 60), 3, cv2.LINE_AA)
    reader = load_line_reader(ModelOptions(tmp_path, Device.CPU, threads=1))
    (whole,) = reader.read(page)
    half = (whole.corners[0] + whole.corners[1]) / 2
    below = (whole.corners[2] + whole.corners[3]) / 2
    (cut,) = reader.read_at(page, [np.stack([half, whole.corners[1], whole.corners[2], below])])
    assert words_found(["Vandelay"], [cut]) == {}
    (place,) = longer_lines(["Vandelay"], [cut])
    assert words_found(["Vandelay"], reader.read_at(page, [place.corners]))


def test_inspect_and_categories_tell_of_text(untag: Untag, said: Said) -> None:
    unavailable = untag.run("categories").out
    assert "text        unavailable: install untag[ocr]" in unavailable
    configure(untag, 'text_words = ["acme"]\n')
    assert "text        counts from 50%" in untag.run("categories").out
    photo = untag.add("a.png", paint(STRANGER, serial=4))
    assert json.loads(untag.run("inspect", photo, "--json").out)["scenes"]["text"] == pytest.approx(0.9)


def test_without_the_extra_the_setting_is_refused_with_the_remedy(
    untag: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    untag.enroll()
    monkeypatch.setattr("untag.reading.reader.OCR_DETECTION", replace(OCR_DETECTION, package="no-such-package"))
    untag.add("a.png", paint(ME, serial=2))
    configure(untag, "text_cards = true\n")
    refused = untag.run("scan", untag.photos)
    assert refused.status == 2
    assert "text_words and text_cards in config.toml need an extra" in refused.err
    assert "pip install 'untag[ocr]'" in refused.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('text_words = "acme"', "must be a list of words"),
        ("text_words = [1]", "must be a list of words"),
        ('text_words = ["!?"]', "2 letters or figures at least"),
        (f'text_words = ["{"a" * 81}"]', "80 signs at most"),
        (f"text_words = {json.dumps([f'word {number}' for number in range(501)])}", "501 entries"),
        ("text_cards = 1", "true or false"),
    ],
)
def test_a_wrong_setting_is_named(untag: Untag, text: str, said: str) -> None:
    configure(untag, text)
    wrong = untag.run("list")
    assert wrong.status == 2
    assert said in wrong.err


def test_a_word_in_an_unknown_script_is_refused_and_not_passed_over(said: Said) -> None:
    with pytest.raises(UsageError, match=r"entry 2 has letters that the text model does not know \(и, м, р\)"):
        TextReader(said, TextWanted(("peace", "мир")))


def test_what_is_asked_for_is_part_of_the_name_of_an_analysis(said: Said) -> None:
    names = {
        TextReader(said, TextWanted(words, cards)).id for words in ((), ("a1",), ("b2",)) for cards in (False, True)
    }
    assert len(names) == 6
    assert load_text_reader(ModelOptions(Path()), TextWanted()) is None


@pytest.mark.parametrize("weights", EXTRA_WEIGHTS, ids=lambda weights: weights.name)
@with_models
def test_a_pin_is_the_installed_file(weights: object) -> None:
    assert len(weights.read()) == weights.size  # type: ignore[attr-defined]
    assert weights.licence == "Apache-2.0"  # type: ignore[attr-defined]


@with_models
def test_drawn_words_are_read(tmp_path: Path) -> None:
    """Straight, turned, upside the page's edge, and in another colour; and nothing where nothing is written."""
    reader = load_line_reader(ModelOptions(tmp_path, Device.CPU, threads=1))
    page = np.full((600, 900, 3), (230, 220, 200), np.uint8)
    assert reader.read(page) == []
    cv2.putText(page, "Northwind Traders", (40, 80), cv2.FONT_HERSHEY_DUPLEX, 1.6, (40, 40, 60), 3, cv2.LINE_AA)
    cv2.putText(page, "Lincoln High", (60, 520), cv2.FONT_HERSHEY_TRIPLEX, 1.5, (160, 20, 20), 2, cv2.LINE_AA)
    turned = cv2.warpAffine(
        page, cv2.getRotationMatrix2D((450, 300), 12, 1), (900, 600), borderMode=cv2.BORDER_REPLICATE
    )
    upright = np.ascontiguousarray(np.rot90(page))
    for pixels in (page, turned, upright):
        found = words_found(["Northwind Traders", "Lincoln High", "Acme"], reader.read(np.asarray(pixels, np.uint8)))
        assert found.keys() >= {"Northwind Traders", "Lincoln High"} or pixels is upright
        assert "Acme" not in found


@with_models
@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (33, 31), (2400, 40)])
def test_any_shape_of_photo_is_read(shape: tuple[int, int], tmp_path: Path) -> None:
    reader = load_line_reader(ModelOptions(tmp_path, Device.CPU, threads=1))
    assert reader.read(np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8)) is not None


@with_models
def test_no_code_of_the_package_is_run(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nimport numpy as np\n"
        "from untag.engine.runtime.models import ModelOptions\n"
        "from untag.reading.reader import TextWanted, load_text_reader\n"
        f"reader = load_text_reader(ModelOptions(Path({str(tmp_path)!r})), TextWanted(('acme',), True))\n"
        "reader.found(np.zeros((64, 64, 3), np.uint8))\n"
        "unwanted = ('rapidocr', 'requests', 'urllib3', 'omegaconf')\n"
        "assert not [name for name in sys.modules if name.split('.')[0] in unwanted]\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
