"""What went wrong with a download, in words, and what the user can do about it."""

from __future__ import annotations

from http import HTTPStatus

from untag.engine.downloads.addresses import host_of, shown
from untag.engine.downloads.registry import DownloadableWeights
from untag.errors import NetworkError


def of_status(code: int, url: str, weights: DownloadableWeights) -> str:
    """What an HTTP status that is not a success means."""
    host = host_of(url)
    if code in (404, 410):
        return f"{host} has no {weights.file} at {shown(url)} ({code})"
    if code in (401, 403):
        return f"{host} refuses to give {weights.file} ({code})"
    if code == 407:
        return f"the proxy wants a name and a password ({code}); {PROXY_PASSWORD}"
    if 300 <= code < 400:
        return f"{host} redirects in circles, or to where a download may not go ({code})"
    known = HTTPStatus(code).phrase if code in set(HTTPStatus) else "unknown"
    return f"{host} has a problem of its own ({code} {known})"


PROXY_PASSWORD = "name them in https_proxy=http://NAME:PASSWORD@HOST:PORT"  # noqa: S105 - a pattern, nobody's password


def advice(weights: DownloadableWeights) -> str:
    """What to do when a download fails, whatever the reason."""
    return (
        f"run the same command again later, or get {weights.file} from elsewhere with --from and a mirror's address"
        " or a folder that has it"
    )


def wrong(url: str, weights: DownloadableWeights, what: str) -> NetworkError:
    """The error for bytes that are not the pinned ones; `what` says what was sent instead."""
    return NetworkError(f"{host_of(url)} sent {what}: {weights.file} was refused and removed; {advice(weights)}")
