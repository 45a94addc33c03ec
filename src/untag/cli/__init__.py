"""The command line. Each command parses, calls one library function, and prints."""

from untag.cli.app import main

__all__ = ["main"]
