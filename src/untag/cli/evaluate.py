"""untag evaluate"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from untag.cli.app import Context
from untag.cli.common import (
    device_option,
    engine_option,
    list_unreadable,
    load_faces,
    load_scenes,
    progress,
    settings_of,
)


@click.command("evaluate")
@click.argument("kind", type=click.Choice(["pairs", "people", "scenes"]))
@click.argument("table", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.csv")
@click.option(
    "--root", type=click.Path(path_type=Path, file_okay=False), help="What paths in the file are relative to."
)
@click.option(
    "--references", type=click.IntRange(min=1), default=3, show_default=True, help="Photos that enrol (people)."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Which photos enrol (people).")
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
    as_json: bool,
    engine: str | None,
    device: str | None,
) -> int:
    """Measure the models on labelled photos.

    \b
    pairs   columns left,right,same: are two photos one person?
    people  columns path,person: some photos enrol, all others are searched
    scenes  columns path,labels (joined by |): are the categories right?

    \b
    Examples:
      untag evaluate pairs lfw_pairs.csv --root lfw --json
      untag evaluate people people.csv --references 3 --seed 0
    """
    import untag.evaluation as evaluation

    settings = settings_of(context, engine=engine, device=device)
    job = evaluation.Job(table, table.parent if root is None else root, settings.limits)
    with progress("evaluating", lambda: evaluation.count_photos(job, kind)) as advance:
        if kind == "pairs":
            result: evaluation.Result = evaluation.evaluate_pairs(job, load_faces(settings), advance)
        elif kind == "people":
            options = evaluation.PeopleOptions(references, seed, settings.me_similarity, settings.maybe_similarity)
            result = evaluation.evaluate_people(job, load_faces(settings), options, advance)
        else:
            result = evaluation.evaluate_scenes(job, load_scenes(settings), advance)
    values = asdict(result.figures)
    if as_json:
        click.echo(json.dumps(values))
    else:
        for name, value in values.items():
            click.echo(f"{name}: {value}")
    return list_unreadable(result.unreadable)
