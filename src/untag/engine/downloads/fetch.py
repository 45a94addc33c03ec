"""Gets a weights file from its upstream, a mirror or a folder. The only module that may use the network.

Only `untag models pull` calls it. A request says which file and which bytes of it are wanted, and who asks
(`untag/VERSION`): no cookies, nothing about the user or the machine.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from untag import __version__
from untag.engine.downloads.addresses import host_of, is_safe, may_follow, mirrored, shown
from untag.engine.downloads.advice import PROXY_PASSWORD, advice, of_status, wrong
from untag.engine.downloads.folder_copy import copy_weights
from untag.engine.downloads.partial import PartFile, Version, has_hash, open_part
from untag.engine.downloads.registry import DownloadableWeights
from untag.errors import NetworkError, UsageError

CHUNK = 1 << 16
MOST_BYTES = 1 << 30
"""The limit where no size is pinned; the largest file that is pinned has a quarter of it."""
TIMEOUT = 30.0
"""Seconds without a single byte."""
TRIES = 5
_PROGRESS = 1 << 20
"""Bytes that a try must bring to be no failure: a bad line is allowed as many tries as it takes."""
_BUSY = {408, 425, 429, 500, 502, 503, 504}

OnProgress = Callable[[int, int | None], None]
"""Called with the bytes that are there so far, and how many there will be, or None when that is not known."""


class _TryAgainError(Exception):
    """An attempt failed in a way that another may not; the text is the sentence for the user if none succeeds."""


@dataclass(frozen=True, slots=True)
class _Job:
    weights: DownloadableWeights
    url: str
    opener: urllib.request.OpenerDirector
    on_progress: OnProgress
    sleep: Callable[[float], None]

    @property
    def limit(self) -> int:
        return MOST_BYTES if self.weights.size is None else self.weights.size


def fetch(
    weights: DownloadableWeights,
    folder: Path,
    *,
    origin: str | Path | None = None,
    on_progress: OnProgress = lambda _, __: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Put the weights into `folder`, checked against their SHA-256; does nothing when they are there already.

    `origin` is the base address of a mirror, a folder that has the file, or None for upstream. A download that was
    interrupted goes on where it ended. Redirects lead to https only, or stay on the http host that was asked for.
    Raises NetworkError when the download fails or brings other bytes, ModelError when the folder's file is another
    one, UsageError when `origin` makes no sense, has not the file, or `folder` cannot be written to or is full.
    """
    target = folder / weights.file
    with open_part(target) as part:
        if has_hash(target, weights.sha256):
            return target
        if isinstance(origin, Path):
            return copy_weights(weights, origin, part, on_progress)
        url = weights.url if origin is None else mirrored(origin, weights.file)
        if origin is None and not is_safe(url):
            raise UsageError(f"{shown(url)} is not an https address")
        return _download(_Job(weights, url, _opener(url), on_progress, sleep), part)


def _download(job: _Job, part: PartFile) -> Path:
    joined = _transfer(job, part)
    if joined and not part.has_hash(job.weights.sha256):
        # The first piece may be what a power cut made of it, or the server may have resumed another version.
        part.discard()
        _transfer(job, part)
    if not part.has_hash(job.weights.sha256):
        part.discard()
        raise wrong(job.url, job.weights, "other bytes than untag was made for (SHA-256 differs)")
    return part.install()


def _transfer(job: _Job, part: PartFile) -> bool:
    """Get all bytes, in as many tries as are allowed. Returns whether they were put together from several."""
    failures, furthest = 0, part.size
    while True:
        try:
            return _attempt(job, part)
        except _TryAgainError as error:
            failures = 1 if part.size - furthest >= _PROGRESS else failures + 1
            furthest = max(furthest, part.size)
            if failures == TRIES:
                raise NetworkError(f"{error}; {advice(job.weights)}") from error.__cause__
            job.sleep(2.0 ** (failures - 1))


def _attempt(job: _Job, part: PartFile) -> bool:
    known = part.version()
    start = 0 if known is None or known.source != shown(job.url) else part.size
    if start and start == job.weights.size:
        return True
    headers = {"User-Agent": f"untag/{__version__}", "Accept": "*/*"}
    if start and known is not None:
        headers |= {"Range": f"bytes={start}-", "If-Range": known.validator}
    with _open(job, part, urllib.request.Request(job.url, headers=headers)) as response:  # noqa: S310 - checked
        if response.status != 206 or not start:
            start = 0
            part.begin(_version(job, response))
        elif not (response.headers["Content-Range"] or "").startswith(f"bytes {start}-"):
            part.discard()
            raise _TryAgainError(f"{host_of(job.url)} sent another part of {job.weights.file} than was asked for")
        total = None if response.length is None else start + response.length
        if total is not None and (total > job.limit or total < (job.weights.size or 0)):
            part.discard()
            raise wrong(job.url, job.weights, f"{total:,} bytes where {job.limit:,} are expected")
        _receive(job, part, response, total)
        return start > 0


