"""What the bench reports: named figures, and the limits that they must hold."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table. ``limit`` is the highest value that is good enough, None where none is set."""

    key: str
    title: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def ok(self) -> bool | None:
        """Whether the limit holds; None without one."""
        return None if self.limit is None else self.value <= self.limit

    def as_json(self) -> Mapping[str, Any]:
        return {**asdict(self), "ok": self.ok}


MEGABYTE = 1_000_000
HELP_LIMIT = 0.3
MEMORY_LIMIT = 200.0
SYNTHETIC_LIMIT = 1.2
CONTROL_PLANE_LIMIT = 1.15
ACKNOWLEDGED_LIMIT = 2.0
"""Times the bare server's: what the product and a validation may add to what the machine needs anyway."""

SLOW_LIMIT = 1.0
"""Seconds; Slack gives three."""

READY_LIMIT = 2.0
SERVING_MEMORY_LIMIT = 220.0
GROWTH_LIMIT = 10.0
STEEPEST = 1.25
"""How much faster than the pipeline anything may grow."""

MEMORY_GROWTH_LIMIT = 1.5
"""Most of the memory is the clients' libraries, whatever the pipeline."""


def wall_limit(ideal: float) -> float:
    """Return the seconds that a validation may take whose slowest chain of looks takes ``ideal``."""
    return 1.15 * ideal + 0.1


def differences(findings: Iterable[str], recorded: Iterable[str]) -> int:
    """Return how many findings a run has that the recorded one has not, and the other way round."""
    found, stated = Counter(findings), Counter(recorded)
    return ((found - stated) + (stated - found)).total()


def validation_figures(validation: Mapping[str, Any], delay: float) -> list[Figure]:
    """Judge the runs of the whole validation; ``delay`` is what every answer takes, in seconds."""
    cold, warm, one_by_one = validation["cold"], validation["warm"], validation["one_by_one"]
    walls = [run["wall"] for run in warm]
    median, last = statistics.median(walls), warm[-1]
    ideal = last["depth"] * delay
    limit = wall_limit(ideal)
    in_sequence = sum(source["seconds"] for source in last["sources"].values())
    figures = [
        Figure(key="ideal", title="Slowest chain of looks (ideal)", value=ideal, unit="s"),
        Figure(key="wall_median", title=f"Full validation, median of {len(warm)}", value=median, unit="s", limit=limit),
        Figure(key="wall_worst", title="Full validation, worst", value=max(walls), unit="s", limit=limit),
        Figure(key="wall_cold", title="Full validation, first in a process", value=cold["wall"], unit="s"),
        Figure(key="ratio_ideal", title="Median against the ideal", value=median / ideal, unit="x"),
        Figure(key="sum", title="Sum of all looks", value=in_sequence, unit="s"),
        Figure(key="speed_up_sum", title="Faster than that sum", value=in_sequence / median, unit="x"),
    ]
    if one_by_one is not None:
        wall = one_by_one["wall"]
        figures += [
            Figure(key="one_by_one", title="One look after another, measured", value=wall, unit="s"),
            Figure(key="speed_up", title="Faster than one after another", value=wall / median, unit="x"),
        ]
    repeated = sum(len(run["seen"]["repeated"]) for run in (cold, *warm))
    different = sum(run["different"] for run in (cold, *warm))
    figures += [
        Figure(key="different", title="Findings other than the recorded ones", value=different, unit="", limit=0),
        Figure(key="repeated", title="Fetched more than once in a run", value=repeated, unit="", limit=0),
        Figure(key="cpu", title="CPU of a run", value=statistics.median(run["cpu"] for run in warm), unit="s"),
        Figure(key="memory", title="Peak memory", value=last["peak_memory"] / MEGABYTE, unit="MB", limit=MEMORY_LIMIT),
    ]
    return figures


