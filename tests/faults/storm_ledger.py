"""What must be true of Slack, the store and the platform when a storm is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.repairs.model import RepairOutcome
from bot.repairs.records import BEGUN, ENDED, id_of
from bot.store.model import Alert, AlertState, AuditEntry, Delivery, DeliveryKind, DeliveryState
from tests.faults.ledger import Shown

WRITTEN = frozenset({RepairOutcome.APPLIED, RepairOutcome.VERIFIED, RepairOutcome.UNVERIFIED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """Everything that a storm has left. ``granted`` counts by service what the bot really changed, ``again`` what it
    wrote although it was there; ``unanswered`` are clicks that were acknowledged and had no effect and no answer."""

    shown: Sequence[Shown]
    alerts: Sequence[Alert]
    deliveries: Sequence[Delivery]
    audit: Sequence[AuditEntry]
    granted: Mapping[str, int]
    again: Mapping[str, int]
    unanswered: Sequence[str] = ()


@dataclass
class Wrong:
    """What is wrong, each with its name; nothing is only when both are empty."""

    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)


def judge(left: Aftermath) -> Wrong:
    """Hold what is there against what was decided: every decision in Slack once, every write recorded once."""
    wrong = Wrong(lost=[*left.unanswered])
    counts = Counter(message.key for message in left.shown)
    wrong.double += [f"message {key}" for key, count in counts.items() if count > 1]
    wrong.lost += list(_undelivered(left.deliveries, counts))
    wrong.lost += [f"{each.key} is still {each.state}" for each in left.alerts if each.state is not AlertState.RESOLVED]
    wrong.lost += [f"the thread of {each.key}" for each in left.alerts if counts[each.thread] == 0]
    begun = {id_of(each) for each in left.audit if each.action == BEGUN}
    ends = {id_of(each): each for each in left.audit if each.action == ENDED}
    wrong.lost += [f"the end of the repair {each}" for each in sorted(begun - ends.keys())]
    recorded = Counter(each.subject.partition(":")[2] for each in ends.values() if each.outcome in WRITTEN)
    for service, count in left.granted.items():
        # A write whose process was killed at once is found in place by the next one, which records it as that.
        if recorded[service] < count:
            wrong.lost.append(f"{count - recorded[service]} of {count} writes to {service} are in no record")
    wrong.double += [f"{count} writes to {service} that changed nothing" for service, count in left.again.items()]
    return wrong


def _undelivered(deliveries: Iterable[Delivery], counts: Mapping[str, int]) -> Iterable[str]:
    for each in deliveries:
        if each.state in (DeliveryState.PENDING, DeliveryState.DEAD):
            yield f"{each.key} is {each.state}: {each.error}"
        elif each.state is DeliveryState.SENT and each.kind is not DeliveryKind.UPDATE and not counts.get(each.key):
            yield f"{each.key} was sent, and is not there"
