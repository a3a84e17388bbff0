"""Which deliveries may go now: one pure decision that both stores share.

Deliveries with one target form a lane: they go one after the other in their order, and the lane waits
when its first one waits. An edit that a later edit of the same message follows is needless. A lane whose
target was given up for good has nowhere to go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.store.model import Delivery, DeliveryKind, DeliveryState

CLOCKS_DIFFER = timedelta(minutes=1)
"""The clocks of two instances may; a clock that differs from what is stored by more was set back since."""

LONGEST_LEASE = timedelta(minutes=15)
"""A lease that has longer to go was stored by a clock that was set back since: nobody leases for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a claim changes: what it leases, and what it found needless or hopeless on the way."""

    claimed: Sequence[Delivery] = ()
    closed: Sequence[Delivery] = ()


def choose(
    pending: Iterable[Delivery],
    targets: Mapping[str, Delivery],
    *,
    owner: str,
    now: datetime,
    lease_until: datetime,
    limit: int,
) -> Choice:
    """Return the deliveries to lease, best first, and those to close.

    ``targets`` has the stored deliveries that pending ones refer to. Urgent lanes go first, then messages
    before edits, then the oldest. Taking over a lease that ran out counts an attempt: whoever had it may
    have posted.
    """
    free: list[tuple[bool, Delivery]] = []
    closed: list[Delivery] = []
    for target, lane in _lanes(pending):
        waiting, hopeless = _still_wanted(lane, targets.get(target) if target is not None else None, now)
        closed += hopeless
        if waiting and _may_go(waiting[0], targets, now):
            free.append((any(each.urgent for each in waiting), waiting[0]))
    free.sort(key=_priority)
    claimed = [_leased(each, owner, lease_until) for _, each in free[: max(limit, 0)]]
    return Choice(claimed=claimed, closed=closed)


def referred(pending: Iterable[Delivery]) -> Sequence[str]:
    """Return the keys of the targets of deliveries, each once."""
    return list(dict.fromkeys(each.target for each in pending if each.target is not None))


def in_order(deliveries: Iterable[Delivery]) -> Sequence[Delivery]:
    """Return deliveries with the oldest first."""
    return sorted(deliveries, key=lambda each: (each.created_at, each.order, each.key))


def _lanes(pending: Iterable[Delivery]) -> Iterable[tuple[str | None, list[Delivery]]]:
    """Yield every lane in its order; a POST is a lane of its own."""
    lanes: dict[str, list[Delivery]] = {}
    for each in pending:
        if each.target is None:
            yield None, [each]
        else:
            lanes.setdefault(each.target, []).append(each)
    for target, lane in lanes.items():
        yield target, sorted(lane, key=_place)


def _still_wanted(
    lane: Sequence[Delivery], target: Delivery | None, now: datetime
) -> tuple[Sequence[Delivery], Sequence[Delivery]]:
    """Return what of a lane still waits, and what is closed; whatever somebody is sending is left alone."""
    if target is not None and target.state is DeliveryState.DEAD:
        error = f"The message that it belongs to was never posted: {target.error}"
        return (), [replace(each, **_FREED, state=DeliveryState.DEAD, error=error) for each in lane]
    edits = [each for each in lane if each.kind is DeliveryKind.UPDATE]
    needless = {each.key for each in edits[:-1] if not _is_leased(each, now)}
    return (
        [each for each in lane if each.key not in needless],
        [replace(each, **_FREED, state=DeliveryState.SUPERSEDED) for each in lane if each.key in needless],
    )


def _may_go(delivery: Delivery, targets: Mapping[str, Delivery], now: datetime) -> bool:
    if _is_leased(delivery, now) or _has_to_wait(delivery, now):
        return False
    if delivery.target is None:
        return True
    target = targets.get(delivery.target)
    return target is not None and target.state is DeliveryState.SENT


def _has_to_wait(delivery: Delivery, now: datetime) -> bool:
    """Whether it is too early; a wait that began later than now was stored by a clock that was set back since."""
    if delivery.not_before is None or (delivery.waits_since is not None and now < delivery.waits_since - CLOCKS_DIFFER):
        return False
    return delivery.not_before > now


def _is_leased(delivery: Delivery, now: datetime) -> bool:
    return delivery.lease_until is not None and now < delivery.lease_until <= now + LONGEST_LEASE


def _leased(delivery: Delivery, owner: str, until: datetime) -> Delivery:
    taken_over = delivery.lease_owner is not None
    return replace(delivery, lease_owner=owner, lease_until=until, attempts=delivery.attempts + taken_over)


def _place(delivery: Delivery) -> tuple[int, datetime, str]:
    return delivery.order, delivery.created_at, delivery.key


def _priority(candidate: tuple[bool, Delivery]) -> tuple[bool, bool, datetime, int, str]:
    urgent, delivery = candidate
    edit = delivery.kind is DeliveryKind.UPDATE
    return not urgent, edit, delivery.created_at, delivery.order, delivery.key


_FREED: Mapping[str, Any] = {"lease_owner": None, "lease_until": None}
