"""The scores from which a category counts are those that the documents say were measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from untag.config import Settings
from untag.scenes import nudity, prompts
from untag.scenes.categories import AVAILABLE, CATEGORIES, Category

ROOT = Path(__file__).parents[1]
LEARNT = {name for name in AVAILABLE if name != Category.LOCATION}


def documented(file: Path) -> dict[str, tuple[float, bool]]:
    """From the table of a document with a column "counts from": the threshold, and whether it is experimental."""
    lines = file.read_text("utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if "| counts from |" in line)
    column = [cell.strip() for cell in lines[start].split("|")].index("counts from")
    found = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.split("|")]
        name, _, standing = cells[1].partition(",")
        percent = re.fullmatch(r"(\d+) %", cells[column])
        found[name] = (float(cells[column]) if percent is None else int(percent[1]) / 100, "experimental" in standing)
    return found


@pytest.mark.parametrize("file", ["docs/models.md", "models/scene_heads.md"])
def test_every_learnt_category_counts_from_where_the_document_says(file: str) -> None:
    shipped = {name: (CATEGORIES[name].threshold, CATEGORIES[name].experimental) for name in LEARNT}
    assert documented(ROOT / file) == shipped


def test_pulled_models_count_from_where_the_document_says() -> None:
    text = (ROOT / "docs" / "models.md").read_text("utf-8")
    assert f"The threshold of {prompts.CategoryPrompts((), ()).threshold} is a guess" in text
    assert f"counted from {nudity.THRESHOLD};" in text


def test_a_face_counts_from_where_the_document_says() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    settings = Settings(Path())
    assert f"me_similarity = {settings.me_similarity} " in text
    assert f"maybe_similarity = {settings.maybe_similarity} " in text
