"""``reveille backtest``: limits tried on the past, on a world with one bad day in it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.bot.in_process import run

PIPELINE = """\
version: 2
name: shop
title: Shop
timezone: UTC
project: example-shop
calendar: {weekdays: [monday, tuesday, wednesday, thursday, friday]}
datasets: [shop]
tables:
  shop.orders:
    partition: day
    loaded: loaded_at
    columns: {order_id: STRING, day: DATE, loaded_at: TIMESTAMP}
    expect: {volume: {}, freshness: 9h}
checks:
  - id: some-orders
    title: There are orders
    rationale: Without them there is nothing to send.
    query: SELECT COUNT(*) AS orders FROM {shop}.orders WHERE day = @date
    subject: orders
    summary: "{orders} orders"
    rules: [{if: {orders: {below: 4}}, severity: P1, code: few}]
    expected: Four orders or more.
"""
TODAY = date(2026, 3, 6)
BAD = date(2026, 3, 3)
RUN_DAYS = [day for day in (TODAY - timedelta(days=ago) for ago in range(1, 80)) if day.weekday() < 5]


LATE = date(2026, 2, 24)
"""Loaded at noon of the next day."""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    return written(tmp_path)


def written(tmp_path: Path, late: date | None = None) -> Path:
    (tmp_path / "shop.yaml").write_text(PIPELINE, encoding="utf-8")
    groups = {
        str(day): {
            "repeat": 3 if day == BAD else 20,
            "row": {"order_id": f"{day}-<n>", "day": str(day), "loaded_at": loaded(day, late)},
        }
        for day in RUN_DAYS
    }
    scenario = {
        "version": 2,
        "pipeline": "./shop.yaml",
        "name": "shop-bad-tuesday",
        "title": "A bad Tuesday",
        "story": "On one Tuesday there were three orders.",
        "when": "an example",
        "now": f"{TODAY} 08:00",
        "interval": "previous",
        "expect": {"verdict": "ALL CLEAR"},
        "bigquery": {"shop.orders": groups},
    }
    (tmp_path / "world.yaml").write_text(json.dumps(scenario), encoding="utf-8")
    return tmp_path


def loaded(day: date, late: date | None) -> str:
    return f"{day + timedelta(days=1)} 12:00" if day == late else f"{day} 23:30"


def tried(world: Path, *arguments: str) -> tuple[int, Any]:
    done = run(
        ("backtest", "--scenario", "world.yaml", "--format", "json", *arguments), world, {"REVEILLE_PIPELINE": ""}
    )
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_the_one_bad_day_is_what_would_have_alarmed(world: Path) -> None:
    code, said = tried(world, "--days", "28")

    (check,) = said["checks"]
    assert (code, said["from"], said["to"], said["intervals"]) == (1, "2026-02-06", "2026-03-05", 20)
    assert (check["check"], check["judged"], check["alarmed"]) == ("shop-orders", 20, [str(BAD)])
    assert [(each["severity"], each["code"]) for each in check["alarms"]] == [("P2", "low-volume")]


def test_days_without_a_past_of_their_own_are_not_judged_by_it(world: Path) -> None:
    _, said = tried(world, "--days", "77", "shop-orders")

    assert said["checks"][0]["alarmed"] == [str(BAD)]


def test_any_check_on_data_can_be_tried(world: Path) -> None:
    code, said = tried(world, "--days", "7", "some-orders")

    assert (code, [each["check"] for each in said["checks"]]) == (1, ["some-orders"])
    assert said["checks"][0]["alarmed"] == [str(BAD)]


def test_each_interval_is_judged_as_its_own_morning_would_have(world: Path) -> None:
    """Loaded half an hour before midnight, judged at eight: fresh on each morning, as on the last."""
    _, said = tried(world, "--days", "28")

    assert "stale" not in [each["code"] for each in said["checks"][0]["alarms"]]


def test_what_was_loaded_after_its_own_morning_was_not_there_yet(tmp_path: Path) -> None:
    _, said = tried(written(tmp_path, LATE), "--days", "28")

    stale = [each["interval"] for each in said["checks"][0]["alarms"] if each["code"] == "stale"]
    assert stale == [str(LATE)]


def test_a_quiet_past_exits_with_0(world: Path) -> None:
    code, said = tried(world, "--days", "2")

    assert (code, said["checks"][0]["alarms"]) == (0, [])


def test_people_get_a_table_and_the_alarms(world: Path) -> None:
    done = run(("backtest", "--scenario", "world.yaml", "--days", "7"), world, {"REVEILLE_PIPELINE": ""})

    assert done.returncode == 1
    assert "2026-03-03 P2 low-volume" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("some-order",), "did you mean some-orders", id="no such check"),
        pytest.param(("invoker",), "only checks on data", id="a check of the platform"),
    ],
)
def test_what_cannot_be_tried_is_said(world: Path, arguments: tuple[str, ...], words: str) -> None:
    done = run(("backtest", "--scenario", "world.yaml", *arguments), world, {"REVEILLE_PIPELINE": ""})

    assert done.returncode == 3
    assert words in done.stderr
