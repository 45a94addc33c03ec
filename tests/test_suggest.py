"""Who is often in some photos: a bounded sample, grouped in memory; of those not chosen nothing stays."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import untag as api
from fakes import ME, STRANGER, FakeEngine, Square, Untag, embedding_of, paint
from untag.config import Settings
from untag.library.options import SuggestOptions
from untag.library.suggesting import suggest_people
from untag.people.calibrate import Calibration
from untag.people.suggest import FaceGroup, SeenFace, best_faces, group_faces
from untag.types import Box, Face

FRIEND = Square(person=3)
CALIBRATION = Calibration(1.0, 0.5, 0.0, 0.0)


@pytest.fixture
def home(untag: Untag) -> Iterator[api.Untag]:
    with api.open(untag.home) as opened:
        yield opened


def fill(untag: Untag, mine: int = 6, friends: int = 3, strangers: int = 2) -> None:
    """An archive in three folders in which one person is most often, one often, and some once."""
    for number in range(mine):
        untag.add(f"a/{number}.png", paint(Square(off=number / 50, seed=number), serial=number))
    for number in range(friends):
        untag.add(f"b/{number}.png", paint(Square(3, off=number / 50, seed=number), serial=100 + number))
    for number in range(strangers):
        untag.add(f"c/{number}.png", paint(Square(10 + number), serial=200 + number))


def people_in(groups: api.FaceGroups) -> list[int]:
    """In how many photos each group is."""
    return [group.photos for group in groups.groups]


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def vector_bytes(seen: api.SeenFace) -> bytes:
    assert seen.face.embedding is not None
    return seen.face.embedding.tobytes()


def test_the_people_of_an_archive_are_groups_the_most_frequent_first(untag: Untag, home: api.Untag) -> None:
    fill(untag)
    groups = home.suggest_people(untag.photos)
    assert people_in(groups) == [6, 3, 1, 1]
    assert {Path(seen.path).parent.name for seen in groups.groups[0].faces} == {"a"}
    assert groups.looked_at == groups.photos == 11 and groups.in_time
    assert all(seen.picture.startswith(b"\xff\xd8") for group in groups.groups for seen in group.faces)


def test_looking_stores_nothing(untag: Untag, home: api.Untag) -> None:
    fill(untag)
    home.suggest_people(untag.photos)
    assert not untag.home.exists()


def test_of_those_who_were_not_chosen_nothing_is_stored(untag: Untag, home: api.Untag) -> None:
    fill(untag)
    groups = home.suggest_people(untag.photos)
    enrolment = home.enroll_groups(groups, [0])
    assert enrolment.known is not None and enrolment.known.used == 6
    home.close()
    stored = everything_in(untag.home)
    # What is looked for would be found: one's own faces are there.
    assert all(vector_bytes(seen) in stored for seen in groups.groups[0].faces)
    for group in groups.groups[1:]:
        for seen in group.faces:
            assert vector_bytes(seen) not in stored
            assert seen.sha256.encode() not in stored and seen.path.encode() not in stored
            assert seen.picture not in stored


def test_who_was_chosen_is_found_by_a_scan(untag: Untag, home: api.Untag) -> None:
    fill(untag)
    home.enroll_groups(home.suggest_people(untag.photos), [0])
    home.close()
    untag.scan()
    assert set(untag.found().values()) == {"me"} and len(untag.found()) == 6


def test_two_groups_can_be_the_same_person(untag: Untag, home: api.Untag) -> None:
    fill(untag)
    groups = home.suggest_people(untag.photos)
    enrolment = home.enroll_groups(groups, [0, 1, 1])
    assert enrolment.known is not None and len(enrolment.known.templates) == 2


def test_what_looks_like_several_people_is_stored_on_a_word_only(untag: Untag, home: api.Untag) -> None:
    for person in range(5):
        for number in range(2):
            untag.add(f"{person}-{number}.png", paint(Square(person, off=number / 50), serial=person * 10 + number))
    groups = home.suggest_people(untag.photos)
    everyone = range(len(groups.groups))
    assert home.enroll_groups(groups, everyone).declined and not home.people()
    said: list[api.Doubts] = []

    def accept(doubts: api.Doubts) -> bool:
        said.append(doubts)
        return True

    assert not home.enroll_groups(groups, everyone, options=api.EnrollOptions(accept=accept)).declined
    assert said[0].reasons and len(home.people()) == 1


@pytest.mark.parametrize("chosen", [[], [4], [-1], [0, 9]])
def test_a_group_that_there_is_not_is_refused(untag: Untag, home: api.Untag, chosen: list[int]) -> None:
    fill(untag)
    groups = home.suggest_people(untag.photos)
    with pytest.raises(api.UsageError, match="choose"):
        home.enroll_groups(groups, chosen)
    assert not untag.home.exists()


def test_a_photo_that_was_copied_counts_once(untag: Untag, home: api.Untag) -> None:
    for folder in "abc":
        untag.add(f"{folder}/me.png", paint(ME, serial=1))
    assert people_in(home.suggest_people(untag.photos)) == [1]


def test_small_and_blurred_faces_are_nobody(untag: Untag, home: api.Untag) -> None:
    untag.add("small.png", paint(Square(side=50), serial=1))
    untag.add("blurred.png", paint(Square(clear=False), serial=2))
    untag.add("landscape.png", paint(serial=3))
    groups = home.suggest_people(untag.photos)
    assert groups.groups == () and groups.faces == 2 and groups.looked_at == 3


def test_a_single_photo_is_enough(untag: Untag, home: api.Untag) -> None:
    path = untag.add("one.png", paint(ME, STRANGER, serial=1))
    groups = home.suggest_people(path)
    assert people_in(groups) == [1, 1]
    known = home.enroll_groups(groups, [0]).known
    assert known is not None and known.used == 1


def test_photos_in_a_zip_file_are_looked_at_where_they_are(untag: Untag, home: api.Untag) -> None:
    path = untag.add("download.zip", b"")
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(3):
            archive.writestr(f"photos/{number}.png", paint(Square(off=number / 50), serial=number))
    assert people_in(home.suggest_people(path)) == [3]


def test_what_cannot_be_read_is_said_and_the_rest_counts(untag: Untag, home: api.Untag) -> None:
    fill(untag)
    untag.add("a/broken.png", b"\x89PNG\r\n\x1a\nnothing")
    groups = home.suggest_people(untag.photos)
    assert [Path(error.path).name for error in groups.unreadable] == ["broken.png"]
    assert people_in(groups)[0] == 6


def test_a_path_that_leads_nowhere_is_said_before_the_models_are_loaded(untag: Untag, home: api.Untag) -> None:
    with pytest.raises(api.UsageError, match="no such file"):
        home.suggest_people(untag.root / "nowhere")
    assert not untag.engine.analysed


def test_of_a_large_archive_a_sample_is_read_from_all_over(untag: Untag, home: api.Untag, reads: list[str]) -> None:
    for number in range(600):
        untag.add(f"{number % 20}/{number}.png", paint(ME, serial=number))
    groups = home.suggest_people(untag.photos, options=SuggestOptions(photos=60))
    assert len(reads) == groups.looked_at == 60 and groups.photos == 600
    folders = {Path(seen.path).parent.name for seen in groups.groups[0].faces}
    assert len(folders) > 12  # of 20; by chance 19
    first, reads[:] = set(reads), []
    again = home.suggest_people(untag.photos, options=SuggestOptions(photos=60, seed=1))
    assert again.looked_at == 60 and len(first & set(reads)) < 30


def test_photos_whose_names_do_not_say_so_are_in_the_sample(untag: Untag, home: api.Untag) -> None:
    for number in range(4):
        untag.add(f"avatar_{number}", paint(ME, serial=number))
    assert home.suggest_people(untag.photos).looked_at >= 1


def test_when_time_is_up_what_was_seen_counts(untag: Untag) -> None:
    for number in range(40):
        untag.add(f"{number}.png", paint(Square(off=number / 100), serial=number))
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 1
        return now

    groups = suggest_people(
        (untag.photos,),
        lambda: untag.engine,
        Settings(untag.home),
        SuggestOptions(seconds=20),
        on_photo=lambda: None,
        clock=clock,
    )
    assert not groups.in_time
    assert 0 < groups.looked_at < 40 and people_in(groups) == [groups.looked_at]


def test_it_can_be_ended_early(untag: Untag, home: api.Untag) -> None:
    for number in range(40):
        untag.add(f"{number}.png", paint(ME, serial=number))
    cancel = api.Cancel()

    def enough(done: int) -> None:
        if done == 8:
            cancel.set()

    groups = home.suggest_people(untag.photos, options=SuggestOptions(cancel=cancel), on_progress=enough)
    assert groups.looked_at == 8 and not groups.in_time and people_in(groups) == [8]


def test_two_of_one_group_in_one_photo_are_told(untag: Untag, home: api.Untag) -> None:
    """Twins: no photo that shows both becomes a reference, since nobody knows which is which."""
    for number in range(3):
        untag.add(f"both/{number}.png", paint(Square(), Square(off=0.1, seed=1), serial=number))
        untag.add(f"one/{number}.png", paint(Square(off=0.2, seed=number), serial=10 + number))
    group = home.suggest_people(untag.photos).groups[0]
    assert group.photos == 6 and group.side_by_side == 3
    assert {Path(seen.path).parent.name for seen in best_faces(group, 8, CALIBRATION)} == {"one"}


def seen_of(vectors: list[np.ndarray[tuple[int], np.dtype[np.float32]]]) -> list[SeenFace]:
    landmarks = np.zeros((5, 2), np.float32)
    return [
        SeenFace(str(at), str(at), Face(Box(0, 0, 80, 80), 1.0, landmarks, 0.5 + at / 1000, vector), b"")
        for at, vector in enumerate(vectors)
    ]


def test_references_differ_and_leave_out_what_strayed_into_a_group() -> None:
    """Of 30 nearly equal ones, 8 of another look, and a stray, the references have both looks and not the stray."""
    usual = [embedding_of((100, number % 3, 1)) for number in range(30)]
    other = [embedding_of((100, 30 + number % 3, 2)) for number in range(8)]
    stray = embedding_of((100, 110, 3))
    group = FaceGroup(tuple(reversed(seen_of([*usual, *other, stray]))))
    chosen = {int(seen.path) for seen in best_faces(group, 8, CALIBRATION)}
    assert len(chosen) == 8 and 38 not in chosen
    assert any(at < 30 for at in chosen) and any(30 <= at < 38 for at in chosen)


def test_groups_are_tighter_than_what_may_be_somebody() -> None:
    """At the distance `maybe` strangers would join: 1 in 100 is as near as that."""
    own = np.zeros(128, np.float32)
    near, further = own.copy(), own.copy()
    near[0], further[1] = 0.55, 0.9
    assert [len(group.faces) for group in group_faces(seen_of([own, near]), CALIBRATION)] == [2]
    assert [len(group.faces) for group in group_faces(seen_of([own, further]), CALIBRATION)] == [1, 1]


def test_uploaded_pictures_enrol_without_touching_a_disk(untag: Untag, home: api.Untag) -> None:
    pictures = [("one.png", paint(ME)), ("two.png", paint(Square(off=0.01))), ("three.png", b"no picture")]
    enrolment = home.enroll_pictures("me", [*pictures, ("group.png", paint(ME, STRANGER, serial=5))])
    assert [result.outcome.value for result in enrolment.results] == ["used", "used", "unreadable", "several faces"]
    assert [one.reference.path for one in home.references()] == ["one.png", "two.png"]
    home.close()
    assert not any(data in everything_in(untag.home) for _, data in pictures)
    assert not list(untag.home.rglob("*.png"))


def test_a_sample_never_holds_more_than_it_needs(monkeypatch: pytest.MonkeyPatch, untag: Untag) -> None:
    """However many folders there are, few are held until the photos are chosen."""
    from untag.people import sample

    for number in range(300):
        untag.add(f"{number}/1.png", b"")
    held: list[int] = []
    resolve = sample._resolve

    def counting(*arguments: object) -> None:
        held.append(len(arguments[1]))  # type: ignore[arg-type]
        resolve(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sample, "_resolve", counting)
    options = sample.SampleOptions(10, 100, Settings(untag.home).limits)
    assert len(sample.choose_photos([untag.photos], options).chosen) == 10 and held == [10]


def test_the_fake_engine_is_asked_for_each_photo_once(untag: Untag, home: api.Untag) -> None:
    fill(untag)
    home.suggest_people(untag.photos)
    assert isinstance(untag.engine, FakeEngine)
    assert set(untag.engine.analysed.values()) == {1} and sum(untag.engine.analysed.values()) == 11
