"""The one place that imports ONNX Runtime, and sees to it that its telemetry is off.

The wheels of ONNX Runtime 1.29 and later report to their maker from Linux too: two requests with a device id and the
path of the Python binary in the first scan, and files under ~/.cache/Microsoft. Only a variable of the environment that
is set before the import stops that; `disable_telemetry_events` afterwards does not, but is what counts on Windows.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

SWITCH = "ORT_DISABLE_TELEMETRY"


class TelemetryWarning(RuntimeWarning):
    """Another module of this process imported ONNX Runtime with its telemetry on, which cannot be undone."""


def onnx_runtime() -> Any:
    """The module onnxruntime with its telemetry off.

    Warns with TelemetryWarning when the program that uses untag as a library had imported it before, without `SWITCH`
    in the environment: its telemetry may be on then, until the process ends.
    """
    if "onnxruntime" in sys.modules and os.environ.get(SWITCH) != "1":
        warnings.warn(
            "onnxruntime was imported before untag could turn its telemetry off, so it may report to its maker. "
            f"Set {SWITCH}=1 in the environment of this program.",
            TelemetryWarning,
            stacklevel=2,
        )
    os.environ[SWITCH] = "1"
    import onnxruntime

    # Versions and builds differ in whether they have it.
    disable = getattr(onnxruntime, "disable_telemetry_events", None)
    if disable is not None:
        disable()
    return onnxruntime
