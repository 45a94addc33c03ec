"""The examples of taught categories, as files in the home folder: features alone, never the photos.

`taught-NAME.npz`, readable by its owner alone, without pickles, written aside and renamed. The name is percent-encoded:
file systems disagree about other letters. Nothing that is computed from the examples is kept, so that a better way to
do that needs no photo again.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from untag.errors import StoreError, UsageError
from untag.scenes.categories import Category
from untag.support.aside import new_part
from untag.support.erase import replace

MOST_LETTERS = 20
"""Of a name: in any script the file's name then stays below 255 bytes."""

MOST = 100
"""Examples, and as many unlike them, that a category keeps: more add time and hardly anything else."""

_LARGEST = 1e6
"""The features of photos are means of activations, some tens at most."""

_PREFIX, _SUFFIX = "taught-", ".npz"


@dataclass(frozen=True, slots=True)
class Examples:
    """What a category was taught with: (N, D) float32 features of photos like it, (M, D) of photos unlike it.

    `backbone` names the network and the preparation that the features are of. `words` describe it, where the user did;
    there are then as few photos as none.
    """

    name: str
    backbone: str
    like: NDArray[np.float32]
    unlike: NDArray[np.float32]
    words: str = ""


def check_name(name: str) -> str:
    """The name in the form in which it is kept. Raises UsageError for one that a category of the user's cannot have."""
    name = unicodedata.normalize("NFC", name)
    if name in list(Category):
        raise UsageError(f"{name} is a category of untag's own; choose another name, such as my-{name}")
    words = name.replace("-", " ").replace("_", " ").split(" ")
    plain = all(word and all(unicodedata.category(letter)[0] in "LMN" for letter in word) for word in words)
    if not plain or name != name.lower() or len(name) > MOST_LETTERS:
        raise UsageError(
            "a category is called by lowercase words, joined by hyphens,"
            f" of {MOST_LETTERS} letters at most, not {name!r}"
        )
    return name


def example_files(home: Path) -> list[Path]:
    """The files of all taught categories in `home`, and what an interrupted writing left."""
    return sorted(home.glob(f"{_PREFIX}*"))


def example_file(home: Path, name: str) -> Path:
    """Where the examples of a category are kept, whether they are there or not."""
    return home / f"{_PREFIX}{quote(name, safe='')}{_SUFFIX}"


def taught_names(home: Path) -> tuple[str, ...]:
    """The names of the taught categories, in alphabetical order; reads none of the files."""
    return tuple(sorted(_names(home)))


def _names(home: Path) -> Iterator[str]:
    for path in example_files(home):
        if path.suffix == _SUFFIX:
            yield unquote(path.name.removeprefix(_PREFIX).removesuffix(_SUFFIX))


def save_examples(home: Path, examples: Examples) -> None:
    """Write or replace a category's file, 0600, in a home folder (0700) that is made if need be. Raises StoreError."""
    path = example_file(home, examples.name)
    packed = io.BytesIO()
    words = np.frombuffer(examples.words.encode("utf-8"), np.uint8)
    backbone = np.array(examples.backbone)
    np.savez_compressed(packed, backbone=backbone, like=examples.like, unlike=examples.unlike, words=words)
    try:
        with new_part(home) as part:
            part.write(packed.getvalue())
            part.install(path, place=replace)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from error


def load_examples(home: Path, name: str) -> Examples:
    """A category's examples. Raises StoreError when its file is missing, damaged or of another kind."""
    path = example_file(home, name)
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            words = bytes(file["words"]).decode("utf-8") if "words" in file else ""
            found = Examples(name, str(file["backbone"]), file["like"], file["unlike"], words)
    except (KeyError, UnicodeDecodeError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise StoreError(
            f"{path} cannot be read or is damaged. Teach {name} again, or: untag categories forget {name!r}"
        ) from error
    if not _is_sound(found.like) or not _is_sound(found.unlike) or (len(found.like) == 0 and not found.words):
        raise StoreError(f"{path} holds no examples. Teach {name} again, or: untag categories forget {name!r}")
    return found


def check_width(examples: Examples, width: int) -> None:
    """Raises StoreError for features that are not of this many numbers, as those of the backbone are."""
    if {examples.like.shape[1], examples.unlike.shape[1]} != {width}:
        name = examples.name
        raise StoreError(
            f"The examples of {name} are damaged. Teach {name} again, or: untag categories forget {name!r}"
        )


def _is_sound(features: NDArray[np.float32]) -> bool:
    if features.ndim != 2 or features.dtype != np.float32 or len(features) > MOST:
        return False
    return bool((np.abs(features) <= _LARGEST).all())  # not for NaN
