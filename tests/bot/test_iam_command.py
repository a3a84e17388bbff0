"""``reveille iam`` as deploys use it: against servers, and on a scenario."""

import sqlite3
from contextlib import closing
from pathlib import Path

import grpc
import pytest

from bot.repairs.policy import MOST_PRINCIPALS
from tests.bot.repairs.cloud import CALLER, SERVICE, Cloud, Reveille
from tests.bot.repairs.conftest import on_cloud, reveille
from tests.servers.cloud_run import GET_SERVICE_POLICY
from tests.servers.cloud_run_writes import SET_POLICY
from tests.servers.scripted_grpc import EVERYTHING, Failure

__all__ = ["on_cloud", "reveille"]

OTHER = "nba-scrapers"


def test_a_service_that_is_right_costs_one_read_and_no_write(on_cloud: Cloud, reveille: Reveille) -> None:
    on_cloud.grant(SERVICE, CALLER)

    said = reveille("iam", "ensure", SERVICE)

    assert (said.code, said.err) == (0, "")
    assert len(said.out.splitlines()) == 1
    assert on_cloud.run.calls == {(GET_SERVICE_POLICY, SERVICE): 1}


def test_what_is_missing_is_granted_and_read_back(on_cloud: Cloud, reveille: Reveille) -> None:
    on_cloud.grant(SERVICE, "user:admin@example.com", condition="false")

    said = reveille("iam", "ensure", SERVICE, OTHER)

    assert said.code == 0
    assert len(said.out.splitlines()) == 2
    assert on_cloud.members(SERVICE) == on_cloud.members(OTHER) == {CALLER}
    assert [each.condition.expression for each in on_cloud.run.policies[SERVICE].bindings] == ["false", ""]
    assert reveille("iam", "ensure", SERVICE, OTHER).code == 0
    assert on_cloud.run.calls[SET_POLICY, SERVICE] == 1


def test_a_dry_run_writes_nothing_and_is_no_proof(on_cloud: Cloud, reveille: Reveille) -> None:
    said = reveille("iam", "ensure", SERVICE, "--dry-run")

    assert said.code == 1
    assert CALLER in said.out
    assert on_cloud.run.calls[SET_POLICY, SERVICE] == 0


def test_a_grant_that_cannot_be_read_back_is_no_proof(on_cloud: Cloud, reveille: Reveille) -> None:
    on_cloud.run.fail(GET_SERVICE_POLICY, SERVICE, Failure(grpc.StatusCode.PERMISSION_DENIED, "denied", after=2))

    said = reveille("iam", "ensure", SERVICE)

    assert said.code == 2
    assert said.out == ""
    assert "not proved" in said.err
    assert on_cloud.members(SERVICE) == {CALLER}


def test_a_grant_whose_record_the_store_does_not_take_is_said(
    on_cloud: Cloud, reveille: Reveille, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store.db"
    monkeypatch.setenv("REVEILLE_STORE", str(store))
    reveille("iam", "ensure", OTHER)
    with closing(sqlite3.connect(store)) as ours:
        ours.execute(
            "CREATE TRIGGER full BEFORE INSERT ON audit WHEN NEW.record LIKE '%repair-ended%'"
            " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
        ours.commit()

    said = reveille("iam", "ensure", SERVICE)

    assert said.code == 0
    assert "did not take the record" in said.err


def test_a_grant_that_does_not_stay_is_no_proof(on_cloud: Cloud, reveille: Reveille) -> None:
    on_cloud.run.forgets_grants = True

    said = reveille("iam", "ensure", SERVICE)

    assert said.code == 1
    assert said.out == ""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("unknown-service",), 3),
        ((SERVICE, "--member", "allUsers"), 3),
        ((SERVICE, "--member", "user:stranger@example.com"), 3),
        ((), 3),
    ],
    ids=["a service that is not listed", "everyone", "a member that is not listed", "nothing"],
)
def test_what_the_pipeline_file_does_not_allow_is_wrong_use(
    arguments: tuple[str, ...], code: int, on_cloud: Cloud, reveille: Reveille
) -> None:
    said = reveille("iam", "ensure", *arguments)

    assert said.code == code
    assert said.err.startswith("reveille: ")
    assert not on_cloud.run.calls


def test_a_missing_permission_names_it_and_the_command(on_cloud: Cloud, reveille: Reveille) -> None:
    on_cloud.run.fail(SET_POLICY, EVERYTHING, Failure(grpc.StatusCode.PERMISSION_DENIED, "denied"))

    said = reveille("iam", "ensure", SERVICE, OTHER)

    assert said.code == 1
    assert "run.services.setIamPolicy on the service" in said.err
    assert f"gcloud run services add-iam-policy-binding {SERVICE}" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Failure(grpc.StatusCode.NOT_FOUND, "gone"), 1),
        (Failure(grpc.StatusCode.DEADLINE_EXCEEDED, "slow"), 2),
        (Failure(grpc.StatusCode.UNAUTHENTICATED, "who?"), 2),
    ],
    ids=["vanished", "no answer", "no credentials"],
)
def test_each_service_is_alone_in_its_trouble(failure: Failure, code: int, on_cloud: Cloud, reveille: Reveille) -> None:
    on_cloud.run.fail(GET_SERVICE_POLICY, SERVICE, failure)

    said = reveille("iam", "ensure", SERVICE, OTHER)

    assert said.code == code
    assert on_cloud.members(OTHER) == {CALLER}


def test_a_full_policy_is_said_plainly(on_cloud: Cloud, reveille: Reveille) -> None:
    for number in range(2):
        on_cloud.grant(SERVICE, f"user:u{number}@example.com", role="roles/run.admin")
    on_cloud.run.policies[SERVICE].bindings[0].members.extend(
        f"user:m{number}@example.com" for number in range(MOST_PRINCIPALS)
    )

    said = reveille("iam", "ensure", SERVICE)

    assert said.code == 1
    assert "1,500" in said.err


def test_a_policy_is_shown_with_its_conditions_and_its_callers(on_cloud: Cloud, reveille: Reveille) -> None:
    on_cloud.grant(SERVICE, CALLER, condition="request.time < timestamp('2026-01-01T00:00:00Z')")

    said = reveille("iam", "show", SERVICE)

    assert said.code == 0
    assert said.out.splitlines()[0] == "roles/run.invoker  only if request.time < timestamp('2026-01-01T00:00:00Z')"
    assert said.out.splitlines()[-1].endswith("(conditional-grant).")


def test_a_service_that_does_not_exist_cannot_be_shown(on_cloud: Cloud, reveille: Reveille) -> None:
    assert reveille("iam", "show", "nobody").code == 1


def test_a_recorded_morning_can_be_tried(reveille: Reveille) -> None:
    assert reveille("iam", "ensure", SERVICE, "--scenario", "invoker-lost").code == 0
    assert reveille("iam", "show", SERVICE, "--scenario", "invoker-lost").code == 0
