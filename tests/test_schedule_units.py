"""The files that start scheduled runs: the system's own tools take them, and no path can break out of its place."""

from __future__ import annotations

import json
import os
import plistlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from untag.errors import UsageError
from untag.schedule.installation import Installation
from untag.schedule.plan import Schedule, Service, check_time, load_schedule, save_schedule
from untag.schedule.units import (
    CRON_BEGIN,
    _systemd_word,
    cron_lines,
    launchd_plist,
    systemd_units,
    with_cron_lines,
)

HOSTILE = (
    "/home/ana/Meine Bilder",
    "/p/100 % %h $HOME ${X} $$",
    "/p/a\"b'c`d\\e",
    "/p/line\nExecStart=/bin/evil",
    "/p/tab\there",
    "/p/Bärbel Grünfußß 照片 🎈",
    "/p/; rm -rf * & | # end",
    "/p/trailing \\",
    "/p/-dash --home x",
    "/p/\\x41\\n\\t",
)
WATCHED = [path for path in HOSTILE if not any(char in path for char in "\n\t") and not path.endswith("\\")]


def here(home: str = "/home/ana/untag home") -> Installation:
    return Installation((sys.executable, "-m", "untag"), home, "/usr/bin:/home/ana/b%n $x:/bin")


def full(downloads: str | None = "/home/ana/Downloads", *, namespace: bool = True) -> Schedule:
    return Schedule(("/p",), downloads, before="gallery-dl --input-file x", namespace=namespace)


