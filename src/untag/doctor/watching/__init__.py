"""Runs a Python program under a watch, and says what of the network and of the disk it used."""

from untag.doctor.watching.base import Seen, Watch
from untag.doctor.watching.choose import CONTROL, WATCHES, is_caught, usable_watch

__all__ = ["CONTROL", "WATCHES", "Seen", "Watch", "is_caught", "usable_watch"]
