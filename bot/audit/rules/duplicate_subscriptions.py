"""A deploy that makes a subscription checks for duplicates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.audit.model import AuditRule, RuleSeverity, Violation
from bot.audit.rules.audited_file import AuditedFile
from bot.audit.rules.deploys import Deploy
from bot.audit.shell.calls import runs_nothing
from bot.audit.shell.commands import ShellCommand

RULE = AuditRule(
    id="REV009",
    title="A deploy that makes a subscription checks for duplicates",
    rationale=(
        "Deploying a function with a Pub/Sub trigger makes a subscription, and the old one may stay: every "
        "message is then processed twice, and exports fail with conflicts."
    ),
    fix=(
        "Run `reveille deploy verify SERVICE` after the deploy, or count the topic's subscriptions with "
        "`gcloud pubsub subscriptions list` and fail on more than expected."
    ),
    severity=RuleSeverity.WARNING,
    example_bad="""\
gcloud functions deploy grading --source=. --trigger-topic=nba-grading-trigger
""",
    example_good="""\
gcloud functions deploy grading --source=. --trigger-topic=nba-grading-trigger
reveille deploy verify grading
""",
)


_LISTS = ("pubsub subscriptions list", "pubsub topics list-subscriptions", "eventarc triggers list")
_CHECKER = re.compile(
    r"(duplicate|check|verify|count|orphan)\w*subscription|subscription\w*(check|verify)", re.IGNORECASE
)


def find(deployment: AuditedFile) -> Iterator[Violation]:
    """Yield each deploy that makes a subscription, and is not followed by a check for duplicates."""
    yield from deployment.broken(
        RULE,
        lambda deploy: deploy.subscribes and not deploy.always(_may_look, _looks),
        "nothing checks for duplicate subscriptions after this deploy of {names}",
    )
    for run in deployment.runs:
        for index, command in enumerate(run.commands):
            call = command.gcloud
            if call is None or call.path != "eventarc triggers create":
                continue
            if not run.always(index, [at for at, _ in run.after(index, _may_look)]):
                yield deployment.violation(
                    RULE,
                    (command.start, command.end),
                    "nothing checks for duplicate subscriptions after this trigger, which makes one",
                )


def _looks(command: ShellCommand, deploy: Deploy) -> bool:
    own = command.own
    return own is None or deploy.is_about(own)


def _may_look(command: ShellCommand) -> bool:
    own = command.own
    if own is not None:
        return own.path == "deploy verify"
    call = command.gcloud
    if call is not None:
        # A list that is only printed is read by nobody: it must be counted, stored or tested.
        used = command.captured or command.pipeline or command.tested
        return call.path in _LISTS and bool(used)
    named = any(_CHECKER.search(text.rpartition("/")[2]) for text in command.texts[:3])
    return named and not runs_nothing(command.texts[0])
