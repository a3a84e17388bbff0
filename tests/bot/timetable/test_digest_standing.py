"""The digest in the channel tells what its alerts are now, whatever happened since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.alerting.clicks import Click
from bot.alerting.incidents import Incidents
from bot.render.alert import AlertMessages
from bot.render.post import post_of
from bot.render.standing import lead, restated, since_digest
from bot.sinks.slack.format import formatted
from bot.store.model import SLACK, AlertState, Changes, Delivery, DeliveryKind, StoreError
from bot.store.sqlite import SqliteStore
from bot.timetable.digest import Digests
from bot.timetable.digest_standing import DigestStanding, counted
from checks.model import Report, Severity, Verdict
from tests.faults.foretold import Foretold
from tests.faults.story import PIPELINE, Fact, report
from tests.faults.story import START as EIGHT
from tests.thoroughness import examples

KEY = "nba:service-ready:one:-"
POSTING = "digest:nba:2026-02-11"
MINUTE = timedelta(minutes=1)


class Day:
    """One pipeline whose digest was written, and whose alerts go on; ``store`` may be another's, too."""

    def __init__(self, facts: dict[str, Fact], store: SqliteStore | None = None) -> None:
        self.store = store or SqliteStore(":memory:")
        self.now = EIGHT
        self.standing = DigestStanding(self.store, PIPELINE)
        self.incidents = Incidents(self.store, PIPELINE, AlertMessages(PIPELINE), digest=self.standing)
        self.facts: dict[str, Fact] = facts
        validation: Any = Foretold(lambda _: self.facts, lambda: self.now)
        self.digests = Digests(validation, self.store, self.incidents, lambda: self.now, "one")

    def see(self, minutes: int = 5, **facts: Fact) -> None:
        self.now += minutes * MINUTE
        self.facts = {**self.facts, **facts}
        self.incidents.process(self.report(), self.now)

    def report(self) -> Report:
        return report(self.facts, self.now)

    def edits(self) -> list[Delivery]:
        return [each for each in self.store.pending() if ":standing:" in each.key]

    def last(self) -> Delivery:
        """What the digest's message says when everything is sent."""
        lane = [each for each in self.store.pending() if each.target == POSTING and each.kind is DeliveryKind.UPDATE]
        return max(lane, key=lambda each: (each.order, each.created_at, each.key))

    def send(self) -> None:
        for number, each in enumerate(self.store.claim("slack", self.now, self.now + MINUTE, 100)):
            self.store.record_sent(each.key, "slack", ts=f"{number}.5", channel=each.channel, now=self.now)

    def words(self) -> str:
        head = max(self.store.report_heads("nba", "digest", EIGHT - MINUTE, 9), key=lambda each: each.at)
        base = self.store.delivery(head.key) or self.store.delivery(POSTING)
        assert base is not None
        alerts = self.store.recent_alerts("nba", base.created_at)
        standing = since_digest(Verdict(head.verdict), base.created_at, alerts)
        moved = restated(post_of(base.body), standing, {}, PIPELINE.zone) != post_of(base.body)
        return lead(standing, PIPELINE.zone) if moved else _text(base)


@pytest.fixture
def day() -> Iterator[Day]:
    opened = Day({"one": Severity.P0, "two": "passed"})
    opened.digests.run_owed()
    yield opened
    opened.store.close()


def test_an_alert_that_is_resolved_is_told_by_the_digest_above_it(day: Day) -> None:
    day.see(one="passed", minutes=12)

    (edit,) = day.edits()
    assert edit.target == POSTING
    assert _text(edit).startswith("✅ Was BLOCKED until 08:12 EST; now no alert is open. ")


def test_a_repair_is_named_by_the_digest_the_alert_and_its_thread(day: Day) -> None:
    day.facts = {"one": "passed"}
    day.now += MINUTE

    processed = day.incidents.process(day.report(), day.now, repairers={KEY: "U0ANN"})

    assert any(":standing:" in each.key for each in processed.deliveries), "stored with the decision"
    messages = [each for each in processed.deliveries if each.sink == SLACK]
    assert all("y a repair of <@U0ANN>" in str(formatted(each.body)) for each in (*messages, *day.edits()))


