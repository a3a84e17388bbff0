"""The push subscriptions of each topic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.control_plane.subscriptions import TopicCase, subscriptions, surplus, verdict
from checks.control_plane_spec import Messaging
from checks.model import CheckResult, Finding, Outcome, Severity
from checks.ports.messaging import Subscription
from checks.source import Problem, SourceError
from tests import fakes
from tests.checks.control_plane.estate import (
    NUMBER,
    PROJECT,
    REGION,
    function_address,
    hashed,
    numbered,
    pipeline,
    push,
    run,
    service,
)

A, B = service("a"), service("b")
DENIED = SourceError("Pub/Sub", Problem.DENIED, "pubsub.subscriptions.list is missing")


def to(name: str, target: str, **more: Any) -> Subscription:
    return push(name, endpoint=hashed(target), **more)


def checked(expected: int, found: Sequence[Subscription] | SourceError, **more: Any) -> CheckResult:
    targets = more.pop("targets", {})
    described = pipeline(messaging=Messaging(topics={"orders": expected}, targets=targets))
    world = {"services": [A, B], "topics": ["orders"], **more}
    return run(subscriptions, subscriptions=found, described=described, **world)


def judged(expected: int, found: Sequence[Subscription] | SourceError, **more: Any) -> Finding:
    (finding,) = checked(expected, found, **more).findings
    return finding


@pytest.mark.parametrize(
    ("expected", "found", "code", "severity"),
    [
        pytest.param(1, 1, "as-expected", None, id="one of one"),
        pytest.param(2, 2, "as-expected", None, id="two of two"),
        pytest.param(0, 0, "as-expected", None, id="none of none"),
        pytest.param(1, 2, "one-too-many", Severity.P1, id="one more"),
        pytest.param(1, 3, "too-many", Severity.P0, id="two more"),
        pytest.param(0, 1, "one-too-many", Severity.P1, id="one where none"),
        pytest.param(1, 5, "too-many", Severity.P0, id="four more"),
        pytest.param(2, 1, "too-few", Severity.P1, id="one less"),
        pytest.param(3, 1, "too-few", Severity.P1, id="two less"),
        pytest.param(1, 0, "none", Severity.P0, id="none of one"),
        pytest.param(2, 0, "none", Severity.P0, id="none of two"),
    ],
)
def test_too_many_and_too_few_are_told_apart(expected: int, found: int, code: str, severity: Severity | None) -> None:
    finding = judged(expected, [push(f"push-{number}") for number in range(found)])

    assert (finding.subject, finding.code, finding.severity) == ("orders", code, severity)
    assert (finding.evidence["expected"], finding.evidence["found"]) == (expected, found)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Subscription(name="pull", topic="orders"), id="pull"),
        pytest.param(push("orders-push-dlq"), id="dead letters by name"),
        pytest.param(push("push", topic="orders-dlq"), id="dead letters by topic"),
        pytest.param(push("push", topic="other"), id="another topic"),
        pytest.param(push("push", active=False), id="one that does not work"),
    ],
)
def test_what_does_not_count_is_left_out(other: Subscription) -> None:
    assert judged(1, [to("first", "a"), other]).code == "as-expected"


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        pytest.param({"detached": True}, {"orders": "none", "only": "detached-subscription"}, id="detached"),
        pytest.param({"topic_project": "another-project"}, {"orders": "none"}, id="of another project's topic"),
        pytest.param({"active": False}, {"orders": "none"}, id="stopped by Pub/Sub"),
        pytest.param({"topic": "_deleted-topic_"}, {"orders": "none", "only": "orphan-subscription"}, id="orphaned"),
        pytest.param(
            {"filter": 'attributes.kind = "never"'},
            {"orders": "as-expected", "only": "filtered-subscription"},
            id="with a filter, which cannot be judged",
        ),
    ],
)
def test_a_subscription_that_gets_nothing_of_its_topic_is_none(changes: Any, codes: dict[str, str]) -> None:
    result = checked(1, [to("only", "a", **changes)])

    assert {each.subject: each.code for each in result.findings} == codes


def test_what_gets_nothing_is_named_and_its_removal_is_the_command() -> None:
    finding = judged(2, [to("first", "a"), to("second", "b", topic_project="another-project")])

    assert (finding.code, finding.evidence["idle"]) == ("too-few", "second")
    assert "another-project" in finding.summary
    assert finding.action is not None
    assert finding.action.command == "gcloud pubsub subscriptions delete second --project=example-project"


def test_the_suffix_of_dead_letters_is_the_pipelines_own_and_may_be_nothing() -> None:
    described = pipeline(messaging=Messaging(topics={"orders": 2}, dead_letter_suffix=""))

    result = run(subscriptions, subscriptions=[push("one"), push("two-dlq")], topics=["orders"], described=described)

    assert [each.code for each in result.findings] == ["as-expected"]


class TestTheSurplus:
    def test_a_service_that_is_gone_gives_it_away_and_its_trigger_is_what_to_delete(self) -> None:
        orphan = to("eventarc-us-west2-old-sub-1", "gone", trigger="old", trigger_region="us-west2")

        finding = judged(1, [orphan, to("push", "a")])

        assert finding.evidence["surplus"] == orphan.name
        assert finding.action is not None
        assert finding.action.command == (
            "gcloud eventarc triggers delete old --location=us-west2 --project=example-project"
        )

    def test_a_second_one_to_the_same_service_gives_it_away(self) -> None:
        finding = judged(2, [to("one", "a"), to("two", "b"), to("two-again", "b")])

        assert finding.evidence["surplus"] == "two-again"
        assert finding.action is not None
        assert finding.action.command == "gcloud pubsub subscriptions delete two-again --project=example-project"

    def test_a_service_that_the_topic_is_not_meant_for_gives_it_away(self) -> None:
        finding = judged(1, [to("one", "b"), to("two", "a")], targets={"orders": ("a",)})

        assert finding.evidence["surplus"] == "one"

    def test_where_nothing_gives_it_away_each_is_shown_and_none_deleted(self) -> None:
        finding = judged(1, [to("one", "a"), to("two", "b")])

        assert finding.evidence["surplus"] == ""
        assert finding.action is not None
        assert (finding.action.command or "").splitlines() == [
            "gcloud pubsub subscriptions describe one --project=example-project",
            "gcloud pubsub subscriptions describe two --project=example-project",
        ]

    def test_a_list_of_services_out_of_reach_accuses_nobody(self) -> None:
        finding = judged(1, [to("one", "a"), to("two", "gone")], services=fakes.down("Cloud Run"))

        assert (finding.code, finding.evidence["surplus"]) == ("one-too-many", "")

    @given(
        expected=st.integers(0, 4),
        targets=st.lists(st.sampled_from(["a", "b", "gone"]), max_size=6),
        wanted=st.sets(st.sampled_from(["a", "b"])),
    )
    def test_never_more_are_accused_than_there_are_too_many(
        self, expected: int, targets: list[str], wanted: set[str]
    ) -> None:
        pushes = tuple(to(f"push-{number}", each) for number, each in enumerate(targets))
        case = TopicCase(
            topic="orders", expected=expected, exists=True, pushes=pushes, services=(A, B), wanted=tuple(wanted)
        )

        accused = surplus(pipeline(), case)

        assert len(accused) <= max(0, len(targets) - expected)
        assert len({each.name for each in accused}) == len(accused)


def test_who_lost_its_subscription_is_named_where_the_file_says_whom_the_topic_is_for() -> None:
    finding = judged(2, [to("one", "a")], targets={"orders": ("a", "b")})

    assert (finding.code, finding.evidence["missing"]) == ("too-few", "b")
    assert "Nothing is sent to b." in finding.summary


class TestWhereMessagesGo:
    @pytest.mark.parametrize(
        "endpoint",
        [
            pytest.param(hashed("b"), id="another service"),
            pytest.param(f"https://a-{NUMBER}.us-east1.run.app/", id="another region"),
            pytest.param(f"https://a-987654321.{REGION}.run.app/", id="another project"),
            pytest.param("https://a-otherhash-uc.a.run.app/", id="another region, by its hash"),
            pytest.param(f"https://us-east1-{PROJECT}.cloudfunctions.net/a", id="a function of another region"),
        ],
    )
    @pytest.mark.parametrize("more", [(), (push("again", endpoint=hashed("b")),)], ids=["alone", "and one too many"])
    def test_the_right_number_with_the_wrong_target_is_p0(self, endpoint: str, more: tuple[Subscription, ...]) -> None:
        finding = judged(1, [push("only", endpoint=endpoint), *more], targets={"orders": ("a",)})

        assert (finding.code, finding.severity, finding.evidence["missing"]) == ("wrong-target", Severity.P0, "a")

    def test_a_topic_that_still_reaches_one_of_its_services_is_p1(self) -> None:
        finding = judged(2, [to("one", "a"), to("two", "elsewhere")], targets={"orders": ("a", "b")})

        assert (finding.code, finding.severity, finding.evidence["missing"]) == ("wrong-target", Severity.P1, "b")

    @pytest.mark.parametrize(
        ("endpoint", "wanted"),
        [
            pytest.param(hashed("a"), ("a",), id="the service"),
            pytest.param(numbered("a", "/path"), ("a",), id="the service by number"),
            pytest.param(hashed("canary---a"), ("a",), id="a tag of the service"),
            pytest.param(function_address("on_order"), ("on_order",), id="a function by its own name"),
            pytest.param(hashed("a"), ("a", "b"), id="one of two that it may be for"),
            pytest.param("https://orders.example.com/push", ("a",), id="a domain of its own, which tells nothing"),
        ],
    )
    def test_a_push_that_may_reach_its_service_passes(self, endpoint: str, wanted: tuple[str, ...]) -> None:
        finding = judged(1, [push("only", endpoint=endpoint)], targets={"orders": wanted})

        assert finding.code == "as-expected"

    @pytest.mark.parametrize(
        ("endpoint", "code"),
        [
            pytest.param(hashed("b"), "source-unavailable", id="by hash"),
            pytest.param(numbered("b"), "wrong-target", id="by number"),
            pytest.param(numbered("a"), "as-expected", id="the right one, by number"),
        ],
    )
    def test_services_out_of_reach_make_no_wrong_target_green(self, endpoint: str, code: str) -> None:
        down = fakes.down("Cloud Run")

        assert judged(1, [push("only", endpoint=endpoint)], targets={"orders": ("a",)}, services=down).code == code


class TestTopics:
    def test_one_that_does_not_exist_is_p0(self) -> None:
        finding = judged(1, [], topics=["other"])

        assert (finding.code, finding.severity) == ("topic-missing", Severity.P0)

    def test_one_that_is_expected_to_have_nobody_may_be_gone(self) -> None:
        assert judged(0, [], topics=[]).code == "as-expected"

    def test_one_with_subscriptions_exists_whatever_the_list_says(self) -> None:
        assert judged(1, [to("one", "a")], topics=[]).code == "as-expected"

    @pytest.mark.parametrize(("found", "code"), [([], "none"), ([to("one", "a")], "as-expected")], ids=["none", "one"])
    def test_a_list_of_topics_out_of_reach_does_not_matter(self, found: list[Subscription], code: str) -> None:
        assert judged(1, found, topics=DENIED).code == code

    def test_a_subscription_whose_topic_was_deleted_is_a_finding_of_its_own(self) -> None:
        orphan = push("left-over", topic="_deleted-topic_")

        first, second = checked(1, [to("one", "a"), orphan]).findings

        assert first.code == "as-expected"
        assert (second.subject, second.severity, second.code) == ("left-over", Severity.P2, "orphan-subscription")
        assert second.action is not None
        assert second.action.command == "gcloud pubsub subscriptions delete left-over --project=example-project"


@pytest.mark.parametrize(
    ("expected", "targets", "leads_to", "idle"),
    [
        pytest.param(1, {"orders": ("a",)}, "a", "left-over", id="to a service that the topic misses"),
        pytest.param(1, {"orders": ("a",), "other": ("b",)}, "b", "", id="to the service of another topic"),
        pytest.param(2, {"orders": ("a",)}, "b", "left-over", id="to a service of no topic, where one is missing"),
        pytest.param(1, {}, "b", "left-over", id="without known targets"),
        pytest.param(0, {}, "b", "", id="of a topic that lacks none"),
    ],
)
def test_what_is_left_of_a_deleted_topic_is_idle_where_it_led(
    expected: int, targets: dict[str, tuple[str, ...]], leads_to: str, idle: str
) -> None:
    described = pipeline(messaging=Messaging(topics={"orders": expected}, targets=targets))
    orphan = to("left-over", leads_to, topic="_deleted-topic_")

    world: Any = {"services": [A, B], "topics": ["orders"], "subscriptions": [orphan]}
    first, *_ = run(subscriptions, described=described, **world).findings

    assert (first.subject, first.evidence.get("idle", "")) == ("orders", idle)
    assert ("left over" in first.summary) is bool(idle)


def test_subscriptions_out_of_reach_are_unknown() -> None:
    finding = judged(1, DENIED)

    assert (finding.outcome, finding.severity, finding.code) == (Outcome.UNKNOWN, Severity.P0, "source-unavailable")
    assert finding.evidence["source"] == "Pub/Sub"


def test_without_its_section_nothing_is_asked() -> None:
    messaging = fakes.FakeMessaging()

    (finding,) = fakes.run_check(subscriptions, fakes.pipeline(), fakes.ports(messaging=messaging)).findings

    assert (finding.outcome, finding.code) == (Outcome.SKIPPED, "not-configured")
    assert messaging.asked == []


@given(expected=st.integers(0, 20), found=st.integers(0, 20))
def test_only_the_expected_number_passes(expected: int, found: int) -> None:
    assert (verdict(expected, found) == "as-expected") == (expected == found)


def test_every_code_is_explained() -> None:
    codes = {verdict(expected, found) for expected in range(4) for found in range(6)}

    of_one = {"orphan-subscription", "detached-subscription", "filtered-subscription"}
    assert codes | {"topic-missing", "wrong-target", *of_one} == set(subscriptions.codes)
