"""Where a cluster is, and what must hold before anything travels there: on other machines, TLS with keys of its own."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from untag.errors import UsageError

_SCHEMES = ("tcp", "tls")


@dataclass(frozen=True, slots=True)
class Keys:
    """The files of one party: the authority that signed everybody's certificate, its own, and the key to that."""

    authority: Path
    certificate: Path
    key: Path

    @property
    def missing(self) -> tuple[Path, ...]:
        """Those that are not there."""
        return tuple(path for path in (self.authority, self.certificate, self.key) if not path.is_file())


def keys_in(folder: Path) -> Keys:
    """The keys in a folder, by the names that `untag worker --nas` gives them."""
    return Keys(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")


def check_address(address: str, keys: Keys) -> Keys | None:
    """The keys to connect with, None where none are needed: plain TCP stays on this machine.

    Raises UsageError for what is no address, for plain TCP to another machine, and where keys are missing.
    """
    scheme, host = _parts(address)
    if scheme == "tls":
        if keys.missing:
            missing = ", ".join(map(str, keys.missing))
            raise UsageError(f"{address} needs keys, and there is no {missing}; how to make them: untag worker --nas")
        return keys
    if not is_loopback(host):
        raise UsageError(
            f"{address} is another machine, and photos would travel there unencrypted: use tls://; "
            "how to set that up: untag worker --nas"
        )
    return None


def is_safe(address: str) -> bool:
    """Whether what goes to a worker at this address is encrypted, or stays on its machine."""
    try:
        scheme, host = _parts(address)
    except UsageError:
        return False
    return scheme == "tls" or is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def _parts(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"{address!r} is no address of a cluster: {error}") from error
    if scheme not in _SCHEMES or not host or port is None or parts.path or parts.query or parts.username:
        raise UsageError(f"{address!r} is no address of a cluster: it is tls://HOST:PORT, or tcp://127.0.0.1:PORT")
    return scheme, host


@dataclass(frozen=True, slots=True)
class SharedFolder:
    """A folder that the workers see as well: `here` as the home has it, `there` as they do, without a / at the end."""

    here: str
    there: str


def shared_folder(written: str) -> SharedFolder:
    """What `--shared FOLDER` or `--shared FOLDER=THEIRS` means. Raises UsageError for what are no absolute paths."""
    here, equals, there = written.partition("=")
    folder = SharedFolder(here.rstrip("/"), (there if equals else here).rstrip("/"))
    if not folder.here.startswith("/") or not folder.there.startswith("/"):
        raise UsageError(f"--shared {written}: write FOLDER, or FOLDER=AS-THE-WORKERS-SEE-IT, from the root on")
    return folder


def seen_by_workers(path: str, shared: Sequence[SharedFolder]) -> str | None:
    """The path of a file as the workers see it; None where they do not."""
    for folder in shared:
        if path.startswith(folder.here + "/"):
            return folder.there + path[len(folder.here) :]
    return None
