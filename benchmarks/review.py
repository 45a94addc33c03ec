"""The review page with many findings, against a static page of the same pictures in the same browser, and its memory.

    python -m benchmarks.review [--findings 20000] [--repeats 5] [--output FILE.json]

The findings are made up; each has a JPEG of its own name (hard links to some tens of photos). A static page is a file
with the very pictures of the first page, served by Python's own server; the next photo is a page with the large picture
alone. Times are milliseconds from the click or key until everything is shown, in headless Chromium. `cold` is the first
time that a server shows the page: it makes the small pictures then, and the static page beside it has the photos
themselves, as somebody without small pictures would write it. Memory is the largest resident set of the server.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import http.server
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import cv2
import numpy as np

from benchmarks.output import report
from untag.store import Analysis, JudgedWith, PhotoRecord, Reference, Store, add_reference, record_batch, start_run
from untag.types import Action, Assessment, Box, Face, LinkConfidence, Origin, Outcome, PhotoRef, Verdict

CALIBRATIONS = Path(__file__).parents[1] / "models" / "calibration.json"
PHOTOS = 40
SIZE = (1600, 1200)
PAGE = 60
_JUDGED = JudgedWith.of([("me", 1)], "0123456789abcdef")
_POSTERS = [f"friend {number}" for number in range(300)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--findings", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        report(measure(Path(scratch), options.findings, options.repeats), options.output)


def measure(root: Path, findings: int, repeats: int) -> dict[str, Any]:
    """All figures of one run."""
    home, static = root / "home", root / "static"
    make_home(home, root / "photos", findings)
    with browser() as chromium:
        cold, warm, following, elsewhere, memory = [], [], [], [], 0
        for turn in range(2):
            with serving(home) as (address, process), chromium.new_context() as context:
                page = context.new_page()
                cold.append(timed(page, address))
                if turn == 0:
                    write_static(static, page, root / "photos")
                inside = page.url
                warm += [timed(page, inside) for _ in range(repeats)]
                following += next_photos(page, 4 * repeats)
                elsewhere += work_through(page, inside)
                memory = max(memory, peak(process.pid))
        with static_server(static) as origin, chromium.new_context() as context:
            page = context.new_page()
            plain_cold = [timed(page, f"{origin}/originals.html") for _ in range(2)]
            plain = [timed(page, f"{origin}/page.html") for _ in range(repeats)]
            plain_next = [timed(page, f"{origin}/large-{number % 5}.html") for number in range(4 * repeats)]
    first, following_ms = statistics.median(warm), statistics.median(following)
    return {
        "findings": findings,
        "first_page": {"ours": first, "static": statistics.median(plain), "ratio": first / statistics.median(plain)},
        "first_page_cold": {"ours": min(cold), "static": min(plain_cold), "ratio": min(cold) / min(plain_cold)},
        "next_photo": {
            "ours": following_ms,
            "static": statistics.median(plain_next),
            "ratio": following_ms / statistics.median(plain_next),
        },
        "other_pages": dict(elsewhere),
        "server_mb": memory / 1e6,
    }


def make_home(home: Path, folder: Path, count: int, photos: int = PHOTOS) -> None:
    """A home folder with so many findings, and their photos."""
    folder.mkdir(parents=True)
    for number in range(photos):
        cv2.imwrite(str(folder / f"photo-{number}.jpg"), picture(number), [cv2.IMWRITE_JPEG_QUALITY, 85])
    luck = random.Random(0)
    with Store.open(home) as store:
        engine = next(iter(json.loads(CALIBRATIONS.read_text())["engines"]))
        face = Face(Box(0, 0, 1, 1), 1.0, np.zeros((5, 2), np.float32), 1.0, np.zeros(128, np.float32))
        add_reference(store, Reference("me", engine, "0" * 64, "made up", face))
        run = start_run(store, [str(folder)])
        for start in range(0, count, 500):
            for number in range(start, min(count, start + 500)):
                os.link(folder / f"photo-{number % photos}.jpg", folder / f"IMG_{number:06}.jpg")
            numbers = range(start, min(count, start + 500))
            record_batch(store, run, [made_up(folder / f"IMG_{number:06}.jpg", number, luck) for number in numbers])


def picture(number: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Something with the detail of a photo: smooth areas, edges and noise."""
    luck = np.random.default_rng(number)
    coarse = luck.integers(0, 255, (12, 16, 3), np.uint8)
    smooth = cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC)
    for _ in range(40):
        where = tuple(int(value) for value in luck.integers(0, 1200, 2))
        cv2.circle(smooth, where, int(luck.integers(10, 150)), luck.integers(0, 255, 3).tolist(), -1)
    return np.asarray(cv2.add(smooth, luck.integers(0, 20, smooth.shape, np.uint8)), np.uint8)


def made_up(path: Path, number: int, luck: random.Random) -> PhotoRecord:
    """A photo on record with its finding."""
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    poster = luck.choice(_POSTERS)
    origin = Origin(
        platform="facebook",
        permalink=f"https://www.facebook.com/photo/?fbid={10**12 + number}",
        permalink_confidence=LinkConfidence.CERTAIN,
        poster=poster,
        people=("me",),
        caption=f"a caption of photo {number}",
    )
    day = f"20{luck.randrange(10, 25)}-{luck.randrange(1, 13):02}-{luck.randrange(1, 29):02}"
    taken = f"{day}T{luck.randrange(24):02}:{luck.randrange(60):02}:00"
    verdict = Verdict.MAYBE if luck.random() < 0.2 else Verdict.ME
    categories = {"alcohol": 0.9} if luck.random() < 0.3 else {}
    found = Assessment(
        person="me",
        verdict=verdict,
        similarity=luck.random(),
        categories=categories,
        risk=luck.randrange(100),
        reasons=("Your face: 93 % alike", "alcohol 90 %: wine bottle; near you", f"posted by {poster}"),
        action=Action.UNTAG,
        origin=origin,
        faces=(Box(600, 300, 900, 600),),
    )
    ref = PhotoRef(str(path), "facebook", 100_000, 1, origin, str(path))
    made = Analysis(*SIZE, taken, luck.getrandbits(64), "made-up", _JUDGED, "made-up", assessment=found)
    return PhotoRecord(ref, sha256, Outcome.OK, analysis=made)


