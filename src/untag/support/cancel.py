"""How a long job is told to end early, by itself so that nothing else is loaded for it."""

from __future__ import annotations

from threading import Event

Cancel = Event
"""Set it to end a run early but cleanly: nothing more is read from the source, what was read comes out."""
