from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.commands.digest import PATIENCE, digest, write
from bot.commands.exits import FAILED, FINE, UNKNOWN, WRONG_USE
from bot.playground.slack.server import SlackServer, refused, unreachable
from bot.sinks.slack.errors import remedy
from bot.store.model import WEBHOOK, Changes
from tests.bot.store.records import a_post
from tests.bot.timetable.mornings import POSTING, Morning
from tests.fakes import day
from tests.sections import ROOT
from tests.servers.webhook import Reply, WebhookServer

SCENARIO = ["--scenario", "invoker-lost"]


def run(slack: SlackServer, folder: Path, *arguments: str, **environment: str) -> Result:
    settings = {
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_API_URL": slack.api_url,
        "REVEILLE_STORE": str(folder / "store.db"),
        **environment,
    }
    for name in ("REVEILLE_PIPELINE", "REVEILLE_CHANNEL", "REVEILLE_HEARTBEAT_URL", "REVEILLE_SCENARIO"):
        settings.setdefault(name, "")
    assert not os.environ.get("FIRESTORE_EMULATOR_HOST")
    return CliRunner().invoke(digest, list(arguments), env=settings, standalone_mode=False)


def test_a_digest_is_posted_with_its_details_and_brought_up_to_date_by_the_next_call(tmp_path: Path) -> None:
    with SlackServer() as slack:
        first = run(slack, tmp_path, *SCENARIO)
        posts = [call.method for call in slack.calls].count("chat.postMessage")
        second = run(slack, tmp_path, *SCENARIO, "--now", "2026-02-11T08:30")

        again = [call.method for call in slack.calls].count("chat.postMessage")

    assert (first.return_value, first.output) == (FINE, "The digest is posted.\n")
    assert (second.return_value, second.output) == (FINE, "The digest is up to date.\n")
    assert posts >= 3, "the digest, its details, the thread of the incident"
    assert again == posts


@pytest.mark.slow
def test_the_newest_of_several_results_of_one_instant_is_what_slack_shows(tmp_path: Path) -> None:
    instant = "2026-02-11T08:30"
    shown = []
    with SlackServer() as slack:
        for scenario in ("healthy-morning", "invoker-lost", "healthy-morning", "jobs-failing"):
            result = run(slack, tmp_path, "--scenario", scenario, "--now", instant)
            (message,) = slack.messages(key="digest:nba:2026-02-11")
            alerts = [each for each in slack.messages() if (each.key or "").startswith("alert:")]
            shown.append(
                (
                    message.text[0],
                    any(not each.text.startswith("Resolved") for each in alerts if each.thread_ts is None),
                )
            )
            assert result.return_value == FINE

    assert shown == [("🟢", False), ("🔴", True), ("🟢", False), ("🟠", True)]


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        pytest.param([*SCENARIO], {"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN", id="no token"),
        pytest.param([*SCENARIO, "--date", "2026-02-13"], {}, "has not come yet", id="a morning to come"),
        pytest.param(["--scenario", "no-such-morning"], {}, "no-such-morning", id="no such scenario"),
        pytest.param([*SCENARIO], {"REVEILLE_STORE": "/proc/nowhere/store.db"}, "store", id="no place for the store"),
    ],
)
def test_what_cannot_work_is_said_in_one_sentence(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], words: str
) -> None:
    with SlackServer() as slack:
        result = run(slack, tmp_path, *arguments, **environment)

    assert getattr(result.exception, "exit_code", None) == WRONG_USE
    assert words in str(result.exception)


@pytest.mark.parametrize(
    "code", ["invalid_auth", "channel_not_found", "not_in_channel", "missing_scope", "is_archived"]
)
@pytest.mark.slow
def test_what_only_a_person_can_end_is_said_at_once_with_what_to_do(tmp_path: Path, code: str) -> None:
    with SlackServer() as slack:
        slack.tell("chat.postMessage", refused(code, None))
        began = time.monotonic()
        result = run(slack, tmp_path, *SCENARIO)
        took = time.monotonic() - began

    assert result.return_value == FAILED
    assert code in result.output
    assert remedy(code) in result.output
    assert took < PATIENCE / 2


