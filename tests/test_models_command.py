"""`untag models`: what it lists, asks, gets and checks, with toy models."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import NoReturn

import pytest

import loopback
from children import killed_on_leaving
from fakes import Untag
from loopback import Server, cut, pin, ranged, status, whole
from untag.engine.downloads import inventory
from untag.engine.downloads import pull as downloads
from untag.engine.downloads.addresses import is_safe, may_follow, mirrored, parse_origin, shown
from untag.engine.downloads.pull import DOWNLOAD_SETS, DOWNLOADABLE_WEIGHTS, YUNET
from untag.engine.downloads.registry import PACKAGED_WEIGHTS
from untag.errors import UsageError

ONE, TWO, THREE = os.urandom(2_000_000), os.urandom(3000), os.urandom(500)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that is upstream of three toy models, which are all that there are."""
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with loopback.serve() as server:
        one, two, three = (
            pin(data, f"{server.base}/{name}-upstream.bin", name=name, sized=name != "three")
            for name, data in (("one", ONE), ("two", TWO), ("three", THREE))
        )
        sets = {inventory.RECOMMENDED: (one, two), "pair": (two, three)}
        for module in (inventory, downloads):
            monkeypatch.setattr(module, "DOWNLOAD_SETS", sets)
            monkeypatch.setattr(module, "DOWNLOADABLE_WEIGHTS", (one, two, three))
        yield server


def states(untag: Untag) -> dict[str, str]:
    """The state of each toy model in `untag models list`."""
    result = untag.run("models", "list")
    assert (result.status, result.err) == (0, "")
    rows = [line.split("  ") for line in result.out.split("\n\n")[0].splitlines()[1:]]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    return {row[0]: row[1] for row in cells if row[-1] == "is a toy"}


def test_without_a_name_the_recommended_set_is_pulled(untag: Untag, server: Server) -> None:
    server.replies = [whole(ONE), whole(TWO)]
    assert states(untag) == dict.fromkeys(("one", "two", "three"), "not installed")
    result = untag.run("models", "pull", "--yes")
    assert (result.status, result.out) == (0, "")
    assert f"2.0 MB, licence MIT, from {server.base}/one-upstream.bin" in result.err
    assert f"2 files, 2.0 MB, into {untag.home / 'models'}" in result.err
    assert (untag.home / "models" / "one.onnx").read_bytes() == ONE
    assert states(untag) == {"one": "installed", "two": "installed", "three": "not installed"}
    again = untag.run("models", "pull", "--yes")
    assert (again.status, "nothing to do" in again.err) == (0, True)
    assert len(server.requests) == 2


def test_names_and_sets_are_each_pulled_once(untag: Untag, server: Server) -> None:
    server.replies = [whole(TWO), whole(THREE)]
    result = untag.run("models", "pull", "two", "pair", "two", "--yes")
    assert result.status == 0
    assert "2 files, 0.0 MB and those of unknown size" in result.err
    assert len(server.requests) == 2


