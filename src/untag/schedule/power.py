"""Whether the machine runs on its battery, as far as Linux says."""

from __future__ import annotations

from pathlib import Path

_SUPPLIES = Path("/sys/class/power_supply")
_MAINS = frozenset({"Mains", "USB", "UPS", "Wireless"})


def discharging(supplies: Path = _SUPPLIES) -> bool:
    """True where there is a battery that is in use and no mains; False also where nothing says so."""
    discharging = False
    for supply in sorted(supplies.glob("*")):
        kind = _read(supply / "type")
        if kind in _MAINS and _read(supply / "online") not in ("", "0"):
            return False
        # The battery of a mouse or a keyboard has a scope of its own.
        if kind == "Battery" and _read(supply / "scope") != "Device" and _read(supply / "status") == "Discharging":
            discharging = True
    return discharging


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return ""
