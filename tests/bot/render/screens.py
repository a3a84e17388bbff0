"""The alerts that every shipped scenario opens, as Slack gets them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bot.alerting.alerts import decide, was_told
from bot.alerting.observations import observe
from bot.render.alert import alert_message
from bot.render.blocks import slack_message
from bot.render.digest import Digest, digest_messages
from bot.render.pages import Block, SlackMessage
from bot.render.reading import Reading
from bot.scenarios.scenario import shipped_scenarios
from bot.store.model import Alert
from checks.catalog import checks_of
from checks.model import Report
from checks.notifications import AlertPolicy
from checks.pipeline import Pipeline
from tests.pipelines.nba_world import NBA
from tests.replayed import replayed

SCENARIOS = sorted(shipped_scenarios())


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert that fires, and its message."""

    alert: Alert
    message: SlackMessage

    @property
    def title(self) -> str:
        header = next(each for each in self.message.blocks if each["type"] == "header")
        return str(header["text"]["text"])

    @property
    def text(self) -> str:
        """All that stands in it, a line for each line of a block, without markup."""
        return words_of(self.message.blocks)


@cache
def alerts_of(scenario: str) -> tuple[Shown, ...]:
    """Every alert that one run of a scenario opens; what waits for several runs is shown as after them."""
    return alerts_in(replayed(scenario).report, NBA)


def alerts_in(report: Report, of: Pipeline) -> tuple[Shown, ...]:
    """Every alert that a run opens."""
    policy = AlertPolicy(unknown_runs=1)
    if of.notifications is None:
        return ()
    pipeline = of.model_copy(update={"notifications": of.notifications.model_copy(update={"alerts": policy})})
    found = (decide(None, each, report.now, policy).alert for each in observe(report, pipeline, ()) if each.failure)
    return tuple(
        Shown(alert, slack_message(alert_message(alert, pipeline, report.now)))
        for alert in found
        if alert is not None and was_told(alert)
    )


def digest_of(scenario: str) -> SlackMessage:
    """The digest of a scenario, with the alerts that it opens."""
    return digest_in(replayed(scenario).report, NBA)


def digest_in(report: Report, pipeline: Pipeline) -> SlackMessage:
    """The digest of a run, with the alerts that it opens."""
    reading = Reading(report=report, pipeline=pipeline, checks=checks_of(pipeline))
    alerts = [each.alert for each in alerts_in(report, pipeline)]
    return slack_message(digest_messages(Digest(reading=reading, alerts=alerts, next_look=report.now)).parent)


def words_of(blocks: Sequence[Block]) -> str:
    """Return all that stands in blocks, a line for each line of a block, without markup."""
    lines = "\n".join(words for block in blocks for words in _texts(block))
    return re.sub(r"<[^|>]*\|([^>]*)>", r"\1", lines).replace("\u2060", "").replace("*", "").replace("`", "")


def _texts(block: Block) -> Iterator[str]:
    def walk(part: Any) -> Iterator[str]:
        match part:
            case {"type": "mrkdwn" | "plain_text", "text": str(text)}:
                yield text
            case dict():
                for value in part.values():
                    yield from walk(value)
            case list() | tuple():
                for value in part:
                    yield from walk(value)

    return walk(json.loads(json.dumps(block)))
