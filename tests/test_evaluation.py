"""The figures of `untag evaluate`, on tables small enough to reckon by hand."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from fakes import Square, Untag, paint


def evaluate(untag: Untag, kind: str, table: str, *arguments: str, status: int = 0) -> dict[str, Any]:
    path = untag.add("table.csv", table.encode())
    result = untag.run("evaluate", kind, path, "--json", *arguments)
    assert result.status == status, result.err
    # NaN and infinity are no JSON.
    figures: dict[str, Any] = json.loads(result.out, parse_constant=pytest.fail)
    return figures


def add_faces(untag: Untag) -> None:
    """a1 to a5 of one person, b1 to b3 of another, nobody.png of none."""
    for person, count in (("a", 5), ("b", 3)):
        for number in range(1, count + 1):
            square = Square(person=ord(person) - ord("a"), off=number / 20, seed=number)
            untag.add(f"{person}{number}.png", paint(square, serial=number))
    untag.add("nobody.png", paint(serial=99))


def test_pairs(untag: Untag) -> None:
    add_faces(untag)
    rows = ["a1.png,a2.png,1", "b1.png,b2.png,1", "a1.png,b1.png,0", "a2.png,b3.png,0", "a1.png,nobody.png,1"]
    figures = evaluate(untag, "pairs", "left,right,same\n" + "\n".join(rows) + "\n")
    assert list(figures) == ["pairs", "undetected", "accuracy", "threshold", "auc", "tar_at_far"]
    assert (figures["pairs"], figures["undetected"]) == (5, 1)
    assert figures["accuracy"] == pytest.approx(4 / 5)
    assert figures["auc"] == 1
    assert figures["tar_at_far"] == {"0.001": 1.0, "0.01": 1.0}
    assert 0.3 < figures["threshold"] < 14
    assert untag.engine.analysed[1] == 2  # a1 and b1 share a number; each is read once


def test_pairs_of_one_kind_leave_some_figures_untold(untag: Untag) -> None:
    add_faces(untag)
    figures = evaluate(untag, "pairs", "left,right,same\na1.png,b1.png,0\n")
    assert (figures["accuracy"], figures["threshold"], figures["auc"]) == (1.0, None, None)
    assert figures["tar_at_far"] == {"0.001": None, "0.01": None}


def test_a_pair_means_the_principal_face(untag: Untag) -> None:
    add_faces(untag)
    big, small = Square(person=0, off=0.3, seed=9, side=120), Square(person=1, side=30)
    untag.add("both.png", paint(small, big, serial=50))
    figures = evaluate(untag, "pairs", "left,right,same\nboth.png,a1.png,1\nboth.png,b1.png,0\n")
    assert (figures["accuracy"], figures["auc"]) == (1.0, 1.0)


def test_people(untag: Untag) -> None:
    add_faces(untag)
    rows = [f"a{number}.png,a" for number in range(1, 6)] + [f"b{number}.png,b" for number in range(1, 4)]
    figures = evaluate(untag, "people", "path,person\n" + "\n".join([*rows, "nobody.png,a"]) + "\n")
    assert list(figures)[:5] == ["people", "photos", "no_face", "recall", "false_match"]
    # Three photos enrol a; two more and the one without a face are searched for. All of b are strangers.
    assert (figures["people"], figures["photos"], figures["no_face"]) == (1, 9, 1)
    assert figures["recall"] == pytest.approx(2 / 3)
    assert figures["false_match"] == 0
    assert figures["recall_at_false_match"] == pytest.approx({"0.001": 2 / 3, "0.005": 2 / 3, "0.01": 2 / 3})
    two = evaluate(untag, "people", "path,person\n" + "\n".join(rows) + "\n", "--references", "2")
    assert (two["people"], two["recall"]) == (2, 1.0)


def test_people_without_strangers(untag: Untag, recwarn: pytest.WarningsRecorder) -> None:
    add_faces(untag)
    figures = evaluate(untag, "people", "path,person\n" + "".join(f"a{number}.png,a\n" for number in range(1, 6)))
    assert (figures["recall"], figures["false_match"], figures["false_match_with_maybe"]) == (1.0, None, None)
    assert set(figures["recall_at_false_match"].values()) == {None}
    assert list(recwarn) == []


def test_the_seed_chooses_the_references(untag: Untag) -> None:
    for number in range(1, 6):
        # The fourth is unlike the others, so what is found depends on whether it enrols.
        untag.add(f"a{number}.png", paint(Square(off=0.0 if number != 4 else 2.5, seed=number), serial=number))
    table = "path,person\n" + "".join(f"a{number}.png,a\n" for number in range(1, 6))
    recalls = [evaluate(untag, "people", table, "--seed", str(seed))["recall"] for seed in range(8)]
    assert recalls == [evaluate(untag, "people", table, "--seed", str(seed))["recall"] for seed in range(8)]
    assert len(set(recalls)) > 1


def test_scenes(untag: Untag) -> None:
    scores = {"p1": 0.9, "p2": 0.3, "n1": 0.6, "n2": 0.1, "n3": 0.0, "m1": 0.8}
    for number, (name, score) in enumerate(scores.items()):
        untag.add(f"{name}.png", paint(serial=number, alcohol=score))
    rows = ["p1.png,alcohol|party", "p2.png,alcohol", "n1.png,", "n2.png,party", "n3.png,", "m1.png,alcohol_maybe"]
    figures = evaluate(untag, "scenes", "path,labels\n" + "\n".join(rows) + "\n")
    assert figures["photos"] == 6
    alcohol = figures["categories"]["alcohol"]
    assert list(alcohol) == [
        *("positives", "ap", "auc", "recall_at_precision_90", "recall_at_1_percent_false_alarms"),
        *("recall", "false_alarms_per_1000"),
    ]
    assert alcohol["positives"] == 2
    assert alcohol["ap"] == pytest.approx((1 + 2 / 3) / 2)
    assert alcohol["auc"] == pytest.approx(5 / 6)
    assert alcohol["recall_at_precision_90"] == pytest.approx(1 / 2)
    assert alcohol["recall_at_1_percent_false_alarms"] == pytest.approx(1 / 2)
    assert alcohol["recall"] == pytest.approx(1 / 2)
    assert alcohol["false_alarms_per_1000"] == pytest.approx(1000 / 3)
    weapon = figures["categories"]["weapon"]
    assert (weapon["positives"], weapon["ap"], weapon["recall"]) == (0, None, None)
    assert weapon["false_alarms_per_1000"] == 0
    assert "party" in figures["unavailable"]
    assert "party" not in figures["categories"]


def test_paths_are_relative_to_the_table_or_the_root(untag: Untag) -> None:
    untag.add("deep/a.png", paint(serial=1, alcohol=0.9))
    table = untag.root / "labels.csv"
    table.write_text("path,labels\na.png,alcohol\n", encoding="utf-8-sig")
    result = untag.run("evaluate", "scenes", table, "--root", untag.photos / "deep", "--json")
    assert json.loads(result.out)["photos"] == 1
    assert untag.run("evaluate", "scenes", table, "--json").status == 2


def test_a_photo_that_cannot_be_read_is_listed_and_counts_against(untag: Untag) -> None:
    add_faces(untag)
    untag.add("broken.jpg", b"nothing")
    table = "left,right,same\na1.png,a2.png,1\na1.png,b1.png,0\na1.png,broken.jpg,1\n"
    figures = evaluate(untag, "pairs", table, status=1)
    assert (figures["pairs"], figures["undetected"]) == (3, 1)
    assert figures["accuracy"] == pytest.approx(2 / 3)
    result = untag.run("evaluate", "pairs", untag.photos / "table.csv")
    assert "broken.jpg: not an image" in result.err
    assert "accuracy: 0.66" in result.out


def test_a_photo_that_is_not_there_is_told_with_the_table(untag: Untag) -> None:
    table = untag.add("labels.csv", b"path,labels\nnope.png,alcohol\n")
    result = untag.run("evaluate", "scenes", table)
    assert result.status == 2
    assert "labels.csv names nope.png: no such file" in result.err
    assert "is --root right?" in result.err


def test_figures_in_words(untag: Untag) -> None:
    untag.add("a.png", paint(serial=1, alcohol=0.9))
    untag.add("b.png", paint(serial=2))
    table = untag.add("labels.csv", b"path,labels\na.png,alcohol\nb.png,\n")
    lines = untag.run("evaluate", "scenes", table).out.splitlines()
    assert lines[0] == "photos: 2"
    assert " ".join(lines[1].split()) == (
        "positives ap auc recall at precision 90 recall at 1 percent false alarms recall false alarms per 1000"
    )
    assert lines[2].split() == ["alcohol", "1", "1", "1", "1", "1", "1", "0"]
    assert lines[3].split() == ["weapon", "0", "-", "-", "-", "-", "-", "0"]
    assert lines[-1].startswith("unavailable: party, bar")


def test_a_photo_in_several_rows_has_the_labels_of_all(untag: Untag) -> None:
    untag.add("a.png", paint(serial=1, alcohol=0.9))
    untag.add("b.png", paint(serial=2))
    table = untag.add("labels.csv", b"path,labels\na.png,alcohol\na.png, party | weapon\nb.png,\n")
    result = json.loads(untag.run("evaluate", "scenes", table, "--json").out)
    assert result["photos"] == 2
    assert {name: result["categories"][name]["positives"] for name in ("alcohol", "weapon")} == {
        "alcohol": 1,
        "weapon": 1,
    }


def test_a_wrong_label_is_told_before_any_photo_is_read(untag: Untag) -> None:
    add_faces(untag)
    path = untag.add("table.csv", b"left,right,same\na1.png,a2.png,1\na1.png,nobody.png,maybe\n")
    assert untag.run("evaluate", "pairs", path).status == 2
    assert untag.engine.analysed == {}


@pytest.mark.skipif(os.name == "nt", reason="there is no such device")
def test_what_never_ends_is_no_table(untag: Untag) -> None:
    result = untag.run("evaluate", "pairs", "/dev/zero")
    assert result.status == 2
    assert "/dev/zero is no file" in result.err


def test_labels_are_read_whatever_their_case_and_those_of_no_category_are_told(untag: Untag) -> None:
    for number, name in enumerate("abcd"):
        untag.add(f"{name}.png", paint(serial=number, alcohol=0.9))
    rows = [
        "a.png,Alcohol | ALCOHOL_maybe",
        "b.png, alcohol ",
        "c.png,alchohol|wedding",
        "d.png,alchohol|party|\x1b[2J",
    ]
    table = untag.add("labels.csv", ("path,labels\n" + "\n".join(rows) + "\n").encode())
    result = untag.run("evaluate", "scenes", table, "--json")
    assert json.loads(result.out)["categories"]["alcohol"]["positives"] == 1
    assert "ordinary one: alchohol (2), \\x1b[2j (1), wedding (1)" in result.err
    assert "\x1b" not in result.err


def test_of_a_thousand_labels_a_few_are_told(untag: Untag) -> None:
    untag.add("a.png", paint(serial=1, alcohol=0.9))
    labels = "|".join(f"{number}-{'x' * 60}" for number in range(1000))
    table = untag.add("labels.csv", f"path,labels\na.png,alcohol|{labels}\n".encode())
    result = untag.run("evaluate", "scenes", table, "--json")
    assert "992 more" in result.err
    assert max(map(len, result.err.splitlines())) < 400
    known = untag.add("known.csv", b"path,labels\na.png,alcohol|swimwear|bar_maybe\n")
    assert "ordinary" not in untag.run("evaluate", "scenes", known, "--json").err
