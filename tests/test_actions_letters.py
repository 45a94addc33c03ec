"""The letters: who gets what, which law is cited to whom, and that nothing hostile gets in or out."""

from __future__ import annotations

import email
import email.policy
import re
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, meta

from made_up_findings import NAMES, finding, origin
from untag.actions.files import MARK, email_bytes, file_text, write_files
from untag.actions.law import CHOICES, Law
from untag.actions.letters import Kind, Letter, LetterOptions, Letters, write_letters
from untag.actions.plan import Background, make_plan
from untag.actions.platforms import FOLDER as PLATFORMS
from untag.actions.platforms import FormField, all_platforms
from untag.actions.sender import Sender, sender_of
from untag.actions.texts import FOLDER, Texts, languages
from untag.actions.tracking import TrackedRequest, track
from untag.errors import UsageError
from untag.store import Answer, Event, Recipient, Request, RequestEvent, StepAnswer
from untag.types import Finding, Origin, Status

ANA = Sender("Ana Doe", "ana@example.org", "Long Road 17", "Portugal")
TODAY = date(2026, 11, 26)
LAWFUL = re.compile(r"Art\.|GDPR|DSGVO|§|LGPD|1798|KUG|Regulation|Verordnung")


def decided(number: int, *places: Origin, **more: Any) -> Finding:
    return finding(number, *places, **{"status": Status.REQUEST_REMOVAL, **more})


def public(number: int, **more: Any) -> Finding:
    return decided(number, origin(number, audience="Public", **more))


def written(
    *findings: Finding,
    tracked: Iterable[TrackedRequest] = (),
    answers: Iterable[StepAnswer] = (),
    **options: Any,
) -> Letters:
    plan = make_plan(findings, Background(names=NAMES, answers=tuple(answers)))
    return write_letters(plan, tracked, LetterOptions(**{"sender": ANA, "today": TODAY, **options}))


def kinds(letters: Letters) -> list[Kind]:
    return [letter.kind for letter in letters.letters]


def one(letters: Letters, kind: Kind) -> Letter:
    (found,) = [letter for letter in letters.letters if letter.kind is kind]
    return found


@pytest.mark.parametrize("language", languages())
def test_one_friendly_message_for_each_poster_with_all_photos_by_link_and_date(language: str) -> None:
    letters = written(decided(1), decided(2), decided(3, origin(3, poster="Carl")), language=language)
    messages = [letter for letter in letters.letters if letter.kind is Kind.MESSAGE]
    assert [letter.poster for letter in messages] == ["Bea Moor", "Carl"]
    text = messages[0].text
    assert "fbid=1001" in text and "fbid=1002" in text and "fbid=1003" not in text
    assert text.count("2018") == 2
    assert "Bea Moor" in text and text.endswith("Ana Doe\n")
    assert not LAWFUL.search(text)


@pytest.mark.parametrize("law", [law for law in CHOICES if law is not Law.NONE])
@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("audience", ["Friends", "Only me", None, "Anyone with the link"])
def test_no_law_is_cited_to_a_poster_for_what_is_not_public(law: Law, language: str, audience: str | None) -> None:
    letters = written(decided(1, origin(1, audience=audience)), law=law, language=language)
    assert Kind.FORMAL not in kinds(letters)
    assert not LAWFUL.search(one(letters, Kind.MESSAGE).text)


@pytest.mark.parametrize("law", [Law.GDPR, Law.UK, Law.LGPD])
@pytest.mark.parametrize("language", languages())
def test_a_formal_letter_has_the_public_photos_alone(law: Law, language: str) -> None:
    letters = written(public(1), decided(2, origin(2, audience="Friends")), law=law, language=language)
    formal = one(letters, Kind.FORMAL)
    assert "fbid=1001" in formal.text and "fbid=1002" not in formal.text
    assert kinds(letters).index(Kind.MESSAGE) < kinds(letters).index(Kind.FORMAL)
    assert "§ 22 KUG" not in formal.text, "the sender is not in Germany"
    wanted = {
        Law.LGPD: ["18 IV", "18 VI"],
        Law.GDPR: ["17", "21", "18", "19", "12", "2("] if language == "en" else ["Art. 17 Abs. 1", "Art. 12 Abs. 6"],
        Law.UK: ["UK GDPR"],
    }[law]
    assert all(words in formal.text for words in wanted)


