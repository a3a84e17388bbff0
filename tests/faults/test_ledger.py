"""The judge of the fault runs: it must be able to say no."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.store.model import Changes, Delivery, DeliveryKind
from bot.store.sqlite import SqliteStore
from bot.timetable.digest_deliveries import posting_key
from checks.model import Severity
from tests.bot.store.records import a_report
from tests.faults.digest_ledger import compare_digests, slots_on
from tests.faults.ledger import Difference, Shown, compare
from tests.faults.points import Killed, Points, guarded
from tests.faults.story import CHANNEL, PIPELINE, START, STEP, Expectation, Fact, Incident, story

THREAD = "alert:nba:service-ready:service-1:-:0"
PARENT = Shown(key=THREAD, channel=CHANNEL, ts="1.0", thread_ts=None, text="well again", blocks=[{"type": "divider"}])
WORSENED = Shown(key=f"{THREAD}:worsened:2", channel=CHANNEL, ts="2.0", thread_ts="1.0", text="worse")
RESOLVED = Shown(key=f"{THREAD}:resolved:3", channel=CHANNEL, ts="3.0", thread_ts="1.0", text="well again")
INCIDENT = Incident("service-1", Severity.P0, ["opened", "worsened", "resolved"])
LATEST = {THREAD: [{"type": "divider"}]}


def judged(*shown: Shown) -> Difference:
    return compare([INCIDENT], shown, LATEST)


def test_a_channel_that_shows_each_incident_once_is_right() -> None:
    assert judged(PARENT, WORSENED, RESOLVED).wrong == []


def test_a_thread_that_came_after_the_next_incidents_is_that_of_its_own_incident() -> None:
    second = replace(PARENT, key=f"{THREAD[:-1]}1", ts="0.5")
    resolved = replace(RESOLVED, key=f"{second.key}:resolved:5", thread_ts=second.ts)
    incidents = [INCIDENT, Incident("service-1", Severity.P0, ["opened", "resolved"])]

    assert compare(incidents, (second, resolved, PARENT, WORSENED, RESOLVED), LATEST).wrong == []


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        pytest.param((), "lost", id="no thread"),
        pytest.param((PARENT, WORSENED), "lost", id="no resolution"),
        pytest.param((PARENT, WORSENED, replace(RESOLVED, thread_ts=None)), "misplaced", id="a reply at the top level"),
        pytest.param((PARENT, PARENT, WORSENED, RESOLVED), "double", id="the parent twice"),
        pytest.param((PARENT, WORSENED, WORSENED, RESOLVED), "double", id="a reply twice"),
        pytest.param(
            (PARENT, WORSENED, RESOLVED, replace(RESOLVED, key=f"{THREAD}:resolved:4")), "double", id="resolved twice"
        ),
        pytest.param(
            (PARENT, WORSENED, RESOLVED, replace(PARENT, key=f"{THREAD[:-1]}1", ts="9.0")),
            "double",
            id="one thread more",
        ),
        pytest.param(
            (PARENT, replace(RESOLVED, ts="1.5"), WORSENED), "misplaced", id="resolved before it became worse"
        ),
        pytest.param((replace(PARENT, blocks=[]), WORSENED, RESOLVED), "stale", id="the parent still tells old news"),
    ],
)
def test_each_fault_of_a_channel_is_named(shown: tuple[Shown, ...], kind: str) -> None:
    assert getattr(judged(*shown), kind) != []


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(["passed", "passed"], [], id="never failed"),
        pytest.param([Severity.P1, Severity.P1, "passed"], [["opened", "resolved"]], id="unchanged says nothing"),
        pytest.param([Severity.P1, "waiting", "unknown", "skipped"], [["opened"]], id="not looked at"),
        pytest.param([Severity.P1, Severity.P0, Severity.P2], [["opened", "worsened", "eased"]], id="severity moves"),
        pytest.param(
            [Severity.P1, "passed", Severity.P1, "passed"], [["opened", "resolved", "reopened", "resolved"]], id="flaps"
        ),
        pytest.param(
            [Severity.P1, "passed", "passed", Severity.P1], [["opened", "resolved"], ["opened"]], id="comes back later"
        ),
    ],
)
def test_the_expectation_follows_the_rules_of_the_design(facts: list[Fact], expected: list[list[str]]) -> None:
    expectation = Expectation()

    for number, fact in enumerate(facts):
        expectation.see({"service-1": fact}, START + number * STEP)

    assert [incident.reasons for incident in expectation.incidents] == expected


def test_every_story_ends_well_and_is_the_same_for_the_same_seed() -> None:
    for seed in range(50):
        told = story(seed)
        assert told == story(seed)
        assert all(incident.resolved_at is not None for incident in told.expected())


def test_stories_hold_all_kinds_of_transitions() -> None:
    reasons = {reason for seed in range(20) for incident in story(seed).expected() for reason in incident.reasons}

    assert reasons == {"opened", "worsened", "eased", "resolved", "reopened"}


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def add(self) -> int:
        self.count += 1
        return self.count


def add_three_times(counter: Counter) -> None:
    for _ in range(3):
        counter.add()


@pytest.mark.parametrize(
    ("after", "place", "count"),
    [
        pytest.param(0, "before counter.add", 0, id="before the call, which is then never made"),
        pytest.param(1, "after counter.add", 1, id="after the call, whose answer is then lost"),
        pytest.param(2, "before counter.add", 1, id="before the second call"),
    ],
)
def test_a_point_kills_where_it_says_and_the_dead_do_nothing_more(after: int, place: str, count: int) -> None:
    points, counter = Points(), Counter()
    deadly = guarded(counter, "counter", points)
    points.arm(after)

    with pytest.raises(Killed) as killed:
        add_three_times(deadly)
    with pytest.raises(Killed):
        deadly.add()

    assert (str(killed.value), counter.count) == (place, count)


DAY = START.astimezone(PIPELINE.zone).date()
POSTING = posting_key(PIPELINE.name, DAY.isoformat())
OLD, NEW = [{"type": "divider"}], [{"type": "header"}]
DIGEST_MESSAGE = Shown(key=POSTING, channel=CHANNEL, ts="1.0", thread_ts=None, text="digest", blocks=NEW)
DETAIL = Shown(key=f"{POSTING}:detail:1", channel=CHANNEL, ts="2.0", thread_ts="1.0", text="detail", blocks=OLD)


@pytest.fixture
def written() -> Iterator[SqliteStore]:
    """A store in which the digest of a day was written at all its times, and brought up to date at the last."""
    store = SqliteStore(":memory:")
    slots = slots_on(DAY)
    bodies = {POSTING: OLD, f"{POSTING}:detail:1": OLD, f"{POSTING}:{slots[-1].name}": NEW}
    deliveries = tuple(
        Delivery(key=key, kind=DeliveryKind.POST, channel=CHANNEL, body={"blocks": blocks}, created_at=START)
        for key, blocks in bodies.items()
    )
    reports = tuple(replace(a_report(f"{POSTING}:{slot.name}"), pipeline=PIPELINE.name) for slot in slots)
    store.commit(Changes(deliveries=deliveries, reports=reports))
    yield store
    store.close()


def test_a_channel_with_the_whole_digest_as_it_was_last_written_is_right(written: SqliteStore) -> None:
    assert compare_digests([DAY], [DIGEST_MESSAGE, DETAIL], written).wrong == []


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        pytest.param((), "lost", id="no digest"),
        pytest.param((DIGEST_MESSAGE,), "lost", id="no details"),
        pytest.param((DIGEST_MESSAGE, DIGEST_MESSAGE, DETAIL), "double", id="the digest twice"),
        pytest.param((DIGEST_MESSAGE, DETAIL, DETAIL), "double", id="the details twice"),
        pytest.param((DIGEST_MESSAGE, DETAIL, replace(DETAIL, key=f"{POSTING}:detail:2")), "double", id="too many"),
        pytest.param((replace(DIGEST_MESSAGE, blocks=OLD), DETAIL), "stale", id="not brought up to date"),
        pytest.param((DIGEST_MESSAGE, replace(DETAIL, thread_ts=None)), "misplaced", id="details at the top level"),
    ],
)
def test_each_fault_of_a_digest_is_named(written: SqliteStore, shown: tuple[Shown, ...], kind: str) -> None:
    assert getattr(compare_digests([DAY], shown, written), kind) != []


def test_a_refresh_that_was_never_written_is_lost(written: SqliteStore) -> None:
    tomorrow = DAY + timedelta(days=1)

    lost = compare_digests([tomorrow], [], written).lost

    assert [each.rpartition(" ")[2] for each in lost[:3]] == ["0800", "1200", "1800"]
