"""What people can break on the page: the faults of the drill in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.drill.fault import PutFault

WORDS: Mapping[tuple[str, str], str] = {
    ("services", "closed"): "Take away the permission to call a service",
    ("services", "old revision serves"): "Leave traffic on an old revision",
    ("services", "variable lost"): "Lose an environment variable in a deploy",
    ("services", "variable changed"): "Change an environment variable",
    ("services", "variable misspelled"): "Deploy an environment variable with a blank at its end",
    ("services", "not ready"): "Deploy a revision that does not start",
    ("services", "missing"): "Delete a service",
    ("services", "no instances"): "Let a service scale to nothing",
    ("jobs", "silent"): "Silence a scheduled job",
    ("jobs", "paused"): "Pause a scheduled job",
    ("jobs", "failing"): "Let a scheduled job fail",
    ("jobs", "deleted"): "Delete a scheduled job",
    ("rows", "half"): "Halve a table",
    ("rows", "none"): "Empty a table",
    ("rows", "doubled"): "Write every row twice",
    ("rows", "of yesterday"): "Write yesterday's rows again",
    ("rows", "not renewed"): "Do not renew a table",
    ("rows", "group gone"): "Leave a group of rows out",
    ("rows", "one a group"): "Leave one row of each group",
    ("values", "NULL in half"): "Half of a column is NULL",
    ("values", "all NULL"): "A whole column is NULL",
    ("values", "all zero"): "A whole column is 0",
    ("values", "constant"): "A column has one value only",
    ("values", "out of range"): "A column is out of its range",
    ("values", "another unit"): "A column is in another unit",
    ("values", "one direction"): "A column says the same of everything",
    ("values", "key matches nothing"): "A key matches nothing",
    ("values", "one renamed"): "Write one name in another way",
    ("documents", "absent"): "Lose a completion document",
    ("documents", "task missing"): "A processor does not report",
    ("documents", "task failed"): "A processor reports a failure",
    ("documents", "0 records"): "A processor reports no records",
    ("documents", "time to come"): "A processor reports a time to come",
    ("documents", "text for boolean"): "A flag is a text instead of true",
    ("subscriptions", "missing"): "Delete a subscription",
    ("subscriptions", "doubled"): "Subscribe twice",
    ("subscriptions", "detached"): "Detach a subscription",
    ("subscriptions", "wrong audience"): "Push with a wrong audience",
    ("subscriptions", "backlog"): "Let messages pile up",
    ("builds", "failed"): "Let a build fail",
    ("builds", "stale"): "Merge what nobody deploys",
    ("sources", "down"): "Let a source be down",
    ("sources", "slow"): "Let a source be too slow",
    ("sources", "half"): "Forbid one table or collection",
}
"""What happens, by kind and name of fault, in the order in which the page offers it."""


def offered(faults: Iterable[PutFault]) -> Sequence[Mapping[str, Any]]:
    """Return what can be broken: what happens, and where it can, as key and words."""
    places: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for each in faults:
        words = " ".join(filter(None, (each.place.name, each.detail)))
        places.setdefault((each.kind, each.name), []).append({"key": each.key, "words": words})
    order = list(WORDS)
    known = sorted(places, key=lambda sort: order.index(sort) if sort in WORDS else len(order))
    return [{"words": words_of(*sort), "places": places[sort]} for sort in known]


def words_of(kind: str, name: str) -> str:
    return WORDS.get((kind, name), f"{kind}: {name}")


def said_of(fault: PutFault) -> str:
    """Say what was broken, and where."""
    return f"{words_of(fault.kind, fault.name)}: {' '.join(filter(None, (fault.place.name, fault.detail)))}"
