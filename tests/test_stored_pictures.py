"""Lists, reports and exports of more findings than memory should hold: the same as of a few, and no memory for more."""

from __future__ import annotations

import io
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from untag.cli.terminal import draw_lines
from untag.config import Settings
from untag.findings.counting import Group, HeldPictures, Pictures, count, fold
from untag.findings.filters import EVERYTHING, FindingFilter, Sort
from untag.library import stored_pictures
from untag.library.exporting import export_photos
from untag.library.listing import list_findings
from untag.library.options import EXPORT
from untag.library.stored_pictures import open_pictures
from untag.reports import table_lines, write_csv, write_json
from untag.reports.html import write_report
from untag.reports.summary import report_summary
from untag.store import Store, findings
from untag.types import Status

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.made_up_findings import make_findings

FILES = 500
FILTERS = {
    "all": EVERYTHING,
    "to do": FindingFilter(),
    "by date": replace(EVERYTHING, sort=Sort.DATE),
    "by poster": replace(EVERYTHING, sort=Sort.POSTER),
    "of one": FindingFilter(persons=frozenset({"Zoë Roe"}), categories=frozenset({"party"})),
    "decided": FindingFilter(statuses=frozenset({Status.DONE, Status.KEEP}), verdicts=None),
    "none": FindingFilter(persons=frozenset({"nobody"})),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    home = tmp_path_factory.mktemp("findings") / "home"
    make_findings(home, FILES)
    with Store.open(home) as store:
        yield store


@pytest.fixture(autouse=True)
def nothing_is_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_pictures, "_FEW", 0)


def folded(store: Store, wanted: FindingFilter) -> list[Group]:
    """All at once, from the findings themselves."""
    return fold(findings(store, wanted), in_order=True)


@pytest.mark.parametrize("which", FILTERS)
def test_they_are_the_findings_folded(store: Store, which: str) -> None:
    expected = folded(store, FILTERS[which])
    with open_pictures(store, FILTERS[which]) as pictures:
        assert len(pictures) == len(expected) and (len(expected) > 20 or which == "none")
        assert list(pictures) == expected
        assert list(pictures) == expected, "as often as is wanted"
        some = list(range(0, len(expected), 3))[::-1]
        assert list(pictures.take(some)) == [expected[number] for number in some]
    for limit, offset in ((7, 0), (7, 5), (1, len(expected)), (0, 0), (10_000, 3)):
        with open_pictures(store, replace(FILTERS[which], limit=limit, offset=offset)) as pictures:
            assert list(pictures) == expected[offset : offset + limit]


def test_there_are_copies_and_other_decisions_to_fold(store: Store) -> None:
    groups = folded(store, EVERYTHING)
    assert count(findings(store)).copies > FILES / 5
    assert len({group.finding.picture for group in groups}) < len(groups), "one picture of two decisions"


def test_what_is_decided_meanwhile_changes_nothing(tmp_path: Path) -> None:
    make_findings(tmp_path / "home", 60)
    with Store.open(tmp_path / "home") as store, open_pictures(store, FindingFilter()) as pictures:
        before = list(pictures)
        with store.transaction():
            store.execute("DELETE FROM findings")
        assert list(pictures) == before != []


@pytest.mark.parametrize("width", [None, 60, 140])
def test_a_table_is_the_same_as_of_all_at_once(store: Store, width: int | None) -> None:
    def drawn(groups: Pictures) -> str:
        stream = io.StringIO()
        draw_lines(lambda room: table_lines(groups, room), stream, terminal=width is not None, width=width)
        return stream.getvalue()

    with open_pictures(store, EVERYTHING) as pictures:
        assert drawn(pictures) == drawn(HeldPictures(folded(store, EVERYTHING)))


def test_the_columns_are_as_wide_as_what_is_in_them(store: Store) -> None:
    """With the names of people only where there are several."""
    for persons in (frozenset[str](), frozenset({"Zoë Roe"})):
        with open_pictures(store, replace(EVERYTHING, persons=persons)) as pictures:
            header, *lines = (line.plain for line in table_lines(pictures, None))
        told = [line[header.index("Who") : header.index("Categories")] for line in lines if line[:1].isalpha()]
        assert max(len(one.rstrip()) for one in told) + 2 == len(told[0])
        assert any("Zoë Roe" in one for one in told) == (not persons)


