"""What sites wrote is read in bounded time and memory, however it is made."""

from __future__ import annotations

import json
import tracemalloc
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import Untag
from made_up_archives import MadeUpFiles
from untag.errors import ReadFailure
from untag.imaging.limits import DEFAULT_LIMITS
from untag.sources import text
from untag.sources.html_tokens import End, Start, Token, Words, tokens
from untag.sources.readers import READERS, gallery_dl, meta_html
from untag.sources.readers.meta_html import parse_page
from untag.sources.readers.meta_media import MediaIndex
from untag.sources.summary import survey
from untag.sources.text import json_memory, parse_json
from untag.types import Outcome

JPEG = b"\xff\xd8\xff\xe0" + bytes(60)

# --- JSON -----------------------------------------------------------------------------------------------------------

_VALUES = ("[]", "{}", "[[[]]]", '{"a":1}', "1234567", "1.5", '"ab"', '""', '"' + "x" * 400 + '"', '"привет"', '"😀"')


@pytest.mark.parametrize(
    "value", [*_VALUES, '{"id":1,"text":[{"type":"plain","text":"hello"}],"from":"Ana"}', "unique"]
)
def test_what_json_will_take_is_foreseen(value: str) -> None:
    listed = [f'{{"{number:07}":0}}' if value == "unique" else value for number in range(20_000)]
    data = f"[{','.join(listed)}]".encode()
    tracemalloc.start()
    try:
        kept = json.loads(data)
        _, taken = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kept) == 20_000
    assert 0.8 * taken <= json_memory(data) <= 4 * taken or value == '""'


def test_six_million_entries_are_refused_before_they_are_made() -> None:
    data = b"[" + b"{}," * 6_000_000 + b"{}]"
    tracemalloc.start()
    try:
        with pytest.raises(ReadFailure, match="more than 512 MiB of memory") as caught:
            parse_json(data)
        _, taken = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.outcome is Outcome.TOO_LARGE
    assert taken < len(data)


def test_a_download_with_such_a_file_is_told_of_and_its_photos_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "MOST_JSON_MEMORY", 1024 * 1024)
    (tmp_path / "posts/media").mkdir(parents=True)
    (tmp_path / "posts/media/a.jpg").write_bytes(JPEG)
    (tmp_path / "posts/your_posts_1.json").write_text(json.dumps([{}] * 600_000))
    found = survey([tmp_path], DEFAULT_LIMITS, READERS)
    assert [summary.photos for summary in found.summaries] == [1]
    assert [(Path(error.path).name, error.outcome) for error in found.unreadable] == [
        ("your_posts_1.json", Outcome.TOO_LARGE)
    ]


def test_lines_of_json_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MOST_JSON_MEMORY", 1024 * 1024)
    line = json.dumps({"category": "instagram", "subcategory": "posts"}) + "\n"
    description = gallery_dl.READER.describe(MadeUpFiles({"a.jsonl": line * 50_000, "a.jpg": JPEG}))
    assert [error.outcome for error in description.errors] == [Outcome.TOO_LARGE]


