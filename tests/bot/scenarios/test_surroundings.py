"""What surrounds the services of a scenario: made from the pipeline file, changed by what a file states."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.composition.scenario import ScenarioPorts, scenario_ports
from bot.definition.files import PipelineFileError
from bot.scenarios.template import COMMIT
from checks.control_plane_spec import Deployment, Messaging, SchedulerJobs
from checks.ports.audit import AUDIT
from checks.ports.builds import CLOUD_BUILD
from checks.ports.logs import LOGS
from checks.ports.messaging import PUBSUB, Subscription
from checks.ports.messaging import PubSub as MessagingPort
from checks.ports.repository import REPOSITORY
from checks.ports.requests import MONITORING, SubscriptionFigure
from checks.ports.scheduler import SCHEDULER, SchedulerJob
from checks.ports.services import CLOUD_RUN, SECRET
from checks.source import Problem, SourceError
from tests.bot.scenarios.worlds import PIPELINE, loaded

SURROUNDED = PIPELINE.model_copy(
    update={
        "messaging": Messaging(topics={"games": 2, "notes": 1}, targets={"games": ("first-service",)}),
        "scheduler": SchedulerJobs(expected=("nightly",), at_least=5),
        "deployment": Deployment(),
        "services": tuple(spec.model_copy(update={"source": (spec.name,)}) for spec in PIPELINE.services),
    }
)

SERVICES = """\
services:
  all: {deployed_at: <date> 14:00, deployed_by: deployer@example.com, environment: {KEY: <secret>}}
"""

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
DEPLOYED = datetime(2026, 2, 10, 19, tzinfo=UTC)


def surrounded(folder: Path, body: str) -> ScenarioPorts:
    return scenario_ports(SURROUNDED, loaded(folder, SERVICES + body))


def subscriptions(ports: ScenarioPorts) -> dict[str, Subscription]:
    return {each.name: each for each in messaging(ports).subscriptions()}


def messaging(ports: ScenarioPorts) -> MessagingPort:
    return ports[PUBSUB]


def jobs(ports: ScenarioPorts) -> dict[str, SchedulerJob]:
    return {each.name: each for each in ports[SCHEDULER].jobs()}


def test_every_topic_has_exactly_its_push_subscriptions(tmp_path: Path) -> None:
    ports = surrounded(tmp_path, "")

    found = sorted((each.topic, each.endpoint.partition("-3zs4ujdkqa")[0]) for each in subscriptions(ports).values())
    assert found == [
        ("games", "https://first-service"),
        ("games", "https://games-subscriber"),
        ("notes", "https://notes-subscriber"),
    ]
    assert messaging(ports).topics() == ("games", "notes")


def test_a_push_subscription_looks_as_eventarc_makes_it(tmp_path: Path) -> None:
    made = next(each for each in subscriptions(surrounded(tmp_path, "")).values() if "first-service" in each.name)

    assert made.name == f"eventarc-us-west2-{made.trigger}-sub-001"
    assert made.account == "caller@example.com"
    assert made.endpoint == (
        "https://first-service-3zs4ujdkqa-wl.a.run.app"
        "?__GCP_CloudEventsMode=CUSTOM_PUBSUB_projects%2Fexample-project%2Ftopics%2Fgames"
    )


def test_a_service_that_only_a_topic_names_exists_and_may_be_called(tmp_path: Path) -> None:
    plane = surrounded(tmp_path, "")[CLOUD_RUN]

    assert plane.service("notes-subscriber") is not None
    policy = plane.service_policy("notes-subscriber")
    assert policy is not None
    assert [(each.role, each.members) for each in policy.bindings] == [
        ("roles/run.invoker", frozenset({"serviceAccount:caller@example.com"}))
    ]


def test_a_subscription_is_added_changed_and_taken_away(tmp_path: Path) -> None:
    (name,) = (each for each in subscriptions(surrounded(tmp_path, "")) if "notes" in each)
    body = f"""\
subscriptions:
  all: {{account: ""}}
  {name}: null
  orphan: {{topic: games, service: first-service, account: other@example.com}}
  games-dlq: {{topic: games-dlq}}
