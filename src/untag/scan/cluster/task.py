"""What a worker does for a home: it loads the models once, reads shared files, and looks at photos.

Functions of this module are called by name on the workers. They raise nothing: what went wrong is their answer.
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import zip_longest
from threading import Lock

from untag.config import default_home, load_settings
from untag.engine.runtime.models import ModelOptions
from untag.errors import ReadFailure, UntagError
from untag.faces import engine as engines
from untag.imaging.limits import Limits
from untag.reading.reader import TextWanted, load_text_reader
from untag.scan.items import Decoded, Failed, Loaded, Seen
from untag.scan.judge import Wanted
from untag.scan.looking import Looker
from untag.scan.stages import ScanModels
from untag.scenes import installed
from untag.sources.files import read_file
from untag.support.native_threads import one_thread_each
from untag.types import Frame, Outcome, PhotoRef

LOADING = "it is loading the models"

_SEVERAL = "+"


@dataclass(frozen=True, slots=True, repr=False)
class Order:
    """What a home asks of each worker for one scan. `pipeline` is what the home calls the analysis that it wants."""

    engine: str
    pipeline: str
    wanted: Wanted
    limits: Limits
    text: TextWanted


@dataclass(frozen=True, slots=True, repr=False)
class Given:
    """A photo to look at: its bytes, the path by which this worker sees it, or a frame. Its name stays at home.

    A video is decoded at home, whose processes see the file itself: here come its `frame` and the hash of that.
    """

    sha256: str
    concerns: bool
    data: bytes = b""
    path: str | None = None
    frame: Frame | None = None
    phash: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """Why a worker could not do what it was asked to."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Bench:
    """A worker at work for one home. One thread at a time runs the models, as many as there are decode."""

    looker: Looker
    models: Lock = field(default_factory=Lock)


_benches: dict[str, _Bench] = {}
_problems: dict[str, str] = {}
_loading = Lock()
_loaded: dict[str, ScanModels] = {}
_for_good = ExitStack()


def prepare(token: str, order: Order, threads: int) -> str | None:
    """Get ready for the scan of this token; why that cannot be, in words, or None."""
    _problems[token] = LOADING
    try:
        with _loading:
            models = _models(order, threads)
        problem = difference(models.pipeline, order.pipeline)
    except UntagError as error:
        problem = str(error)
    except Exception as error:
        problem = f"the models could not be loaded ({type(error).__name__}: {error})"
    if problem is None:
        _benches[token] = _Bench(Looker(models, order.wanted, order.limits))
        del _problems[token]
    else:
        _problems[token] = problem
    return problem


def refuse(token: str, problem: str) -> None:
    """Note why this worker does nothing for a scan."""
    _problems[token] = problem


def problem_of(token: str) -> str | None:
    """Why this worker is not ready for a scan; None when it is."""
    return None if token in _benches else _problems.get(token, LOADING)


def dismiss(token: str) -> None:
    """Forget whom a home was looking for; the models stay for the next scan."""
    _benches.pop(token, None)
    _problems.pop(token, None)


def _models(order: Order, threads: int) -> ScanModels:
    """The models of this worker, of its own home folder and on its own device; loaded anew where others are wanted."""
    kept = _loaded.get(order.engine)
    if kept is not None and kept.pipeline == order.pipeline:
        return kept
    if not _loaded:
        _for_good.enter_context(one_thread_each())
    settings = load_settings(default_home())
    options = ModelOptions(settings.home, settings.device, threads)
    models = ScanModels(
        engines.load_engine(order.engine, options),
        installed.load_scene_models(options),
        load_text_reader(options, order.text),
    )
    _loaded[order.engine] = models
    return models


def difference(mine: str, wanted: str) -> str | None:
    """How an analysis by a worker differs from the one that the home wants, by their names; None where it does not."""
    if mine == wanted:
        return None
    pairs = zip_longest(mine.split("/"), wanted.split("/"), fillvalue="")
    parts = [(here.split(_SEVERAL), there.split(_SEVERAL)) for here, there in pairs]
    own = [name for here, there in parts for name in here if name and name not in there]
    lacking = [name for here, there in parts for name in there if name and name not in here]
    return (
        f"its models are not those of this machine: it has {', '.join(own) or 'fewer'},"
        f" here is {', '.join(lacking) or 'less'}; install the same untag, pull the same models and copy what"
        " untag was taught (taught-*.npz, prompts.toml) to its home folder, then start it again"
    )


def read_shared(token: str, path: str) -> str | Broken:
    """The SHA-256 of a file that this worker sees."""
    bench = _benches.get(token)
    if bench is None:
        return Broken(problem_of(token) or LOADING)
    try:
        return hashlib.sha256(read_file(path, bench.looker.limits)).hexdigest()
    except ReadFailure as failure:
        return Broken(str(failure))
    except Exception as error:
        return Broken(type(error).__name__)


def look(token: str, given: list[Given]) -> list[Seen | Failed] | Broken:
    """What is seen in photos. Their references are empty: the home knows by the hash which they are."""
    bench = _benches.get(token)
    if bench is None:
        return Broken(problem_of(token) or LOADING)
    try:
        return _look(bench, given)
    except Exception as error:
        return Broken(f"the worker could not look at it ({type(error).__name__}: {error})")


def _look(bench: _Bench, given: list[Given]) -> list[Seen | Failed]:
    found: list[Seen | Failed] = []
    decoded: list[Decoded] = []
    for one in given:
        item = _decoded_from(one, bench.looker)
        (found if isinstance(item, Failed) else decoded).append(item)  # type: ignore[arg-type]
    if decoded:
        with bench.models:
            found += bench.looker.analyse(decoded)
    return found


def _decoded_from(one: Given, looker: Looker) -> Decoded | Failed:
    if one.frame is not None:
        return Decoded(PhotoRef("", "", 0, 0), one.sha256, one.frame, one.phash, one.concerns)
    loaded = _loaded_from(one, looker.limits)
    return loaded if isinstance(loaded, Failed) else looker.decode(loaded)


def _loaded_from(one: Given, limits: Limits) -> Loaded | Failed:
    ref = PhotoRef("", "", 0, 0)
    if one.path is None:
        return Loaded(ref, one.sha256, one.data, one.concerns)
    try:
        data = read_file(one.path, limits)
    except ReadFailure as failure:
        return Failed(ref, one.sha256, failure.outcome, str(failure))
    if hashlib.sha256(data).hexdigest() != one.sha256:
        return Failed(ref, one.sha256, Outcome.NOT_ANALYSED, "it was changed while it was read")
    return Loaded(ref, one.sha256, data, one.concerns)
