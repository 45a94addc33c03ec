"""The tags and words of a web page, in time proportional to its length, whatever it holds.

Python's `html.parser` takes minutes for 200 kB of `<a<a<a`: it looks for the end of each again. This goes forward only,
as the tokenizer of the HTML standard does (html.spec.whatwg.org, 13.2.5): what is never closed ends with the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape

_NAME = re.compile(r"[a-zA-Z][^\s/>]*")
_GAP = re.compile(r"[\s/]*")
_ATTRIBUTE = re.compile(r"[^\s/>][^\s/>=]*")
_EQUALS = re.compile(r"\s*=\s*")
_UNQUOTED = re.compile(r"[^\s>]*")
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in ("script", "style")}


@dataclass(frozen=True, slots=True)
class Start:
    """The beginning of an element: its name in lower case, and the first value of each attribute that has one."""

    tag: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class End:
    """The end of an element."""

    tag: str


@dataclass(frozen=True, slots=True)
class Words:
    """Text, with references such as `&amp;` replaced."""

    text: str


Token = Start | End | Words


def tokens(html: str) -> Iterator[Token]:
    """What the page holds, in order; comments, declarations, scripts and styles are left out. Raises nothing."""
    text = position = 0
    while (bracket := html.find("<", position)) >= 0:
        closing = html.startswith("/", bracket + 1)
        name = _NAME.match(html, bracket + 1 + closing)
        if name is None and (position := _after_no_tag(html, bracket)) == bracket + 1:
            continue  # the sign alone, which is a part of the text
        if bracket > text:
            yield Words(unescape(html[text:bracket]))
        if name is None:
            text = position
            continue
        attributes, position = _attributes(html, name.end())
        text = position
        if position > len(html):
            return
        tag = name[0].lower()
        if closing:
            yield End(tag)
            continue
        yield Start(tag, attributes)
        if tag in _RAW_END:
            raw = _RAW_END[tag].search(html, position)
            text = position = len(html) if raw is None else raw.start()
    if text < len(html):
        yield Words(unescape(html[text:]))


def _attributes(html: str, position: int) -> tuple[dict[str, str], int]:
    """The attributes of a tag, and where it ends: behind the end of the page when it does not."""
    found: dict[str, str] = {}
    while True:
        position = _end(_GAP, html, position)
        if html.startswith(">", position):
            return found, position + 1
        name = _ATTRIBUTE.match(html, position)
        if name is None:
            return found, len(html) + 1
        equals = _EQUALS.match(html, name.end())
        if equals is None:
            position = name.end()
            continue
        value, position = _value(html, equals.end())
        found.setdefault(name[0].lower(), unescape(value))


def _value(html: str, position: int) -> tuple[str, int]:
    quote = html[position : position + 1]
    if quote in ('"', "'") and quote:
        end = html.find(quote, position + 1)
        return (html[position + 1 : end], end + 1) if end >= 0 else ("", len(html))
    end = _end(_UNQUOTED, html, position)
    return html[position:end], end


def _after_no_tag(html: str, bracket: int) -> int:
    """Where what begins with a `<` and is no tag ends: a comment, a declaration, or the sign alone."""
    if html.startswith("<!--", bracket):
        end = html.find("-->", bracket + 4)
        return len(html) if end < 0 else end + 3
    if html.startswith(("<!", "<?", "</"), bracket):
        end = html.find(">", bracket)
        return len(html) if end < 0 else end + 1
    return bracket + 1


def _end(pattern: re.Pattern[str], html: str, position: int) -> int:
    match = pattern.match(html, position)
    return position if match is None else match.end()
