"""When a daily scan is due: once a day through every change of the clocks, and made up for after sleep."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from untag.schedule.due import is_due, last_due, next_due
from untag.schedule.plan import Schedule
from untag.schedule.power import discharging

pytestmark = pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone cannot be set here")


@pytest.fixture(params=["Europe/Berlin", "Australia/Lord_Howe"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(("at", "spread"), [("02:30", 0), ("02:30", 60), ("23:59", 60)])
def test_every_day_of_a_year_has_one_scan(zone: str, at: str, spread: int) -> None:
    schedule = Schedule(("/p",), at=at, spread=spread)
    now, last, began = datetime(2026, 1, 1, 12, tzinfo=UTC), None, []
    while now < datetime(2027, 1, 1, 12, tzinfo=UTC):
        if is_due(schedule, now, "home", last):
            began.append(now)
            last = now
        now += timedelta(minutes=40)
    assert 365 <= len(began) <= 367  # the first is at once
    apart = [(later - earlier).total_seconds() / 3600 for earlier, later in pairwise(began[1:])]
    assert min(apart) > 21
    assert max(apart) < 27


def test_the_hour_that_the_clocks_leave_out_and_the_one_they_have_twice() -> None:
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    try:
        schedule = Schedule(("/p",), at="02:30", spread=0)
        spring = last_due(schedule, datetime(2026, 3, 29, 12, tzinfo=UTC), "")
        assert spring in (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
        autumn = last_due(schedule, datetime(2026, 10, 25, 12, tzinfo=UTC), "")
        assert autumn == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the first 02:30
        assert not is_due(schedule, datetime(2026, 10, 25, 1, 40, tzinfo=UTC), "", autumn + timedelta(minutes=1))
    finally:
        del os.environ["TZ"]
        time.tzset()


def test_what_was_slept_through_is_made_up_for_once(zone: str) -> None:
    schedule = Schedule(("/p",))
    woke = datetime(2026, 5, 9, 13, tzinfo=UTC)
    assert is_due(schedule, woke, "home", woke - timedelta(days=5))
    assert not is_due(schedule, woke + timedelta(minutes=15), "home", woke)


def test_it_comes_within_the_hour_and_homes_differ(zone: str) -> None:
    schedule = Schedule(("/p",), at="03:00", spread=60)
    now = datetime(2026, 6, 15, 12, tzinfo=UTC)
    minutes: Counter[int] = Counter()
    for number in range(300):
        due = last_due(schedule, now, f"home {number}").astimezone()
        assert due.hour == 3 or (due.hour, due.minute) == (4, 0)
        minutes[due.minute] += 1
    assert len(minutes) > 50
    assert last_due(schedule, now, "a") <= now < next_due(schedule, now, "a")
    assert next_due(schedule, now, "a") - last_due(schedule, now, "a") < timedelta(hours=26)


def supply(root: Path, name: str, **values: str) -> None:
    (root / name).mkdir(parents=True)
    for key, value in values.items():
        (root / name / key).write_text(f"{value}\n")


def test_the_battery(tmp_path: Path) -> None:
    assert not discharging(tmp_path / "nothing")
    supply(tmp_path / "desktop", "mouse", type="Battery", scope="Device", status="Discharging")
    assert not discharging(tmp_path / "desktop")
    supply(tmp_path / "away", "BAT0", type="Battery", status="Discharging")
    supply(tmp_path / "away", "AC", type="Mains", online="0")
    assert discharging(tmp_path / "away")
    supply(tmp_path / "home", "BAT0", type="Battery", status="Charging")
    supply(tmp_path / "home", "AC", type="Mains", online="1")
    assert not discharging(tmp_path / "home")
    supply(tmp_path / "dock", "BAT0", type="Battery", status="Discharging")
    supply(tmp_path / "dock", "usb", type="USB", online="1")
    assert not discharging(tmp_path / "dock")
