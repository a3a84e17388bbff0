"""``reveille deploy verify``: everything that must be right after a deploy, with its exit codes."""

import grpc
import pytest

from tests.bot.repairs.cloud import CALLER, SERVICE, Cloud, Reveille
from tests.bot.repairs.conftest import on_cloud, reveille
from tests.servers.cloud_run import LIST_SERVICES
from tests.servers.scripted_grpc import EVERYTHING, Failure

__all__ = ["on_cloud", "reveille"]


def marks(out: str) -> dict[str, str]:
    """Return the mark of each check; lines of commands have none."""
    return {line.split()[1]: line.split()[0] for line in out.splitlines() if not line.startswith(" ")}


@pytest.mark.parametrize(
    ("service", "scenario", "code", "wrong"),
    [
        ("prediction-worker", "healthy-morning", 0, {}),
        (SERVICE, "invoker-lost", 1, {"invoker": "P0"}),
        ("live-export", "live-export-key-lost", 1, {"service-environment": "P1"}),
    ],
)
def test_a_service_is_verified_in_one_command(
    service: str, scenario: str, code: int, wrong: dict[str, str], reveille: Reveille
) -> None:
    said = reveille("deploy", "verify", service, "--scenario", scenario)

    assert said.code == code, said
    assert {check: mark for check, mark in marks(said.out).items() if mark.startswith("P")} == wrong


def test_ready_traffic_callers_and_subscriptions_have_a_line_each(reveille: Reveille) -> None:
    said = reveille("deploy", "verify", "prediction-worker", "--scenario", "healthy-morning")

    assert set(marks(said.out)) == {
        "service-ready",
        "service-traffic",
        "invoker",
        "service-environment",
        "subscriptions",
    }


def test_several_services_are_as_bad_as_the_worst(reveille: Reveille) -> None:
    assert reveille("deploy", "verify", "nba-scrapers", SERVICE, "--scenario", "invoker-lost").code == 1


def test_a_service_that_nobody_listed_is_wrong_use(reveille: Reveille) -> None:
    said = reveille("deploy", "verify", "unknown", "--scenario", "healthy-morning")

    assert (said.code, said.out) == (3, "")


def test_a_deploy_that_is_still_under_way_is_not_known(on_cloud: Cloud, reveille: Reveille) -> None:
    on_cloud.grant("grading-coverage-monitor", CALLER)
    on_cloud.run.services["grading-coverage-monitor"].reconciling = True

    said = reveille("deploy", "verify", "grading-coverage-monitor", "--wait", "0")

    assert marks(said.out)["service-traffic"] == "waiting"
    assert said.code == 2


def test_a_source_that_does_not_answer_is_not_taken_for_success(on_cloud: Cloud, reveille: Reveille) -> None:
    on_cloud.grant("grading-coverage-monitor", CALLER)
    on_cloud.run.fail(LIST_SERVICES, EVERYTHING, Failure(grpc.StatusCode.PERMISSION_DENIED, "denied"))

    assert reveille("deploy", "verify", "grading-coverage-monitor", "--wait", "0").code == 2
