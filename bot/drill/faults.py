"""Every fault that a drill knows, by the kind of place that it breaks."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import islice, zip_longest

from bot.drill.documents import documents_faults
from bot.drill.fault import Faults, Healthy, PutFault
from bot.drill.platform import builds_faults, jobs_faults, services_faults, sources_faults, subscriptions_faults
from bot.drill.rows import rows_faults, values_faults

KINDS: Mapping[str, Callable[[Healthy], Faults]] = {
    "rows": rows_faults,
    "values": values_faults,
    "documents": documents_faults,
    "jobs": jobs_faults,
    "services": services_faults,
    "subscriptions": subscriptions_faults,
    "builds": builds_faults,
    "sources": sources_faults,
}
"""The kinds of faults, by name; the first paragraph of each docstring says what is broken."""


def sampled(faults: Sequence[PutFault], count: int, seed: int) -> tuple[PutFault, ...]:
    """Return so many faults, fewer where there are no more: each kind and name of fault in turn, in a random order.

    The same seed gives the same sample, and a longer one begins with a shorter one.
    """
    draw = random.Random(seed)  # noqa: S311 - a sample, not a secret
    shuffled = list(faults)
    draw.shuffle(shuffled)
    by_sort: dict[tuple[str, str], list[PutFault]] = {}
    for each in shuffled:
        by_sort.setdefault((each.kind, each.name), []).append(each)
    sorts = sorted(by_sort)
    draw.shuffle(sorts)
    in_turn = (each for turn in zip_longest(*(by_sort[sort] for sort in sorts)) for each in turn if each is not None)
    return tuple(islice(in_turn, count))
