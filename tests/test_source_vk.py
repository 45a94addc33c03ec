"""VK's archive as VK writes it, in windows-1251."""

from __future__ import annotations

from made_up_archives import MadeUpFiles
from miniature_archives import fixture
from untag.sources.readers.vk import READER


def test_pages_are_read_in_the_encoding_of_vk() -> None:
    files = fixture("vk")["files"]
    encoded = {name: page.encode("cp1251") for name, page in files.items() if isinstance(page, str)}
    assert READER.describe(MadeUpFiles(encoded)).absent == READER.describe(MadeUpFiles(files)).absent
