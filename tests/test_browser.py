"""The pages in a real browser: the first visit with the keyboard, a scan that runs, a second tab, a stopped server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import untag as library
from browsing import Served, at, enter, launched, name_place, served, tab, violations
from fakes import Square, Untag, paint

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as found:
        yield found


@pytest.fixture
def server(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A server on an empty home, whose user has downloads and photos."""
    monkeypatch.setattr("platformdirs.user_downloads_dir", lambda: str(untag.root / "Downloads"))
    monkeypatch.setattr("platformdirs.user_pictures_dir", lambda: str(untag.root / "Pictures"))
    monkeypatch.setenv("HOME", str(untag.root))
    with served(untag) as made:
        yield made


def fill(untag: Untag, mine: int = 6, strangers: int = 3) -> None:
    """Photos of somebody and of a stranger; some show a drink or a weapon."""
    for number in range(mine):
        square = Square(off=number / 50, seed=number, side=60 + 8 * number)
        untag.add(f"{number}.png", paint(square, serial=number, alcohol=0.9 if number % 3 == 0 else 0.1))
    for number in range(strangers):
        untag.add(f"s{number}.png", paint(Square(7, off=number / 50), serial=100 + number))


def test_with_the_mouse_and_what_was_found_in_the_downloads(browser: Browser, server: Served, untag: Untag) -> None:
    fill(untag)
    (untag.root / "Downloads").mkdir()
    untag.photos.rename(untag.root / "Downloads" / "holiday")
    with tab(browser) as page:
        enter(page, server.address)
        page.get_by_role("button", name="Add holiday").click()
        page.get_by_text("Photos: 9 photos.").wait_for()
        # What was named is not offered again, and can be taken away.
        assert page.get_by_role("button", name="Add holiday").count() == 0
        page.get_by_role("button", name="Remove").click()
        page.get_by_text("Nothing yet.").wait_for()
        page.get_by_role("button", name="Add holiday").dblclick()
        page.get_by_text("Photos: 9 photos.").wait_for()
        page.reload()
        page.get_by_text("Photos: 9 photos.").wait_for()
        page.get_by_role("link", name="Next: which of these is you?").click()
        page.get_by_role("button", name="Look at some of my photos").click()
        page.get_by_text("Person 1, in 6 photos").click()
        page.get_by_text("Person 2, in 3 photos").click()
        page.get_by_text("2 are chosen").wait_for()
        page.get_by_text("Person 2, in 3 photos").click()
        page.get_by_role("button", name="This is me").dblclick()
        page.get_by_text("6 pictures of you are used").wait_for()
        page.go_back()
        at(page, "Where are your photos?")
        page.go_forward()
        page.get_by_role("button", name="That was somebody else: start over").click()
        page.get_by_role("heading", name="untag knows your face").wait_for(state="detached")
    with library.open(untag.home, tend=False) as home:
        assert home.is_new


def test_ones_own_pictures_are_taken(browser: Browser, server: Served, untag: Untag) -> None:
    mine = [untag.add(f"{number}.png", paint(Square(off=number / 50), serial=number)) for number in range(3)]
    with tab(browser) as page:
        enter(page, server.address, "welcome/who")
        page.get_by_label("Choose pictures").set_input_files([untag.add("no.png", b"no picture")])
        page.get_by_text("None of these pictures can be used").wait_for()
        page.get_by_text("no.png is not used").wait_for()
        page.get_by_label("Choose pictures").set_input_files(mine)
        page.get_by_text("3 pictures of you are used").wait_for()


def test_what_is_wrong_is_said_in_words(browser: Browser, server: Served, untag: Untag) -> None:
    fill(untag, mine=0, strangers=0)
    untag.add("landscape.png", paint(serial=1))
    with tab(browser) as page:
        enter(page, server.address)
        page.get_by_label("A folder or an archive").fill("/no/such/folder")
        page.keyboard.press("Enter")
        page.get_by_text("no such file or folder: /no/such/folder").wait_for()
        page.locator("#next").press("Enter")
        page.get_by_text("Name a folder or an archive first.").wait_for()
        name_place(page, untag.photos)
        page.get_by_role("link", name="Next").click()
        page.get_by_role("button", name="Look at some").click()
        page.get_by_role("heading", name="No clear face was found").wait_for()


