from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from checks.context import Context
from checks.folding import LISTED
from checks.model import CheckResult, Finding, Outcome, Severity
from checks.pipeline import Limits, Pipeline
from checks.ports.warehouse import Query, read_rows
from checks.reads import ReadCache
from checks.registry import Check, Judge
from checks.runner import HEAD_START, Run, longest_first, run_checks, suppressed
from checks.source import Ports, Problem, SourceError
from checks.tolerated_spec import Suppression
from tests.fakes import NIGHT, FakeWarehouse, pipeline, ports

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
SOON = 5.0


def passed(subject: str = "a") -> Finding:
    return Finding(outcome=Outcome.PASSED, code="fine", subject=subject, summary="Fine.")


def failed(code: str = "broken", subject: str = "a") -> Finding:
    return Finding(outcome=Outcome.FAILED, severity=Severity.P1, code=code, subject=subject, summary="Broken.")


def check(judge: Judge, name: str = "a-check") -> Check:
    return Check(id=name, title=name, rationale="Because.", worst=Severity.P1, run=judge)


def run(*checks: Check, limits: Limits | None = None, world: Ports | None = None) -> dict[str, CheckResult]:
    described: Pipeline = pipeline(limits=limits or Limits())
    cache = ReadCache(described.limits)
    about = Run(pipeline=described, now=NOW, previous=NIGHT, current=NIGHT)
    return {result.check: result for result in run_checks(checks, about, world or ports(), cache)}


def codes(result: CheckResult) -> list[str]:
    return [finding.code for finding in result.findings]


def test_checks_with_more_rounds_of_questions_begin_before_the_others() -> None:
    checks = [
        replace(check(lambda _: iter(()), name), rounds=rounds) for name, rounds in [("a", 1), ("b", 2), ("c", 1)]
    ]

    assert [each.id for each in longest_first(checks)] == ["b", "a", "c"]


def test_checks_with_more_rounds_have_asked_before_the_others_begin() -> None:
    begun: list[str] = []
    asked = threading.Event()

    def several(context: Context) -> Iterator[Finding]:
        time.sleep(0.005)  # as on a busy machine, less than the head start
        answer = read_rows(context.reads, Query("SELECT 1"))
        asked.set()
        answer.result()
        yield passed()

    def one(context: Context) -> Iterator[Finding]:
        begun.append("behind" if asked.is_set() else "before")
        yield passed()

    def late(_: Query) -> tuple[()]:
        time.sleep(0.1)
        return ()

    run(
        *(check(one, f"one-{number}") for number in range(20)),
        replace(check(several, "several"), rounds=2),
        world=ports(warehouse=FakeWarehouse(late)),
    )

    assert begun == ["behind"] * 20


def test_a_check_that_asks_nothing_holds_the_others_up_for_a_moment_only() -> None:
    held = threading.Event()
    seconds = []

    def thinking(context: Context) -> Iterator[Finding]:
        held.wait(SOON)
        yield passed()

    def last(context: Context) -> Iterator[Finding]:
        seconds.append(time.monotonic() - began)
        held.set()
        yield passed()

    began = time.monotonic()
    run(
        replace(check(thinking, "thinking"), rounds=2),
        *(check(lambda _: iter([passed()]), f"one-{number}") for number in range(100)),
        check(last, "one-last"),
    )

    assert seconds[0] < 50 * HEAD_START  # one head start, not one for each of the hundred


def test_a_check_that_says_nothing_is_unknown() -> None:
    def silent(context: Context) -> Iterator[Finding]:
        yield from ()

    result = run(check(silent))["a-check"]

    assert codes(result) == ["no-evidence"]
    assert (result.outcome, result.severity) == (Outcome.UNKNOWN, Severity.P1)


def test_a_crash_costs_neither_the_findings_before_it_nor_the_other_checks() -> None:
    def crashing(context: Context) -> Iterator[Finding]:
        yield failed()
        raise ZeroDivisionError("secret detail")

    def healthy(context: Context) -> Iterator[Finding]:
        yield passed()

    results = run(check(crashing), check(healthy, "healthy"))

    assert codes(results["a-check"]) == ["broken", "crashed"]
    assert "secret detail" not in results["a-check"].findings[1].summary
    assert codes(results["healthy"]) == ["fine"]


def test_a_source_error_becomes_unknown_and_names_the_source() -> None:
    def deny(_: Query) -> list[dict[str, object]]:
        raise SourceError("BigQuery", Problem.DENIED, "no access to the dataset")

    def looking(context: Context) -> Iterator[Finding]:
        yield passed()
        read_rows(context.reads, Query("SELECT 1")).result()
        yield failed()

    result = run(check(looking), world=ports(warehouse=FakeWarehouse(deny)))["a-check"]

    assert codes(result) == ["fine", "source-unavailable"]
    assert result.findings[1].evidence["source"] == "BigQuery"


def test_a_check_that_hangs_is_abandoned_with_what_it_had_found() -> None:
    released = threading.Event()

    def hanging(context: Context) -> Iterator[Finding]:
        yield failed()
        released.wait(SOON)
        yield passed("too late")

    def healthy(context: Context) -> Iterator[Finding]:
        yield passed()

    results = run(check(hanging), check(healthy, "healthy"), limits=Limits(check_seconds=0.05, run_seconds=5))
    released.set()

    assert codes(results["a-check"]) == ["broken", "timed-out"]
    assert codes(results["healthy"]) == ["fine"]


