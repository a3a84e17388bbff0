"""The real SDK against the fake Slack: each failure says what it means for the message at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import pytest
from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler, ServerErrorRetryHandler

from bot.delivery.troubles import PostError, Trouble
from bot.playground.slack.server import (
    EVERY_METHOD,
    SlackFault,
    SlackServer,
    broken,
    dropped_after_accepting,
    rate_limited,
    refused,
    silent,
    unreachable,
)
from bot.sinks.slack.poster import EVENT_TYPE, RETRY_AFTER, SlackPoster
from tests.bot.delivery.posting import HOME, MORNING, OTHER, Clock, body


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer((HOME, OTHER), clock=Clock()) as server:
        yield server


@pytest.fixture
def poster(slack: SlackServer) -> SlackPoster:
    return SlackPoster(WebClient(slack.token, base_url=slack.api_url, timeout=1))


def trouble_of(poster: SlackPoster) -> PostError:
    with pytest.raises(PostError) as caught:
        poster.post(HOME, body("text"), "key", None)
    return caught.value


def test_a_post_carries_its_key(slack: SlackServer, poster: SlackPoster) -> None:
    posted = poster.post(HOME, body("text"), "the key", None)

    (message,) = slack.messages()
    assert (posted.channel, posted.ts, posted.thread_ts) == (HOME, message.ts, None)
    assert message.metadata == {"event_type": EVENT_TYPE, "event_payload": {"key": "the key"}}


def test_an_answer_that_is_broadcast_stands_in_its_thread_and_in_the_channel(
    slack: SlackServer, poster: SlackPoster
) -> None:
    parent = poster.post(HOME, body("parent"), "parent", None)

    quiet = poster.post(HOME, body("quiet"), "quiet", parent.ts)
    loud = poster.post(HOME, {**body("loud"), "broadcast": True}, "loud", parent.ts)

    shown = WebClient(slack.token, base_url=slack.api_url).conversations_history(channel=HOME)["messages"]
    assert {each["ts"] for each in shown} == {parent.ts, loud.ts}
    assert quiet.thread_ts == loud.thread_ts == parent.ts


def test_a_broadcast_that_has_no_thread_is_a_message_like_any_other(slack: SlackServer, poster: SlackPoster) -> None:
    poster.post(HOME, {**body("loud"), "broadcast": True}, "loud", None)

    (message,) = slack.messages()
    assert (message.thread_ts, message.broadcast) == (None, False)


def test_an_answer_says_which_thread_it_is_in(slack: SlackServer, poster: SlackPoster) -> None:
    parent = poster.post(HOME, body("parent"), "parent", None)

    answer = poster.post(HOME, body("answer"), "answer", parent.ts)

    assert answer.thread_ts == parent.ts


def test_an_answer_to_a_message_that_is_gone_is_in_no_thread(slack: SlackServer, poster: SlackPoster) -> None:
    parent = poster.post(HOME, body("parent"), "parent", None)
    slack.delete(slack.messages()[0])

    answer = poster.post(HOME, body("answer"), "answer", parent.ts)

    assert answer.thread_ts is None


def test_an_edit_to_words_alone_leaves_no_blocks(slack: SlackServer, poster: SlackPoster) -> None:
    posted = poster.post(HOME, body("text"), "key", None)

    poster.update(HOME, posted.ts, {"text": "words"}, "key")

    (message,) = slack.messages(key="key")
    assert (message.text, message.blocks) == ("words", [])


def test_a_message_is_found_by_its_key(poster: SlackPoster) -> None:
    for number in range(3):
        poster.post(HOME, body("the same"), f"key {number}", None)
    wanted = poster.post(HOME, body("the same"), "wanted", None)
    poster.post(HOME, body("the same"), "key 4", None)

    assert poster.find(HOME, "wanted", MORNING, None) == wanted
    assert poster.find(HOME, "missing", MORNING, None) is None
    assert poster.find(OTHER, "wanted", MORNING, None) is None


def test_a_message_with_answers_is_found_at_the_top_level(poster: SlackPoster) -> None:
    parent = poster.post(HOME, body("parent"), "parent", None)
    poster.post(HOME, body("answer"), "answer", parent.ts)

    assert poster.find(HOME, "parent", MORNING, None) == parent


def test_an_answer_is_found_in_its_thread(poster: SlackPoster) -> None:
    parent = poster.post(HOME, body("parent"), "parent", None)
    answer = poster.post(HOME, body("answer"), "answer", parent.ts)

    assert poster.find(HOME, "answer", MORNING, parent.ts) == answer


def test_an_answer_whose_thread_is_gone_is_found_in_the_channel(slack: SlackServer, poster: SlackPoster) -> None:
    parent = poster.post(HOME, body("parent"), "parent", None)
    slack.delete(slack.messages()[0])
    answer = poster.post(HOME, body("answer"), "answer", parent.ts)

    assert poster.find(HOME, "answer", MORNING, parent.ts) == answer


def test_what_another_program_posted_is_not_found(slack: SlackServer, poster: SlackPoster) -> None:
    metadata = {"event_type": "another", "event_payload": {"key": "key"}}
    slack.workspace.post({"channel": HOME, "text": "text", "metadata": metadata})
    slack.workspace.post({"channel": HOME, "text": "text"})

    assert poster.find(HOME, "key", MORNING, None) is None


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        ("channel_not_found", Trouble.CHANNEL),
        ("is_archived", Trouble.CHANNEL),
        ("not_in_channel", Trouble.CHANNEL),
        ("message_not_found", Trouble.GONE),
        ("invalid_blocks", Trouble.CONTENT),
        ("msg_too_long", Trouble.CONTENT),
        ("invalid_auth", Trouble.APP),
        ("no_permission", Trouble.ACCESS),
        ("fatal_error", Trouble.UNAVAILABLE),
        ("ratelimited", Trouble.BUSY),
        ("never_heard_of", Trouble.REFUSED),
    ],
)
def test_a_refusal_says_what_to_do(slack: SlackServer, poster: SlackPoster, error: str, trouble: Trouble) -> None:
    slack.tell("chat.postMessage", refused(error))

    caught = trouble_of(poster)

    assert (caught.trouble, caught.detail) == (trouble, error)


@pytest.mark.parametrize(
    "fault",
    [
        broken(500),
        broken(503),
        SlackFault(status=502, error="words_of_a_proxy"),
        unreachable(),
        dropped_after_accepting(),
        silent(),
    ],
    ids=["500", "503", "502 of something between", "closed", "closed after accepting", "time-out"],
)
def test_an_answer_that_does_not_come_leaves_everything_open(
    slack: SlackServer, poster: SlackPoster, fault: SlackFault
) -> None:
    slack.tell("chat.postMessage", fault)

    assert trouble_of(poster).trouble is Trouble.UNAVAILABLE


def test_a_slack_that_nobody_can_reach_leaves_everything_open() -> None:
    with SlackServer() as server:
        url = server.api_url
    poster = SlackPoster(WebClient(server.token, base_url=url, timeout=1))

    assert trouble_of(poster).trouble is Trouble.UNAVAILABLE


@pytest.mark.parametrize(
    "method", ["chat.postMessage", "chat.update", "conversations.history", "conversations.replies"]
)
def test_a_429_says_how_long_to_wait_on_every_method(slack: SlackServer, poster: SlackPoster, method: str) -> None:
    posted = poster.post(HOME, body("text"), "key", None)
    calls: Mapping[str, Callable[[], object]] = {
        "chat.postMessage": lambda: poster.post(HOME, body("text"), "key", None),
        "chat.update": lambda: poster.update(HOME, posted.ts, body("text"), "key"),
        "conversations.history": lambda: poster.find(HOME, "key", MORNING, None),
        "conversations.replies": lambda: poster.find(HOME, "key", MORNING, posted.ts),
    }
    slack.tell(method, rate_limited(42))

    with pytest.raises(PostError) as caught:
        calls[method]()

    assert (caught.value.trouble, caught.value.retry_after) == (Trouble.BUSY, timedelta(seconds=42))


def test_a_429_that_does_not_say_it_is_waited_for_too(slack: SlackServer, poster: SlackPoster) -> None:
    slack.tell("chat.postMessage", SlackFault(status=429, error="ratelimited"))

    assert trouble_of(poster).retry_after == RETRY_AFTER


def test_a_429_that_asks_for_centuries_is_waited_for_an_hour(slack: SlackServer, poster: SlackPoster) -> None:
    slack.tell("chat.postMessage", rate_limited(10**30))

    assert trouble_of(poster).retry_after == timedelta(hours=1)


@pytest.mark.parametrize("fault", [dropped_after_accepting(), broken(), rate_limited(1)], ids=["lost", "503", "429"])
def test_a_client_that_retries_is_not_used_as_it_is(slack: SlackServer, fault: SlackFault) -> None:
    handlers = [*WebClient().retry_handlers, RateLimitErrorRetryHandler(5), ServerErrorRetryHandler(5)]
    poster = SlackPoster(WebClient(slack.token, base_url=slack.api_url, timeout=1, retry_handlers=handlers))
    slack.tell(EVERY_METHOD, fault)

    trouble_of(poster)

    assert len(slack.called("chat.postMessage")) == 1
