"""Which healthy worlds are broken, and by which faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count as iterate
from pathlib import Path

from bot.composition.validation import pipeline_of, scenario_of, source_of
from bot.drill.fault import PutFault
from bot.drill.faults import sampled
from bot.drill.pairs import PairScore
from bot.drill.run import Ground, drilled_pairs, ground_of
from bot.request import RequestError
from bot.scenarios.scenario import Scenario, load_scenario, shipped_scenarios
from bot.settings import Settings
from checks.model import Outcome, Report, Verdict

MORE = 10
"""Faults that are put alone beyond one for each pair: not every fault is named, and not every two are unrelated."""


def grounds_of(
    pipeline_file: Path | None, scenario: str | None, *, cascade: bool = True, whole: bool = True
) -> tuple[Ground, ...]:
    """Return the healthy worlds that are meant.

    Without a scenario these are the shipped ones of the pipeline in which all is clear and nothing of the interval is
    still due, where there are any those whose learned limits all have history; with ``whole`` false, all in which all
    is clear. Raises RequestError where there is none, or the scenario is not healthy, PipelineFileError.
    """
    named = scenario_of(scenario)
    if named is not None:
        ground = ground_of(pipeline_of(pipeline_file, None, named), named, cascade=cascade)
        if ground.report.verdict is not Verdict.ALL_CLEAR:
            text = f"{named.file.name} says {ground.report.verdict} before anything is broken; a drill needs ALL CLEAR."
            raise RequestError(text)
        return (ground,)
    wanted = source_of(pipeline_file) if pipeline_file or Settings.from_environment().pipeline else None
    if wanted is not None:
        pipeline_of(pipeline_file)  # a file that cannot be used has no scenario either
    grounds = [
        ground_of(pipeline_of(pipeline_file, None, each), each, cascade=cascade) for each in healthy_scenarios(wanted)
    ]
    found = tuple(
        each for each in grounds if is_complete(each.report) or (not whole and each.report.verdict is Verdict.ALL_CLEAR)
    )
    if not found:
        message = (
            "No shipped scenario of this pipeline is healthy: name one with --scenario FILE; 'reveille init' and "
            "'reveille record' write one."
        )
        raise RequestError(message)
    judged = tuple(each for each in found if not whole or learned_everything(each.report))
    return judged or found


def learned_everything(report: Report) -> bool:
    """Whether no learned limit lacked history: a day with one game is healthy, and says little of what is missed."""
    return all(finding.code != "not-enough-history" for _, finding in report.findings())


def healthy_scenarios(pipeline_file: Path | None) -> Iterable[Scenario]:
    """Yield the shipped scenarios of a pipeline, by default any, that state ALL CLEAR and no finding."""
    for name in shipped_scenarios():
        scenario = load_scenario(name)
        expect = scenario.file.expect
        is_of_it = pipeline_file is None or scenario.pipeline == pipeline_file
        if is_of_it and expect.verdict is Verdict.ALL_CLEAR and not expect.findings:
            yield scenario


def is_complete(report: Report) -> bool:
    """Whether everything of the judged interval was looked at: nothing of it waits, and it has something to do."""
    of_it = [finding for _, finding in report.findings() if finding.interval == report.previous]
    is_waiting = any(finding.outcome is Outcome.WAITING for finding in of_it)
    passed = sum(finding.outcome is Outcome.PASSED for finding in of_it)
    skipped = sum(finding.outcome is Outcome.SKIPPED for finding in of_it)
    return report.verdict is Verdict.ALL_CLEAR and not is_waiting and passed > skipped


def faults_of(
    grounds: Sequence[Ground], count: int, seed: int, only: Sequence[str] = ()
) -> tuple[tuple[Ground, PutFault], ...]:
    """Draw faults, spread evenly over the worlds."""
    found: list[tuple[Ground, PutFault]] = []
    for number, ground in enumerate(grounds):
        share = (count - len(found)) // (len(grounds) - number)
        found += [(ground, each) for each in sampled(_faults(ground, only), share, seed + number)]
    return tuple(found)


def _faults(ground: Ground, only: Sequence[str]) -> Sequence[PutFault]:
    return [each for each in ground.faults if not only or each.kind in only]


def pairs_of(
    grounds: Sequence[Ground], count: int, seed: int, only: Sequence[str], observe: Callable[[str], None]
) -> Sequence[PairScore]:
    """Draw pairs of faults, spread evenly over the worlds, of as many faults as pairs and a few more, and drill them.
    ``observe`` gets how far it is before each validation. A source that fails has no place in the pipeline."""
    found: list[PairScore] = []
    steps, total = iterate(1), 2 * count + MORE * len(grounds)
    for number, ground in enumerate(grounds):
        share = (count - len(found)) // (len(grounds) - number)
        faults = [each for each in _faults(ground, only) if each.kind != "sources"]
        drawn = sampled(faults, share + MORE, seed + number)
        found += drilled_pairs(ground, drawn, share, seed + number, lambda: observe(f"{next(steps)} of {total}"))
    return found
