"""Scheduled runs from installing to telling: what they scan, write down and say, and what becomes of trouble."""

from __future__ import annotations

import errno
import json
import os
import shlex
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from fakes import ME, STRANGER, Square, Untag, paint
from made_up_videos import EXACT, video
from untag.schedule import history
from untag.schedule.history import RunKind, ScheduledRun, past_runs
from untag.schedule.isolation import Isolation, isolation_here
from untag.schedule.programs import without_network
from untag.schedule.telling import news_of
from untag.store import Store
from untag.support.run_files import held

CRONTAB = """#!/bin/sh
case "$1" in
    -l) if [ -e "$FAKES/broken" ]; then echo "cannot open the spool" >&2; exit 1; fi
        if [ -e "$FAKES/tab" ]; then cat "$FAKES/tab"; else echo "no crontab for ana" >&2; exit 1; fi ;;
    -) cat > "$FAKES/tab" ;;
esac
"""
NOTE = """#!/bin/sh
echo "$@" >> "$FAKES/calls"
"""
DENIED = """#!/bin/sh
echo "$@" >> "$FAKES/calls"
case "$*" in *--property=Linger*) echo no ;; *systemd-run*|*PrivateNetwork*) exit 217 ;; esac
"""


@pytest.fixture
def programs(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, and made-up programs of the system that note how they were called."""
    fakes = untag.root / "fakes"
    for name, text in {
        "crontab": CRONTAB,
        "systemctl": NOTE,
        "loginctl": DENIED,
        "systemd-run": DENIED,
        "notify-send": NOTE,
    }.items():
        path = fakes / "bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    (untag.root / "Downloads").mkdir()
    monkeypatch.setenv("PATH", f"{fakes / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(untag.root))
    monkeypatch.setenv("FAKES", str(fakes))
    for name in ("XDG_CONFIG_HOME", "XDG_DOWNLOAD_DIR"):
        monkeypatch.delenv(name, raising=False)
    # The scan in a process of its own would load the real models, and a test must not slow its worker down.
    monkeypatch.setattr("untag.library.nightly.without_network", lambda _: None)
    monkeypatch.setattr("untag.library.nightly.lower_priority", lambda: None)
    monkeypatch.setattr("untag.library.nightly._LOOK_SECONDS", 0.01)
    monkeypatch.setattr("untag.library.nightly.on_battery", lambda: False)
    return fakes


def calls(programs: Path) -> str:
    path = programs / "calls"
    return path.read_text() if path.exists() else ""


def telling(programs: Path) -> str:
    """A command of the user's that keeps what it is told."""
    program = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read() + '\\n')"
    return shlex.join([sys.executable, "-c", program, str(programs / "told")])


def told(programs: Path) -> list[str]:
    path = programs / "told"
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def scheduled(untag: Untag, programs: Path) -> Untag:
    untag.enroll()
    untag.add("secret-name.png", paint(ME, serial=1, alcohol=0.9))
    untag.add("b.png", paint(STRANGER, serial=2))
    install(untag, untag.photos, "--notify", telling(programs))
    return untag


def install(untag: Untag, *arguments: str | Path, service: str = "cron") -> str:
    result = untag.run("schedule", "install", *arguments, "--yes", "--service", service)
    assert result.status == 0, result.err
    return result.out + result.err


def run(untag: Untag, *arguments: str, status: int) -> str:
    result = untag.run("schedule", "run", *arguments)
    assert result.status == status, result.err
    return result.out + result.err


def status(untag: Untag) -> dict[str, Any]:
    result = untag.run("schedule", "status", "--json")
    assert result.status == 0, result.err
    found: dict[str, Any] = json.loads(result.out)
    return found


def unit_name(untag: Untag) -> str:
    """What the units of this home are called: not as those of the usual one."""
    name: str = json.loads((untag.home / "schedule.json").read_text())["installed"]["name"]
    assert name.startswith("untag-")
    return name