def test_nobody_to_ask(untag: Untag, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    result = untag.run("models", "pull")
    assert (result.status, "--yes" in result.err) == (2, True)
    assert server.requests == []
    assert not untag.home.exists()


@pytest.mark.parametrize(("answer", "installed"), [("y", True), ("n", False), ("", False)])
def test_it_asks_on_a_terminal_and_shows_a_bar(
    untag: Untag, server: Server, monkeypatch: pytest.MonkeyPatch, answer: str, installed: bool
) -> None:
    stdin, stderr = Terminal(f"{answer}\n"), Terminal()
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setenv("TERM", "xterm")
    server.replies = [whole(ONE), whole(TWO)]
    assert untag.run("models", "pull").status == 0
    assert (untag.home / "models" / "one.onnx").exists() is installed
    assert ("nothing was downloaded" in stderr.getvalue()) is not installed
    assert ("2.0/2.0 MB" in stderr.getvalue()) is installed


def test_an_unknown_name(untag: Untag, server: Server) -> None:
    result = untag.run("models", "pull", "four", "--yes")
    assert result.status == 2
    assert "there is no model called four; there are yunet+0095, pair, one, two, three" in result.err
    packaged = untag.run("models", "pull", PACKAGED_WEIGHTS[0].name)
    assert (packaged.status, "nothing to download" in packaged.err) == (2, True)


def test_a_failed_download_is_one_sentence(untag: Untag, server: Server) -> None:
    server.replies = [cut(ONE, 1_500_000), status(404)]
    result = untag.run("models", "pull", "--yes")
    assert result.status == 1
    assert result.err.splitlines()[-1].startswith("untag: 127.0.0.1:")
    assert states(untag)["one"] == "unfinished"
    server.replies = [ranged(ONE), whole(TWO)]
    assert untag.run("models", "pull", "--yes").status == 0
    assert server.ranges()[-2:] == ["bytes=1500000-", None]


def test_from_a_mirror(untag: Untag, server: Server) -> None:
    server.replies = [whole(TWO)]
    result = untag.run("models", "pull", "two", "--yes", "--from", f"http://127.0.0.1:{server.port}/mirror")
    assert result.status == 0
    assert f"from http://127.0.0.1:{server.port}/mirror/two.onnx" in result.err
    assert server.requests[0][0] == "/mirror/two.onnx"


@pytest.mark.parametrize("name", ["two.onnx", "two-upstream.bin"])
def test_from_a_folder(untag: Untag, server: Server, tmp_path: Path, name: str) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / name).write_bytes(TWO)
    assert untag.run("models", "pull", "two", "--yes", "--from", stick).status == 0
    assert (untag.home / "models" / "two.onnx").read_bytes() == TWO
    assert (stick / name).read_bytes() == TWO
    assert server.requests == []


def test_from_a_folder_with_other_bytes_or_without_the_file(untag: Untag, server: Server, tmp_path: Path) -> None:
    missing = untag.run("models", "pull", "two", "--yes", "--from", tmp_path)
    assert (missing.status, "has no two.onnx or two-upstream.bin" in missing.err) == (2, True)
    (tmp_path / "two.onnx").write_bytes(TWO[1:])
    wrong = untag.run("models", "pull", "two", "--yes", "--from", tmp_path)
    assert (wrong.status, "is not the file that untag was made for" in wrong.err) == (2, True)
    assert states(untag)["two"] == "not installed"
    assert server.requests == []


@pytest.mark.parametrize("origin", ["/no/such/folder", "", "ftp://mirror.example/", "https://", "http://ann:pw@host/"])
def test_a_wrong_origin(untag: Untag, server: Server, origin: str) -> None:
    result = untag.run("models", "pull", "two", "--yes", "--from", origin)
    assert result.status == 2
    assert "bug" not in result.err
    assert ":pw@" not in result.err


def test_verify_names_what_is_damaged_and_pull_repairs_it(untag: Untag, server: Server) -> None:
    server.replies = [whole(ONE), whole(TWO)]
    untag.run("models", "pull", "--yes")
    whole_again = untag.run("models", "verify")
    assert whole_again.status == 0
    assert [line.split()[1] for line in whole_again.out.splitlines()][-2:] == ["one", "two"]
    path = untag.home / "models" / "two.onnx"
    path.write_bytes(TWO[:-1])
    result = untag.run("models", "verify")
    assert result.status == 1
    assert "damaged  two: run untag models pull two" in result.out.splitlines()
    assert states(untag)["two"] == "damaged"
    server.replies = [whole(TWO)]
    assert untag.run("models", "pull", "two", "--yes").status == 0
    assert untag.run("models", "verify").status == 0


