"""Repairing from a thread as people do it: a process, a Slack on loopback, a scenario that can be repaired."""

import json
import os
import signal
from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.definition.files import EXAMPLES
from bot.playground.slack.requests import PERSON
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import PostedMessage
from bot.scenarios.scenario import SHIPPED
from tests.bot.serving.served import Served, http_variables

STRANGER = "U0STRANGER"
REPAIR, UNDO, CONFIRMED = "alert:repair", "repair:undo", "repair:confirmed"

HEAD = (
    "title: t\nstory: s\nwhen: w\ninterval: previous\nbase: invoker-lost\npipeline: nba.yaml\n"
    "expect: {verdict: BLOCKED}\n"
)
"""The pipeline is the one beside the scenario."""

UNPROVABLE = """\
name: unprovable
now: 2026-02-11T08:05
jobs:
  of-somebody-else: {service: phase3-to-phase4-orchestrator, account: stranger@example.com}
"""
"""Another caller is refused, so the check goes on failing after the grant, and verification waits."""


def variables(folder: Path, slack: SlackServer, scenario: str) -> dict[str, str]:
    """What lets one person repair a scenario."""
    text = (EXAMPLES / "nba.yaml").read_text(encoding="utf-8")
    pipeline = folder / "nba.yaml"
    pipeline.write_text(text.replace("  permissions:\n", f"  permissions:\n    repairers: [{PERSON}]\n", 1))
    return http_variables(
        slack,
        REVEILLE_SCENARIO=scenario,
        REVEILLE_STORE=str(folder / "store.db"),
        REVEILLE_CHANNEL="C0EXAMPLE1",
    )


def repaired_world() -> str:
    """What a process that died has left behind: the grants, and what Pub/Sub delivered because of them."""
    text = (SHIPPED / "invoker-lost.yaml").read_text(encoding="utf-8")
    (part,) = yaml.safe_load(text)["after_repairs"]
    return yaml.safe_dump(
        {
            "name": "repaired-by-the-dead",
            "now": "2026-02-11T08:06",
            "policies": {"<orchestrator>": {"roles/run.invoker": ["<invoker>"]}},
            "after_repairs": [],
            **{name: changes for name, changes in part.items() if name != "repairs"},
        }
    )


def alerts(slack: SlackServer) -> list[PostedMessage]:
    """The alerts that can be repaired; the first is that of the first orchestrator."""
    found = [each for each in slack.messages() if REPAIR in str(each.blocks)]
    return [each for each in found if "invoker:phase3-to-phase4-orchestrator" in str(each.key)]


def press(
    bot: Served, slack: SlackServer, message: PostedMessage, user: str = PERSON, action: str = REPAIR
) -> Mapping[str, Any]:
    """Press a button, by default Repair…, and return the window that comes, once something stands in it."""
    known = set(slack.workspace.views)
    elements = (each for block in message.blocks for each in block.get("elements", ()) if isinstance(each, dict))
    value = next(each["value"] for each in elements if each.get("action_id") == action)
    slack.requests.click(message, action, value, user=user).send(bot.slack_url)

    def filled() -> list[Mapping[str, Any]]:
        views = [view for name, view in slack.workspace.views.items() if name not in known]
        return [view for view in views if "One moment" not in json.dumps(view["blocks"])]

    bot.wait_for(filled, "to fill the window")
    return filled()[0]


def heard(slack: SlackServer, alert: PostedMessage) -> list[str]:
    return [each.text for each in slack.thread(alert)]


def is_heard(slack: SlackServer, alert: PostedMessage, word: str) -> bool:
    return any(word in text for text in heard(slack, alert))


def headline(slack: SlackServer, alert: PostedMessage) -> str:
    return next(each.text for each in slack.messages() if each.ts == alert.ts)


def test_the_thread_of_february_repairs_proves_resolves_itself_and_takes_it_back(tmp_path: Path) -> None:
    february = tmp_path / "february.yaml"
    february.write_text(f"{HEAD}name: february\nnow: 2026-02-11T08:05\n", encoding="utf-8")
    with SlackServer() as slack, Served(tmp_path, variables(tmp_path, slack, str(february))) as bot:
        bot.wait_for(lambda: alerts(slack), "to open an alert that can be repaired")
        alert = copy(alerts(slack)[0])  # an edit changes the message that the server holds
        refusal = press(bot, slack, alert, STRANGER)
        form = press(bot, slack, alert)
        untouched = heard(slack, alert)
        slack.requests.submission(form, {}, user=PERSON).send(bot.slack_url)
        bot.wait_for(lambda: "Resolved" in headline(slack, alert), "to resolve the alert")
        bot.wait_for(lambda: is_heard(slack, alert, "*Resolved at"), "to say in the thread that it is resolved")
        late = press(bot, slack, alert)
        thread = heard(slack, alert)
        undo = next(each for each in slack.thread(alert) if UNDO in str(each.blocks))
        slack.requests.submission(press(bot, slack, undo, action=UNDO), {}).send(bot.slack_url)
        bot.wait_for(lambda: is_heard(slack, alert, "Taken back"), "to prove that the repair is taken back")
        bot.wait_for(lambda: "Resolved" not in headline(slack, alert), "to open the alert again")
        bot.end()

    assert refusal.get("callback_id") != CONFIRMED
    assert form["callback_id"] == CONFIRMED
    assert json.dumps(form["blocks"]).count("\\u2022 phase") == 3
    assert untouched == []
    places = [next(n for n, text in enumerate(thread) if word in text) for word in (PERSON, "Done", "Verified")]
    assert places == sorted(places)
    assert late.get("callback_id") != CONFIRMED
    assert "resolved" in json.dumps(late["blocks"])


@pytest.mark.slow
def test_what_a_killed_process_has_written_is_proved_by_the_next_one(tmp_path: Path) -> None:
    """The world of a scenario dies with its process; the next one gets the world that the first has left behind."""
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(HEAD + UNPROVABLE, encoding="utf-8")
    second.write_text(HEAD + repaired_world(), encoding="utf-8")
    with SlackServer() as slack:
        with Served(tmp_path, variables(tmp_path, slack, str(first))) as bot:
            bot.wait_for(lambda: alerts(slack), "to open an alert that can be repaired")
            alert = alerts(slack)[0]
            form = press(bot, slack, alert)
            slack.requests.submission(form, {}, user=PERSON).send(bot.slack_url)
            bot.wait_for(lambda: is_heard(slack, alert, "Done"), "to write the grants")
            for pid in (bot.process.pid, *bot.workers()):
                os.kill(pid, signal.SIGKILL)
        proved_by_the_first = is_heard(slack, alert, "Verified")

        with Served(tmp_path, variables(tmp_path, slack, str(second))) as bot:
            bot.wait_for(lambda: is_heard(slack, alert, "Verified"), "to prove what the first has written")
            bot.wait_for(lambda: "Resolved" in headline(slack, alert), "to resolve the alert")
            bot.end()
        thread = heard(slack, alert)

    assert not proved_by_the_first
    assert sum("Done" in text for text in thread) == 1
    assert sum("Verified" in text for text in thread) == 1
