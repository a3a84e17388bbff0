"""The --set-... flags wipe what they do not name."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audit.commands import read_call
from bot.audit.deploys import Deployment
from bot.audit.model import Edit, Rule, Severity, Violation

RULE = Rule(
    id="REV003",
    title="Variables, secrets and labels are updated, never set",
    rationale=(
        "--set-env-vars, --set-secrets and --set-labels replace everything that is there: whatever the script "
        "does not name is gone. An API key once vanished for an evening like that."
    ),
    fix=("Write --update-env-vars, --update-secrets or --update-labels: what is not named stays as it is."),
    severity=Severity.ERROR,
    example_bad="""\
gcloud run deploy live-export --source=. --set-env-vars=GCP_PROJECT=example-project
""",
    example_good="""\
gcloud run deploy live-export --source=. --update-env-vars=GCP_PROJECT=example-project
""",
)


_WIPING = {
    "--set-env-vars": "environment variables",
    "--set-secrets": "secrets",
    "--set-labels": "labels",
    "--set-build-env-vars": "build environment variables",
}
_SERVED = ("run ", "functions ")


def find(deployment: Deployment) -> Iterator[Violation]:
    """Yield each flag that wipes, with the edit that makes it update."""
    seen = set()
    for command in deployment.commands:
        call = read_call(command)
        if call is None or not call.path.startswith(_SERVED):
            continue
        for flag in call.all_flags(*_WIPING):
            place = flag.word.place(0, len(flag.name))
            start, end = place or (flag.word.start, flag.word.end)
            if start in seen:
                continue
            seen.add(start)
            span = deployment.span(start, end)
            updating = flag.name.replace("--set-", "--update-")
            yield RULE.violation(
                deployment.path,
                span,
                f"{flag.name} removes all {_WIPING[flag.name]} that it does not name; write {updating}",
                edits=(Edit(span, updating),) if place else (),
            )
