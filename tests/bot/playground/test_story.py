"""The story of the first visit, as the page's scripts play it: the real bot, over HTTP, without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.playground.panel import panel_html
from bot.playground.people import ALEX, CHANNEL, SAM
from bot.store.model import AlertState
from tests.bot.playground.visiting import Visitor, visiting

REPAIR, ACKNOWLEDGE, SNOOZE = "alert:repair", "alert:acknowledge", "alert:snooze"
ORCHESTRATORS = {f"phase{number}-to-phase{number + 1}-orchestrator" for number in (3, 4, 5)}


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    with visiting(tmp_path) as someone:
        yield someone


def repaired(visitor: Visitor) -> None:
    alert = visitor.hears("orchestrators refuse Pub/Sub")
    visitor.press(alert, REPAIR)
    form = visitor.modal(until=lambda view: "submit" in view)
    visitor.do("submit", view=form["id"], given={})
    visitor.hears("*Resolved at ")


def test_the_whole_story_takes_three_clicks(visitor: Visitor) -> None:
    visitor.do("go", to="redeploy")
    alert = visitor.hears("orchestrators refuse Pub/Sub")
    told = json.dumps(alert.blocks)
    drawn = panel_html(visitor.play)["graph"]

    repaired(visitor)

    assert [drawn.count(f'<g class="box {mark} service"') for mark in ("cause", "none")] == [3, 0]
    assert "<svg" not in panel_html(visitor.play)["graph"]
    assert "02:13" in told
    assert "deployer@example.com" in told
    assert visitor.posts == 3
    assert visitor.play.world.repaired == ORCHESTRATORS
    assert [each for each in visitor.play.alerts() if each.state is not AlertState.RESOLVED] == []


@pytest.mark.slow
def test_who_repairs_in_the_night_reads_at_eight_that_all_is_clear(visitor: Visitor) -> None:
    visitor.do("go", to="redeploy")
    repaired(visitor)

    visitor.do("go", to="morning")

    assert visitor.hears("all clear").text.startswith("🟢")
    assert visitor.saying("is not final") == []


@pytest.mark.slow
def test_who_waits_reads_at_eight_what_it_has_come_to_and_repairs_then(visitor: Visitor) -> None:
    visitor.do("go", to="morning")
    digest = visitor.hears("BLOCKED")
    during = [each.title for each in visitor.play.alerts()]

    repaired(visitor)

    assert "after the 5 Feb 02:13 deploy" in json.dumps(digest.blocks)
    assert len(during) == 1  # what follows from it is no alert of its own
    assert visitor.play.world.repaired == ORCHESTRATORS


@pytest.mark.slow
def test_one_without_rights_may_look_and_not_act(visitor: Visitor) -> None:
    visitor.do("go", to="redeploy")
    alert = visitor.hears("orchestrators refuse Pub/Sub")

    visitor.press(alert, ACKNOWLEDGE, user=SAM.id)

    private = visitor.play.slack.workspace.private
    visitor.wait(lambda: private, "for the refusal")
    assert (private[0].only_for, "Ask Alex" in private[0].text) == (SAM.id, True)
    assert visitor.play.alerts()[0].owner is None
    assert "Ask Alex" not in visitor.play.shown_to(ALEX.id).channel_html(CHANNEL)


@pytest.mark.slow
def test_a_form_that_is_wrong_says_so_and_stays_open(visitor: Visitor) -> None:
    visitor.do("go", to="redeploy")
    visitor.press(visitor.hears("orchestrators refuse Pub/Sub"), SNOOZE)
    form = visitor.modal(until=lambda view: "submit" in view)

    without_choice = visitor.do("submit", view=form["id"], given={"until": ""})
    without_date = visitor.do("submit", view=form["id"], given={"until": "date"})
    in_the_past = visitor.do("submit", view=form["id"], given={"until": "date", "date": "2026-02-05T01:00"})
    stays = [*visitor.play.slack.workspace.stacks[ALEX.id]]
    right = visitor.do(
        "submit", view=form["id"], given={"until": "date", "date": "2026-02-05T09:00", "reason": "I am on it"}
    )

    assert list(without_choice["errors"]) == ["until"]
    assert without_date["errors"] == {"date": "Say until when."}
    assert in_the_past["errors"] == {"date": "That time has passed."}
    assert (stays, right["errors"]) == ([form["id"]], {})
    visitor.wait(lambda: visitor.play.alerts()[0].snoozed_until is not None, "to be snoozed")
    assert visitor.play.alerts()[0].reason == "I am on it"


@pytest.mark.slow
def test_a_restarted_bot_goes_on_where_it_was(visitor: Visitor) -> None:
    visitor.do("go", to="redeploy")
    visitor.hears("orchestrators refuse Pub/Sub")
    before = [each.ts for each in visitor.messages()]

    visitor.do("restart")
    visitor.do("wait", minutes=15)

    assert [each.ts for each in visitor.messages()] == before
    repaired(visitor)


@pytest.mark.slow
def test_commands_messages_and_the_home_tab_are_answered(visitor: Visitor) -> None:
    workspace = visitor.play.slack.workspace

    visitor.do("say", text="/iam-check")
    visitor.do("say", text="/no-such-command")
    visitor.do("say", channel=ALEX.id, text="help")
    visitor.do("home")

    visitor.hears("Permissions: nothing found")
    visitor.wait(lambda: any("no command" in each.text for each in workspace.private), "for Slack's own answer")
    visitor.wait(lambda: workspace.homes.get(ALEX.id), "for the home tab")
    direct = workspace.channels[ALEX.id].messages
    visitor.wait(lambda: any("What you can ask" in each.text for each in list(direct.values())), "for help")


@pytest.mark.slow
def test_slack_may_be_down_and_nothing_is_lost(visitor: Visitor) -> None:
    visitor.do("slack", trouble="down")
    visitor.do("go", to="redeploy")
    during = visitor.saying("orchestrators refuse")

    visitor.do("slack", trouble="")

    assert during == []
    visitor.hears("orchestrators refuse Pub/Sub")
    assert len([each for each in visitor.saying("orchestrators refuse Pub/Sub") if each.thread_ts is None]) == 1