@pytest.mark.parametrize(
    ("method", "code"),
    [
        pytest.param("auth.test", "invalid_auth", id="a token that does not work"),
        pytest.param("auth.test", "account_inactive", id="an app that was removed"),
        pytest.param("conversations.history", "channel_not_found", id="a channel that does not exist"),
        pytest.param("conversations.history", "not_in_channel", id="a channel without the bot"),
    ],
)
@pytest.mark.slow
def test_nothing_is_validated_for_a_slack_that_does_not_let_the_bot_in(tmp_path: Path, method: str, code: str) -> None:
    with SlackServer() as slack:
        slack.tell(method, refused(code, None))
        result = run(slack, tmp_path, *SCENARIO)
        posted = slack.called("chat.postMessage")

    assert getattr(result.exception, "exit_code", None) == WRONG_USE
    assert code in str(result.exception)
    assert remedy(code) in str(result.exception)
    assert not posted
    assert reports_in(tmp_path) == 0


def test_nothing_is_validated_for_an_app_that_may_not_write(tmp_path: Path) -> None:
    with SlackServer() as slack:
        slack.workspace.scopes -= {"chat:write"}
        result = run(slack, tmp_path, *SCENARIO)

    assert getattr(result.exception, "exit_code", None) == WRONG_USE
    assert "chat:write" in str(result.exception)
    assert reports_in(tmp_path) == 0


@pytest.mark.slow
def test_a_slack_that_cannot_be_asked_takes_the_digest_when_it_answers(tmp_path: Path) -> None:
    with SlackServer() as slack:
        slack.tell("auth.test", unreachable())
        result = run(slack, tmp_path, *SCENARIO)

    assert result.return_value == FINE