def test_verify_looks_at_the_packaged_weights_too(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt, gone, *rest = PACKAGED_WEIGHTS
    changed = (replace(spoilt, sha256="0" * 64), replace(gone, package="untag-no-such-package"), *rest)
    monkeypatch.setattr(inventory, "PACKAGED_WEIGHTS", changed)
    result = untag.run("models", "verify")
    assert result.status == 1
    assert f"damaged  {spoilt.name}: run pip install --force-reinstall {spoilt.package}" in result.out
    assert f"damaged  {gone.name}: run pip install --force-reinstall untag-no-such-package" in result.out


def test_only_pull_uses_the_network(untag: Untag, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    assert untag.run("models", "list").status == 0
    assert untag.run("models", "verify").status == 0
    assert untag.run("models", "pull", "--yes", "--from", tmp_path).status == 2
    assert "bug in untag" in untag.run("models", "pull", "--yes").err


def test_the_network_is_imported_by_pull_alone() -> None:
    code = (
        "import sys, untag.cli.models\n"
        "from untag.engine.downloads import addresses, advice, folder_copy, inventory, partial\n"
        "print(*sorted({'urllib.request', 'http.client', 'ssl'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT")
def test_ctrl_c_leaves_a_part_to_go_on_from(tmp_path: Path) -> None:
    assert YUNET.size is not None

    def stop_in_the_middle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(YUNET.size))
        handler.send_header("ETag", loopback.ETAG)
        handler.end_headers()
        handler.wfile.write(bytes(1000))
        part = tmp_path / "models" / f"{YUNET.file}.part"
        while process.poll() is None and not (part.exists() and part.stat().st_size == 1000):
            time.sleep(0.01)
        # As often as a user would: a machine that is busy may take the first one for something else.
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)

    with loopback.serve() as server:
        server.replies = [stop_in_the_middle]
        untag = [sys.executable, "-c", "from untag.cli import main; main()"]
        command = [*untag, "--home", str(tmp_path), "models", "pull", "yunet", "--yes"]
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        process = subprocess.Popen(
            [*command, "--from", server.base], stderr=subprocess.PIPE, text=True, env=environment
        )
        with killed_on_leaving(process):
            _, errors = process.communicate(timeout=200)
    assert process.returncode == 130, errors
    assert errors.splitlines()[-1] == "untag: interrupted"
    assert (tmp_path / "models" / f"{YUNET.file}.part").stat().st_size == 1000


def test_the_table_of_downloads_is_sound() -> None:
    names = [weights.name for weights in DOWNLOADABLE_WEIGHTS]
    files = [weights.file for weights in DOWNLOADABLE_WEIGHTS]
    assert len(set(names)) == len(names) and len(set(files)) == len(files)
    assert inventory.RECOMMENDED in DOWNLOAD_SETS
    for weights in DOWNLOADABLE_WEIGHTS:
        assert weights.url.startswith("https://")
        assert Path(weights.file).name == weights.file
        assert len(bytes.fromhex(weights.sha256)) == 32
        assert weights in DOWNLOAD_SETS[weights.pull]
        # A name that is a set's and a file's must mean the same.
        assert DOWNLOAD_SETS.get(weights.name, (weights,)) == (weights,)


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("https://m.example", "https://m.example/a b.onnx"),
        ("https://m.example/x/", "https://m.example/x/a b.onnx"),
        ("http://m.example:8080/x?key=1", "http://m.example:8080/x/a b.onnx?key=1"),
        ("https://m.example/ü", "https://m.example/%C3%BC/a b.onnx"),
    ],
)
def test_the_address_on_a_mirror(base: str, address: str) -> None:
    assert mirrored(base, "a b.onnx") == address.replace(" ", "%20")


@pytest.mark.parametrize("base", ["m.example", "https://m.example:port/", "https://[::1", "gopher://m.example"])
def test_no_address_of_a_mirror(base: str) -> None:
    with pytest.raises(UsageError):
        mirrored(base, "a")


def test_an_origin_is_an_address_or_a_folder(tmp_path: Path) -> None:
    assert parse_origin("https://m.example/x") == "https://m.example/x"
    assert parse_origin(str(tmp_path)) == tmp_path


@pytest.mark.parametrize(
    ("asked", "redirect", "allowed"),
    [
        ("https://a.example/", "https://b.example/", True),
        ("https://a.example/", "http://a.example/", False),
        ("https://a.example/", "http://127.0.0.1/", False),
        ("http://a.example/", "http://a.example:81/", True),
        ("http://a.example/", "http://b.example/", False),
        ("http://a.example/", "http://127.0.0.1/", False),
        ("http://127.0.0.1:1/", "http://[::1]:2/", True),
        ("http://127.0.0.1:1/", "http://127.0.0.1.evil.example/", False),
    ],
)
def test_where_a_redirect_may_lead(asked: str, redirect: str, allowed: bool) -> None:
    assert may_follow(asked, redirect) is allowed


def test_what_is_safe_and_what_is_shown() -> None:
    assert is_safe("https://a.example/") and is_safe("http://localhost/")
    assert not is_safe("http://a.example/") and not is_safe("ftp://localhost/")
    assert shown("https://ann:pw@a.example:1/x?key=1#y") == "https://a.example:1/x"