"""

    ports = surrounded(tmp_path, body)

    found = subscriptions(ports)
    assert sorted((each.topic, each.account) for each in found.values()) == [
        ("games", ""),
        ("games", ""),
        ("games", "other@example.com"),
        ("games-dlq", ""),
    ]
    assert found["games-dlq"].endpoint == ""
    assert messaging(ports).topics() == ("games", "games-dlq", "notes")


def test_a_topic_is_taken_away(tmp_path: Path) -> None:
    assert messaging(surrounded(tmp_path, "topics: {notes: false, other: true}\n")).topics() == ("games", "other")


def test_a_subscription_without_a_topic_is_a_problem_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(PipelineFileError, match="expected the name of its topic"):
        surrounded(tmp_path, "subscriptions: {orphan: {service: first-service}}\n")


def test_there_are_as_many_jobs_as_the_pipeline_asks_for(tmp_path: Path) -> None:
    found = jobs(surrounded(tmp_path, ""))

    assert list(found) == [
        "first-service-01",
        "first-service-02",
        "nightly",
        "second-service-01",
        "second-service-02",
    ]
    assert {(each.enabled, each.status, each.last_attempt, each.zone) for each in found.values()} == {
        (True, 0, NOW, "America/New_York")
    }
    assert found["second-service-01"].url == "https://second-service-1.us-west2.run.app/run"
    assert found["second-service-01"].account == "caller@example.com"


def test_jobs_fail_by_a_list_of_names(tmp_path: Path) -> None:
    body = """\
lists: {failing: [first-service-01, second-service-02]}
jobs:
  <failing>: {status: 13, message: crashed}
  never: {service: first-service, last_attempt: null, status: null}
  nightly: null
"""

    found = jobs(surrounded(tmp_path, body))

    assert {name: each.status for name, each in found.items()} == {
        "first-service-01": 13,
        "first-service-02": 0,
        "never": None,
        "second-service-01": 0,
        "second-service-02": 13,
    }


def test_every_service_was_built_from_the_head(tmp_path: Path) -> None:
    ports = surrounded(tmp_path, "")

    triggers, built = ports[CLOUD_BUILD].triggers(), ports[CLOUD_BUILD].recent(NOW - timedelta(days=14))
    assert [each.name for each in triggers] == ["deploy-first-service", "deploy-second-service"]
    assert {(each.trigger, each.status, each.commit, each.finished_at) for each in built} == {
        ("deploy-first-service", "SUCCESS", COMMIT, DEPLOYED),
        ("deploy-second-service", "SUCCESS", COMMIT, DEPLOYED),
    }
    assert ports[REPOSITORY].head().id == COMMIT
    assert ports[REPOSITORY].since(COMMIT[:7]) == ()
    assert ports[REPOSITORY].after(DEPLOYED) == ()


def test_a_build_before_the_time_asked_about_is_left_out(tmp_path: Path) -> None:
    ports = surrounded(tmp_path, "builds: {old: {trigger: deploy-first-service, created_at: <date-30> 12:00}}\n")

    assert "old" not in {each.id for each in ports[CLOUD_BUILD].recent(NOW - timedelta(days=14))}
    assert "old" in {each.id for each in ports[CLOUD_BUILD].recent(NOW - timedelta(days=40))}


def test_stated_commits_lie_above_the_one_that_is_deployed(tmp_path: Path) -> None:
    body = """\
repository:
  commits:
    - {id: bbbbbbbbbb, at: <date+1> 02:00, files: [first/main.py]}
    - {id: aaaaaaaaaa, at: <date> 20:00}
  missing: [second]
"""
    repository = surrounded(tmp_path, body)[REPOSITORY]

    behind = repository.since(COMMIT)
    assert behind is not None
    assert [each.id for each in behind] == ["bbbbbbbbbb", "aaaaaaaaaa"]
    assert behind[0].files == ("first/main.py",)
    assert [each.id for each in repository.after(datetime(2026, 2, 11, 3, tzinfo=UTC))] == ["bbbbbbbbbb"]
    assert repository.since("cccccccccc") is None
    assert (repository.exists("first"), repository.exists("second/")) == (True, False)


def test_the_revision_before_has_the_same_environment_unless_stated(tmp_path: Path) -> None:
    body = """\
revisions:
  second-service:
    second-service-00003-xyz: {created_at: <date-2> 09:00, environment: {OTHER: text}}
    second-service-00004-xyz: {created_at: <date-1> 09:00, environment: {KEY: text}}
