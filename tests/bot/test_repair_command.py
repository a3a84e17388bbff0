"""``reveille repair``: planned, asked, written, proved, taken back; from the shell."""

from io import StringIO
from pathlib import Path

import grpc
import pytest

from tests.bot.repairs.cloud import CALLER, SERVICE, Cloud, Reveille
from tests.bot.repairs.conftest import on_cloud, reveille
from tests.servers.cloud_run_writes import SET_POLICY
from tests.servers.scripted_grpc import EVERYTHING, Failure

__all__ = ["on_cloud", "reveille"]

GRANT = f"grant-invoker:{SERVICE}"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "store.db"
    monkeypatch.setenv("REVEILLE_STORE", str(path))
    return path


def test_what_may_be_repaired_is_listed_without_an_account(reveille: Reveille) -> None:
    said = reveille("repair", "--list")

    assert said.code == 0
    assert GRANT in said.out.splitlines()


def test_a_repair_is_shown_written_and_proved(on_cloud: Cloud, store: Path, reveille: Reveille) -> None:
    said = reveille("repair", GRANT, "--yes")

    assert (said.code, said.err) == (0, "")
    assert f"+ roles/run.invoker on {SERVICE}: {CALLER}" in said.out
    assert "done and proved" in said.out
    assert on_cloud.members(SERVICE) == {CALLER}


def test_it_is_taken_back_by_its_id(on_cloud: Cloud, store: Path, reveille: Reveille) -> None:
    run_id = reveille("repair", GRANT, "--yes").out.rpartition("--undo ")[2].partition("'")[0]

    said = reveille("repair", "--undo", run_id, "--yes")

    assert said.code == 0, said
    assert on_cloud.members(SERVICE) == set()
    assert reveille("repair", "--undo", run_id, "--yes").code == 3


def test_a_dry_run_writes_nothing(on_cloud: Cloud, reveille: Reveille) -> None:
    said = reveille("repair", GRANT, "--dry-run")

    assert said.code == 0
    assert "Dry run" in said.out
    assert on_cloud.run.calls[SET_POLICY, SERVICE] == 0


def test_nobody_who_says_yes_means_no(on_cloud: Cloud, reveille: Reveille, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO())

    said = reveille("repair", GRANT)

    assert said.code not in (0, 1)
    assert on_cloud.run.calls[SET_POLICY, SERVICE] == 0


def test_what_is_right_already_needs_no_yes(on_cloud: Cloud, reveille: Reveille) -> None:
    on_cloud.grant(SERVICE, CALLER)

    assert reveille("repair", GRANT).code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [((), 3), ((GRANT, "--list"), 3), (("nonsense",), 3), (("grant-invoker:unknown",), 3), (("--undo", "0000"), 3)],
    ids=["nothing", "both", "no key", "not allowed", "an id that nobody knows"],
)
def test_wrong_use_is_a_sentence(arguments: tuple[str, ...], code: int, on_cloud: Cloud, reveille: Reveille) -> None:
    said = reveille("repair", *arguments)

    assert said.code == code
    assert said.err.startswith("reveille: ")
    assert on_cloud.run.calls[SET_POLICY, SERVICE] == 0


def test_a_missing_permission_says_what_an_administrator_runs(on_cloud: Cloud, reveille: Reveille) -> None:
    on_cloud.run.fail(SET_POLICY, EVERYTHING, Failure(grpc.StatusCode.PERMISSION_DENIED, "denied"))

    said = reveille("repair", GRANT, "--yes")

    assert said.code == 1
    assert f"gcloud run services add-iam-policy-binding {SERVICE}" in said.err


@pytest.mark.slow
def test_several_repairs_of_a_recorded_morning(reveille: Reveille) -> None:
    said = reveille(
        "repair", GRANT, "grant-invoker:phase4-to-phase5-orchestrator", "--yes", "--scenario", "invoker-lost"
    )

    assert said.code == 0
    assert said.out.count("done and proved") == 2


def test_another_instant_that_is_judged_never_gets_into_the_record(
    on_cloud: Cloud, store: Path, reveille: Reveille
) -> None:
    assert reveille("repair", GRANT, "--yes", "--now", "2031-02-10T08:00").code == 0

    assert "2031" not in reveille("log", "--json").out
    assert f"on {SERVICE}" in reveille("log", "--since", "1h").out
