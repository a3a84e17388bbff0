"""A soak in miniature; ``make soak`` and ``make chaos`` have it at full length."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from checks.ports.scheduler import SCHEDULER
from checks.ports.services import CLOUD_RUN
from tests.bench.processes import ROOT, environment
from tests.faults.soak.days import Setting, usual_memory
from tests.faults.soak.inhabited import inhabited
from tests.faults.soak.passing_world import PassingWorld
from tests.faults.soak.plan import CHAOS, LONGER, SOAK, incidents_of, spans, turns_of
from tests.faults.soak.run import run
from tests.faults.soak.sights import Sight
from tests.faults.soak.undone import take_away

START = datetime(2026, 2, 12, 5, 0, tzinfo=UTC)
SIGHTS = [
    Sight(fault=f"services missing {name}", alert=name, by_digest=False, healed_by_digest=False) for name in "abcd"
]

emulated = pytest.mark.xdist_group("emulators")


@pytest.fixture
def world() -> PassingWorld:
    return inhabited(["shop"])["shop"].world()


def test_the_same_seed_plans_the_same_days() -> None:
    shop = inhabited(["shop"])["shop"]

    plans = [incidents_of(shop, SIGHTS, START, 5, SOAK, random.Random(7)) for _ in range(2)]

    assert plans[0] == plans[1]
    assert len(plans[0]) > 3


def test_what_breaks_is_seen_by_two_looks_at_least_and_never_twice_at_once() -> None:
    shop = inhabited(["shop"])["shop"]
    watch = timedelta(minutes=shop.notifications.watch_minutes)

    found = incidents_of(shop, SIGHTS, START, 14, CHAOS, random.Random(1))

    assert all(each.ends - each.begins > 2 * watch for each in found)
    assert all(one.ends <= other.begins for one, other in pairwise(found))


def test_what_breaks_in_one_way_does_not_break_in_another_before_it_was_seen_well() -> None:
    shop = inhabited(["shop"])["shop"]
    sights = [replace(SIGHTS[0], alert=f"shop:{check}:labels:-") for check in ("edges", "service-ready")]
    notifications = shop.notifications
    rest = timedelta(minutes=notifications.alerts.flap_minutes + 2 * notifications.watch_minutes)

    found = incidents_of(shop, sights, START, 14, SOAK, random.Random(1))

    assert len({each.alert for each in found}) == 2
    assert all(other.begins - one.ends >= rest for one, other in pairwise(found))


def test_every_watch_and_every_digest_has_its_turn() -> None:
    pipelines = inhabited(["kiosk", "stall"])

    turns = turns_of(pipelines, START, 1)

    assert [sum(name in turn.slots for turn in turns) for name in pipelines] == [23, 23]
    assert [sum(name in turn.digests for turn in turns) for name in pipelines] == [2, 2]


def test_spans_do_not_touch() -> None:
    turns = turns_of(inhabited(["shop"]), START, 3)

    found: Sequence[tuple[datetime, datetime]] = spans(turns, 0.5, 3, random.Random(1))

    assert len(found) > 10
    assert all(one[1] < other[0] for one, other in pairwise(found))


def test_a_world_is_as_healthy_on_another_day_and_what_is_broken_is_so_there(world: PassingWorld) -> None:
    key = next(each.key for each in world.faults() if each.key == "services missing parcel-labels")

    names = []
    for hours, broken in ((5, frozenset[str]()), (40, frozenset({key})), (60, frozenset[str]())):
        world.live_on(START + timedelta(hours=hours), broken)
        names.append({each.name for each in world.stage[CLOUD_RUN].services()})
    world.close()

    assert names[0] == names[2]
    assert names[0] - names[1] == {"parcel-labels"}


def test_the_first_job_that_is_deleted_stays_so_for_days() -> None:
    shop = inhabited(["shop"])["shop"]
    gone = Sight(fault="jobs deleted a-01", alert="jobs", by_digest=True, healed_by_digest=True)

    first, *_ = incidents_of(shop, [gone], START, 14, SOAK, random.Random(3))

    assert first.ends - first.begins > LONGER


def test_what_is_taken_away_has_a_name_that_an_instance_knows() -> None:
    with pytest.raises(KeyError):
        take_away({"without": "nothing of that name"})


def test_nobody_tries_a_job_that_is_paused(world: PassingWorld) -> None:
    key = next(each.key for each in world.faults() if each.key == "jobs paused order-prices-01")

    for days in (1, 3):
        world.live_on(START + timedelta(days=days), frozenset({key}))
        (paused,) = (each for each in world.stage[SCHEDULER].jobs() if not each.enabled)
        assert paused.last_attempt is not None
        assert paused.last_attempt < START
    world.close()


@pytest.mark.slow
def test_two_days_leave_nothing_lost_double_late_or_wrong() -> None:
    setting = Setting(pipelines=("kiosk", "stall"), days=2, weather=SOAK, seed=1, faults=5)

    soak = run(setting, None)

    assert {name: found for name, found in soak.findings.everything.items() if found} == {}
    assert (soak.incidents > 5, soak.digests, soak.restarts > 0, "newer" in soak.refused) == (True, 4, True, True)


@pytest.mark.slow
def test_a_product_that_forgets_a_deleted_job_is_noticed() -> None:
    weather = replace(SOAK, pause=0.2, lasting=(1, 2))
    setting = Setting(pipelines=("booth",), days=5.2, weather=weather, faults=1, kinds=("jobs deleted",))

    found = [run(each, None).findings.everything for each in (setting, replace(setting, without="missed jobs"))]

    assert {name: len(each) for name, each in found[0].items() if each} == {}
    assert ["resolved" in each for each in found[1]["wrong"]] == [True]


def hourly(*sizes: int) -> list[tuple[datetime, int]]:
    return [(START + timedelta(hours=number), size) for number, size in enumerate(sizes)]


def test_memory_that_grows_each_day_is_seen_and_what_one_round_takes_is_not() -> None:
    assert usual_memory(hourly(*range(300, 300 + 72))) == (335, 359)
    assert usual_memory(hourly(*[500] * 24, *[300] * 47, 390)) == (300, 300)
    assert usual_memory(hourly(*[500] * 24, *[300] * 24, *[390] * 24)) == (300, 390)
    assert usual_memory(hourly(*[300] * 25)) is None


@pytest.mark.slow
@emulated
def test_two_instances_that_die_all_the_time_tell_everything_once(firestore_address: str) -> None:
    soak = run(Setting(pipelines=("kiosk",), days=0.8, weather=CHAOS, seed=2, faults=5), firestore_address)

    assert {name: found for name, found in soak.findings.everything.items() if found} == {}
    assert soak.deaths > 0


@pytest.mark.slow
def test_the_command_says_what_it_did_and_writes_its_figures(tmp_path: Path) -> None:
    file = tmp_path / "chaos.json"
    options = ("--minutes", "0.1", "--pipelines", "kiosk", "--store", "sqlite", "--json", str(file))
    command = (sys.executable, "-m", "tests.faults.soak", "chaos", *options)

    ended = subprocess.run(command, cwd=ROOT, env=environment({}), capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert "0 lost, 0 double, 0 late, 0 wrong" in ended.stdout
    assert json.loads(file.read_text(encoding="utf-8"))["lost"] == 0