def verified(folder: Path, units: dict[str, str]) -> str:
    """What systemd says of units; nothing where it has nothing to say."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in units.items():
        (folder / name).write_text(text, "utf-8")
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder), "SYSTEMD_LOG_LEVEL": "info"}
    command = ["systemd-analyze", "--user", "verify", *(str(folder / name) for name in units)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    return done.stdout + done.stderr + (f"exit status {done.returncode}" if done.returncode else "")


@pytest.mark.parametrize("namespace", [True, False])
@pytest.mark.parametrize("downloads", [None, "/home/ana/Downloads"])
def test_systemd_takes_all_units_without_a_word(tmp_path: Path, namespace: bool, downloads: str | None) -> None:
    assert verified(tmp_path, systemd_units(full(downloads, namespace=namespace), here())) == ""


def test_what_systemd_does_not_take_would_be_noticed(tmp_path: Path) -> None:
    units = systemd_units(full(), here())
    assert "Unknown key" in verified(tmp_path, {**units, "untag.timer": units["untag.timer"] + "Nonsense=1\n"})
    assert "exit status" in verified(tmp_path, systemd_units(full(), Installation(("/no/such",), "/h", "/bin")))


def test_hostile_paths_are_taken_too(tmp_path: Path) -> None:
    for number, path in enumerate(HOSTILE):
        watched = path if path in WATCHED else None
        assert verified(tmp_path / str(number), systemd_units(full(watched), here(path))) == "", path


def read_by_systemd(word: str) -> str:
    """What a word in double quotes means in ExecStart: systemd.service(5), "Command lines", written down once more."""
    assert word[0] == word[-1] == '"'
    out, rest = "", word[1:-1]
    escapes = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}
    while rest:
        if rest[0] == "\\":
            if rest[1] == "x":
                out, rest = out + chr(int(rest[2:4], 16)), rest[4:]
            else:
                out, rest = out + escapes[rest[1]], rest[2:]
        elif rest[0] in "%$":
            assert rest[:2] in ("%%", "$$"), "a specifier or a variable"
            out, rest = out + rest[0], rest[2:]
        else:
            assert rest[0] not in '"\n'
            out, rest = out + rest[0], rest[1:]
    return out


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_every_argument_comes_through(text: str) -> None:
    written = _systemd_word(text)
    assert read_by_systemd(written) == text
    assert all(ord(char) >= 0x20 for char in written)


@pytest.mark.parametrize("path", HOSTILE)
def test_no_path_makes_a_line_of_its_own(path: str) -> None:
    for text in systemd_units(full(), here(path)).values():
        lines = [line for line in text.splitlines() if line]
        assert all(re.match(r"\[\w+\]$|#|[A-Z][A-Za-z]+=", line) for line in lines)
        assert sum(line.startswith("ExecStart=") for line in lines) <= 1


@pytest.mark.parametrize("path", ["/p/line\nend", " /p", "/p ", "/p/\udcff", "/p\\"])
def test_a_folder_that_systemd_cannot_watch_is_refused(path: str) -> None:
    with pytest.raises(UsageError):
        systemd_units(full(path), here())
    if "\udcff" in path:
        with pytest.raises(UsageError):
            systemd_units(full(None), here(path))


def keys(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))


def test_the_scan_has_no_network_and_what_is_the_users_has() -> None:
    units = systemd_units(full(), here())
    for name in ("untag.service", "untag-arrivals.service"):
        found = keys(units[name])
        assert (found["RestrictAddressFamilies"], found["PrivateNetwork"], found["PrivateUsers"]) == (
            "AF_UNIX", "yes", "yes",
        )  # fmt: skip
        assert found["SystemCallArchitectures"] == "native"  # or a 32-bit call would go past the filter
        assert (found["Nice"], found["IOSchedulingClass"]) == ("19", "idle")
    for name in ("untag-before.service", "untag-notify.service"):
        assert not {"RestrictAddressFamilies", "PrivateNetwork", "IPAddressDeny"} & set(keys(units[name]))
    assert keys(units["untag.service"])["ConditionACPower"] == "true"
    assert "ConditionACPower" not in keys(units["untag-arrivals.service"])
    timer = keys(units["untag.timer"])
    assert timer["Persistent"] == "true"
    assert "RandomizedDelaySec" in timer


def test_without_namespaces_the_filter_is_left() -> None:
    found = keys(systemd_units(full(namespace=False), here())["untag.service"])
    assert found["RestrictAddressFamilies"] == "AF_UNIX"
    assert "PrivateNetwork" not in found


def test_systemd_calls_it_without_network(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    (tmp_path / "untag.service").write_text(systemd_units(full(), here())["untag.service"])
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(tmp_path / "untag.service")]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    for name in ("PrivateNetwork=", "RestrictAddressFamilies=~AF_(INET|INET6)", "IPAddressDeny="):
        (line,) = [line for line in said.splitlines() if f" {name} " in line]
        assert line.startswith("✓"), line


@pytest.mark.parametrize("path", [path for path in HOSTILE if path.isprintable()])
def test_launchd_gets_every_path_as_it_is(path: str) -> None:
    found = plistlib.loads(launchd_plist(full(path), here(path)))
    assert found["ProgramArguments"][-5:] == ["--home", path, "schedule", "run", "--if-due"]
    assert found["WatchPaths"] == [path]
    assert (found["Nice"], found["LowPriorityIO"], found["ProcessType"], found["RunAtLoad"]) == (
        19, True, "Background", False,
    )  # fmt: skip
    assert found["Umask"] == 0o077


@pytest.mark.parametrize("path", ["/p/\x01", "/p/\udcff"])
def test_what_no_property_list_can_hold_is_refused(path: str) -> None:
    with pytest.raises(UsageError):
        launchd_plist(full(path), here())


@pytest.mark.parametrize("path", [path for path in HOSTILE if path.isprintable()])
@pytest.mark.skipif(os.name == "nt", reason="there is no sh")
def test_cron_runs_exactly_the_command(path: str, tmp_path: Path) -> None:
    """As cron does it: what follows the five fields, up to a % without a backslash, goes to sh."""
    program = "import json, sys; open('out', 'w').write(json.dumps(sys.argv[1:]))"
    lines = cron_lines(Installation((sys.executable, "-c", program), path, "/usr/bin:/bin:/b%n $x"), idle=False)
    assert (lines[0], lines[2], len(lines)) == (CRON_BEGIN, "# untag schedule: end", 3)
    command = lines[1].split(" ", 5)[5]
    assert not re.search(r"(?<!\\)%", command)
    subprocess.run(["sh", "-c", command.replace("\\%", "%")], cwd=tmp_path, check=True)
    assert json.loads((tmp_path / "out").read_text()) == ["--home", path, "schedule", "run", "--if-due"]


@pytest.mark.parametrize("path", ["/p/line\nend", "/p/\udcff", "/p/\x7f"])
def test_what_no_line_of_cron_can_hold_is_refused(path: str) -> None:
    with pytest.raises(UsageError):
        cron_lines(here(path), idle=True)


def test_where_a_mark_was_taken_out_the_lines_of_the_user_stay() -> None:
    begin, command, end = cron_lines(here(), idle=False)
    for left in ([begin, command], [command, end], [begin], [end], [begin, command, end, begin]):
        crontab = "".join(f"{line}\n" for line in ["0 1 * * * first", *left, "0 2 * * * last"])
        kept = [line for line in with_cron_lines(crontab, []).splitlines() if line not in (begin, command, end)]
        assert kept == ["0 1 * * * first", "0 2 * * * last"]


@given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="\x85"))))
def test_the_lines_of_the_user_stay(lines: list[str]) -> None:
    crontab = "".join(f"{line}\n" for line in lines if line not in (CRON_BEGIN, "# untag schedule: end"))
    ours = cron_lines(here(), idle=True)
    installed = with_cron_lines(crontab, ours)
    assert installed.endswith("".join(f"{line}\n" for line in ours))
    assert with_cron_lines(installed, ours) == installed
    assert with_cron_lines(installed, []) == crontab


@pytest.mark.parametrize("at", ["", "24:00", "3", "03:60", "-1:00", "03:00:00", "٠٣:٠٠"])
def test_what_is_no_time_is_refused(at: str) -> None:
    with pytest.raises(UsageError):
        check_time(at)


def test_a_schedule_is_read_back(tmp_path: Path) -> None:
    assert check_time(" 7:05 ") == "07:05"
    schedule = Schedule(tuple(HOSTILE), "/p/ü", "23:59", 0, "a 'b c'", "", Service.CRON, namespace=True)
    save_schedule(tmp_path / "home", schedule)
    assert load_schedule(tmp_path / "home") == schedule
    assert (tmp_path / "home" / "schedule.json").stat().st_mode & 0o777 == 0o600
    assert load_schedule(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"paths": "x"}', '{"paths": [1], "at": "03:00"}', "[" * 100_000,
     '{"paths": ["/p"], "at": "9", "spread": 1, "namespace": false, "service": "cron"}',
     '{"paths": ["/p"], "at": "09:00", "spread": "1", "namespace": false, "service": "cron"}',
     '{"paths": ["/p"], "at": "09:00", "spread": 1, "namespace": false, "service": "upstart"}'],
)  # fmt: skip
def test_a_damaged_schedule_is_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "schedule.json").write_text(text)
    with pytest.raises(UsageError, match="damaged"):
        load_schedule(tmp_path)
