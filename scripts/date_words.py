"""Writes src/untag/sources/date_words.json: the words that dates have in the languages of sites' exports.

    pip install babel && python scripts/date_words.py

They are those of Unicode's CLDR, as the library babel has them (its 30 MB are too much to install for this). Of each
language: the names of the twelve months, the words for the halves of the day, and the names of the days of the week.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

PLACE = Path(__file__).parent.parent / "src" / "untag" / "sources" / "date_words.json"
_NAMES = (
    "af am ar as az be bg bn br bs ca ceb ckb cs cy da de el en en_GB es et eu fa ff fi fil fo fr fr_CA fy ga gl gu ha"
    " he hi hr hu hy id ig is it ja jv ka kab kk km kn ko ku ky lo lt lv mg mk ml mn mr ms mt my ne nl nn no or pa pl"
    " ps pt pt_PT ro ru rw sc si sk sl so sq sr sr_Latn sv sw ta te tg th ti tr tt ug uk ur uz vi wo yo yue zh zh_Hant"
    " zu"
)
LANGUAGES = _NAMES.split()
_WIDTHS = [(context, width) for context in ("format", "stand-alone") for width in ("wide", "abbreviated")]


def key_of(word: str) -> str:
    """A word as it is looked up: without dots and capitals. The reader has the same rule."""
    return unicodedata.normalize("NFC", word).casefold().replace(".", "").strip()


def _kept(words: Iterable[str]) -> str:
    """Words with a digit are numbers with a sign, which the reader knows; those with a space would never be found."""
    keys = dict.fromkeys(key_of(word) for word in words)
    return "|".join(key for key in keys if key and " " not in key and not any(char.isdigit() for char in key))


def language(name: str) -> dict[str, object] | None:
    """What the table has of one language; None for one that babel has not."""
    babel = import_module("babel")  # for this script alone, so no dependency
    try:
        locale = babel.Locale.parse(name)
    except babel.UnknownLocaleError:
        return None
    months = [_kept(locale.months[context][width][number] for context, width in _WIDTHS) for number in range(1, 13)]
    halves = {
        half: "|".join(
            dict.fromkeys(
                "".join(key_of(words[half]).split())
                for context in ("format", "stand-alone")
                for words in locale.day_periods.get(context, {}).values()
                if half in words
            )
        )
        for half in ("am", "pm")
    }
    days = _kept(locale.days[context][width][number] for context, width in _WIDTHS for number in range(7))
    return {"months": months, **halves, "days": days}


def main() -> None:
    """Writes the table, a language a line."""
    # A process for each: babel 2.18 mixes the words of languages that one process loads after each other.
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        found = pool.map(language, LANGUAGES, chunksize=1)
    table = {name: words for name, words in zip(LANGUAGES, found, strict=True) if words is not None}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(words, ensure_ascii=False)}" for name, words in table.items())
    PLACE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
