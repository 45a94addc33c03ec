"""Decisions about many photos at once: by filter, from a file, as suggested; and that somebody is you after all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes import CALIBRATION, MAYBE, ME, STRANGER, Untag, paint
from untag.errors import UsageError
from untag.library.decision_file import Row, parse_decisions
from untag.types import Status


@pytest.fixture
def scanned(untag: Untag) -> Untag:
    untag.enroll()
    untag.add("drink.png", paint(ME, serial=1, alcohol=0.9))
    untag.add("drink copy.png", paint(ME, serial=1, alcohol=0.9))
    untag.add("plain.png", paint(ME, serial=2))
    untag.add("perhaps.png", paint(MAYBE, serial=3))
    untag.add("nobody.png", paint(serial=4, alcohol=0.9))
    untag.add("stranger.png", paint(STRANGER, serial=5))
    untag.scan()
    return untag


def statuses(untag: Untag) -> dict[str, object]:
    return {Path(str(one["path"])).stem: one["status"] for one in untag.listed("--status", "all")}


def test_all_of_a_filter_are_decided_when_the_user_says_so(scanned: Untag) -> None:
    asked = scanned.run("decide", "--category", "alcohol", "--status", "untag")
    assert (asked.status, "1 photo; say --yes" in asked.err, "drink" in asked.err) == (2, True, True), asked.err
    assert set(statuses(scanned).values()) == {"open"}
    done = scanned.run("decide", "--category", "alcohol", "--status", "untag", "--yes")
    assert (done.status, done.err.splitlines()[0]) == (0, "recorded 1 decision")
    assert "nobody is known who could be written to" in done.err, "no letter would come of it"
    assert " act" in done.err.splitlines()[-1]
    assert statuses(scanned) == {"drink": "untag", "drink copy": "untag", "plain": "open", "perhaps": "open"}
    assert scanned.run("decide", "--verdict", "maybe", "--status", "not-me", "--yes").status == 0
    assert scanned.run("decide", "--verdict", "maybe", "--status", "keep", "--yes").err.startswith("there are no such")
    assert scanned.run("decide", "--decided", "not-me", "--undo", "--yes").err == "took back 1 decision\n"
    assert statuses(scanned)["perhaps"] == "open"


def test_what_untag_suggests_is_decided_for_what_is_open(scanned: Untag) -> None:
    scanned.run("decide", "drink.png", "--status", "done")
    assert scanned.run("decide", "--suggested", "--yes").err.startswith("recorded 1 decision\n")
    assert statuses(scanned) == {"drink": "done", "drink copy": "done", "plain": "keep", "perhaps": "open"}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["plain.png"],
        ["--status", "keep"],
        ["plain.png", "--status", "keep", "--undo"],
        ["plain.png", "--status", "keep", "--category", "alcohol"],
        ["plain.png", "--suggested"],
        ["--status", "keep", "--suggested"],
        ["--min-risk", "3", "--status", "open"],
        ["--from", "nowhere.csv", "--status", "keep"],
        ["--since", "yesterday", "--status", "keep", "--yes"],
    ],
)
def test_what_is_not_clear_decides_nothing(scanned: Untag, arguments: list[str]) -> None:
    assert scanned.run("decide", *arguments).status == 2
    assert set(statuses(scanned).values()) == {"open"}


@pytest.mark.parametrize("style", ["csv", "json"])
def test_an_exported_list_is_edited_and_comes_back(scanned: Untag, style: str) -> None:
    scanned.run("decide", "plain.png", "--status", "keep")
    file = scanned.root / f"list.{style}"
    text = scanned.run("list", "--format", style, "--status", "all").out
    unchanged = file.write_text(text, encoding="utf-8", newline="")
    assert unchanged
    same = scanned.run("decide", "--from", file)
    assert (same.status, "3 photos" in same.err, "recorded 0 decisions" in same.err) == (0, True, True), same.err
    if style == "csv":
        rows = text.splitlines()
        drink = next(number for number, row in enumerate(rows) if "drink" in row)
        rows[drink] = rows[drink].replace('"open"', " Request Removal ")
        edited = "\ufeff" + "\r\n".join(rows).replace('"keep"', '"open"')
    else:
        values = json.loads(text)
        for value in values:
            if "drink" in value["path"] and value["duplicate_of"] is None:
                value["status"] = "request-removal"
            if "plain" in value["path"]:
                value["status"] = "open"
        edited = json.dumps(values)
    file.write_text(edited, encoding="utf-8", newline="")
    done = scanned.run("decide", "--from", file)
    assert done.status == 0, done.err
    assert statuses(scanned) == {
        "drink": "request-removal", "drink copy": "request-removal", "plain": "open", "perhaps": "open",
    }  # fmt: skip


def test_a_plain_list_of_photos(scanned: Untag) -> None:
    file = scanned.root / "photos.txt"
    ids = {Path(str(one["path"])).name: one["id"] for one in scanned.listed()}
    file.write_text(f"# mine\n\n{ids['perhaps.png']}\r\n  plain.png\n{scanned.photos / 'plain.png'}\n")
    assert scanned.run("decide", "--from", file).status == 2, "no status is said"
    assert scanned.run("decide", "--from", file, "--status", "keep").err.startswith("recorded 2 decisions\n")
    assert {name for name, status in statuses(scanned).items() if status == "keep"} == {"perhaps", "plain"}
    assert scanned.run("decide", "--from", file, "--undo").err == "took back 2 decisions\n"
    file.write_text("plain.png\nno such photo.png\n")
    wrong = scanned.run("decide", "--from", file, "--status", "keep")
    assert (wrong.status, "line 2" in wrong.err) == (2, True), wrong.err
    assert set(statuses(scanned).values()) == {"open"}, "all or none"


@pytest.mark.parametrize("name", ["", "  "])
@pytest.mark.parametrize("command", [("open", "--print"), ("decide", "--status", "keep")])
def test_an_empty_name_is_told_as_such(scanned: Untag, command: tuple[str, ...], name: str) -> None:
    wrong = scanned.run(*command, name)
    assert (wrong.status, "an empty name is that of no photo" in wrong.err) == (2, True), wrong.err


def test_two_rows_of_one_photo_that_differ_are_refused(scanned: Untag) -> None:
    file = scanned.root / "list.csv"
    file.write_text("path;status\ndrink.png;keep\ndrink copy.png;untag\n")
    wrong = scanned.run("decide", "--from", file)
    assert (wrong.status, "lines 2 and 3" in wrong.err) == (2, True), wrong.err


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"zzzz\n\n#x\n", [Row(1, "zzzz", None)]),
        (b"id\nzzzz\n", [Row(2, "zzzz", None)]),
        (b'id,status\nzzzz,"KEEP"\n,\n', [Row(2, "zzzz", Status.KEEP)]),
        ("path\tStatus\n\u00fc.jpg\tnot me\n".encode("utf-16"), [Row(2, "\u00fc.jpg", Status.NOT_ME)]),
        ("status;path\nkeep;\u00fc.jpg\n".encode("cp1252"), [Row(2, "\u00fc.jpg", Status.KEEP)]),
        (b'id,caption,status\nz,"two\nlines",done\ny,,open\n', [Row(2, "z", Status.DONE), Row(4, "y", Status.OPEN)]),
        (b'[{"id": "z", "status": null}, "y.jpg"]', [Row(1, "z", None), Row(2, "y.jpg", None)]),
        (b"https://x.example/1,2?a=b\n", [Row(1, "https://x.example/1,2?a=b", None)]),
        (b'"a, b.jpg"\n', [Row(1, "a, b.jpg", None)]),
        (b"sep=;\r\nid;status\r\nz;keep\r\n", [Row(3, "z", Status.KEEP)]),
        ("\ufeffsep=;\nid;status\nz;keep\n".encode(), [Row(3, "z", Status.KEEP)]),
        ('"SEP=\t"\nid\tstatus\nz\tkeep\n'.encode("utf-16"), [Row(3, "z", Status.KEEP)]),
        (b"sep=|\nid|status\nz|keep\n", [Row(3, "z", Status.KEEP)]),
        (b"sep=,\nid;status\nz;keep\n", [Row(3, "z", Status.KEEP)]),
        (b"sep=;\nid\nz\n", [Row(3, "z", None)]),
        (b"# mine\n\n;;\nid;status\nz;keep\n", [Row(5, "z", Status.KEEP)]),
        (b"# id,status\n\nzzzz\n", [Row(3, "zzzz", None)]),
        (b"#,id,status\n1,z,keep\n", [Row(2, "z", Status.KEEP)]),
        (b"path,status\n#party.jpg,keep\n", [Row(2, "#party.jpg", Status.KEEP)]),
        (b"\n\n# nothing\n", []),
    ],
)
def test_files_of_decisions(data: bytes, expected: list[Row]) -> None:
    assert parse_decisions(data) == expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"id,status\nz,kept\n", "line 2: there is no status 'kept'"),
        (b"id,status\n,keep\n", "line 2 names no photo"),
        (b"sep=,\n# mine\nid,status\nz,kept\n", "line 4: there is no status 'kept'"),
        (b"[1]", "entry 1"),
        (b"[" * 200_000, "nested too deep|is none"),
        (b"[{]", "is none"),
        (b'[{"status": "keep"}]', "names no photo"),
    ],
)
def test_what_is_no_file_of_decisions(data: bytes, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_decisions(data)


def test_is_me_makes_a_finding_where_no_face_was_found(scanned: Untag) -> None:
    assert "nobody" not in statuses(scanned)
    assert scanned.run("decide", "nobody.png", "--status", "is-me").status == 0
    (found,) = [one for one in scanned.listed() if "nobody" in str(one["path"])]
    assert (found["verdict"], found["status"], found["person"]) == ("me", "is-me", "me")
    assert found["reasons"][0] == "you said that it shows you"  # type: ignore[index]
    scanned.scan()
    (found,) = [one for one in scanned.listed() if "nobody" in str(one["path"])]
    assert found["categories"], "the next scan judges what it shows"
    assert scanned.run("decide", "nobody.png", "--status", "untag").status == 0
    assert scanned.listed("--status", "untag")[0]["verdict"] == "me", "what else is decided takes nothing back"
    assert scanned.run("decide", "nobody.png", "--undo").status == 0
    assert scanned.run("decide", "nobody.png", "--undo").status == 0
    assert "nobody" not in statuses(scanned)


def another_engine(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    """All is seen anew, by an engine whose embeddings are compared with none before."""
    untag.engine.id = "fake-2"
    table = json.dumps({"engines": {"fake-1": CALIBRATION, "fake-2": CALIBRATION}}).encode()
    monkeypatch.setattr("untag.people.calibrate.read_asset", lambda *_: table)
    untag.enroll()


def test_is_me_lifts_a_doubt_and_not_me_is_for_good(scanned: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scanned.run("decide", "perhaps.png", "--status", "is-me").status == 0
    (found,) = [one for one in scanned.listed() if "perhaps" in str(one["path"])]
    assert (found["verdict"], 0 < float(str(found["similarity"])) < 0.9) == ("me", True)
    assert scanned.run("decide", "perhaps.png", "--status", "not-me").status == 0
    assert "perhaps" not in {Path(str(one["path"])).stem for one in scanned.listed()}
    another_engine(scanned, monkeypatch)
    scanned.add("new.png", paint(ME, serial=9))
    scanned.scan()
    assert statuses(scanned)["perhaps"] == "not-me"
    assert "perhaps" not in {Path(str(one["path"])).stem for one in scanned.listed()}


def test_is_me_outlives_another_engine_and_the_file(scanned: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scanned.run("decide", "nobody.png", "--status", "is-me").status == 0
    another_engine(scanned, monkeypatch)
    scanned.scan()
    assert statuses(scanned)["nobody"] == "is-me"
    (scanned.photos / "nobody.png").unlink()
    scanned.scan()
    assert "nobody" not in statuses(scanned)
    scanned.add("again.png", paint(serial=4, alcohol=0.9))
    scanned.scan()
    (found,) = [one for one in scanned.listed() if "again" in str(one["path"])]
    assert (found["verdict"], found["status"], "alcohol" in str(found["categories"])) == ("me", "is-me", True)


def test_nobody_enrolled_is_nobody_to_be(untag: Untag) -> None:
    untag.enroll()
    untag.add("stranger.png", paint(STRANGER, serial=5))
    untag.scan()
    assert untag.run("forget", "--person", "me").status == 0
    refused = untag.run("decide", "stranger.png", "--status", "is-me")
    assert (refused.status, "nobody is enrolled" in refused.err) == (2, True), refused.err