@contextmanager
def serving(home: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`untag review` on a home folder: its address, and the process."""
    command = [sys.executable, "-m", "untag", "--home", str(home), "review", "--no-browser"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


@contextmanager
def browser() -> Iterator[Any]:
    """Headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            yield chromium
        finally:
            chromium.close()


SHOWN = """() => new Promise((done, failed) => {
    setTimeout(() => failed(new Error("the page was not shown")), 60000);
    const seen = () => [...document.images].filter((image) => {
        const box = image.getBoundingClientRect();
        return box.bottom > 0 && box.top < innerHeight;
    });
    const check = () => {
        const images = seen();
        if (document.readyState === "complete" && images.length > 0 && images.every((image) => image.complete)) {
            Promise.all(images.map((image) => image.decode().catch(() => null))).then(() => done(performance.now()));
        } else {
            setTimeout(check, 2);
        }
    };
    check();
})"""
"""Milliseconds since the page was asked for, when all pictures that can be seen are there and decoded."""


def timed(page: Any, address: str) -> float:
    """How long a page takes until what can be seen of it is shown."""
    page.goto(address, wait_until="commit")
    page.wait_for_selector("img", state="attached")
    return float(page.evaluate(SHOWN))


NEXT = """() => new Promise((done, failed) => {
    setTimeout(() => failed(new Error("the next photo did not come")), 20000);
    const began = performance.now();
    const before = document.querySelector("#picture image")?.getAttribute("href");
    document.getElementById("next").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    const check = () => {
        const image = document.querySelector("#picture image");
        const href = image?.getAttribute("href");
        if (href === before || href === undefined) { requestAnimationFrame(check); return; }
        const probe = new Image();
        probe.src = href;
        probe.decode().then(() => done(performance.now() - began));
    };
    check();
})"""


def next_photos(page: Any, count: int) -> list[float]:
    """How long the next photo takes, one after the other, with a second to look at each."""
    page.locator(".card .open").first.click()
    page.wait_for_selector("#picture image")
    found = []
    for _ in range(count):
        time.sleep(1)
        found.append(float(page.evaluate(NEXT)))
    page.keyboard.press("Escape")
    return found


LOOKED = """async (url) => {
    const { html } = await (await fetch(url)).json();
    const box = document.createElement("template");
    box.innerHTML = html;
    await Promise.all([...box.content.querySelectorAll(".open")].map(async (button, index) => {
        await (await fetch(button.querySelector("img").src)).blob();
        if (index % 6 === 0) await (await fetch(button.dataset.large)).blob();
    }));
}"""


def work_through(page: Any, inside: str) -> list[tuple[str, float]]:
    """What else is asked for in a long session, so that memory is that of one; milliseconds of each."""
    fetch = """async (url) => { const began = performance.now(); const answer = await fetch(url); await answer.text();
        if (!answer.ok) throw new Error(answer.status); return performance.now() - began; }"""
    found = []
    for name, path in (
        ("page 300", "page?offset=17940"),
        ("a poster", "?poster=friend+7&show=all"),
        ("newest first", "?sort=date"),
        ("unsure", "maybe/next"),
        ("state", "state"),
    ):
        found.append((name, float(page.evaluate(fetch, inside + path))))
    for offset in range(PAGE, 1500, PAGE):
        page.evaluate(LOOKED, f"{inside}page?offset={offset}")
    return found


def write_static(folder: Path, page: Any, photos: Path) -> None:
    """The pictures of the page as files, and pages of them: small, as they are, and each large one alone."""
    folder.mkdir()
    small = page.evaluate("[...document.querySelectorAll('.card img')].map((image) => image.src)")
    large = page.evaluate("[...document.querySelectorAll('.card .open')].map((button) => button.dataset.large)")
    names = page.evaluate("[...document.querySelectorAll('.card')].map((card) => card.dataset.name)")
    for number, url in enumerate(small):
        (folder / f"small-{number}.jpg").write_bytes(page.request.get(url).body())
    for number, url in enumerate(large[:5]):
        (folder / f"large-{number}.jpg").write_bytes(page.request.get(urljoin(page.url, url)).body())
        (folder / f"large-{number}.html").write_text(f'<!DOCTYPE html><img src="large-{number}.jpg">')
    for name in names:
        shutil.copy(photos / name, folder / name)
    small_names = [f"small-{number}.jpg" for number in range(len(small))]
    for name, pictures in (("page.html", small_names), ("originals.html", names)):
        images = (f'<img src="{picture}" width="184" height="138" loading="lazy">' for picture in pictures)
        (folder / name).write_text(f"<!DOCTYPE html>{''.join(images)}")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()


@contextmanager
def static_server(folder: Path) -> Iterator[str]:
    """A server of files that the browser may keep as little as ours."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()


def peak(pid: int) -> int:
    """The largest resident set of a process, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    main()
