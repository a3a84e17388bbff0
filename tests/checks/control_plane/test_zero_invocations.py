"""Services that must be called and received nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from checks.control_plane.zero_invocations import loudness, silent, zero_invocations
from checks.control_plane_spec import Invocations, Messaging
from checks.model import Finding, Outcome, Severity
from checks.orchestration_spec import Transition
from checks.pipeline import Pipeline
from checks.ports.messaging import Subscription
from checks.ports.scheduler import SchedulerJob
from checks.ports.services import Service
from checks.ports.warehouse import BIGQUERY
from checks.services_spec import ServiceSpec
from checks.source import Ports, SourceError
from tests import fakes
from tests.platform_fakes import FakeRequests, ports

NAMES = tuple(f"service-{number}" for number in range(1, 7))
RULES = Invocations(hours=24, when="games", many=4)


def service(name: str) -> Service:
    return Service(
        name=name,
        ready=True,
        latest_created_revision="r",
        latest_ready_revision="r",
        traffic={"r": 100},
        uri=f"https://{name}-abc-wl.a.run.app",
        urls=(f"https://{name}-abc-wl.a.run.app",),
    )


def push(name: str) -> Subscription:
    return Subscription(
        name=f"{name}-sub", topic="t", endpoint=f"https://{name}-abc-wl.a.run.app/", account="invoker@example.com"
    )


def orchestrator(number: int, name: str, *, monitoring_only: bool = False) -> Transition:
    return Transition(
        **{
            "id": f"phase{number}_to_phase{number + 1}",
            "title": f"{number}→{number + 1}",
            "from": f"phase{number}",
            "to": f"phase{number + 1}",
            "orchestrator": name,
            "monitoring_only": monitoring_only,
        }
    )


def described(rules: Invocations | None = RULES, **parts: object) -> Pipeline:
    return fakes.pipeline(**{"invocations": rules, "messaging": Messaging(topics={"t": 1}), **parts})


def findings(
    counts: Mapping[str, int] | SourceError,
    *,
    games: int = 5,
    pipeline: Pipeline | None = None,
    subscriptions: Sequence[Subscription] | SourceError | None = None,
) -> list[Finding]:
    result = fakes.run_check(
        zero_invocations, pipeline or described(), world(FakeRequests(counts), games, subscriptions)
    )
    return list(result.findings)


def world(
    requests: FakeRequests, games: int = 5, subscriptions: Sequence[Subscription] | SourceError | None = None
) -> Ports:
    around = fakes.ports(
        warehouse=fakes.FakeWarehouse({"games": [{"number": games}]}),
        control_plane=fakes.FakeControlPlane({name: service(name) for name in NAMES}),
        messaging=fakes.FakeMessaging(subscriptions if subscriptions is not None else [push(each) for each in NAMES]),
    )
    return ports(around, requests=requests)


def quiet(count: int) -> dict[str, int]:
    """Counts in which so many services received nothing; half of them are absent."""
    return {name: 0 if place < count else 240 for place, name in enumerate(NAMES) if place >= count or place % 2}


def seen(found: Sequence[Finding]) -> list[tuple[str, Severity | None, str]]:
    return [(each.subject, each.severity, each.code) for each in found]


def test_services_that_are_called_pass_together() -> None:
    assert seen(findings(quiet(0))) == [("services", None, "invoked")]


@pytest.mark.parametrize(
    ("count", "severity"),
    [
        pytest.param(1, Severity.P2, id="one"),
        pytest.param(3, Severity.P2, id="three are the last P2"),
        pytest.param(4, Severity.P0, id="four are the first P0"),
        pytest.param(6, Severity.P0, id="all"),
    ],
)
def test_the_number_of_silent_services_decides(count: int, severity: Severity) -> None:
    found = findings(quiet(count))

    failed = [each for each in found if each.outcome is Outcome.FAILED]
    assert seen(failed) == [(name, severity, "not-invoked") for name in NAMES[:count]]
    assert {each.evidence["silent_count"] for each in failed} == {count}
    assert [each.code for each in found if each.outcome is Outcome.PASSED] == (["invoked"] if count < 6 else [])


def test_without_games_silence_is_only_noted() -> None:
    (finding,) = findings(quiet(6), games=0)

    assert (finding.outcome, finding.code) == (Outcome.PASSED, "quiet-off-day")
    assert "no games" in finding.summary
    assert finding.evidence["silent"] == ", ".join(NAMES)


def test_a_condition_that_cannot_be_read_is_unknown() -> None:
    broken = ports(
        fakes.ports(
            warehouse=fakes.FakeWarehouse({"games": fakes.down()}),
            control_plane=fakes.FakeControlPlane({name: service(name) for name in NAMES}),
            messaging=fakes.FakeMessaging([push(name) for name in NAMES]),
        ),
        requests=FakeRequests(quiet(1)),
    )

    assert [each.outcome for each in fakes.run_check(zero_invocations, described(), broken).findings] == [
        Outcome.UNKNOWN
    ]


def test_a_condition_is_not_asked_for_when_nobody_is_silent() -> None:
    around = world(FakeRequests(quiet(0)))

    fakes.run_check(zero_invocations, described(), around)

    warehouse = around[BIGQUERY]
    assert isinstance(warehouse, fakes.FakeWarehouse)
    assert warehouse.queries == []


def test_without_a_condition_every_day_counts() -> None:
    assert len(findings(quiet(1), games=0, pipeline=described(Invocations()))) == 2


def test_the_window_is_that_of_the_file_and_ends_now() -> None:
    requests = FakeRequests(quiet(0))
    fakes.run_check(zero_invocations, described(Invocations(hours=6)), world(requests), now=fakes.MORNING)

    assert requests.windows == [(fakes.MORNING - timedelta(hours=6), fakes.MORNING)]


class TestTargets:
    def test_are_orchestrators_as_well_but_not_one_that_only_watches(self) -> None:
        transitions = (orchestrator(3, "moves"), orchestrator(2, "watches", monitoring_only=True))

        found = findings(quiet(0), pipeline=described(transitions=transitions))

        assert seen(found)[0] == ("moves", Severity.P2, "not-invoked")
        assert found[0].phase == "phase4"
        assert "watches" not in [each.subject for each in found]

    def test_are_orchestrators_alone_without_messaging(self) -> None:
        alone = described(transitions=(orchestrator(3, "moves"),), messaging=None)

        assert seen(findings({"moves": 0}, pipeline=alone)) == [("moves", Severity.P2, "not-invoked")]

    def test_are_not_optional_services(self) -> None:
        optional = described(services=(ServiceSpec(name=NAMES[0], optional=True),))

        assert seen(findings(quiet(1), pipeline=optional)) == [("services", None, "invoked")]

    def test_are_not_the_targets_of_scheduler_jobs_which_may_rest_for_days(self) -> None:
        job = SchedulerJob(name="weekly", enabled=True, schedule="0 1 * * 1", url="https://service-1-abc-wl.a.run.app")
        around = fakes.ports(
            control_plane=fakes.FakeControlPlane({NAMES[0]: service(NAMES[0])}),
            messaging=fakes.FakeMessaging([]),
            scheduler=fakes.FakeScheduler([job]),
        )
        result = fakes.run_check(zero_invocations, described(), ports(around, requests=FakeRequests({})))

        assert [each.code for each in result.findings] == ["no-targets"]

    def test_are_not_services_that_are_gone(self) -> None:
        found = findings(quiet(0), subscriptions=[push("gone"), push(NAMES[0])])

        assert seen(found) == [("services", None, "invoked")]


def test_cloud_monitoring_that_is_down_is_unknown_and_could_be_p0() -> None:
    (finding,) = findings(fakes.down("Cloud Monitoring"))

    assert (finding.outcome, finding.severity, finding.code) == (Outcome.UNKNOWN, Severity.P0, "source-unavailable")


def test_pubsub_that_is_down_is_said_and_orchestrators_are_judged_all_the_same() -> None:
    found = findings(
        {"moves": 0}, pipeline=described(transitions=(orchestrator(3, "moves"),)), subscriptions=fakes.down("Pub/Sub")
    )

    assert seen(found) == [
        ("callers from Pub/Sub", Severity.P0, "source-unavailable"),
        ("moves", Severity.P2, "not-invoked"),
    ]


@pytest.mark.parametrize(
    ("pipeline", "requests"),
    [
        pytest.param(described(None), FakeRequests(), id="no section"),
        pytest.param(described(), None, id="no source"),
    ],
)
def test_nothing_to_look_at_is_not_configured(pipeline: Pipeline, requests: FakeRequests | None) -> None:
    result = fakes.run_check(zero_invocations, pipeline, ports(requests=requests))

    assert [each.code for each in result.findings] == ["not-configured"]


def test_a_service_that_monitoring_does_not_name_received_nothing() -> None:
    assert silent(["a", "b", "c"], {"a": 1, "b": 0}) == ("b", "c")


def test_more_silence_is_never_quieter() -> None:
    assert [loudness(count, 2) for count in range(1, 5)] == [Severity.P2, Severity.P0, Severity.P0, Severity.P0]