def test_a_photo_without_an_address_was_not_shown_to_everybody() -> None:
    letters = written(decided(1, origin(1, permalink=None)), law=Law.GDPR, unknown_is_public=True)
    assert kinds(letters) == [Kind.MESSAGE]


def test_what_the_user_has_seen_logged_out_is_public() -> None:
    assert Kind.FORMAL not in kinds(written(decided(1), law=Law.GDPR))
    assert Kind.FORMAL in kinds(written(decided(1), law=Law.GDPR, unknown_is_public=True))


@pytest.mark.parametrize("law", [Law.CCPA, Law.DSA, Law.NONE])
def test_these_laws_hold_against_no_private_person(law: Law) -> None:
    assert Kind.FORMAL not in kinds(written(public(1), law=law))


@pytest.mark.parametrize("country", ["DE", "Germany", "deutschland"])
@pytest.mark.parametrize("language", languages())
def test_the_right_to_ones_image_where_it_exists(country: str, language: str) -> None:
    letters = written(public(1), law=Law.GDPR, language=language, sender=replace(ANA, country=country))
    assert "§ 22 KUG" in one(letters, Kind.FORMAL).text


def test_what_a_form_asks_field_by_field() -> None:
    form = next(letter for letter in written(public(1), law=Law.GDPR).letters if letter.kind is Kind.FORM)
    assert form.address == "https://www.facebook.com/help/428478523862899"
    assert [part.key for part in form.fields] == ["links", "shows", "reason", "name", "email", "country"]
    by_key = {part.key: part.text for part in form.fields}
    assert by_key["links"] == "https://www.facebook.com/photo/?fbid=1001"
    assert (by_key["name"], by_key["email"], by_key["country"]) == ("Ana Doe", "ana@example.org", "Portugal")
    for words in ("17(1)", "17(2)", "19", "21(1)", "18(1)(d)", "12(3)", "12(6)", "one month"):
        assert words in by_key["reason"]
    assert "Not verified" in form.notes[0]


@pytest.mark.parametrize("language", languages())
def test_a_form_for_friends_photos_cites_nothing(language: str) -> None:
    letters = written(decided(1, origin(1, audience="Friends")), law=Law.GDPR, language=language)
    forms = [letter for letter in letters.letters if letter.kind is Kind.FORM]
    assert len(forms) == 1
    assert not any(LAWFUL.search(part.text) for letter in forms for part in letter.fields)
    assert Kind.SEARCH not in kinds(letters)


def test_a_notice_under_the_digital_services_act_has_what_it_needs() -> None:
    form = next(letter for letter in written(public(1), law=Law.DSA).letters if letter.kind is Kind.FORM)
    by_key = {part.key: part.text for part in form.fields}
    assert {"links", "reason", "name", "email", "good_faith"} <= by_key.keys()
    assert "Art. 16(2)" in by_key["reason"] and "good faith" in by_key["good_faith"]


@pytest.mark.parametrize("language", languages())
def test_california_comes_with_its_warning(language: str) -> None:
    readme = written(public(1), law=Law.CCPA, language=language).readme
    assert "1798.105" in readme and ("weak" in readme or "schwach" in readme)


EMAILS = [("pinterest", "privacy-support@pinterest.com"), ("reddit", "redditdatarequests@reddit.com")]


@pytest.mark.parametrize(("platform", "address"), EMAILS)
def test_those_who_take_email_get_one(platform: str, address: str) -> None:
    there = Origin(platform=platform, poster="B", permalink=f"https://{platform}.com/x/1")
    letter = one(written(decided(1, there)), Kind.EMAIL)
    assert letter.file.endswith(".eml")
    message = email.message_from_bytes(email_bytes(letter), policy=email.policy.default)
    assert message["To"] == address
    assert message["From"] is None
    assert f"https://{platform}.com/x/1" in message.get_content()


@pytest.mark.parametrize(
    ("language", "greeting"),
    [("en", "Dear privacy team of Pinterest,"), ("de", "Guten Tag, liebes Datenschutz-Team von Pinterest,")],
)
def test_an_email_begins_with_a_greeting(language: str, greeting: str) -> None:
    there = Origin(platform="pinterest", poster="B", permalink="https://pinterest.com/pin/1")
    letter = one(written(decided(1, there), language=language), Kind.EMAIL)
    assert letter.text.splitlines()[0] == greeting


