"""The binding is read back after the deploy, and a lost one fails it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum

from bot.audit.model import AuditRule, RuleSeverity, Violation
from bot.audit.rules.audited_file import AuditedFile
from bot.audit.rules.deploys import Deploy, stops
from bot.audit.rules.invoker_binding import may_bind
from bot.audit.shell.calls import runs_nothing
from bot.audit.shell.commands import ShellCommand

RULE = AuditRule(
    id="REV002",
    title="The binding is verified after each deploy",
    rationale=(
        "A binding that was asked for is not yet a binding that is there, and a role in one binding with the "
        "member in another lets nobody in. So the deploy reads the policy back, checks role and member in one "
        "binding, and fails when they are not there."
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


class Verified(IntEnum):
    """How far a verification goes; the higher, the better."""

    NOT_AT_ALL = 0
    NO_ROLE = 1
    NO_MEMBER = 2
    APART = 3
    PASSED_OVER = 4
    SOMETIMES = 5
    WELL = 6


_READS = ("run services get-iam-policy", "functions get-iam-policy")
_ROLE = re.compile(r"(run|cloudfunctions)\.invoker")
_MEMBER = re.compile(
    r"serviceAccount:|gserviceaccount|user:|group:|\$\{?\w*(SA|ACCOUNT|MEMBER|INVOKER|CALLER|EMAIL)\b", re.IGNORECASE
)
_TOGETHER = re.compile(r"--flatten[ =]\"?'?bindings|select\s*\(|json\.load|\.get\(|yaml\.safe_load")
_CHECKER = re.compile(
    r"(verif|check|ensure|assert)\w*(iam|invoker|binding|polic)|(iam|invoker|binding)\w*(verif|check)", re.IGNORECASE
)


_WEAK = {
    Verified.NO_ROLE: "reads the policy of {name} without checking for roles/run.invoker",
    Verified.NO_MEMBER: "checks the role alone: it passes when another member holds it",
    Verified.APART: "checks role and member separately: they may be in different bindings",
    Verified.PASSED_OVER: "does not fail the deploy of {name} when the binding is missing",
    Verified.SOMETIMES: "does not run on every path after the deploy of {name}",
}


def find(deployment: AuditedFile) -> Iterator[Violation]:
    """Yield each deploy that nothing verifies, and each verification that cannot fail."""
    found = {id(deploy): verification(deploy) for deploy in deployment.deploys}
    yield from deployment.broken(
        RULE,
        lambda deploy: deploy.called and found[id(deploy)][0] is Verified.NOT_AT_ALL,
        "nothing verifies after this deploy that the caller of {names} is bound",
    )
    seen = set()
    for deploy in deployment.deploys:
        result, command = found[id(deploy)]
        if deploy.called and command is not None and result in _WEAK and command.start not in seen:
            seen.add(command.start)
            message = "this verification " + _WEAK[result].format(name=deploy.shown)
            yield deployment.violation(RULE, (command.start, command.end), message)


def verification(deploy: Deploy) -> tuple[Verified, ShellCommand | None]:
    """Return how well a deploy's binding is verified, and by which command."""
    best: tuple[Verified, ShellCommand | None] = (Verified.NOT_AT_ALL, None)
    deciding: list[int] = []
    for index, command in deploy.after(_may_verify):
        result, places = _judged(deploy, index, command)
        deciding += places
        if result > best[0]:
            best = (result, command)
    if best[0] is Verified.SOMETIMES and deploy.run.always(deploy.index, sorted(deciding)):
        return Verified.WELL, best[1]
    return best


def _may_verify(command: ShellCommand) -> bool:
    own, call = command.own, command.gcloud
    if own is not None:
        return own.path in {"iam ensure", "deploy verify"}
    if call is not None:
        return call.path in _READS
    return not runs_nothing(command.texts[0]) and any(
        _CHECKER.search(text.rpartition("/")[2]) for text in command.texts[:3]
    )


def _judged(deploy: Deploy, index: int, command: ShellCommand) -> tuple[Verified, Sequence[int]]:
    """Return how far a verification goes where it runs, and the commands in which it ends the deploy or not."""
    own = command.own
    if own is not None:
        if not deploy.is_about(own):
            return Verified.NOT_AT_ALL, ()
        return _deciding([index] if ends_well(deploy, index, command) else [])
    call = command.gcloud
    if call is None:
        return _by_another_program(deploy, index, command)
    if not deploy.is_about(call):
        return Verified.NOT_AT_ALL, ()
    peers = list(_peers(deploy, command))
    text = "\n".join(part for _, one in peers for part in (one.text, one.raw, one.stdin))
    if not _ROLE.search(text):
        return Verified.NO_ROLE, ()
    if not _MEMBER.search(_ROLE.sub("", text)) and not any(member in _plain(text) for member in _members(deploy)):
        return Verified.NO_MEMBER, ()
    if not _TOGETHER.search(text):
        return Verified.APART, ()
    others = [(place, one) for place, one in peers if one is not command]
    if command.captured:
        return _deciding([place for place, one in others if stops(one) and (one.tested or one.name != "[")])
    return _deciding([place for place, one in others if ends_well(deploy, place, one)])


def _deciding(places: Sequence[int]) -> tuple[Verified, Sequence[int]]:
    return (Verified.SOMETIMES, places) if places else (Verified.PASSED_OVER, ())


def _members(deploy: Deploy) -> Iterator[str]:
    """Yield whom the script binds to the service, without the kind in front."""
    for _, command in deploy.after(may_bind):
        call = command.gcloud
        member = call.flag("--member") if call is not None else None
        if member is not None and member.value:
            yield _plain(member.value.rpartition(":")[2])


def _plain(text: str) -> str:
    return re.sub(r"\$\{(\w+)\}", r"$\1", text)


def ends_well(deploy: Deploy, index: int, command: ShellCommand) -> bool:
    """Whether a failure of this command fails the deploy: it stops the script, or is the script's own outcome."""
    reason = command.failure.reason
    if reason == "background":
        return deploy.run.waits
    return stops(command) or (reason in {"errexit", "and"} and deploy.run.is_last(index))


def _by_another_program(deploy: Deploy, index: int, command: ShellCommand) -> tuple[Verified, Sequence[int]]:
    if not any(deploy.is_named(text.rpartition("=")[2]) for text in command.texts[1:]):
        return Verified.NOT_AT_ALL, ()
    return _deciding([index] if ends_well(deploy, index, command) else [])


def _peers(deploy: Deploy, command: ShellCommand) -> Iterator[tuple[int, ShellCommand]]:
    """Yield the commands that see the policy: those of the pipeline, and those that use the variable it is in."""
    mention = re.compile(rf"\$\{{?{re.escape(command.captured)}\b") if command.captured else None
    pipelines = {command.pipeline} - {0}
    indices = list(enumerate(deploy.run.commands))
    for _, one in indices:
        if mention is not None and mention.search(one.raw) and one.pipeline:
            pipelines.add(one.pipeline)
    for index, one in indices:
        uses = mention is not None and mention.search(one.raw) is not None
        if one is command or uses or one.pipeline in pipelines:
            yield index, one
