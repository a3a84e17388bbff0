"""Messages arrive at the services that they are for.

A push that is refused never reaches its service: the service logs nothing, counts nothing and is ready. Pub/Sub sees
it, within minutes: the answers to its pushes are 4xx where a caller lost its permission and 5xx where a service
crashes, the oldest message grows old, and after enough attempts messages are given up. So the figures of each
subscription are read; one that Cloud Monitoring has no figure of proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from checks.actions import Action, Command, Gcloud
from checks.context import Context, not_configured
from checks.control_plane import service_commands, services
from checks.control_plane.addresses import Addresses
from checks.control_plane.discovery import spec_of
from checks.control_plane.subscriptions import counts as is_expected
from checks.control_plane.subscriptions import idleness
from checks.control_plane_spec import DeliveryLimits
from checks.effects import FailureEffect
from checks.facts.control_plane import DeliveryFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import PlaceKind
from checks.ports.messaging import Subscription, read_subscriptions
from checks.ports.requests import (
    MONITORING,
    NOW,
    VISIBLE_AFTER,
    SubscriptionFigure,
    read_pushes,
    read_subscription_figure,
)
from checks.ports.services import read_services
from checks.registry import check
from checks.unanswered import attempt

ACKNOWLEDGED, REFUSED = "ack", "remote_server_4xx"
MOSTLY = 0.5
"""From this share of pushes that fail on, many do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is known of a subscription: seconds, messages, and pushes by the class of their answer; None is unknown."""

    oldest: int | None = None
    undelivered: int | None = None
    answers: Mapping[str, int] = field(default_factory=dict)
    dead_letters: int | None = None

    @property
    def acknowledged(self) -> int:
        return self.answers.get(ACKNOWLEDGED, 0)

    @property
    def refused(self) -> int:
        return self.answers.get(REFUSED, 0)

    @property
    def pushes(self) -> int:
        return sum(self.answers.values())

    @property
    def failed(self) -> int:
        """Pushes that were not acknowledged, whatever the reason."""
        return self.pushes - self.acknowledged

    @property
    def absent(self) -> bool:
        """Whether there is no figure at all."""
        return self.oldest is None and self.undelivered is None and self.dead_letters is None and not self.answers


def judge(figures: Figures, limits: DeliveryLimits) -> tuple[str, Severity | None]:
    """Return the code for the worst that the figures show, and how loud it is."""
    oldest = (figures.oldest or 0) / 60
    if figures.failed >= limits.few and not figures.acknowledged:
        # Of several kinds of answers the commonest names the fault.
        return ("refused" if figures.refused * 2 >= figures.failed else "failing"), Severity.P1
    if oldest >= limits.act:
        # What is acknowledged within the time looked at is the pace: a backlog that it takes longer to clear is one,
        # while few messages behind many that arrive are messages that a service cannot digest.
        behind = (1 if figures.undelivered is None else figures.undelivered) >= figures.acknowledged
        return ("backlog", Severity.P1) if behind else ("message-stuck", Severity.P2)
    if figures.failed >= max(limits.few, MOSTLY * figures.pushes):
        return "often-failing", Severity.P2
    if oldest >= limits.watch:
        return "backlog-grows", Severity.P2
    if figures.dead_letters:
        return "dead-letters", Severity.P2
    return ("no-figures" if figures.absent else "delivered"), None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A subscription with the service that it pushes to, empty for none of this project, and its figures."""

    subscription: Subscription
    service: str
    figures: Figures

    def facts(self, limits: DeliveryLimits) -> DeliveryFacts:
        figures = self.figures
        return DeliveryFacts(
            topic=self.subscription.topic,
            service=self.service,
            account=self.subscription.account,
            oldest_minutes=None if figures.oldest is None else figures.oldest // 60,
            undelivered=figures.undelivered,
            acknowledged=figures.acknowledged,
            refused=figures.refused,
            failed=figures.failed,
            answers=tuple(f"{number:,} {name}" for name, number in sorted(figures.answers.items())),
            dead_letters=figures.dead_letters,
            minutes=limits.minutes,
        )


