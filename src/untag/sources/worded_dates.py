"""Dates with the name of a month, in the language of whoever downloaded an archive: `14. Juni 2025 um 14:56`.

No page says its language, and a name may be another month in another one (`listopad` is October in Croatian, November
in Polish). So all dates of a page are read together: what the languages that know all of its names agree on is a date,
and anything else is none.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from importlib.resources import files
from itertools import pairwise

from untag.sources.dates import moment

_MOST_CHARACTERS = 100
_CLOCK = re.compile(
    r"(?<![\d.:])(\d{1,2})(?:[:.]| ?(?:h|時|시|点|點) ?)(\d\d)(?:[:.分분](\d\d))?(?:秒|초|分|분)?(?![\d.:])"
)
_YEAR = re.compile(r"(?<!\d)(?:19|20|21)\d\d(?!\d)")
_DAY = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
_NUMBERED = re.compile(r"(?<!\d)(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일]")
_NUMBERED_MONTH = re.compile(r"th(?:á|a)ng (\d{1,2})(?!\d)|thg (\d{1,2})(?!\d)|(?<!\d)(\d{1,2}) ?[月월]")
_BETWEEN_WORDS = re.compile(r"[\s\d,،、:;()\[\]/·|–—-]+")
_ANY = ""
"""In place of a language, for words and numbers that are clear in any."""
_UTC = frozenset(("utc", "gmt"))
_FORENOON = "am vorm vormittags 凌晨 早上 清晨 上午 오전 午前 sa"
_AFTERNOON = "pm nachm nachmittags 中午 下午 晚上 傍晚 오후 午後 ch"
_NEUTRAL_WORDS = (
    "um at à a las les los le de del di da do dos den der om kl klo ore o u alle às tháng thg г р року y e el the i"
)
_NEUTRAL = frozenset(_NEUTRAL_WORDS.split())
_DIRECTIONS = dict.fromkeys((0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


@dataclass(frozen=True, slots=True)
class WordedDate:
    """A date as it was written: what its words may mean, by language. `numbers` are hour, minute and second."""

    year: int
    day: int
    months: Mapping[str, int]
    numbers: tuple[int, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """The words of all languages: `months` by word and language, `halves` so too with the hours to add to 0 to 11."""

    months: Mapping[str, Mapping[str, int]]
    halves: Mapping[str, Mapping[str, int]]
    days: frozenset[str]


@cache
def _table() -> _Table:
    languages = json.loads(files("untag.sources").joinpath("date_words.json").read_text("utf-8"))
    months: dict[str, dict[str, int]] = {}
    halves: dict[str, dict[str, int]] = {}
    for language, words in languages.items():
        for number, names in enumerate(words["months"], 1):
            for name in filter(None, names.split("|")):
                months.setdefault(name, {})[language] = number
        for hours, key in ((0, "am"), (12, "pm")):
            for half in filter(None, words[key].split("|")):
                halves.setdefault(half, {})[language] = hours
    for hours, others in ((0, _FORENOON), (12, _AFTERNOON)):
        for half in others.split():
            halves[half] = {_ANY: hours}
    days = frozenset(part for words in languages.values() for day in words["days"].split("|") for part in _words(day))
    return _Table(months, halves, days)


def agreed_half(word: str) -> int | None:
    """The hours to add to 0 to 11 for a word for a half of the day, where all languages that have it agree."""
    hours = set(_table().halves.get(_key(word), {}).values())
    return hours.pop() if len(hours) == 1 else None


def parse_worded(text: str) -> WordedDate | None:
    """A date with the name of a month, and the time where there is one; None for any other text."""
    if len(text) > _MOST_CHARACTERS or not any(map(str.isdigit, text)):
        return None
    plain = "".join(map(_ascii_digit, unicodedata.normalize("NFC", text.translate(_DIRECTIONS)).casefold()))
    clock = _CLOCK.search(plain)
    numbers = () if clock is None else tuple(int(part) for part in clock.groups() if part is not None)
    rest = plain if clock is None else f"{plain[: clock.start()]} {plain[clock.end() :]}"
    numbered = _NUMBERED.search(rest)
    if numbered is not None:
        year, month, day = (int(part) for part in numbered.groups())
        return WordedDate(year, day, {_ANY: month}, numbers, _words(_NUMBERED.sub(" ", rest)))
    words = _words(rest)
    months, rest = _month_in(rest, words)
    years = _YEAR.findall(rest)
    days = _DAY.findall(_YEAR.sub(" ", rest))
    if not months or len(years) != 1 or len(days) != 1:
        return None
    return WordedDate(int(years[0]), int(days[0]), months, numbers, words)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for part in _BETWEEN_WORDS.split(text) if (word := _key(part)))


def worded_times(dates: Sequence[WordedDate | None]) -> list[str | None]:
    """ISO 8601 of the dates of one page, without a zone unless one is written; None for those in doubt.

    Where an hour may be of either half of the day, the day alone.
    """
    known = [date for date in dates if date is not None]
    named = [frozenset(date.months) for date in known if _ANY not in date.months]
    languages = reduce(frozenset.intersection, named) if named else frozenset[str]()
    whole_day = any(date.numbers and date.numbers[0] > 12 for date in known)
    return [None if date is None else _time(date, languages, whole_day=whole_day) for date in dates]


def worded_time(text: str) -> str | None:
    """The same for a date alone."""
    return worded_times([parse_worded(text)])[0]


def _time(date: WordedDate, languages: frozenset[str], *, whole_day: bool) -> str | None:
    months = {month for language, month in date.months.items() if language in languages or language == _ANY}
    months = months or set(date.months.values())
    if len(months) != 1:
        return None
    clock = _clock(date, whole_day=whole_day)
    return moment(date.year, months.pop(), date.day, clock, utc=bool(clock) and not _UTC.isdisjoint(date.words))


def _clock(date: WordedDate, *, whole_day: bool) -> tuple[int, ...]:
    """Hour, minute and second; nothing where a word that is not known may say which half of the day it is."""
    if not date.numbers:
        return ()
    hour, *rest = date.numbers
    halves = {hours for word in _with_pairs(date.words) for hours in _halves(word, date.months)}
    if hour > 12 or whole_day or (not halves and not _unknown(date)):
        return (hour, *rest)
    return (hour % 12 + halves.pop(), *rest) if len(halves) == 1 and hour > 0 else ()


def _halves(word: str, languages: Container[str]) -> Iterator[int]:
    """What a word says of the half of the day in the languages that a date may be in; in numbers it may be in any."""
    if word not in _NEUTRAL:
        known = _table().halves.get(word, {})
        yield from (hours for language, hours in known.items() if language == _ANY or language in languages)


def _unknown(date: WordedDate) -> bool:
    table = _table()
    known = (table.months, table.days, _NEUTRAL, _UTC)
    return any(not any(word in words for words in known) for word in date.words)


def _with_pairs(words: Sequence[str]) -> Iterable[str]:
    """Words, and each with the next: `p. m.` and `e pasdites` are two."""
    yield from words
    yield from (first + second for first, second in pairwise(words))


def _month_in(rest: str, words: Sequence[str]) -> tuple[Mapping[str, int], str]:
    """The month, and what is left of the text without its number, where it has one."""
    numbered = _NUMBERED_MONTH.search(rest)
    if numbered is not None:
        month = int(next(part for part in numbered.groups() if part is not None))
        return {_ANY: month}, f"{rest[: numbered.start()]} {rest[numbered.end() :]}"
    found = [months for word in words for name in (word, word[1:]) if (months := _table().months.get(name))]
    return (found[0] if len(found) == 1 else {}), rest


def _key(word: str) -> str:
    """A word as the table has it."""
    return unicodedata.normalize("NFC", word).casefold().replace(".", "").strip()


def _ascii_digit(sign: str) -> str:
    if sign.isascii():
        return sign
    value = unicodedata.decimal(sign, None)
    return sign if value is None else str(value)
