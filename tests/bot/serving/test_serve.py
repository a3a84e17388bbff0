"""``reveille serve`` as people run it: a process, a Slack on loopback, a scenario."""

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.playground.slack.requests import PERSON
from bot.playground.slack.server import SlackServer, rate_limited, silent
from bot.playground.slack.server import refused as refused_call
from bot.playground.slack.workspace import PostedMessage
from tests.bot import in_process
from tests.bot.serving.served import Served, environment, free_port, http_variables
from tests.servers import forked
from tests.servers.json_http import Answer, JsonHttpServer
from tests.servers.slack_socket import SocketSlack

LOST, REPAIRED = "invoker-lost", "invoker-repaired"

LONGEST_END = 8
"""Seconds that a process may take to end once it is told to."""

BOARD_TOKEN = "board-token-of-tests"
SHOWN = {"REVEILLE_SCENARIO": LOST, "REVEILLE_BOARD_TOKEN": BOARD_TOKEN}

HANGING = (
    "name: hanging\ntitle: t\nstory: s\nwhen: w\nbase: healthy-morning\ninterval: previous\n"
    "now: 2026-02-11T08:00\nexpect: {verdict: UNKNOWN}\n"
    "faults: [{source: BigQuery, problem: hang}]\n"
)

shares_a_process = pytest.mark.xdist_group("served")


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SlackServer, Served]]:
    """A process for those tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("served")
    with SlackServer() as slack, Served(folder, http_variables(slack, **SHOWN)) as bot:
        bot.wait_ready()
        yield slack, bot


def parents(slack: SlackServer, kind: str) -> list[PostedMessage]:
    """The messages in the channel whose key begins with a word, threads left out."""
    messages = [copy(each) for each in slack.messages()]  # an edit changes the message that the server holds
    return [each for each in messages if (each.key or "").startswith(kind) and each.thread_ts is None]


def answers(slack: SlackServer, verdict: str) -> list[PostedMessage]:
    """What answers a command: it has no key, because nothing of it is stored."""
    return [each for each in slack.messages() if verdict in each.text and each.key is None]


def now(slack: SlackServer, message: PostedMessage) -> PostedMessage:
    """A message as it stands by now."""
    return next(copy(each) for each in slack.messages() if each.ts == message.ts)


def button(message: PostedMessage, action_id: str) -> str:
    """The value of a button of a message."""
    elements = (element for block in message.blocks for element in block.get("elements", ()))
    return next(str(each["value"]) for each in elements if each.get("action_id") == action_id)


def refused(directory: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``reveille serve`` where it must not start."""
    return in_process.run(("serve", *arguments), directory, environment(**variables))


