"""How long somebody takes to decide about many photos with the keyboard alone, in the review page in headless Chromium.

    python -m benchmarks.review_keyboard [--findings 200] [--speed 20] [--seed 0] [--output FILE.json]

The person is made up. They open the first photo large and look at each: the pause before a key is drawn from a
log-normal distribution with a median of 1.5 s and 95 % below 4.5 s, as people take to sort photos into a few heaps; for
one photo in eight they read the reasons, 4 s more; one decision in thirty is a slip, noticed after a second and taken
back. Pauses are slept through `--speed` times faster than they are counted. What the page takes is counted as it is:
from the key until the next photo is there in full and the decision is on record. `minutes` is both together.

`clicks` says from how many of the photos the exact page on the site, or its dialog, is reached in at most two clicks:
one opens the photo, one the link. None of these pages is loaded.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import untag
from benchmarks.output import report
from benchmarks.review import browser, make_home, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

KEYS = {"u": 0.3, "r": 0.15, "k": 0.47, "n": 0.08}
"""How often each decision is made: untag, ask for removal, keep, not me."""

MEDIAN, SPREAD = 1.5, 0.67
READING, READ = 4.0, 1 / 8
SLIP, NOTICED = 1 / 30, 1.0

_SHOWN = """async (before) => {
  const ends = performance.now() + 60000;
  while (performance.now() < ends) {
    const href = document.querySelector("#large[open] #picture image")?.getAttribute("href");
    if (href !== undefined && href !== before) {
      const probe = new Image();
      probe.src = href;
      await probe.decode();
      return href;
    }
    await new Promise((next) => requestAnimationFrame(next));
  }
  throw new Error("the photo was not shown");
}"""
"""Waits until another picture than the one before is shown and decoded."""

_FIRST_LINKS = """() => Promise.all([...document.querySelectorAll("#grid .card")].map(async (card) => {
  const answer = await fetch(card.querySelector(".open").dataset.url);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return [card.dataset.id, page.querySelector("a.button.primary")?.href ?? null];
}))"""
"""What the second click leads to, of each photo in the grid."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--findings", type=int, default=200)
    parser.add_argument("--speed", type=float, default=20.0, help="how much faster than counted the pauses are slept")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        make_home(home, Path(scratch) / "photos", options.findings)
        with browser() as chromium, serving(home) as (address, _), chromium.new_context() as context:
            page = context.new_page()
            page.goto(address)
            page.get_by_text("shown are not decided").wait_for()
            person = Person(page, random.Random(options.seed), options.speed)
            person.work(options.findings)
            clicks = two_clicks(page, home)
        report({**person.figures(), **clicks, **decided(home)}, options.output)


class Person:
    """Somebody who decides with the keyboard; counts their seconds and the page's."""

    def __init__(self, page: Page, luck: random.Random, speed: float) -> None:
        self._page = page
        self._luck = luck
        self._speed = speed
        self._thinking = 0.0
        self._waiting: list[float] = []
        self._slips = 0
        self._picture: str | None = None

    def work(self, photos: int) -> None:
        """Decides about so many photos, one after the other."""
        self._page.locator("#grid .open").first.focus()
        self._press("Enter")
        for number in range(photos):
            self._pause(self._luck.lognormvariate(0, SPREAD) * MEDIAN)
            if self._luck.random() < READ:
                self._pause(READING)
            last = number == photos - 1
            if self._luck.random() < SLIP and not last:
                self._slips += 1
                self._press("k")
                self._pause(NOTICED)
                self._press("z")
                self._pause(NOTICED)
            self._press(self._luck.choices(list(KEYS), list(KEYS.values()))[0], last=last)

    def figures(self) -> dict[str, Any]:
        waiting = sum(self._waiting)
        return {
            "minutes": (self._thinking + waiting) / 60,
            "person_seconds": self._thinking,
            "page_seconds": waiting,
            "page_milliseconds_median": 1000 * statistics.median(self._waiting),
            "page_milliseconds_most": 1000 * max(self._waiting),
            "slips_taken_back": self._slips,
        }

    def _pause(self, seconds: float) -> None:
        self._thinking += seconds
        time.sleep(seconds / self._speed)

    def _press(self, key: str, *, last: bool = False) -> None:
        """Presses a key, and waits until its effect is there: the decision on record, another photo in full."""
        started = time.perf_counter()
        if key == "Enter":
            self._page.keyboard.press(key)
        else:
            asked = "/undo" if key == "z" else "/decide"
            with self._page.expect_response(lambda answer: answer.request.method == "POST" and asked in answer.url):
                self._page.keyboard.press(key)
        if not last:
            self._picture = self._page.evaluate(_SHOWN, self._picture)
        self._waiting.append(time.perf_counter() - started)


def two_clicks(page: Page, home: Path) -> dict[str, int]:
    """How many photos have a link to act on, and for how many it is the first thing to click on the opened photo."""
    with untag.open(home, tend=False) as client:
        links = {found.sha256: found.act_on for found in client.findings(status=list(untag.Status)) if found.act_on}
    reached = dict(page.evaluate(_FIRST_LINKS))
    return {
        "links": len(links),
        "links_in_two_clicks": sum(reached.get(sha256) == link for sha256, link in links.items()),
    }


def decided(home: Path) -> dict[str, Any]:
    """What is on record afterwards."""
    with untag.open(home, tend=False) as client:
        statuses = Counter(finding.status.value for finding in client.findings(status=list(untag.Status)))
    return {"on_record": dict(statuses)}


if __name__ == "__main__":
    main()