def reports_in(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM reports").fetchone()[0])


@pytest.mark.parametrize("value", ["soon", "2026-02-30"])
def test_what_is_no_date_is_refused(tmp_path: Path, value: str) -> None:
    with SlackServer() as slack:
        result = run(slack, tmp_path, *SCENARIO, "--date", value)

    assert "is no date" in str(result.exception)


class Outbox:
    """Sends everything, or nothing, as a test says."""

    def __init__(self, morning: Morning, *, works: bool = True) -> None:
        self._morning = morning
        self._works = works

    def pump(self) -> int:
        return len(self._morning.slack_takes_everything()) if self._works else 0


def test_one_that_slack_does_not_take_is_told_to_be_waiting(capsys: pytest.CaptureFixture[str]) -> None:
    morning = Morning()

    code = write(morning.instance(), Outbox(morning, works=False), morning.store, None, patience=0.01)

    assert code == FAILED
    assert "stored" in capsys.readouterr().err
    assert POSTING in morning.waiting()


def test_an_event_that_no_pager_takes_does_not_keep_anybody_waiting(capsys: pytest.CaptureFixture[str]) -> None:
    morning = Morning()
    event = a_post("page:hook:alert:a:0:v1:trigger", sink=WEBHOOK, channel="hook", lane="alert:a:0")
    morning.store.commit(Changes(deliveries=[event]))

    code = write(morning.instance(), Outbox(morning), morning.store, None, patience=60)

    assert (code, morning.waiting()) == (FINE, [event.key])
    assert "Waiting" not in capsys.readouterr().err


def test_one_that_another_process_is_writing_is_left_to_it(capsys: pytest.CaptureFixture[str]) -> None:
    morning = Morning()
    morning.store.acquire("digest:tiny", "other", morning.now, morning.later(minutes=1).now)
    morning.later(minutes=-1)

    code = write(morning.instance(), Outbox(morning), morning.store, None)

    assert code == UNKNOWN
    assert "another process" in capsys.readouterr().err


def test_an_earlier_morning_is_written_without_a_sign_of_life() -> None:
    morning = Morning()

    code = write(morning.instance(), Outbox(morning), morning.store, day("2026-02-09").day)

    assert (code, morning.watcher.beats) == (FINE, 0)


def test_the_sign_of_life_follows_at_once() -> None:
    morning = Morning()

    write(morning.instance(), Outbox(morning), morning.store, None)

    assert morning.watcher.beats == 1


def test_a_dry_run_prints_the_digest_and_asks_slack_nothing_and_writes_nothing(tmp_path: Path) -> None:
    with SlackServer() as slack:
        result = run(slack, tmp_path, "--dry-run", *SCENARIO, SLACK_BOT_TOKEN="")

        assert slack.calls == []

    assert result.return_value == FINE
    assert "NBA player props" in result.output.splitlines()[0]
    assert "BLOCKED" in result.output.splitlines()[0]
    assert "3 orchestrators refuse Pub/Sub" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_dry_run_leaves_a_store_as_it_is(tmp_path: Path) -> None:
    with SlackServer() as slack:
        run(slack, tmp_path, *SCENARIO)
        before = (tmp_path / "store.db").read_bytes()
        calls = len(slack.calls)

        result = run(slack, tmp_path, "--dry-run", *SCENARIO, "--now", "2026-02-11T08:30")

        assert len(slack.calls) == calls

    assert result.return_value == FINE
    assert (tmp_path / "store.db").read_bytes() == before


def sent_to(url: str, folder: Path, *arguments: str) -> Result:
    with SlackServer() as slack:
        result = run(slack, folder, "--webhook", *SCENARIO, *arguments, SLACK_BOT_TOKEN="", REVEILLE_WEBHOOK_DIGEST=url)

        assert slack.calls == []
    return result


def test_a_webhook_alone_gets_the_digest_as_one_text_without_what_needs_an_app(tmp_path: Path) -> None:
    with WebhookServer() as server:
        result = sent_to(server.url, tmp_path)
        (event,) = server.taken

    text = event.document["text"]
    assert (result.return_value, result.output) == (FINE, "The digest is posted.\n")
    assert event.document.keys() == {"text"}
    assert text.splitlines()[0] == "🔴 NBA player props · Tue 10 Feb · BLOCKED"
    assert "3 orchestrators refuse Pub/Sub" in text
    assert "⏳  *Export*" in text
    assert "thread" not in text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "it answers 404. The address is no longer valid"),
        (500, "it answers 500. Run the command again"),
        (302, ""),
    ],
)
@pytest.mark.slow
def test_a_webhook_that_does_not_take_it_is_one_sentence_without_its_address(
    status: int, said: str, tmp_path: Path
) -> None:
    with WebhookServer() as server:
        server.always = Reply(status, {"Location": "https://example.com/"} if status == 302 else {})
        result = sent_to(server.url, tmp_path)

    assert result.return_value == FAILED
    assert "the digest is not posted: REVEILLE_WEBHOOK_DIGEST: " + said in result.output
    assert "0secret0" not in result.output


def test_a_pipeline_that_names_no_channel_has_a_digest_all_the_same(tmp_path: Path) -> None:
    scenario = str(ROOT / "examples/minimal/scenarios/loaded-twice.yaml")
    with WebhookServer() as server, SlackServer() as slack:
        result = run(slack, tmp_path, "--webhook", "--scenario", scenario, REVEILLE_WEBHOOK_DIGEST=server.url)
        (event,) = server.taken

    assert result.return_value == FINE
    assert event.document["text"].startswith("🟠 shop · Mon 9 Mar · ACT")


@pytest.mark.slow
def test_a_webhook_that_nobody_answers_is_said(tmp_path: Path) -> None:
    with WebhookServer() as server:
        url = server.url

    result = sent_to(url, tmp_path)

    assert result.return_value == FAILED
    assert "does not answer" in result.output


@pytest.mark.parametrize("url", ["", "hooks.example.com/KEY", "http://hooks.example.com/KEY"])
@pytest.mark.slow
def test_without_an_address_nothing_is_validated(url: str, tmp_path: Path) -> None:
    result = sent_to(url, tmp_path)

    assert str(result.exception).startswith("REVEILLE_WEBHOOK_DIGEST ")
