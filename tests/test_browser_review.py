"""Many findings in a real browser, and the way from an empty home to letters with the real models and the keyboard."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import untag as library
from browsing import Served, at, enter, launched, served, tab, tab_to, violations
from fakes import Square, Untag, paint
from store_samples import analysis, assessment, record
from untag.store import Store, record_batch, start_run
from untag.types import Origin

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SAMPLES = Path(__file__).parents[1] / "sample_photos" / "archive" / "gallery-dl"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as found:
        yield found


@pytest.fixture
def server(untag: Untag) -> Iterator[Served]:
    with served(untag) as made:
        yield made


def test_from_an_empty_home_to_letters_with_the_keyboard_alone(browser: Browser, tmp_path: Path) -> None:
    """No terminal after the first command, and no mouse; with the models that untag comes with."""
    home = tmp_path / "home"
    command = [sys.executable, "-m", "untag", "--home", str(home), "review", "--no-browser"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        with tab(browser) as page:
            enter(page, process.stdout.readline().strip())
            at(page, "Where are your photos?")
            page.get_by_label("A folder or an archive").focus()
            page.keyboard.type(str(SAMPLES)[:-3])
            page.locator("#completions li:only-child", has_text="gallery-dl").wait_for()
            page.keyboard.press("Tab")
            assert page.get_by_label("A folder or an archive").input_value() == f"{SAMPLES}/"
            page.keyboard.press("Enter")
            page.locator("#places .line").first.wait_for()
            tab_to(page, "Next: which of these is you?")
            page.keyboard.press("Enter")
            at(page, "Which of these is you?")
            tab_to(page, "Look at some of my photos")
            page.keyboard.press("Enter")
            person = page.get_by_text("Person 1, in")
            person.wait_for()
            assert not home.joinpath("untag.db").exists()
            tab_to(page, person.text_content() or "")
            page.keyboard.press("Space")
            tab_to(page, "This is me")
            page.keyboard.press("Enter")
            page.get_by_role("heading", name="untag knows your face").wait_for()
            tab_to(page, "Next: scan your photos")
            page.keyboard.press("Enter")
            at(page, "Scan")
            tab_to(page, "Scan", within="section")
            page.keyboard.press("Enter")
            page.get_by_role("heading", name="Done").wait_for()
            tab_to(page, "Review the photos of you")
            page.keyboard.press("Enter")
            page.get_by_text("shown are not decided").wait_for()
            page.keyboard.press("r")
            page.get_by_text("Marked to ask for removal:").wait_for()
            tab_to(page, "Act", within="nav")
            page.keyboard.press("Enter")
            at(page, "What to do now")
            assert not violations(page)
            tab_to(page, "Before and after")
            page.keyboard.press("Enter")
            at(page, "Before and after")
            assert not violations(page)
            tab_to(page, "Back to what to do")
            page.keyboard.press("Enter")
            at(page, "What to do now")
            tab_to(page, "Texts to send")
            page.keyboard.press("Enter")
            at(page, "Texts to send")
            letter = page.locator(".letter").first
            letter.wait_for()
            assert "https://www." in (letter.text_content() or "")
            tab_to(page, "Copy")
            assert not violations(page)
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()
    with library.open(home, tend=False) as client:
        statuses = [finding.status for finding in client.findings(status=list(library.Status))]
    assert statuses.count(library.Status.REQUEST_REMOVAL) >= 1


def many(untag: Untag, count: int) -> None:
    """So many findings of made-up photos; all of them are one file on the disk."""
    untag.enroll()
    first = untag.add("0.png", paint(Square(), serial=1))
    records = []
    for number in range(count):
        path = first if number == 0 else untag.photos / f"{number}.png"
        if number:
            os.link(first, path)
        origin = Origin("facebook", f"https://www.facebook.com/photo/?fbid={number}", poster=f"friend {number % 9}")
        found = assessment(risk=number % 100, person="me")
        sha256 = hashlib.sha256(str(number).encode()).hexdigest()
        records.append(record(str(path), sha256, analysis(seed=number, found=found), origin=origin))
    with Store.open(untag.home) as store:
        run = start_run(store, [str(untag.photos)])
        record_batch(store, run, records)


def test_five_thousand_findings(browser: Browser, server: Served, untag: Untag) -> None:
    """They come as they are needed, by key; all that fit a filter are decided at once, and taken back."""
    many(untag, 5000)
    with tab(browser) as page:
        enter(page, server.address)
        page.get_by_text("there are more").wait_for()
        cards = page.locator("#grid .card")
        first = cards.count()
        assert first <= 120
        page.locator("#grid .open").first.focus()
        page.keyboard.press("Enter")
        page.locator("#large .about").wait_for()
        for _ in range(first + 5):
            page.keyboard.press("ArrowRight")
        page.wait_for_function("count => document.querySelectorAll('#grid .card').length > count", arg=first)
        page.keyboard.press("Escape")
        page.goto(f"{page.url}?poster=friend+3")
        page.get_by_role("button", name="Decide about all that fit").click()
        page.get_by_text("556 photos fit").wait_for()
        page.locator("#every").get_by_role("button", name="Keep").click()
        page.get_by_text("Kept: 556 photos.").wait_for()
        assert decided(untag) == 556
        page.keyboard.press("z")
        page.get_by_text("Taken back").wait_for()
        assert decided(untag) == 0


def decided(untag: Untag) -> int:
    with library.open(untag.home, tend=False) as home:
        return sum(1 for _ in home.findings(status=library.Status.KEEP))
