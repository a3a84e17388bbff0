"""A repair whose process is killed in the middle: its record says so, and the next plan finds out what became of it."""

import os
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.commands.log import lines
from bot.composition.google import google_repair_platform
from bot.definition.pipeline_file import shipped_pipeline
from bot.repairs.model import LEASE, RepairOutcome
from bot.repairs.service import RepairService
from bot.settings import Settings
from bot.store.sqlite import SqliteStore
from tests.bot.repairs.cloud import CALLER, SERVICE, Cloud, cloud
from tests.bot.repairs.worlds import passing
from tests.servers import forked
from tests.servers.cloud_run_writes import SET_POLICY

GRANT = f"grant-invoker:{SERVICE}"
PATIENCE = 30.0


def killed_while_writing(served: Cloud, store: Path) -> None:
    """Run the command until it waits for the answer to its write, and kill it there."""
    served.run.hang(SET_POLICY, SERVICE)
    environment = {
        **served.environment,
        "REVEILLE_STORE": str(store),
        "PATH": "/usr/bin:/bin",
        "HOME": str(store.parent),
    }
    with Path(os.devnull).open("wb") as nothing:
        process = forked.start("bot", "repair", GRANT, "--yes", env=environment, stdout=nothing, stderr=nothing)
    try:
        deadline = time.monotonic() + PATIENCE
        while not served.run.calls[SET_POLICY, SERVICE]:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize(
    ("arrived", "outcome"),
    [(True, RepairOutcome.APPLIED), (False, RepairOutcome.FAILED)],
    ids=["the write arrived", "the write did not arrive"],
)
def test_the_audit_is_complete_when_the_process_is_killed_in_the_middle(
    arrived: bool, outcome: RepairOutcome, tmp_path: Path
) -> None:
    pipeline, path = shipped_pipeline(), tmp_path / "store.db"
    with cloud() as served:
        killed_while_writing(served, path)
        if arrived:
            served.grant(SERVICE, CALLER)
        store = SqliteStore(path)
        later = datetime.now(UTC) + LEASE + timedelta(seconds=5)

        platform = google_repair_platform(pipeline, Settings.from_environment(served.environment))
        repairs = RepairService(pipeline, platform, store, passing)

        (dead,) = repairs.runs(later - timedelta(hours=1))
        told = "\n".join(lines(pipeline, store.audit(later - timedelta(hours=1), 100), later))

        assert dead.unfinished(later)
        assert dead.plan.changes[0].after == CALLER
        assert "unfinished" in told
        assert dead.id in told

        plan = repairs.plan(GRANT, "slack:U2", later)
        found = repairs.run(dead.id, later)

        assert plan.needed is not arrived
        assert found is not None
        assert found.outcome is outcome
        platform.close()
        store.close()
