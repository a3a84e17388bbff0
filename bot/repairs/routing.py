"""Where traffic goes: all of it to the latest ready revision, and the addresses of tags kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.repairs.ports import TrafficTarget

ALL = 100


def to_latest(targets: Sequence[TrafficTarget]) -> tuple[TrafficTarget, ...]:
    """Return targets that send everything to the latest ready revision; each tag keeps its revision."""
    tagged = [replace(each, percent=0) for each in targets if each.tag and each.revision]
    tag = next((each.tag for each in targets if each.tag and not each.revision), "")
    return (TrafficTarget(percent=ALL, tag=tag), *tagged)


def same(first: Sequence[TrafficTarget], second: Sequence[TrafficTarget]) -> bool:
    """Whether two lists of targets mean the same: neither their order nor a target without share and tag counts."""
    return _meaning(first) == _meaning(second)


def _meaning(targets: Sequence[TrafficTarget]) -> set[tuple[str, int, str]]:
    shares: dict[tuple[str, str], int] = {}
    for each in targets:
        key = (each.revision, each.tag)
        shares[key] = shares.get(key, 0) + each.percent
    return {(revision, share, tag) for (revision, tag), share in shares.items() if share or tag}


def in_words(targets: Sequence[TrafficTarget], latest: str) -> str:
    """Return the shares, the greatest first: "worker-00007 100 % (latest)"."""
    shares = sorted((each for each in targets if each.percent), key=lambda each: (-each.percent, each.revision))
    words = [f"{each.revision or f'{latest} (latest)'} {each.percent} %" for each in shares]
    return ", ".join(words) or f"{latest} (latest) {ALL} %"
