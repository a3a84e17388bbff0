"""No step after the checks grows faster than the pipeline. Lines of code that run are counted: they do not depend on
how busy the machine is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.definition.pipeline_file import shipped_pipeline
from checks.catalog import checks_of
from checks.diagnosis import diagnose
from checks.facts import NOTHING
from checks.facts.control_plane import InvokerFacts
from checks.folding import Folding, names_of
from checks.model import CheckResult, Finding, Outcome, Report, Severity
from checks.pipeline import Pipeline
from checks.registry import Check
from tests.bench.counting import lines_of
from tests.bench.growing import grown
from tests.bench.growing_steps import STEPS, Case
from tests.fakes import NIGHT, SLATE

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
FEW, MANY = 1, 4
ROWS = 10

LIMIT = 1.1
"""How much faster than its input a step may grow: sorting does a little. A thirtieth of the work done for each pair of
things is over it."""

REFUSED = {"invoker": "caller-refused", "service-ready": "not-ready", "service-traffic": "stale-revision"}


PLATFORM, DATA = "the platform fails", "data fail"


def case(times: int, morning: str) -> Case:
    """A bad morning: of each check a third of the rows fail, and with the platform a third of the services as well."""
    pipeline = grown(shipped_pipeline(), times)
    checks = checks_of(pipeline)
    results = tuple(result_of(check, pipeline, morning) for check in checks)
    report = Report(
        pipeline=pipeline.name,
        title=pipeline.title,
        previous=NIGHT,
        current=SLATE,
        now=NOW,
        trigger="bench",
        partial=False,
        results=results,
        causes=diagnose(pipeline, checks, results),
    )
    return Case(report=report, pipeline=pipeline, checks=checks)


def result_of(check: Check, pipeline: Pipeline, morning: str) -> CheckResult:
    folding = Folding(check.id, names_of(pipeline))
    for number, subject in enumerate(subjects_of(check, pipeline)):
        fails = number % 3 == 0 and (morning == PLATFORM or check.spec is not None)
        folding.add(finding(check, subject, fails=fails, known=number % 2 == 0))
    return CheckResult(
        check=check.id, title=check.title, phase=check.phase, findings=folding.findings(), started_at=NOW, duration=0
    )


def subjects_of(check: Check, pipeline: Pipeline) -> list[str]:
    if check.id == "trigger":
        return [each.id for each in pipeline.transitions]
    if check.id in REFUSED or check.id in ("zero-invocations", "environment-change"):
        return [each.name for each in pipeline.services]
    return [f"row {number}" for number in range(ROWS)]


def finding(check: Check, subject: str, *, fails: bool, known: bool) -> Finding:
    about: dict[str, Any] = {"subject": subject, "phase": check.phase, "summary": f"{subject} of {check.id} is so."}
    if check.spec is not None or check.id == "trigger":
        about["interval"] = NIGHT
    if not fails:
        return Finding(outcome=Outcome.PASSED, code="as-expected", **about)
    if not known:
        return Finding(outcome=Outcome.UNKNOWN, code="no-value", severity=Severity.P1, **about)
    code = REFUSED.get(check.id) or ("not-triggered" if check.id == "trigger" else "too-few")
    facts = InvokerFacts(caller=("someone@example.com",)) if check.id == "invoker" else NOTHING
    return check.placed(Finding(outcome=Outcome.FAILED, code=code, severity=Severity.P1, facts=facts, **about))


@pytest.fixture(scope="module", params=[PLATFORM, DATA])
def mornings(request: pytest.FixtureRequest) -> tuple[Case, Case]:
    """A small pipeline and a large one on the same bad morning, whose stored reports are made already."""
    few, many = case(FEW, request.param), case(MANY, request.param)
    assert few.stored.key == many.stored.key
    return few, many


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.slow
def test_a_step_grows_no_faster_than_the_pipeline(name: str, mornings: tuple[Case, Case]) -> None:
    few, many = mornings

    growth = lines_of(lambda: STEPS[name](many)) / lines_of(lambda: STEPS[name](few))

    assert growth <= LIMIT * MANY / FEW, f"{name}: {growth:.1f} times the work for {MANY / FEW:g} times the pipeline"