def test_any_number_of_photos_without_a_copy_is_recorded(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("untag.scan.stages._WITHOUT_FILE_TOGETHER", 7)
    untag.enroll()
    link = "https://www.facebook.com/photo.php?fbid="
    entries = [
        {"fb_url": f"{link}{number}", "media_url": f"a_{number}_b", "user_name": "Bea"} for number in range(1, 100)
    ]
    untag.add("tagged.json", json.dumps({"tagged": entries}).encode())
    for _ in range(2):
        assert untag.scan()["told"] == 99


# --- HTML -----------------------------------------------------------------------------------------------------------

_NEVER_CLOSED = (
    *("<", "<a", "<a ", '<a b="', "<a b='x\">", "</", "</a "),
    *("<!", "<!--", "<?", "<![CDATA[", "<script>", "&"),
)


@pytest.mark.parametrize("piece", [*_NEVER_CLOSED, '<div class="_a6-g">', "<b>x", "<title>", "<table>"])
def test_a_page_that_repeats_itself_is_read_in_one_go(piece: str) -> None:
    """Python's own parser takes from a quarter of an hour to days for most of these."""
    page = parse_page((piece * (1_000_000 // len(piece))).encode())
    assert page.blocks == ()


def test_only_so_many_tags_are_read_and_the_rest_is_told_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(meta_html, "MOST_TAGS", 20)
    (tmp_path / "posts/media/album").mkdir(parents=True)
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / "posts/media/album" / name).write_bytes(JPEG)
    blocks = [f'<section>text {name}<p><img src="posts/media/album/{name}"></section>' for name in ("1.jpg", "2.jpg")]
    (tmp_path / "posts/your_posts_1.html").write_text(blocks[0] + "<br>" * 30 + blocks[1])
    found = survey([tmp_path], DEFAULT_LIMITS, READERS)
    assert [(Path(error.path).name, error.outcome) for error in found.unreadable] == [
        ("your_posts_1.html", Outcome.TOO_LARGE)
    ]
    assert sum(summary.photos for summary in found.summaries) == 2


def test_words_that_many_pictures_share_are_kept_once() -> None:
    pictures = "".join(f'<img src="posts/media/{number}.jpg">' for number in range(3000))
    words = "caption " * 3000
    page = parse_page(f'<div class="_a6-g"><div>{words}{pictures}</div></div>'.encode())
    captions = [picture.caption for block in page.blocks for picture in block.pictures]
    assert len(captions) == 3000
    assert captions[0] == words.strip()
    assert len({id(caption) for caption in captions}) == 1


_TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="<>&\"'="), min_size=1, max_size=9)
_TAGS = st.sampled_from(["div", "p", "a", "b", "img", "span"])
_PIECES = (
    _TEXTS
    | st.sampled_from(
        ["&amp;", "&#233;", "&lt;", " ", "\n", "<br>", "<br/>", "<!-- a > b -->", "<!doctype html>", "a < b"]
    )
    | st.builds("<{}>".format, _TAGS)
    | st.builds("</{}>".format, _TAGS)
    | st.builds("<{} class=\"{}\" HREF='{}' x>".format, _TAGS, _TEXTS, _TEXTS)
    | st.builds("<script>{}<b></script>".format, _TEXTS)
)


class _Standard(HTMLParser):
    """What Python's own parser says of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Token] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(Start(tag, {name: value for name, value in attrs if value is not None}))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.found.append(End(tag))

    def handle_data(self, data: str) -> None:
        if not (self.found and self.found[-1] == Start("script", {})):
            self.found.append(Words(data))


def _joined(found: list[Token]) -> list[Token]:
    """Texts beside each other as one."""
    joined: list[Token] = []
    for token in found:
        if isinstance(token, Words) and joined and isinstance(joined[-1], Words):
            joined[-1] = Words(joined[-1].text + token.text)
        else:
            joined.append(token)
    return joined


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_a_sound_page_is_read_as_by_python(page: str) -> None:
    parser = _Standard()
    parser.feed(page)
    parser.close()
    assert _joined(list(tokens(page))) == _joined(parser.found)


@given(st.text(st.sampled_from("<>/!-?&;'\"= abA\n"), max_size=60))
def test_a_broken_page_loses_no_words_before_the_break(page: str) -> None:
    found = list(tokens(page))
    whole = page.partition("<")[0]
    if whole and "&" not in whole:
        assert isinstance(found[0], Words)
        assert found[0].text.startswith(whole)


# --- names ----------------------------------------------------------------------------------------------------------


def test_thousands_of_files_of_one_name_are_found_by_their_folders() -> None:
    names = [f"posts/media/album{number}/photo.jpg" for number in range(5000)]
    index = MediaIndex(names)
    assert all(index.find(name) == (name,) for name in names)
    assert index.find("posts/media/album5000/photo.jpg") == ()