@pytest.fixture
def halted(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody enrolled, and photos of which a scan stands still at the 17th until it is told to stop."""
    path = untag.root / "halt"
    path.touch()
    monkeypatch.setenv("UNTAG_TEST_HALT", str(path))
    untag.enroll()
    fill(untag, mine=30)
    return path


def test_a_scan_is_watched_paused_and_goes_on_in_two_tabs(
    browser: Browser, server: Served, untag: Untag, halted: Path
) -> None:
    with tab(browser) as page:
        enter(page, server.address, "welcome")
        name_place(page, untag.photos)
        page.get_by_role("link", name="Next: scan").click()
        page.get_by_role("button", name="Scan", exact=True).click()
        page.get_by_role("button", name="Pause").wait_for()
        second = page.context.new_page()
        second.goto(page.url)
        # Findings appear while it runs, in both.
        for one in (page, second):
            one.locator("#found img").first.wait_for()
        second.get_by_role("button", name="Pause").click()
        for one in (page, second):
            one.get_by_role("heading", name="Paused").wait_for()
        halted.unlink()
        page.get_by_role("button", name="Go on").click()
        for one in (page, second):
            one.get_by_role("heading", name="Done").wait_for()
        second.close()
    with library.open(untag.home, tend=False) as home:
        assert home.last_scan() is not None and len(list(home.findings())) == 30


def test_a_server_that_stops_in_the_middle_of_a_scan(
    browser: Browser, server: Served, untag: Untag, halted: Path
) -> None:
    with tab(browser) as page:
        enter(page, server.address, "welcome")
        name_place(page, untag.photos)
        page.get_by_role("link", name="Next: scan").click()
        page.get_by_role("button", name="Scan", exact=True).click()
        page.locator("#found img").first.wait_for()
        server.stop()
        page.get_by_text("untag review has stopped").wait_for()
    halted.unlink()
    with library.open(untag.home, tend=False) as home:
        last = home.last_scan()
        assert last is not None and last.finished_at is None and 0 < last.photos < 33
    # Another start offers to go on.
    with served(untag) as again, tab(browser) as page:
        enter(page, again.address, "scan")
        page.get_by_role("heading", name="The last scan was interrupted").wait_for()
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("heading", name="Done").wait_for()


def test_a_scan_that_was_started_elsewhere_is_shown(browser: Browser, server: Served, untag: Untag) -> None:
    from untag.store import Store, start_run

    untag.enroll()
    fill(untag)
    untag.scan()
    with Store.open(untag.home) as store, tab(browser) as page:
        with store.exclusive():
            start_run(store, [str(untag.photos)])
            enter(page, server.address, "scan")
            page.get_by_role("heading", name="A scan is running elsewhere").wait_for()
            assert page.get_by_role("button", name="Scan").count() == 0
        page.get_by_role("button", name="Go on").wait_for()


PAGES = ("welcome", "welcome/who", "scan", "", "ask")


def test_no_page_is_hard_to_use(browser: Browser, server: Served, untag: Untag) -> None:
    """axe-core finds nothing on any page, light and dark, with and without content; nor is one too wide for a phone."""
    fill(untag)
    small = {"width": 360, "height": 740}
    with tab(browser, viewport=small) as page:
        enter(page, server.address)
        at(page, "Where are your photos?")
        assert not violations(page)
        inside = page.url.removesuffix("welcome")
        name_place(page, untag.photos)
        page.get_by_text("Photos: 9 photos.").wait_for()
        assert not violations(page)
        page.get_by_role("link", name="Next").click()
        assert not violations(page)
        page.get_by_role("button", name="Look at some").click()
        page.get_by_text("Person 1, in 6 photos").click()
        assert not violations(page)
        page.get_by_role("button", name="This is me").click()
        page.get_by_role("heading", name="untag knows your face").wait_for()
        assert not violations(page)
        page.goto(f"{inside}scan")
        page.get_by_role("button", name="Scan", exact=True).click()
        page.get_by_role("heading", name="Done").wait_for()
        assert not violations(page)
        for path in PAGES:
            page.goto(inside + path)
            assert not violations(page), path
            # Nothing sticks out to the side of a phone.
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
