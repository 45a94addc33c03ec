"""The public API: complete, light to import, and doing what the commands do."""

from __future__ import annotations

import ast
import csv
import dataclasses
import inspect
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

import fakes
import untag
from fakes import MAYBE, ME, STRANGER, Square, paint
from test_boundaries import HEAVY
from untag.store import Store

SOURCE = Path(untag.__file__).read_text("utf-8")


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def imported_for_types() -> dict[str, tuple[str, str]]:
    """What the type checker believes: each public name, the module that it comes from, and what it is called there."""
    (block,) = (node for node in ast.parse(SOURCE).body if isinstance(node, ast.If))
    return {
        alias.asname or alias.name: (str(node.module), alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_all_names_exist_and_there_are_no_others() -> None:
    assert len(set(untag.__all__)) == len(untag.__all__)
    for name in untag.__all__:
        assert getattr(untag, name) is not None
    assert dir(untag) == sorted(untag.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        untag.nothing  # noqa: B018


def test_the_type_checker_and_the_program_find_the_same() -> None:
    assert imported_for_types() == untag._LAZY
    errors = {name for name, value in vars(untag.errors).items() if isinstance(value, type)}
    assert set(untag.__all__) == {*untag._LAZY, *errors, "__version__"}


def test_public_names_are_documented() -> None:
    for name in untag.__all__:
        value = getattr(untag, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert inspect.getdoc(value), name
    for name, method in inspect.getmembers(untag.Untag, inspect.isfunction):
        assert name.startswith("_") or inspect.getdoc(method), name


def test_no_public_call_takes_more_than_five_parameters() -> None:
    calls: dict[str, Callable[..., Any]] = dict(inspect.getmembers(untag.Untag, inspect.isfunction))
    calls |= {name: getattr(untag, name) for name in ("open", "inspect", "rescue")}
    for name, call in calls.items():
        assert len([each for each in inspect.signature(call).parameters if each != "self"]) <= 5, name


def test_everything_raised_on_purpose_is_one_tree() -> None:
    for value in vars(untag.errors).values():
        if isinstance(value, type) and issubclass(value, Exception):
            assert issubclass(value, untag.UntagError)
            assert getattr(untag, value.__name__) is value


def test_importing_loads_nothing_heavy() -> None:
    heavy = sorted(HEAVY | {"click", "untag.types"})
    assert run(f"import sys, untag; dir(untag); print(*(set({heavy!r}) & sys.modules.keys()))").split() == []
    assert run("import untag; print(untag.Status.DONE)").strip() == "done"


def test_python_m_untag_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "untag", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"untag, version {untag.__version__}\n")


def test_face_recognition_shows_its_seven_functions() -> None:
    import untag.face_recognition as face_recognition

    assert len(dir(face_recognition)) == 7
    assert dir(face_recognition) == sorted(face_recognition.__all__)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with photos to enrol and to scan; `dlib` is the fake engine."""
    fakes.install(monkeypatch.setattr, fakes.FakeEngine())
    photos = {
        "me/1.png": paint(ME, serial=1),
        "me/2.png": paint(Square(off=0.01), serial=2),
        "photos/drink.png": paint(ME, serial=3, alcohol=0.9),
        "photos/maybe.png": paint(MAYBE, serial=4),
        "photos/other.png": paint(STRANGER, serial=5, weapon=1.0),
    }
    for name, data in photos.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return tmp_path


def names(findings: Iterable[untag.Finding]) -> list[str]:
    return [Path(finding.path).name for finding in findings]


@pytest.fixture
def scanned(folder: Path) -> Iterator[untag.Untag]:
    """An open home in which the photos were scanned."""
    with untag.open(folder / "home") as client:
        client.enroll("me", folder / "me")
        client.scan(folder / "photos", options=untag.ScanOptions(all_scenes=True))
        yield client


def test_a_session(folder: Path) -> None:
    """The example of the module's first page, whole."""
    done: list[int] = []
    with untag.open(str(folder / "home"), jobs=0) as client:
        enrolled = client.enroll("me", [folder / "me"])
        assert [photo.outcome for photo in enrolled.results] == [untag.PhotoUse.USED] * 2
        summary = client.scan([str(folder / "photos")], on_progress=done.append)
        assert (summary.photos, summary.new_findings, done) == (3, 2, [1, 2, 3])
        assert client.scan([folder / "photos"]).new_findings == 0, "the first summary was handed over"
        for finding in client.findings(verdict={"me"}, min_risk=1):
            client.decide(finding, untag.Status.DONE)
        assert names(client.findings(status=untag.Status.DONE)) == ["drink.png"]
        assert names(client.findings(status="open")) == ["maybe.png"]


def test_the_findings_are_those_of_one_moment(scanned: untag.Untag) -> None:
    listed = scanned.findings()
    first = next(listed)
    scanned.decide(list(scanned.findings()), "keep")
    assert [finding.status for finding in [first, *listed]] == ["open", "open"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["drink.png", "maybe.png"]),
        ({"verdict": untag.Verdict}, ["drink.png", "maybe.png", "other.png"]),
        ({"verdict": "maybe"}, ["maybe.png"]),
        ({"category": "alcohol"}, ["drink.png"]),
        ({"category": {"alcohol", untag.Category.WEAPON}, "verdict": list(untag.Verdict)}, ["drink.png", "other.png"]),
        ({"min_risk": 101}, []),
        ({"status": ["done", "keep"]}, []),
        ({"person": "me"}, ["drink.png", "maybe.png"]),
        ({"person": "somebody"}, []),
    ],
)
def test_filters(scanned: untag.Untag, filters: dict[str, Any], expected: list[str]) -> None:
    assert sorted(names(scanned.findings(**filters))) == expected


def test_what_is_riskier_than_asked_for_is_listed(scanned: untag.Untag) -> None:
    (drink,) = scanned.findings(category="alcohol")
    assert names(scanned.findings(min_risk=drink.risk, category="alcohol")) == ["drink.png"]
    assert names(scanned.findings(min_risk=drink.risk + 1, category="alcohol")) == []


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        ({"verdict": "mee"}, "there is no verdict 'mee'; there are me, maybe, other"),
        ({"status": ["gone"]}, "there is no status 'gone'; there are open, keep"),
        ({"category": "alcohool"}, "alcohool"),
    ],
)
def test_a_filter_that_there_is_not(scanned: untag.Untag, filters: dict[str, Any], reason: str) -> None:
    with pytest.raises(untag.UsageError, match=reason):
        scanned.findings(**filters)


