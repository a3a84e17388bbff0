"""A repair that is taken back is a change: the alert that comes back names it, and not the deploy of last week."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from bot.alerting.incident import broken_since
from bot.render.alert import alert_message
from bot.render.alert_details import detail_parts
from bot.render.blocks import slack_message
from bot.render.post import Post
from bot.repairs.model import RepairOutcome, RepairRun
from bot.repairs.own_changes import own_changes
from bot.repairs.records import begun, ended
from bot.store.model import AlertState, Changes
from bot.store.sqlite import SqliteStore
from checks.control_plane.grants import INVOKER
from tests.handlers.rig import NOW
from tests.preview.repairing import repairing
from tests.preview.story import ALICE


def test_the_alert_of_a_repair_that_was_taken_back_names_who_did_it_and_since_when() -> None:
    with repairing("invoker-lost") as story:
        key = story.alert().key
        story.confirmed()
        assert story.store.open_alerts(story.pipeline.name) == []
        story.now += timedelta(minutes=5)
        story.taken_back()
        undone = story.now
        story.now += timedelta(minutes=1)
        story.looked_again(key)

        back = story.alert()
        (*opened,) = story.store.open_alerts(story.pipeline.name)
        began, said = broken_since(back), slack_message(alert_message(back, story.pipeline, story.now))

    details = slack_message(Post((), tuple(detail_parts(back, story.pipeline, story.now))))
    assert f"<@{ALICE}> took" in str(details.blocks)
    assert "Slack user" not in str(details.blocks)
    assert [(each.key, each.state) for each in opened] == [(key, AlertState.FIRING)]
    assert began is not None
    assert timedelta(0) <= began - undone < timedelta(seconds=2)
    assert "deploy" not in back.title
    assert f"<@{ALICE}> took {INVOKER}" in str(said.blocks)
    assert "Broken since 11 Feb 08:20 EST" in str(said.blocks)
    assert "5 Feb" not in str(said.blocks)
    assert "phase3-to-phase4-orchestrator, phase4-to-phase5-orchestrator and phase5-to-phase6" in str(said.blocks)


@pytest.mark.parametrize("outcome", [RepairOutcome.FAILED, RepairOutcome.ALREADY, RepairOutcome.BEGUN])
def test_what_was_not_written_has_changed_nothing(outcome: RepairOutcome) -> None:
    with repairing("invoker-lost") as story, closing(SqliteStore(":memory:")) as store:
        plan = story.plans()[0]
        run = RepairRun(plan=plan, actor="slack:U0EXAMPLE1", begun_at=story.now, ended_at=story.now, outcome=outcome)
        written = () if outcome is RepairOutcome.BEGUN else (ended(run),)
        store.commit(Changes(audit=(begun(plan, run.actor, story.now), *written)))

        assert own_changes(store, story.pipeline.name, story.now) == ()


def test_a_store_that_is_down_changes_nothing_of_a_validation() -> None:
    store = SqliteStore(":memory:")
    store.close()

    assert own_changes(store, "nba", NOW) == ()
