"""What is forgotten is in no block of the disk any more: the raw image of an ext4 is searched for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from loop_disk import Disk, make_disk, mounted
from store_samples import face
from untag.types import Vector

ADA, BOB, CALLED = "Adalberta Quint", "Bobrikov Zwei", "adalberta.quint.1815"

FILL = f"""
import os, signal, sys
from dataclasses import replace
from pathlib import Path
import numpy as np
from store_samples import OTHER, analysis, assessment, record, reference
from untag.people.index import open_index
from untag.scenes.taught_files import Examples, save_examples
from untag.store import Store, add_names, add_reference, finish_run, prune, record_batch, start_run
from untag.types import Match, Verdict

home = Path(sys.argv[1])
ADA = Match(Verdict.ME, 0.9, {ADA!r})
BOB = Match(Verdict.ME, 0.8, {BOB!r})
NEAR = Match(Verdict.MAYBE, 0.5, {ADA!r})

def batch(store, run, numbers, matches):
    for number in numbers:
        made = analysis(matches, seed=number, found=assessment(person={ADA!r}))
        record_batch(store, run, [record(f"/a/{{number}}.jpg", f"s{{number * 7919 % 1000:03}}", made)])

with Store.open(home) as store:
    run = start_run(store, ["/a"])
    add_reference(store, reference({ADA!r}, 70001, sha256="r1"))
    add_reference(store, reference({BOB!r}, 70002, sha256="r2"))
    add_names(store, {ADA!r}, [{CALLED!r}])
    batch(store, run, range(0, 250), (OTHER, BOB))     # so that trees have several levels
    batch(store, run, range(300, 310), (ADA, BOB, NEAR, OTHER))
    open_index(store, "dlib")
with Store.open(home) as store:
    run = start_run(store, ["/a"])
    batch(store, run, range(0, 250, 2), (OTHER,))      # analysed anew: rows move
    batch(store, run, range(310, 320), (ADA, BOB, NEAR, OTHER))
    open_index(store, "dlib")
    finish_run(store, run, {{}})
    store.execute("UPDATE files SET seen_run = ? WHERE path < '/a/2'", (run,))
    prune(store, run, ["/a/200.jpg", "/a/201.jpg"])
for seed in (1, 2):
    features = np.random.default_rng(seed).random((5, 256), dtype=np.float32)
    save_examples(home, Examples("hats", "lite2", features, features))
store = Store.open(home)
batch(store, start_run(store, ["/a"]), range(320, 330), (ADA, BOB, NEAR, OTHER))
store.rows("SELECT 1")
os.kill(os.getpid(), signal.SIGKILL)                   # the log stays as it is
"""

PHOTOS = range(300, 330)


def vectors(place: int) -> list[Vector]:
    """Those of the faces at this place in the last photos: 0 and 2 are Ada's, 1 is Bob's, 3 a stranger's."""
    made = [face(number * 100 + place).embedding for number in PHOTOS]
    return [vector for vector in made if vector is not None]


def reference_vector(seed: int) -> Vector:
    vector = face(seed).embedding
    assert vector is not None
    return vector


