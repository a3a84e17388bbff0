"""Several pipelines in one process: the NBA platform and the events of a shop, each with people of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any

import pytest

from bot.definition.files import EXAMPLES
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import PostedMessage
from tests.bot.serving.served import ROOT, Served, http_variables
from tests.bot.serving.test_serve import button, refused

NBA_CHANNEL, EVENTS_CHANNEL = "C0EXAMPLE1", "C0EXAMPLE2"
BOTH, NBA_ONLY, EVENTS_ONLY = "U0EXBOTH1", "U0EXNBA01", "U0EXSHOP1"
PEOPLE = (BOTH, NBA_ONLY, EVENTS_ONLY)

EXAMPLE = ROOT / "examples" / "events-hourly"


def permitted(*people: str) -> str:
    named = ", ".join(people)
    return f"  permissions: {{viewers: [{named}], actors: [{named}]}}\n"


def with_people(text: str, *people: str) -> str:
    """A pipeline file in which only these may look and act."""
    text = re.sub(r"^  permissions:.*\n(?:    .*\n)*", "", text, flags=re.MULTILINE)
    return text.replace("notifications:\n", f"notifications:\n{permitted(*people)}", 1)


def laid_out(folder: Path, *, nba: str = "invoker-lost", events: str = "app-silent", fault: str = "") -> str:
    """Write both pipelines into a folder, each with people of its own; return the scenarios that serve them."""
    (folder / "pipelines").mkdir(exist_ok=True)
    (folder / "pipelines" / "nba.yaml").write_text(
        with_people((EXAMPLES / "nba.yaml").read_text(encoding="utf-8"), BOTH, NBA_ONLY)
    )
    (folder / "pipelines" / "events.yaml").write_text(
        with_people((EXAMPLE / "pipeline.yaml").read_text(encoding="utf-8"), BOTH, EVENTS_ONLY)
    )
    scenarios = {"nba": nba, "events": f"{EXAMPLE}/scenarios/{events}.yaml"}
    for name, base in scenarios.items():
        extra = f"faults: [{{source: BigQuery, problem: {fault}}}]\n" if fault and name == "nba" else ""
        moment = "2026-02-11 08:05" if name == "nba" else "2026-03-04 14:25"
        (folder / f"{name}.yaml").write_text(
            f"version: 2\nname: {name}-served\ntitle: t\nstory: s\nwhen: w\nbase: {base}\ninterval: previous\n"
            f"now: {moment}\npipeline: pipelines/{name}.yaml\nexpect: {{verdict: UNKNOWN}}\n{extra}"
        )
    return ":".join(str(folder / f"{name}.yaml") for name in scenarios)


def slack_of_both() -> SlackServer:
    return SlackServer((NBA_CHANNEL, EVENTS_CHANNEL, *PEOPLE))


def posted(slack: SlackServer) -> list[PostedMessage]:
    """Every message of ours, in whichever channel."""
    found = [each for channel in (NBA_CHANNEL, EVENTS_CHANNEL) for each in slack.messages(channel)]
    return [copy(each) for each in found if each.key]


def parents(slack: SlackServer, kind: str) -> list[PostedMessage]:
    """The messages whose key begins with a word, threads left out."""
    return [each for each in posted(slack) if (each.key or "").startswith(kind) and each.thread_ts is None]


def now(slack: SlackServer, message: PostedMessage) -> PostedMessage:
    """A message as it stands by now."""
    return next(each for each in posted(slack) if each.key == message.key)


def alerts(slack: SlackServer, pipeline: str) -> list[PostedMessage]:
    return parents(slack, f"alert:{pipeline}:")


def home_of(slack: SlackServer, user: str) -> dict[str, Any]:
    home = slack.workspace.homes.get(user)
    return {} if home is None else dict(home)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SlackServer, Served]]:
    """Both of them served, with the digests and an alert of each in Slack."""
    folder = tmp_path_factory.mktemp("several")
    with (
        slack_of_both() as slack,
        Served(folder, http_variables(slack, REVEILLE_SCENARIO=laid_out(folder))) as bot,
    ):
        bot.wait_ready()
        bot.wait_for(lambda: len(parents(slack, "digest:")) == 2, "to post two digests")
        bot.wait_for(lambda: alerts(slack, "nba") and alerts(slack, "events"), "to open alerts of both")
        yield slack, bot


pytestmark = pytest.mark.xdist_group("several")


def test_each_digest_and_each_alert_goes_into_the_channel_of_its_own_pipeline(
    both: tuple[SlackServer, Served],
) -> None:
    slack, _ = both

    digests = {each.key: each.channel for each in parents(slack, "digest:")}

    assert digests == {"digest:nba:2026-02-11": NBA_CHANNEL, "digest:events:2026-03-04": EVENTS_CHANNEL}
    assert {each.channel for each in alerts(slack, "events")} == {EVENTS_CHANNEL}
    assert EVENTS_CHANNEL not in {each.channel for each in alerts(slack, "nba")}


@pytest.mark.slow
def test_in_one_channel_each_alert_says_whose_it_is(tmp_path: Path) -> None:
    with slack_of_both() as slack:
        variables = http_variables(slack, REVEILLE_SCENARIO=laid_out(tmp_path), REVEILLE_CHANNEL=NBA_CHANNEL)
        with Served(tmp_path, variables) as bot:
            bot.wait_for(lambda: alerts(slack, "nba") and alerts(slack, "events"), "to open alerts of both")
            (nba, *_), (events, *_) = alerts(slack, "nba"), alerts(slack, "events")
            bot.end()

    assert (nba.channel, events.channel) == (NBA_CHANNEL, NBA_CHANNEL)
    for alert, title in ((nba, "NBA player props"), (events, "Shop events")):
        assert alert.text.startswith(f"{title}: ")
        assert title in json.dumps(alert.blocks)


def test_a_command_goes_to_the_pipeline_that_it_names(both: tuple[SlackServer, Served]) -> None:
    slack, bot = both

    slack.requests.command("/validate-daily", "events quick private", user=BOTH).send(bot.slack_url)

    def answered() -> bool:
        return any("session" in str(each.blocks) + each.text for each in slack.messages(BOTH))

    bot.wait_for(answered, "to answer")


@pytest.mark.parametrize(
    ("name", "text"),
    [("/drift", ""), ("/reveille", "drift"), ("/validate-daily", "evnts quick"), ("/alerts", "evnts")],
)
def test_without_a_name_it_says_which_there_are(both: tuple[SlackServer, Served], name: str, text: str) -> None:
    slack, bot = both
    before = len(slack.workspace.responses)

    slack.requests.command(name, text, user=BOTH).send(bot.slack_url)
    bot.wait_for(lambda: len(slack.workspace.responses) > before, "to ask which")

    said = slack.workspace.responses[before]["text"]
    assert [each for each in ("`nba`", "`events`", name) if each.strip("`") not in said] == []
    assert ("Did you mean `events`?" in said) == ("evnts" in text)


def test_the_names_are_told_only_of_what_somebody_may_see(both: tuple[SlackServer, Served]) -> None:
    slack, bot = both
    before = len(slack.workspace.responses)

    slack.requests.command("/drift", user=EVENTS_ONLY).send(bot.slack_url)
    bot.wait_for(lambda: len(slack.workspace.responses) > before, "to ask which")

    assert "events" in slack.workspace.responses[before]["text"]
    assert "nba" not in slack.workspace.responses[before]["text"]


def test_a_mention_names_its_pipeline_too(both: tuple[SlackServer, Served]) -> None:
    slack, bot = both
    mention = {"channel": EVENTS_CHANNEL, "channel_type": "channel", "ts": "1.000001"}

    slack.requests.event("app_mention", user=BOTH, text="<@U0BOT> events alerts", **mention).send(bot.slack_url)

    def answered() -> bool:
        return any("Shop events" in each.text for each in slack.workspace.ephemerals)

    bot.wait_for(answered, "to answer the mention")


def test_the_open_alerts_of_all_are_told_to_one_who_names_none(both: tuple[SlackServer, Served]) -> None:
    slack, bot = both
    before = len(slack.workspace.responses)

    slack.requests.command("/alerts", user=BOTH).send(bot.slack_url)
    bot.wait_for(lambda: len(slack.workspace.responses) == before + 2, "to tell of both")

    said = " ".join(each["text"] for each in slack.workspace.responses[before:])
    assert "Shop events: " in said
    assert "open alert" in said


def test_who_may_act_in_one_pipeline_may_not_in_the_other(both: tuple[SlackServer, Served]) -> None:
    slack, bot = both
    opened = alerts(slack, "events")[0]
    before = len(slack.workspace.responses)
    value = button(opened, "alert:acknowledge")

    slack.requests.click(opened, "alert:acknowledge", value, user=NBA_ONLY).send(bot.slack_url)
    bot.wait_for(lambda: len(slack.workspace.responses) > before, "to refuse")
    refusal, state = slack.workspace.responses[before]["text"], now(slack, opened).blocks
    slack.requests.click(opened, "alert:acknowledge", value, user=EVENTS_ONLY).send(bot.slack_url)
    bot.wait_for(lambda: EVENTS_ONLY in str(now(slack, opened).blocks), "to acknowledge")

    assert "You cannot" in refusal
    assert state == opened.blocks
    assert not [each for each in alerts(slack, "nba") if EVENTS_ONLY in str(each.blocks)]


def test_the_home_tab_shows_the_pipelines_that_one_may_see(both: tuple[SlackServer, Served]) -> None:
    slack, bot = both
    for user in (BOTH, EVENTS_ONLY):
        slack.requests.event("app_home_opened", user=user, tab="home").send(bot.slack_url)
        bot.wait_for(lambda user=user: home_of(slack, user), "to draw the home tab")  # type: ignore[misc]

    everything, own = (json.dumps(home_of(slack, user), ensure_ascii=False) for user in (BOTH, EVENTS_ONLY))
    titles = [block["text"]["text"] for block in home_of(slack, BOTH)["blocks"] if block["type"] == "header"]

    assert "Shop events" in titles
    assert len([each for each in titles if each.startswith("Open alerts")]) == 1
    assert "phase3" in everything
    assert "phase3" not in own


def test_metrics_and_tasks_know_their_pipeline(both: tuple[SlackServer, Served]) -> None:
    _, bot = both

    metrics = bot.get("/metrics")[1]

    for name in ("nba", "events"):
        assert re.search(rf'reveille_runs_total\{{pipeline="{name}",trigger="digest"', metrics)
        assert re.search(rf'reveille_digest_last_timestamp_seconds\{{pipeline="{name}"\}} 1\.', metrics)


def test_a_restart_writes_no_digest_twice_and_keeps_every_alert(tmp_path: Path) -> None:
    with slack_of_both() as slack:
        for _ in range(2):
            with Served(tmp_path, http_variables(slack, REVEILLE_SCENARIO=laid_out(tmp_path))) as bot:
                bot.wait_ready()
                bot.wait_for(lambda: len(parents(slack, "digest:")) == 2, "to post two digests")
                bot.wait_for(lambda: alerts(slack, "nba") and alerts(slack, "events"), "to open alerts of both")
                bot.end()

        keys = [str(each.key) for each in posted(slack)]

    assert sorted(keys) == sorted(set(keys))


@pytest.mark.slow
def test_one_whose_source_does_not_answer_takes_no_other_down(tmp_path: Path) -> None:
    served = laid_out(tmp_path, nba="healthy-morning", fault="hang")
    with slack_of_both() as slack, Served(tmp_path, http_variables(slack, REVEILLE_SCENARIO=served)) as bot:
        bot.wait_ready()
        for number in range(20):
            slack.requests.command("/validate-daily", f"nba {number + 1} feb private", user=BOTH).send(bot.slack_url)
        slack.requests.command("/validate-daily", "events private", user=EVENTS_ONLY).send(bot.slack_url)

        def answered() -> bool:
            return any("BLOCKED" in str(each.blocks) or "BLOCKED" in each.text for each in slack.messages(EVENTS_ONLY))

        bot.wait_for(answered, "to answer for the other pipeline", 25)
        bot.wait_for(lambda: parents(slack, "digest:events"), "to post the digest of the other pipeline")


def test_a_file_that_does_not_load_keeps_it_from_starting(tmp_path: Path) -> None:
    with slack_of_both() as slack:
        laid_out(tmp_path)
        (tmp_path / "pipelines" / "events.yaml").write_text("version: 2\nname: events\ntimezone: Nowhere\n")
        variables = {
            **http_variables(slack),
            "REVEILLE_PIPELINE": "pipelines",
            "GOOGLE_CLOUD_PROJECT": "example-project",
        }

        ended = refused(tmp_path, **variables)

    assert ended.returncode == 3
    assert "pipelines/events.yaml:3" in ended.stderr
    assert "Traceback" not in ended.stderr
