"""Every service can be called by those who must call it.

A redeploy can remove roles/run.invoker from a service without a word: the deploy succeeds, the service is
ready, and every message that Pub/Sub or Cloud Scheduler sends to it is refused. A list of services kept by
hand once missed eight of them, so callers are discovered: the accounts of push subscriptions and of HTTP jobs,
each with the service that its address leads to; the pipeline file adds services and callers. The check asks,
for each caller of each service, whether that caller can still call it. The policy is read as data: role and
member must stand in the same binding, without a condition. What the project's policy grants is inherited,
other roles hold the permission too, and a service can have its check turned off. A group, a domain or a custom
role cannot be resolved from the policy alone, and the check says so instead of guessing, unless the pipeline file
names the group as one without callers. IAM deny policies
and ingress settings are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from checks.actions import Action, RepairKey
from checks.context import Context, not_configured
from checks.control_plane import service_commands, services
from checks.control_plane.call_identity import account_command
from checks.control_plane.callers import Edge, grantable, in_words
from checks.control_plane.discovery import discover, incomplete, unnamed
from checks.control_plane.grants import INVOKER, Grant, GrantStanding, decide, member_of, roles_of, spelled
from checks.effects import FailureEffect
from checks.facts import Unread, known
from checks.facts.control_plane import InvokerFacts
from checks.model import Finding, Outcome, Severity, worst_of
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.ports.policies import Policy, read_project_policy
from checks.ports.services import Service, read_service, read_service_policy
from checks.reads import Read
from checks.registry import check
from checks.services_spec import ServiceSpec
from checks.source import SourceError
from checks.unanswered import after, could_not_check

T = TypeVar("T")

_SUMMARIES = {
    GrantStanding.ALLOWED: "{caller} can call {service} ({roles}).",
    GrantStanding.INHERITED: "{caller} can call {service}: the project grants {roles}.",
    GrantStanding.PUBLIC: "{service} is open to everyone: {roles} is granted to {members}. {caller} can call it too.",
    GrantStanding.UNDECIDABLE: "Whether {caller} can call {service} cannot be told from the policy: {roles} is granted "
    "to {members}. If those hold no caller, name them under 'groups_without_callers' of the pipeline file.",
    GrantStanding.CONDITIONAL: "{caller} cannot rely on calling {service}: {roles} is granted under a condition only "
    "({conditions}).",
    GrantStanding.DELETED: "{caller} cannot call {service}: {roles} is granted to a deleted account of that name.",
    GrantStanding.REFUSED: "{caller} cannot call {service}: {why}.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the looks brought; an error where one brought nothing, None where the service does not exist."""

    service: Service | SourceError | None
    policy: Policy | SourceError | None
    project: Policy | SourceError


def judge(pipeline: Pipeline, spec: ServiceSpec, answers: Answers, edges: Sequence[Edge] = ()) -> Finding:
    """Judge one service: the finding of the caller that is worst off, naming all callers in its state."""
    service = answers.service if isinstance(answers.service, Service) else None
    if service is None and (answers.service is None or answers.policy is None):
        return services.missing(pipeline, spec, Severity.P0)
    if service is not None and service.invoker_check_disabled:
        return _open(pipeline, spec, service)
    callers = callers_of(pipeline, spec, edges)
    findings = [judge_caller(pipeline, spec, answers, caller, through) for caller, through in callers.items()]
    if not findings:
        what = f"Nobody is known who must be able to call {spec.name}"
        return not_configured(spec.name, what, configure="name its 'callers'")
    worst = _together([each for each in findings if each.code == worst_of(findings).code])
    everyone = tuple(f"{caller} ({in_words(each, len(each)) or 'pipeline file'})" for caller, each in callers.items())
    return _with(worst, replace(_facts_of(worst), callers=everyone))


def callers_of(pipeline: Pipeline, spec: ServiceSpec, edges: Sequence[Edge]) -> Mapping[str, tuple[Edge, ...]]:
    """Return every member that must be able to call a service, with the edges through which it does.

    First those of the pipeline file, then those discovered, each once. A call without an account has no member
    that a policy could name; the check ``edges`` judges it.
    """
    found: dict[str, tuple[Edge, ...]] = {}
    for caller in spec.callers if spec.callers is not None else (pipeline.invoker,):
        found[caller] = ()
    spellings = {spelled(caller): caller for caller in found}
    for edge in edges:
        if edge.account:
            caller = spellings.setdefault(spelled(edge.account), member_of(edge.account))
            found[caller] = (*found.get(caller, ()), edge)
    return found