def pieces(vector: Vector) -> Iterator[bytes]:
    """16 bytes from the beginning, the middle and the end, as float32 and as float16."""
    for kind in ("<f4", "<f2"):
        data = vector.astype(kind).tobytes()
        for start in (0, len(data) // 2, len(data) - 16):
            yield data[start : start + 16]


def found(blocks: bytes, wanted: list[Vector]) -> int:
    """How many of these vectors left a trace."""
    return sum(any(piece in blocks for piece in pieces(vector)) for vector in wanted)


def child(program: str, *arguments: str | Path) -> int:
    paths = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode


def forget(home: Path, *what: str) -> None:
    assert child("from untag.cli import main; main()", "--home", home, "forget", *what) == 0


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image of a disk with a home folder that has been used in many ways."""
    folder = tmp_path_factory.mktemp("filled")
    image = make_disk(folder)
    with mounted(image, folder / "disk") as disk:
        child(FILL, disk.root / "home")
        blocks = disk.blocks()
    for place in range(4):
        assert found(blocks, vectors(place)) == len(PHOTOS), "else the searches below prove nothing"
    assert all(name.encode() in blocks for name in (ADA, BOB, CALLED))
    return image


@pytest.fixture
def disk(filled: Path, tmp_path: Path) -> Iterator[Disk]:
    image = tmp_path / "disk.img"
    image.write_bytes(filled.read_bytes())
    with mounted(image, tmp_path / "disk") as made:
        yield made


@pytest.fixture
def home(disk: Disk) -> Path:
    return disk.root / "home"


def test_forget_all_leaves_nothing_on_the_disk(disk: Disk, home: Path) -> None:
    taught = [file.read_bytes()[200:232] for file in home.glob("taught-*")]
    forget(home, "--all", "--yes")
    blocks = disk.blocks()
    everything = [vector for place in range(4) for vector in vectors(place)]
    assert found(blocks, [*everything, reference_vector(70001), reference_vector(70002)]) == 0
    assert [name for name in (ADA, BOB, CALLED) if name.encode() in blocks] == []
    assert len(taught) == 1
    assert taught[0] not in blocks


def test_a_forgotten_person_is_in_no_block(disk: Disk, home: Path) -> None:
    forget(home, "--person", ADA)
    blocks = disk.blocks()
    assert found(blocks, [*vectors(0), *vectors(2), reference_vector(70001)]) == 0
    assert [name for name in (ADA, CALLED) if name.encode() in blocks] == []
    assert found(blocks, [*vectors(1), reference_vector(70002)]) == len(PHOTOS) + 1
    assert BOB.encode() in blocks


def test_forgotten_bystanders_are_in_no_block(disk: Disk, home: Path) -> None:
    forget(home, "--bystanders")
    blocks = disk.blocks()
    assert found(blocks, [*vectors(2), *vectors(3)]) == 0
    assert found(blocks, vectors(0)) == len(PHOTOS)


def test_what_was_taught_anew_leaves_the_old_examples_in_no_block(disk: Disk, home: Path) -> None:
    program = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from untag.scenes.taught_files import Examples, save_examples\n"
        "features = np.random.default_rng(3).random((5, 256), dtype=np.float32)\n"
        "save_examples(Path(sys.argv[1]), Examples('hats', 'lite2', features, features))\n"
    )
    (before,) = home.glob("taught-*")
    old = before.read_bytes()[200:232]
    child(program, home)
    assert old not in disk.blocks()
    assert [file.name for file in home.glob("taught-*")] == ["taught-hats.npz"]


GONE = {"--all": (0, 1, 2, 3), "--person": (0, 2), "--bystanders": (2, 3)}


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("what", [("--all", "--yes"), ("--person", ADA), ("--bystanders",)])
def test_a_full_disk_is_no_obstacle(disk: Disk, home: Path, what: tuple[str, ...], closed: bool) -> None:
    if closed:
        # There is neither a log that could be written over, nor an index whose room could be used.
        tidy = "import sys; from pathlib import Path; from untag.store import Store, destroy_index\n"
        child(tidy + "Store.open(Path(sys.argv[1])).close(); destroy_index(Path(sys.argv[1]))", home)
        assert not (home / "untag.db-wal").exists()
    disk.fill_up()
    with pytest.raises(OSError, match="No space left"):
        (home / "more").write_bytes(b"x")
    (home / "more").unlink()
    forget(home, *what)
    blocks = disk.blocks()
    assert sum(found(blocks, vectors(place)) for place in GONE[what[0]]) == 0
    kept = sum(found(blocks, vectors(place)) for place in range(4) if place not in GONE[what[0]])
    assert kept == len(PHOTOS) * (4 - len(GONE[what[0]])), "the others are still there"


def test_the_search_finds_what_is_there(disk: Disk) -> None:
    vector = np.random.default_rng(5).random(128, dtype=np.float32)
    for kind in ("<f4", "<f2"):
        (disk.root / "kept").write_bytes(b"x" * 4099 + vector.astype(kind).tobytes())
        assert found(disk.blocks(), [vector]) == 1
        (disk.root / "kept").write_bytes(bytes(8192))
