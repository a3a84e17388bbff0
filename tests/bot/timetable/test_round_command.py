"""``reveille round``: due work once, in a process that ends, beside others on the same store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.commands.exits import FAILED, FINE, WRONG_USE
from bot.commands.round import round_command
from bot.composition.one_round import one_round
from bot.playground.slack.server import SlackServer, refused

IN_THE_MORNING = "2026-02-11T08:05"


def settings(slack: SlackServer, folder: Path) -> dict[str, str]:
    silent = dict.fromkeys(("REVEILLE_PIPELINE", "REVEILLE_CHANNEL", "REVEILLE_HEARTBEAT_URL", "REVEILLE_SCENARIO"), "")
    return {
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_API_URL": slack.api_url,
        "REVEILLE_STORE": str(folder / "store.db"),
        **silent,
    }


def run(slack: SlackServer, folder: Path, now: str = IN_THE_MORNING, scenario: str = "invoker-lost") -> Result:
    arguments = ["--scenario", scenario, "--now", now]
    return CliRunner().invoke(round_command, arguments, env=settings(slack, folder), standalone_mode=False)


def keys(slack: SlackServer) -> list[str]:
    return sorted(each.key or "" for each in slack.messages())


@pytest.mark.slow
def test_a_round_posts_what_is_due_and_the_next_execution_nothing(tmp_path: Path) -> None:
    with SlackServer() as slack:
        first = run(slack, tmp_path)
        posted = keys(slack)
        second = run(slack, tmp_path, now="2026-02-11T08:06")

        assert (first.return_value, second.return_value) == (FINE, FINE), first.output + second.output
        assert "digest:nba:2026-02-11" in posted
        assert keys(slack) == posted


@pytest.mark.slow
def test_an_execution_that_comes_late_makes_up_for_the_digest(tmp_path: Path) -> None:
    with SlackServer() as slack:
        late = run(slack, tmp_path, now="2026-02-11T10:40")

        assert late.return_value == FINE
        assert "digest:nba:2026-02-11" in keys(slack)


@pytest.mark.slow
def test_two_executions_at_once_post_everything_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SlackServer() as slack:
        for name, value in settings(slack, tmp_path).items():
            monkeypatch.setenv(name, value)
        now = datetime.fromisoformat(IN_THE_MORNING)
        with (
            one_round(None, "invoker-lost", now) as (one, first),
            one_round(None, "invoker-lost", now) as (other, second),
        ):
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda each: each.run("round"), (first, second)))
            for told in (one, other, one):
                while told.outbox.pump():
                    pass

        posted = keys(slack)
        assert "digest:nba:2026-02-11" in posted
        assert len(posted) == len(set(posted))


@pytest.mark.slow
def test_what_slack_does_not_take_is_stored_for_the_next_round(tmp_path: Path) -> None:
    with SlackServer() as slack:
        slack.tell("chat.postMessage", refused("not_in_channel", None))

        done = run(slack, tmp_path)

    assert done.return_value == FAILED
    assert "The next round sends it." in done.output


def test_a_token_that_slack_does_not_know_is_said_before_anything_is_validated(tmp_path: Path) -> None:
    with SlackServer() as slack:
        slack.tell("auth.test", refused("invalid_auth", None))

        done = run(slack, tmp_path)

    assert getattr(done.exception, "exit_code", None) == WRONG_USE
    assert not slack.messages()