def test_nothing_else_is_an_email() -> None:
    assert {platform.id for platform in all_platforms() if any(form.email for form in platform.forms)} == {
        "pinterest",
        "reddit",
    }


HOSTILE = [
    "Bea\r\nBcc: victim@example.org",
    "{{ 7 * 7 }}{% for x in y %}{{ ''.__class__.__mro__ }}",
    "../../../etc/passwd",
    "..\\..\\windows",
    "\u202egnp.exe\u2066",
    "/absolute",
    "CON",
    "a" * 5000,
    "\x00\x1b[2J",
    "=cmd|'/c calc'!A1",
    "<script>alert(1)</script>",
    "\ud83d",
    ".",
    "",
    "   ",
    "李小龙",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("language", languages())
def test_hostile_names_and_captions_are_text_and_nothing_else(name: str, language: str, tmp_path: Path) -> None:
    there = Origin(platform="pinterest", poster=name, caption=name, permalink="https://pinterest.com/pin/1")
    nowhere = Origin(platform=name, poster=name, caption=name, posted_at=name)
    letters = written(decided(1, there), decided(2, nowhere), language=language, law=Law.GDPR)
    write_files(letters, tmp_path / "out", tmp_path / "home")
    files = sorted((tmp_path / "out").rglob("*"))
    assert all(path.parent == tmp_path / "out" and path.is_file() for path in files)
    assert all(re.fullmatch(r"[A-Za-z0-9.-]{1,80}", path.name) for path in files)
    for path in files:
        data = path.read_bytes()
        assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", data)
        for mark in ("\u202e", "\u2066", "\u200b"):
            assert mark.encode() not in data
        if path.suffix == ".eml":
            message = email.message_from_bytes(data, policy=email.policy.default)
            assert set(message.keys()) == {
                "Subject",
                "To",
                "X-Unsent",
                "Content-Type",
                "Content-Transfer-Encoding",
                "MIME-Version",
            }
    if "{{" in name:
        assert "{{ 7 * 7 }}" in "".join(letter.text for letter in letters.letters)


def test_namesakes_on_two_platforms_and_names_alike_but_for_their_accents_have_files_of_their_own() -> None:
    places = [
        origin(1, poster="Bea"),
        Origin(platform="instagram", poster="Bea", permalink="https://instagram.com/p/1"),
        origin(3, poster="Beá"),
        origin(4, poster="B.e.a"),
    ]
    letters = written(*(decided(number, place) for number, place in enumerate(places, start=1)))
    files = [letter.file for letter in letters.letters]
    assert len(set(files)) == len(files)
    assert sum(letter.kind is Kind.MESSAGE for letter in letters.letters) == 4


def test_300_photos_of_one_poster_are_one_message() -> None:
    letters = written(*(decided(number) for number in range(1, 301)))
    message = one(letters, Kind.MESSAGE)
    assert message.text.count("https://") == 300
    assert "300" in message.text and "300. https://" in message.text


@pytest.mark.parametrize("language", languages())
def test_intimate_pictures_are_in_no_letter_to_a_friend_or_form(language: str) -> None:
    nude = decided(1, categories={"nudity": 0.9}, risk=90)
    letters = written(nude, decided(2), language=language, law=Law.GDPR)
    assert letters.letters[0].kind is Kind.INTIMATE
    text = letters.letters[0].text
    assert all(word in text for word in ("StopNCII", "takeitdown.ncmec.org", "48", "TAKE IT DOWN", "fbid=1001"))
    for letter in letters.letters[1:]:
        assert all("fbid=1001" not in part.text for part in letter.fields)


def test_who_was_under_18_is_led_to_ncmec_alone() -> None:
    plan = make_plan([decided(1, categories={"nudity": 0.9})], Background(names=NAMES, born=date(2002, 1, 1)))
    text = write_letters(plan, [], LetterOptions(today=TODAY)).letters[0].text
    assert "ncmec" in text and "stopncii" not in text.casefold()


def test_own_posts_and_undecided_photos_are_in_no_letter() -> None:
    mine = decided(1, origin(1, poster="Ana Doe"))
    letters = written(mine, finding(2), decided(3, origin(3, poster=None, permalink=None)))
    assert letters.letters == ()
    assert "Photos" in letters.readme or "photos that you posted yourself" in letters.readme


def test_who_was_asked_already_is_not_asked_twice() -> None:
    plan = make_plan([decided(1)], Background(names=NAMES))
    (photo,) = plan.photos
    asked = StepAnswer(photo.contents[0], "me", photo.place, "ask-poster", Answer.ASKED, "r", None, "b", "2026-01-01")
    assert Kind.MESSAGE not in kinds(written(decided(1), answers=[asked]))
    reported = replace(asked, step="report")
    assert Kind.FORM not in kinds(written(decided(1), answers=[reported]))


def request(law: Law, recipient: Recipient, due: str = "2026-10-31") -> Request:
    name = "Bea Moor" if recipient is Recipient.POSTER else None
    return Request(
        "r1", recipient, name, "facebook", "me", "form", law, "2026-09-30", due, ("s",), ("https://example.org/1",),
        "2026-09-30T10:00:00+00:00",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("law", "recipient", "due", "expected"),
    [
        (Law.NONE, Recipient.POSTER, "2026-10-14", [Kind.REMINDER]),
        (Law.GDPR, Recipient.PLATFORM, "2026-10-30", [Kind.REMINDER, Kind.COMPLAINT]),
        (Law.UK, Recipient.PLATFORM, "2026-10-30", [Kind.REMINDER, Kind.COMPLAINT]),
        (Law.CCPA, Recipient.PLATFORM, "2026-11-14", [Kind.REMINDER, Kind.COMPLAINT]),
        (Law.DSA, Recipient.PLATFORM, "2026-10-14", [Kind.REMINDER]),
        (Law.GDPR, Recipient.PLATFORM, "2026-11-26", []),
    ],
)
@pytest.mark.parametrize("language", languages())
def test_a_reminder_and_a_complaint_after_the_last_day(
    law: Law, recipient: Recipient, due: str, expected: list[Kind], language: str
) -> None:
    letters = written(tracked=track([request(law, recipient, due)], []), language=language)
    assert kinds(letters) == expected
    assert all("https://example.org/1" in letter.text and "2026" in letter.text for letter in letters.letters)
    if Kind.COMPLAINT in expected and law is Law.GDPR:
        assert "77" in one(letters, Kind.COMPLAINT).text


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("nameless", [None, "", "\u200b"])
@pytest.mark.parametrize(
    ("recipient", "links", "named"),
    [
        (Recipient.PLATFORM, ("https://photos.example.org/1",), {"photos.example.org"}),
        (Recipient.PLATFORM, (), {"[name of the site]", "[Name der Seite]"}),
        (Recipient.POSTER, (), {"[name of who posted it]", "[Name der Person, die es gepostet hat]"}),
    ],
)
def test_who_has_no_name_is_called_by_the_address_or_is_a_blank(
    recipient: Recipient, links: tuple[str, ...], named: set[str], nameless: str | None, language: str
) -> None:
    asked = replace(request(Law.GDPR, recipient, "2026-10-14"), name=nameless, platform=nameless, links=links)
    letters = written(tracked=track([asked], []), language=language)
    assert kinds(letters) == [Kind.REMINDER, Kind.COMPLAINT]
    for letter in letters.letters:
        assert any(name in letter.text and name in letter.title for name in named)
        assert not re.search(r" ,|(?m:^(?:Against|Gegen): *$)|None", letter.text)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(("recipient", "named"), [(Recipient.POSTER, "Carl"), (Recipient.PLATFORM, "Facebook")])
def test_a_complaint_is_against_who_was_asked(recipient: Recipient, named: str, language: str) -> None:
    asked = replace(request(Law.GDPR, recipient, "2026-10-14"), name="Carl", platform="facebook")
    text = one(written(tracked=track([asked], []), language=language), Kind.COMPLAINT).text
    assert re.search(rf"(?m)^(?:Against|Gegen): {named}$", text)


@pytest.mark.parametrize("language", languages())
def test_a_friend_is_not_reminded_of_what_counts_as_intimate_by_now(language: str) -> None:
    asked = replace(request(Law.GDPR, Recipient.POSTER, "2026-10-14"), photos=("s1", "s2"))
    others = replace(request(Law.GDPR, Recipient.POSTER, "2026-10-14"), id="r2", photos=("s3",))
    plan = replace(make_plan([]), intimate=frozenset({"s2"}))
    letters = write_letters(plan, track([asked, others], []), LetterOptions(language=language, sender=ANA, today=TODAY))
    assert {letter.photos for letter in letters.letters} == {("s3",)}
    assert ("intimate by now" in letters.readme) or ("als intim" in letters.readme)
    to_site = replace(asked, recipient=Recipient.PLATFORM)
    assert write_letters(plan, track([to_site], []), LetterOptions(today=TODAY)).letters


@pytest.mark.parametrize(
    ("law", "recipient", "expected"),
    [
        (Law.GDPR, Recipient.PLATFORM, [Kind.COMPLAINT]),
        (Law.DSA, Recipient.PLATFORM, []),
        (Law.NONE, Recipient.POSTER, []),
    ],
)
def test_what_was_refused_leads_to_a_complaint_and_to_no_reminder(
    law: Law, recipient: Recipient, expected: list[Kind]
) -> None:
    refused = RequestEvent("r1", Event.REFUSED, "2026-10-05", None, None, "2026-10-05T10:00:00+00:00")
    assert kinds(written(tracked=track([request(law, recipient)], [refused]))) == expected


@pytest.mark.parametrize("law", [Law.GDPR, Law.UK, Law.LGPD])
@pytest.mark.parametrize("name", ["\u200b\u200b", "\u202e", "\ufe00"])
def test_a_poster_whose_name_cannot_be_seen_is_not_written_to(name: str, law: Law) -> None:
    letters = written(public(1, poster=name), law=law)
    assert not {Kind.MESSAGE, Kind.FORMAL} & set(kinds(letters))


@pytest.mark.parametrize("language", languages())
def test_what_was_not_said_is_a_blank_and_the_readme_says_so(language: str) -> None:
    letters = written(public(1), law=Law.GDPR, language=language, sender=Sender())
    blanks = Texts(language).labels["blanks"].values()
    text = "".join(part.text for letter in letters.letters for part in letter.fields)
    assert all(blank in text for blank in blanks)
    assert re.search(r"\[(brackets|Klammern)\]", letters.readme)
    assert not re.search(r"\[(brackets|Klammern)\]", written(decided(1), language=language).readme)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("law", CHOICES)
def test_the_readme_names_every_file_is_no_advice_and_explains_the_household(law: Law, language: str) -> None:
    letters = written(public(1), law=law, language=language)
    assert all(letter.file in letters.readme and letter.what in letters.readme for letter in letters.letters)
    assert re.search("no legal advice|keine Rechtsberatung", letters.readme)
    assert re.search("household|familiär", letters.readme)
    assert re.search("does not remove the photo|entfernt das Foto nicht", letters.readme)


# ── the texts themselves ─────────────────────────────────────────────────────────────────────────────────────────────


def templates(language: str) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in sorted((FOLDER / language).glob("*.j2"))}