def judge_caller(
    pipeline: Pipeline, spec: ServiceSpec, answers: Answers, caller: str, through: Sequence[Edge] = ()
) -> Finding:
    """Judge one caller of one service. A policy that is not known matters only where the other does not decide."""
    policy = answers.policy if isinstance(answers.policy, Policy) else None
    project = answers.project if isinstance(answers.project, Policy) else None
    grant = decide(policy, project, caller, without_callers=pipeline.groups_without_callers)
    facts = InvokerFacts(
        caller=(caller,),
        through=in_words(through, most=len(through)),
        roles=tuple(grant.roles or roles_of(policy, caller)),
        deploy=services.deployment(answers.service if isinstance(answers.service, Service) else None),
        members=tuple(grant.members),
        conditions=tuple(grant.conditions),
    )
    place = Place(PlaceKind.PERMISSION, spec.name, caller)
    for unread, words in ((answers.policy, "its own policy"), (answers.project, "the project's policy")):
        if isinstance(unread, SourceError) and not grant.callable:
            phase = services.phase_of(pipeline, spec)
            finding = could_not_check(
                unread, subject=spec.name, severity=Severity.P0, phase=phase, place=place, about=facts
            )
            return after(f"Whether {caller} can call {spec.name} depends on {words}.", finding)
    outcome, severity = _loudness(grant.standing)
    words = _SUMMARIES[grant.standing].format(
        caller=caller,
        service=spec.name,
        roles=", ".join(grant.roles),
        members=", ".join(grant.members),
        conditions="; ".join(grant.conditions),
        why=_why_refused(policy),
    )
    if severity is Severity.P0 and through:
        words = f"{words} It calls through {in_words(through)}."
    return services.finding(
        pipeline,
        spec,
        outcome,
        grant.standing.value,
        words,
        severity=severity,
        place=place,
        facts=facts,
        impact=_impact(pipeline, spec) if severity is Severity.P0 else "",
        action=_other_account(pipeline, spec, grant, (policy, project), caller, through)
        or _action(pipeline, spec, grant, policy, caller),
        tab="security",
    )


def _loudness(standing: GrantStanding) -> tuple[Outcome, Severity | None]:
    match standing:
        case GrantStanding.ALLOWED | GrantStanding.INHERITED:
            return Outcome.PASSED, None
        case GrantStanding.PUBLIC:
            return Outcome.FAILED, Severity.P3
        case GrantStanding.UNDECIDABLE:
            return Outcome.UNKNOWN, Severity.P0
        case _:
            return Outcome.FAILED, Severity.P0


def _why_refused(policy: Policy | None) -> str:
    if policy is None or not policy.bindings:
        return "the policy of the service is empty"
    if any(binding.role == INVOKER for binding in policy.bindings):
        return f"{INVOKER} is granted to others only"
    return f"no binding grants {INVOKER}"


def _impact(pipeline: Pipeline, spec: ServiceSpec) -> str:
    if services.is_orchestrator(pipeline, spec.name):
        return f"Every message for {spec.name} is refused; the next phase starts only if something else starts it."
    return f"Every request to {spec.name} is refused."


def _action(pipeline: Pipeline, spec: ServiceSpec, grant: Grant, policy: Policy | None, caller: str) -> Action | None:
    if grant.standing in (GrantStanding.ALLOWED, GrantStanding.INHERITED):
        return None
    if grant.standing is GrantStanding.PUBLIC:
        return Action(text="If that is not meant, grant the caller by name and remove the grant to everyone.")
    flags = [f"--member={member_of(caller)}", f"--role={INVOKER}"]
    if policy is not None and any(binding.condition for binding in policy.bindings):
        flags.append("--condition=None")  # gcloud asks for it as soon as the policy has any condition
    text = "Grant the caller by name" if grant.standing is GrantStanding.UNDECIDABLE else "Grant the permission again"
    return Action(
        text=f"{text}, and let the deploy bind and verify it each time.",
        commands=(service_commands.command(pipeline, "add-iam-policy-binding", spec.name, *flags),),
        repairs=(RepairKey("grant-invoker", spec.name),) if _is_grantable(pipeline, spec, caller) else (),
    )


def _is_grantable(pipeline: Pipeline, spec: ServiceSpec, caller: str) -> bool:
    """Whether the pipeline file lets a repair grant the caller the role."""
    return spelled(caller) in map(spelled, grantable(pipeline, spec.name))


