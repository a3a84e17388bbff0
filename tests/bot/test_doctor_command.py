"""``reveille doctor``: whatever keeps Reveille from working is named, each with what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from bot.commands.doctor import CLOCK_OFF, clock_examined
from bot.playground.slack.server import SlackServer, refused
from tests.bot.in_process import run
from tests.servers.json_http import Answer, JsonHttpServer

CHANNEL = "C0EXAMPLE1"
PIPELINE = f"""\
version: 2
name: shop
timezone: Europe/London
notifications:
  routes: {{default: {CHANNEL}}}
  digest: {{post: 06:30}}
"""
QUEUE = "projects/example-project/locations/us-west2/queues/reveille"
NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer(channels=(CHANNEL,)) as server:
        yield server


def examined(folder: Path, slack: SlackServer | None = None, text: str = PIPELINE) -> tuple[int, dict[str, str]]:
    """Return the exit code, and the state of each thing."""
    (folder / "pipeline.yaml").write_text(text)
    environment = {"SLACK_BOT_TOKEN": slack.token, "SLACK_API_URL": slack.api_url} if slack is not None else {}
    ended = run(("doctor", "--pipeline", "pipeline.yaml", "--json"), folder, environment)
    return ended.returncode, {each["about"]: each["state"] for each in json.loads(ended.stdout)}


def test_where_all_is_there_all_is_well(tmp_path: Path, slack: SlackServer) -> None:
    code, found = examined(tmp_path, slack)

    assert code == 0
    assert set(found.values()) == {"well", "left out"}
    assert {found[each] for each in ("Pipeline file", "Clock", f"Slack, channel {CHANNEL}")} == {"well"}


def test_on_a_machine_with_nothing_set_up_each_thing_that_is_missing_is_named(tmp_path: Path) -> None:
    ended = run(("doctor",), tmp_path, {"REVEILLE_PIPELINE": "", "HOME": str(tmp_path)})

    wrong = [line for line in ended.stdout.splitlines() if line.startswith("✗")]
    assert ended.returncode == 1
    assert [line.split(":")[0].removeprefix("✗ ") for line in wrong] == ["Pipeline file", "Google account", "Slack"]
    assert ended.stderr == ""


def test_a_pipeline_file_that_is_wrong_does_not_hide_the_rest(tmp_path: Path, slack: SlackServer) -> None:
    code, found = examined(tmp_path, slack, PIPELINE.replace("timezone", "timezon"))

    assert code == 1
    assert found["Pipeline file"] == "wrong"
    assert found["Clock"] == "well"


def test_a_channel_that_takes_no_messages_is_wrong(tmp_path: Path, slack: SlackServer) -> None:
    slack.remove_bot(CHANNEL)

    assert examined(tmp_path, slack) == (1, {**examined(tmp_path, slack)[1], f"Slack, channel {CHANNEL}": "wrong"})


def test_a_slack_that_refuses_the_token_is_wrong(tmp_path: Path, slack: SlackServer) -> None:
    slack.tell("auth.test", refused("invalid_auth"))

    code, found = examined(tmp_path, slack)

    assert (code, found["Slack, token"]) == (1, "wrong")


@pytest.mark.parametrize(
    ("answer", "code", "line"),
    [
        pytest.param(Answer(200, {"state": "RUNNING"}), 0, "✓ Cloud Tasks: the queue runs.", id="it runs"),
        pytest.param(Answer(200, {"state": "PAUSED"}), 1, "✗ Cloud Tasks: the queue is PAUSED", id="it is paused"),
        pytest.param(Answer(403, {"error": {"message": "denied"}}), 1, "✗ Cloud Tasks: ", id="refused"),
        pytest.param(Answer(404, {"error": {"message": "none"}}), 1, "✗ Cloud Tasks: ", id="no such queue"),
        pytest.param(Answer(503, {"error": {"message": "later"}}), 2, "? Cloud Tasks: ", id="it does not answer"),
    ],
)
def test_the_queue_that_wakes_the_service_is_looked_at(
    tmp_path: Path, slack: SlackServer, answer: Answer, code: int, line: str
) -> None:
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    with JsonHttpServer(answer) as server:
        environment = {
            "SLACK_BOT_TOKEN": slack.token,
            "SLACK_API_URL": slack.api_url,
            "REVEILLE_TASKS_AUDIENCE": "https://reveille.example.com",
            "REVEILLE_TASKS_ACCOUNT": "clock@example-project.iam.gserviceaccount.com",
            "REVEILLE_TASKS_QUEUE": QUEUE,
            "REVEILLE_TASKS_ENDPOINT": server.address,
        }
        ended = run(("doctor", "--pipeline", "pipeline.yaml"), tmp_path, environment)

    (told,) = (each for each in ended.stdout.splitlines() if "Cloud Tasks" in each)
    assert (ended.returncode, told.startswith(line)) == (code, True), told
    assert {(each.method, each.path) for each in server.requests} == {("GET", f"/v2/{QUEUE}")}


def test_a_slack_that_does_not_answer_is_no_fault_of_the_configuration(tmp_path: Path) -> None:
    with SlackServer(channels=(CHANNEL,)) as gone:
        pass

    code, found = examined(tmp_path, gone)

    assert (code, found["Slack"]) == (2, "unanswered")


def test_a_webhook_without_an_address_is_wrong(tmp_path: Path, slack: SlackServer) -> None:
    text = f"{PIPELINE}  webhooks: [{{name: pager, url_variable: REVEILLE_WEBHOOK_PAGER}}]\n"

    code, found = examined(tmp_path, slack, text)

    assert (code, found["Webhooks"]) == (1, "wrong")


@pytest.mark.parametrize(
    ("off", "state"),
    [(CLOCK_OFF, "well"), (-CLOCK_OFF, "well"), (CLOCK_OFF + timedelta(seconds=1), "wrong"), (timedelta(-1), "wrong")],
)
def test_a_clock_is_well_up_to_a_minute(off: timedelta, state: str) -> None:
    assert clock_examined(format_datetime(NOW + off), NOW).state == state


@pytest.mark.parametrize("theirs", ["", "yesterday", "2026-02-11"])
def test_an_answer_without_a_date_says_nothing_of_the_clock(theirs: str) -> None:
    assert clock_examined(theirs, NOW).state == "left out"
