"""The scan as a page: begun, watched, paused, gone on with; one that runs elsewhere is shown as well."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, render_template

from untag.errors import UsageError
from untag.review.first import _asked
from untag.review.parts import home, parts
from untag.review.working import Doing, Progress

scanning = Blueprint("scanning", __name__)

_FOUND = 12
"""Findings that are shown while a scan runs, the riskiest."""


@scanning.get("/scan")
def scan() -> str:
    """What runs, what has ended, and what could be scanned."""
    working = parts().working
    now = working.progress
    if now.summary is not None:
        working.shown()
    return render_template("scan.html", title="Scan", now=now, scan=_scan(now), found=_found(), is_new=home().is_new)


@scanning.get("/scan/state")
def state() -> Response:
    """How far the scan is, and what runs elsewhere."""
    return jsonify(_scan(parts().working.progress))


@scanning.get("/scan/found")
def found() -> str:
    """The riskiest findings so far, as a piece of a page."""
    return render_template("found.html", found=_found())


@scanning.post("/scan/start")
def start() -> Response:
    """Begins to scan the places that were named, or those of the scan before."""
    working = parts().working
    last = home().last_scan()
    if not working.progress.paths and last is not None:
        working.choose(last.paths)
    if not working.progress.paths:
        raise UsageError("name a folder or an archive first")
    if home().is_new:
        raise UsageError("untag does not know your face yet; show it first")
    working.scan()
    return state()


@scanning.post("/scan/pause")
def pause() -> Response:
    """Has the scan stop; the next one goes on where it ended."""
    parts().working.stop()
    return state()


@scanning.post("/scan/called")
def called() -> Response:
    """The owner of an archive is the user: their posts are the user's own."""
    name = _asked().get("name")
    if not isinstance(name, str):
        raise UsageError("say under which name the archive has you")
    parts().working.call(name)
    return jsonify(called=name)


def _found() -> list[Any]:
    opened = home()
    if opened.is_new:
        return []
    # Of what archives report without a file there is no picture.
    return [finding for finding in opened.findings(limit=4 * _FOUND) if not finding.absent][:_FOUND]


def _scan(now: Progress) -> dict[str, Any]:
    """What a script needs to know. `elsewhere` is a scan that another process runs."""
    running = now.doing is Doing.SCANNING
    last = home().last_scan()
    other = None if running or last is None or last.process is None else last
    return {
        "phase": _phase(now, elsewhere=other is not None),
        "version": now.version,
        "done": now.done if running else 0,
        "total": now.total,
        "stopping": now.stopping,
        "failed": None if running else now.failed,
        "paths": now.paths or (() if last is None else last.paths),
        "interrupted": other is None and not running and last is not None and last.finished_at is None,
        "elsewhere": other
        and {"photos": other.photos, "findings": other.findings, "paths": other.paths, "process": other.process},
        "findings": 0 if last is None else last.findings,
    }


def _phase(now: Progress, *, elsewhere: bool) -> str:
    if elsewhere:
        return "elsewhere"
    if now.doing is not None:
        return "running" if now.doing is Doing.SCANNING else "busy"
    return "idle" if now.summary is None else "ended"