def _summary(listener: Listener, code: str, minutes: int) -> str:
    figures, topic = listener.figures, listener.subscription.topic
    to = listener.service or listener.subscription.endpoint or listener.subscription.name
    waiting = f"{figures.undelivered:,} messages wait" if figures.undelivered is not None else "messages wait"
    oldest = f"the oldest for {(figures.oldest or 0) // 60} min"
    match code:
        case "refused":
            return (
                f"{to} refuses every message of {topic}: {figures.failed:,} pushes in {minutes} min, none acknowledged."
            )
        case "failing":
            worst = max((each for each in figures.answers.items() if each[0] != ACKNOWLEDGED), key=lambda each: each[1])
            return f"{to} fails on every message of {topic}: {figures.failed:,} pushes in {minutes} min ({worst[0]})."
        case "often-failing":
            return f"{figures.failed:,} of {figures.pushes:,} pushes of {topic} to {to} failed in {minutes} min."
        case "dead-letters":
            return f"{figures.dead_letters:,} messages of {topic} to {to} were given up in {minutes} min."
        case "message-stuck":
            return f"{to} takes messages of {topic}, but {waiting}, {oldest}."
    return f"Messages of {topic} do not reach {to}: {waiting}, {oldest}."


def _action(pipeline: Pipeline, listener: Listener, code: str) -> Action:
    describe = Gcloud(
        "pubsub subscriptions", "describe", listener.subscription.name, (f"--project={pipeline.project}",)
    )
    if code == "refused" and listener.service:
        # Google answers 403 in place of a service that does not let the caller in.
        text = (
            f"Check whether {listener.subscription.account or 'the caller'} can invoke {listener.service} (the check "
        )
        text += "'invoker' says so); if it can, the service itself answers 4xx: read its log."
        first: Command = service_commands.command(pipeline, "get-iam-policy", listener.service)
        return Action(text=text, commands=(first, describe))
    if code == "dead-letters":
        return Action(
            text="Read the messages in the dead-letter topic, and publish them again once it works.",
            commands=(describe,),
        )
    return Action(
        text=f"Read the log of {listener.service or 'the receiver'} for what it answers; what waits is delivered again "
        "by itself once it works.",
        commands=(service_commands.command(pipeline, "describe", listener.service), describe)
        if listener.service
        else (describe,),
    )


def _finding(pipeline: Pipeline, listener: Listener, code: str, severity: Severity, limits: DeliveryLimits) -> Finding:
    name = listener.subscription.name
    spec = spec_of(pipeline, listener.service)
    finding = Finding(
        outcome=Outcome.FAILED,
        code=code,
        subject=name,
        summary=_summary(listener, code, limits.minutes),
        severity=severity,
        phase=services.phase_of(pipeline, spec) if listener.service else None,
        facts=listener.facts(limits),
        impact=f"{listener.service or 'The receiver'} does not do the work that these messages ask for.",
        action=_action(pipeline, listener, code),
        link=f"https://console.cloud.google.com/cloudpubsub/subscription/detail/{name}?project={pipeline.project}",
    )
    return services.tolerated_if_optional(spec, finding) if listener.service else finding


def _note(pipeline: Pipeline, listener: Listener, limits: DeliveryLimits) -> Finding:
    finding = _finding(pipeline, listener, "backlog-elsewhere", Severity.P3, limits)
    summary = f"{finding.summary.rstrip('.')}; the pipeline file expects nobody to take them."
    return replace(finding, summary=summary, phase=None, impact="", action=None)


def _judged(context: Context, listeners: Iterable[Listener], limits: DeliveryLimits) -> Iterator[Finding]:
    """Yield one finding for each subscription whose messages do not arrive, and one for all others together."""
    messaging = context.pipeline.messaging
    topics, suffix = (messaging.topics, messaging.dead_letter_suffix) if messaging is not None else ({}, "")
    arrived, unknown, failed = 0, 0, 0
    for listener in listeners:
        code, severity = judge(listener.figures, limits)
        expected = topics.get(listener.subscription.topic, 0) > 0 and is_expected(listener.subscription, suffix)
        if not expected:
            if severity is not None:
                yield _note(context.pipeline, listener, limits)
        elif severity is not None:
            failed += 1
            finding = _finding(context.pipeline, listener, code, severity, limits)
            if context.in_scope(finding.phase):
                yield finding
        else:
            unknown += code == "no-figures"
            arrived += code == "delivered"
    if arrived:
        summary = f"The messages of {arrived} subscriptions arrive."
        more = f" Cloud Monitoring has no figures of {unknown} others." if unknown else ""
        yield Finding(outcome=Outcome.PASSED, code="delivered", subject="subscriptions", summary=f"{summary}{more}")
    elif not failed:
        yield _nothing_known()