def test_a_run_writes_what_is_new_and_tells_it_without_names(scheduled: Untag, programs: Path) -> None:
    run(scheduled, status=3)
    (only,) = status(scheduled)["runs"]
    assert (only["kind"], only["status"], only["photos"], only["new"], only["running"]) == ("scan", 3, 2, 1, False)
    assert only["highest_risk"] > 0
    folder = scheduled.home / "scheduled"
    assert "secret-name.png" in (folder / "new.txt").read_text()
    assert "1 new photo" in (folder / "log.txt").read_text()
    page = (folder / "new.html").read_text()
    assert "secret-name.png" in page
    assert "b.png" not in page
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    (sentence,) = told(programs)
    assert sentence.startswith("1 new photo, the highest risk ")
    for word in ("secret", str(scheduled.root), "me"):
        assert word not in sentence.replace("schedule", "").replace("untag", "")
    # The same again: nothing is new, and nobody is disturbed.
    run(scheduled, status=0)
    assert len(told(programs)) == 1
    assert "secret-name.png" in (folder / "new.txt").read_text()


def test_a_run_ends_although_there_are_videos_left(scheduled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduled.add("film.mkv", video([paint(ME, serial=7), paint(serial=8)], EXACT))
    monkeypatch.setattr("untag.library.nightly._VIDEO_HOURS", -1.0)
    run(scheduled, status=3)
    assert status(scheduled)["runs"][0]["analysed"] == 2
    assert "1 video left for the next scheduled scan" in (scheduled.home / "scheduled" / "log.txt").read_text()
    monkeypatch.setattr("untag.library.nightly._VIDEO_HOURS", 4.0)
    assert scheduled.scan()["analysed"] == 1


def test_the_text_says_what_came_of_it(scheduled: Untag) -> None:
    run(scheduled, status=3)
    said = scheduled.run("schedule", "status")
    assert "scan: 2 photos, 2 analysed, 1 new" in said.out
    assert "the next scan is due on" in said.err


def test_nothing_is_scheduled_at_first(untag: Untag, programs: Path) -> None:
    for command in ("run", "remove"):
        result = untag.run("schedule", command)
        assert (result.status, "untag schedule install PATH" in result.err) == (2, True)
    assert "nothing is scheduled" in untag.run("schedule", "status").out
    assert (status(untag)["service"], status(untag)["next_due"], status(untag)["runs"]) == (None, None, [])
    assert untag.run("schedule", "install", "--yes", "--service", "cron").status == 2
    assert not untag.home.exists()


def test_without_paths_the_folders_of_earlier_scans_are_taken(untag: Untag, programs: Path) -> None:
    untag.enroll()
    untag.add("deep/a.png", paint(ME))
    for path in (untag.photos / "deep", untag.photos, untag.photos / "deep" / "a.png"):
        assert untag.run("scan", path).status == 0
    install(untag)
    assert status(untag)["paths"] == [str(untag.photos)]
    other = untag.root / "other"
    install(untag, other)
    install(untag, "--at", "05:00")
    assert (status(untag)["paths"], status(untag)["at"]) == ([str(other)], "05:00")


def test_if_due_it_runs_once_a_day(scheduled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    run(scheduled, "--if-due", status=3)
    run(scheduled, "--if-due", status=0)
    assert len(status(scheduled)["runs"]) == 1
    run(scheduled, "--only", "scan", "--if-due", status=0)
    assert len(status(scheduled)["runs"]) == 1
    run(scheduled, status=0)  # asked for by hand
    assert len(status(scheduled)["runs"]) == 2
    for path in (scheduled.home / "scheduled" / "runs").iterdir():
        record = json.loads(path.read_text())
        yesterday = datetime.fromisoformat(record["started_at"]) - timedelta(days=1, hours=2)
        path.write_text(json.dumps({**record, "started_at": yesterday.isoformat()}))
    monkeypatch.setattr("untag.library.nightly.on_battery", lambda: True)
    run(scheduled, "--if-due", status=0)
    assert len(status(scheduled)["runs"]) == 2
    monkeypatch.setattr("untag.library.nightly.on_battery", lambda: False)
    run(scheduled, "--if-due", status=0)
    assert len(status(scheduled)["runs"]) == 3


def test_during_another_scan_it_ends_with_75_and_is_done_again(scheduled: Untag, programs: Path) -> None:
    with Store.open(scheduled.home) as store, store.exclusive():
        run(scheduled, status=75)
    assert status(scheduled)["runs"][0]["status"] == 75
    assert "Another scan is running" in scheduled.run("schedule", "status").out
    assert told(programs) == []
    run(scheduled, "--if-due", status=3)


@pytest.mark.parametrize("only", [(), ("--only", "scan"), ("--only", "before")])
def test_while_a_long_scan_runs_nothing_is_begun_again_and_again(
    scheduled: Untag, programs: Path, only: tuple[str, ...]
) -> None:
    install(scheduled, "--before", shlex.join(["touch", str(programs / "fetched")]))
    with Store.open(scheduled.home) as store, store.exclusive():
        run(scheduled, "--if-due", *only, status=75)
    assert (status(scheduled)["runs"], (programs / "fetched").exists()) == ([], False)
    run(scheduled, "--if-due", status=3)
    assert (programs / "fetched").exists()


def test_a_command_before_that_hangs_is_ended_and_never_runs_twice(
    scheduled: Untag, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("untag.library.nightly._BEFORE_SECONDS", 0.2)
    install(scheduled, "--before", "sh -c 'sleep 600 & wait'")
    run(scheduled, "--if-due", status=3)
    assert "had not ended after 0.2 seconds" in status(scheduled)["runs"][0]["before_failed"]
    with held(scheduled.home, "before.lock") as is_free:
        assert is_free
        run(scheduled, status=75)
    assert len(status(scheduled)["runs"]) == 1


def test_stopped_in_the_command_before_it_ends_at_once(scheduled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    install(scheduled, "--before", "sleep 600")
    monkeypatch.setattr("untag.library.options.Cancel.is_set", lambda _: True)
    run(scheduled, status=130)
    assert status(scheduled)["runs"] == [], "the scan did not begin"
    with held(scheduled.home, "before.lock") as is_free:
        assert is_free


def test_a_clock_that_was_wrong_does_not_stop_the_scans(scheduled: Untag) -> None:
    run(scheduled, "--if-due", status=3)
    runs = scheduled.home / "scheduled" / "runs"
    (path,) = runs.iterdir()
    record = {**json.loads(path.read_text()), "started_at": "2099-01-01T00:00:00+00:00"}
    path.unlink()
    for number in range(60):
        name = f"2099{number:04}"
        (runs / f"{name}.json").write_text(json.dumps({**record, "name": name}))
    run(scheduled, "--if-due", status=0)
    assert len(list(runs.iterdir())) == 60
    run(scheduled, "--if-due", status=0)
    assert sum(run.started.year != 2099 for run in past_runs(scheduled.home)) == 1, "once, not every time"


def test_a_disk_that_is_away_at_night_is_told_once(scheduled: Untag, programs: Path) -> None:
    run(scheduled, status=3)
    scheduled.photos.rename(scheduled.root / "unplugged")
    for _ in range(2):
        run(scheduled, status=4)
    assert told(programs)[1:] == ["1 place away. See: untag schedule status"]
    assert f"away: {scheduled.photos}" in scheduled.run("schedule", "status").out
    assert len(scheduled.listed()) == 1


def test_where_nobody_is_enrolled_it_fails_and_says_so(untag: Untag, programs: Path) -> None:
    untag.add("a.png", paint(ME))
    install(untag, untag.photos, "--notify", telling(programs))
    run(untag, status=2)
    assert told(programs) == ["1 scan failed. See: untag schedule status"]
    assert "nobody is enrolled" in untag.run("schedule", "status").out
    run(untag, "--if-due", status=0)  # tomorrow again


def test_a_run_that_was_killed_is_told(scheduled: Untag, programs: Path) -> None:
    killed = history.begin(scheduled.home, RunKind.SCAN, (str(scheduled.photos),), Isolation.NONE)
    record = scheduled.home / "scheduled" / "runs" / f"{killed.name}.json"
    assert "it was killed" in scheduled.run("schedule", "status").out
    run(scheduled, "--only", "notify", status=0)
    assert told(programs) == []  # it may just have begun
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    record.write_text(json.dumps({**json.loads(record.read_text()), "started_at": long_ago.isoformat(), "process": 1}))
    run(scheduled, "--only", "notify", status=0)
    run(scheduled, "--only", "notify", status=0)
    assert told(programs) == ["1 scan was killed. See: untag schedule status"]
    run(scheduled, "--if-due", status=3)  # it did not count


def test_interrupted_it_goes_on_the_next_time(scheduled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    scheduled.engine.on_analyse = interrupt
    assert scheduled.run("schedule", "run").status == 130
    assert status(scheduled)["runs"][0]["status"] == 130
    scheduled.engine.on_analyse = lambda _: None
    run(scheduled, "--if-due", status=3)


def test_a_bug_is_on_record(scheduled: Untag, programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("untag.library.reporting.write_new", wrong)
    result = scheduled.run("schedule", "run")
    assert result.status == 70
    assert status(scheduled)["runs"][0]["status"] == 70
    assert told(programs) == ["1 scan failed. See: untag schedule status"]


def test_a_full_disk_is_said(scheduled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("untag.support.aside._write_all", full)
        result = scheduled.run("schedule", "run")
    assert result.status == 2
    assert "No space left" in result.err or "no room" in result.err or "full" in result.err
    run(scheduled, "--if-due", status=3)


def test_the_log_is_rotated_and_records_are_few(scheduled: Untag) -> None:
    folder = scheduled.home / "scheduled"
    run(scheduled, status=3)
    for number in range(6):
        with (folder / "log.txt").open("a") as file:
            file.write(f"{number} " * 200_000)
        history.log(scheduled.home, [f"line {number}"])
    assert sorted(path.name for path in folder.glob("log*")) == ["log.txt", "log.txt.1", "log.txt.2", "log.txt.3"]
    assert "line 5" in (folder / "log.txt").read_text()
    assert sum(path.stat().st_size for path in folder.glob("log*")) < 3_000_000
    for _ in range(70):
        history.begin(scheduled.home, RunKind.SCAN, (), Isolation.NONE)
    assert len(past_runs(scheduled.home)) == 60
    (folder / "runs" / "20990101.json").write_text("{")
    assert len(past_runs(scheduled.home)) == 60


def test_the_command_before_runs_first_and_its_failure_is_said(scheduled: Untag, programs: Path) -> None:
    install(scheduled, "--before", shlex.join([sys.executable, "-c", "raise SystemExit(7)"]))
    run(scheduled, status=3)
    found = status(scheduled)["runs"][0]
    assert "ended with exit status 7" in found["before_failed"]
    (sentence,) = told(programs)
    assert sentence.endswith("; the command before the scan failed. See: untag schedule status")
    run(scheduled, status=1)
    install(scheduled, "--before", "none")
    run(scheduled, status=0)
    assert status(scheduled)["runs"][0]["before_failed"] is None


def test_as_steps_of_a_service_it_is_the_same(scheduled: Untag, programs: Path) -> None:
    install(scheduled, "--before", shlex.join([sys.executable, "-c", "raise SystemExit(7)"]))
    run(scheduled, "--only", "before", "--if-due", status=1)
    run(scheduled, "--only", "scan", "--if-due", status=3)
    run(scheduled, "--only", "before", "--if-due", status=0)  # it is not due any more
    run(scheduled, "--only", "notify", status=0)
    assert len(told(programs)) == 1


def export(path: Path, serial: int) -> None:
    """An export of Instagram with one photo of me."""
    posts = [{"media": [{"uri": "media/posts/1.png", "creation_timestamp": 1500000000, "title": ""}]}]
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("your_instagram_activity/content/posts_1.json", json.dumps(posts))
        archive.writestr("personal_information/personal_information/personal_information.json", "{}")
        archive.writestr("media/posts/1.png", paint(ME, serial=serial))
    path.write_bytes(out.getvalue())
    long_ago = datetime.now().timestamp() - 3600
    os.utime(path, (long_ago, long_ago))


def test_an_export_that_arrives_is_scanned_once(scheduled: Untag, programs: Path) -> None:
    downloads = scheduled.root / "Downloads"
    assert status(scheduled)["downloads"] == str(downloads)
    (downloads / "instagram-ana.zip.crdownload").write_bytes(b"x")
    run(scheduled, "--only", "arrivals", status=0)
    assert status(scheduled)["runs"] == []
    (downloads / "instagram-ana.zip.crdownload").unlink()
    export(downloads / "instagram-ana.zip", 50)
    (downloads / "me.png").write_bytes(paint(Square(off=0.2), serial=51))  # no export
    run(scheduled, "--only", "arrivals", status=3)
    (only,) = status(scheduled)["runs"]
    assert (only["kind"], only["paths"], only["new"]) == ("arrivals", [str(downloads / "instagram-ana.zip")], 1)
    assert scheduled.engine.analysed[51] == 0
    run(scheduled, "--only", "arrivals", status=0)
    assert len(status(scheduled)["runs"]) == 1
    run(scheduled, "--only", "notify", status=0)
    assert len(told(programs)) == 1


def test_during_another_scan_an_export_waits(scheduled: Untag) -> None:
    export(scheduled.root / "Downloads" / "instagram-ana.zip", 50)
    with Store.open(scheduled.home) as store, store.exclusive():
        run(scheduled, "--only", "arrivals", status=75)
    run(scheduled, "--only", "arrivals", status=3)


def test_an_export_that_could_not_be_scanned_is_scanned_when_it_can(untag: Untag, programs: Path) -> None:
    install(untag, untag.root, "--notify", telling(programs))
    export(untag.root / "Downloads" / "instagram-ana.zip", 50)
    for _ in range(3):  # nobody is enrolled
        run(untag, "--only", "arrivals", status=2)
        run(untag, "--only", "notify", status=0)
    assert told(programs) == ["1 scan failed. See: untag schedule status"]
    untag.enroll()
    run(untag, "--only", "arrivals", status=3)


def test_polled_what_is_no_export_is_looked_into_once(scheduled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    from untag.schedule import arrivals

    looked: list[object] = []

    def no_export(paths: list[Path], _: object) -> bool:
        looked.extend(paths)
        return False

    monkeypatch.setattr(arrivals, "_is_export", no_export)
    export(scheduled.root / "Downloads" / "fonts.zip", 50)
    run(scheduled, "--if-due", status=3)
    run(scheduled, "--if-due", status=0)
    assert len(looked) == 1
    (scheduled.root / "Downloads").rename(scheduled.root / "away")
    run(scheduled, "--if-due", status=0)
    (scheduled.root / "away").rename(scheduled.root / "Downloads")
    run(scheduled, "--if-due", status=0)
    assert len(looked) == 1


def test_a_torn_export_is_named_in_the_log(scheduled: Untag) -> None:
    path = scheduled.root / "Downloads" / "instagram-ana.zip"
    export(path, 50)
    path.write_bytes(path.read_bytes()[:-40])
    long_ago = datetime.now().timestamp() - 30 * 3600
    os.utime(path, (long_ago, long_ago))
    run(scheduled, "--only", "arrivals", status=0)
    assert f"{path} is no whole archive" in (scheduled.home / "scheduled" / "log.txt").read_text()


def test_forgetting_takes_what_runs_have_said(scheduled: Untag) -> None:
    run(scheduled, status=3)
    assert scheduled.run("forget", "--person", "me", "--yes").status == 0
    assert not (scheduled.home / "scheduled" / "new.html").exists()
    scheduled.enroll()
    run(scheduled, status=3)
    result = scheduled.run("forget", "--all", "--yes")
    assert (result.status, "nothing runs by itself any more" in result.err) == (0, True)
    assert not (scheduled.home / "schedule.json").exists()
    assert [path for path in (scheduled.home / "scheduled").rglob("*") if path.is_file()] == []


def test_forgetting_all_ends_the_schedule_or_says_that_it_could_not(scheduled: Untag, programs: Path) -> None:
    (programs / "broken").touch()
    result = scheduled.run("forget", "--all", "--yes")
    assert (result.status, "what scans by itself may go on: crontab -l failed" in result.err) == (0, True)
    assert not (scheduled.home / "untag.db").exists()
    (programs / "broken").unlink()
    assert "schedule run" in (programs / "tab").read_text()
    assert scheduled.run("forget", "--all", "--yes").status == 0
    assert (programs / "tab").read_text() == ""


def test_cron_keeps_the_lines_of_the_user(scheduled: Untag, programs: Path) -> None:
    tab = programs / "tab"
    own = "# mine\n0 5 * * * /usr/bin/backup 100\\%\n"
    tab.write_text(own + tab.read_text())
    install(scheduled)
    assert tab.read_text().startswith(own)
    assert tab.read_text().count("schedule run --if-due") == 1
    assert status(scheduled)["active"]
    assert scheduled.run("schedule", "remove").status == 0
    assert tab.read_text() == own
    assert "nothing is scheduled" in scheduled.run("schedule", "status").out


@pytest.mark.parametrize("service", ["cron", "systemd"])
def test_where_the_service_is_gone_the_status_says_so(scheduled: Untag, programs: Path, service: str) -> None:
    schedule = json.loads((scheduled.home / "schedule.json").read_text())
    (scheduled.home / "schedule.json").write_text(json.dumps({**schedule, "service": service}))
    (programs / "bin" / "crontab").unlink()
    (programs / "bin" / "systemctl").unlink()
    result = scheduled.run("schedule", "status")
    assert result.status == 0
    assert f"{service} does not start it" in result.err
    assert not status(scheduled)["active"]


def test_a_crontab_that_cannot_be_read_is_not_written_over(scheduled: Untag, programs: Path) -> None:
    (programs / "tab").write_text("0 5 * * * mine\n")
    (programs / "broken").touch()
    assert not status(scheduled)["active"]
    result = scheduled.run("schedule", "install", "--yes")
    assert (result.status, "cannot open the spool" in result.err) == (2, True)
    assert (programs / "tab").read_text() == "0 5 * * * mine\n"


def test_systemd_gets_its_units_and_gives_them_back(scheduled: Untag, programs: Path) -> None:
    said = install(scheduled, "--before", "true", service="systemd")
    folder = scheduled.root / ".config" / "systemd" / "user"
    names = {path.name for path in folder.iterdir()}
    own = unit_name(scheduled)
    assert names == {
        f"{own}.timer", f"{own}.service", f"{own}-before.service", f"{own}-notify.service",
        f"{own}-arrivals.path", f"{own}-arrivals.service",
    }  # fmt: skip
    for name in names:
        assert f"# {folder / name}" in said  # shown before it was written
        assert (folder / name).stat().st_mode & 0o077 == 0
    # This system lets no user have a namespace, so the unit does not ask for one: it would fail.
    assert "PrivateNetwork" not in (folder / f"{own}.service").read_text()
    assert "RestrictAddressFamilies=AF_UNIX" in (folder / f"{own}.service").read_text()
    assert "Internet sockets are refused instead" in said
    assert "loginctl enable-linger" in said
    assert f"--user enable --now {own}-arrivals.path {own}.timer" in calls(programs)
    listed = scheduled.run("schedule", "remove", "--print").out.split()
    assert set(listed) == {str(folder / name) for name in names}
    install(scheduled, "--before", "none", "--downloads", "none", service="systemd")
    left = {f"{own}.timer", f"{own}.service", f"{own}-notify.service"}
    assert {path.name for path in folder.iterdir()} == left
    assert scheduled.run("schedule", "remove").status == 0
    assert list(folder.iterdir()) == []
    assert f"--user disable --now {own}.timer" in calls(programs)


@pytest.mark.parametrize("service", ["systemd", "cron"])
def test_two_homes_have_two_of_everything(untag: Untag, programs: Path, service: str) -> None:
    untag.photos.mkdir()
    other = untag.root / "other home"
    for home in (untag.home, other):
        command = ["schedule", "install", str(untag.photos), "--yes", "--service", service]
        assert untag.run("--home", home, *command).status == 0
    first, second = (
        json.loads(untag.run("--home", home, "schedule", "status", "--json").out) for home in (untag.home, other)
    )
    assert (first["problems"], second["problems"]) == ([], [])
    assert untag.run("--home", other, "schedule", "remove").status == 0
    assert status(untag)["problems"] == []
    assert untag.run("schedule", "remove").status == 0
    units = untag.root / ".config" / "systemd" / "user"
    assert (list(units.iterdir()) if service == "systemd" else (programs / "tab").read_text()) in ([], "")


def test_another_service_takes_the_place_of_the_first(scheduled: Untag, programs: Path) -> None:
    install(scheduled, service="systemd")
    assert (programs / "tab").read_text() == ""
    install(scheduled, service="cron")
    assert list((scheduled.root / ".config" / "systemd" / "user").iterdir()) == []


@pytest.mark.parametrize("service", ["systemd", "cron"])
def test_what_was_changed_by_hand_or_is_gone_is_said(scheduled: Untag, programs: Path, service: str) -> None:
    install(scheduled, service=service)
    unit = scheduled.root / ".config" / "systemd" / "user" / f"{unit_name(scheduled)}.service"
    path = unit if service == "systemd" else programs / "tab"
    assert status(scheduled)["problems"] == []
    path.write_text(path.read_text().replace("--if-due", "--if-due --only scan"))
    (problem,) = status(scheduled)["problems"]
    assert "is not what this untag writes" in problem
    path.unlink()
    result = scheduled.run("schedule", "status")
    assert "is not there" in result.err
    assert "mend that with: untag schedule install" in result.err
    install(scheduled)
    assert status(scheduled)["problems"] == []


def test_a_program_or_a_home_that_has_moved_is_said(scheduled: Untag) -> None:
    path = scheduled.home / "schedule.json"
    schedule = json.loads(path.read_text())
    for key, value in {"program": ["/no/such/python", "-m", "untag"], "home": "/another/home"}.items():
        path.write_text(json.dumps({**schedule, "installed": {**schedule["installed"], key: value}}))
        problems = " ".join(status(scheduled)["problems"])
        assert str(value[0] if key == "program" else value) in problems
    # Whoever can write here must not choose files elsewhere.
    path.write_text(json.dumps({**schedule, "installed": {**schedule["installed"], "name": "../../x"}}))
    assert scheduled.run("schedule", "remove").status == 2


def test_without_a_service_what_is_scanned_is_written_down(untag: Untag, programs: Path) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME))
    said = install(untag, untag.photos, service="none")
    assert "every quarter of an hour: untag schedule run --if-due" in said
    run(untag, "--if-due", status=3)
    assert (status(untag)["service"], status(untag)["active"], (programs / "tab").exists()) == ("none", True, False)
    assert untag.run("schedule", "remove", "--print").out == ""
    assert untag.run("schedule", "remove").status == 0


def test_printing_writes_nothing(untag: Untag, programs: Path) -> None:
    result = untag.run("schedule", "install", untag.photos, "--print", "--service", "systemd")
    assert (result.status, "[Timer]" in result.out) == (0, True)
    assert "<plist" in untag.run("schedule", "install", untag.photos, "--print", "--service", "launchd").out
    assert not untag.home.exists()
    assert not (untag.root / ".config").exists()
    assert calls(programs) == ""


def test_nobody_there_to_ask_writes_nothing(untag: Untag, programs: Path) -> None:
    result = untag.run("schedule", "install", untag.photos, "--service", "cron")
    assert (result.status, "say --yes" in result.err) == (2, True)
    assert not (programs / "tab").exists()


@pytest.mark.parametrize(
    "arguments",
    [("--at", "25:00"), ("--downloads", "/no/such/folder"), ("--before", "'open"), ("--notify", "  ")],
)  # fmt: skip
def test_what_cannot_be_is_refused(untag: Untag, programs: Path, arguments: tuple[str, str]) -> None:
    assert untag.run("schedule", "install", untag.photos, "--yes", "--service", "cron", *arguments).status == 2
    assert not (programs / "tab").exists()


def test_the_desktop_is_told_where_nothing_else_was_chosen(scheduled: Untag, programs: Path) -> None:
    (scheduled.home / "schedule.json").unlink()
    install(scheduled, scheduled.photos)
    run(scheduled, status=3)
    assert "--app-name=untag untag 1 new photo" in calls(programs)


def test_a_command_gets_the_sentence_where_it_says_so(scheduled: Untag, programs: Path) -> None:
    program = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"
    install(scheduled, "--notify", shlex.join([sys.executable, "-c", program, str(programs / "told"), "{}"]))
    run(scheduled, status=3)
    assert told(programs)[0].startswith("1 new photo")


def test_a_notification_that_fails_is_in_the_log(scheduled: Untag) -> None:
    install(scheduled, "--notify", "/no/such/program")
    run(scheduled, status=3)
    assert "nobody could be told: /no/such/program" in scheduled.run("schedule", "status").out
    assert "nobody could be told: /no/such/program" in (scheduled.home / "scheduled" / "log.txt").read_text()


def test_for_nobody_nobody_is_told(scheduled: Untag, programs: Path) -> None:
    install(scheduled, "--notify", "none")
    run(scheduled, status=3)
    assert (told(programs), "notify" in calls(programs)) == ([], False)


def one(**values: Any) -> ScheduledRun:
    return ScheduledRun("x", RunKind.SCAN, "2026-01-01T00:00:00+00:00", 1, Isolation.NONE, ended_at="x", **values)


def test_what_is_worth_a_sentence() -> None:
    assert news_of([one(status=0), one(status=1), one(status=130), one(status=75)], None, 0) is None
    assert news_of([one(status=4, away=("/a",))], one(away=("/a", "/b")), 0) is None
    assert news_of([one(status=4, away=("/a",))], one(), 0) == "1 place away. See: untag schedule status"
    assert news_of([one(status=3, new=2, highest_risk=80), one(status=2)], None, 3) == (
        "2 new photos, the highest risk 80; 1 scan failed; 3 requests due. See: untag schedule status"
    )


def test_the_network_is_really_taken_away(tmp_path: Path) -> None:
    from untag.schedule.programs import ask

    program = "from untag.schedule.isolation import isolation_here; print(isolation_here())"
    command = without_network([sys.executable, "-c", program])
    if command is None:
        pytest.skip("nothing here can take the network away")
    assert ask(command).text == Isolation.NAMESPACE


def test_a_refused_socket_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    several = tmp_path / "dev"
    several.write_text("Inter-|\n face |\n    lo: 1\n  eth0: 1\n")
    assert isolation_here(devices=several) is Isolation.NONE
    several.write_text("Inter-|\n face |\n    lo: 1\n")
    assert isolation_here(devices=several) is Isolation.NAMESPACE
    monkeypatch.setattr("untag.schedule.isolation._is_refused", lambda: True)
    assert isolation_here(devices=tmp_path / "none") is Isolation.FILTER
