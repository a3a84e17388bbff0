"""Events through the outbox: nothing lost, nothing twice, and Slack never waits for a webhook."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.alerting.pages import PageAction, event_of
from bot.delivery.outbox import LEASE, PATIENCE, UNDELIVERED, Outbox
from bot.delivery.outboxes import Outboxes
from bot.redaction.shown import Secret
from bot.sinks.webhook.endpoints import Endpoint
from bot.sinks.webhook.poster import WebhookPoster
from bot.store.model import SLACK, WEBHOOK, Channels, Delivery, DeliveryKind, DeliveryState
from checks.notifications import WebhookFormat
from tests.bot.delivery.posting import HOME, MORNING, Posting, post, posting
from tests.bot.store.records import an_alert
from tests.servers.webhook import Reply, WebhookServer

NAME, KEY = "on-call", "0routing0key0"
NOWHERE = "http://127.0.0.1:9/hook"


@pytest.fixture
def rig() -> Iterator[Posting]:
    with posting() as prepared:
        yield prepared


@pytest.fixture
def hook() -> Iterator[WebhookServer]:
    with WebhookServer() as server:
        yield server


def event(action: PageAction, order: int, *, channel: str = NAME, thread: str = "alert:a:0") -> Delivery:
    return Delivery(
        key=f"page:{channel}:{thread}:v{order}:{action}",
        kind=DeliveryKind.POST,
        sink=WEBHOOK,
        channel=channel,
        lane=thread,
        body={"event": event_of(an_alert(), action, "opened", MORNING)},
        created_at=MORNING,
        order=order,
    )


TRIGGER, ACKNOWLEDGE, RESOLVE = (event(action, order) for order, action in enumerate(PageAction))


def outbox_of(
    rig: Posting, url: str, owner: str = "hooks", form: WebhookFormat = "reveille", seconds: float = 1
) -> Outbox:
    endpoint = Endpoint(name=NAME, format=form, url=Secret(url), key=Secret(KEY))
    return Outbox(rig.store, WebhookPoster({NAME: endpoint}, seconds=seconds), rig.clock, owner, told_in=HOME)


@pytest.mark.parametrize("form", ["reveille", "pagerduty"])
def test_events_of_one_alert_arrive_once_and_in_their_order(
    rig: Posting, hook: WebhookServer, form: WebhookFormat
) -> None:
    rig.put(RESOLVE, TRIGGER, ACKNOWLEDGE)

    rig.settle(outbox_of(rig, hook.url, form=form))

    assert hook.actions() == ["trigger", "acknowledge", "resolve"]
    assert rig.delivery(TRIGGER.key).state is DeliveryState.SENT


def test_the_key_travels_where_the_format_has_a_place_for_it(rig: Posting, hook: WebhookServer) -> None:
    rig.put(TRIGGER)
    rig.settle(outbox_of(rig, hook.url))
    rig.put(ACKNOWLEDGE)
    rig.settle(outbox_of(rig, hook.url, form="pagerduty"))

    ours, theirs = hook.taken
    assert (ours.headers["Authorization"], ours.headers["Idempotency-Key"]) == (f"Bearer {KEY}", TRIGGER.key)
    assert ("Authorization" in theirs.headers, theirs.document["routing_key"]) == (False, KEY)


def test_an_event_whose_answer_is_lost_comes_again_as_the_same_one(rig: Posting, hook: WebhookServer) -> None:
    hook.replies.append(Reply(503, took=True))
    rig.put(TRIGGER, RESOLVE)

    rig.settle(outbox_of(rig, hook.url))

    assert [each.document["id"] for each in hook.taken] == [TRIGGER.key, TRIGGER.key, RESOLVE.key]


@pytest.mark.parametrize(("asked", "waits"), [("30", 30), ("soon", 30)], ids=["in seconds", "unreadable"])
def test_a_429_waits_as_long_as_it_asks(rig: Posting, hook: WebhookServer, asked: str, waits: int) -> None:
    hook.replies.append(Reply(429, {"Retry-After": asked}))
    rig.put(TRIGGER)
    outbox = outbox_of(rig, hook.url)
    outbox.pump()

    rig.clock.advance(seconds=waits - 1)
    early = outbox.pump()
    rig.clock.advance(seconds=1)

    assert (early, outbox.pump()) == (0, 1)


@pytest.mark.parametrize("status", [301, 307, 401, 403, 404, 410], ids=str)
def test_a_lasting_refusal_is_told_and_slack_goes_on(rig: Posting, hook: WebhookServer, status: int) -> None:
    hook.always = Reply(status, {"Location": f"{hook.url}/elsewhere"})
    both = Outboxes({SLACK: rig.outbox, WEBHOOK: outbox_of(rig, hook.url)}, SLACK)
    rig.put(TRIGGER, post("digest"))

    both.pump()

    assert rig.texts() == ["digest"]
    assert list(both.warnings()) == [f"webhook {NAME}"]
    assert both.problems() == {}
    assert [each.path for each in hook.asked] == ["/hook/0secret0"], "no redirect is followed"


def test_what_is_refused_for_a_day_is_given_up_and_told_in_slack(rig: Posting, hook: WebhookServer) -> None:
    hook.always = Reply(404)
    rig.put(TRIGGER)
    hooks = outbox_of(rig, hook.url)
    hooks.pump()
    rig.clock.now += PATIENCE

    hooks.pump()
    rig.outbox.pump()

    assert rig.delivery(TRIGGER.key).state is DeliveryState.DEAD
    (told,) = rig.slack.messages(key=f"{UNDELIVERED}{TRIGGER.key}")
    assert NAME in told.text


def test_an_event_that_is_no_good_whole_goes_plainer(rig: Posting, hook: WebhookServer) -> None:
    hook.replies += [Reply(400), Reply(413)]
    rig.put(TRIGGER)

    rig.settle(outbox_of(rig, hook.url))

    assert hook.actions() == ["trigger"]
    assert hook.taken[0].document["alert"]["what"] == ""


def test_an_answer_that_drips_takes_no_longer_than_a_call_may(rig: Posting, hook: WebhookServer) -> None:
    hook.replies.append(Reply(drip=True, took=False))
    rig.put(TRIGGER)
    began = time.monotonic()

    sent = outbox_of(rig, hook.url, seconds=0.5).pump()

    assert (sent, time.monotonic() - began < 3) == (0, True)
    assert rig.delivery(TRIGGER.key).state is DeliveryState.PENDING


def test_a_webhook_that_was_taken_out_of_the_file_waits_and_says_so(rig: Posting, hook: WebhookServer) -> None:
    rig.put(event(PageAction.TRIGGER, 1, channel="former"))
    hooks = outbox_of(rig, hook.url)

    assert hooks.pump() == 0
    assert list(hooks.problems()) == ["webhook former"]


def test_the_address_and_the_key_stand_nowhere_but_in_the_request(
    rig: Posting, hook: WebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hook.replies += [Reply(500), Reply(404, {"Location": hook.url})]
    rig.put(TRIGGER)
    for url in (hook.url, hook.url, f"{NOWHERE}/0secret0"):
        outbox_of(rig, url).pump()
        rig.clock.advance(minutes=11)

    said = caplog.text + str(rig.delivery(TRIGGER.key))
    assert ("0secret0" in said, KEY in said) == (False, False)


def test_a_death_between_the_post_and_its_record_sends_the_same_event(rig: Posting, hook: WebhookServer) -> None:
    rig.put(TRIGGER, ACKNOWLEDGE)
    poster = WebhookPoster({NAME: Endpoint(name=NAME, format="reveille", url=Secret(hook.url))})
    (claimed,) = rig.store.claim("dead", rig.clock(), rig.clock() + LEASE, 1, Channels(sink=WEBHOOK))
    poster.post(NAME, claimed.body, claimed.key, None)
    rig.clock.now += LEASE + timedelta(seconds=1)

    rig.settle(outbox_of(rig, hook.url))

    assert [each.document["id"] for each in hook.taken] == [TRIGGER.key, TRIGGER.key, ACKNOWLEDGE.key]


def test_events_and_messages_are_claimed_by_their_own_sink(rig: Posting, hook: WebhookServer) -> None:
    rig.put(TRIGGER, post("digest"))

    rig.settle(Outboxes({SLACK: rig.outbox, WEBHOOK: outbox_of(rig, hook.url)}, SLACK))

    assert (rig.texts(), hook.actions()) == (["digest"], ["trigger"])


def test_an_event_past_the_store_is_recorded_when_the_store_is_back(rig: Posting, hook: WebhookServer) -> None:
    hooks = outbox_of(rig, hook.url)
    Outboxes({SLACK: rig.outbox, WEBHOOK: hooks}, SLACK).say_without_store(TRIGGER)
    hooks.pump()
    rig.put(TRIGGER)

    rig.settle(hooks)

    assert hook.actions() == ["trigger"]
    assert rig.delivery(TRIGGER.key).state is DeliveryState.SENT
