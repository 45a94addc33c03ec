"""What an NVIDIA card needs besides its driver: found where pip put it, or named with the remedy."""

from __future__ import annotations

import ctypes
import io
import re
import sys
from contextlib import redirect_stdout
from importlib import metadata
from typing import Any

PROVIDER = "CUDAExecutionProvider"
BUILD = "onnxruntime-gpu"
"""The package whose ONNX Runtime can use the card. Its files have the names of those of onnxruntime."""

PUT_ON_TOP = f"pip install --force-reinstall --no-deps {BUILD}"
LIBRARIES = f"pip install '{BUILD}[cuda,cudnn]'"

OPTIONS: dict[str, str] = {
    # Photos differ in size: trying every algorithm anew for each shape takes longer than the photo.
    "cudnn_conv_algo_search": "HEURISTIC",
    # TF32 has ten bits for the fraction; a vector of a face must be what a CPU makes of it, to be compared with such.
    "use_tf32": "0",
}


def load_libraries(ort: Any) -> str | None:
    """Loads CUDA's libraries from where pip or the system has them; else what is missing, with the remedy.

    None as well for an ONNX Runtime that is too old to be asked, and finds its libraries itself or not at all.
    """
    preload = getattr(ort, "preload_dlls", None)
    if preload is None:
        return None
    said = io.StringIO()
    with redirect_stdout(said):  # it prints what it did not find
        preload()
    # A path that does not load is tried by its bare name before it is given up.
    missing = re.findall(r"^Failed to load ([^\s/\\:]+): ", said.getvalue(), re.MULTILINE)
    return f"{', '.join(missing)} not found, parts of CUDA: {LIBRARIES}" if missing else None


def problem(ort: Any) -> str | None:
    """Why an ONNX Runtime that is meant for a card does not use it, with the remedy; None where none is meant to be."""
    if PROVIDER not in ort.get_available_providers():
        if not _is_installed(BUILD):
            return None
        return f"onnxruntime lies on top of {BUILD}, whose files have the same names: {PUT_ON_TOP}"
    if not _has_driver():
        return "there is no NVIDIA driver"
    return load_libraries(ort)


def cause_unknown(ort: Any) -> str | None:
    """What is left to suspect when nothing is missing and it does not run; None without the build for a card."""
    if PROVIDER not in ort.get_available_providers():
        return None
    return "the driver is older than this CUDA needs, or the card too old for it: nvidia-smi names both"


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _has_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
