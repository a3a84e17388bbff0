"""A new kind of repair is its own class and one line in the table: the frame plans, makes, verifies and undoes it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

from bot.repairs import allowlist
from bot.repairs.kind import Proposal, RepairKind, Wanted, configuration_of
from bot.repairs.kinds import KINDS
from bot.repairs.model import PlannedChange, RepairOutcome, RepairRefusal, RepairRefusedError
from bot.repairs.ports import Configuration, Variable, VariablesWrite
from checks.actions import RepairKey
from checks.pipeline import Pipeline
from tests.bot.repairs.test_repairs import SOON
from tests.bot.repairs.worlds import GRANT, NOW, SERVICE, FakePlatform, bounded_pipeline, repairs_on

FRAME = Path(allowlist.__file__).parent


class QuietLog(RepairKind[Configuration]):
    """Sets the level of a service's log to WARNING."""

    name = "quiet-log"
    section = "traffic"
    permission = "run.services.update"
    writes = VariablesWrite

    @classmethod
    def targets(cls, pipeline: Pipeline) -> Iterable[str]:
        return pipeline.repairs.traffic if pipeline.repairs is not None else ()

    @classmethod
    def forbidden(cls, pipeline: Pipeline, write: VariablesWrite) -> str:
        del pipeline
        return "" if set(write.changes) == {"LEVEL"} else f"to change {', '.join(write.changes)}"

    def read(self, target: str) -> Configuration:
        return configuration_of(self.pipeline, self.platform, target)

    def fingerprint(self, state: Configuration) -> str:
        return state.variables.get("LEVEL", Variable()).value

    def plan(self, target: str, state: Configuration) -> Proposal:
        now = self.fingerprint(state)
        changes = (PlannedChange(subject="LEVEL", before=now, after="WARNING"),) if now != "WARNING" else ()
        return Proposal(
            title="Quieten the log", changes=changes, command="", wanted={"level": "WARNING"}, former={"level": now}
        )

    def undo(self, target: str, state: Configuration, former: Wanted) -> Proposal:
        change = PlannedChange(subject="LEVEL", before=self.fingerprint(state), after=former["level"])
        return Proposal(title="Let the log speak again", changes=(change,), command="", wanted=former)

    def write(self, target: str, state: Configuration, wanted: Wanted) -> None:
        level = Variable(value=wanted["level"]) if wanted["level"] else None
        self.platform.write_variables(target, {"LEVEL": level}, state.etag)

    def holds(self, state: Configuration, wanted: Wanted) -> bool:
        return bool(self.fingerprint(state) == wanted["level"])


KEY = f"quiet-log:{SERVICE}"
WITH_IT: allowlist.Kinds = (*KINDS, QuietLog)


def test_it_is_planned_made_verified_and_undone() -> None:
    platform = FakePlatform()
    repairs = repairs_on(platform, kinds=WITH_IT)

    plan = repairs.plan(KEY, "slack:U1", NOW)
    run = repairs.apply(plan, "slack:U1", SOON)
    verified = repairs.verify(run, SOON).run
    undone = repairs.apply(repairs.plan_undo(run.id, "slack:U2", SOON), "slack:U2", SOON)

    assert [each.after for each in plan.changes] == ["WARNING"]
    assert (run.outcome, verified.outcome, undone.outcome) == (
        RepairOutcome.APPLIED,
        RepairOutcome.VERIFIED,
        RepairOutcome.APPLIED,
    )
    assert "LEVEL" not in platform.services[SERVICE].variables


def test_it_is_listed_and_offered_beside_the_others() -> None:
    repairs = repairs_on(FakePlatform(), kinds=WITH_IT)

    assert RepairKey("quiet-log", SERVICE) in repairs.catalogue()
    assert [str(each) for each in repairs.offered(f"{KEY} {GRANT} other:thing")] == [KEY, GRANT]


@pytest.mark.parametrize(
    ("key", "refusal"),
    [(KEY, RepairRefusal.UNKNOWN_KEY), ("quiet-log", RepairRefusal.UNKNOWN_KEY), ("", RepairRefusal.UNKNOWN_KEY)],
)
def test_without_its_line_it_is_no_repair(key: str, refusal: RepairRefusal) -> None:
    with pytest.raises(RepairRefusedError) as caught:
        repairs_on(FakePlatform()).plan(key, "slack:U1", NOW)

    assert caught.value.refusal is refusal


def test_a_record_of_a_kind_that_is_gone_can_still_be_read() -> None:
    platform, repairs = FakePlatform(), repairs_on(FakePlatform(), kinds=WITH_IT)
    run = repairs.apply(repairs.plan(KEY, "slack:U1", NOW), "slack:U1", SOON)

    later = repairs_on(platform, repairs._journal._store)

    assert [each.key for each in later.runs(NOW)] == [run.key]


def test_it_opens_no_write_to_others_and_others_open_none_to_it() -> None:
    platform = FakePlatform()
    allowed = allowlist.AllowedPlatform(bounded_pipeline(), platform, WITH_IT)

    allowed.write_variables(SERVICE, {"LEVEL": None}, "1")
    with pytest.raises(RepairRefusedError) as caught:
        allowed.write_variables(SERVICE, {"LEVEL": None, "PROJECT": None}, "1+")

    assert caught.value.refusal is RepairRefusal.NOT_ALLOWED
    assert platform.calls["write_variables"] == 1


def test_the_frame_knows_no_kind_by_name() -> None:
    names = {each.name for each in KINDS} | {each.__name__ for each in KINDS}
    found = [
        f"{file.name}:{node.lineno}"
        for file in FRAME.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Constant) and node.value in names) or (isinstance(node, ast.Name) and node.id in names)
    ]

    assert found == []


def test_every_kind_has_a_name_of_its_own() -> None:
    assert len({each.name for each in KINDS}) == len(KINDS)
