"""What an audit found, as workflow commands: GitHub Actions shows them as annotations in the pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.audit.model import RuleSeverity, Violation
from bot.audit.review import Review
from bot.commands.audit_output.words import asides, summary
from bot.render.visible import one_line

COMMANDS = {RuleSeverity.ERROR: "error", RuleSeverity.WARNING: "warning", RuleSeverity.NOTE: "notice"}


def review_commands(review: Review) -> Iterator[str]:
    """Yield a workflow command for each violation and each aside, then the summary as a line of the log."""
    titles = {rule.id: rule.title for rule in review.rules}
    for violation in review.violations:
        yield _annotation(violation, titles.get(violation.rule, ""))
    for sentence in asides(review):
        yield _command("notice", {"title": "Deployment audit"}, sentence)
    yield _data(summary(review))


def _annotation(violation: Violation, title: str) -> str:
    start, end = violation.span.start, violation.span.end
    place: dict[str, object] = {"file": violation.path, "line": start.line, "endLine": end.line}
    if start.line == end.line:  # GitHub takes columns only for annotations of one line
        place |= {"col": start.column, "endColumn": max(end.column, start.column)}
    place["title"] = f"{violation.rule} {title}".rstrip()
    return _command(COMMANDS[violation.severity], place, f"{violation.message}\n{violation.fix_text}")


def _command(name: str, properties: Mapping[str, object], text: str) -> str:
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{name} {listed}::{_data(text)}"


def _data(text: str) -> str:
    """Escape what would end a command; the percent sign first, because the others become one."""
    return one_line(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