def test_a_click_is_told_by_the_digest(day: Day) -> None:
    day.incidents.acknowledge(Click(key=KEY, actor="U0ANN", now=day.now + MINUTE, action_key="1"))

    assert "acknowledged by <@U0ANN>" in str(formatted(day.last().body))


def test_a_run_without_news_edits_nothing(day: Day) -> None:
    day.see()
    day.see()

    assert day.edits() == []


def test_digest_and_alert_lead_to_each_other(day: Day) -> None:
    day.send()
    day.see(two=Severity.P1)
    day.send()

    day.see(one="passed")

    digest, parents = day.last(), [each for each in day.store.pending() if each.target == f"alert:{KEY}:0"]
    posting, thread = day.store.delivery(POSTING), day.store.delivery(f"alert:{KEY}:0")
    assert posting is not None
    assert thread is not None
    assert f"p{str(thread.ts).replace('.', '')}|thread>" in str(formatted(digest.body))
    assert f"p{str(posting.ts).replace('.', '')}|Digest of Wed 11 Feb>" in str(formatted(parents[0].body))


def test_a_workspace_that_is_learnt_is_used_by_the_next_edit_and_is_none_of_its_own(day: Day) -> None:
    day.send()
    day.see(two=Severity.P1)
    knowing = DigestStanding(day.store, PIPELINE, lambda: "https://example.slack.com/")

    assert "https://slack.com/archives/" in str(formatted(day.last().body))
    assert knowing.edit((), day.now) is None
    link = knowing.link(day.now)
    assert link is not None
    assert link[0].startswith("https://example.slack.com/archives/C0FAULTS01/p")


def test_a_refresh_has_the_last_word_over_edits_before_it(day: Day) -> None:
    day.now = EIGHT + timedelta(hours=4, minutes=20)
    day.facts = {"one": "passed"}

    day.digests.run_owed()

    assert day.last().key == f"{POSTING}:1200"


def test_two_processes_that_decide_at_once_leave_a_digest_that_tells_both(day: Day) -> None:
    day.see(two=Severity.P0)
    other = Incidents(day.store, PIPELINE, AlertMessages(PIPELINE), digest=_Late(day))

    other.process(report({"one": "passed", "two": Severity.P0}, day.now + MINUTE), day.now + MINUTE)

    assert "Was BLOCKED until" in _text(day.last())
    assert day.last().key.endswith(":00003")


