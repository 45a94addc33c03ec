"""Words for people: a number with its noun, text of whatever origin made fit to be shown, names compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0d\U000e0100-\U000e01ef]")
"""Characters that Python calls printable and that nobody sees (Unicode, Default_Ignorable_Code_Point).

Not the two that ask for a sign as text or as an emoji (FE0E, FE0F): they stand in many captions.
"""


def counted(number: int, one: str, many: str | None = None) -> str:
    """The number with its noun: "1 photo", "2 photos"; `many` where an s does not make the plural."""
    return f"{number} {one if number == 1 else f'{one}s' if many is None else many}"


def moved_in_words(before: Mapping[str, float], now: Mapping[str, float]) -> list[str]:
    """For each category whose threshold decisions have moved, or moved back, a sentence without its full stop."""
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    return [
        f"{name} {f'will count from {now[name]:.0%}' if name in now else 'will count as usual again'},"
        " by what you decided, after the next scan"
        for name in changed
    ]


def duration(seconds: float) -> str:
    """About how long that is: "2 minutes", "3 hours", "4 days"."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 1.5 * length:
            return counted(round(seconds / length), unit)
    return "a minute"


def printable(text: str) -> str:
    """The text as one line in which nothing steers a terminal, hides, or changes the direction of what follows.

    Control characters, line ends, bidirectional and zero-width marks, lone surrogates and what Unicode has not assigned
    are written as Python writes them in a literal, such as `\\x1b` or `\\u202e`.
    """
    if text.isprintable() and _UNSEEN.search(text) is None:
        return text
    return "".join(char if _is_shown(char) else char.encode("unicode_escape").decode("ascii") for char in text)


def name_key(name: str) -> str:
    """What two writings of a name have in common: without case and the @ of a handle, with accents composed."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split()).removeprefix("@").lstrip()


def _is_shown(char: str) -> bool:
    if char.isprintable():
        return _UNSEEN.match(char) is None
    # Spaces of other widths: macOS puts one into the name of each screenshot, and Japanese names have them.
    return unicodedata.category(char) == "Zs"


def clock(seconds: float) -> str:
    """Minutes and seconds, with hours where there are any: 0:42, 1:02:03."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
