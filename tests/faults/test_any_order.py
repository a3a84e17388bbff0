"""Each incident opens and closes exactly once on Slack, whatever the order of faults: a model against the machinery.

The model is ``Expectation``. Reports come, people acknowledge and snooze, Slack limits, fails, falls silent after
it accepted, and is down; the store refuses before and after it has written; the process dies anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.alerting.clicks import Click
from bot.playground.slack import server as fake
from bot.store.model import AlertState, SnoozeUntil, StoreError
from bot.store.sqlite import SqliteStore
from checks.model import Severity
from tests.faults.ledger import Shown, compare
from tests.faults.life import Life
from tests.faults.page_ledger import compare_pages
from tests.faults.points import Killed, Points
from tests.faults.story import CHANNEL, PIPELINE, START, Expectation, Fact
from tests.faults.workspace import Clock, shown
from tests.servers.webhook import WebhookServer
from tests.thoroughness import examples

SUBJECTS = ("service-0", "service-1")
FACTS: tuple[Fact, ...] = (Severity.P0, Severity.P1, Severity.P2, "passed", "passed", "waiting", "unknown", "skipped")
FAULTS: Mapping[str, Callable[[], fake.SlackFault]] = {
    "limited": lambda: fake.rate_limited(30),
    "limited for long": lambda: fake.rate_limited(900),
    "broken": fake.broken,
    "unreachable": fake.unreachable,
    "dropped after accepting": fake.dropped_after_accepting,
}
METHODS = ("chat.postMessage", "chat.update", "conversations.history", "conversations.replies", fake.EVERY_METHOD)
AFTER_DEATH = timedelta(minutes=3)


class Unsteady:
    """A store that refuses the next call it is told to, before or after it has done what was asked."""

    def __init__(self, real: SqliteStore) -> None:
        self._real = real
        self.refusals: list[str] = []
        self.committed = 0

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._real, name)

        def call(*arguments: Any, **named: Any) -> Any:
            refusal = self.refusals.pop() if self.refusals else None
            if refusal == "before":
                raise StoreError("The store is down.")
            answer = attribute(*arguments, **named)
            self.committed += name == "commit"
            if refusal == "after":
                raise StoreError("The store's answer was lost.")
            return answer

        return call


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order, Slack shows each incident once."""

    @initialize()
    def start(self) -> None:
        self.clock = Clock()
        self.slack = fake.SlackServer((CHANNEL,), clock=self.clock)
        self.slack.__enter__()
        self.pager = WebhookServer()
        self.pager.__enter__()
        self.store = SqliteStore(":memory:")
        self.unsteady = Unsteady(self.store)
        self.model = Expectation()
        self.lives = 0
        self.clicks = 0
        self._born()

    def _born(self) -> None:
        self.lives += 1
        self.points = Points()
        self.life = Life(
            self.unsteady, self.slack.api_url, self.pager.url, f"life-{self.lives}", self.clock, self.points
        )

    def _live(self, action: Callable[[], object]) -> bool:
        """Do something as this life, which may die of it or find the store down. Whether it committed anything."""
        committed = self.unsteady.committed
        try:
            action()
        except Killed:
            self.clock.now += AFTER_DEATH
            self._born()
        except StoreError:
            pass
        else:
            assert self.points.died_at is None, f"something swallowed a death at {self.points.died_at}"
        self.points.arm(None)
        return self.unsteady.committed > committed

    @rule(facts=st.tuples(*[st.sampled_from(FACTS)] * len(SUBJECTS)), death=st.none() | st.integers(0, 40))
    def look(self, facts: tuple[Fact, ...], death: int | None) -> None:
        now = self.clock()
        seen = dict(zip(SUBJECTS, facts, strict=True))
        self.points.arm(death)
        if self._live(lambda: self.life.process(seen)):
            self.model.see(seen, now)

    @rule(
        fact=st.sampled_from(FACTS[:4]),
        method=st.sampled_from(METHODS[:2]),
        fault=st.sampled_from(sorted(FAULTS)),
        death=st.integers(0, 12),
    )
    def die_while_sending(self, fact: Fact, method: str, fault: str, death: int) -> None:
        """The worst of it in one go: news, an answer that is lost, and a death among the calls that follow."""
        self.look(tuple([fact] * len(SUBJECTS)), None)
        self.slack_fails(method, fault)
        self.send(1, death)
        self.wait(5)
        self.send(2, None)

    @rule(turns=st.integers(1, 5), death=st.none() | st.integers(0, 40))
    def send(self, turns: int, death: int | None) -> None:
        self.points.arm(death)
        self._live(lambda: [self.life.turn() for _ in range(turns)])

    @rule(minutes=st.sampled_from((0.1, 1, 5, 60, 179, 181, 600)))
    def wait(self, minutes: float) -> None:
        self.clock.now += timedelta(minutes=minutes)

    @rule(method=st.sampled_from(METHODS), fault=st.sampled_from(sorted(FAULTS)))
    def slack_fails(self, method: str, fault: str) -> None:
        self.slack.tell(method, FAULTS[fault]())

    @rule()
    def slack_goes_down(self) -> None:
        self.slack.down = True

    @precondition(lambda self: self.slack.down)
    @rule()
    def slack_comes_back(self) -> None:
        self.slack.recover()

    @rule(refusals=st.lists(st.sampled_from(("before", "after", None)), min_size=1, max_size=6))
    def store_fails(self, refusals: list[str]) -> None:
        self.unsteady.refusals = refusals

    @rule(subject=st.sampled_from(SUBJECTS), snooze=st.booleans(), stale=st.booleans())
    def click(self, subject: str, snooze: bool, stale: bool) -> None:
        alerts = [each for each in self.store.open_alerts(PIPELINE.name) if each.subject == subject]
        if not alerts:
            return
        self.clicks += 1
        version = alerts[0].version - stale
        click = Click(
            key=alerts[0].key, actor="U0PERSON1", now=self.clock(), action_key=f"click-{self.clicks}", version=version
        )
        desk = self.life.incidents
        if snooze:
            self._live(lambda: desk.snooze(click, until=None, ends_on=SnoozeUntil.CHANGE, reason="It is known."))
        else:
            self._live(lambda: desk.acknowledge(click))

    @invariant()
    def nothing_is_double(self) -> None:
        if not hasattr(self, "slack"):
            return
        keys = [message.key for message in shown(self.slack)]
        assert len(keys) == len(set(keys))

    def teardown(self) -> None:
        if not hasattr(self, "slack"):
            return
        try:
            self._heal_and_judge()
        finally:
            self.slack.__exit__()
            self.pager.__exit__(None, None, None)
            self.store.close()

    def _heal_and_judge(self) -> None:
        self.slack.recover()
        self.unsteady.refusals = []
        self.points.arm(None)
        self.clock.now += timedelta(hours=1)
        well: dict[str, Fact] = dict.fromkeys(SUBJECTS, "passed")
        self.life.process(well)
        self.model.see(well, self.clock())
        for _ in range(60):
            self.life.turn()
            self.clock.now += timedelta(minutes=2)

        assert [each.key for each in self.store.pending()] == []
        assert all(each.state is AlertState.RESOLVED for each in self.store.open_alerts(PIPELINE.name))
        assert compare(self.model.incidents, self._spoken(), {}).wrong == []
        taken = [(each.document["id"], each.document["key"]) for each in self.pager.taken]
        assert compare_pages(taken, self.store, START).wrong == []

    def _spoken(self) -> list[Shown]:
        return shown(self.slack)


# Without shrinking: it would take longer than a test may. What happened is printed step by step all the same.
AnyOrder.TestCase.settings = settings(
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    max_examples=examples(60),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestAnyOrder = AnyOrder.TestCase