def test_the_run_ends_when_its_time_is_over_whatever_a_check_does() -> None:
    released = threading.Event()

    def hanging(context: Context) -> Iterator[Finding]:
        released.wait(SOON)
        yield passed()

    results = run(
        *(check(hanging, f"hanging-{number}") for number in range(300)),
        limits=Limits(check_seconds=60, run_seconds=0.05),
    )
    released.set()

    assert {code for result in results.values() for code in codes(result)} == {"timed-out"}
    assert len(results) == 300


def test_results_come_as_they_are_complete() -> None:
    released = threading.Event()

    def slow(context: Context) -> Iterator[Finding]:
        released.wait(SOON)
        yield passed()

    def quick(context: Context) -> Iterator[Finding]:
        yield passed()

    described = pipeline()
    about = Run(pipeline=described, now=NOW, previous=NIGHT, current=NIGHT)
    results = run_checks([check(slow, "slow"), check(quick, "quick")], about, ports(), ReadCache(Limits()))

    first = next(results)
    released.set()

    assert first.check == "quick"
    assert [result.check for result in results] == ["slow"]


SUPPRESSION = Suppression(check="a-check", subject="mlb-*", code="broken", until=date(2026, 3, 1), reason="Off-season.")


@pytest.mark.parametrize(
    ("today", "outcome"),
    [
        pytest.param(date(2026, 3, 1), Outcome.SKIPPED, id="on the last day"),
        pytest.param(date(2026, 3, 2), Outcome.FAILED, id="just past it"),
    ],
)
def test_a_suppression_ends_after_its_last_day(today: date, outcome: Outcome) -> None:
    assert suppressed("a-check", failed(subject="mlb-scrape"), [SUPPRESSION], today).outcome is outcome


def test_a_suppressiond_failure_says_so_and_keeps_its_code_as_evidence() -> None:
    finding = suppressed("a-check", failed(subject="mlb-scrape"), [SUPPRESSION], NIGHT.day)

    assert (finding.code, finding.evidence["former_code"]) == ("suppressed", "broken")
    assert "1 Mar 2026" in finding.summary


@pytest.mark.parametrize(
    ("check_id", "finding"),
    [
        pytest.param("another", failed(subject="mlb-scrape"), id="another check"),
        pytest.param("a-check", failed(subject="nba-scrape"), id="another subject"),
        pytest.param("a-check", failed("other", "mlb-scrape"), id="another code"),
    ],
)
def test_a_suppression_covers_only_what_it_names(check_id: str, finding: Finding) -> None:
    assert suppressed(check_id, finding, [SUPPRESSION], NIGHT.day) == finding


def test_only_failures_are_suppressed() -> None:
    unknown = replace(failed(subject="mlb-scrape"), outcome=Outcome.UNKNOWN)

    assert suppressed("a-check", unknown, [SUPPRESSION], NIGHT.day) == unknown


def test_a_check_with_a_finding_for_each_of_endless_rows_ends_with_the_run_and_is_told_to_stop() -> None:
    stopped = threading.Event()

    def endless(context: Context) -> Iterator[Finding]:
        try:
            while True:
                yield failed()
        finally:
            stopped.set()

    began = time.monotonic()
    result = run(check(endless), limits=Limits(check_seconds=0.3, run_seconds=0.3))["a-check"]

    assert time.monotonic() - began < SOON
    assert codes(result) == ["broken"] * LISTED + ["timed-out", "broken"]
    assert result.findings[-1].count > LISTED
    assert stopped.wait(SOON)


def test_a_suppression_for_one_row_holds_also_among_many() -> None:
    def many(context: Context) -> Iterator[Finding]:
        yield from (failed(subject=f"row {number}") for number in range(LISTED + 9))

    known = Suppression(check="a-check", subject="row 25", until=NIGHT.day + timedelta(days=9), reason="Known.")
    described = pipeline(suppressions=[known])
    about = Run(pipeline=described, now=NOW, previous=NIGHT, current=NIGHT)
    (result,) = run_checks([check(many)], about, ports(), ReadCache(described.limits))

    counts = Counter({each.code: 0 for each in result.findings})
    for each in result.findings:
        counts[each.code] += each.count
    assert counts == {"broken": LISTED + 8, "suppressed": 1}


def test_a_check_took_as_long_as_it_worked_and_began_within_the_run() -> None:
    def slow(context: Context) -> Iterator[Finding]:
        threading.Event().wait(0.02)
        yield passed()

    before = time.monotonic()
    result = run(check(slow))["a-check"]
    elapsed = time.monotonic() - before

    assert 0.02 <= result.duration <= elapsed
    assert NOW < result.started_at <= NOW + timedelta(seconds=elapsed - result.duration)


def test_a_check_that_never_began_took_no_time() -> None:
    never = threading.Event()

    def hangs(context: Context) -> Iterator[Finding]:
        never.wait(SOON)
        yield passed()

    results = run(
        check(hangs, "first"),
        *(check(hangs, f"other-{number}") for number in range(40)),
        limits=Limits(run_seconds=0.2, check_seconds=0.1),
    )
    never.set()

    assert all(0 <= each.duration <= SOON for each in results.values())