def refused_process(directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The same as a process of its own, for one that refuses only when everything in it runs."""
    return forked.run("bot", "serve", cwd=directory, env=environment(**variables), timeout=30)


def test_a_command_is_answered_a_digest_posted_and_an_alert_opens_is_updated_and_resolves(tmp_path: Path) -> None:
    """What must be done in one story, on the embedded default, with a restart between incident and repair."""
    with SlackServer() as slack:
        with Served(tmp_path, http_variables(slack, REVEILLE_SCENARIO=LOST)) as bot:
            bot.wait_for(lambda: parents(slack, "digest:"), "to post the digest")
            bot.wait_for(lambda: parents(slack, "alert:"), "to open an alert thread")
            opened = parents(slack, "alert:")[0]
            slack.requests.event("app_home_opened", user=PERSON, tab="home").send(bot.slack_url)
            command = slack.requests.command("/validate-daily").send(bot.slack_url)
            bot.wait_for(lambda: answers(slack, "BLOCKED"), "to answer the command")
            click = slack.requests.click(opened, "alert:acknowledge", button(opened, "alert:acknowledge"))
            acknowledged = click.send(bot.slack_url)
            bot.wait_for(lambda: now(slack, opened).blocks != opened.blocks, "to update the alert's message")
            bot.wait_for(lambda: slack.thread(opened), "to say in the thread who acknowledged")
            bot.wait_for(
                lambda: f"acknowledged by <@{PERSON}>" in str(slack.workspace.homes), "to draw the home tab again"
            )
            updated = now(slack, opened)
            code, seconds = bot.end()
            errors = bot.errors

        with Served(tmp_path, http_variables(slack, REVEILLE_SCENARIO=REPAIRED)) as bot:
            bot.wait_for(lambda: "Resolved" in now(slack, opened).text, "to resolve the alert")
            bot.wait_for(lambda: len(slack.thread(opened)) > 1, "to say in the thread that it is resolved")
            bot.wait_for(lambda: len(parents(slack, "digest:")) > 1, "to post the digest of the next morning")
            bot.end()
        digests, alerts = parents(slack, "digest:"), parents(slack, "alert:")

    assert (command.status, acknowledged.status) == (200, 200)
    assert (code, seconds < LONGEST_END, errors) == (0, True, "")
    assert [each.key for each in digests] == ["digest:nba:2026-02-11", "digest:nba:2026-02-12"]
    assert [each.ts for each in alerts] == [opened.ts]
    assert "U0PERSON" in str(updated.blocks)
    assert "Resolved" not in updated.text
    assert "Resolved" in alerts[0].text


@shares_a_process
def test_the_board_is_shown_for_its_token_alone(serving: tuple[SlackServer, Served]) -> None:
    _, bot = serving

    code, page = bot.get("/board", token=BOARD_TOKEN)

    assert code == 200
    assert "NBA player props" in page
    assert BOARD_TOKEN not in page
    assert (bot.get("/board")[0], bot.get("/board", token="")[0], bot.get("/board?token=x", token="")[0]) == (404,) * 3


@pytest.mark.slow
def test_the_board_says_what_is_wrong_while_slack_is_down(tmp_path: Path) -> None:
    with SlackServer() as slack:
        variables = http_variables(slack, **SHOWN)

    with Served(tmp_path, variables) as bot:
        bot.wait_for(lambda: "BLOCKED" in bot.get("/board", token=BOARD_TOKEN)[1], "to show the verdict")
        bot.wait_for(lambda: "Open alerts: 1" in bot.get("/board", token=BOARD_TOKEN)[1], "to show what is open")
        page = bot.get("/board", token=BOARD_TOKEN)[1]

    assert "3 orchestrators refuse Pub/Sub" in page
    assert "Runs, planned and actual" in page


@shares_a_process
def test_it_is_ready_and_says_what_it_is(serving: tuple[SlackServer, Served]) -> None:
    _, bot = serving

    health, ready, metrics = bot.get("/health"), bot.get("/ready"), bot.get("/metrics")

    assert health[0] == ready[0] == metrics[0] == 200
    assert "reveille_deliveries_pending" in metrics[1]


@shares_a_process
def test_a_request_that_slack_did_not_sign_is_refused(serving: tuple[SlackServer, Served]) -> None:
    slack, bot = serving
    old = slack.requests.signed("application/x-www-form-urlencoded", "command=%2Freveille&text=", age=301)

    assert old.send(bot.slack_url).status == 401


@pytest.mark.slow
def test_everybody_is_acknowledged_and_it_ends_within_eight_seconds_while_everything_hangs(tmp_path: Path) -> None:
    """Neither BigQuery nor Slack answers: twenty people hear at once that they were heard, and the end is in order."""
    scenario = tmp_path / "hanging.yaml"
    scenario.write_text(HANGING)
    with SlackServer() as slack, Served(tmp_path, http_variables(slack, REVEILLE_SCENARIO=str(scenario))) as bot:
        bot.wait_ready()
        slack.tell("*", silent(times=None))
        with ThreadPoolExecutor(20) as people:
            sent = [
                people.submit(slack.requests.command("/validate-daily", user=f"U0PERSON{number}").send, bot.slack_url)
                for number in range(20)
            ]
            statuses = {each.result().status for each in sent}

        code, seconds = bot.end()

    assert statuses == {200}
    assert (code, seconds < LONGEST_END) == (0, True)


def test_it_ends_in_order_when_somebody_interrupts_it(tmp_path: Path) -> None:
    with SlackServer() as slack, Served(tmp_path, http_variables(slack, REVEILLE_SCENARIO=LOST)) as bot:
        bot.wait_ready()

        code, seconds = bot.end(signal.SIGINT)
        errors = bot.errors

    assert (code, seconds < LONGEST_END, errors) == (0, True, "")


@shares_a_process
def test_it_is_one_process(serving: tuple[SlackServer, Served]) -> None:
    _, bot = serving

    assert bot.workers() == []


@shares_a_process
def test_a_stranger_learns_that_it_is_alive_and_ready_and_nothing_else(serving: tuple[SlackServer, Served]) -> None:
    _, bot = serving

    statuses = [bot.get(path, token="")[0] for path in ("/health", "/ready", "/metrics")]

    assert statuses == [200, 200, 401]


@pytest.mark.slow
def test_metrics_have_a_port_of_their_own_where_one_is_set(tmp_path: Path) -> None:
    own = free_port()
    variables = {"REVEILLE_SCENARIO": LOST, "REVEILLE_OPERATIONS_PORT": str(own)}
    with SlackServer() as slack, Served(tmp_path, http_variables(slack, **variables)) as bot:
        bot.wait_ready()
        public = [bot.get(path)[0] for path in ("/health", "/ready", "/metrics")]
        inner = [bot.get(path, port=own)[0] for path in ("/health", "/ready", "/metrics", "/slack/events")]
        stranger = bot.get("/metrics", token="", port=own)[0]
        bot.end()

    assert (public, inner, stranger) == ([200, 200, 404], [200, 200, 200, 404], 401)


def test_the_port_of_operations_is_refused_by_name_when_it_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        own = str(taken.getsockname()[1])

        variables = {"REVEILLE_SCENARIO": LOST, "PORT": str(free_port()), "REVEILLE_OPERATIONS_PORT": own}
        ended = refused_process(tmp_path, **HTTP, **variables)

    assert ended.returncode == 3
    assert "REVEILLE_OPERATIONS_PORT" in json.loads(ended.stdout.splitlines()[-1])["message"]


def test_requests_are_answered_until_it_has_ended_and_readiness_says_that_it_is_stopping(tmp_path: Path) -> None:
    """Where BigQuery hangs, the validation that runs keeps the end waiting, and so leaves time to ask."""
    scenario = tmp_path / "hanging.yaml"
    scenario.write_text(HANGING)
    with SlackServer() as slack, Served(tmp_path, http_variables(slack, REVEILLE_SCENARIO=str(scenario))) as bot:
        bot.wait_ready()
        slack.tell("*", silent(times=None))
        slack.requests.command("/validate-daily").send(bot.slack_url)
        bot.process.send_signal(signal.SIGTERM)
        bot.wait_for(lambda: bot.get("/ready")[0] == 503, "to say that it is stopping")
        ready, health = bot.get("/ready"), bot.get("/health")
        code = bot.process.wait(20)

    assert (json.loads(ready[1])["problems"]["process"], health[0], code) == ("is stopping", 200, 0)


def test_every_line_that_it_logs_is_json_and_none_holds_a_secret(tmp_path: Path) -> None:
    with SlackServer() as slack:
        with Served(tmp_path, http_variables(slack, REVEILLE_SCENARIO=LOST)) as bot:
            bot.wait_ready()
            slack.requests.command("/unheard-of", "text").send(bot.slack_url)
            slack.requests.signed("application/x-www-form-urlencoded", "token=hush", age=1000).send(bot.slack_url)
            slack.down = True
            slack.requests.command("/validate-daily").send(bot.slack_url)
            bot.end()
        entries, log = bot.entries, bot.log

    assert entries
    assert {"severity", "message", "time"} <= set(entries[0])
    assert not [secret for secret in (slack.token, slack.signing_secret, "hush", "/response/") if secret in log]
    said = [each["message"] for each in entries]
    assert any(each == "asked: /validate-daily" for each in said)
    assert any(each.startswith("stopping: ") for each in said)


@pytest.mark.slow
def test_in_socket_mode_a_command_comes_through_the_socket_and_there_is_no_route_for_it(tmp_path: Path) -> None:
    with SocketSlack() as slack:
        variables = {
            "SLACK_BOT_TOKEN": slack.token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "REVEILLE_SCENARIO": LOST,
        }
        with Served(tmp_path, variables) as bot:
            bot.wait_ready()
            command = {"command": "/reveille", "text": "help", "user_id": "U0PERSON", "channel_id": "C0EXAMPLE1"}
            slack.send("slash_commands", {**command, "trigger_id": "1.2.3", "team_id": "T0EXAMPLE"}, "envelope-1")
            acknowledged = slack.acknowledged.get(timeout=10)
            route = slack.requests.command("/reveille", "help").send(bot.slack_url).status
            code, seconds = bot.end()

    assert acknowledged["envelope_id"] == "envelope-1"
    assert route == 404
    assert code == 0
    assert seconds < 8


@shares_a_process
def test_scheduled_tasks_are_not_served_where_nobody_may_call_them(serving: tuple[SlackServer, Served]) -> None:
    slack, bot = serving

    assert slack.requests.signed("application/json", "{}").send(f"{bot.url}/tasks/digest").status == 404


@pytest.mark.slow
def test_it_starts_while_slack_is_down_and_what_waits_survives_a_kill_and_goes_out_when_slack_is_back(
    tmp_path: Path,
) -> None:
    tasks = {
        "REVEILLE_TASKS_AUDIENCE": "https://reveille.example.com",
        "REVEILLE_TASKS_ACCOUNT": "scheduler@example-project.iam.gserviceaccount.com",
    }
    with SlackServer() as slack:
        slack.down = True
        with Served(tmp_path, http_variables(slack, REVEILLE_SCENARIO=LOST)) as bot:
            # Who is killed before the digest waits in the store keeps the right to make it for five minutes.
            both = re.compile(r"^reveille_deliveries_pending ([2-9]|\d\d)", re.MULTILINE)
            bot.wait_for(lambda: slack.called("chat.postMessage") and both.search(bot.get("/metrics")[1]), "to try", 90)
            for pid in (bot.process.pid, *bot.workers()):
                os.kill(pid, signal.SIGKILL)
        tried = len(slack.calls)
        with Served(tmp_path, http_variables(slack, REVEILLE_SCENARIO=LOST, **tasks)) as bot:
            bot.wait_ready()
            knock = slack.requests.signed("application/json", "{}").send(f"{bot.url}/tasks/digest").status
            bot.wait_for(lambda: len(slack.calls) > tried, "to try again", 90)
            slack.recover()
            bot.wait_for(lambda: parents(slack, "digest:") and parents(slack, "alert:"), "to post what waited", 90)
            bot.end()
        digests, alerts = parents(slack, "digest:"), parents(slack, "alert:")

    assert knock == 401  # served, and only for who has a token
    assert len(digests) == 1
    assert len(alerts) == len({each.key for each in alerts})


@pytest.mark.slow
def test_what_slack_does_not_take_yet_becomes_a_task_of_the_queue(tmp_path: Path) -> None:
    address, queue = "https://reveille.example.com", "projects/example-project/locations/us-west2/queues/reveille"
    with SlackServer() as slack, JsonHttpServer(Answer(200)) as tasks:
        called = {
            "REVEILLE_TASKS_AUDIENCE": address,
            "REVEILLE_TASKS_ACCOUNT": "clock@example-project.iam.gserviceaccount.com",
            "REVEILLE_TASKS_QUEUE": queue,
            "REVEILLE_TASKS_ENDPOINT": tasks.address,
        }
        slack.tell("chat.postMessage", rate_limited(300, times=None))
        with Served(tmp_path, http_variables(slack, REVEILLE_SCENARIO=LOST, **called)) as bot:
            bot.wait_for(lambda: tasks.requests, "to ask to be woken", 90)
            bot.end()
    asked = tasks.requests[0]

    assert (asked.method, asked.path) == ("POST", f"/v2/{queue}/tasks")
    assert asked.body["task"]["httpRequest"]["url"] == f"{address}/tasks/round"
    # The scenario begins at 8:05 in New York, and its clock goes on from there.
    earliest = datetime(2026, 2, 11, 13, 5, tzinfo=UTC) + timedelta(seconds=300)
    assert datetime.fromisoformat(asked.body["task"]["scheduleTime"]) >= earliest


@pytest.mark.slow
def test_a_bot_that_slack_refuses_says_so_until_slack_takes_it_and_then_posts_what_waited(tmp_path: Path) -> None:
    with SlackServer() as slack, Served(tmp_path, http_variables(slack, REVEILLE_SCENARIO=LOST)) as bot:
        slack.tell("chat.postMessage", refused_call("account_inactive", times=None))
        bot.wait_for(lambda: "account_inactive" in bot.get("/ready")[1], "to say why it is not ready")
        status, measured = bot.get("/ready")[0], bot.get("/metrics")[1]
        slack.recover()
        bot.wait_for(lambda: parents(slack, "digest:"), "to post the digest", 90)
        bot.wait_ready()

    assert status == 503
    assert "reveille_delivery_problems 1.0" in measured


NOWHERE = "http://127.0.0.1:9/api/"
HTTP = {"SLACK_BOT_TOKEN": "xoxb-1-hush", "SLACK_SIGNING_SECRET": "hush", "SLACK_API_URL": NOWHERE}


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        pytest.param({**HTTP, "SLACK_APP_TOKEN": "xapp-1"}, "both set", id="both ways in"),
        pytest.param({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_SIGNING_SECRET", id="no way in"),
        pytest.param({**HTTP, "SLACK_SIGNING_SECRET": ""}, "SLACK_SIGNING_SECRET", id="an empty secret"),
        pytest.param({"SLACK_SIGNING_SECRET": "s"}, "SLACK_BOT_TOKEN", id="no token"),
        pytest.param({**HTTP, "REVEILLE_SCENARIO": "invoker-los"}, "invoker-lost", id="a scenario misspelt"),
        pytest.param({**HTTP, "REVEILLE_PIPELINE": "nowhere.yaml"}, "nowhere.yaml", id="no pipeline file"),
    ],
)
def test_what_cannot_work_is_refused_in_one_sentence(tmp_path: Path, variables: dict[str, str], named: str) -> None:
    ended = refused(tmp_path, **variables)

    assert ended.returncode == 3
    assert named in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "hush" not in ended.stdout + ended.stderr


def test_a_store_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    ended = refused_process(tmp_path, **HTTP, REVEILLE_SCENARIO=LOST, REVEILLE_STORE="/proc/nowhere/x.db")

    assert ended.returncode == 3
    assert "/proc/nowhere" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "hush" not in ended.stdout + ended.stderr


def test_a_pipeline_without_notifications_cannot_be_served(tmp_path: Path) -> None:
    pipeline = tmp_path / "quiet.yaml"
    shipped = Path(__file__).parents[3] / "bot" / "pipelines" / "nba.yaml"
    lines, kept, inside = shipped.read_text().splitlines(), [], False
    for line in lines:
        inside = line.startswith("notifications:") or (inside and (not line or line[0] in " #"))
        kept += [] if inside else [line]
    pipeline.write_text("\n".join(kept))

    ended = refused(tmp_path, "--pipeline", str(pipeline), **HTTP)

    assert ended.returncode == 3
    assert "notifications" in ended.stderr


def test_a_scenario_that_does_not_fit_the_pipeline_is_refused(tmp_path: Path) -> None:
    scenario = tmp_path / "misfit.yaml"
    scenario.write_text(
        "name: misfit\ntitle: t\nstory: s\nwhen: w\nbase: healthy-morning\ninterval: previous\n"
        "now: 2026-02-11T08:00\nexpect: {verdict: UNKNOWN}\n"
        "lists: {empty: []}\n"
    )

    ended = refused_process(tmp_path, **HTTP, REVEILLE_SCENARIO=str(scenario))

    assert ended.returncode == 3
    assert "misfit.yaml" in ended.stdout
    assert "Traceback" not in ended.stdout


def test_a_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()

        port = str(taken.getsockname()[1])
        ended = refused_process(tmp_path, **HTTP, REVEILLE_SCENARIO=LOST, PORT=port)

    entry = json.loads(ended.stdout.splitlines()[-1])
    assert (ended.returncode, entry["severity"], ended.stderr) == (3, "CRITICAL", "")
    assert port in entry["message"]
