"""The options by which list, report, export and decide choose photos: one set for all of them."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

import untag

_NAMES = {
    "statuses": "status",
    "persons": "person",
    "posters": "poster",
    "platforms": "platform",
    "categories": "category",
}
_VERDICTS = ["me", "maybe", "all"]
_STATUSES = ["open", "keep", "untag", "request-removal", "done", "not-me", "is-me", "all"]
_ALL = "all"


@dataclass(frozen=True, slots=True)
class Filters:
    """What was asked for on the command line, by the names of `Untag.filter`; without what was not."""

    asked: dict[str, Any]

    @property
    def narrows(self) -> bool:
        """Whether anything was asked for that leaves photos out, the limit aside."""
        return bool(self.asked.keys() - {"sort", "limit"})

    def of(self, home: untag.Untag, **others: Any) -> untag.FindingFilter:
        """The filter, with other values where nothing was asked."""
        return home.filter(**(others | self.asked))


def filter_options(
    *, without: Container[str] = (), status: str = "all but keep, done and not-me"
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Gives a command the options, and their values as the parameter `filters`.

    `without` are some that it has itself; `status` says in words which statuses it takes where none is asked for.
    """
    options = {
        name: option for name, option in (_OPTIONS | {"statuses": _statuses(status)}).items() if name not in without
    }

    def decorate(function: Callable[..., int]) -> Callable[..., int]:
        @wraps(function)
        def with_filters(*arguments: Any, **given: Any) -> int:
            values = {name: given.pop(name) for name in options}
            return function(*arguments, filters=Filters(_asked(values)), **given)

        wrapped: Callable[..., int] = with_filters
        for option in reversed(options.values()):
            wrapped = option(wrapped)
        return wrapped

    return decorate


def _asked(values: dict[str, Any]) -> dict[str, Any]:
    asked = {_NAMES.get(name, name): value for name, value in values.items() if value not in (None, (), False)}
    if asked.get("verdict") == _ALL:
        asked["verdict"] = tuple(untag.Verdict)
    if _ALL in asked.get("status", ()):
        asked["status"] = tuple(untag.Status)
    return asked


def _statuses(usual: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    return click.option(
        "--status",
        "statuses",
        multiple=True,
        type=click.Choice(_STATUSES),
        metavar="STATUS",
        help="Only photos with this status: open, keep, untag, request-removal, done, not-me, is-me or all; repeatable."
        f"  [default: {usual}]",
    )


_OPTIONS: dict[str, Callable[[Callable[..., int]], Callable[..., int]]] = {
    "statuses": _statuses("any"),  # each command says its own
    "persons": click.option(
        "--person", "persons", multiple=True, metavar="NAME", help="Only photos of this enrolled person; repeatable."
    ),
    "posters": click.option(
        "--poster", "posters", multiple=True, metavar="NAME", help="Only photos posted by this account; repeatable."
    ),
    "platforms": click.option(
        "--platform", "platforms", multiple=True, metavar="NAME", help="Only photos on this platform; repeatable."
    ),
    "categories": click.option(
        "--category", "categories", multiple=True, metavar="NAME", help="Only photos of this category; repeatable."
    ),
    "verdict": click.option(
        "--verdict",
        type=click.Choice(_VERDICTS),
        help="Only photos with this verdict; all adds scenes without you.  [default: me and maybe]",
    ),
    "since": click.option(
        "--since", metavar="DATE", help="Only photos taken, or else posted, then or later: 2024, 2024-05, 2024-05-03."
    ),
    "until": click.option("--until", metavar="DATE", help="Only photos taken, or else posted, then or earlier."),
    "min_risk": click.option(
        "--min-risk", type=click.IntRange(0, 100), metavar="N", help="Only photos with this risk or a greater one."
    ),
    "due": click.option(
        "--due", is_flag=True, help="Only photos about which you asked somebody whose answer is due by today."
    ),
    "sort": click.option(
        "--sort",
        type=click.Choice(["risk", "date", "poster"]),
        help="What comes first: the riskiest, the newest, or by poster.  [default: risk]",
    ),
    "limit": click.option("--limit", type=click.IntRange(1), metavar="N", help="At most this many photos."),
}