def test_a_photo_is_named_in_four_ways(scanned: untag.Untag) -> None:
    (drink,) = scanned.findings(category="alcohol")
    for photo in (drink, drink.path, Path(drink.path), drink.sha256):
        assert scanned.decide(photo, untag.Status.KEEP) == 1
    assert scanned.undo([drink, drink.path]) == 2
    assert scanned.undo(drink.sha256) == 1
    assert scanned.undo(drink) == 1
    assert scanned.undo(drink) == 0


def test_decisions_are_all_recorded_or_none(scanned: untag.Untag) -> None:
    (drink,) = scanned.findings(category="alcohol")
    for unknown in ("nowhere.png", "0" * 64):
        with pytest.raises(untag.UsageError, match="was not scanned yet"):
            scanned.decide([drink, unknown], "keep")
    with pytest.raises(untag.UsageError, match="open"):
        scanned.decide(drink, untag.Status.OPEN)
    with pytest.raises(untag.UsageError, match="there is no status 'kept'"):
        scanned.decide(drink, "kept")
    assert names(scanned.findings(status="open")) == ["drink.png", "maybe.png"]


def test_people_come_and_go(scanned: untag.Untag) -> None:
    assert [(person.person, person.used) for person in scanned.people()] == [("me", 2)]
    reference = scanned.references("me")[0].reference
    assert reference.id is not None
    taken, left = scanned.remove_reference(reference.id)
    assert (taken.sha256, left and left.used) == (reference.sha256, 1)
    assert scanned.forget("me").count == 1
    assert (scanned.people(), list(scanned.findings())) == ([], [])
    with pytest.raises(untag.UsageError, match="nobody called me"):
        scanned.forget("me")
    with pytest.raises(untag.UsageError, match="enroll"):
        scanned.scan(scanned.home)


