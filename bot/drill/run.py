"""Runs drills: one validation of each broken world, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

from bot.composition.scenario import scenario_ports
from bot.drill.due import is_early
from bot.drill.fault import Healthy, PutFault
from bot.drill.faults import KINDS
from bot.drill.pairs import PairScore, alone, pair_score, unrelated
from bot.drill.scoring import Known, Score, known, places_at, score
from bot.request import Request
from bot.scenarios.scenario import Scenario
from bot.scenarios.world import Build, Change, build_world
from bot.validation import Validation
from checks.model import Report
from checks.pipeline import Pipeline
from checks.table_names import tables_in


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A healthy scenario that drills break, with what its validation says unbroken."""

    scenario: Scenario
    healthy: Healthy
    report: Report
    known: Known

    def validated(self, *changes: Change) -> Report:
        """Validate the healthy world, which is built once, with changes made to it one after the other."""
        world = reduce(lambda changed, each: each(changed), changes, self.healthy.world)
        return validated(self.healthy.pipeline, self.scenario, lambda *_: world)

    @cached_property
    def faults(self) -> tuple[PutFault, ...]:
        """Every fault that can be put into it and be seen, kind by kind."""
        return tuple(each for each in self._every if each not in self.early)

    @cached_property
    def early(self) -> tuple[PutFault, ...]:
        """The faults that nobody can see at the clock of the world."""
        return tuple(each for each in self._every if is_early(each, self.healthy.pipeline, self.report))

    @cached_property
    def _every(self) -> tuple[PutFault, ...]:
        return tuple(fault for kind in KINDS.values() for fault in kind(self.healthy))


def validated(pipeline: Pipeline, scenario: Scenario, build: Build = build_world) -> Report:
    """Validate a scenario's world. Raises PipelineFileError, DemoExtraMissing, RequestError."""
    ports = scenario_ports(pipeline, scenario, build=build)
    try:
        validation = Validation(pipeline, ports, lambda: ports.now, jobs_before=lambda _: ports.jobs_before)
        return validation.run(validation.plan(Request(interval=scenario.file.requested, trigger="drill")))
    finally:
        ports.close()


def ground_of(pipeline: Pipeline, scenario: Scenario, *, cascade: bool = True) -> Ground:
    """Validate the healthy world. Raises as ``validated`` does."""
    report = validated(pipeline, scenario)
    healthy = healthy_of(pipeline, scenario, report, cascade=cascade)
    return Ground(scenario=scenario, healthy=healthy, report=report, known=known(report))


def healthy_of(pipeline: Pipeline, scenario: Scenario, report: Report, *, cascade: bool = True) -> Healthy:
    """Return what faults are put into: a scenario's world, with what its validation has read."""
    return Healthy(
        pipeline=pipeline,
        world=build_world(pipeline, scenario),
        previous=report.previous,
        current=report.current,
        asked=frozenset(read.source for read in report.reads),
        tables=frozenset(table for read in report.reads for table in tables_in(read.key)),
        cascade=cascade,
    )


def drilled(ground: Ground, fault: PutFault) -> Score:
    """Break the world, validate it, and say what came of it."""
    pipeline = ground.healthy.pipeline
    report = ground.validated(fault.change)
    return score(fault, report, ground.known, places_at(fault.place, pipeline, ground.healthy.world), pipeline)


def drill(
    ground: Ground, faults: Sequence[PutFault], observe: Callable[[Score], None] = lambda _: None
) -> tuple[Score, ...]:
    """Put one fault after another into the healthy world; ``observe`` gets each score as it comes."""
    scores = []
    for fault in faults:
        scores.append(drilled(ground, fault))
        observe(scores[-1])
    return tuple(scores)


def drilled_pairs(
    ground: Ground, faults: Sequence[PutFault], count: int, seed: int, observe: Callable[[], None] = lambda: None
) -> Iterator[PairScore]:
    """Put each fault into the healthy world alone, then so many pairs of unrelated ones; ``observe`` is called before
    each validation."""
    pipeline = ground.healthy.pipeline

    def broken(*changes: Change) -> Report:
        observe()
        return ground.validated(*changes)

    singles = [alone(each, broken(each.change), ground.report, pipeline, ground.healthy.world) for each in faults]
    for one, other in unrelated(singles, count, seed, pipeline):
        yield pair_score(one, other, broken(one.fault.change, other.fault.change), pipeline)