def _nothing_known() -> Finding:
    return Finding(
        outcome=Outcome.SKIPPED,
        code="no-figures",
        subject="subscriptions",
        summary="Cloud Monitoring has no figures for the pipeline's subscriptions: no message was sent.",
    )


@check(
    id="delivery",
    place=PlaceKind.SUBSCRIPTION,
    facts=DeliveryFacts,
    short="messages under way",
    reason="the delivery of messages",
    effect=FailureEffect.HARMS,
    effects={"refused": FailureEffect.STOPS, "failing": FailureEffect.STOPS, "backlog": FailureEffect.STOPS},
    worst=Severity.P1,
    codes={
        "delivered": "Messages are acknowledged, and none waits for long.",
        "refused": "Every push is answered with 4xx: the caller may have lost its permission.",
        "failing": "Every push fails: the service crashes, does not answer in time, or is not there.",
        "backlog": "Messages wait for longer than the limit, and fewer are acknowledged than wait.",
        "backlog-grows": "A message has waited for a while.",
        "message-stuck": "A message waits for long while others are acknowledged.",
        "often-failing": "At least half of the pushes fail.",
        "dead-letters": "Messages were given up after too many attempts.",
        "backlog-elsewhere": "Messages wait in a subscription that the pipeline file does not expect.",
        "no-figures": "Cloud Monitoring has no figures: no message was sent.",
        "optional-service": services.SERVICE_CODES["optional-service"],
    },
    expected="Pushes are acknowledged, and no message waits for longer than the limits of the pipeline file.",
    unwanted="Messages that are refused, or that nobody takes.",
)
def delivery(context: Context) -> Iterator[Finding]:
    """Yield one finding for each subscription whose messages do not arrive, and one for all others together."""
    limits = context.pipeline.messaging.delivery if context.pipeline.messaging is not None else None
    if limits is None or not context.reads.connected(MONITORING):
        yield not_configured(
            "subscriptions",
            "The section 'messaging' of the pipeline file has no 'delivery'",
            configure="add 'delivery: {}' to it and grant roles/monitoring.viewer",
        )
        return
    until = context.now.replace(second=0, microsecond=0) - VISIBLE_AFTER
    since = until - timedelta(minutes=limits.minutes)
    reads = context.reads
    subscriptions, running = read_subscriptions(reads), read_services(reads)
    oldest = read_subscription_figure(reads, SubscriptionFigure.OLDEST, until - NOW, until)
    undelivered = read_subscription_figure(reads, SubscriptionFigure.UNDELIVERED, until - NOW, until)
    dead_letters = read_subscription_figure(reads, SubscriptionFigure.DEAD_LETTERS, since, until)
    pushes = read_pushes(reads, since, until)

    def judged() -> Iterator[Finding]:
        ages, waiting, lost, answers = oldest.result(), undelivered.result(), dead_letters.result(), pushes.result()
        if not (ages or waiting or lost or answers):
            yield _nothing_known()
            return
        addresses = Addresses(context.pipeline, running.result())

        def listener(each: Subscription) -> Listener:
            target = addresses.target(each.endpoint) if each.endpoint else None
            figures = Figures(
                oldest=ages.get(each.name),
                undelivered=waiting.get(each.name),
                answers=answers.get(each.name, {}),
                dead_letters=lost.get(each.name),
            )
            return Listener(subscription=each, service=target.service if target is not None else "", figures=figures)

        listening: Sequence[Subscription] = [each for each in subscriptions.result() if not idleness(each)]
        yield from _judged(context, map(listener, listening), limits)

    yield from attempt(judged, subject="deliveries", severity=Severity.P2, whole=True)
