"""``reveille status``: how Reveille itself is, in a shell."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.store.model import Changes
from bot.store.sqlite import SqliteStore
from tests.bot.in_process import run
from tests.handlers.rig import an_alert


def test_a_world_that_answers_is_fine_and_fits_a_screen(tmp_path: Path) -> None:
    ended = run(("status", "--scenario", "healthy-morning"), tmp_path, {})

    assert (ended.returncode, "Sources that answer" in ended.stdout) == (0, True)
    assert ended.stdout.count("\n") <= 20


@pytest.mark.parametrize(
    ("scenario", "silent"),
    [
        ("half-the-sources-down", {"Firestore": "unavailable", "Resource Manager": "denied"}),
        ("platform-unreadable", {"Pub/Sub": "denied", "Cloud Scheduler": "not enabled"}),
    ],
)
def test_sources_that_do_not_answer_are_named_with_their_reason(
    scenario: str, silent: dict[str, str], tmp_path: Path
) -> None:
    ended = run(("status", "--scenario", scenario, "--json"), tmp_path, {})

    told = {each["source"]: each["problem"] for each in json.loads(ended.stdout)["sources"]}
    assert ended.returncode == 2
    assert silent.items() <= told.items()


def test_the_store_of_the_bot_is_read_where_it_is_named(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "r.db")
    now = datetime.now(UTC)
    store.commit(Changes(alerts=(an_alert(pipeline="nba", opened_at=now, changed_at=now),)))
    store.close()

    ended = run(
        ("status", "--scenario", "healthy-morning", "--json"), tmp_path, {"REVEILLE_STORE": str(tmp_path / "r.db")}
    )

    assert [each["severity"] for each in json.loads(ended.stdout)["alerts"]] == ["P1"]
    assert json.loads(ended.stdout)["sinks"] == [{"sink": "slack", "waiting": 0}]


def test_a_store_that_nobody_named_is_not_made(tmp_path: Path) -> None:
    run(("status", "--scenario", "healthy-morning"), tmp_path, {})

    assert list(tmp_path.iterdir()) == []
