"""A real browser on a real server with the fake models. Nothing is downloaded: the browser is one that is installed."""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import untag as library
from fakes import Untag
from untag.review.server import Serving, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

WORKER = (sys.executable, str(Path(__file__).with_name("worker_with_fakes.py")))
PATIENCE = int(os.environ.get("UNTAG_TEST_PATIENCE", "60000"))
"""Milliseconds: a busy machine may take a minute for what takes a moment."""

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def installed_chromium() -> str | None:
    """A Chromium that is installed: what `UNTAG_CHROMIUM` names, or one on the path."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("UNTAG_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def launched() -> Iterator[Browser]:
    """The browser; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = installed_chromium()
    if path is None:
        pytest.skip("no Chromium is installed; name one in UNTAG_CHROMIUM")
    # Root has no sandbox to put it into.
    flags = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=flags)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Served:
    """A server that runs. `stop` ends it, as Ctrl-C does; `bugs` are what no page expected."""

    address: str = ""
    bugs: list[Exception] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self, untag: Untag) -> None:
        there = threading.Event()

        def announce(address: str) -> None:
            self.address = address
            there.set()

        serving = Serving(
            library.open(untag.home, tend=False).settings,
            lambda say: library.open(untag.home, on_message=say, tend=False),
            announce,
            self.bugs.append,
            until=self._stop.is_set,
            worker=WORKER,
        )
        self._thread = threading.Thread(target=serve, args=(serving,))
        self._thread.start()
        assert there.wait(PATIENCE / 1000)

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(PATIENCE / 1000)
            assert not self._thread.is_alive()


@contextmanager
def served(untag: Untag) -> Iterator[Served]:
    """A server on the home folder of a test."""
    made = Served()
    made.start(untag)
    try:
        yield made
    finally:
        made.stop()
    assert not made.bugs


@contextmanager
def tab(browser: Browser, **settings: Any) -> Iterator[Page]:
    """A page of a browser of its own; whatever a script does not catch, or the console calls an error, fails."""
    context: BrowserContext = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    try:
        yield page
    finally:
        context.close()
    assert not [said for said in wrong if not _is_expected(said)], wrong


def _is_expected(said: str) -> bool:
    """What browsers say of a refused request by themselves: a server that has ended, or the icon of the front door."""
    return "ERR_CONNECTION_REFUSED" in said or "Failed to load resource" in said


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with a page as it is now, light and dark."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        seen = axe.Axe().run(page, options={"runOnly": _RULES}).response["violations"]
        found += [f"{scheme}: {one['id']}: {node['html'][:200]}" for one in seen for node in one["nodes"]]
    return found


def at(page: Page, heading: str) -> None:
    page.get_by_role("heading", name=heading, level=1).wait_for()


def enter(page: Page, address: str, path: str = "") -> None:
    """Comes in by the address that was printed, and goes on to a page."""
    page.goto(address)
    page.wait_for_url(re.compile(r"/[\w-]{20,}/(welcome)?$"))
    if path:
        page.goto(re.sub(r"(/[\w-]{20,}/).*$", rf"\g<1>{path}", page.url))


def name_place(page: Page, path: Path) -> None:
    """Types a path and presses Enter, as somebody without a mouse does."""
    page.get_by_label("A folder or an archive").fill(str(path))
    page.keyboard.press("Enter")
    page.locator("#places li", has_text=str(path)).wait_for()


def tab_to(page: Page, name: str, within: str = "main") -> None:
    """Presses Tab until what has the focus is called so."""
    focused = "document.activeElement.closest"
    called = f"{focused}('{within}') && {focused}('label, a, button')?.textContent.trim()"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(called) == name:
            return
    raise AssertionError(f"no way to {name!r} with the keyboard")
