"""What looks like a card or a document with which somebody can be harmed, by the text on it. Pure functions.

A bank card by its number, an identity document by its machine-readable lines or by its title beside a date or a number,
a badge by the words that stand on badges.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from untag.reading.lines import Line
from untag.reading.words import folded


class Card(StrEnum):
    """What a card is, in the words of a finding."""

    BANK = "looks like a bank card"
    IDENTITY = "looks like an identity document"
    BADGE = "looks like a badge"


_TITLES = (
    "identity card", "identification card", "national id", "driver license", "drivers license", "driving licence",
    "driver licence", "passport", "residence permit", "social security", "personalausweis", "identitatskarte",
    "reisepass", "fuhrerschein", "aufenthaltstitel", "carte nationale d identite", "carte d identite", "passeport",
    "permis de conduire", "titre de sejour", "documento nacional de identidad", "tarjeta de identidad", "pasaporte",
    "permiso de conduccion", "licencia de conducir", "carta d identita", "passaporto", "patente di guida",
    "carteira de identidade", "carta de conducao", "passaporte", "identiteitskaart", "paspoort", "rijbewijs",
    "dowod osobisty", "prawo jazdy", "paszport", "legitimation", "korkort", "personbevis", "obcansky prukaz",
)  # fmt: skip
"""Titles of identity documents, in the languages of some twenty countries."""

_BADGES = (
    "employee id", "employee no", "employee number", "staff id", "student id", "student card", "id no", "id number",
    "visitor pass", "visitor badge", "security pass", "access card", "press card", "press pass", "hello my name is",
    "my name is", "mitarbeiterausweis", "studentenausweis", "studierendenausweis", "dienstausweis", "presseausweis",
    "besucherausweis", "carte d etudiant", "carte etudiant", "carte de presse", "carte professionnelle",
    "carne de estudiante", "credencial", "tessera universitaria", "tesserino",
)  # fmt: skip
"""What stands on badges, and hardly on anything else."""

_WORDS: Mapping[Card, tuple[str, ...]] = {
    Card.IDENTITY: tuple(map(folded, _TITLES)),
    Card.BADGE: tuple(map(folded, _BADGES)),
}
_FIGURE = "[0-9OQDILSBZG]"
"""As it may be read."""

_MACHINE_READABLE = re.compile(
    # A passport's first line, or a card's last: surname, two signs, given names, and signs to the end.
    r"(?:[PVIAC][A-Z<][A-Z<]{3})?[A-Z]{2,}(?:<[A-Z]+)*<<[A-Z]+(?:<[A-Z]+)*<<+"
    # The same of who has one name.
    r"|P[A-Z<][A-Z]{3}[A-Z]{2,}(?:<[A-Z]+)*<<<+"
    # France's cards up to 2021: surname, signs, on most the office; a number, given names, born, the sex.
    rf"|ID[A-Z]{{3}}[A-Z]{{2,}}(?:<[A-Z]+)*<<+(?:{_FIGURE}{{6,7}})?"
    rf"|{_FIGURE}{{13}}[A-Z]{{2,}}(?:<+[A-Z]+)*<*{_FIGURE}{{7}}[MFX<]{_FIGURE}"
    # Born, a check figure, the sex, valid until, a check figure.
    rf"|[A-Z0-9<]*{_FIGURE}{{7}}[MFX<]{_FIGURE}{{7}}[A-Z0-9<]*"
    # A card's first line: what it is, of which country, its number.
    rf"|[IAC][A-Z0-9<][A-Z<]{{3}}(?=[A-Z<]*{_FIGURE})[A-Z0-9<]{{9}}{_FIGURE}[A-Z0-9<]*<<[A-Z0-9<]*"
)
"""Lines of ICAO 9303, parts 4 to 6, as far as they can be told from other text with the sign between names in it."""

_MACHINE_LENGTHS = (24, 48)
"""They have 30, 36 or 44 signs; some are read twice and others not at all."""
_DATE = re.compile(r"\b\d{1,2}[./ -]\d{1,2}[./ -](?:19|20)?\d{2}\b|\b(?:19|20)\d{2}[./-]\d{1,2}[./-]\d{1,2}\b")
_NUMBER = re.compile(r"\b(?=[A-Z0-9]*\d[A-Z0-9]*\d[A-Z0-9]*\d)[A-Z0-9]{7,14}\b")
_FIGURES = re.compile(r"(?<!\d)\d(?: ?[-–]? ?\d){12,18}(?!\d)")
_ADDRESS = re.compile(r"(?:https?\b|www\.|://|[?&]\w+=|\w\.[^\W\d_]\w+/).*", re.IGNORECASE)
_NAMED = re.compile(r"[^\W\d_]+[:.]?(?=\d)")
_IN_NO_NUMBER = re.compile(r"[^\W\d_]|[/=?&_%#@]")
"""Letters, and the signs of addresses and file names: figures among them are no number of a card."""

_CARD_LENGTHS = (13, 19)
_FIRST_OF_CARDS = "3456"
_MASTERCARDS = range(2221, 2721)
"""The four figures with which Mastercard's begin since 2017, besides those of 51 to 55."""

