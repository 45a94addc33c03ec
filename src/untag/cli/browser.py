"""Opens an address in the user's browser, where there is a screen to show it on."""

from __future__ import annotations

import os
import sys
import webbrowser


def open_browser(address: str) -> bool:
    """Whether there is a browser, which was told to open the address. Browsers for the terminal would take it over."""
    if not has_screen():
        return False
    try:
        return webbrowser.get().open(address)
    except (webbrowser.Error, OSError):
        return False


def has_screen() -> bool:
    """Whether a window could be seen."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
