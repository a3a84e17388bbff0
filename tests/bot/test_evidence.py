"""No verdict without evidence: over every scenario with each source taken away, and over generated pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.definition.sources import SOURCES as TABLE
from bot.replay import replay
from bot.request import Request
from bot.scenarios.scenario import Fault, Scenario, load_scenario, shipped_scenarios
from bot.validation import Validation
from checks.model import Outcome, Report, Severity, Verdict
from checks.pipeline import Pipeline
from checks.ports.audit import AUDIT
from checks.ports.documents import FIRESTORE
from checks.ports.repository import REPOSITORY
from checks.ports.services import CLOUD_RUN
from checks.ports.warehouse import BIGQUERY
from tests.fakes import FakeControlPlane, FakeDocuments, FakeWarehouse, down, pipeline, ports
from tests.pipelines.nba_world import NBA
from tests.replayed import replayed, with_others_of
from tests.thoroughness import OFTEN, examples
from tests.validated import validated as run

SOURCES = tuple(line.source.name for line in TABLE if line.source not in (REPOSITORY, AUDIT))
CALM = (Verdict.ALL_CLEAR, Verdict.WATCH)
MORNING = datetime(2026, 2, 11, 13, tzinfo=UTC)


@cache
def judged(name: str, without: str | None = None) -> Report:
    if without is None:
        return replayed(name).report
    scenario = load_scenario(name)
    *below, last = scenario.layers
    stated = [each.content.faults for each in scenario.layers if each.content.faults is not None]
    fault = Fault.model_validate({"source": without, "problem": "unavailable"})
    changed = last.content.model_copy(update={"faults": (*(stated[-1] if stated else ()), fault), "after_repairs": ()})
    return replay(Scenario(layers=(*below, replace(last, content=changed))), NBA).report


def checked(report: Report) -> bool:
    return any(finding.checked for _, finding in report.findings())


def better(before: Report, after: Report) -> bool:
    """Whether a verdict improved although less was seen. A failure that is seen no more leaves an unknown as grave."""
    if after.verdict in CALM:
        return list(Verdict).index(after.verdict) > list(Verdict).index(before.verdict)
    if before.verdict is Verdict.BLOCKED and after.verdict is Verdict.ACT:
        grave = {(finding.outcome, finding.severity) for _, finding in after.findings()}
        return (Outcome.UNKNOWN, Severity.P0) not in grave
    return False


def taken_away() -> Iterator[Any]:
    """Every scenario without each source. Every day a few that are replayed anyway meet one of them."""
    for number, name in enumerate(shipped_scenarios()):
        for at, source in enumerate(SOURCES):
            often = number % OFTEN == 0 and at == number // OFTEN % len(SOURCES)
            marks = [with_others_of(name), *([] if often else [pytest.mark.slow])]
            yield pytest.param(name, source, marks=marks, id=f"{name} without {source}")


@pytest.mark.parametrize(("name", "source"), list(taken_away()))
@pytest.mark.sampled(3)
def test_taking_a_source_away_never_makes_the_verdict_of_a_scenario_better(name: str, source: str) -> None:
    before, after = judged(name), judged(name, source)

    assert not better(before, after)
    assert all(checked(each) for each in (before, after) if each.verdict is not Verdict.UNKNOWN)


@st.composite
def pipelines(draw: st.DrawFn) -> Pipeline:
    """A pipeline with some of its sections, and checks whose rows pass, fail, are set aside or lack a value."""
    conditions: dict[str, Any] = {"games": {"title": "games", "otherwise": "no games", "query": sql("games")}}
    if draw(st.booleans()):
        conditions["games"]["doubt"] = {"documents": ["phase3_completion"], "query": sql("doubt")}
    transition = {"id": "phase3_to_phase4", "title": "3 to 4", "from": "phase3", "to": "phase4", "when": "games"}
    described = {
        "conditions": conditions,
        "transitions": [{**transition, "state": "phase3_completion"}] if draw(st.booleans()) else [],
        "services": [{"name": "worker", "phase": "phase3"}] if draw(st.booleans()) else [],
        "checks": [draw(sql_checks(f"check-{number}")) for number in range(draw(st.integers(0, 2)))],
    }
    return Pipeline.model_validate({**pipeline().model_dump(by_alias=True), **described})


@st.composite
def sql_checks(draw: st.DrawFn, name: str) -> dict[str, Any]:
    optional: dict[str, Any] = {
        "when": "games",
        "due": draw(st.sampled_from(["+1d 07:00", "+1d 23:00"])),
        "before_due": draw(st.sampled_from(["wait", "note"])),
    }
    kept = {key: value for key, value in optional.items() if draw(st.booleans())}
    return {
        "id": name,
        "title": name,
        "rationale": "Why.",
        "query": sql(name),
        "subject": "rows",
        "summary": "{number} rows",
        "expected": "Rows.",
        "rules": [
            {
                "if": {"number": {"equals": 0}},
                "severity": draw(st.sampled_from(["P0", "P1", "P2", "P3"])),
                "code": "none",
            },
            {
                "if": {"number": {"equals": 1}},
                "outcome": draw(st.sampled_from(["skipped", "waiting"])),
                "code": "aside",
            },
        ],
        **kept,
    }


def sql(label: str) -> str:
    return f"SELECT {label.replace('-', '_')} AS number FROM {{data}}.facts WHERE game_date = @date"


counts = st.sampled_from([None, float("nan"), 0, 1, 14])
answers = st.fixed_dictionaries(
    {
        label: st.lists(st.fixed_dictionaries({"number": counts}), min_size=1, max_size=1)
        for label in ("games", "games-doubt", "check-0", "check-1")
    }
)


def validated(
    described: Pipeline, rows: dict[str, Any], documents: dict[str, Any], without: str | None = None
) -> Report:
    prepared = {f"phase{number}": [{"row_count": number - 3}] for number in range(1, 7)} | rows
    gone = down(without) if without is not None else None
    known = ports(
        documents=FakeDocuments(documents, failure=gone if without == FIRESTORE.name else None),
        warehouse=FakeWarehouse((lambda _: gone) if without == BIGQUERY.name else prepared),
        control_plane=FakeControlPlane({"worker": gone} if without == CLOUD_RUN.name and gone else {}),
    )
    return run(Validation(described, known, lambda: MORNING), Request())


@settings(max_examples=examples(60))
@given(pipelines(), answers, st.booleans())
def test_no_generated_pipeline_is_judged_without_evidence(
    described: Pipeline, rows: dict[str, Any], started: bool
) -> None:
    documents: dict[str, Any] = {"phase3_completion/2026-02-10": {}} if started else {}
    before = validated(described, rows, documents)
    after = {source: validated(described, rows, documents, source.name) for source in (BIGQUERY, FIRESTORE, CLOUD_RUN)}

    assert [source for source, report in after.items() if better(before, report)] == []
    assert all(checked(each) for each in (before, *after.values()) if each.verdict is not Verdict.UNKNOWN)


def test_a_pipeline_file_with_nothing_to_check_is_unknown() -> None:
    described = pipeline(conditions={})
    report = validated(described, {}, {})

    assert report.verdict is Verdict.UNKNOWN
    assert {finding.code for _, finding in report.findings()} == {"not-configured"}


@pytest.mark.parametrize("checks", [("drift",), ("invoker", "edges"), ("subscriptions", "scheduler-jobs")], ids=str)
def test_a_run_of_checks_that_are_not_configured_is_unknown(checks: tuple[str, ...]) -> None:
    known = ports()
    report = run(Validation(pipeline(), known, lambda: MORNING), Request(checks=checks))

    assert report.verdict is Verdict.UNKNOWN
