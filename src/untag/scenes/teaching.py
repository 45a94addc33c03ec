"""Teaching a category of one's own with a folder of photos, and forgetting it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from untag.errors import StoreError, UsageError
from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.people.enroll import read_photos
from untag.scan import SEARCH_SIDE
from untag.scenes.background import load_background
from untag.scenes.taught import Taught, learn
from untag.scenes.taught_files import (
    MOST,
    Examples,
    check_name,
    example_file,
    load_examples,
    save_examples,
    taught_names,
)
from untag.scenes.words import load_words
from untag.store import DATABASE_NAME, Store, forget_category
from untag.support.erase import destroy, replaced
from untag.support.words import counted
from untag.types import Pixels, ReadError

FEWEST = 4
_MOST_NAMED = 5


class Backbone(Protocol):
    """The network on whose features categories are taught."""

    @property
    def id(self) -> str: ...

    def features(self, photo: Pixels) -> NDArray[np.float32]:
        """(D,) of a photo, (height, width, 3) uint8 of any size."""
        ...


@dataclass(frozen=True, slots=True)
class Lesson:
    """A category's name, photos like it or words for it or both, and photos easily taken for it that are not."""

    name: str
    like: Path | None
    unlike: Path | None = None
    limits: Limits = DEFAULT_LIMITS
    words: str = ""

    @property
    def paths(self) -> list[Path]:
        """All that is looked at."""
        return [path for path in (self.like, self.unlike) if path is not None]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What came of a lesson. `replaced` says whether the name was taught before; `used` are examples of `like`.

    `unknown` are those of its words that are not known: they had no say.
    """

    taught: Taught
    replaced: bool
    like: int
    used: int
    unreadable: tuple[ReadError, ...]
    unknown: tuple[str, ...] = ()


def teach(home: Path, lesson: Lesson, backbone: Backbone, *, on_photo: Callable[[], None] = lambda: None) -> Learnt:
    """Learn a category from photos and keep their features, not the photos, in `home`; replaces one of the same name.

    Raises UsageError for a name that it cannot have, a path that does not exist, fewer than four photos like it, none
    unlike it where there should be some, when one folder is in the other, and for words of which none is known.
    """
    name = check_name(lesson.name)
    unknown = load_words().read(lesson.words).unknown if lesson.words else ()
    if lesson.like is None:
        return replace(_teach_by_words(home, name, lesson, backbone.id), unknown=unknown)
    if lesson.unlike is not None and _overlap(lesson.like, lesson.unlike):
        raise UsageError(f"{lesson.like} and {lesson.unlike} share photos: what is like {name} cannot be unlike it")
    unreadable: list[ReadError] = []

    def looked_at(path: Path) -> dict[bytes, NDArray[np.float32]]:
        found: dict[bytes, NDArray[np.float32]] = {}
        for photo in read_photos([path], lesson.limits, SEARCH_SIDE):
            on_photo()
            if isinstance(photo, ReadError):
                unreadable.append(photo)
            else:
                picture = _picture(photo.frame.pixels)
                found[picture] = found[picture] if picture in found else backbone.features(photo.frame.pixels)
        return found

    shown = looked_at(lesson.like)
    like = list(shown.values())
    if len(like) < FEWEST:
        raise UsageError(
            f"{lesson.like} has {counted(len(like), 'photo')} to learn {name} from, copies counted once;"
            f" at least {FEWEST} are needed, and ten or more work well{_failed(unreadable)}"
        )
    before = len(unreadable)
    contrast = {} if lesson.unlike is None else looked_at(lesson.unlike)
    unlike = list(contrast.values())
    if lesson.unlike is not None and not unlike:
        raise UsageError(f"{lesson.unlike} has no photo that {name} could be told from{_failed(unreadable[before:])}")
    if both := shown.keys() & contrast.keys():
        shared = counted(len(both), "photo")
        raise UsageError(f"{lesson.like} and {lesson.unlike} share {shared}: what is like {name} cannot be unlike it")
    used, against = _spread(like), np.stack(_spread(unlike)) if unlike else np.zeros((0, len(like[0])), np.float32)
    examples = Examples(name, backbone.id, np.stack(used).astype(np.float32), against.astype(np.float32), lesson.words)
    taught = learn(examples, load_background(backbone.id))
    before_too = example_file(home, name).exists()
    save_examples(home, examples)
    return Learnt(taught, before_too, len(like), len(used), tuple(unreadable), unknown)


def _teach_by_words(home: Path, name: str, lesson: Lesson, backbone: str) -> Learnt:
    if lesson.unlike is not None or not lesson.words:
        raise UsageError(f"show what {name} is like: a folder of photos, or --words with a sentence or two, or both")
    background = load_background(backbone)
    nothing = np.zeros((0, len(background.mean)), np.float32)
    examples = Examples(name, backbone, nothing, nothing, lesson.words)
    replaced = example_file(home, name).exists()
    save_examples(home, examples)
    return Learnt(learn(examples, background), replaced, 0, 0, ())


def _overlap(one: Path, other: Path) -> bool:
    one, other = one.resolve(), other.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)


def _failed(unreadable: Sequence[ReadError]) -> str:
    return "".join(f"; {error.path}: {error.error}" for error in unreadable[:_MOST_NAMED])


def list_taught(home: Path, backbone_id: str) -> Iterator[tuple[str, Taught | None]]:
    """Every taught category by name; None for one that was taught with another backbone, or whose file is damaged."""
    for name in taught_names(home):
        try:
            examples = load_examples(home, name)
            same = examples.backbone == backbone_id
            taught = learn(examples, load_background(backbone_id)) if same else None
        except StoreError:
            taught = None
        yield name, taught


def forget(home: Path, name: str) -> None:
    """Erase a taught category: its examples, and its scores and mentions in the database.

    Raises UsageError for one that was never taught, StoreError while a scan runs.
    """
    name = check_name(name)
    path = example_file(home, name)
    if not path.exists():
        known = ", ".join(taught_names(home)) or "nothing"
        raise UsageError(f"{name} was never taught; taught is {known}")
    if (home / DATABASE_NAME).exists():
        with Store.open(home, create=False) as store:
            forget_category(store, name)
    try:
        destroy(replaced(path))
        destroy(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be deleted: {error.strerror}.") from error


def _picture(pixels: Pixels) -> bytes:
    """The same for copies of one photo, whatever they are called."""
    return hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).digest()


def _spread(found: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """All, or `MOST` of them at even distances: those used are spread over the folder."""
    if len(found) <= MOST:
        return found
    return [found[index] for index in np.linspace(0, len(found) - 1, MOST).round().astype(int)]
