"""One channel's failure is that channel's alone, and every delivery comes to an end, whatever Slack says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.decisions import PATIENCE, TRIES, UNSEARCHED, UNSEARCHED_URGENT
from bot.delivery.notices import REFUSES, UNDELIVERED
from bot.delivery.outbox import BATCH, LEASE
from bot.delivery.traffic import DETOUR_AFTER, PROBE
from bot.delivery.troubles import SinkCall
from bot.sinks.slack.errors import TROUBLES
from bot.store.model import Delivery, DeliveryState
from tests.bot.delivery.posting import HOME, MORNING, OTHER, post, reply, update
from tests.bot.delivery.scripted import LOST, OK, SILENT, Script, sent
from tests.thoroughness import examples

HEALTHY = "C0EXAMPLE9"

MINUTES = timedelta(minutes=3)

LASTING = sorted(set(TROUBLES) - {code for code, trouble in TROUBLES.items() if trouble.value in ("app", "content")})
ANYTHING = [*sorted(TROUBLES), "never_heard_of", LOST, SILENT, OK]


@pytest.fixture
def script() -> Iterator[Script]:
    with closing(Script().store) as store:
        yield Script(store=store)


def others(number: int) -> list[str]:
    return [f"C0FAILING{each:02}" for each in range(number)]


def in_doubt(script: Script, delivery: Delivery) -> None:
    """Leave a delivery as an instance does that died with it: whether it was sent is not known."""
    script.put(delivery)
    script.store.claim("dead", script.clock(), script.clock() + LEASE, 1)
    script.clock.now += LEASE


@pytest.mark.parametrize("code", [*LASTING, "never_heard_of", SILENT])
def test_a_channel_that_refuses_for_ever_delays_nobody_and_its_alert_is_read(script: Script, code: str) -> None:
    script.poster.for_ever[SinkCall.POST, OTHER] = code
    script.put(post("there", channel=OTHER, urgent=True))
    script.run(lambda: bool(script.poster.asked), MINUTES)
    script.put(*(post(f"here-{number}", at=script.clock()) for number in range(5)))

    waited = script.run(sent(script, [f"here-{number}" for number in range(5)]), MINUTES)
    script.run(sent(script, ["there"]), DETOUR_AFTER + MINUTES)

    assert waited <= timedelta(seconds=5)
    assert script.delivery("there").posted_channel == HOME


@pytest.mark.parametrize("code", ["invalid_auth", "account_inactive", "token_revoked"])
def test_a_bot_that_slack_refuses_waits_with_everything_and_says_why(script: Script, code: str) -> None:
    script.poster.for_ever = {(SinkCall.POST, channel): code for channel in (HOME, OTHER)}
    script.put(*(post(f"{number}", channel=(HOME, OTHER)[number % 2]) for number in range(10)))
    for _ in range(3600):
        script.outbox.pump()
        script.clock.advance(seconds=1)
    asked, problems = len(script.poster.asked), script.outbox.problems()
    script.poster.for_ever.clear()

    script.run(script.nothing_waits, MINUTES)

    assert asked < 75
    assert code in problems["slack"]
    assert script.outbox.problems() == {}
    assert len(script.poster.said) == 10


def test_a_default_channel_that_is_closed_is_a_problem_until_it_takes_something(script: Script) -> None:
    script.poster.for_ever[SinkCall.POST, HOME] = "is_archived"
    script.put(post("here"), post("there", channel=OTHER))
    script.run(sent(script, ["there"]), MINUTES)
    closed = script.outbox.problems()
    script.poster.for_ever.clear()

    script.run(script.nothing_waits, timedelta(minutes=11))

    assert "is_archived" in closed["default channel"]
    assert script.outbox.problems() == {}


@pytest.mark.parametrize(("times", "said"), [(TRIES, False), (TRIES + 1, True)], ids=["at first", "after that"])
def test_a_refusal_nobody_has_told_us_of_is_a_problem_only_when_it_lasts(
    script: Script, times: int, said: bool
) -> None:
    script.poster.for_ever[SinkCall.POST, HOME] = "never_heard_of"
    script.put(post("here"))

    script.run(lambda: len(script.poster.asked) >= times, MINUTES)

    assert bool(script.outbox.problems()) is said


@pytest.mark.parametrize("code", ["internal_error", "ratelimited"])
def test_slack_being_down_or_busy_is_no_problem_of_ours(script: Script, code: str) -> None:
    script.poster.for_ever[SinkCall.POST, HOME] = code
    script.put(post("here"))

    for _ in range(60):
        script.outbox.pump()
        script.clock.advance(seconds=60)

    assert script.outbox.problems() == {}


def test_a_channel_that_takes_nothing_is_told_of_once_with_what_to_do(script: Script) -> None:
    script.poster.for_ever[SinkCall.POST, OTHER] = "not_in_channel"
    script.put(*(post(f"{number}", channel=OTHER) for number in range(20)))

    script.run(script.nothing_waits, MINUTES)

    (notice,) = [each for each in script.poster.said if each.key.startswith(REFUSES)]
    assert notice.channel == HOME
    assert "not_in_channel" in notice.body["text"]
    assert "/invite @Reveille" in notice.body["text"]


def test_two_instances_tell_of_it_once(script: Script) -> None:
    script.poster.for_ever[SinkCall.POST, OTHER] = "not_in_channel"
    for owner in ("one", "two"):
        script.outbox = script.instance(owner)
        script.put(post(owner, channel=OTHER))
        script.run(script.nothing_waits, MINUTES)

    assert len([each for each in script.poster.said if each.key.startswith(REFUSES)]) == 1


def test_a_channel_that_is_repaired_takes_the_next_message(script: Script) -> None:
    script.poster.scripts[SinkCall.POST, OTHER] = ["not_in_channel"]
    script.put(post("first", channel=OTHER))
    script.run(script.nothing_waits, MINUTES)
    script.put(post("second", channel=OTHER, at=script.clock()))

    script.run(script.nothing_waits, MINUTES)

    assert script.poster.keys(OTHER) == ["second"]


def test_a_channel_that_only_slack_can_wake_is_left_out_after_minutes_and_comes_back(script: Script) -> None:
    script.poster.for_ever[SinkCall.POST, OTHER] = "internal_error"
    script.put(post("there", channel=OTHER))
    waited = script.run(sent(script, ["there"]), DETOUR_AFTER + MINUTES)
    script.poster.for_ever.clear()
    script.clock.now += PROBE
    script.put(post("next", channel=OTHER, at=script.clock()))

    script.run(script.nothing_waits, MINUTES)

    assert waited >= DETOUR_AFTER
    assert script.poster.keys(OTHER) == ["next"]


def test_after_an_outage_of_everything_a_message_goes_where_it_belongs(script: Script) -> None:
    script.poster.for_ever = {(call, channel): SILENT for call in SinkCall for channel in (HOME, OTHER)}
    script.put(post("here"), post("there", channel=OTHER))
    for _ in range(3600):
        script.outbox.pump()
        script.clock.advance(seconds=1)
    script.poster.for_ever.clear()

    script.run(script.nothing_waits, MINUTES)

    assert (script.poster.keys(HOME), script.poster.keys(OTHER)) == (["here"], ["there"])


@given(st.integers(0, 30), st.integers(0, 12), st.sampled_from(["no_permission", "internal_error", "never_heard_of"]))
@settings(deadline=None, max_examples=examples(15))
def test_how_long_a_message_takes_does_not_depend_on_how_many_channels_fail(
    number: int, backlog: int, code: str
) -> None:
    with closing(Script(default=None).store) as store:
        script = Script(store=store, default=None)
        for channel in others(number):
            script.poster.for_ever[SinkCall.POST, channel] = code
            script.put(*(post(f"{channel} {each}", channel=channel) for each in range(backlog)))
        for _ in range(60):
            script.outbox.pump()
            script.clock.advance(seconds=1)
        script.put(*(post(f"{each}", channel=HEALTHY, at=script.clock()) for each in range(8)))

        turns = 0
        while len(script.poster.keys(HEALTHY)) < 8:
            turns += 1
            script.outbox.pump()

        assert turns <= 2


@given(st.integers(1, 20), st.integers(1, 8))
@settings(deadline=None, max_examples=examples(25))
def test_before_that_is_known_each_failing_channel_costs_one_call_whatever_waits_for_it(
    number: int, backlog: int
) -> None:
    with closing(Script(default=None).store) as store:
        script = Script(store=store, default=None)
        for channel in others(number):
            script.poster.for_ever[SinkCall.POST, channel] = SILENT
            script.put(*(post(f"{channel} {each}", channel=channel) for each in range(backlog)))
        script.put(post("healthy", channel=HEALTHY), post("urgent", channel=HEALTHY, urgent=True))

        script.outbox.pump()
        script.run(sent(script, ["healthy"]), timedelta(seconds=30), timedelta(milliseconds=1))

        assert script.poster.keys(HEALTHY) == ["urgent", "healthy"]
        assert script.poster.asked[0] == (SinkCall.POST, HEALTHY)
        assert len(script.poster.asked) <= number + 2


def test_what_comes_from_a_refused_channel_goes_last_in_the_default_channel(script: Script) -> None:
    script.poster.for_ever[SinkCall.POST, OTHER] = "is_archived"
    script.put(*(post(f"there {number:02}", channel=OTHER) for number in range(40)))
    script.outbox.pump()
    script.put(*(post(f"here {number}", at=script.clock()) for number in range(8)))

    for _ in range(2):
        script.outbox.pump()

    assert len([key for key in script.poster.keys(HOME) if key.startswith("here")]) == 8


def test_what_waits_for_a_channel_is_left_alone_in_the_store(script: Script) -> None:
    script.poster.for_ever[SinkCall.POST, HOME] = "is_archived"
    script.put(*(post(f"{number:02}") for number in range(40)))

    for _ in range(120):
        script.outbox.pump()
        script.clock.advance(seconds=1)

    assert len([each for each in script.store.pending() if each.attempts]) == BATCH


def test_an_instance_that_starts_anew_knows_from_the_store_who_fails(script: Script) -> None:
    for channel in others(20):
        script.poster.for_ever[SinkCall.POST, channel] = SILENT
        script.put(post(channel, channel=channel))
    for _ in range(60):
        script.outbox.pump()
        script.clock.advance(seconds=1)
    script.clock.advance(minutes=2)
    script.put(post("healthy", channel=HEALTHY, at=script.clock()))
    script.poster.asked.clear()

    script.instance("two").pump()

    assert script.poster.asked[0] == (SinkCall.POST, HEALTHY)


# A limit of Slack


def test_a_429_on_edits_lets_messages_of_the_channel_go(script: Script) -> None:
    script.put(post("alert"))
    script.run(script.nothing_waits, MINUTES)
    script.poster.scripts[SinkCall.EDIT, HOME] = ["ratelimited"]
    script.put(update("edit", "alert"), post("said", at=script.clock()))

    waited = script.run(sent(script, ["said"]), MINUTES)
    script.run(script.nothing_waits, MINUTES)

    assert waited <= timedelta(seconds=1)
    assert [each.body["text"] for each in script.poster.said] == ["edit", "said"]


def test_a_limit_of_the_default_channel_is_kept_by_what_comes_from_elsewhere(script: Script) -> None:
    script.poster.for_ever[SinkCall.POST, OTHER] = "is_archived"
    script.poster.scripts[SinkCall.POST, HOME] = ["ratelimited"]
    script.put(post("here", urgent=True), post("there", channel=OTHER))
    script.outbox.pump()

    early = script.poster.asked.count((SinkCall.POST, HOME))
    waited = script.run(script.nothing_waits, MINUTES)

    assert early == 1
    assert waited >= timedelta(seconds=30)


def test_a_429_on_looks_lets_every_message_go_that_needs_none(script: Script) -> None:
    in_doubt(script, post("doubtful", channel=OTHER))
    script.poster.scripts[SinkCall.FIND, OTHER] = ["ratelimited"]
    script.put(post("said", channel=OTHER, at=script.clock()))

    waited = script.run(sent(script, ["said"]), MINUTES)
    script.run(sent(script, ["doubtful"]), MINUTES)

    assert waited <= timedelta(seconds=1)
    assert "twice" not in str(script.poster.said)


# A message that may be there already


@pytest.mark.parametrize("code", ["missing_scope", "not_in_channel", "too many messages to look through"])
def test_what_may_not_be_looked_for_is_posted_at_once_and_says_that_it_may_be_there_twice(
    script: Script, code: str
) -> None:
    in_doubt(script, post("doubtful", channel=OTHER))
    script.poster.for_ever[SinkCall.FIND, OTHER] = code

    waited = script.run(script.nothing_waits, MINUTES)

    (message,) = script.poster.said
    assert message.channel == OTHER
    assert code in message.body["blocks"][0]["elements"][0]["text"]
    assert waited <= timedelta(seconds=1)


@pytest.mark.parametrize("urgent", [True, False])
@pytest.mark.parametrize("code", ["internal_error", "ratelimited"])
def test_what_slack_is_too_busy_to_look_for_waits_within_bounds_and_holds_up_nobody(
    script: Script, code: str, urgent: bool
) -> None:
    in_doubt(script, post("doubtful", channel=OTHER, urgent=urgent))
    script.poster.for_ever[SinkCall.FIND, OTHER] = code
    start = script.clock()
    script.put(*(post(f"{n}", channel=(HOME, OTHER)[n % 2], at=start) for n in range(20)))

    others_waited = script.run(sent(script, [f"{n}" for n in range(20)]), MINUTES)
    script.run(script.nothing_waits, timedelta(minutes=12))

    bound = UNSEARCHED_URGENT if urgent else UNSEARCHED
    assert others_waited <= timedelta(seconds=10)
    assert bound <= script.clock() - start <= bound + timedelta(minutes=2)


def test_a_post_that_is_lost_each_time_while_nobody_can_look_is_repeated_within_bounds(script: Script) -> None:
    script.poster.for_ever = {(SinkCall.POST, HOME): LOST, (SinkCall.FIND, HOME): "missing_scope"}
    script.put(post("said"))

    for _ in range(3600):
        script.outbox.pump()
        script.clock.advance(seconds=1)

    assert len(script.poster.keys(HOME)) <= 2 + timedelta(hours=1) / UNSEARCHED


def test_what_went_elsewhere_before_a_death_is_found_there_though_its_channel_works_again(script: Script) -> None:
    script.poster.scripts[SinkCall.POST, OTHER] = ["no_permission"]
    script.poster.scripts[SinkCall.POST, HOME] = [LOST]
    script.put(post("said", channel=OTHER))
    script.outbox.pump()
    script.outbox = script.instance("after a death")

    script.run(script.nothing_waits, MINUTES)

    assert script.poster.keys(HOME) == ["said"]
    assert script.poster.keys(OTHER) == []


# Threads, mentions, edits


def test_answers_in_a_channel_without_threads_stand_beside_their_message_and_name_it(script: Script) -> None:
    script.put(post("alert", "Phase 4 was not triggered"))
    script.run(script.nothing_waits, MINUTES)
    script.poster.scripts[SinkCall.POST, HOME] = ["restricted_action_non_threadable_channel", OK] * 2
    script.put(reply("worse", "alert", order=1), reply("better", "alert", order=2), update("over", "alert", order=3))

    script.run(script.nothing_waits, MINUTES)

    parent, worse, better = script.poster.said
    assert parent.body["text"] == "over"
    assert [(each.key, each.thread_ts) for each in (worse, better)] == [("worse", None), ("better", None)]
    assert "Phase 4 was not triggered" in worse.body["blocks"][0]["elements"][0]["text"]
    assert script.store.delivery("alert:anew") is None


@pytest.mark.parametrize("what", ["post", "reply", "update"])
def test_a_mention_that_is_refused_is_left_out(script: Script, what: str) -> None:
    script.put(post("alert"))
    script.run(script.nothing_waits, MINUTES)
    script.poster.scripts[SinkCall.EDIT if what == "update" else SinkCall.POST, HOME] = ["restricted_action"]
    called = {"post": post("said"), "reply": reply("said", "alert"), "update": update("said", "alert")}[what]
    script.put(replace(called, body={"text": "P0 <!subteam^S0EXAMPLE1>"}))

    script.run(script.nothing_waits, MINUTES)

    (message,) = [each for each in script.poster.said if "P0" in each.body["text"]]
    assert message.body["text"] == "P0 @S0EXAMPLE1"
    assert "<!subteam" not in str(message.body)


def test_a_mention_gets_another_chance_in_the_default_channel(script: Script) -> None:
    script.poster.for_ever[SinkCall.POST, OTHER] = "restricted_action"
    script.put(post("said", "P0 <!subteam^S0EXAMPLE1>", channel=OTHER))

    script.run(script.nothing_waits, MINUTES)

    (message,) = [each for each in script.poster.said if each.key == "said"]
    assert (message.channel, message.body["text"]) == (HOME, "P0 <!subteam^S0EXAMPLE1>")


def test_a_mention_that_is_refused_is_left_out_of_the_notice_of_giving_up(script: Script) -> None:
    script.put(post("said", "P0 <!subteam^S0EXAMPLE1>", at=MORNING - PATIENCE))
    script.poster.scripts[SinkCall.POST, HOME] = ["who_knows", "restricted_action"]

    script.run(script.nothing_waits, MINUTES)

    (notice,) = script.poster.said
    assert notice.key == f"{UNDELIVERED}said"
    assert "P0 @S0EXAMPLE1" in notice.body["text"]
    assert "<!subteam" not in str(notice.body)


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"])
def test_an_edit_that_cannot_reach_its_message_is_posted(script: Script, code: str) -> None:
    script.put(post("alert"))
    script.run(script.nothing_waits, MINUTES)
    script.poster.scripts[SinkCall.EDIT, HOME] = [code]
    script.put(update("resolved", "alert"))

    script.run(script.nothing_waits, MINUTES)

    assert [each.body["text"] for each in script.poster.said] == ["alert", "resolved"]


@pytest.mark.parametrize("code", ["no_permission", "never_heard_of"])
def test_an_edit_that_is_refused_again_and_again_is_posted_within_a_minute(script: Script, code: str) -> None:
    script.put(post("alert"))
    script.run(script.nothing_waits, MINUTES)
    script.poster.for_ever[SinkCall.EDIT, HOME] = code
    script.put(update("resolved", "alert"))

    waited = script.run(lambda: "resolved" in [each.body["text"] for each in script.poster.said], MINUTES)

    assert waited <= timedelta(minutes=1)


# Whatever Slack says


answers = st.lists(st.sampled_from(ANYTHING), max_size=8)
never_ending = st.sampled_from([OK, *LASTING, "never_heard_of", SILENT])
threads = st.lists(st.sampled_from(["reply", "update"]), max_size=4)


@given(
    scripts=st.fixed_dictionaries({(call, name): answers for call in SinkCall for name in (HOME, OTHER)}),
    for_ever=never_ending,
    urgent=st.booleans(),
    following=threads,
)
@settings(deadline=None, max_examples=examples(40))
def test_every_delivery_comes_to_an_end_in_order_and_nothing_is_lost(
    scripts: dict[tuple[SinkCall, str], list[str]], for_ever: str, urgent: bool, following: list[str]
) -> None:
    with closing(Script().store) as store:
        script = Script(store=store)
        script.poster.scripts.update({place: list(script_) for place, script_ in scripts.items()})
        script.poster.for_ever[SinkCall.POST, OTHER] = for_ever
        make = {"reply": reply, "update": update}
        lane = [make[kind](f"{n}", "alert", order=n, channel=OTHER) for n, kind in enumerate(following)]
        script.put(post("alert", channel=OTHER, urgent=urgent), *lane)

        script.run(script.nothing_waits, timedelta(hours=2), timedelta(seconds=10))

        for each in (script.delivery("alert"), *(script.delivery(other.key) for other in lane)):
            assert each.state in (DeliveryState.SENT, DeliveryState.SUPERSEDED, DeliveryState.DEAD)
        # Slack may call the plain note about an alert malformed as well, again and again; then the log is what is left.
        notice = store.delivery(f"{UNDELIVERED}alert")
        is_refused = notice is not None and notice.state is DeliveryState.DEAD
        assert is_refused or {"alert", f"{UNDELIVERED}alert"} & {each.key for each in script.poster.said}
        replies = [each.key for each in script.poster.said if each.key in {other.key for other in lane}]
        assert list(dict.fromkeys(replies)) == sorted(set(replies))


def test_a_429_of_a_look_that_nobody_waits_for_holds_up_every_other_look(script: Script) -> None:
    script.put(post("one", channel=OTHER), post("two", channel=OTHER))
    script.store.claim("dead", script.clock(), script.clock() + LEASE, 2)
    script.clock.now += LEASE
    script.poster.scripts[SinkCall.FIND, HOME] = ["ratelimited"]
    begin = script.clock()

    script.run(sent(script, ["one"]), MINUTES)
    looks = script.poster.asked.count((SinkCall.FIND, OTHER))
    script.run(sent(script, ["two"]), MINUTES)

    assert looks == 1
    assert script.clock() - begin >= timedelta(seconds=30)
    assert script.poster.keys(OTHER) == ["one", "two"]
