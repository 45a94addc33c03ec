"""What a photo as a whole adds to what the models saw of it."""

from __future__ import annotations

from dataclasses import replace

from untag.scenes.categories import Category
from untag.scenes.classify import in_photo
from untag.types import Frame, SceneScores

LOCATION_EVIDENCE = "GPS coordinates in the file"


def of_photo(scenes: SceneScores, frame: Frame) -> SceneScores:
    """What the models saw of a photo, with the score of `location` added, and spots as shares of the whole photo.

    No model judges location: it is 1 when the photo's EXIF has coordinates, else 0.
    """
    scores = {**scenes.scores, Category.LOCATION.value: float(frame.has_place)}
    evidence = {**scenes.evidence, Category.LOCATION.value: (LOCATION_EVIDENCE,) if frame.has_place else ()}
    spots = {name: in_photo(spot, frame.width, frame.height) for name, spot in scenes.spots.items()}
    return replace(scenes, scores=scores, evidence=evidence, spots=spots)
