from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.playground.slack.requests import PERSON
from bot.staging.ports import Dataset, StoredTable
from bot.staging.proof import Snapshot
from bot.store import kept
from bot.store.model import AuditEntry
from checks.notifications import Permissions as Rules
from checks.source import Problem, SourceError
from handlers.staging import LIST_MINUTES, NOT_HERE, PROOF_DAYS
from tests.bot.staging.staging_world import NIGHT, World
from tests.handlers.rig import COLLEAGUE, Rig, running

PLAYERS = "nba_analytics.players"
ALLOWED = Rules(repairers=(PERSON,), ask="the data team")


@contextmanager
def staging(world: World | None = None, rules: Rules = ALLOWED) -> Iterator[tuple[Rig, World]]:
    world = world or World()
    with running(rules, staging=lambda: nullcontext(world.ground())) as rig:
        yield rig, world


def ready() -> World:
    world = World()
    world.ground().set_up()
    return world


def answers(rig: Rig) -> list[str]:
    """What was answered, with its blocks."""
    return [f"{answer['text']} {answer.get('blocks')}" for answer in rig.slack.workspace.responses]


def press_remove(rig: Rig, user: str = PERSON) -> None:
    """Press the button of the last list."""
    blocks: list[dict[str, Any]] = rig.slack.workspace.responses[-1]["blocks"]
    (button,) = blocks[-1]["elements"]
    rig.services.client.chat_postMessage(channel="C0EXAMPLE1", text="a place to press in")
    message = rig.slack.messages()[-1]
    rig.send(rig.slack.requests.click(message, button["action_id"], button["value"], user=user))
    rig.wait()


@pytest.mark.parametrize("text", ["", "status"])
def test_the_state_of_staging_is_shown_to_everybody(text: str) -> None:
    with staging(ready(), Rules()) as (rig, _):
        response = rig.done("/staging", text)

        assert (response.status, response.body) == (200, "")
        assert "dataset test_nba_analytics" in answers(rig)[0]


@pytest.mark.parametrize("text", ["seed 2026-02-10", "prove start", "prove check", "prove", "teardown"])
def test_who_may_not_repair_may_not_change_staging(text: str) -> None:
    with staging(ready()) as (rig, world):
        rig.done("/staging", text, user=COLLEAGUE)

        assert "Ask the data team" in rig.said[0]
        assert world.tables.copied == []


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param("help", "a staging environment beside production", id="help"),
        pytest.param("seed", "Which date", id="no date"),
        pytest.param("seed 2026-02-30", "is no date", id="a date that does not exist"),
        pytest.param("deploy worker", "I know no /staging", id="what only the shell does"),
        pytest.param("<!channel>", "I know no /staging", id="hostile"),
    ],
)
def test_wrong_words_and_help_are_answered_at_once(text: str, answer: str) -> None:
    with staging() as (rig, _):
        body = rig.done("/staging", text).body

        assert answer in body
        assert "<!channel>" not in body
        assert rig.said == []


def deeds(rig: Rig) -> list[AuditEntry]:
    entries = rig.store.audit(rig.now - timedelta(hours=1), 9)
    return [each for each in entries if each.action not in kept.RECORDS]


def test_a_date_is_copied_and_each_table_is_told() -> None:
    with staging(ready()) as (rig, world):
        rig.done("/staging", "seed 2026-02-10")

        assert "Copying 2026-02-10 of 2 tables" in rig.said[0]
        assert "3 rows" in answers(rig)[1]
        assert len(world.tables.rows["test_nba_analytics.players"]) == 3
        assert [entry.action for entry in deeds(rig)] == ["staging seed 2026-02-10"]


def test_a_date_that_was_copied_in_part_says_how_to_go_on() -> None:
    world = ready()
    world.tables.throttled = {PLAYERS: 9}
    with staging(world) as (rig, _):
        rig.done("/staging", "seed 2026-02-10")

        assert "1 of 2 tables were not copied; ask again to go on" in rig.said[1]


def test_a_replayed_command_seeds_once() -> None:
    with staging(ready()) as (rig, world):
        request = rig.slack.requests.command("/staging", "seed 2026-02-10")
        rig.send(request)
        rig.wait()
        rig.send(request)
        rig.wait()

        assert sorted(world.tables.copied) == [PLAYERS, "nba_orchestration.queue"]
        assert len(rig.said) == 2


def test_production_that_stayed_as_it_was_is_proved() -> None:
    with staging(ready()) as (rig, _):
        rig.done("/staging", "prove start")
        rig.done("/staging", "seed 2026-02-10")
        rig.done("/staging", "prove check")

        assert "Remembered 2 tables" in rig.said[0]
        assert "Production is untouched" in rig.said[-1]


