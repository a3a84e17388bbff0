"""The invoker is bound after each deploy, for the service that was deployed."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audit.model import AuditRule, RuleSeverity, Violation
from bot.audit.rules.audited_file import AuditedFile
from bot.audit.rules.deploys import Deploy
from bot.audit.shell.commands import ShellCommand

RULE = AuditRule(
    id="REV001",
    title="The invoker is bound after each deploy",
    rationale=(
        "A redeploy can drop roles/run.invoker from a service. Nothing logs an error: Pub/Sub and the "
        "scheduler are refused, and the pipeline stops until somebody notices. So every deploy of a "
        "service or function that something calls binds its caller again."
    ),
    fix=(
        "After the deploy, run `reveille iam ensure SERVICE`, which binds and verifies, or `gcloud run "
        "services add-iam-policy-binding SERVICE --member=serviceAccount:CALLER --role=roles/run.invoker`."
    ),
    severity=RuleSeverity.ERROR,
    example_bad="""\
set -euo pipefail
gcloud run deploy phase3-to-phase4-orchestrator --source=. --region=us-west2
""",
    example_good="""\
set -euo pipefail
gcloud run deploy phase3-to-phase4-orchestrator --source=. --region=us-west2
reveille iam ensure phase3-to-phase4-orchestrator
""",
)


def find(deployment: AuditedFile) -> Iterator[Violation]:
    yield from deployment.broken(
        RULE,
        lambda deploy: deploy.called and not deploy.always(may_bind, binds),
        "nothing binds the invoker of {names} after this deploy, so its callers may be refused",
    )


_BINDING = (
    "run services set-iam-policy",
    "run services add-iam-policy-binding",
    "functions add-invoker-policy-binding",
    "functions add-iam-policy-binding",
)


def may_bind(command: ShellCommand) -> bool:
    own, call = command.own, command.gcloud
    return (own is not None and own.path == "iam ensure") or (call is not None and call.path in _BINDING)


def binds(command: ShellCommand, deploy: Deploy) -> bool:
    """Whether a command binds an invoker to the service that was deployed."""
    own = command.own
    if own is not None:
        return own.path == "iam ensure" and deploy.is_about(own)
    call = command.gcloud
    if call is None or not deploy.is_about(call):
        return False
    if call.path in {"run services set-iam-policy", "functions add-invoker-policy-binding"}:
        return True
    if call.path not in {"run services add-iam-policy-binding", "functions add-iam-policy-binding"}:
        return False
    role = call.flag("--role")
    if role is None or call.flag("--member") is None:
        return call.open_ended
    return role.value == "roles/run.invoker" or not role.known
