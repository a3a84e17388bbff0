"""Records that somebody changed in the store: nothing that was not shown, or not allowed, is ever written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.redaction.shown import Secret
from bot.repairs.allowlist import AllowedPlatform
from bot.repairs.kinds import KINDS
from bot.repairs.model import RepairOutcome, RepairRefusal, RepairRefusedError
from bot.repairs.ports import GrantCondition, IamPolicy, RoleBinding, TrafficTarget, Variable, WriteConflictError
from bot.repairs.records import shown_as
from bot.repairs.service import UNSEALED, RepairService
from bot.store.sqlite import SqliteStore
from checks.actions import RepairKey
from tests.bot.repairs.test_repairs import SOON
from tests.bot.repairs.worlds import (
    CALLER,
    GRANT,
    INVOKER,
    NOW,
    OTHER,
    RESTORE,
    ROUTE,
    RUN,
    SERVICE,
    FakePlatform,
    bounded_pipeline,
    passing,
)

ALERT = "an-alert"
TOKEN = Secret("the token of this bot")
WRITES = ("write_policy", "write_traffic", "write_variables", "run_job")

ELSEWHERE: Mapping[str, Mapping[str, Any]] = {
    GRANT: {"members": [OTHER], "present": True},
    ROUTE: {"targets": [{"revision": "worker-00000", "percent": 100, "tag": ""}]},
    RESTORE: {"variables": {"API_KEY": {"secret": "another-teams:1"}, "PYTHONSTARTUP": {"value": "/tmp/x"}}},
    RUN: {"after": "never"},
}


class Desk:
    """Repairs on a platform of their own, with a store in a file that a test can change behind their back."""

    def __init__(self, folder: Path, secret: Secret | None = TOKEN) -> None:
        self.platform = FakePlatform()
        self.file = folder / "store.db"
        self.store = SqliteStore(self.file)
        self.repairs = RepairService(
            bounded_pipeline(), self.platform, self.store, passing, secret=secret, pause=lambda _: None
        )

    @property
    def written(self) -> int:
        return sum(self.platform.calls[each] for each in WRITES)

    def change(self, key: str, how: Callable[[dict[str, Any]], None]) -> None:
        """Change the details of a record."""
        with closing(sqlite3.connect(self.file)) as connection, connection:
            ((text,),) = connection.execute("select record from audit where key = ?", (key,)).fetchall()
            record = json.loads(text)
            how(record["details"])
            connection.execute("update audit set record = ? where key = ?", (json.dumps(record), key))

    def refusal(self, act: Callable[[], object]) -> RepairRefusal:
        with pytest.raises(RepairRefusedError) as caught:
            act()
        return caught.value.refusal


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    with closing(made.store):
        yield made


class TestThePlanThatIsConfirmed:
    @pytest.mark.parametrize("key", [GRANT, ROUTE, RESTORE, RUN])
    def test_it_is_known_again_when_it_comes_out_of_the_store(self, desk: Desk, key: str) -> None:
        plan = desk.repairs.plan(key, "slack:U1", NOW)

        assert desk.repairs.shown(plan.id, shown_as(plan, ALERT), ALERT, SOON) == plan

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("wanted", {"members": [OTHER], "present": True}),
            ("wanted", {"members": [CALLER], "present": False}),
            ("former", None),
            ("fingerprint", "another"),
            ("created_at", SOON.isoformat()),
            ("key", ROUTE),
            ("undoes", "0123456789abcdef"),
            ("members", [OTHER]),
            ("changes", []),
            ("id", "0123456789abcdef"),
        ],
    )
    def test_a_record_that_was_changed_is_refused(self, desk: Desk, field: str, value: object) -> None:
        plan = desk.repairs.plan(GRANT, "slack:U1", NOW)
        desk.change(f"repair:{plan.id}:planned", lambda details: details["plan"].update({field: value}))

        shown = shown_as(plan, ALERT)

        assert desk.refusal(lambda: desk.repairs.shown(plan.id, shown, ALERT, SOON)) is RepairRefusal.ALTERED

    @pytest.mark.parametrize("spoiled", [{}, {"plan": None}, {"plan": {"key": "x"}}, {"plan": []}])
    def test_a_record_that_was_spoiled_is_a_plan_that_is_lost(self, desk: Desk, spoiled: dict[str, object]) -> None:
        plan = desk.repairs.plan(GRANT, "slack:U1", NOW)

        def spoil(details: dict[str, object]) -> None:
            details.clear()
            details.update(spoiled)

        desk.change(f"repair:{plan.id}:planned", spoil)

        assert desk.repairs.shown(plan.id, shown_as(plan, ALERT), ALERT, SOON) is None

    def test_a_plan_belongs_to_its_alert(self, desk: Desk) -> None:
        plan = desk.repairs.plan(GRANT, "slack:U1", NOW)

        shown = shown_as(plan, ALERT)

        assert desk.refusal(lambda: desk.repairs.shown(plan.id, shown, "another", SOON)) is RepairRefusal.ALTERED

    @pytest.mark.parametrize("key", [GRANT, ROUTE, RESTORE, RUN])
    def test_what_is_not_planned_again_is_not_written(self, desk: Desk, key: str) -> None:
        """Whoever hands a plan in: it has to be what the same state gives now."""
        plan = desk.repairs.plan(key, "slack:U1", NOW)
        forged = replace(plan, wanted=ELSEWHERE[key])

        assert desk.refusal(lambda: desk.repairs.apply(forged, "slack:U1", SOON)) is RepairRefusal.ALTERED
        assert desk.written == 0

    def test_a_grant_that_was_narrowed_is_written_as_narrow(self, desk: Desk) -> None:
        plan = desk.repairs.plan(GRANT, "shell:a", NOW, members=[CALLER])

        assert desk.repairs.apply(plan, "shell:a", SOON).outcome is RepairOutcome.APPLIED

    def test_a_member_is_granted_as_the_pipeline_file_spells_it(self, desk: Desk) -> None:
        plan = desk.repairs.plan(GRANT, "shell:a", NOW, members=[CALLER.upper()])

        assert plan.wanted["members"] == [CALLER]
        assert f"--member={CALLER}" in plan.command


class TestTakingBack:
    @pytest.mark.parametrize(
        ("key", "former"),
        [
            (GRANT, {"members": [OTHER], "present": False}),
            (GRANT, {"members": [CALLER], "present": True}),
            (ROUTE, {"targets": ELSEWHERE[ROUTE]["targets"], "left": [{"revision": "", "percent": 100, "tag": ""}]}),
            (RESTORE, {"variables": {"API_KEY": {"value": "stolen"}}, "left": {"API_KEY": {"secret": "api-key:3"}}}),
        ],
    )
    def test_what_was_there_before_counts_only_as_this_bot_wrote_it(
        self, desk: Desk, key: str, former: Mapping[str, Any]
    ) -> None:
        run = desk.repairs.apply(desk.repairs.plan(key, "slack:U1", NOW), "slack:U1", NOW)
        desk.change(f"repair:{run.id}:begun", lambda details: details["plan"].update(former=former))
        before = desk.written

        assert desk.refusal(lambda: desk.repairs.plan_undo(run.id, "slack:U1", SOON)) is RepairRefusal.ALTERED
        assert desk.written == before

    def test_a_record_whose_seal_was_taken_off_does_not_count(self, desk: Desk) -> None:
        run = desk.repairs.apply(desk.repairs.plan(ROUTE, "slack:U1", NOW), "slack:U1", NOW)
        desk.change(f"repair:{run.id}:begun", lambda details: details.pop("seal"))

        assert desk.refusal(lambda: desk.repairs.plan_undo(run.id, "slack:U1", SOON)) is RepairRefusal.ALTERED

    def test_a_record_that_changed_between_form_and_confirmation_is_not_taken_back_from(self, desk: Desk) -> None:
        run = desk.repairs.apply(desk.repairs.plan(ROUTE, "slack:U1", NOW), "slack:U1", NOW)
        plan = desk.repairs.plan_undo(run.id, "slack:U1", SOON)
        desk.change(f"repair:{run.id}:begun", lambda details: details["plan"].update(former=ELSEWHERE[ROUTE]))

        assert desk.refusal(lambda: desk.repairs.apply(plan, "slack:U1", SOON)) is RepairRefusal.ALTERED
        assert desk.platform.calls["write_traffic"] == 1

    @pytest.mark.parametrize(
        ("key", "former"),
        [
            (GRANT, {"members": [OTHER], "present": False}),
            (RESTORE, {"variables": {"API_KEY": {"value": "stolen"}}, "left": {"API_KEY": {"secret": "api-key:3"}}}),
        ],
    )
    def test_without_a_secret_the_allow_list_still_bounds_it(
        self, tmp_path: Path, key: str, former: Mapping[str, Any]
    ) -> None:
        desk = Desk(tmp_path, secret=None)
        desk.platform.grant(OTHER)
        run = desk.repairs.apply(desk.repairs.plan(key, "shell:a", NOW), "shell:a", NOW)
        desk.change(f"repair:{run.id}:begun", lambda details: details["plan"].update(former=former))
        before = desk.platform.policies[SERVICE], desk.platform.services[SERVICE]

        plan = desk.repairs.plan_undo(run.id, "shell:a", SOON)

        assert UNSEALED in plan.warnings
        assert desk.refusal(lambda: desk.repairs.apply(plan, "shell:a", SOON)) is RepairRefusal.NOT_ALLOWED
        assert (desk.platform.policies[SERVICE], desk.platform.services[SERVICE]) == before

    @pytest.mark.parametrize("key", [GRANT, ROUTE, RESTORE])
    def test_a_record_as_it_was_written_is_taken_back_without_a_warning_about_it(self, desk: Desk, key: str) -> None:
        run = desk.repairs.apply(desk.repairs.plan(key, "slack:U1", NOW), "slack:U1", NOW)
        plan = desk.repairs.plan_undo(run.id, "slack:U1", SOON)

        assert UNSEALED not in plan.warnings
        assert desk.repairs.apply(plan, "slack:U1", SOON).outcome is RepairOutcome.APPLIED

    def test_one_record_that_is_spoiled_stops_no_other_repair(self, desk: Desk, tmp_path: Path) -> None:
        other = Desk(tmp_path, secret=None)
        run = other.repairs.apply(other.repairs.plan(ROUTE, "shell:a", NOW), "shell:a", NOW)
        other.change(f"repair:{run.id}:begun", lambda details: details.update(plan={"wanted": 3}))

        assert desk.repairs.plan(GRANT, "slack:U1", SOON).needed
        assert desk.repairs.waiting(SOON) == ()


class TestTheAllowList:
    """Every write of the platform, whichever kind of repair makes it and whichever way it goes."""

    def allowed(self) -> tuple[FakePlatform, AllowedPlatform]:
        platform = FakePlatform()
        platform.services["closed"] = replace(platform.services[SERVICE], name="closed")
        platform.policies["closed"] = platform.policies[SERVICE]
        return platform, AllowedPlatform(bounded_pipeline(), platform, KINDS)

    @pytest.mark.parametrize(
        "binding",
        [
            RoleBinding(role=INVOKER, members=("allUsers",)),
            RoleBinding(role="roles/run.admin", members=(CALLER,)),
            RoleBinding(role=INVOKER, members=(CALLER,), condition=GrantCondition(expression="true")),
            RoleBinding(role=INVOKER, members=(CALLER, OTHER)),
        ],
        ids=["everyone", "another role", "a condition", "somebody beside"],
    )
    @pytest.mark.parametrize("present", [True, False], ids=["granted", "taken away"])
    def test_only_the_invoker_role_of_allowed_members_changes(self, binding: RoleBinding, present: bool) -> None:
        platform, allowed = self.allowed()
        new, old = IamPolicy(bindings=(binding,), etag=b"1"), IamPolicy(etag=b"1")
        platform.policies[SERVICE] = old if present else new
        allowed.policy(SERVICE)

        with pytest.raises(RepairRefusedError) as caught:
            allowed.write_policy(SERVICE, new if present else old)

        assert caught.value.refusal is RepairRefusal.NOT_ALLOWED
        assert not platform.calls["write_policy"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"API_KEY": Variable(secret="another:1")},
            {"API_KEY": Variable(value="in clear")},
            {"PROJECT": None},
            {"PYTHONSTARTUP": Variable()},
        ],
    )
    def test_only_an_allowed_variable_and_its_own_secret_are_set(self, changes: Mapping[str, Variable | None]) -> None:
        platform, allowed = self.allowed()

        with pytest.raises(RepairRefusedError) as caught:
            allowed.write_variables(SERVICE, changes, "1")

        assert caught.value.refusal is RepairRefusal.NOT_ALLOWED
        assert not platform.calls["write_variables"]

    @pytest.mark.parametrize(
        "targets",
        [
            (),
            (TrafficTarget(percent=99),),
            (TrafficTarget(percent=101),),
            (TrafficTarget(percent=101), TrafficTarget(revision="worker-00001", percent=-1)),
            (TrafficTarget(percent=100), TrafficTarget(revision="worker-00001", tag="preview")),
        ],
        ids=["none", "just under all", "just over all", "a negative share", "a tag that was not there"],
    )
    def test_all_traffic_is_shared_out_and_no_tag_moves(self, targets: tuple[TrafficTarget, ...]) -> None:
        platform, allowed = self.allowed()
        allowed.configuration(SERVICE)

        with pytest.raises(RepairRefusedError) as caught:
            allowed.write_traffic(SERVICE, targets, "1")

        assert caught.value.refusal is RepairRefusal.NOT_ALLOWED
        assert not platform.calls["write_traffic"]

    @pytest.mark.parametrize("kind", [each.name for each in KINDS])
    def test_what_the_file_does_not_list_is_not_written(self, kind: str) -> None:
        """A kind that is new must stand here, with the write that it makes."""
        platform, allowed = self.allowed()
        allowed.policy("closed")
        allowed.configuration("closed")
        writes: Mapping[str, Callable[[], None]] = {
            "grant-invoker": lambda: allowed.write_policy("closed", platform.policies["closed"]),
            "route-to-latest": lambda: allowed.write_traffic("closed", [TrafficTarget(percent=100)], "1"),
            "restore-variables": lambda: allowed.write_variables("closed", {}, "1"),
            "run-job": lambda: allowed.run_job("other"),
        }

        with pytest.raises(RepairRefusedError) as caught:
            writes[kind]()

        assert caught.value.refusal is RepairRefusal.NOT_ALLOWED
        assert str(RepairKey(kind, "other" if kind == "run-job" else "closed")) in caught.value.text
        assert not any(platform.calls[each] for each in WRITES)

    def test_what_was_written_since_it_was_read_is_a_conflict_and_no_refusal(self) -> None:
        platform, allowed = self.allowed()
        read = allowed.policy(SERVICE)
        assert read is not None
        platform.grant(OTHER)
        allowed.policy(SERVICE)

        with pytest.raises(WriteConflictError):
            allowed.write_policy(SERVICE, read)
