"""The fault runs in miniature; ``python -m tests.faults`` has them at full length."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.bench.processes import ROOT, environment
from tests.faults import kill_points, race

emulated = pytest.mark.xdist_group("emulators")


@pytest.mark.slow
def test_nothing_is_lost_or_double_wherever_the_process_dies() -> None:
    outcome = kill_points.run("in-process", count=200, first_seed=1000)

    assert outcome.difference.wrong == []
    assert {"after slack.post", "after store.commit", "before store.record_sent"} <= outcome.deaths.keys()


@pytest.mark.slow
def test_nothing_is_lost_or_double_when_a_real_process_is_killed() -> None:
    outcome = kill_points.run("sqlite", count=60, first_seed=2000)

    assert outcome.difference.wrong == []
    assert outcome.deaths.total() >= 60


@pytest.mark.slow
@emulated
def test_nothing_is_lost_or_double_when_a_process_on_firestore_is_killed(firestore_address: str) -> None:
    outcome = kill_points.run("firestore", count=8, first_seed=3000, firestore=firestore_address)

    assert outcome.difference.wrong == []
    assert outcome.deaths.total() >= 8


@pytest.mark.slow
@emulated
def test_two_instances_post_each_digest_and_each_incident_once(firestore_address: str) -> None:
    outcome = race.run(3, firestore_address, prefix="race_test_")

    assert outcome.difference.wrong == []
    assert (outcome.slots, outcome.steps >= 18) == (9, True)


@pytest.mark.slow
def test_the_command_says_what_it_did_and_ends_with_zero() -> None:
    command = (sys.executable, "-m", "tests.faults", "kill-points", "--mode", "in-process", "--count", "20")

    ended = subprocess.run(command, cwd=ROOT, env=environment({}), capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert "0 lost, 0 double, 0 stale, 0 misplaced" in ended.stdout