def placeholders(text: str) -> set[str]:
    return meta.find_undeclared_variables(Environment().parse(text))


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_text_with_the_same_placeholders(language: str) -> None:
    english, other = templates("en"), templates(language)
    assert other.keys() == english.keys()
    for name in english:
        assert placeholders(other[name]) == placeholders(english[name]), name
    assert len(english) >= 9


def keys(table: dict[str, Any], below: str = "") -> set[str]:
    return {
        found
        for key, value in table.items()
        for found in (keys(value, f"{below}{key}.") if isinstance(value, dict) else {below + key})
    }


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_word_and_its_placeholders(language: str) -> None:
    english, other = Texts("en").labels, Texts(language).labels
    assert keys(dict(other)) == keys(dict(english))
    assert len(other["months"]) == 12
    assert sorted(re.findall(r"\{\w+\}", other["day"])) == sorted(re.findall(r"\{\w+\}", english["day"]))
    assert set(other["fields"]) == {*FormField, "subject", "text"}
    assert set(other["kinds"]) == set(other["what"]) == set(Kind)


def everything_said() -> Iterable[tuple[str, str]]:
    for path in (*FOLDER.rglob("*.*"), *PLATFORMS.glob("*.toml")):
        yield path.name, path.read_text("utf-8")


@pytest.mark.parametrize(("name", "text"), list(everything_said()), ids=lambda value: value if len(value) < 60 else "")
def test_no_text_calls_a_photo_biometric(name: str, text: str) -> None:
    assert not re.search(r"biometri|faceprint|gesichtsabdr", text, re.IGNORECASE), name


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("law", CHOICES)
def test_every_text_is_whole_in_every_language(law: Law, language: str) -> None:
    """No empty placeholder, no line that begins with a mark, no two spaces, no template left."""
    overdue = track([request(law, Recipient.PLATFORM, "2026-10-01")], [])
    letters = written(public(1), decided(2, categories={"nudity": 1.0}), tracked=overdue, law=law, language=language)
    for text in (*(file_text(letter) for letter in letters.letters), letters.readme):
        assert not re.search(r"\{[{%#]|[%}]\}|None|\bTrue\b|  \S.*\n\n\n|\n\n\n", text.replace("   ", "")), text
        assert not re.search(r"\n +\n|(?<=\S)  (?=\S)", text), text


