"""Start a reader for a new site: its module, its place in the list, its page, and a made-up archive with expected rows.

    python scripts/new_reader.py mastodon

What it writes works and is tested, for an export that is made up: NAME.json beside the photos. Change it to what the
site writes: first the archive in tests/archives/NAME.json, then the module until the rows come out.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
READERS = Path("src/untag/sources/readers")
FIRST_SIDECAR = "    # Sidecars:"
FIRST_TOOL = "| [gallery-dl]"

MODULE = '''"""{title}'s download: what `{name}.json` says of each photo.

Say here who wrote this format, since when, and where that is documented.
"""

from __future__ import annotations

from typing import Any

from untag.errors import ReadFailure
from untag.sources.dates import written_time
from untag.sources.links import page
from untag.sources.reader import Description, Files, photos_of
from untag.sources.text import items, member, read_error, read_json, text, wrong_shape
from untag.types import LinkConfidence, Origin

FILE = "{name}.json"


class {camel}:
    """The download of an account."""

    name = "{name}"
    platform = "{name}"
    top_names = frozenset((FILE,))

    def sniff(self, files: Files) -> bool:
        """Whether the list of photos is here. Raises nothing."""
        return FILE in files

    def describe(self, files: Files) -> Description:
        """The photos in the list, those that are here. Raises nothing."""
        try:
            value = read_json(files, FILE)
        except ReadFailure as failure:
            return Description(errors=(read_error(files, FILE, failure),))
        if not isinstance(member(value, "photos"), list):
            return Description(errors=(wrong_shape(files, FILE, "a list of photos"),))
        photos = frozenset(photos_of(files))
        listed = ((text(entry.get("file")), entry) for entry in items(member(value, "photos")))
        origins = {{file: _origin(entry) for file, entry in listed if file in photos}}
        owner = text(member(value, "account"))
        return Description(
            origins=origins,
            understood=frozenset((FILE,)),
            owner=() if owner is None else (owner,),
        )


def _origin(entry: dict[str, Any]) -> Origin:
    link = page(entry.get("url"))
    return Origin(
        platform="{name}",
        permalink=link,
        permalink_confidence=LinkConfidence.NONE if link is None else LinkConfidence.CERTAIN,
        poster=text(entry.get("author")),
        caption=text(entry.get("caption")),
        posted_at=written_time(entry.get("posted_at")),
    )


READER = {camel}()
'''

PAGE = """# {title}

## How to get it

1. Say where the site offers the download, and which format to choose.

```
untag scan ~/Downloads/{name}
```

## What untag reads in it

For each photo in `{name}.json`: who posted it, its link, the words beside it, and when.

## What is not in it

Say what the site leaves out: photos of others, who can be seen, links.
"""

ROW = "| [{title}]({page}) | `{name}` | not said | certain | you | not said |\n"


def fixture(name: str) -> dict[str, object]:
    """A miniature archive, null for a photo, and what is to be read in it."""
    photo, link = "photos/1.jpg", "https://example.org/photo/1"
    said = {"file": photo, "url": link, "author": "Ana Doe", "caption": "At the lake", "posted_at": "2024-07-01"}
    row = {
        "platform": name,
        "permalink": link,
        "permalink_confidence": "certain",
        "poster": "Ana Doe",
        "caption": "At the lake",
        "posted_at": "2024-07-01",
    }
    return {
        "files": {f"{name}.json": {"account": "ana.doe", "photos": [said]}, photo: None, "photos/2.jpg": None},
        "rows": {photo: row},
        "owner": ["ana.doe"],
    }


def start(name: str, root: Path) -> list[Path]:
    """Write all that a reader consists of below `root`; the files that were written, or SystemExit with the reason."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise SystemExit(f"a reader is called like its module, such as mastodon or google_takeout: not {name!r}")
    title = name.replace("_", " ").title()
    words = {"name": name, "title": title, "camel": title.replace(" ", ""), "page": f"{name.replace('_', '-')}.md"}
    new = {
        root / READERS / f"{name}.py": MODULE.format(**words),
        root / "docs/archives" / words["page"]: PAGE.format(**words),
        root / "tests/archives" / f"{name}.json": json.dumps(fixture(name), indent=2) + "\n",
    }
    for path in new:
        if path.exists():
            raise SystemExit(f"{path} is there already")
    module_list, index = root / READERS / "__init__.py", root / "docs/archives/README.md"
    changed = {
        module_list: listed(module_list.read_text("utf-8"), name),
        index: before(FIRST_TOOL, ROW.format(**words), index.read_text("utf-8")),
    }
    for path, text in {**new, **changed}.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return [*new, *changed]


def listed(text: str, name: str) -> str:
    """The list of readers with one more: imported in the order of the alphabet, the last of the whole archives."""
    head, opening, rest = text.partition("from untag.sources.readers import (\n")
    imports, closing, tail = rest.partition(")\n")
    names = sorted([*imports.split("\n")[:-1], f"    {name},"])
    entries = before(FIRST_SIDECAR, f"    {name}.READER,\n", tail)
    return head + opening + "\n".join(names) + "\n" + closing + entries


def before(line: str, more: str, text: str) -> str:
    """The text with `more` in front of the line that begins so."""
    head, found, tail = text.partition(f"\n{line}")
    if not found:
        raise SystemExit(f"there is no line {line} any more: put {more.strip()} where it belongs")
    return f"{head}\n{more}{line}{tail}"


def main() -> None:
    if len(sys.argv) != 2 or not sys.argv[1]:
        raise SystemExit("say which: make reader NAME=mastodon")
    for path in start(sys.argv[1], ROOT):
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    sys.stdout.write(
        "Now put what the site really writes, made up, into the fixture; then run:\n"
        f"  .venv/bin/python -m pytest tests/test_readers.py tests/test_readers_fuzz.py -k {sys.argv[1]}\n"
    )


if __name__ == "__main__":
    main()
