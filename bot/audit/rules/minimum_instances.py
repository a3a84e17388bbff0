"""A literal never resets the minimum of instances to 0."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audit.model import AuditRule, RuleSeverity, Violation
from bot.audit.rules.audited_file import AuditedFile

RULE = AuditRule(
    id="REV011",
    title="Minimum instances are not reset to 0",
    rationale=(
        "A literal 0 in the script undoes, at each deploy, what somebody set on the service to keep it warm: "
        "the first message of the morning then times out."
    ),
    fix=("Leave the flag out, so that the service keeps its setting, or state the number that it needs."),
    severity=RuleSeverity.WARNING,
    example_bad="""\
gcloud run deploy live-export --source=. --min-instances=0
""",
    example_good="""\
gcloud run deploy live-export --source=. --min-instances=1
""",
)


_FLAGS = ("--min-instances", "--min")
_SERVED = ("run deploy", "run services update", "functions deploy")


def find(deployment: AuditedFile) -> Iterator[Violation]:
    """Yield each flag that sets the minimum to 0, directly or through a variable of the file."""
    seen = set()
    for command in deployment.commands:
        call = command.gcloud
        if call is None or call.path not in _SERVED:
            continue
        flag = call.flag(*_FLAGS)
        if flag is None or not flag.known or flag.value.strip() != "0" or not deployment.has(command, flag):
            continue
        start, end = command.place_of(flag)
        if start not in seen:
            seen.add(start)
            yield deployment.violation(
                RULE,
                (start, end),
                f"{flag.name} is 0 here, which undoes at each deploy whatever the service was set to",
            )