def test_a_language_that_there_is_not() -> None:
    with pytest.raises(UsageError, match="there are no texts in 'fr'; there are de, en"):
        written(language="fr")
    with pytest.raises(UsageError, match="no texts"):
        written(language="../en")


# ── who writes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sender_is_cleaned_and_checked() -> None:
    sender = sender_of({"name": " Ana\nDoe ", "email": "a@b.org", "born": "1990-12-31", "address": " "})
    assert sender == Sender("Ana Doe", "a@b.org", None, None, date(1990, 12, 31))
    assert sender_of(sender.said) == sender
    for wrong in ("a b@c.de", "a@b", "a@b.c\nBcc: x@y.z", "a@b.de, c@d.de"):
        with pytest.raises(UsageError, match="no email address"):
            sender_of({"email": wrong})
    with pytest.raises(UsageError, match="1990-12-31"):
        sender_of({"born": "31.12.1990"})


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def letters() -> Letters:
    return written(public(1), law=Law.GDPR)


def test_folder_and_files_are_the_owners_alone(letters: Letters, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "out"
    done = write_files(letters, folder, tmp_path / "home")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in folder.iterdir()} == {*done.written, MARK}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())


def test_a_second_time_changes_nothing_and_what_the_user_changed_stays(letters: Letters, tmp_path: Path) -> None:
    folder, home = tmp_path / "out", tmp_path / "home"
    first = write_files(letters, folder, home)
    again = write_files(letters, folder, home)
    assert (again.written, again.same, again.kept) == ((), first.written, ())
    mine = folder / first.written[0]
    mine.write_text("my own words")
    other = write_files(written(public(1), public(2), law=Law.GDPR), folder, home)
    assert other.kept == (mine.name,)
    assert mine.read_text() == "my own words"
    assert len(other.written) >= 3


