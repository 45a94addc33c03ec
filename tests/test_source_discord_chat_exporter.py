"""DiscordChatExporter: what is taken for an export, and addresses and times that are none."""

from __future__ import annotations

from typing import Any

import pytest

from made_up_archives import MadeUpFiles
from miniature_archives import JPEG, fixture
from untag.sources.readers.discord_chat_exporter import READER
from untag.types import LinkConfidence

NAME = "Pond - lake [31].json"
PHOTO = f"{NAME}_Files/a.jpg"


def described(guild: Any = "30", message: Any = "41", timestamp: Any = None, url: str = PHOTO) -> Any:
    sent = {"id": message, "timestamp": timestamp, "author": {"name": "bea"}, "attachments": [{"url": url}]}
    value = {"guild": {"id": guild}, "channel": {"id": "31"}, "messages": [sent]}
    return READER.describe(MadeUpFiles({NAME: value, PHOTO: JPEG})).origins[PHOTO]


@pytest.mark.parametrize("other", ["holiday/a.jpg", "takeout/x.json"])
def test_a_folder_that_holds_other_folders_is_no_export(other: str) -> None:
    files = fixture("discord_chat_exporter")["files"]
    assert READER.sniff(MadeUpFiles(files))
    assert not READER.sniff(MadeUpFiles({**files, other: JPEG}))


@pytest.mark.parametrize("wrong", [{"guild": None}, {"guild": "x/y"}, {"message": "../1"}, {"message": 1.5}])
def test_no_link_is_made_of_what_is_no_number(wrong: dict[str, Any]) -> None:
    origin = described(**wrong)
    assert (origin.permalink, origin.permalink_confidence) == (None, LinkConfidence.NONE)
    assert origin.poster == "bea"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-07-01T23:30:00.1234567-02:00", "2024-07-02T01:30:00+00:00"),
        ("2024-07-01T23:30:00", "2024-07-01T23:30:00"),
        ("0001-01-01T00:00:00+00:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("yesterday", None),
        (17, None),
    ],
)
def test_times_are_in_utc_where_a_zone_is_written(written: Any, expected: str | None) -> None:
    assert described(timestamp=written).posted_at == expected
