"""How much the review page takes at once."""

from __future__ import annotations

MOST_BYTES = 24 * 1024 * 1024
"""Of a request's body: a photo that enrols somebody is the largest thing that is sent."""
