"""The category that no model judges: the file itself says whether it tells where it was taken."""

from __future__ import annotations

from dataclasses import replace

from untag.scenes.categories import Category
from untag.types import Frame, SceneScores

EVIDENCE = "GPS coordinates in the file"


def with_location(scenes: SceneScores, frame: Frame) -> SceneScores:
    """The scores of a photo with that of `location` added: 1 when its EXIF has coordinates, else 0."""
    scores = {**scenes.scores, Category.LOCATION.value: float(frame.has_place)}
    evidence = {**scenes.evidence, Category.LOCATION.value: (EVIDENCE,) if frame.has_place else ()}
    return replace(scenes, scores=scores, evidence=evidence)
