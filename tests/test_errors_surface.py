"""No error of the operating system ends in a source without a word: each handler raises, or says what it was."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import untag.sources

SOURCES = Path(untag.sources.__path__[0])
_OF_THE_SYSTEM = frozenset(("OSError", "IOError", "EnvironmentError", "PermissionError", "Exception", "BaseException"))
_NO_FILES = frozenset(("text.py",))
"""Where OSError is of a clock: `datetime.fromtimestamp` raises it for years that it does not know."""

_SAID_ELSEWHERE = {"offered.py": 3, "opening.py": 1}
"""Handlers of what is only a suggestion. `offered.py` offers places: who takes one, or names another, is told what is
wrong with it. `opening.py` looks whether another named folder is a part of a download: its own walk tells if not."""


def handlers(tree: ast.AST) -> Iterator[ast.ExceptHandler]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            names = (
                {"BaseException"}
                if node.type is None
                else {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)}
            )
            if names & _OF_THE_SYSTEM:
                yield node


def is_silent(handler: ast.ExceptHandler) -> bool:
    """Whether a handler neither raises nor uses the error that it caught."""
    inside = [node for statement in handler.body for node in ast.walk(statement)]
    uses = any(isinstance(node, ast.Name) and node.id == handler.name for node in inside)
    return not uses and not any(isinstance(node, ast.Raise) for node in inside)


def suppressed(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "suppress":
            yield from (argument.id for argument in node.args if isinstance(argument, ast.Name))


@pytest.mark.parametrize("module", sorted(path.name for path in SOURCES.glob("*.py") if path.name not in _NO_FILES))
def test_no_handler_is_silent(module: str) -> None:
    tree = ast.parse((SOURCES / module).read_text("utf-8"))
    silent = [handler.lineno for handler in handlers(tree) if is_silent(handler)]
    assert len(silent) == _SAID_ELSEWHERE.get(module, 0), silent
    assert not set(suppressed(tree)) & _OF_THE_SYSTEM


def test_a_silent_handler_would_be_seen() -> None:
    tree = ast.parse("try:\n    a()\nexcept (OSError, ValueError):\n    x = None\nwith suppress(OSError):\n    b()\n")
    assert [handler.lineno for handler in handlers(tree) if is_silent(handler)] == [3]
    assert list(suppressed(tree)) == ["OSError"]
    said = ast.parse("try:\n    a()\nexcept OSError as error:\n    tell(error)\n")
    assert not any(map(is_silent, handlers(said)))
