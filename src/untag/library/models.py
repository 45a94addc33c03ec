"""Loads the models that settings name, once, and says what a user should know about them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from untag.config import Settings
from untag.engine.runtime.models import ModelOptions
from untag.faces.engine import FaceEngine, load_engine
from untag.people.calibrate import is_provisional
from untag.reading.reader import TextReader, TextWanted, load_text_reader
from untag.scan import ScanModels
from untag.scenes import installed
from untag.scenes.installed import SceneModels


class Models:
    """The face engine and the scene models, each loaded when it is first needed. Raises as their loaders do."""

    def __init__(self, settings: Settings, on_message: Callable[[str], object]) -> None:
        self._settings = settings
        self._say = on_message
        self._told: set[str] = set()

    @property
    def options(self) -> ModelOptions:
        """Where the models lie and run."""
        return ModelOptions(self._settings.home, self._settings.device, on_build=self._tell)

    @cached_property
    def faces(self) -> FaceEngine:
        """The face engine that the settings name; says so when its thresholds are provisional."""
        engine = load_engine(self._settings.engine, self.options)
        if is_provisional(engine.id):
            self._say(
                f"the thresholds of the engine {engine.id} are provisional: look at its verdicts before you trust them"
            )
        return engine

    @cached_property
    def scenes(self) -> SceneModels:
        """The scene models that are installed."""
        return installed.load_scene_models(self.options)

    @property
    def for_scan(self) -> ScanModels:
        """All, and what reads text where the settings ask for it."""
        return ScanModels(self.faces, self.scenes, self.text)

    @cached_property
    def text(self) -> TextReader | None:
        """What reads text in photos; None unless the settings ask for it."""
        wanted = TextWanted(self._settings.text_words, self._settings.text_cards)
        return load_text_reader(self.options, wanted)

    def _tell(self, message: str) -> None:
        """Once: several graphs may be made of one model."""
        if message not in self._told:
            self._told.add(message)
            self._say(message)
