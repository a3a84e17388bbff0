"""The table of sinks: what each entry needs, and what another one takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from bot.delivery.outbox import Outbox
from bot.delivery.outboxes import Outboxes
from bot.delivery.troubles import Posted
from bot.settings import SettingsError
from bot.sinks.slack.transport import SlackClient
from bot.sinks.table import SINKS, Sink, SinkContext, must_be_there
from bot.sinks.webhook.events import WebhookWording
from bot.store.model import SLACK, DeliveryState
from checks.notifications import Notifications, Routes, Webhook
from tests.bot.delivery.posting import HOME, post, posting

URL = "REVEILLE_WEBHOOK_URL"


def surroundings(*webhooks: Webhook) -> SinkContext:
    return SinkContext(
        notifications=Notifications(routes=Routes(default="C0EXAMPLE1"), webhooks=webhooks),
        environment={URL: "https://hooks.example.com/key"},
        client=SlackClient("xoxb-" + "1"),
        rate_limited=lambda _: None,
    )


@pytest.mark.parametrize("sink", SINKS, ids=lambda each: each.name)
def test_every_sink_is_built_from_its_line_and_answers_to_its_name(sink: Sink) -> None:
    poster = sink.build(surroundings(Webhook(name="hook", url_variable=URL)))

    assert poster is not None
    assert poster.wording.sink == sink.name


def test_a_sink_that_nothing_is_set_up_for_is_left_out() -> None:
    built = [sink.name for sink in SINKS if sink.build(surroundings()) is not None]

    assert built == [SLACK]


class Printed(WebhookWording):
    sink = "paper"


class Printer:
    """All that another sink needs: how it words things, and a place for them."""

    wording = Printed()

    def __init__(self) -> None:
        self.pages: list[str] = []

    def post(self, channel: str, body: Mapping[str, Any], key: str, thread_ts: str | None) -> Posted:
        self.pages.append(f"{channel}: {body['text']}")
        return Posted(channel, key, thread_ts)

    def update(self, channel: str, ts: str, body: Mapping[str, Any], key: str) -> Posted:
        return Posted(channel, ts)

    def find(self, channel: str, key: str, since: datetime, thread_ts: str | None) -> Posted | None:
        return None


def test_another_sink_is_a_poster_and_a_line() -> None:
    printer = Printer()
    line = Sink("paper", "what is to be printed", lambda _: printer)
    with posting() as rig:
        rig.put(post("digest"), post("page", channel="tray-1", sink="paper"))
        poster = line.build(surroundings())
        assert poster is not None

        rig.settle(Outboxes({SLACK: rig.outbox, line.name: Outbox(rig.store, poster, rig.clock, "printer")}, SLACK))

        assert (printer.pages, rig.texts(HOME)) == (["tray-1: page"], ["digest"])
        assert rig.state("page") is DeliveryState.SENT


@pytest.mark.parametrize("sink", ["paper", "slack"])
def test_events_go_to_no_sink_that_does_not_take_them(sink: str) -> None:
    notifications = Notifications(routes=Routes(default="C0EXAMPLE1"), webhooks=(Webhook(name="tray", sink=sink),))

    with pytest.raises(SettingsError, match=sink):
        must_be_there(notifications)