def _receive(job: _Job, part: PartFile, response: http.client.HTTPResponse, total: int | None) -> None:
    expected = job.weights.size if total is None else total
    while chunk := _read(job, response):
        if part.size + len(chunk) > job.limit:
            part.discard()
            raise wrong(job.url, job.weights, f"more than the {job.limit:,} bytes that it may have")
        part.write(chunk)
        job.on_progress(part.size, expected)
    if expected is not None and part.size < expected:
        raise _TryAgainError(f"the connection to {host_of(job.url)} was cut")


def _read(job: _Job, response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(CHUNK)
    except TimeoutError as error:
        raise _TryAgainError(f"{host_of(job.url)} sent nothing for {TIMEOUT:.0f} seconds") from error
    except (OSError, http.client.HTTPException) as error:
        raise _TryAgainError(f"the connection to {host_of(job.url)} was cut") from error


def _version(job: _Job, response: http.client.HTTPResponse) -> Version | None:
    etag = response.headers["ETag"]
    # A weak ETag does not promise the same bytes, and may not stand in If-Range (RFC 9110, 13.1.5).
    validator = response.headers["Last-Modified"] if etag is None or etag.startswith("W/") else etag
    return None if validator is None else Version(shown(job.url), validator)


def _open(job: _Job, part: PartFile, request: urllib.request.Request) -> http.client.HTTPResponse:
    host = host_of(job.url)
    try:
        response = job.opener.open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        with closing(error):
            if error.code == 416:
                part.discard()
                raise _TryAgainError(f"{host} cannot go on with {job.weights.file}") from None
            sentence = of_status(error.code, job.url, job.weights)
        if error.code in _BUSY:
            raise _TryAgainError(sentence) from None
        raise NetworkError(f"{sentence}; {advice(job.weights)}") from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)):
            raise _TryAgainError(f"the connection to {_way(job.url)} was cut") from error
        raise NetworkError(f"{_unreachable(job.url, error.reason)}; {advice(job.weights)}") from error
    except TimeoutError as error:
        raise _TryAgainError(f"{_way(job.url)} did not answer within {TIMEOUT:.0f} seconds") from error
    except (OSError, http.client.HTTPException) as error:
        raise _TryAgainError(f"the connection to {_way(job.url)} was cut") from error
    assert isinstance(response, http.client.HTTPResponse)
    return response


def _unreachable(url: str, reason: object) -> str:
    way = _way(url)
    if isinstance(reason, socket.gaierror):
        return f"the address of {way} is not known: this machine may be offline"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return (
            f"the certificate of {way} is not trusted ({reason.verify_message});"
            " if your network reads along, name its certificate with SSL_CERT_FILE"
        )
    if isinstance(reason, ssl.SSLError):
        return f"no secure connection to {way} ({reason.reason or 'TLS failed'})"
    if isinstance(reason, ConnectionRefusedError):
        return f"{way} refuses connections"
    if isinstance(reason, TimeoutError):
        return f"{way} did not answer within {TIMEOUT:.0f} seconds"
    if "407" in str(reason):
        return f"{way} cannot be reached: the proxy wants a name and a password (407); {PROXY_PASSWORD}"
    return f"{way} cannot be reached ({getattr(reason, 'strerror', None) or reason})"


def _proxy(url: str) -> str | None:
    parts = urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    return None if proxy is None or urllib.request.proxy_bypass(parts.hostname or "") else proxy


def _way(url: str) -> str:
    proxy = _proxy(url)
    return host_of(url) if proxy is None else f"{host_of(url)} (by way of the proxy {host_of(proxy)})"


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows what `may_follow` allows, and carries no header along but those of the first request."""

    def __init__(self, url: str) -> None:
        self._url = url

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request:
        # Closed unread: the body of a redirect is of no interest, and may be endless.
        fp.close()
        if not may_follow(self._url, newurl):
            raise NetworkError(
                f"{host_of(self._url)} redirects to {shown(newurl)}, which is not secure, so it was not followed"
            )
        kept = {name: value for name, value in req.header_items() if name.lower() in _KEPT}
        return urllib.request.Request(newurl, headers=kept)  # noqa: S310 - checked just above


_KEPT = {"user-agent", "accept", "range", "if-range"}


def _opener(url: str) -> urllib.request.OpenerDirector:
    proxy = _proxy(url)
    if proxy is not None and urlsplit(proxy).scheme not in ("http", "https", ""):
        raise UsageError(f"the proxy {host_of(proxy)} is of a kind that untag cannot use; only http proxies work")
    opener = urllib.request.OpenerDirector()
    # Not build_opener: it adds ftp, file and data addresses.
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _Redirects(url),
    ):
        opener.add_handler(handler)
    opener.addheaders = []
    return opener
