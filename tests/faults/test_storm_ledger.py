"""A judge of storms must see what is wrong; a storm itself takes minutes, ``python -m tests.faults storm``."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.repairs.model import RepairOutcome
from bot.repairs.records import BEGUN, ENDED
from bot.store.model import Alert, AlertState, AuditEntry, Delivery, DeliveryKind, DeliveryState
from checks.model import Severity
from tests.faults.ledger import Shown
from tests.faults.storm_ledger import Aftermath, judge

NOW = datetime(2026, 2, 11, 13, 0, tzinfo=UTC)
THREAD = "alert:storm:invoker:worker-0:-:0"

ALERT = Alert(
    key="storm:invoker:worker-0:-",
    pipeline="storm",
    check="invoker",
    code="caller-refused",
    subject="worker-0",
    interval=None,
    phase="work",
    severity=Severity.P0,
    title="worker-0 is closed",
    state=AlertState.RESOLVED,
    opened_at=NOW,
    changed_at=NOW,
    notified_at=NOW,
    channel="C0FAULTS01",
    fingerprint="f",
)
POST = Delivery(
    key=THREAD, kind=DeliveryKind.POST, channel="C0FAULTS01", body={}, created_at=NOW, state=DeliveryState.SENT
)
MESSAGE = Shown(key=THREAD, channel="C0FAULTS01", ts="1.0", thread_ts=None, text="worker-0 is closed")


def step(action: str, outcome: str) -> AuditEntry:
    key = f"repair:run-1:{action.removeprefix('repair-')}"
    return AuditEntry(
        key=key, at=NOW, actor="U0PERSON", action=action, subject="grant-invoker:worker-0", outcome=outcome
    )


LEFT = Aftermath(
    shown=(MESSAGE,),
    alerts=(ALERT,),
    deliveries=(POST,),
    audit=(step(BEGUN, RepairOutcome.BEGUN), step(ENDED, RepairOutcome.APPLIED)),
    granted={"worker-0": 1},
    again={},
)


def test_a_storm_that_left_everything_once_has_nothing_wrong() -> None:
    wrong = judge(LEFT)

    assert (wrong.lost, wrong.double) == ([], [])


def test_a_message_that_is_there_twice_is_double() -> None:
    wrong = judge(replace(LEFT, shown=(MESSAGE, replace(MESSAGE, ts="2.0"))))

    assert len(wrong.double) == 1


def test_a_thread_that_is_not_there_is_lost_though_it_was_recorded_as_sent() -> None:
    wrong = judge(replace(LEFT, shown=()))

    assert len(wrong.lost) == 2  # the message, and the thread of its alert


def test_what_waits_or_was_given_up_in_the_end_is_lost() -> None:
    waiting = replace(POST, key="alert:x:0", state=DeliveryState.PENDING)
    given_up = replace(POST, key="alert:y:0", state=DeliveryState.DEAD)

    wrong = judge(replace(LEFT, deliveries=(POST, waiting, given_up)))

    assert len(wrong.lost) == 2


def test_an_alert_that_is_open_when_all_is_well_is_lost() -> None:
    wrong = judge(replace(LEFT, alerts=(replace(ALERT, state=AlertState.FIRING),)))

    assert len(wrong.lost) == 1


def test_a_repair_without_an_end_is_lost_and_so_is_its_write() -> None:
    wrong = judge(replace(LEFT, audit=LEFT.audit[:1]))

    assert len(wrong.lost) == 2


def test_a_write_that_changed_nothing_is_double() -> None:
    wrong = judge(replace(LEFT, again={"worker-0": 1}))

    assert len(wrong.double) == 1


def test_a_click_without_an_answer_is_lost() -> None:
    wrong = judge(replace(LEFT, unanswered=("acknowledgement 1.2",)))

    assert wrong.lost == ["acknowledgement 1.2"]
