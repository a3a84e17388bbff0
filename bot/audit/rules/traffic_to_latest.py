"""Traffic is sent to the revision that was just deployed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.audit.model import AuditRule, RuleSeverity, Violation
from bot.audit.rules.audited_file import AuditedFile, names_of
from bot.audit.rules.deploys import Deploy
from bot.audit.shell.commands import ShellCommand

RULE = AuditRule(
    id="REV010",
    title="Traffic goes to the revision just deployed",
    rationale=(
        "Once traffic was pinned to a revision, later deploys succeed and serve nothing: many services have "
        "run on stale revisions like that."
    ),
    fix=(
        "After the deploy run `gcloud run services update-traffic SERVICE --to-latest`, or `reveille deploy "
        "verify SERVICE`, which fails when another revision serves."
    ),
    severity=RuleSeverity.ERROR,
    example_bad="""\
gcloud run deploy live-export --source=. --region=us-west2
""",
    example_good="""\
gcloud run deploy live-export --source=. --region=us-west2
gcloud run services update-traffic live-export --to-latest --region=us-west2
""",
)


def find(deployment: AuditedFile) -> Iterator[Violation]:
    """Yield each deploy after which traffic may stay where it was; one that says so on purpose is a note."""
    for place, deploys in deployment.places(
        lambda deploy: (
            deploy.serves and not deploy.always(_may_send, _sends) and deploy.call.flag(_SERVES_LATEST) is None
        )
    ):
        names = names_of(deploys)
        if all(deploy.call.flag(_ON_PURPOSE) is not None for deploy in deploys):
            message = f"{_ON_PURPOSE} leaves what is deployed of {names} unused until traffic is sent to it"
            yield replace(deployment.violation(RULE, place, message), severity=RuleSeverity.NOTE)
            continue
        yield deployment.violation(
            RULE, place, f"nothing sends the traffic of {names} to the revision that is deployed here"
        )


_ON_PURPOSE = "--no-traffic"
_SERVES_LATEST = "--serve-all-traffic-latest-revision"


def _may_send(command: ShellCommand) -> bool:
    own, call = command.own, command.gcloud
    return own is not None or (call is not None and call.path == "run services update-traffic")


def _sends(command: ShellCommand, deploy: Deploy) -> bool:
    own = command.own
    if own is not None:
        return own.path == "deploy verify" and deploy.is_about(own)
    call = command.gcloud
    if call is None or call.path != "run services update-traffic" or not deploy.is_about(call):
        return False
    revisions = call.flag("--to-revisions", "--to-tags")
    if revisions is not None and deploy.call.flag(_ON_PURPOSE) is not None:
        return True  # A canary: what was held back gets its share.
    return call.flag("--to-latest") is not None or (revisions is not None and "LATEST=100" in revisions.value)