def synthetic_figures(runs: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """Judge the runs of synthetic looks, all of one shape."""
    first = runs[0]
    wall = statistics.median(run["wall"] for run in runs)
    title = f"{first['reads']} reads of {first['seconds'] * 1000:g} ms, {first['bound']} at once"
    return [
        Figure(key="synthetic_wall", title=title, value=wall, unit="s"),
        Figure(
            key="synthetic_ratio",
            title="The same against the ideal",
            value=wall / first["ideal"],
            unit="x",
            limit=SYNTHETIC_LIMIT,
        ),
    ]


def control_plane_figures(measured: Mapping[str, Sequence[Mapping[str, Any]]], delay: float) -> list[Figure]:
    """Judge every check on the control plane of a large estate, by where its repository is read."""
    figures: list[Figure] = []
    for where, runs in measured.items():
        key = f"control_plane_{where.lower()}"
        wall, cpu = (statistics.median(run[name] for run in runs) for name in ("wall", "cpu"))
        ideal = max(run["chain"] for run in runs) * delay
        title = f"Control plane with a repository in a {where}" if where == "clone" else f"Control plane with {where}"
        figures += [
            Figure(key=key, title=title, value=wall, unit="s", limit=CONTROL_PLANE_LIMIT * ideal),
            Figure(key=f"{key}_ratio", title="The same against its slowest chain", value=wall / ideal, unit="x"),
            Figure(key=f"{key}_cpu", title="CPU of such a run", value=cpu, unit="s"),
        ]
    every = [run for runs in measured.values() for run in runs]
    repeated = sum(len(run["seen"]["repeated"]) for run in every)
    other = sum(len(run["failed"]) + len(run["skipped"]) for run in every)
    return [
        *figures,
        Figure(key="control_plane_repeated", title="Asked for more than once there", value=repeated, unit="", limit=0),
        Figure(key="control_plane_failed", title="Not passed there, or not judged", value=other, unit="", limit=0),
    ]


def start_figures(bare: float, help_text: float) -> list[Figure]:
    """Judge the start of the command."""
    return [
        Figure(key="start_bare", title="Python itself", value=bare, unit="s"),
        Figure(key="start_help", title="reveille --help", value=help_text, unit="s", limit=HELP_LIMIT),
    ]


def serving_figures(measured: Mapping[str, Any], at_once: int) -> list[Figure]:
    """Judge the process that serves."""
    memory, settled = measured["memory"], measured["settled"]
    growth = (memory[-1] - settled) / MEGABYTE
    acknowledged = f"Acknowledgement, {at_once} at once in a run"
    return [
        Figure(
            key="ready",
            title=f"reveille serve until ready, median of {len(measured['ready'])}",
            value=statistics.median(measured["ready"]),
            unit="s",
            limit=READY_LIMIT,
        ),
        Figure(key="acknowledged_p50", title=f"{acknowledged}, p50", value=measured["p50"], unit="s"),
        Figure(key="acknowledged_p99", title=f"{acknowledged}, p99", value=measured["p99"], unit="s"),
        Figure(key="bare_p99", title="The same of the bare server, p99", value=measured["bare_p99"], unit="s"),
        Figure(
            key="acknowledged_ratio",
            title="Acknowledgement against the bare server",
            value=measured["p99"] / measured["bare_p99"],
            unit="x",
            limit=ACKNOWLEDGED_LIMIT,
        ),
        Figure(
            key="slow_clients",
            title="Acknowledgement beside 50 slow clients, worst shape",
            value=max(measured["slow"].values()),
            unit="s",
            limit=SLOW_LIMIT,
        ),
        Figure(key="refused", title="Commands that were not answered 200", value=measured["refused"], unit="", limit=0),
        Figure(
            key="serving_memory",
            title=f"Memory of reveille serve, highest of {len(memory)} runs",
            value=max(memory) / MEGABYTE,
            unit="MB",
            limit=SERVING_MEMORY_LIMIT,
        ),
        Figure(key="serving_growth", title="Growth once settled", value=growth, unit="MB", limit=GROWTH_LIMIT),
        *hostile_figures(measured["hostile"]),
    ]


def hostile_figures(hostile: Mapping[str, float]) -> list[Figure]:
    """Judge what became of the process among hostile requests."""
    title = f"{hostile['count']} hostile requests"
    growth = hostile["growth"] / MEGABYTE
    return [
        Figure(key="hostile_failed", title=f"{title}, answered 5xx", value=hostile["failed"], unit="", limit=0),
        Figure(key="hostile_hung", title=f"{title}, not answered", value=hostile["hung"], unit="", limit=0),
        Figure(key="hostile_slowest", title=f"{title}, slowest answer", value=hostile["slowest"], unit="s"),
        Figure(key="hostile_growth", title=f"{title}, memory grown", value=growth, unit="MB", limit=GROWTH_LIMIT),
    ]


def growth_figures(growth: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """Judge how what a pipeline costs grows with it: ``growth`` has a run for each size, the smallest first.

    Only the last two sizes are compared; below them, what every run costs hides the growth.
    """
    before, after = growth[-2:]
    factor = after["times"] / before["times"]
    limit = STEEPEST * factor
    sizes = f"{after['times']}x against {before['times']}x"
    steepness = {name: after["steps"][name] / before["steps"][name] for name in after["steps"]}
    steepest = max(steepness, key=lambda name: steepness[name])
    by_size = [
        Figure(key=f"growth_{key}_{run['times']}", title=f"{title} at {run['times']}x", value=value, unit=unit)
        for key, title, unit, value_of in _BY_SIZE
        for run in growth
        for value in [value_of(run)]
    ]
    return [
        *by_size,
        Figure(
            key="growth_validation",
            title=f"CPU of a validation, {sizes}",
            value=after["cpu"] / before["cpu"],
            unit="x",
            limit=limit,
        ),
        Figure(
            key="growth_digest",
            title=f"CPU of a digest, {sizes}",
            value=after["digest"] / before["digest"],
            unit="x",
            limit=limit,
        ),
        Figure(
            key="growth_steepest",
            title=f"Steepest step ({steepest}), {sizes}",
            value=steepness[steepest],
            unit="x",
            limit=limit,
        ),
        Figure(
            key="growth_memory",
            title=f"Peak memory, {sizes}",
            value=after["peak_memory"] / before["peak_memory"],
            unit="x",
            limit=MEMORY_GROWTH_LIMIT,
        ),
        Figure(
            key="growth_timed_out",
            title="Checks that did not end in time",
            value=sum(run["timed_out"] for run in growth),
            unit="",
            limit=0,
        ),
    ]


_BY_SIZE: tuple[tuple[str, str, str, Callable[[Mapping[str, Any]], float]], ...] = (
    ("findings", "Findings", "", lambda run: run["findings"]),
    ("wall", "Validation", "s", lambda run: run["wall"]),
    ("digest", "CPU of a digest", "s", lambda run: run["digest"]),
    ("memory", "Peak memory", "MB", lambda run: run["peak_memory"] / MEGABYTE),
)


def delay_figures(delay: Mapping[str, float]) -> list[Figure]:
    """Judge how long a due hour had passed when its thread was posted."""
    return [
        Figure(
            key="due_to_thread",
            title="Due hour to alert thread, worst phase of the watch",
            value=delay["worst"],
            unit="s",
            limit=delay["watch"] + delay["run"],
        )
    ]
