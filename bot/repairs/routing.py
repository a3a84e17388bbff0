"""Where traffic goes: all of it to the latest ready revision, and the addresses of tags kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.repairs.ports import TrafficTarget

ALL = 100


def to_latest(targets: Sequence[TrafficTarget]) -> tuple[TrafficTarget, ...]:
    """Return targets that send everything to the latest ready revision; every tag keeps its revision.

    A target carries one tag, so that further tags of the latest revision are targets of their own.
    """
    tagged = [replace(each, percent=0) for each in targets if each.tag]
    first = next((each for each in tagged if not each.revision), TrafficTarget(percent=0))
    return (replace(first, percent=ALL), *(each for each in tagged if each is not first))


def same(first: Sequence[TrafficTarget], second: Sequence[TrafficTarget]) -> bool:
    """Whether two lists of targets mean the same: neither their order nor a target without share and tag counts."""
    return _meaning(first) == _meaning(second)


def _meaning(targets: Sequence[TrafficTarget]) -> set[tuple[str, int, str]]:
    shares: dict[tuple[str, str], int] = {}
    for each in targets:
        key = (each.revision, each.tag)
        shares[key] = shares.get(key, 0) + each.percent
    return {(revision, share, tag) for (revision, tag), share in shares.items() if share or tag}


def shares(targets: Sequence[TrafficTarget]) -> dict[str, int]:
    """Return the percent of each revision that gets any, the greatest first; the latest ready one has no name.

    A revision with several tags may stand in several targets.
    """
    found: dict[str, int] = {}
    for each in targets:
        found[each.revision] = found.get(each.revision, 0) + each.percent
    return dict(sorted(((name, share) for name, share in found.items() if share), key=lambda one: (-one[1], one[0])))


def in_words(targets: Sequence[TrafficTarget], latest: str) -> str:
    """Return the shares, the greatest first: "worker-00007 100 % (latest)"."""
    words = [f"{revision or f'{latest} (latest)'} {share} %" for revision, share in shares(targets).items()]
    return ", ".join(words) or f"{latest} (latest) {ALL} %"
