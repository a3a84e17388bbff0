"""The deploy scripts of the repository keep the rules.

Every outage of the control plane so far was written in a deploy script before it happened: a deploy without its
invoker binding, a flag that wipes variables. This runs the deployment audit over the clone, so that the report
says today what the next deploy would break. A rule that is an error is P2, any other is a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from checks.actions import Action, Shell
from checks.context import Context, not_configured
from checks.effects import FailureEffect
from checks.facts.control_plane import RulesFacts
from checks.model import Finding, Outcome, Severity
from checks.places import PlaceKind
from checks.ports.audit import AUDIT, AuditFinding, read_violations
from checks.registry import check
from checks.shell_words import command_line

ERROR = "error"
SHOWN = 3
"""Violations that a summary names; the rest is counted."""


def loudness(violations: Sequence[AuditFinding]) -> tuple[str, Severity]:
    """Return the code for the violations in one file, and how loud the worst of them is."""
    if any(each.severity == ERROR for each in violations):
        return "rules-broken", Severity.P2
    return "rules-bent", Severity.P3


def judge(path: str, violations: Sequence[AuditFinding]) -> Finding:
    """Judge one file by its violations, of which there is at least one; errors come first."""
    code, severity = loudness(violations)
    ordered = sorted(violations, key=lambda each: (each.severity != ERROR, each.line, each.column))
    shown = "; ".join(f"line {each.line}: {each.message.removesuffix('.')} ({each.rule})" for each in ordered[:SHOWN])
    more = f"; and {len(ordered) - SHOWN} more" if len(ordered) > SHOWN else ""
    first = ordered[0]
    return Finding(
        outcome=Outcome.FAILED,
        code=code,
        subject=path,
        summary=f"{path}: {shown}{more}.",
        severity=severity,
        facts=RulesFacts(
            violations=len(ordered),
            errors=sum(each.severity == ERROR for each in ordered),
            rules=tuple(sorted({each.rule for each in ordered})),
            line=first.line,
            column=first.column,
            shown=f"{shown}{more}",
        ),
        impact="The next deploy through this file can break what works today." if code == "rules-broken" else "",
        action=Action(
            text=first.fix,
            commands=(Shell(command_line("reveille audit", [f"./{path}" if path.startswith("-") else path])),),
        ),
    )


@check(
    id="deployment-audit",
    place=PlaceKind.FILE,
    facts=RulesFacts,
    short="deploy scripts",
    effect=FailureEffect.RISK,
    worst=Severity.P2,
    codes={
        "rules-kept": "No deploy script breaks a rule.",
        "rules-broken": "A deploy script breaks a rule that has stopped a pipeline before.",
        "rules-bent": "A deploy script breaks a rule that makes a failure likelier.",
    },
    expected="Every deploy script and Cloud Build file keeps the rules of the deployment audit.",
    unwanted="A deploy that wipes permissions or variables, waiting to run.",
)
def deployment_audit(context: Context) -> Iterator[Finding]:
    """Yield one finding for each file that breaks a rule."""
    if not context.reads.connected(AUDIT):
        yield not_configured(
            "deploy scripts",
            "No clone of the repository is configured",
            configure="set REVEILLE_REPOSITORY to the folder of one",
        )
        return
    violations = sorted(read_violations(context.reads).result(), key=lambda each: each.path)
    if not violations:
        yield Finding(
            outcome=Outcome.PASSED,
            code="rules-kept",
            subject="deploy scripts",
            summary="The deploy scripts keep every rule of the deployment audit.",
        )
    for path, found in groupby(violations, key=lambda each: each.path):
        yield judge(path, list(found))
