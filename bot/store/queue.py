"""Which deliveries may go now: one pure decision that both stores share.

Each sink claims its own. Deliveries with one target, or with one lane of their own, form a lane: they go one after the
other in their order, and the lane waits when its first one waits. An edit that a later edit of the same message follows
is needless. A lane whose target was given up for good has nowhere to go.

Channels take turns, so that a long queue for one does not delay another; those that fail come after all others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.store.model import EVERY_CHANNEL_WORKS, Channels, Delivery, DeliveryKind, DeliveryState

CLOCKS_DIFFER = timedelta(minutes=1)
"""The clocks of two instances may; a clock that differs from what is stored by more was set back since."""

LONGEST_LEASE = timedelta(minutes=15)
"""A lease that has longer to go was stored by a clock that was set back since: nobody leases for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a claim changes: what it leases, and what it found needless or hopeless on the way."""

    claimed: Sequence[Delivery] = ()
    closed: Sequence[Delivery] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A delivery that may go now. ``urgent`` says whether anything in its lane is."""

    delivery: Delivery
    urgent: bool
    channel: str


def choose(
    pending: Iterable[Delivery],
    targets: Mapping[str, Delivery],
    *,
    owner: str,
    now: datetime,
    lease_until: datetime,
    limit: int,
    channels: Channels = EVERY_CHANNEL_WORKS,
) -> Choice:
    """Return the deliveries to lease, best first, and those to close.

    ``targets`` has the stored deliveries that pending ones refer to. Urgent lanes go first, then each channel in
    its turn, then messages before edits, then the oldest. Taking over a lease that ran out counts an attempt:
    whoever had it may have posted.
    """
    pending = [each for each in pending if each.sink == channels.sink]
    free: list[_Candidate] = []
    closed: list[Delivery] = []
    for target, lane in _lanes(pending):
        waiting, hopeless = _still_wanted(lane, targets.get(target) if target is not None else None, now)
        closed += hopeless
        if waiting and _may_go(waiting[0], targets, now):
            urgent = any(each.urgent for each in waiting)
            free.append(_Candidate(delivery=waiting[0], urgent=urgent, channel=_channel(waiting[0], targets)))
    open_now = [each for each in free if not _is_held(each, channels)]
    troubled = channels.failing | {_channel(each, targets) for each in pending if each.error}
    healthy = _in_turn(each for each in open_now if each.channel not in troubled)
    last = _in_turn(each for each in open_now if each.channel in troubled)[:1]
    # A single place goes to a channel without trouble; of several, one is kept for those with trouble.
    kept = len(last) if limit > 1 else 0
    chosen = [*healthy[: max(limit - kept, 0)], *last][: max(limit, 0)]
    return Choice(claimed=[_leased(each.delivery, owner, lease_until) for each in chosen], closed=closed)


def referred(pending: Iterable[Delivery]) -> Sequence[str]:
    """Return the keys of the targets of deliveries, each once."""
    return list(dict.fromkeys(each.target for each in pending if each.target is not None))


def in_order(deliveries: Iterable[Delivery]) -> Sequence[Delivery]:
    """Return deliveries with the oldest first."""
    return sorted(deliveries, key=lambda each: (each.created_at, each.order, each.key))


def _in_turn(free: Iterable[_Candidate]) -> Sequence[_Candidate]:
    """Return urgent ones first, and of each channel its first, then its second, and so on."""
    turns: Counter[tuple[bool, str]] = Counter()
    ranked = []
    for each in sorted(free, key=_priority):
        queue = (not each.urgent, each.channel)
        ranked.append((not each.urgent, turns[queue], _priority(each), each))
        turns[queue] += 1
    return [each for *_, each in sorted(ranked, key=lambda found: found[:3])]


def _is_held(candidate: _Candidate, channels: Channels) -> bool:
    edit = candidate.delivery.kind is DeliveryKind.UPDATE
    return candidate.channel in (channels.edits_waiting if edit else channels.waiting)


def _channel(delivery: Delivery, targets: Mapping[str, Delivery]) -> str:
    """Return where a delivery goes: what belongs to a message, to where that one stands."""
    target = targets.get(delivery.target or "")
    return (target.posted_channel if target is not None else None) or delivery.channel


def _lanes(pending: Iterable[Delivery]) -> Iterable[tuple[str | None, list[Delivery]]]:
    """Yield every lane in its order; a POST without one is a lane of its own."""
    lanes: dict[tuple[str | None, ...], list[Delivery]] = {}
    for each in pending:
        alone = None if each.target or each.lane else each.key
        lanes.setdefault((each.target, each.lane and f"{each.channel} {each.lane}", alone), []).append(each)
    for (target, *_), lane in lanes.items():
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


def _priority(candidate: _Candidate) -> tuple[bool, datetime, int, str]:
    delivery = candidate.delivery
    return delivery.kind is DeliveryKind.UPDATE, delivery.created_at, delivery.order, delivery.key


_FREED: Mapping[str, Any] = {"lease_owner": None, "lease_until": None}