def test_a_reference_whose_traces_stay_for_now_judges_nothing_any_more(
    scanned: untag.Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (known.reference.id for known in scanned.references("me"))
    assert first is not None and second is not None
    scanned.remove_reference(first)
    assert list(scanned.findings()) != []

    def somebody_reads(_: Store) -> None:
        raise untag.StoreError("another untag has the database open")

    monkeypatch.setattr(Store, "erase_traces", somebody_reads)
    with pytest.raises(untag.StoreError, match="has the database open"):
        scanned.remove_reference(second)
    assert (scanned.people(), list(scanned.findings())) == ([], [])


def test_doubtful_photos_are_stored_only_on_demand(folder: Path) -> None:
    (folder / "stranger.png").write_bytes(paint(STRANGER, serial=6))
    asked: list[untag.Doubts] = []

    def accept(doubts: untag.Doubts) -> bool:
        asked.append(doubts)
        return True

    with untag.open(folder / "home") as client:
        client.enroll("me", folder / "me")
        assert client.enroll("me", folder / "stranger.png").declined
        assert len(client.references("me")) == 2
        assert not client.enroll("me", folder / "stranger.png", options=untag.EnrollOptions(accept=accept)).declined
        assert len(client.references("me")) == 3
    (doubts,) = asked
    assert doubts.paths == (str(folder / "stranger.png"),)


def test_new_findings_stay_new_until_they_are_reported(folder: Path) -> None:
    later = untag.ScanOptions(mark_reported=False)
    with untag.open(folder / "home") as client:
        client.enroll("me", folder / "me")
        client.scan(folder / "photos", options=later)
        summary = client.scan(folder / "photos", options=later)
        assert summary.new_findings == 2
        client.mark_reported(summary)
        assert client.scan(folder / "photos").new_findings == 0


def test_a_scan_can_be_cancelled(folder: Path) -> None:
    cancel = untag.Cancel()
    cancel.set()
    with untag.open(folder / "home") as client:
        client.enroll("me", folder / "me")
        assert client.scan(folder / "photos", options=untag.ScanOptions(cancel=cancel)).interrupted
        assert client.scan(folder / "photos").new_findings == 2


def test_what_is_said_goes_to_the_caller(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    warned: list[str] = []
    with untag.open(folder / "home", on_message=said.append, on_warning=warned.append) as client:
        client.enroll("me", folder / "me")
        client.scan([folder / "photos", folder / "nowhere"])
    assert said == ["scanning on cpu with the engine fake-1"]
    assert len(warned) == 1 and "nowhere" in warned[0]
    assert capsys.readouterr() == ("", "")


def test_exports_have_a_row_for_each_finding(scanned: untag.Untag) -> None:
    as_json, as_csv = io.StringIO(), io.StringIO(newline="")
    assert scanned.export(as_json) == 2
    assert scanned.export(as_csv, "csv", scanned.findings(verdict="me")) == 1
    assert [Path(row["path"]).name for row in json.loads(as_json.getvalue())] == ["drink.png", "maybe.png"]
    (row,) = csv.DictReader(io.StringIO(as_csv.getvalue()))
    assert (Path(row["path"]).name, row["verdict"]) == ("drink.png", "me")
    with pytest.raises(untag.UsageError, match="there is no format 'xml'"):
        scanned.export(as_json, "xml")


def test_a_report_is_written(scanned: untag.Untag, tmp_path: Path) -> None:
    done: list[int] = []
    options = untag.ReportOptions(limit=1)
    written = scanned.report(tmp_path / "r.html", options=options, on_progress=done.append)
    assert (written.shown, written.counts.photos, done) == (1, 2, [1])
    assert scanned.count_pictures() == 2
    assert "drink.png" in (tmp_path / "r.html").read_text("utf-8")


def test_a_backup_brings_back_people_and_decisions(scanned: untag.Untag, folder: Path) -> None:
    scanned.decide(folder / "photos" / "drink.png", "not-me")
    assert scanned.backup(folder / "saved.jsonl") == 3
    with untag.open(folder / "new") as other:
        restored = other.restore(folder / "saved.jsonl")
        assert (restored.merged.references, restored.merged.decisions) == (2, 1)
        assert [person.used for person in other.people()] == [2]
        other.scan(folder / "photos")
        assert names(other.findings(status="not-me")) == ["drink.png"]


def test_a_backup_comes_back_where_all_of_it_is_already(scanned: untag.Untag, folder: Path) -> None:
    scanned.enroll("me", folder / "me", options=untag.EnrollOptions(called=("Ana",)))
    scanned.backup(folder / "saved.jsonl")
    merged = scanned.restore(folder / "saved.jsonl").merged
    assert (merged.references, merged.names, merged.decisions) == (0, 0, 0)


def test_inspect_stores_nothing(folder: Path) -> None:
    seen = list(untag.inspect(folder / "photos", folder / "home"))
    assert [len(each.faces) for each in seen] == [1, 1, 1]
    assert all(each.scenes is not None and each.matches is None for each in seen)
    assert not (folder / "home").exists()
    with pytest.raises(untag.UsageError, match="no such file"):
        list(untag.inspect("nowhere.jpg", folder / "home"))


def test_sources_and_counts(scanned: untag.Untag, folder: Path) -> None:
    (summary,) = scanned.sources(folder / "photos").summaries
    assert (summary.source, summary.photos) == ("folder", 3)
    assert scanned.count_photos([folder / "photos", folder / "me"]) == 5
    with pytest.raises(untag.UsageError, match="there is no source 'myspace'"):
        scanned.sources(folder, "myspace")


def test_photos_are_searched_in_words(scanned: untag.Untag) -> None:
    found = scanned.search("a beer zzzqqq", limit=5)
    assert [Path(hit.path).name for hit in found.hits] == ["drink.png"]
    assert (found.searched, found.passed_over, found.unknown) == (1, 0, ("zzzqqq",))


def test_evaluation(scanned: untag.Untag, folder: Path) -> None:
    (folder / "pairs.csv").write_text("left,right,same\nme/1.png,me/2.png,1\nme/1.png,photos/other.png,0\n")
    done: list[int] = []
    result = scanned.evaluate("pairs", folder / "pairs.csv", on_progress=done.append)
    figures = dataclasses.asdict(result.figures)
    assert (figures["pairs"], figures["accuracy"]) == (2, 1.0)
    assert scanned.count_labelled("pairs", folder / "pairs.csv") == len(done) == 3
    with pytest.raises(untag.UsageError, match="there is no evaluation of 'dogs'"):
        scanned.evaluate("dogs", folder / "pairs.csv")


def test_categories_say_who_judges_them(scanned: untag.Untag) -> None:
    listed = {status.name: status for status in scanned.categories()}
    assert list(listed)[: len(untag.Category)] == list(untag.Category)
    assert listed["alcohol"].judged_by is untag.JudgedBy.MEASURED
    assert listed["location"].judged_by is untag.JudgedBy.METADATA
    assert scanned.flagged_per_1000 > 0
    for status in listed.values():
        assert (status.threshold is None) == (status.judged_by in ("unavailable", "unusable"))


def test_a_category_is_taught_in_words_and_forgotten(folder: Path) -> None:
    with untag.open(folder / "home", thresholds={"alcohol": 0.7}) as client:
        learnt = client.teach("band", words="musicians with guitars on a stage")
        assert (learnt.taught.name, client.taught_names()) == ("band", ("band",))
        statuses = {status.name: status for status in client.categories()}
        assert statuses["band"].judged_by is untag.JudgedBy.TAUGHT
        assert statuses["alcohol"].threshold == 0.7
        client.forget_category("band")
        assert client.taught_names() == ()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"enginee": "dlib"}, "untag.open: unknown setting 'enginee'; did you mean 'engine'"),
        ({"home": "x"}, "multiple values|unknown setting 'home'"),
        ({"device": "abacus"}, "untag.open: device must be one of auto"),
        ({"jobs": -1}, "jobs must be a whole number"),
        ({"jobs": 1000}, "1000 is too many"),
        ({"me_similarity": 0.2}, r"untag.open: maybe_similarity \(0.5\) must not be above"),
        ({"thresholds": {"nothing": 1}}, "thresholds has no category 'nothing'"),
    ],
)
def test_settings_are_checked_as_those_of_the_file_are(tmp_path: Path, settings: dict[str, Any], reason: str) -> None:
    with pytest.raises((untag.UsageError, TypeError), match=reason):
        untag.open(tmp_path, **settings)


def test_a_home_may_begin_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("UNTAG_HOME", str(tmp_path / "other"))
    assert untag.open("~/here").home == tmp_path / "here"
    assert untag.open(Path("~/here")).home == Path("~/here"), "a Path is taken as it is"
    assert untag.open("~nobody-of-this-name/here").home == Path("~nobody-of-this-name/here")
    assert untag.open().home == tmp_path / "other"


def test_a_closed_home_opens_again(scanned: untag.Untag) -> None:
    scanned.close()
    assert len(scanned.people()) == 1


def test_downloads_are_planned_without_the_network(tmp_path: Path) -> None:
    with untag.open(tmp_path / "home") as client:
        planned = client.plan_downloads()
        assert planned and all(file.address.startswith("https://") for file in planned)
        assert {status.state for status in client.models() if "yunet" in status.weights.name} == {"not installed"}
    assert [each.name for each in untag.model_sets() if each.recommended] == ["yunet+0095"]
