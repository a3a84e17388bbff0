"""The invoker is bound after each deploy, for the service that was deployed."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audit.model import AuditRule, RuleSeverity, Violation
from bot.audit.rules.audited_file import AuditedFile, names_of
from bot.audit.rules.bindings import binds, may_bind
from bot.audit.rules.deploys import Deploy

RULE = AuditRule(
    id="REV001",
    title="The invoker is bound after each deploy",
    rationale=(
        "A redeploy can drop roles/run.invoker from a service. Nothing logs an error: Pub/Sub and the "
        "scheduler are refused, and the pipeline stands still until somebody looks. So every deploy of a "
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
    """Yield each deploy after which its caller is not bound."""
    for place, deploys in deployment.places(lambda deploy: deploy.called and not _bound(deploy)):
        names = names_of(deploys)
        yield RULE.violation(
            deployment.path,
            place,
            f"nothing binds the invoker of {names} after this deploy, so its callers may be refused",
        )


def _bound(deploy: Deploy) -> bool:
    return deploy.always(may_bind, binds)
