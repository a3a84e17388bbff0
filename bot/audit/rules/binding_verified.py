"""The binding is read back after the deploy, and a lost one fails it."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audit.model import AuditRule, RuleSeverity, Violation
from bot.audit.rules.audited_file import AuditedFile, names_of
from bot.audit.rules.bindings import Verified, verification

RULE = AuditRule(
    id="REV002",
    title="The binding is verified after each deploy",
    rationale=(
        "A binding that was asked for is not yet a binding that is there, and a role in one binding with the "
        "member in another lets nobody in. The policy is read back, role and member are looked for in one "
        "binding, and the deploy fails when they are not found."
    ),
    fix=(
        "Run `reveille iam ensure SERVICE` or `reveille deploy verify SERVICE` after the deploy, or read the "
        "policy with `gcloud run services get-iam-policy SERVICE --flatten=bindings[].members --filter=...` "
        "and exit 1 unless role and member stand in one row."
    ),
    severity=RuleSeverity.ERROR,
    example_bad="""\
set -euo pipefail
gcloud run deploy phase3-to-phase4-orchestrator --source=. --region=us-west2
gcloud run services add-iam-policy-binding phase3-to-phase4-orchestrator \\
  --member="serviceAccount:$CALLER" --role=roles/run.invoker
""",
    example_good="""\
set -euo pipefail
gcloud run deploy phase3-to-phase4-orchestrator --source=. --region=us-west2
reveille iam ensure phase3-to-phase4-orchestrator
""",
)


_WEAK = {
    Verified.NO_ROLE: "reads the policy of {name}, and does not look for roles/run.invoker in it",
    Verified.NO_MEMBER: "looks for the role alone: it passes although another member holds it",
    Verified.APART: "looks for role and member apart from each other: they may stand in two different bindings",
    Verified.PASSED_OVER: "does not fail the deploy of {name} when the binding is missing",
    Verified.SOMETIMES: "does not run on every path after the deploy of {name}",
}


def find(deployment: AuditedFile) -> Iterator[Violation]:
    """Yield each deploy that nothing verifies, and each verification that cannot fail."""
    found = {id(deploy): verification(deploy) for deploy in deployment.deploys}
    for place, deploys in deployment.places(
        lambda deploy: deploy.called and found[id(deploy)][0] is Verified.NOT_AT_ALL
    ):
        names = names_of(deploys)
        yield RULE.violation(
            deployment.path, place, f"nothing verifies after this deploy that the caller of {names} is bound"
        )
    seen = set()
    for deploy in deployment.deploys:
        result, command = found[id(deploy)]
        if deploy.called and command is not None and result in _WEAK and command.start not in seen:
            seen.add(command.start)
            message = "this verification " + _WEAK[result].format(name=deploy.shown)
            yield RULE.violation(deployment.path, deployment.span(command.start, command.end), message)