"""
    plane = surrounded(tmp_path, body)[CLOUD_RUN]

    assert [dict(each.environment) for each in plane.revisions("first-service", 2)] == [{"KEY": SECRET}] * 2
    assert [each.name for each in plane.revisions("second-service", 2)] == [
        "second-service-00001-abc",
        "second-service-00004-xyz",
    ]
    assert plane.revisions("second-service", 3)[2].environment == {"OTHER": "text"}


def test_requests_flow_unless_stated(tmp_path: Path) -> None:
    ports = surrounded(tmp_path, "requests: {all: 7, first-service: 0}\n")

    counts = ports[MONITORING].counts(NOW - timedelta(days=1), NOW)
    assert (counts["first-service"], counts["second-service"]) == (0, 7)


def test_the_audit_finds_what_the_file_states(tmp_path: Path) -> None:
    ports = surrounded(tmp_path, "audit: [{rule: REV001, path: bin/deploy.sh, line: 7, message: no binding}]\n")

    (violation,) = ports[AUDIT].violations()
    assert (violation.rule, violation.path, violation.line, violation.severity) == (
        "REV001",
        "bin/deploy.sh",
        7,
        "error",
    )


SOURCES: dict[str, Callable[[Any], object]] = {
    "Pub/Sub": lambda ports: ports[PUBSUB].subscriptions(),
    "Cloud Scheduler": lambda ports: ports[SCHEDULER].jobs(),
    "Cloud Build": lambda ports: ports[CLOUD_BUILD].triggers(),
    "Cloud Monitoring": lambda ports: ports[MONITORING].counts(NOW, NOW),
    "Cloud Logging": lambda ports: ports[LOGS].changes(NOW, 1),
    "the repository": lambda ports: ports[REPOSITORY].after(NOW),
    "the deployment audit": lambda ports: ports[AUDIT].violations(),
}


@pytest.mark.parametrize("source", SOURCES)
def test_a_fault_costs_its_own_source_alone(tmp_path: Path, source: str) -> None:
    ports = surrounded(tmp_path, f"logs: {{}}\nfaults: [{{source: {source}, problem: not enabled}}]\n")

    for name, ask in SOURCES.items():
        if name == source:
            with pytest.raises(SourceError) as caught:
                ask(ports)
            assert (caught.value.source, caught.value.problem) == (source, Problem.NOT_ENABLED)
        else:
            ask(ports)


def test_a_fault_of_topics_leaves_the_subscriptions(tmp_path: Path) -> None:
    ports = surrounded(tmp_path, "faults: [{source: Pub/Sub, only: topics, problem: denied}]\n")

    assert len(messaging(ports).subscriptions()) == 3  # the three of the two topics
    with pytest.raises(SourceError):
        messaging(ports).topics()


def test_messages_have_the_figures_that_are_stated_and_no_others(tmp_path: Path) -> None:
    body = """\
subscriptions:
  a-sub: {topic: orders}
  b-sub: {topic: orders}
deliveries:
  all: {undelivered: 0, answers: {ack: 9}}
  b-sub: {oldest_seconds: 90, answers: {ack: 0, remote_server_4xx: 5}}
"""
    monitoring = surrounded(tmp_path, body)[MONITORING]

    def figure(name: SubscriptionFigure) -> dict[str, int]:
        return {
            key: value for key, value in monitoring.subscriptions(name, NOW, NOW).items() if key in ("a-sub", "b-sub")
        }

    assert figure(SubscriptionFigure.UNDELIVERED) == {"a-sub": 0, "b-sub": 0}
    assert figure(SubscriptionFigure.OLDEST) == {"b-sub": 90}
    assert figure(SubscriptionFigure.DEAD_LETTERS) == {}
    assert monitoring.pushes(NOW, NOW)["b-sub"] == {"ack": 0, "remote_server_4xx": 5}


def test_services_have_the_answers_that_are_stated_and_no_others(tmp_path: Path) -> None:
    stated = surrounded(tmp_path, "responses: {all: {2xx: 7}, first-service: {5xx: 9}}\n")[MONITORING]

    found = stated.answers(NOW, NOW)
    assert (found["first-service"], found["second-service"]) == ({"5xx": 9}, {"2xx": 7})


def test_services_of_which_nothing_is_stated_have_no_answers(tmp_path: Path) -> None:
    assert surrounded(tmp_path, "requests: {all: 7}\n")[MONITORING].answers(NOW, NOW) == {}
