"""``/reveille check``: everything that Reveille needs, asked once, for those who may."""

from __future__ import annotations

import re
from contextlib import closing

import pytest

from bot.playground.slack.requests import PERSON
from bot.playground.slack.server import SlackServer, refused
from bot.render.preflight import Need, preflight_message
from bot.store.sqlite import SqliteStore
from checks.notifications import Permissions as Rules
from checks.ports.warehouse import BIGQUERY
from checks.source import Problem, SourceError
from handlers.commands import COMMANDS, ONLY_HERE
from tests.handlers.rig import CHANNEL, COLLEAGUE, Rig, running


def told(rig: Rig) -> str:
    rig.done("/reveille", "check")
    answer = rig.slack.workspace.responses[-1]
    return "\n".join(str(block.get("text", block)) for block in answer["blocks"])


def test_where_all_is_well_it_says_so_of_each_thing() -> None:
    with running(Rules(repairers=("S0EXAMPLE1",))) as rig:
        rig.slack.workspace.groups["S0EXAMPLE1"] = [COLLEAGUE]

        said = told(rig)

        assert rig.said[0].startswith("Preflight: All ")
        for about in ("token", "scopes", "channel C0EXAMPLE1", "user group S0EXAMPLE1", "BigQuery"):
            assert about in said
        assert rig.slack.messages() == []


def test_what_is_missing_comes_first_with_what_to_do() -> None:
    denied = SourceError(BIGQUERY, Problem.DENIED, "SELECT 1: no", advice="Grant roles/bigquery.jobUser.")
    with running() as rig:
        rig.gate.failure = denied
        rig.slack.workspace.scopes = rig.slack.workspace.scopes - {"users:read"} | {"chat:write"}
        rig.slack.tell("conversations.history", refused("not_in_channel"))

        said = told(rig)

        assert rig.said[0].startswith("Preflight: 3 of ")
        assert said.count("❌") == 3
        assert said.rindex("❌") < said.index("✅")
        for words in ("Grant roles/bigquery.jobUser.", "nobody may press a button", "not_in_channel"):
            assert words in said


def test_who_may_not_act_on_alerts_hears_why_and_nothing_is_asked() -> None:
    with running(Rules(actors=(COLLEAGUE,))) as rig:
        rig.done("/reveille", "check")

        assert "You cannot act on this pipeline or its alerts." in rig.said[0]
        assert rig.slack.called("conversations.history") == []


@pytest.mark.parametrize("method", ["auth.test", "conversations.history", "usergroups.users.list"])
def test_what_slack_does_not_say_is_not_called_well(method: str) -> None:
    with running(Rules(viewers=("S0EXAMPLE1",))) as rig:
        rig.slack.workspace.groups["S0EXAMPLE1"] = [PERSON]
        rig.done("/reveille", "check")
        rig.slack.tell(method, refused("internal_error", times=None))

        said = told(rig)

        assert re.match(r"Preflight: 1 of \d+ checks could not tell\.", rig.said[-1])
        assert said.count("❔") == 1
        assert "internal_error" in said
        assert "BigQuery" in said


def test_scopes_that_slack_does_not_name_are_not_called_granted() -> None:
    slack = SlackServer((CHANNEL, PERSON), names_scopes=False)
    with slack, closing(SqliteStore(":memory:")) as store, running(outliving=(slack, store)) as rig:
        said = told(rig)

        assert rig.said[0].startswith("Preflight: 1 of ")
        assert "could not be checked: Slack does not name those" in said
        assert "granted" not in said


def test_a_source_that_is_not_connected_was_not_asked() -> None:
    found = [Need("Slack", "takes it", "well"), Need("Logs", "it is not connected, so it was not asked", "left out")]

    assert preflight_message(found).text == "Preflight: 1 of 2 checks not made."


@pytest.mark.parametrize("words", ["help", "yesterday"])
def test_other_words_are_answered_with_what_it_is_for(words: str) -> None:
    with running() as rig:
        assert "what I need of Slack" in rig.done("/reveille", f"check {words}").body


def test_the_one_command_reaches_every_other() -> None:
    with running() as rig:
        for name in (*(each for each, _, _ in COMMANDS if each != "/reveille"), *(word for word, *_ in ONLY_HERE)):
            answer = rig.done("/reveille", f"{name.lstrip('/')} help")

            assert "I know no" not in answer.body


@pytest.mark.parametrize("word", ["chek", "dance", "zzz", "x" * 4_000, "<!channel>"])
def test_a_word_that_is_no_command_is_answered_with_three_names_at_most(word: str) -> None:
    with running() as rig:
        said = rig.done("/reveille", word).body

        assert "I know no" in said
        assert 1 <= sum(each.lstrip("/") in said for each, _, _ in COMMANDS if each != "/reveille") <= 4
        assert len(said) < 400
        assert "<!channel>" not in said