def test_other_files_are_never_touched(letters: Letters, tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "full"
    folder.mkdir(mode=0o755)
    (folder / "README.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds other files"):
        write_files(letters, folder, home)
    assert (folder / "README.txt").read_text() == "mine"
    assert folder.stat().st_mode & 0o777 == 0o755
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        write_files(letters, tmp_path / "file", home)
    with pytest.raises(UsageError, match="own folder"):
        write_files(letters, home / "letters", home)


def test_a_link_in_the_place_of_a_file_is_not_followed(letters: Letters, tmp_path: Path) -> None:
    folder, home = tmp_path / "out", tmp_path / "home"
    first = write_files(letters, folder, home)
    (tmp_path / "precious").write_text("precious")
    (folder / first.written[0]).unlink()
    (folder / first.written[0]).symlink_to(tmp_path / "precious")
    assert write_files(letters, folder, home).kept == (first.written[0],)
    assert (tmp_path / "precious").read_text() == "precious"


@pytest.mark.parametrize("mark", ["[]", "{}", "nonsense", '{"untag letters": 3}', "[" * 10000])
def test_a_mark_that_is_none_is_another_file(mark: str, letters: Letters, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / MARK).write_text(mark)
    with pytest.raises(UsageError, match="holds other files"):
        write_files(letters, folder, tmp_path / "home")


def test_labels_are_toml_that_others_can_read() -> None:
    for language in languages():
        assert tomllib.loads((FOLDER / language / "labels.toml").read_text("utf-8"))["language"]
