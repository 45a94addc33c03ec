"""Dates in exported chats: in the order, the calendar and the language of the phone that wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from untag.sources.dates import moment
from untag.sources.worded_dates import agreed_half

_FIRST_YEAR, _LAST_YEAR = 2009, 2051
"""WhatsApp is of 2009. With this last year no year of two digits has two meanings: 09 to 51 are of 2000, 52 to 94 are
the same years of the Buddhist calendar (2552 to 2594), which Thai phones write."""
_BUDDHIST = 543

_DAY_FIRST, _MONTH_FIRST, _YEAR_FIRST = (2, 1, 0), (2, 0, 1), (0, 1, 2)
"""Where year, month and day are."""
_Order = tuple[int, int, int]

_SEVERAL = 3

_IN_NAME = re.compile(
    r"(?:IMG|STK|VID)-(\d{4})(\d\d)(\d\d)-WA\d+\.\w+"
    r"|(?:\d{8}-)?(?:PHOTO|STICKER|GIF)-(\d{4})-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)(?: ?\(?\d*\)?)\.\w+"
    r"|(\d{4})-(\d\d)-(\d\d)-(?:PHOTO|STICKER|GIF)-\d+\.\w+",
    re.IGNORECASE | re.ASCII,
)

_FORENOON = (
    "am a ص قظ 上午 凌晨 早上 清晨 오전 午前 पूर्वाह्न मपू পূর্বাহ্ণ öö πμ проб sa de pd paradites לפנהצ לפנה״צ"
    " ก่อนเที่ยง pg முற்பகல் ਪੂਦੁ ಪೂರ್ವಾಹ್ನ fm ap fh vm ጥዋት дп dop priekšp priešpiet"
)
_AFTERNOON = (
    "pm p م بظ 下午 中午 晚上 傍晚 오후 午後 अपराह्न मउ অপরাহ্ণ ös μμ слоб ch du md pasdites אחהצ אחה״צ"
    " หลังเที่ยง ptg பிற்பகல் ਬਾਦੁ ಅಪರಾಹ್ನ em ip eh nm ከሰዓት пп odp pēcp popiet"
)
_WITHOUT_HALF = "be พศ ad คศ г h hs hrs uhr klo kl kell um à at в у o alle"
_NEUTRAL = frozenset(_WITHOUT_HALF.split())
_HALVES = {**dict.fromkeys(_FORENOON.split(), 0), **dict.fromkeys(_AFTERNOON.split(), 12)}
"""By the word for a half of the day, without dots and spaces (CLDR's day periods): the hours to add to 0 to 11."""
_BETWEEN_LETTERS = re.compile(r"[\s.,،、'’]+")


@dataclass(frozen=True, slots=True)
class Day:
    """The three numbers of a date, as written, in ASCII digits, and what is between the first two."""

    parts: tuple[str, str, str]
    separator: str

    @property
    def orders(self) -> tuple[_Order, ...]:
        """The orders in which phones write such a date: the month is first only between slashes (CLDR), and a year of
        two digits only between dashes (Canada) or dots with a space (Korea)."""
        year_first = len(self.parts[0]) == 4 or (self.separator != "/" and self.separator != ".")
        possible = (_DAY_FIRST, *((_MONTH_FIRST,) if self.separator == "/" else ()))
        return (*possible, _YEAR_FIRST) if year_first else possible

    def in_order(self, order: _Order) -> date | None:
        """The date that it is in an order, or None."""
        if len(self.parts[order[0]]) not in (2, 4):
            return None
        year, month, number = (int(self.parts[place]) for place in order)
        try:
            found = date(_common_year(year), month, number)
        except ValueError:
            return None
        return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None


@dataclass(frozen=True, slots=True)
class WordedDay:
    """A date with the name of a month, as written."""

    words: str


def _common_year(year: int) -> int:
    if year < 100:
        year += 2000 if year <= _LAST_YEAR - 2000 else 2500
    return year - _BUDDHIST if year >= _FIRST_YEAR + _BUDDHIST else year


def order_of(days: Sequence[Day], named: Iterable[tuple[Day, date]]) -> _Order | None:
    """The order of all `days` of a chat, which are in the chat's order of messages; None where it is in doubt.

    `named` are days of messages with the day that is in the name of the photo they sent.
    """
    possible = {order: dates for order in _orders(days) if (dates := _all_in(days, order)) is not None}
    dated = list(named)
    unusual = _two_digit_years_first(days)
    if unusual is not None:
        if any(day.in_order(_YEAR_FIRST) == known for day, known in dated):
            possible[_YEAR_FIRST] = unusual
        elif _is_year(days, _YEAR_FIRST[0]):
            return None
    if len(possible) > 1:
        agree = {order: sum(day.in_order(order) == known for day, known in dated) for order in possible}
        most = max(agree.values())
        possible = {order: dates for order, dates in possible.items() if agree[order] == most}
    if len(possible) > 1:
        possible = {order: dates for order, dates in possible.items() if _in_sequence(dates)}
    if possible.keys() == {_DAY_FIRST, _YEAR_FIRST}:
        possible = {order: dates for order, dates in possible.items() if _is_year(days, order[0])}
    return next(iter(possible)) if len(possible) == 1 else None


def _two_digit_years_first(days: Sequence[Day]) -> list[date] | None:
    """All days with a year of two digits first, between slashes or dots, which few phones write (in Basque, Nepali)."""
    written = all(len(day.parts[0]) == 2 and day.separator in ("/", ".") for day in days)
    return _all_in(days, _YEAR_FIRST) if written and days else None


def _orders(days: Sequence[Day]) -> list[_Order]:
    common = set(days[0].orders).intersection(*(day.orders for day in days)) if days else set()
    return sorted(common)


def _all_in(days: Sequence[Day], order: _Order) -> list[date] | None:
    dates = [day.in_order(order) for day in days]
    known = [found for found in dates if found is not None]
    return known if len(known) == len(dates) else None


def _is_year(days: Sequence[Day], place: int) -> bool:
    """Whether one end of all dates is the same, and the other takes several values, as days do."""
    years, others = ({day.parts[end] for day in days} for end in (place, 2 - place))
    return len(years) == 1 and len(others) >= _SEVERAL


def _in_sequence(dates: Sequence[date]) -> bool:
    """Whether no message is of a day before that of the one before it, but for clocks that were put back."""
    return all(later - earlier >= timedelta(days=-2) for earlier, later in pairwise(dates))


def clock(word: str, numbers: Sequence[int]) -> tuple[int, ...]:
    """Hour, minute and second; nothing where `word` may say which half of the day it is, in a language not known."""
    hour, *rest = numbers
    key = _BETWEEN_LETTERS.sub("", word.casefold())
    if not key or key in _NEUTRAL or hour > 12:
        return (hour, *rest)
    key = "".join(part for one in word.casefold().split() if (part := _BETWEEN_LETTERS.sub("", one)) not in _NEUTRAL)
    half = agreed_half(key) if (half := _HALVES.get(key)) is None else half
    return () if half is None or (hour == 0 and half) else (hour % 12 + half, *rest)


def day_in_name(name: str) -> date | None:
    """The day that is in the name of a photo of WhatsApp's."""
    when = time_in_name(name)
    return None if when is None else date.fromisoformat(when[:10])


def time_in_name(name: str) -> str | None:
    """The day, or the time, that is in the name of a photo of WhatsApp's, in ISO 8601."""
    match = _IN_NAME.fullmatch(name)
    if match is None:
        return None
    year, month, day, *time = (int(group) for group in match.groups() if group is not None)
    return moment(year, month, day, time)
