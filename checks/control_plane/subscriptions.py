"""Every topic has the push subscriptions that it should have.

One subscription too many, and each message is processed twice: it once broke exports with conflicts. One too few, and
a part of the pipeline never hears of its work. Redeploying a function can leave the subscription of an older one
behind, and deleting one leaves nothing. The check counts the push subscriptions of each topic that the pipeline file
names; pull subscriptions and those for dead letters do not count. It names the surplus where it can tell: a
subscription whose service is gone, one that doubles another, one to a service that the topic is not meant for. Where
the file says whom a topic is for, the right number is not enough: a push to another service, region or project leaves
that one without its messages. A subscription that gets nothing of the topic does not count either: one that was
detached, one to a topic of that name in another project, one that Pub/Sub has stopped. Whether the filter of a
subscription lets anything through cannot be told from outside, so that a filter is noted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from checks.actions import Action, Gcloud
from checks.context import Context, not_configured
from checks.control_plane.addresses import Addresses, CallTarget
from checks.control_plane.gcloud import gcloud
from checks.control_plane.removal import subscription_removal
from checks.effects import FailureEffect
from checks.facts.control_plane import SubscriptionFacts, TopicFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.ports.messaging import Subscription, read_subscriptions, read_topics
from checks.ports.services import Service, read_services
from checks.registry import check
from checks.services_spec import service_name
from checks.source import SourceError
from checks.unanswered import after, attempt, could_not_check

T = TypeVar("T")

DELETED_TOPIC = "_deleted-topic_"
MANY = 2
"""From so many too many on it is P0."""

_TOO_FEW = ("too-few", "none")

_SEVERITIES = {
    "one-too-many": Severity.P1,
    "too-many": Severity.P0,
    "too-few": Severity.P1,
    "none": Severity.P0,
    "topic-missing": Severity.P0,
    "wrong-target": Severity.P0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicCase:
    """What was seen of one topic. ``exists`` and ``services`` are None when they could not be checked."""

    topic: str
    expected: int
    exists: bool | None
    pushes: tuple[Subscription, ...]
    idle: tuple[Subscription, ...] = ()
    """The push subscriptions that name the topic, or did before it was deleted, and get nothing of it."""
    services: tuple[Service, ...] | None
    wanted: tuple[str, ...] = ()


def verdict(expected: int, found: int, *, exists: bool | None = True) -> str:
    """Return the code for a topic with so many push subscriptions where so many are expected."""
    if exists is False:
        return "topic-missing" if expected else "as-expected"
    if found == expected:
        return "as-expected"
    if found > expected:
        return "too-many" if found - expected >= MANY else "one-too-many"
    return "too-few" if found else "none"


def counts(subscription: Subscription, dead_letter_suffix: str) -> bool:
    """Whether a subscription is one that a topic is expected to have: it pushes, and not dead letters."""
    # Every name ends with nothing, so that no suffix means no dead letters.
    dead = bool(dead_letter_suffix) and (
        subscription.name.endswith(dead_letter_suffix) or subscription.topic.endswith(dead_letter_suffix)
    )
    return bool(subscription.endpoint) and not dead


def idleness(subscription: Subscription) -> str:
    """Return in words why a subscription gets nothing of the topic of this project that it names, empty if it does."""
    if subscription.detached:
        return "is detached from it"
    if subscription.topic == DELETED_TOPIC:
        return "is left over from a topic that was deleted"
    if subscription.topic_project:
        return f"listens to the topic of that name in {subscription.topic_project}"
    return "" if subscription.active else "was stopped by Pub/Sub after an error"


def leftovers(pipeline: Pipeline, case: TopicCase, every: Sequence[Subscription]) -> tuple[Subscription, ...]:
    """Return the subscriptions whose topic was deleted, where it was this one: they lead to a service that this topic
    should reach and does not, or, while it has too few, to one that the file names for no topic."""
    addresses = Addresses(pipeline, case.services or ())
    targets = pipeline.messaging.targets if pipeline.messaging is not None else {}
    missed = {service_name(each) for each in _missed(case, addresses)}
    others = {service_name(each) for names in targets.values() for each in names}

    def leads_here(each: Subscription) -> bool:
        target = addresses.target(each.endpoint)
        service = "" if target is None else service_name(target.service)
        return service in missed or (len(case.pushes) < case.expected and service not in others)

    return tuple(each for each in every if each.topic == DELETED_TOPIC and each.endpoint and leads_here(each))


def surplus(pipeline: Pipeline, case: TopicCase) -> tuple[Subscription, ...]:
    """Return the subscriptions that are the surplus, as far as can be told; never more than there are too many."""
    if len(case.pushes) <= case.expected:
        return ()
    addresses = Addresses(pipeline, case.services or ())
    seen: set[str] = set()
    ranked: list[tuple[int, Subscription]] = []
    for each in case.pushes:
        target = addresses.target(each.endpoint)
        rank = _suspicion(target, seen, case) if case.services is not None else None
        if target is not None:
            seen.add(target.service)
        if rank is not None:
            ranked.append((rank, each))
    ranked.sort(key=lambda pair: pair[0])
    return tuple(each for _, each in ranked[: len(case.pushes) - case.expected])


def _suspicion(target: CallTarget | None, seen: set[str], case: TopicCase) -> int | None:
    """Return why a subscription may be the surplus, the surest reason lowest; None without a reason."""
    if target is not None and not target.exists:
        return 0
    if target is not None and target.service in seen:
        return 1
    if case.wanted and (target is None or target.service not in case.wanted):
        return 2
    return None


def served(case: TopicCase, addresses: Addresses) -> bool | None:
    """Whether every service that a topic is for is pushed to; None where an address does not tell where it leads.

    A file that names more services than the topic has subscriptions names those that it may be for.
    """
    if not case.wanted or len(case.wanted) > case.expected or not _missed(case, addresses):
        return True
    if any(addresses.is_unclear(each.endpoint) for each in case.pushes):
        return None
    return False


def judge(pipeline: Pipeline, case: TopicCase) -> Finding:
    """Judge one topic."""
    addresses = Addresses(pipeline, case.services or ())
    code = verdict(case.expected, len(case.pushes), exists=case.exists)
    reached = served(case, addresses)
    if len(case.pushes) >= case.expected and reached is False:
        code = "wrong-target"
    tells = not reached or (code in _TOO_FEW and case.services is not None)
    orphans = surplus(pipeline, case)
    facts = TopicFacts(
        expected=case.expected,
        found=len(case.pushes),
        subscriptions=tuple(each.name for each in case.pushes),
        surplus=tuple(each.name for each in orphans),
        idle=tuple(each.name for each in case.idle),
        missing=_missed(case, addresses) if tells else (),
    )
    outcome = Outcome.PASSED if code == "as-expected" else Outcome.FAILED
    return Finding(
        outcome=outcome,
        code=code,
        subject=case.topic,
        summary=_summary(case, code, facts),
        severity=_severity(case, code, addresses),
        facts=facts,
        impact=_impact(code, ", ".join(facts.missing)),
        action=_action(pipeline, case, code, orphans),
        link=f"https://console.cloud.google.com/cloudpubsub/topic/detail/{case.topic}?project={pipeline.project}",
    )


def _severity(case: TopicCase, code: str, addresses: Addresses) -> Severity | None:
    """A topic that still reaches one of its services is no worse than one that lacks a subscription."""
    partly = code == "wrong-target" and len(_missed(case, addresses)) < len(case.wanted)
    return _SEVERITIES["too-few"] if partly else _SEVERITIES.get(code)


def _missed(case: TopicCase, addresses: Addresses) -> tuple[str, ...]:
    """Return the services that the topic is meant for and that no subscription is known to reach."""
    targets = (addresses.target(each.endpoint) for each in case.pushes)
    reached = {service_name(target.service) for target in targets if target is not None}
    return tuple(name for name in case.wanted if service_name(name) not in reached)


def _summary(case: TopicCase, code: str, facts: TopicFacts) -> str:
    missing = ", ".join(facts.missing)
    if code == "topic-missing":
        return f"There is no topic {case.topic}."
    expected = f"{case.expected} {'is' if case.expected == 1 else 'are'} expected"
    plural = "" if len(case.pushes) == 1 else "s"
    words = f"{case.topic} has {len(case.pushes) or 'no'} push subscription{plural}"
    if code == "as-expected":
        unclear = f" Whether one leads to {missing} cannot be told from its address."
        return f"{words}, as expected.{unclear if missing else ''}"
    if code == "wrong-target":
        to = "; ".join(f"{each.name} to {each.endpoint.partition('?')[0]}" for each in case.pushes)
        return f"{words}, and none leads to {missing}: {to}."
    listed = f": {', '.join(facts.subscriptions)}" if case.pushes else ""
    unserved = f" Nothing is sent to {missing}." if code in _TOO_FEW and missing else ""
    idle = "".join(f" {each.name} {idleness(each)}." for each in case.idle)
    orphans = f" The surplus seems to be {', '.join(facts.surplus)}." if facts.surplus else ""
    return f"{words} where {expected}{listed}.{unserved}{idle}{orphans}"


def _impact(code: str, missing: str) -> str:
    match code:
        case "one-too-many" | "too-many":
            return "Each message is processed more than once, and the runs get in each other's way."
        case "too-few":
            return "A part of the pipeline never hears of its work."
        case "none":
            return "Nobody gets the messages of this topic: what waits for them never starts."
        case "wrong-target":
            return f"{missing} never hears of its work; what gets the messages instead may not know them."
        case "topic-missing":
            return "What publishes to it fails, and what waits for it never starts."
        case _:
            return ""


def _action(pipeline: Pipeline, case: TopicCase, code: str, orphans: Sequence[Subscription]) -> Action | None:
    match code:
        case "one-too-many" | "too-many" if orphans:
            return Action(
                text="Delete the surplus subscription once you are sure that nobody needs it.",
                commands=tuple(subscription_removal(pipeline, each) for each in orphans),
            )
        case "one-too-many" | "too-many":
            return Action(
                text="Check the address of each, and delete the Eventarc trigger (or the subscription) that is left "
                "over.",
                commands=tuple(_describe(pipeline, each) for each in case.pushes),
            )
        case "too-few" | "none" if case.idle:
            return Action(
                text="Delete the subscription that gets nothing, and deploy again what should listen.",
                commands=tuple(subscription_removal(pipeline, each) for each in case.idle),
            )
        case "too-few" | "none":
            return Action(
                text="Redeploy the service that should listen: that creates the Eventarc trigger and its subscription.",
                commands=(gcloud(pipeline, "pubsub topics", "list-subscriptions", case.topic),),
            )
        case "wrong-target":
            return Action(
                text="Delete the one that leads elsewhere unless it is meant to, and deploy again what should listen.",
                commands=tuple(_describe(pipeline, each) for each in case.pushes),
            )
        case "topic-missing":
            return Action(
                text="Make the topic again, then deploy again what listens to it.",
                commands=(gcloud(pipeline, "pubsub topics", "create", case.topic),),
            )
        case _:
            return None


def _describe(pipeline: Pipeline, subscription: Subscription) -> Gcloud:
    return gcloud(pipeline, "pubsub subscriptions", "describe", subscription.name)


def orphan(pipeline: Pipeline, subscription: Subscription) -> Finding:
    """Return the finding about a subscription whose topic was deleted."""
    return Finding(
        outcome=Outcome.FAILED,
        code="orphan-subscription",
        subject=subscription.name,
        summary=f"The topic of the subscription {subscription.name} was deleted: it never gets a message again, also "
        "when a topic of that name is made again.",
        severity=Severity.P2,
        place=Place(PlaceKind.SUBSCRIPTION, subscription.name),
        facts=SubscriptionFacts(trigger=subscription.trigger),
        action=Action(
            text="Delete it; if its topic is back, deploy again what listens to it.",
            commands=(subscription_removal(pipeline, subscription),),
        ),
    )


def detached(pipeline: Pipeline, subscription: Subscription) -> Finding:
    """Return the finding about a subscription that was detached from its topic, for ever."""
    return Finding(
        outcome=Outcome.FAILED,
        code="detached-subscription",
        subject=subscription.name,
        summary=f"The subscription {subscription.name} is detached from {subscription.topic}: it never gets a message "
        "again.",
        severity=Severity.P2,
        place=Place(PlaceKind.SUBSCRIPTION, subscription.name),
        facts=SubscriptionFacts(topic=subscription.topic, trigger=subscription.trigger),
        action=Action(
            text="Delete it; deploy again what should listen to the topic.",
            commands=(subscription_removal(pipeline, subscription),),
        ),
    )


def filtered(pipeline: Pipeline, subscription: Subscription) -> Finding:
    """Return the note about a subscription that gets only some of the messages."""
    return Finding(
        outcome=Outcome.FAILED,
        code="filtered-subscription",
        subject=subscription.name,
        summary=f"{subscription.name} gets only those messages of {subscription.topic} that match its filter, "
        f"{subscription.filter}. Whether any message does cannot be told from here.",
        severity=Severity.P3,
        place=Place(PlaceKind.SUBSCRIPTION, subscription.name),
        facts=SubscriptionFacts(topic=subscription.topic, filter=subscription.filter),
        action=Action(
            text="Compare the filter with the attributes that the publisher sets. A filter cannot be changed: without "
            "it the subscription must be made again.",
            commands=(_describe(pipeline, subscription),),
        ),
    )


def _read(answer: Callable[[], Sequence[T]]) -> tuple[Sequence[T] | None, SourceError | None]:
    """Return what a look brought that most verdicts can do without, and else why it brought nothing."""
    try:
        return answer(), None
    except SourceError as error:
        return None, error


def _judged_with(pipeline: Pipeline, case: TopicCase, error: SourceError | None) -> Finding:
    """Judge one topic; ``error`` is why the services are not known, without which an address may lead anywhere."""
    finding = judge(pipeline, case)
    if error is None or finding.outcome is not Outcome.PASSED or served(case, Addresses(pipeline, ())):
        return finding
    unread = could_not_check(error, subject=case.topic, severity=Severity.P0)
    wanted = ", ".join(case.wanted)
    return after(f"Whether {case.topic} is pushed to {wanted} depends on the services.", unread)


@check(
    id="subscriptions",
    place=PlaceKind.TOPIC,
    facts=TopicFacts,
    reason="the subscriptions",
    always_shown=True,
    effect=FailureEffect.STOPS,
    effects={
        "one-too-many": FailureEffect.HARMS,
        "too-many": FailureEffect.HARMS,
        "orphan-subscription": FailureEffect.HARMS,
        "filtered-subscription": FailureEffect.HARMS,
    },
    worst=Severity.P0,
    codes={
        "as-expected": "The topic has the push subscriptions that it should have.",
        "one-too-many": "One push subscription too many: messages are processed twice.",
        "too-many": "Two or more push subscriptions too many.",
        "too-few": "A push subscription is missing.",
        "none": "Not one push subscription is there.",
        "topic-missing": "The topic does not exist.",
        "wrong-target": "As many push subscriptions as expected, and a service that the topic is for gets nothing.",
        "orphan-subscription": "The topic of a subscription was deleted.",
        "detached-subscription": "A subscription was detached from its topic.",
        "filtered-subscription": "A filter decides which messages a push subscription gets.",
    },
    expected="Each topic has exactly its push subscriptions; pull subscriptions and dead letters do not count.",
    unwanted="A subscription that a redeploy left behind; a topic that nobody listens to.",
    quick=True,
)
def subscriptions(context: Context) -> Iterator[Finding]:
    """Yield one finding a topic, and one for each subscription that lost its topic or has a filter."""
    spec = context.pipeline.messaging
    if spec is None or not spec.topics:
        yield not_configured(
            "topics",
            "The pipeline file names no topic",
            configure="add the section 'messaging' with the number of push subscriptions of each topic",
        )
        return
    reads = (
        read_subscriptions(context.reads),
        read_topics(context.reads),
        read_services(context.reads),
    )

    def judged() -> Iterator[Finding]:
        every = reads[0].result()
        topics, _ = _read(reads[1].result)
        running, error = _read(reads[2].result)
        for topic, expected in spec.topics.items():
            named = [each for each in every if each.topic == topic and counts(each, spec.dead_letter_suffix)]
            pushes = [each for each in named if not idleness(each)]
            case = TopicCase(
                topic=topic,
                expected=expected,
                # A topic with subscriptions is there, whatever a list says that was made at another moment.
                exists=True if pushes else (topic in topics if topics is not None else None),
                pushes=tuple(pushes),
                idle=tuple(each for each in named if idleness(each)),
                services=tuple(running) if running is not None else None,
                wanted=spec.targets.get(topic, ()),
            )
            case = replace(case, idle=(*case.idle, *leftovers(context.pipeline, case, every)))
            yield _judged_with(context.pipeline, case, error)
            yield from (filtered(context.pipeline, each) for each in pushes if each.filter)
        yield from (detached(context.pipeline, each) for each in every if each.detached)
        yield from (orphan(context.pipeline, each) for each in every if each.topic == DELETED_TOPIC)

    yield from attempt(judged, subject="topics", severity=Severity.P0, whole=True)
