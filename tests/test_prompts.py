"""The prompts: what ships, what the user's file replaces, and where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from untag.errors import UsageError
from untag.scenes.prompts import ASKED, load_prompts


def write(home: Path, text: str) -> Path:
    (home / "prompts.toml").write_text(text)
    return home


def test_what_ships_asks_about_every_category_that_a_photo_can_show(tmp_path: Path) -> None:
    prompts = load_prompts(tmp_path)
    assert set(prompts.categories) == set(ASKED)
    for name, asked in prompts.categories.items():
        assert len(asked.prompts) >= 3, name
        assert len(asked.negatives) >= 3, name
    assert len(prompts.phrases) == len(set(prompts.phrases))


def test_the_user_replaces_a_category_as_a_whole_and_switches_one_off(tmp_path: Path) -> None:
    shipped = load_prompts(tmp_path)
    own = load_prompts(
        write(tmp_path, '[alcohol]\nprompts = ["a keg", "a keg"]\nthreshold = 0\n[drugs]\nprompts = []\n')
    )
    assert own.categories["alcohol"].prompts == ("a keg",)
    assert own.categories["alcohol"].negatives == ()
    assert own.categories["alcohol"].threshold == 0
    assert own.categories.keys() == shipped.categories.keys() - {"drugs"}
    assert own.templates == shipped.templates
    assert own.categories["weapon"] == shipped.categories["weapon"]
    assert shipped.own == frozenset()
    assert own.own == {"alcohol"}


@pytest.mark.parametrize(
    "text",
    [
        'templates = ["{}"]',
        'negatives = ["a wall"]',
        '[bar]\nprompts = ["a saloon"]',
        '[bar]\nprompts = ["a pub"]\nnegatives = ["a church"]',
    ],
)
def test_whatever_changes_scores_changes_the_digest(tmp_path: Path, text: str) -> None:
    assert load_prompts(tmp_path).digest != load_prompts(write(tmp_path, text)).digest


def test_a_threshold_changes_no_score(tmp_path: Path) -> None:
    low = load_prompts(write(tmp_path, '[bar]\nprompts = ["a pub"]\nthreshold = 0.1')).digest
    assert low == load_prompts(write(tmp_path, '[bar]\nprompts = ["a pub"]\nthreshold = 0.9')).digest


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        ("[bar]\nprompts = [a pub]\n", "Invalid value", "line 2, column 12"),
        ("\n[wine]\nprompts = []", "'wine' is nothing to ask about", "line 2, column 2"),
        ("[location]\nprompts = []", "'location' is nothing to ask about", "line 1, column 2"),
        ('[bar]\nprompts = ["a pub"]\n\n  treshold = 1', "'treshold' is none of", "line 4, column 3"),
        ('[bar]\nprompts = "a pub"', "prompts must be a list", "line 2, column 1"),
        ('[crowd]\nprompts = ["x"]\n[bar]\nprompts = [" "]', "prompts must be a list", "line 4, column 1"),
        ('[bar]\nprompts = ["a pub"]\nthreshold = true', "from 0 to 1, not True", "line 3, column 1"),
        ('[bar]\nprompts = ["a pub"]\nthreshold = 1.5', "from 0 to 1, not 1.5", "line 3, column 1"),
        ('[bar]\nnegatives = ["a pub"]', "bar has no prompts", "line 1, column 2"),
        ('[bar]\nprompts = ["a pub"]\nnegatives = ["a pub"]', "a prompt and a negative", "line 1, column 2"),
        ('bar = "a pub"', "bar must be a table", "line 1, column 1"),
        ('bar = {prompts = ["a pub"], threshold = 2}', "from 0 to 1, not 2", "line 1, column 29"),
        ('# here\ntemplates = ["a photo"]', "needs one {}", "line 2, column 1"),
        ("templates = []", "at least one template", "line 1, column 1"),
        ('negatives = []\n[bar]\nprompts = ["a pub"]', "nothing to be told from", "line 2, column 2"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, problem: str, place: str) -> None:
    with pytest.raises(UsageError, match=problem) as raised:
        load_prompts(write(tmp_path, text))
    assert place in str(raised.value)
    assert "prompts.toml" in str(raised.value)


def test_a_file_that_cannot_be_read_is_no_reason_to_ask_what_ships(tmp_path: Path) -> None:
    (tmp_path / "prompts.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"prompts\.toml cannot be read"):
        load_prompts(tmp_path)
