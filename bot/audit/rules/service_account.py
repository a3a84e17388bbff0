"""The service account is neither left to the default nor written twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.audit.model import AuditRule, RuleSeverity, Violation
from bot.audit.rules.audited_file import AuditedFile

RULE = AuditRule(
    id="REV004",
    title="The service account is named, and written down once",
    rationale=(
        "Without --service-account a service runs as the project's default account, which may do far too "
        "much, or nothing at all after a clean-up. The same address written twice in a file is changed once "
        "and forgotten once."
    ),
    fix=(
        "Give --service-account to every deploy, from one variable at the top of the script or one "
        "substitution of the build."
    ),
    severity=RuleSeverity.WARNING,
    example_bad="""\
gcloud run deploy live-export --source=. --region=us-west2
""",
    example_good="""\
SERVICE_ACCOUNT=live-export@example-project.iam.gserviceaccount.com
gcloud run deploy live-export --source=. --region=us-west2 --service-account="$SERVICE_ACCOUNT"
""",
)


_FLAGS = ("--service-account", "--run-service-account")
_ADDRESS = re.compile(r"[a-z0-9][a-z0-9-]*@(?:[\w.-]|\$\{?\w+\}?)*gserviceaccount\.com")


def find(deployment: AuditedFile) -> Iterator[Violation]:
    """Yield each deploy without an account, and each address after its first mention."""
    yield from deployment.broken(
        RULE,
        lambda deploy: (
            not (deploy.keeps_account or deploy.command.fewer or deploy.call.open_ended)
            and deploy.call.flag(*_FLAGS) is None
        ),
        "--service-account is missing: {names}, where it is new, would run as the project's default account",
    )
    if not deployment.deploys:
        return
    first: dict[str, int] = {}
    for start, end in deployment.literals:
        for found in _ADDRESS.finditer(deployment.source.text, start, end):
            beginning = first.setdefault(found[0], found.start())
            if beginning != found.start():
                line = deployment.source.position(beginning).line
                yield RULE.violation(
                    deployment.path,
                    deployment.span(found.start(), found.end()),
                    f"the service account {found[0]} is repeated; it is already in line {line}",
                )
