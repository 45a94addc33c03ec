"""untag search"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import untag
from untag.cli.app import Context
from untag.cli.common import device_option, engine_option, opened, say
from untag.cli.terminal import tell, tell_json
from untag.support.words import counted


@click.command("search")
@click.argument("query", metavar='PHOTO|"WORDS"')
@click.option("--photo", "kind", flag_value="photo", help="Take it for a photo, whatever it is.")
@click.option("--words", "kind", flag_value="words", help="Take it for words, whatever it is.")
@click.option(
    "--face", "number", type=click.IntRange(1), metavar="N", help="Which face of PHOTO, by size.  [default: 1]"
)
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="How many photos to show.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="For people, or for programs.",
)
@engine_option
@device_option
@click.pass_obj
def command(
    context: Context,
    query: str,
    kind: str | None,
    number: int | None,
    limit: int,
    style: str,
    engine: str | None,
    device: str | None,
) -> int:
    """Find photos on record by a face, or photos of you by what they show, in English words; the best first.

    What exists as a path, or ends like a picture (.jpg), is taken for a photo, all else for words. No photo on record
    is read again, and nothing is downloaded.

    PHOTO finds the photos with the faces most similar to its largest one. The faces of those who are like nobody
    enrolled cannot be found, unless keep_bystanders was set when they were scanned.

    WORDS are understood by a small model of our own, for scenes and things that people photograph; it knows no names,
    reads no text in a picture, and understands no "without": it finds what is named. The number before each photo says
    by how much it is nearer to the words than ordinary photos, in standard deviations: from 2 on it looks like them.

    \b
    Examples:
      untag search party.jpg
      untag search party.jpg --face 2 --format json
      untag search "people dancing on a table"
    """
    photo = _is_photo(query) if kind is None else kind == "photo"
    if number is not None and not photo:
        raise untag.UsageError("--face goes with a photo; say --photo if this is one")
    with opened(context, engine=engine, device=device) as home:
        found = _by_face(home, Path(query), number, limit) if photo else _by_words(home, query, limit)
    if style == "json":
        tell_json([_row(hit) for hit in found.hits], indent=2)
    else:
        for hit in found.hits:
            tell(f"{_score(hit)}  {hit.id}  {hit.path}")
    for sentence in _of_faces(found) if photo else _of_words(found):
        say(sentence)
    return 0


def _is_photo(query: str) -> bool:
    """Whether it is an existing path, or is called like a picture. Nothing at all is no path."""
    try:
        return query != "" and (Path(query).exists() or untag.is_photo_name(query))
    except (OSError, ValueError):  # too long for a path, or with a NUL
        return False


def _by_words(home: untag.Untag, words: str, limit: int) -> untag.SearchResult:
    found = home.search(words, limit=limit)
    if found.unknown:
        say(f"untag does not know: {', '.join(found.unknown)}; it looks for the rest")
    return found


def _by_face(home: untag.Untag, photo: Path, number: int | None, limit: int) -> untag.SearchResult:
    probe = home.probe(photo, number=1 if number is None else number)
    if len(probe.faces) > 1:
        said = "the largest is" if number is None else f"face {number} is"
        say(f"{photo} has {counted(len(probe.faces), 'face')}, and {said} searched for; --face N takes another:")
        for place, face in enumerate(probe.faces, start=1):
            box = face.box
            say(f"  {place}: {box.width:.0f} x {box.height:.0f} pixels at {box.left:.0f},{box.top:.0f}")
    if not probe.is_clear:
        say("the face is small, blurred or turned away, so what is found says little")
    return home.search_face(probe.face, limit=limit)


def _of_words(found: untag.SearchResult) -> list[str]:
    """What one should know of a search in words."""
    said = []
    if found.passed_over:
        photos = counted(found.passed_over, "photo")
        said.append(
            f"{photos} of you could not be searched: read before it was known to show you, or by an earlier release"
        )
    if not found.searched:
        said.append("no photo of you is on record with what it shows; run: untag scan FOLDER")
    elif not found.looks_like_it:
        said.append("none of your photos looks much like that; these come nearest")
    return said


def _of_faces(found: untag.SearchResult) -> list[str]:
    """What one should know of a search by face: above all what it cannot find."""
    said = []
    if not found.searched:
        said.append("no face is on record that could be compared; run: untag scan FOLDER")
    elif not found.looks_like_it:
        said.append("no face on record is much like this one; these come nearest")
    if found.passed_over:
        said.append(
            f"faces in {counted(found.passed_over, 'photo')} cannot be found: embeddings of those who are like nobody"
            " enrolled are thrown away (keep_bystanders = true in config.toml keeps them when a photo is read)"
        )
    if found.other_engine:
        photos = counted(found.other_engine, "photo")
        said.append(f"faces in {photos} cannot be found: another engine has scanned them; see --engine")
    return said


def _score(hit: untag.SearchHit) -> str:
    return f"{hit.nearness:5.1f}" if hit.nearness is not None else f"{hit.similarity:4.0%}"


def _row(hit: untag.SearchHit) -> dict[str, Any]:
    box = hit.face
    return {
        "id": hit.id,
        "path": hit.path,
        "sha256": hit.sha256,
        "nearness": None if hit.nearness is None else round(hit.nearness, 3),
        "permalink": hit.permalink,
        "taken_at": hit.taken_at,
        "similarity": None if hit.similarity is None else round(hit.similarity, 4),
        "face": None if box is None else [round(edge, 2) for edge in (box.left, box.top, box.right, box.bottom)],
        "verdict": hit.verdict,
        "person": hit.person,
    }
