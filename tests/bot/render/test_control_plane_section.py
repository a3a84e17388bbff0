"""The section about the control plane: what an operator wants to read of it every morning, and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.render.message import Heading, Line, Mark
from bot.render.reading import Reading
from bot.render.report import message_of
from checks.catalog import PYTHON_CHECKS
from checks.model import Cause, CheckResult, Finding, FindingKey, Outcome, Severity
from tests.bot.render.reports import NOW, all_clear, passed

ALWAYS = ("invoker", "subscriptions", "scheduler-jobs", "builds", "drift")
OTHERS = ("edges", "service-ready", "service-traffic", "zero-invocations", "deployment-audit")


def result(check: str, *findings: Finding) -> CheckResult:
    return CheckResult(
        check=check, title=f"Title of {check}", phase=None, findings=findings, started_at=NOW, duration=0.1
    )


def in_order(check: str) -> CheckResult:
    return result(check, passed(f"{check}: one.", "one", None), passed(f"{check}: two.", "two", None))


def failed(check: str, summary: str = "It failed: a, b and c.") -> CheckResult:
    bad = Finding(outcome=Outcome.FAILED, code="bad", subject="one", summary=summary, severity=Severity.P1)
    return result(check, bad, passed("Two.", "two", None), passed("Three.", "three", None))


def morning(*results: CheckResult, causes: tuple[Cause, ...] = (), full: bool = False) -> Reading:
    clear = all_clear(full=full)
    return replace(clear, checks=PYTHON_CHECKS, report=replace(clear.report, results=results, causes=causes))


def section(reading: Reading) -> list[Line]:
    lines: list[Line] = []
    inside = False
    for part in message_of(reading).parts:
        if isinstance(part, Heading):
            inside = part.text == "Control plane"
        elif inside and isinstance(part, Line):
            lines.append(part)
    return lines


def test_five_lines_come_first_in_the_operators_order_whatever_the_order_of_the_checks() -> None:
    lines = section(morning(*(in_order(check) for check in (*OTHERS, *reversed(ALWAYS)))))

    assert [line.label for line in lines[:-1]] == [f"Title of {check}" for check in ALWAYS]


def test_all_others_that_are_in_order_share_one_line() -> None:
    (last,) = section(morning(*(in_order(check) for check in (*ALWAYS, *OTHERS))))[len(ALWAYS) :]

    assert last.mark is Mark.PASSED
    assert last.text == "callers, readiness, traffic, requests and deploy scripts"


def test_one_that_is_alone_keeps_its_title() -> None:
    (last,) = section(morning(*(in_order(check) for check in (*ALWAYS, "edges"))))[len(ALWAYS) :]

    assert last.label == "Title of edges"


def test_a_check_without_a_short_word_is_named_by_its_title() -> None:
    (last,) = section(morning(in_order("edges"), in_order("never-heard-of")))

    assert last.text == "callers and Title of never-heard-of"


def test_one_that_failed_has_a_line_of_its_own_before_those_in_order() -> None:
    lines = section(morning(*(in_order(check) for check in ALWAYS), *map(in_order, OTHERS[1:]), failed("edges")))

    assert [line.label for line in lines[len(ALWAYS) :]] == ["Title of edges", "Also OK"]


def test_a_full_report_has_a_line_for_every_check() -> None:
    lines = section(morning(*(in_order(check) for check in (*ALWAYS, *OTHERS)), full=True))

    assert len(lines) == len(ALWAYS) + len(OTHERS)


def test_findings_that_each_say_something_else_are_not_counted() -> None:
    enabled = Finding(outcome=Outcome.PASSED, code="enough-jobs", subject="number of jobs", summary="120 are enabled.")
    fine = Finding(outcome=Outcome.PASSED, code="jobs-in-order", subject="jobs", summary="None of 120 jobs fails.")

    (line,) = section(morning(result("scheduler-jobs", fine, enabled)))

    assert line.text == "None of 120 jobs fails."


@pytest.mark.parametrize(
    ("full", "text"), [(False, "30 of 129 fail"), (True, "30 of 129 fail: a, b and c.")], ids=["short", "full"]
)
def test_what_a_cause_lists_is_not_listed_again(full: bool, text: str) -> None:
    jobs = Finding(
        outcome=Outcome.FAILED,
        code="jobs-failing",
        subject="jobs",
        summary="30 of 129 fail: a, b and c.",
        severity=Severity.P1,
    )
    cause = Cause(
        code="job-failing",
        subject="jobs",
        sentence=jobs.summary,
        severity=Severity.P1,
        explains=(FindingKey("scheduler-jobs", "jobs", None),),
    )

    (line,) = section(morning(result("scheduler-jobs", jobs), causes=(cause,), full=full))

    assert line.text == text


def test_a_cause_does_not_repeat_the_finding_that_says_the_same() -> None:
    jobs = Finding(outcome=Outcome.FAILED, code="bad", subject="jobs", summary="30 of 129 fail.", severity=Severity.P1)
    cause = Cause(
        code="job-failing",
        subject="jobs",
        sentence="30 of 129 fail. The rest follows.",
        severity=Severity.P1,
        explains=(FindingKey("scheduler-jobs", "jobs", None),),
    )

    lines = [
        part
        for part in message_of(morning(result("scheduler-jobs", jobs), causes=(cause,))).parts
        if isinstance(part, Line)
    ]

    assert [line.text for line in lines if line.inset] == ["1 finding"]
    assert [line.code for line in lines if line.text == "1 finding"] == ["scheduler-jobs"]