def _other_account(
    pipeline: Pipeline,
    spec: ServiceSpec,
    grant: Grant,
    policies: tuple[Policy | None, Policy | None],
    caller: str,
    through: Sequence[Edge],
) -> Action | None:
    """Return the advice to correct the account of a call; None where it may be the right one.

    It is wrong where the pipeline file names other accounts and one of those can call the service already: then
    another one need not be let in.
    """
    if grant.callable or not through or _is_grantable(pipeline, spec, caller):
        return None
    right = [each for each in grantable(pipeline, spec.name) if spelled(each).startswith("serviceaccount:")]
    account = next((each.rpartition(":")[2] for each in right if decide(*policies, each).callable), None)
    if account is None:
        return None
    return Action(
        text=f"{spec.name} lets in {account}: let the call carry that account. If {caller} is meant to call, name it "
        "under 'callers' of the service and grant it the permission.",
        commands=tuple(account_command(pipeline, edge, account) for edge in through),
    )


def _open(pipeline: Pipeline, spec: ServiceSpec, service: Service) -> Finding:
    return services.finding(
        pipeline,
        spec,
        Outcome.FAILED,
        "check-disabled",
        f"{spec.name} does not check its callers: whoever can reach it can call it.",
        severity=Severity.P3,
        facts=InvokerFacts(deploy=services.deployment(service)),
        action=Action(
            text="If that is not meant, turn the check on and grant the callers by name.",
            commands=(service_commands.command(pipeline, "update", spec.name, "--invoker-iam-check"),),
        ),
        tab="security",
    )


def _together(findings: list[Finding]) -> Finding:
    """Return the first of several findings about one service, speaking for all of them."""
    first = findings[0]
    if len(findings) == 1:
        return first
    actions = [each.action for each in findings if each.action is not None]
    commands = tuple(command for each in actions for command in each.commands)
    repairs = tuple(dict.fromkeys(key for each in actions for key in each.repairs))
    together = _with(
        first, replace(_facts_of(first), caller=tuple(name for each in findings for name in _facts_of(each).caller))
    )
    return replace(
        together,
        summary=" ".join(each.summary for each in findings),
        action=replace(first.action, commands=commands, repairs=repairs) if first.action is not None else None,
    )


def _facts_of(finding: Finding) -> InvokerFacts:
    return known(finding.facts, InvokerFacts) or InvokerFacts()


def _with(finding: Finding, facts: InvokerFacts) -> Finding:
    """Return a finding with other facts about the callers, also beneath a source that gave no answer."""
    unread = finding.facts
    return replace(finding, facts=replace(unread, about=facts) if isinstance(unread, Unread) else facts)


def _read(look: Read[T]) -> T | SourceError:
    try:
        return look.result()
    except SourceError as error:
        return error


@check(
    id="invoker",
    place=PlaceKind.SERVICE,
    facts=InvokerFacts,
    reason="the callers",
    always_shown=True,
    effect=FailureEffect.STOPS,
    rounds=2,
    worst=Severity.P0,
    codes={
        "caller-allowed": "The caller can call the service.",
        "inherited-grant": "The caller can call the service by the project's policy.",
        "public": "The service is open to everyone, the caller included.",
        "check-disabled": "The service does not check its callers.",
        "undecidable-grant": "A group, a domain or a custom role may or may not let the caller in.",
        "conditional-grant": "The caller is let in under a condition only.",
        "deleted-member": "The grant names an account that was deleted.",
        "caller-refused": "Nothing lets the caller in.",
        **services.SERVICE_CODES,
    },
    expected="Every caller of a service can call it.",
    unwanted="A binding that a deploy has removed; a service open to everyone.",
    quick=True,
)
def invoker(context: Context) -> Iterator[Finding]:
    """Yield one finding a service: those of the pipeline file, then those that were discovered."""
    discovery = discover(context)
    project = read_project_policy(context.reads) if context.services or discovery.on else None
    reads = [_asked(context, spec) for spec in context.services]
    # The policies of the services in the pipeline file are under way by now; discovery only adds to them.
    found = discovery.read()
    reads += [_asked(context, spec) for spec in unnamed(context, found)]
    if project is None or not (reads or found.errors):
        yield services.none_named()
        return
    of_project = _read(project)
    for spec, service, policy in reads:
        of_service, of_policy = _read(service), _read(policy)
        answers = Answers(service=of_service, policy=of_policy, project=of_project)
        yield services.tolerated_if_optional(spec, judge(context.pipeline, spec, answers, found.of(spec.name)))
    yield from incomplete(found)


Asked = tuple[ServiceSpec, Read[Service | None], Read[Policy | None]]


def _asked(context: Context, spec: ServiceSpec) -> Asked:
    return spec, read_service(context.reads, spec.name), read_service_policy(context.reads, spec.name)
