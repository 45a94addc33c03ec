"""How large the output is: a report of few and of many photos, and JSON and CSV of a photo with many copies.

    python -m benchmarks.output_size PHOTOS [--photos 40 770 3000] [--limit 1000] [--copies 800] [--output FILE.json]

The photos below PHOTOS are repeated; every one of them is a finding with three reasons.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

from benchmarks.output import report
from untag.findings.counting import HeldPictures, count, fold
from untag.imaging.thumbnail import Thumbnail, make_thumbnail
from untag.reports import write_csv, write_json
from untag.reports.html import write_report
from untag.reports.pictures import thumbnail_size
from untag.types import Action, Finding, Origin, Place, Verdict

REASONS = ("Your face: 94 % alike", "one of 4 people in the picture", "posted by Bea Roe")


def finding(path: str, **changes: object) -> Finding:
    """A photo that shows the person."""
    values: dict[str, object] = {"duplicate_of": None, "places": (), **changes}
    return Finding(
        path, "0" * 64, "folder", Origin(), "me", Verdict.ME, 0.94, {"alcohol": 0.8}, 60, REASONS, Action.UNTAG,
        **values,  # type: ignore[arg-type]
    )  # fmt: skip


def report_size(photos: Sequence[Path], number: int, limit: int) -> dict[str, int]:
    """The bytes of a report of `number` photos."""
    size = thumbnail_size(min(number, limit))
    files = {f"{path}/{index}": path for index, path in enumerate(islice(cycle(photos), number))}

    def thumbnail(one: Finding) -> Thumbnail:
        return make_thumbnail(files[one.path].read_bytes(), max_side=size.max_side, quality=size.quality)

    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "report.html"
        written = write_report(
            HeldPictures(fold(map(finding, files))),
            output,
            home=Path(folder) / "home",
            thumbnail=thumbnail,
            made_at="now",
            limit=limit,
        )
        length = output.stat().st_size
    return {"photos": number, "shown": written.shown, "bytes": length, "bytes_a_photo": length // written.shown}


def copies_size(copies: int) -> dict[str, int]:
    """The bytes of JSON and CSV of one photo in so many files."""
    paths = [f"/archive/album/number-{number:04}.jpg" for number in range(copies)]
    places = tuple(Place(path, "folder", Origin()) for path in paths)
    rows = [finding(paths[0], places=places), *(finding(path, duplicate_of=paths[0]) for path in paths[1:])]
    assert count(rows).copies == copies - 1
    sizes = {"copies": copies}
    for name, write in (("json", write_json), ("csv", write_csv)):
        stream = io.StringIO()
        write(rows, stream)
        sizes[name] = len(stream.getvalue())
    return sizes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, metavar="PHOTOS")
    parser.add_argument("--photos", type=int, nargs="+", default=[40, 770, 3000], metavar="N")
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--copies", type=int, default=800)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    photos = sorted(path for path in options.source.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    report(
        {
            "reports": [report_size(photos, number, options.limit) for number in options.photos],
            "copies": copies_size(options.copies),
        },
        options.output,
    )


if __name__ == "__main__":
    main()
