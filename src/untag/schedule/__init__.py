"""Scans that run by themselves: when, of what, by which service of the system, and what came of them."""
