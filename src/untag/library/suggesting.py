"""Which of the people in some photos is the user: faces in groups, in memory, and one of them enrolled."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from untag.config import Settings
from untag.faces.engine import FaceEngine
from untag.library.options import SuggestOptions
from untag.people.calibrate import load_calibration
from untag.people.sample import SampleOptions, choose_photos
from untag.people.suggest import FaceGroups, look_for_people
from untag.scan import SEARCH_SIDE


def suggest_people(
    paths: tuple[Path, ...],
    load: Callable[[], FaceEngine],
    settings: Settings,
    options: SuggestOptions,
    *,
    on_photo: Callable[[], None],
    clock: Callable[[], float] = time.monotonic,
) -> FaceGroups:
    """Looks at a sample of the photos. Raises UsageError for a path that does not exist, before the models are loaded.

    Half of the time may be spent on listing folders. Loading models takes as long as it takes.
    """
    started = clock()
    ends = started + options.seconds / 2

    def keep_on() -> bool:
        return clock() < ends and (options.cancel is None or not options.cancel.is_set())

    sampling = SampleOptions(options.photos, SEARCH_SIDE, settings.limits, options.seed, keep_on)
    sample = choose_photos(paths, sampling)
    left = options.seconds - (clock() - started)
    engine = load()
    ends = clock() + left
    return look_for_people(sample, engine, load_calibration(engine.id), sampling, on_photo=on_photo)
