"""Photos on record by what they show, in words, or by a face."""

from __future__ import annotations

from pathlib import Path

from untag.config import Settings
from untag.faces.engine import FaceEngine
from untag.people.searching import Probe, ProbeOptions, Wanted, read_probe, search_face
from untag.scan import SEARCH_SIDE
from untag.scenes.searching import search_words
from untag.scenes.space import load_space
from untag.scenes.words import load_words
from untag.store import Store
from untag.types import Face, SearchResult


def search(store: Store, words: str, limit: int) -> SearchResult:
    """The `limit` photos that are nearest. Raises UsageError when no word is known."""
    return search_words(store, load_space(), load_words().read(words), limit)


def find_probe(photo: Path, number: int, engine: FaceEngine, settings: Settings) -> Probe:
    """The faces of a photo and the one to search for. Raises UsageError when it has no face of this number."""
    return read_probe(photo, engine, ProbeOptions(number, SEARCH_SIDE, settings.limits))


def search_similar(store: Store, face: Face, engine: FaceEngine, wanted: Wanted) -> SearchResult:
    """The photos with the most similar faces. Raises StoreError while another run is scanning."""
    return search_face(store, engine.id, face, wanted)
