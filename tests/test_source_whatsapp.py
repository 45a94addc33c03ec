"""Exported chats of WhatsApp: who sent which photo, in any language, and when, where that is beyond doubt."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_up_archives import MadeUpFiles
from untag.sources.readers.whatsapp import READER
from untag.types import Origin

A, B, C = "00000012-PHOTO-2020-06-01-12-00-06.jpg", "IMG-20260321-WA0001.jpg", "holiday.jpg"


def chat(*lines: str) -> str:
    return "\n".join(lines)


def row(poster: str | None, posted_at: str | None, caption: str | None = None) -> Origin:
    return Origin("whatsapp", poster=poster, posted_at=posted_at, caption=caption)


CHATS: dict[str, tuple[str, dict[str, Origin]]] = {
    "iPhone": (
        chat(
            "[2020-06-01, 11:59:00] Lake: \u200eMessages and calls are end-to-end encrypted.",
            f"[2020-06-01, 12:00:06] Ana Doe: \u200e<attached: {A}>",
            "[2020-06-01, 12:01:00] Bea: nice",
        ),
        {A: row("Ana Doe", "2020-06-01T12:00:06")},
    ),
    "iPhone, German, with a caption": (
        chat(
            "[13.06.20, 11:59:00] Lake: \u200eHallo",
            f"\u200e[14.06.20, 12:00:06] ~\u202fBea: Am See\nmit euch \u200e<Anhang: {A}>",
            "[03.07.20, 08:00:00] Ana: schön",
        ),
        {A: row("Bea", "2020-06-14T12:00:06", "Am See\nmit euch")},
    ),
    "iPhone, Chinese": (
        f"[2020/6/1 下午12:00:06] 安娜: \u200e<附件\uff1a{A}>",
        {A: row("安娜", "2020-06-01T12:00:06")},
    ),
    "Android, with a caption, and what WhatsApp says": (
        chat(
            "20/03/2026, 11:00 pm - Ana created group",
            f"21/03/2026, 11:13\u202fpm - Ana: \u200e{B} (file attached)",
            "At the lake",
            "21/03/2026, 11:14 pm - Bea left",
            "and a line of nobody's",
        ),
        {B: row("Ana", "2026-03-21T23:13:00", "At the lake")},
    ),
    "months with names, the year behind the day": (
        chat(f"Mar 14, 2026, 2:56 PM - Ana: {B} (file attached)", "Mar 15, 2026, 9:00 AM - Bea: hi"),
        {B: row("Ana", "2026-03-14T14:56:00")},
    ),
    "a word before the time, and one behind it": (
        f"[14/06/2025 at 2:56:07\u202fpm] Bea: \u200e<attached: {A}>",
        {A: row("Bea", "2025-06-14T14:56:07")},
    ),
    "months with names, Portuguese": (
        chat("14 de jun de 2025 14:56 - Ana: holiday.jpg (arquivo anexado)", "2 de jul de 2025 9:05 - Bea: oi"),
        {C: row("Ana", "2025-06-14T14:56:00")},
    ),
    "months with names and no year, as until 2016": (
        chat("14 Jun 2:56 pm - Ana: holiday.jpg (file attached)", "15 Jun 9:00 am - Bea: hi"),
        {C: row("Ana", None)},
    ),
    "a month that is another one in another language": (
        chat("14 lis 2025, 14:56 - Ana: holiday.jpg (x)", "15 lis 2025, 9:00 - Bea: bok"),
        {C: row("Ana", None)},
    ),
    "the same, and another month says the language": (
        chat("14 lis 2025, 14:56 - Ana: holiday.jpg (x)", "2 stu 2025, 9:00 - Bea: bok"),
        {C: row("Ana", "2025-10-14T14:56:00")},
    ),
    "two digits of the year first between slashes, where the name says so": (
        chat(f"26/03/21 14:56 - Ana: {B} (x)", "26/03/22 9:00 - Bea: kaixo"),
        {B: row("Ana", "2026-03-21T14:56:00")},
    ),
    "what may be the year first, or the same day of three years": (
        chat("25/06/14 14:56 - Ana: holiday.jpg (x)", "25/06/15 9:00 - Bea: hi", "25/06/16 9:00 - Bea: hi"),
        {C: row("Ana", None)},
    ),
    "a note in brackets of full width": (
        f"21/3/2026 下午2:56 - 安娜: {B}\uff08附件檔案\uff09",
        {B: row("安娜", "2026-03-21T14:56:00")},
    ),
    "a Jalali date is none": (
        chat("۱۴۰۴/۳/۲۴،\u200f ۱۴:۵۶ - Ana: holiday.jpg (x)", "۱۴۰۴/۳/۳۱،\u200f ۹:۰۰ - Bea: سلام"),
        {C: row("Ana", None)},
    ),
    "a Nepali date is none": (
        chat("2082/2/30, 14:56 - Ana: holiday.jpg (x)", "2082/2/32, 9:00 - Bea: hi"),
        {C: row("Ana", None)},
    ),
    "an edited message in another language": (
        chat(f"21.03.2026, 14:56 - Ana: {B} (x)", "Am See <Wiadomość edytowana>", "22.03.2026, 9:00 - Bea: hi"),
        {B: row("Ana", "2026-03-21T14:56:00", "Am See")},
    ),
    "Android, Spanish, two figures of the year": (
        chat(f"25/3/26, 9:05 a. m. - Ana: {B} (archivo adjunto)", "5/4/26, 9:05 a. m. - Bea: hola"),
        {B: row("Ana", "2026-03-25T09:05:00")},
    ),
    "between slashes no phone writes a year of two digits first": (
        f"25/3/26, 9:05 - Ana: {B} (archivo adjunto)",
        {B: row("Ana", "2026-03-25T09:05:00")},
    ),
    "between dashes a phone in Canada does, so the name counts": (
        f"26-03-21, 9:05 - Ana: {B} (fichier joint)",
        {B: row("Ana", "2026-03-21T09:05:00")},
    ),
    "Android, month first": (
        chat("3/20/26, 9:05 AM - Ana: hi", f"4/5/26, 12:05 AM - Ana: {B} (file attached)"),
        {B: row("Ana", "2026-04-05T00:05:00")},
    ),
    "the order of the date is in doubt": (
        chat("04/03/2026, 11:13 - Bea: hi", f"05/03/2026, 11:13 - Ana: {B} (file attached)"),
        {B: row("Ana", "2026-03-21")},
    ),
    "no order fits all": (
        chat("25/03/2026, 11:13 - Bea: hi", f"05/25/2026, 11:13 - Ana: {B} (file attached)"),
        {B: row("Ana", "2026-03-21")},
    ),
    "in doubt, and the name has no date": (
        chat("04/03/2026, 11:13 - Bea: hi", f"05/03/2026, 11:13 - Ana: {C} (file attached)"),
        {C: row("Ana", None)},
    ),
    "messages are in the order of time": (
        chat("11/02/2026, 11:13 - Bea: hi", f"01/03/2026, 11:13 - Ana: {C} (file attached)"),
        {C: row("Ana", "2026-03-01T11:13:00")},
    ),
    "a line of WhatsApp's own counts for the order": (
        chat("3/14/26, 11:13 - Bea joined", f"4/3/26, 11:13 - Ana: {C} (file attached)"),
        {C: row("Ana", "2026-04-03T11:13:00")},
    ),
    "Persian digits, from right to left": (
        f"[\u200f۱۴\u200f/۶\u200f/۲۰۲۵،\u200f ۲:۵۶:۰۹ ب.ظ.] Bea: \u200f<پیوست: {A}>",
        {A: row("Bea", "2025-06-14T14:56:09")},
    ),
    "Bengali digits": (
        f"১৪/৬/২৫, ২:৫৬ PM - Bea: {B} (ফাইল সংযুক্ত)",
        {B: row("Bea", "2025-06-14T14:56:00")},
    ),
    "Korean": (
        f"2025. 6. 14. 오후 2:56, Bea: hi\n2025. 6. 14. 오후 2:56 - Bea: {B} (첨부 파일)",
        {B: row("Bea", "2025-06-14T14:56:00")},
    ),
    "the time first, on Android": (
        f"14:56, 14/6/2025 - Bea: {B} (tệp đính kèm)",
        {B: row("Bea", "2025-06-14T14:56:00")},
    ),
    "Dutch: what is the same in all dates is the year": (
        chat(*(f"[{day}-06-25 09:00:00] Ana: hi" for day in (14, 15)), f"[16-06-25 09:00:00] Bea: <bijgevoegd: {C}>"),
        {C: row("Bea", "2025-06-16T09:00:00")},
    ),
    "Korean, with two digits of the year": (
        chat(
            *(f"[25. 6. {day}. 오전 9:00:00] Ana: hi" for day in (14, 15)), f"[25. 6. 16. 오후 9:00:00] Bea: <x: {C}>"
        ),
        {C: row("Bea", "2025-06-16T21:00:00")},
    ),
    "a long dash": (f"14/06/2025, 14:56 – Bea: {C} (x)", {C: row("Bea", "2025-06-14T14:56:00")}),
    "a Thai year of two digits": (
        f"14/6/68 14:56 - Bea: {C} (แนบไฟล์)",
        {C: row("Bea", "2025-06-14T14:56:00")},
    ),
    "an iPhone before 2018, with a clock of twelve hours": (
        f"27/4/16, 4:31:58 PM: Bea: {C} <\u200eallegato>",
        {C: row("Bea", "2016-04-27T16:31:58")},
    ),
    "a date that somebody pasted": (
        chat(f"[14/06/2025, 14:56:00] Bea: Hi <Anhang: {A}>", "31/31/25, 9:00 - Cem: hi"),
        {A: row("Bea", "2025-06-14T14:56:00", "Hi \n31/31/25, 9:00 - Cem: hi")},
    ),
    "an unknown word for the half of the day": (
        f"14/06/2025, 2:56 xyz - Bea: {C} (file attached)",
        {C: row("Bea", "2025-06-14")},
    ),
    "an edited message": (
        chat(
            f"[14/06/2025, 14:56:00] Bea: At the lake \u200e<attached: {A}> \u200e<In einer Sprache>",
            f"[14/06/2025, 14:57:00] Bea: \u200e<attached: {B}> so <This message was edited>",
        ),
        {A: row("Bea", "2025-06-14T14:56:00", "At the lake"), B: row("Bea", "2025-06-14T14:57:00", "so")},
    ),
    "the first message that names a photo sent it": (
        chat(
            f"25/03/2026, 11:13 - Ana: {B} (Datei angehängt)",
            f"26/03/2026, 11:13 - Bea: {B} (Datei angehängt)",
            f"26/03/2026, 11:14 - Bea: I like {B} (file attached)",
        ),
        {B: row("Ana", "2026-03-25T11:13:00")},
    ),
    "photos that are not here, and left out ones": (
        chat("25/03/2026, 11:13 - Ana: IMG-1.jpg (file attached)", "25/03/2026, 11:13 - Ana: <Media omitted>"),
        {},
    ),
}


@pytest.mark.parametrize(("text", "expected"), CHATS.values(), ids=CHATS)
def test_a_chat(text: str, expected: dict[str, Origin]) -> None:
    files = MadeUpFiles({"_chat.txt": text, A: b"", B: b"", C: b""})
    assert READER.sniff(files)
    description = READER.describe(files)
    said = {name: origin for name, origin in description.origins.items() if origin.poster is not None}
    assert said == expected
    assert description.understood == {"_chat.txt"}
    assert not description.errors
    assert files.reads == {"_chat.txt": 1}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["WhatsApp Chat with Ana.txt", "a.jpg"], True),
        (["Chat de WhatsApp con Ana.TXT"], True),
        (["ana.txt", B], True),
        (["ana.txt", A], True),
        (["notes.txt", "a.jpg"], False),
        ([B], False),
        (["_chat.txt"], True),
    ],
)
def test_what_a_chat_is_called(names: list[str], expected: bool) -> None:
    assert READER.sniff(MadeUpFiles(dict.fromkeys(names, b""))) is expected


def test_other_texts_are_left_alone_and_a_broken_chat_is_told() -> None:
    description = READER.describe(MadeUpFiles({"_chat.txt": "no chat", "notes.txt": "notes", B: b""}))
    assert [(error.path, error.error) for error in description.errors] == [
        ("archive/_chat.txt", "it does not hold a chat")
    ]
    assert (description.origins, description.understood) == ({B: row(None, "2026-03-21")}, frozenset())


def test_photos_that_no_message_names_have_the_platform_and_the_day_in_their_name() -> None:
    files = MadeUpFiles({B: b""}, folder="phone/WhatsApp Images")
    assert READER.sniff(files)
    assert READER.describe(files).origins == {B: row(None, "2026-03-21")}
    assert not READER.sniff(MadeUpFiles({B: b""}))


def test_stickers_are_no_photos() -> None:
    names = ["STK-20260321-WA0001.webp", "00000013-STICKER-2020-06-01-12-00-06.webp"]
    text = f"25/03/2026, 11:13 - Ana: {names[0]} (file attached)"
    description = READER.describe(MadeUpFiles({"_chat.txt": text, **dict.fromkeys(names, b"")}))
    assert description.origins == {}
    assert description.skipped == set(names)


PIECES = st.sampled_from(
    [
        "[",
        "]",
        "2020-06-01",
        "31/02/2020",
        "٣/٤",
        ", ",
        "12:00",
        "99:99",
        " - ",
        "Ana",
        ": ",
        "<",
        ">",
        A,
        B,
        " (",
        ")",
        "\n",
    ]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join) | st.binary(max_size=200))
def test_no_text_is_too_wrong(text: Any) -> None:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    READER.describe(MadeUpFiles({"_chat.txt": data, A: b"", B: b""}))