class _Late:
    """The digest of a process that was overtaken between its look and its commit."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._own = DigestStanding(day.store, PIPELINE)
        self._was_overtaken = False

    def edit(self, moved: Any, now: datetime, *, after: Delivery | None = None) -> Delivery | None:
        edit = self._own.edit(moved, now, after=after)
        if not self._was_overtaken:
            self._was_overtaken = True
            alone = Incidents(self._day.store, PIPELINE, AlertMessages(PIPELINE), digest=self._day.standing)
            alone.process(report({"one": Severity.P0, "two": "passed"}, now), now)
        return edit

    def link(self, now: datetime) -> tuple[str, str] | None:
        return None


def test_an_edit_of_a_digest_that_was_written_anew_meanwhile_is_followed_by_one_of_the_new_words(day: Day) -> None:
    day.see(two=Severity.P1)
    (old,) = day.edits()
    day.now = EIGHT + timedelta(hours=4)
    day.digests.run_owed()

    edit = day.standing.edit((), day.now, after=old)

    refreshed = day.store.delivery(f"{POSTING}:1200")
    assert edit is not None
    assert refreshed is not None
    assert edit.body == refreshed.body
    assert day.standing.edit((), day.now) is None


def test_a_store_that_fails_after_the_decision_does_not_fail_the_decision(day: Day) -> None:
    class Failing(_Late):
        def edit(self, moved: Any, now: datetime, *, after: Delivery | None = None) -> Delivery | None:
            if not moved:
                message = "gone"
                raise StoreError(message)
            return None

    incidents = Incidents(day.store, PIPELINE, AlertMessages(PIPELINE), digest=Failing(day))

    processed = incidents.process(report({"one": "passed"}, day.now + MINUTE), day.now + MINUTE)

    assert processed.transitions[0].alert is not None
    day.see(one="passed")
    assert "Was BLOCKED until" in _text(day.last())


def test_no_digest_is_no_edit() -> None:
    day = Day({"one": Severity.P0})

    day.see()

    assert day.edits() == []
    assert day.standing.link(day.now) is None


def test_a_digest_that_slack_refused_for_good_is_not_edited(day: Day) -> None:
    day.store.claim("slack", day.now, day.now + MINUTE, 100)
    day.store.bury(POSTING, "slack", error="channel_not_found")

    day.see(one="passed")

    assert day.edits() == []


def test_a_digest_that_was_posted_again_and_brought_up_to_date_tells_its_alerts_too(day: Day) -> None:
    day.store.claim("slack", day.now, day.now + MINUTE, 100)
    day.store.bury(POSTING, "slack", error="channel_not_found")
    day.now = EIGHT + timedelta(hours=4)
    day.digests.run_owed()
    day.now = EIGHT + timedelta(hours=10)
    day.digests.run_owed()

    day.see(one="passed")

    (edit,) = day.edits()
    assert edit.target == f"{POSTING}:1200"
    assert "Was BLOCKED until 18:05" in _text(edit)


@pytest.mark.parametrize("many", [0, 1, 2, 3, 4, 7, 8, 9, 100])
def test_what_is_numbered_is_counted_in_few_questions(many: int) -> None:
    asked: list[int] = []

    def exists(number: int) -> bool:
        asked.append(number)
        return number <= many

    assert counted(exists) == many
    assert len(asked) <= 2 * max(many, 1).bit_length() + 1


FACTS: st.SearchStrategy[Fact] = st.sampled_from(
    [Severity.P0, Severity.P1, Severity.P2, "passed", "waiting", "unknown"]
)
STEPS = st.tuples(
    st.sampled_from([1, 15, 61, 250]),
    st.dictionaries(st.sampled_from(["one", "two", "three"]), FACTS, max_size=3),
    st.sampled_from(["", "", "acknowledge", "refresh", "send"]),
)


@settings(deadline=None, max_examples=examples(80), suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["one", "two"]), FACTS, min_size=1), st.lists(STEPS, max_size=8))
def test_the_last_edit_tells_what_the_alerts_are(
    begin: dict[str, Fact], steps: list[tuple[int, dict[str, Fact], str]]
) -> None:
    day = Day(begin)
    day.digests.run_owed()
    shown = _text(day.store.delivery(POSTING))
    for number, (minutes, facts, action) in enumerate(steps):
        if day.now + minutes * MINUTE >= EIGHT + timedelta(days=1):
            break  # the next morning has a digest of its own
        before = len(day.edits())
        day.see(minutes, **facts)
        assert len(day.edits()) <= before + 1, "one commit, one edit"
        if action == "acknowledge":
            for alert in day.store.open_alerts("nba"):
                day.incidents.acknowledge(
                    Click(key=alert.key, actor="U0ANN", now=day.now, action_key=f"{number}{alert.key}")
                )
        if action == "refresh":
            day.digests.run_owed()
        lane = [each for each in day.store.pending() if each.target == POSTING and each.kind is DeliveryKind.UPDATE]
        shown = _text(day.last()) if lane else shown
        assert day.words() in shown
        for alert in day.store.open_alerts("nba"):
            assert alert.state is not AlertState.RESOLVED
        if action == "send":
            day.send()
            day.send()
    day.store.close()


def _text(delivery: Delivery | None) -> str:
    assert delivery is not None
    return str(formatted(delivery.body)["text"])


def test_an_edit_that_was_stored_is_not_stored_again(day: Day) -> None:
    day.see(one="passed")
    (edit,) = day.edits()

    day.store.commit(Changes(deliveries=(replace(edit, body={"text": "other", "blocks": []}),)))

    assert day.edits() == [edit]