def test_a_write_to_production_is_named() -> None:
    with staging() as (rig, world):
        rig.done("/staging", "prove start")
        world.tables.content[PLAYERS] = replace(world.tables.content[PLAYERS], rows=6)
        rig.done("/staging", "prove check")

        assert f"{PLAYERS}: 5 → 6 rows" in answers(rig)[-1]
        assert "1 change" in [entry.outcome for entry in rig.store.audit(rig.now - timedelta(hours=1), 9)]


def test_without_a_first_look_nothing_is_proved() -> None:
    with staging() as (rig, _):
        rig.done("/staging", "prove check")

        assert "say '/staging prove start' first" in rig.said[0]


def test_a_first_look_that_is_too_old_does_not_count() -> None:
    with staging() as (rig, _):
        rig.done("/staging", "prove start")
        rig.now += timedelta(days=PROOF_DAYS, seconds=1)

        rig.done("/staging", "prove check")

        assert "There is no first record" in rig.said[-1]


def test_a_teardown_shows_its_list_and_removes_nothing_before_the_button() -> None:
    with staging(ready()) as (rig, world):
        rig.done("/staging", "teardown")

        assert "• dataset test_nba_analytics" in answers(rig)[0]
        assert "test_nba_analytics" in world.tables.known


def test_the_button_removes_what_was_listed() -> None:
    with staging(ready()) as (rig, world):
        world.ground().seed(NIGHT)
        rig.done("/staging", "teardown")

        press_remove(rig)

        assert set(world.tables.known) == {"nba_analytics", "nba_orchestration"}
        assert "removed" in answers(rig)[-1]


def test_who_may_not_repair_cannot_press_the_button() -> None:
    with staging(ready()) as (rig, world):
        rig.done("/staging", "teardown")

        press_remove(rig, user=COLLEAGUE)

        assert "test_nba_analytics" in world.tables.known


def test_a_list_that_is_too_old_is_not_acted_on() -> None:
    with staging(ready()) as (rig, world):
        rig.done("/staging", "teardown")
        rig.now += timedelta(minutes=LIST_MINUTES, seconds=1)

        press_remove(rig)

        assert "older than 10 minutes" in rig.said[-1]
        assert "test_nba_analytics" in world.tables.known


def test_a_list_that_no_longer_holds_is_not_acted_on() -> None:
    with staging(ready()) as (rig, world):
        rig.done("/staging", "teardown")
        world.tables.known["test_more"] = Dataset(name="test_more", labels={"reveille-staging": "test"})

        press_remove(rig)

        assert "has changed since that list" in rig.said[-1]
        assert "test_nba_analytics" in world.tables.known


def test_a_button_with_a_foreign_value_is_refused() -> None:
    with staging(ready()) as (rig, world):
        rig.services.client.chat_postMessage(channel="C0EXAMPLE1", text="anything")

        rig.send(rig.slack.requests.click(rig.slack.messages()[-1], "staging:teardown", "{}"))
        rig.wait()

        assert "not one of mine" in rig.said[-1]
        assert "test_nba_analytics" in world.tables.known


def test_a_foreign_table_is_said_to_be_left_alone() -> None:
    world = ready()
    world.tables.add(StoredTable(dataset="test_nba_analytics", name="mine"))
    with staging(world) as (rig, _):
        rig.done("/staging", "teardown")

        assert "left alone: table test_nba_analytics.mine" in answers(rig)[0]


def test_with_nothing_to_remove_there_is_no_button() -> None:
    with staging() as (rig, _):
        rig.done("/staging", "teardown")

        assert "nothing to remove" in rig.said[0]


def test_a_source_that_does_not_answer_is_said() -> None:
    class Down(World):
        def ground(self, pipeline_: Any = None) -> Any:
            raise SourceError("BigQuery", Problem.DENIED, "the list of datasets: Access Denied", advice="Grant a role.")

    with staging(Down()) as (rig, _):
        rig.done("/staging", "status")

        assert "Access Denied" in rig.said[0]
        assert "Grant a role." in rig.said[0]


def test_where_there_is_no_staging_it_is_said() -> None:
    with running(ALLOWED) as rig:
        rig.done("/staging", "seed 2026-02-10")

        assert rig.said == [NOT_HERE]


def test_what_was_remembered_is_the_whole_of_production() -> None:
    with staging() as (rig, world):
        before: Snapshot = world.ground().look(rig.now)
        rig.done("/staging", "prove start")

        (entry,) = deeds(rig)
        assert PLAYERS in str(entry.details["snapshot"])
        assert before.size in rig.said[0]
