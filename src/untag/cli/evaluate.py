"""untag evaluate"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import click

import untag
from untag.cli.app import Context
from untag.cli.common import (
    device_option,
    engine_option,
    list_unreadable,
    opened,
    progress,
    say,
)
from untag.cli.terminal import tell, tell_json

_MOST_LABELS = 8
_NAME, _FIGURE = 15, 6  # columns for the name of a category, and at least for a figure


@click.command("evaluate")
@click.argument("kind", type=click.Choice(["pairs", "people", "scenes"]))
@click.argument("table", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.csv")
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="What paths in the file are relative to.  [default: the folder that the file is in]",
)
@click.option(
    "--references", type=click.IntRange(min=1), default=3, show_default=True, help="Photos that enrol (people)."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Which photos enrol (people).")
@click.option("--compare", is_flag=True, help="Judge the same photos with CLIP alone as well, where pulled (scenes).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
@engine_option
@device_option
@click.pass_obj
def command(
    context: Context,
    kind: str,
    table: Path,
    root: Path | None,
    references: int,
    seed: int,
    compare: bool,
    as_json: bool,
    engine: str | None,
    device: str | None,
) -> int:
    """Measure the models on labelled photos.

    \b
    pairs   columns left,right,same: are two photos one person?
    people  columns path,person: some photos enrol, all others are searched
    scenes  columns path,labels (joined by |): are the categories right?
            A photo labelled NAME_maybe is left out for NAME.

    \b
    Examples:
      untag evaluate pairs lfw_pairs.csv --root lfw --json
      untag evaluate people people.csv --references 3 --seed 0
      untag evaluate scenes scenes.csv --compare
    """
    options = untag.EvaluateOptions(root, references, seed, compare)
    with (
        opened(context, engine=engine, device=device) as home,
        progress("evaluating", lambda: home.count_labelled(kind, table)) as advance,
    ):
        result = home.evaluate(kind, table, options=options, on_progress=lambda _: advance())
    values = asdict(result.figures)
    if as_json:
        tell_json(values)
    else:
        for line in _in_words(_side_by_side(values)):
            tell(line)
    if result.no_categories:
        say(f"no categories, so that these labels make a photo an ordinary one: {_labels(result.no_categories)}")
    return list_unreadable(result.unreadable)


def _labels(counts: Mapping[str, int]) -> str:
    named = [f"{label[:_NAME]} ({count})" for label, count in islice(counts.items(), _MOST_LABELS)]
    more = len(counts) - len(named)
    return ", ".join([*named, f"{more} more"] if more else named)


def _side_by_side(figures: Mapping[str, Any]) -> Mapping[str, Any]:
    """What CLIP made of a category in the line below ours, in one table."""
    clip = figures.get("clip", {})
    if not clip:
        return {name: value for name, value in figures.items() if name != "clip"}
    rows: dict[str, Any] = {}
    for name in (*figures["categories"], *(name for name in clip if name not in figures["categories"])):
        rows |= {name: figures["categories"][name]} if name in figures["categories"] else {}
        rows |= {f"{name}, CLIP": clip[name]} if name in clip else {}
    kept = {name: value for name, value in figures.items() if name != "clip"}
    return {**kept, "categories": rows}


def _in_words(figures: Mapping[str, Any]) -> Iterator[str]:
    """A line for each figure, and a table of those that there are by category."""
    for name, value in figures.items():
        said = name.replace("_", " ")
        if isinstance(value, Mapping) and value and all(isinstance(row, Mapping) for row in value.values()):
            columns = [key.replace("_", " ") for key in next(iter(value.values()))]
            yield " ".join([" " * _NAME, *(f"{column:>{_FIGURE}}" for column in columns)])
            for each, row in value.items():
                cells = zip(columns, row.values(), strict=True)
                yield " ".join(
                    [f"{each:<{_NAME}}", *(f"{_rounded(cell):>{max(len(column), _FIGURE)}}" for column, cell in cells)]
                )
        elif isinstance(value, Mapping):
            yield from (f"{said} {each}: {_rounded(number)}" for each, number in value.items())
        elif isinstance(value, (list, tuple)):
            yield f"{said}: {', '.join(value) if value else 'none'}"
        else:
            yield f"{said}: {_rounded(value)}"


def _rounded(number: object) -> str:
    if number is None:
        return "-"
    return f"{number:.4g}" if isinstance(number, float) else str(number)
