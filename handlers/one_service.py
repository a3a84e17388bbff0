"""What a report says about one service, for the commands that take a service's name. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from difflib import get_close_matches

from bot.nearest import either
from bot.render.slack_text import escape
from checks.model import CheckResult, Finding, Outcome, Report

EVERY = frozenset({"services", "repository", "topics", "callers", "jobs"})
"""Subjects of what a check says when it looked at nothing at all."""


def only_about(report: Report, service: str) -> Report:
    """Return a report of the findings about one service, with what kept a check from looking at all of it.

    A source that was silent may have hidden a caller of just this service.
    """
    results = tuple(
        replace(result, findings=found)
        for result in report.results
        if (found := tuple(each for each in result.findings if each.subject == service or _hides(result, each)))
    )
    keys = {each.key(result.check) for result in results for each in result.findings}
    causes = tuple(cause for cause in report.causes if keys & set(cause.explains))
    return replace(report, results=results, causes=causes, partial=True)


def _hides(result: CheckResult, finding: Finding) -> bool:
    """Whether a finding says that a check could not check some services, or none, whichever they are."""
    if finding.outcome is not Outcome.UNKNOWN and finding.code != "not-configured":
        return False
    return finding.subject in {*EVERY, result.check} or finding.subject.startswith("callers from ")


def is_answered(report: Report, service: str, declared: Collection[str]) -> bool:
    """Whether there is something to say about a service: a finding of its own, or why there is none of one that is
    known."""
    about = only_about(report, service)
    return any(each.subject == service for _, each in about.findings()) or (service in declared and bool(about.results))


def not_answered(report: Report, service: str, declared: Collection[str]) -> str:
    """Say that nothing is known of a service, with those nearest to it."""
    if service in declared:
        checks = ", ".join(result.check for result in report.results)
        return f"⚠️ Nothing was checked of {escape(service)}: the pipeline file states nothing there for {checks}."
    subjects = sorted({*declared, *_subjects(report)})
    near = get_close_matches(service, subjects, n=3, cutoff=0.6)
    hint = f" Did you mean {escape(either(near))}?" if near else ""
    blind = any(_hides(result, each) for result, each in report.findings() if each.outcome is Outcome.UNKNOWN)
    unread = " Not every source answered, so there may be more." if blind else ""
    return f"⚠️ Of the {len(subjects)} services checked, none is called {escape(service)}.{hint}{unread}"


def _subjects(report: Report) -> Iterable[str]:
    return {each.subject for result, each in report.findings() if not _hides(result, each)}
