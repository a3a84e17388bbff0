"""Repairs of two pipelines in one store: neither knows, follows or takes back those of the other."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.redaction.shown import Secret
from bot.repairs.records import shown_as
from bot.repairs.service import RepairService
from bot.store.sqlite import SqliteStore
from checks.actions import RepairKey
from tests.bot.repairs.worlds import GRANT, NOW, FakePlatform, bounded_pipeline, passing


def repairs_of(name: str, store: SqliteStore) -> RepairService:
    pipeline = bounded_pipeline().model_copy(update={"name": name})
    return RepairService(pipeline, FakePlatform(), store, passing, secret=Secret("a token"), pause=lambda _: None)


def made(repairs: RepairService) -> str:
    """Plan and make a repair; return its id."""
    plan = repairs.plan(RepairKey.read(GRANT), "U0EXAMPLE1", NOW)
    repairs.apply_all([plan], "U0EXAMPLE1", NOW)
    return plan.id


def test_a_repair_is_known_to_its_own_pipeline_alone() -> None:
    with closing(SqliteStore(":memory:")) as store:
        own, other = repairs_of("one", store), repairs_of("two", store)

        run = made(own)

        assert [each.id for each in own.runs(NOW)] == [each.id for each in own.waiting(NOW)] == [run]
        assert (other.runs(NOW), tuple(other.waiting(NOW)), other.run(run, NOW)) == ((), (), None)


def test_a_plan_of_another_pipeline_is_none() -> None:
    with closing(SqliteStore(":memory:")) as store:
        plan = repairs_of("one", store).plan(RepairKey.read(GRANT), "U0EXAMPLE1", NOW)

        assert repairs_of("two", store).shown(plan.id, shown_as(plan, "an-alert"), "an-alert", NOW) is None


def test_a_store_of_today_goes_on_for_the_pipeline_that_it_had(tmp_path: Path) -> None:
    """Records of the version before say nothing of a pipeline."""
    file = tmp_path / "store.db"
    with closing(SqliteStore(file)) as store:
        plain = RepairService(bounded_pipeline(), FakePlatform(), store, passing, pause=lambda _: None)
        run = made(plain)
        with closing(sqlite3.connect(file)) as connection, connection:
            for key, text in connection.execute("select key, record from audit").fetchall():
                record = json.loads(text)
                del record["details"]["pipeline"]
                connection.execute("update audit set record = ? where key = ?", (json.dumps(record), key))

        assert [each.id for each in plain.runs(NOW)] == [run]