_MOST_LINES = 40  # a page of a book or of a website has more
_SURE, _PROBABLY = 0.95, 0.7


def cards_found(lines: Sequence[Line]) -> dict[Card, float]:
    """What a photo with these lines shows, and how surely, 0 to 1."""
    found = {Card.BANK: _bank(lines), Card.IDENTITY: _identity(lines), Card.BADGE: _badge(lines)}
    return {card: sureness for card, sureness in found.items() if sureness > 0}


def is_card_number(figures: str) -> bool:
    """Whether figures are the number of a payment card: of its length, a first one in use, and their sum right.

    The sum is Luhn's (ISO/IEC 7812), which one in ten numbers passes by chance.
    """
    least, most = _CARD_LENGTHS
    in_use = figures[:1] in _FIRST_OF_CARDS or int(figures[:4]) in _MASTERCARDS
    if not (least <= len(figures) <= most and in_use) or len(set(figures)) < 2:
        return False
    doubled = [int(figure) * (2 if at % 2 else 1) for at, figure in enumerate(reversed(figures))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _bank(lines: Sequence[Line]) -> float:
    # The four groups are one line, or a line each where the card is large in the picture.
    texts = [line.text for line in lines]
    groups = " ".join(text.strip() for text in _in_reading_order(lines) if re.fullmatch(r"[\d ]{3,9}", text.strip()))
    numbers = [match.group() for text in (*map(_outside_addresses, texts), groups) for match in _FIGURES.finditer(text)]
    return _SURE if any(is_card_number(re.sub(r"\D", "", number)) for number in numbers) else 0.0


def _outside_addresses(text: str) -> str:
    """A line without the addresses, file names and words in it, of which the figures may be anything."""
    tokens = (_NAMED.sub("", token, count=1) for token in _ADDRESS.sub("", text).split())
    return " ".join("|" if _IN_NO_NUMBER.search(token) else token for token in tokens)


def _is_machine_readable(text: str) -> bool:
    plain = text.replace(" ", "").replace("«", "<<")
    least, most = _MACHINE_LENGTHS
    return "<" in plain and least <= len(plain) <= most and _MACHINE_READABLE.fullmatch(plain) is not None


def _identity(lines: Sequence[Line]) -> float:
    if any(_is_machine_readable(line.text) for line in lines):
        return _SURE
    if len(lines) > _MOST_LINES or not _has_title(Card.IDENTITY, lines):
        return 0.0
    return _PROBABLY if any(_DATE.search(line.text) or _NUMBER.search(line.text) for line in lines) else 0.0


def _badge(lines: Sequence[Line]) -> float:
    return _PROBABLY if len(lines) <= _MOST_LINES and _has_title(Card.BADGE, lines) else 0.0


def _has_title(card: Card, lines: Sequence[Line]) -> bool:
    return any(word in folded(line.text) for line in lines for word in _WORDS[card])


def _in_reading_order(lines: Sequence[Line]) -> list[str]:
    """The texts from the top down, and from left to right where two are of one height."""
    height = max((float(line.corners[3][1] - line.corners[0][1]) for line in lines), default=1.0) or 1.0
    ordered = sorted(lines, key=lambda line: (round(float(line.corners[0][1]) / height), float(line.corners[0][0])))
    return [line.text for line in ordered]