@pytest.mark.parametrize("limit", [None, 1, 40, 10_000])
def test_a_report_is_the_same_as_of_all_at_once(store: Store, tmp_path: Path, limit: int | None) -> None:
    def written(pictures: Pictures) -> bytes:
        output = tmp_path / "report.html"
        write_report(pictures, output, home=tmp_path, thumbnail=lambda _: None, made_at="now", limit=limit)
        return output.read_bytes()

    with open_pictures(store, EVERYTHING) as pictures:
        assert written(pictures) == written(HeldPictures(fold(findings(store))))


def test_a_summary_does_not_depend_on_the_order(store: Store) -> None:
    by_importance = fold(findings(store))
    common = Counter(name for group in by_importance for name in group.finding.categories).most_common()
    for groups in (by_importance, by_importance[::-1], folded(store, EVERYTHING)):
        found = report_summary(groups)
        assert list(found.categories.items()) == common
        assert found.counts == count(findings(store))


def test_a_report_that_fails_leaves_the_old_one(store: Store, tmp_path: Path) -> None:
    output = tmp_path / "report.html"
    output.write_text("the old one")

    def fails(_: object) -> None:
        raise KeyboardInterrupt

    with open_pictures(store, EVERYTHING) as pictures, pytest.raises(KeyboardInterrupt):
        write_report(pictures, output, home=tmp_path, thumbnail=fails, made_at="now")
    assert output.read_text() == "the old one"


def listed(store: Store, tmp_path: Path) -> None:
    with open_pictures(store, EVERYTHING) as pictures:
        for _ in table_lines(pictures, 100):
            pass


def reported(store: Store, tmp_path: Path) -> None:
    with open_pictures(store, EVERYTHING) as pictures:
        write_report(
            pictures, tmp_path / "r.html", home=tmp_path, thumbnail=lambda _: None, made_at="", limit=20,
            replace_worse=True,
        )  # fmt: skip


def exported(store: Store, tmp_path: Path) -> None:
    with open_pictures(store, EVERYTHING) as pictures:
        export_photos(store, Settings(tmp_path / "home"), pictures, tmp_path / "out", EXPORT, lambda: None)


class Nowhere:
    def write(self, text: str) -> int:
        return len(text)


def as_json(store: Store, tmp_path: Path) -> None:
    write_json(list_findings(store, EVERYTHING), Nowhere())


def as_csv(store: Store, tmp_path: Path) -> None:
    write_csv(list_findings(store, EVERYTHING), Nowhere())


def all_held(store: Store, tmp_path: Path) -> None:
    HeldPictures(folded(store, EVERYTHING))


def growth(command: Callable[[Store, Path], None], tmp_path: Path) -> float:
    """How many bytes more the command takes for each finding more."""
    few, many = 400, 2400
    peaks = {}
    (tmp_path / "first").mkdir()
    for files in (few, many):
        make_findings(tmp_path / f"{files}", files, str(tmp_path / "archive"))
        with Store.open(tmp_path / f"{files}") as store:
            command(store, tmp_path / "first")
            tracemalloc.start()
            command(store, tmp_path)
            peaks[files] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    return (peaks[many] - peaks[few]) / (many - few)


@pytest.mark.parametrize("command", [listed, reported, exported, as_json, as_csv])
def test_memory_does_not_grow_with_the_findings(
    command: Callable[[Store, Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What may be held is a number for each, its path where it cannot be read, and caches that are not yet full."""
    # Rich keeps the widths of thousands of texts.
    monkeypatch.setattr("untag.reports.table.cell_len", len)
    assert growth(command, tmp_path) < 600


def test_it_grows_where_all_are_held(tmp_path: Path) -> None:
    assert growth(all_held, tmp_path) > 1800
