"""Planning, applying, verifying and undoing repairs: every path, on a platform that can be told to fail."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.repairs.model import LEASE, RepairOutcome, RepairPlan, RepairRefusal, RepairRefusedError, RepairRun
from bot.repairs.policy import MOST_PRINCIPALS, grants
from bot.repairs.ports import GrantCondition, IamPolicy, RoleBinding, TrafficTarget, Variable
from bot.repairs.records import BEGUN, ENDED, PLANNED, REFUSED, VERIFIED, begun, shown_as
from bot.store.model import AuditEntry, Changes, StoreError
from bot.store.sqlite import SqliteStore
from checks.model import Outcome as Found
from checks.model import Report
from checks.ports.services import Revision, Service
from checks.source import Problem, SourceError
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
    failing,
    passing,
    repairs_on,
    report,
)

SOON = NOW + timedelta(minutes=1)


def denied() -> SourceError:
    return SourceError("Cloud Run", Problem.DENIED, "the policy: permission denied")


def silent(problem: Problem = Problem.TIMED_OUT) -> SourceError:
    return SourceError("Cloud Run", problem, "no answer", retryable=True)


def refusal_of(
    plan: RepairPlan, platform: FakePlatform, store: SqliteStore | None = None, at: datetime = SOON
) -> RepairRefusal:
    with pytest.raises(RepairRefusedError) as caught:
        repairs_on(platform, store).apply(plan, "slack:U1", at)
    return caught.value.refusal


def records(store: SqliteStore) -> list[tuple[str, str]]:
    entries = store.audit(NOW - timedelta(days=1), 100)
    return [(each.action, each.outcome) for each in sorted(entries, key=lambda each: each.at)]


class TestPlan:
    def test_it_shows_the_exact_difference_and_writes_nothing(self) -> None:
        platform = FakePlatform()

        plan = repairs_on(platform).plan(GRANT, "slack:U1", NOW)

        assert [(each.before, each.after) for each in plan.changes] == [("", CALLER)]
        assert "add-iam-policy-binding worker" in plan.command
        assert platform.calls == {"policy": 1}

    def test_what_is_right_already_costs_one_read(self) -> None:
        platform = FakePlatform()
        platform.grant(CALLER)

        assert not repairs_on(platform).plan(GRANT, "slack:U1", NOW).needed
        assert platform.calls == {"policy": 1}

    def test_traffic_and_variables_and_jobs_are_planned(self) -> None:
        repairs = repairs_on(FakePlatform())

        route, restore, run = (repairs.plan(key, "shell:a", NOW) for key in (ROUTE, RESTORE, RUN))

        assert [(each.before, each.after) for each in route.changes] == [
            ("worker-00001 100 %", "worker-00002 (latest) 100 %")
        ]
        assert [(each.before, each.after) for each in restore.changes] == [("not set", "the secret api-key:3")]
        assert run.former is None
        assert run.needed

    @pytest.mark.parametrize(
        ("key", "refusal"),
        [
            ("", RepairRefusal.UNKNOWN_KEY),
            ("grant-owner:worker", RepairRefusal.UNKNOWN_KEY),
            ("grant-invoker:", RepairRefusal.UNKNOWN_KEY),
            ("grant-invoker:closed", RepairRefusal.NOT_ALLOWED),
            ("route-to-latest:other", RepairRefusal.NOT_ALLOWED),
            ("run-job:other", RepairRefusal.NOT_ALLOWED),
        ],
    )
    def test_what_the_file_does_not_allow_is_refused_before_anything_is_asked(
        self, key: str, refusal: RepairRefusal
    ) -> None:
        platform = FakePlatform()

        with pytest.raises(RepairRefusedError) as caught:
            repairs_on(platform).plan(key, "slack:U1", NOW)

        assert caught.value.refusal is refusal
        assert not platform.calls

    def test_a_member_whom_the_file_does_not_name_is_refused(self) -> None:
        with pytest.raises(RepairRefusedError) as caught:
            repairs_on(FakePlatform()).plan(GRANT, "shell:a", NOW, members=["allUsers"])

        assert caught.value.refusal is RepairRefusal.NOT_ALLOWED

    @pytest.mark.parametrize("key", [GRANT, ROUTE, RESTORE, RUN])
    def test_what_is_not_there_has_vanished(self, key: str) -> None:
        platform = FakePlatform()
        platform.policies, platform.services, platform.jobs = {}, {}, {}

        with pytest.raises(RepairRefusedError) as caught:
            repairs_on(platform).plan(key, "slack:U1", NOW)

        assert caught.value.refusal is RepairRefusal.VANISHED

    def test_a_policy_that_is_full_is_said_before_anybody_confirms(self) -> None:
        platform = FakePlatform()
        crowd = tuple(f"user:u{number}@example.com" for number in range(MOST_PRINCIPALS))
        platform.policies[SERVICE] = IamPolicy(bindings=(RoleBinding(role="roles/run.admin", members=crowd),))

        with pytest.raises(RepairRefusedError) as caught:
            repairs_on(platform).plan(GRANT, "slack:U1", NOW)

        assert caught.value.refusal is RepairRefusal.NOT_POSSIBLE
        assert "1,500" in str(caught.value)

    def test_no_ready_revision_is_no_place_for_traffic(self) -> None:
        platform = FakePlatform()
        platform.services[SERVICE] = replace(platform.services[SERVICE], latest_ready="")

        with pytest.raises(RepairRefusedError) as caught:
            repairs_on(platform).plan(ROUTE, "slack:U1", NOW)

        assert caught.value.refusal is RepairRefusal.NOT_POSSIBLE

    @pytest.mark.parametrize(
        ("problem", "refusal"),
        [
            (Problem.DENIED, RepairRefusal.DENIED),
            (Problem.UNAVAILABLE, RepairRefusal.UNREACHABLE),
            (Problem.TIMED_OUT, RepairRefusal.UNREACHABLE),
        ],
    )
    def test_a_source_that_fails_refuses(self, problem: Problem, refusal: RepairRefusal) -> None:
        platform = FakePlatform()
        platform.failures["policy"] = [SourceError("Cloud Run", problem, "it fails")]

        with pytest.raises(RepairRefusedError) as caught:
            repairs_on(platform).plan(GRANT, "slack:U1", NOW)

        assert caught.value.refusal is refusal

    def test_it_can_be_found_again_by_its_id_for_an_hour(self) -> None:
        store = SqliteStore(":memory:")
        repairs = repairs_on(FakePlatform(), store)
        plan = repairs.plan(GRANT, "slack:U1", NOW)

        shown = shown_as(plan, "an-alert")
        assert repairs.shown(plan.id, shown, "an-alert", NOW + timedelta(minutes=59)) == plan
        assert repairs.shown(plan.id, shown, "an-alert", NOW + timedelta(minutes=61)) is None
        assert repairs.shown("other", shown, "an-alert", NOW) is None


class TestApply:
    @pytest.mark.parametrize("key", [GRANT, ROUTE, RESTORE, RUN])
    def test_every_kind_is_written_and_recorded_before_and_after(self, key: str) -> None:
        store, platform = SqliteStore(":memory:"), FakePlatform()
        repairs = repairs_on(platform, store)

        run = repairs.apply(repairs.plan(key, "slack:U1", NOW), "slack:U2", SOON)

        assert run.outcome is RepairOutcome.APPLIED
        assert (run.plan.actor, run.actor) == ("slack:U1", "slack:U2")
        assert records(store) == [(PLANNED, "needed"), (BEGUN, "begun"), (ENDED, "applied")]
        assert repairs.run(run.id, SOON) == run

    def test_a_grant_keeps_conditions_and_everybody_else(self) -> None:
        platform = FakePlatform()
        conditional = RoleBinding(
            role=INVOKER, members=(CALLER,), condition=GrantCondition(expression="false", title="never")
        )
        platform.policies[SERVICE] = IamPolicy(
            bindings=(conditional, RoleBinding(role="roles/run.admin", members=(OTHER,))), etag=b"1"
        )
        repairs = repairs_on(platform)

        repairs.apply(repairs.plan(GRANT, "slack:U1", NOW), "slack:U1", SOON)

        assert platform.policies[SERVICE].bindings == (
            conditional,
            RoleBinding(role="roles/run.admin", members=(OTHER,)),
            RoleBinding(role=INVOKER, members=(CALLER,)),
        )

    def test_a_variable_comes_back_by_reference_and_the_others_stay(self) -> None:
        platform = FakePlatform()
        repairs = repairs_on(platform)

        repairs.apply(repairs.plan(RESTORE, "slack:U1", NOW), "slack:U1", SOON)

        assert platform.services[SERVICE].variables == {
            "PROJECT": Variable(value="example"),
            "API_KEY": Variable(secret="api-key:3"),
        }

    def test_a_variable_that_has_a_value_is_never_replaced(self) -> None:
        platform = FakePlatform()
        current = platform.services[SERVICE]
        platform.services[SERVICE] = replace(current, variables={"API_KEY": Variable(value="literal")})

        assert not repairs_on(platform).plan(RESTORE, "slack:U1", NOW).needed

    @pytest.mark.parametrize(
        ("age", "refused"),
        [(timedelta(minutes=10), False), (timedelta(minutes=10, seconds=1), True)],
        ids=["at ten minutes", "just past them"],
    )
    def test_a_plan_lives_for_ten_minutes(self, age: timedelta, refused: bool) -> None:
        platform = FakePlatform()
        repairs = repairs_on(platform)
        plan = repairs.plan(GRANT, "slack:U1", NOW)

        if refused:
            assert refusal_of(plan, platform, at=NOW + age) is RepairRefusal.TOO_OLD
            assert platform.calls["write_policy"] == 0
        else:
            assert repairs.apply(plan, "slack:U1", NOW + age).outcome is RepairOutcome.APPLIED

    def test_a_state_that_changed_since_the_plan_is_refused(self) -> None:
        store, platform = SqliteStore(":memory:"), FakePlatform()
        plan = repairs_on(platform, store).plan(GRANT, "slack:U1", NOW)
        platform.grant(OTHER)

        assert refusal_of(plan, platform, store) is RepairRefusal.CHANGED
        assert platform.calls["write_policy"] == 0
        assert records(store)[-1] == (REFUSED, "changed")

    @pytest.mark.parametrize("key", [ROUTE, RESTORE, RUN])
    def test_a_change_of_any_kind_is_noticed(self, key: str) -> None:
        platform = FakePlatform()
        plan = repairs_on(platform).plan(key, "slack:U1", NOW)
        platform.services[SERVICE] = replace(
            platform.services[SERVICE], latest_ready="worker-00003", variables={"NEW": Variable(value="x")}
        )
        platform.jobs["nightly"] = replace(platform.jobs["nightly"], enabled=False)

        assert refusal_of(plan, platform) is RepairRefusal.CHANGED

    def test_what_somebody_else_has_done_in_the_meantime_is_done_already(self) -> None:
        platform = FakePlatform()
        repairs = repairs_on(platform)
        plan = repairs.plan(GRANT, "slack:U1", NOW)
        platform.grant(CALLER)

        run = repairs.apply(plan, "slack:U1", SOON)

        assert run.outcome is RepairOutcome.ALREADY
        assert platform.calls["write_policy"] == 0

    def test_a_service_that_vanished_since_the_plan_is_said(self) -> None:
        platform = FakePlatform()
        plan = repairs_on(platform).plan(GRANT, "slack:U1", NOW)
        platform.policies.clear()

        assert refusal_of(plan, platform) is RepairRefusal.VANISHED

    def test_a_button_pressed_twice_is_one_repair(self) -> None:
        store, platform = SqliteStore(":memory:"), FakePlatform()
        repairs = repairs_on(platform, store)
        plan = repairs.plan(GRANT, "slack:U1", NOW)
        repairs.apply(plan, "slack:U1", SOON)

        assert refusal_of(plan, platform, store) is RepairRefusal.USED
        assert platform.calls["write_policy"] == 1

    def test_two_people_at_once_are_one_repair(self) -> None:
        store, platform = SqliteStore(":memory:"), FakePlatform()
        repairs = repairs_on(platform, store)
        plans = [repairs.plan(GRANT, f"slack:U{number}", NOW) for number in range(2)]
        inside, over = threading.Event(), threading.Event()

        def wait() -> None:
            inside.set()
            assert over.wait(5)

        platform.race = wait
        first: list[RepairRun] = []
        thread = threading.Thread(target=lambda: first.append(repairs.apply(plans[0], "slack:U0", SOON)))
        thread.start()
        assert inside.wait(5)

        assert refusal_of(plans[1], platform, store) is RepairRefusal.BUSY
        assert (REFUSED, RepairRefusal.BUSY) in records(store)

        over.set()
        thread.join()
        assert [each.outcome for each in first] == [RepairOutcome.APPLIED]
        assert repairs.apply(plans[1], "slack:U1", SOON).outcome is RepairOutcome.ALREADY
        assert platform.calls["write_policy"] == 1

    def test_a_race_between_read_and_write_keeps_both_grants(self) -> None:
        platform = FakePlatform()
        repairs = repairs_on(platform)
        plan = repairs.plan(GRANT, "slack:U1", NOW)
        races = [OTHER]
        platform.race = lambda: platform.grant(races.pop()) if races else None

        run = repairs.apply(plan, "slack:U1", SOON)

        assert run.outcome is RepairOutcome.APPLIED
        assert grants(platform.policies[SERVICE], INVOKER, OTHER)
        assert grants(platform.policies[SERVICE], INVOKER, CALLER)
        assert platform.calls["write_policy"] == 2

    def test_a_race_with_somebody_who_does_the_same_is_done_already(self) -> None:
        platform = FakePlatform()
        repairs = repairs_on(platform)
        plan = repairs.plan(GRANT, "slack:U1", NOW)
        platform.race = lambda: platform.grant(CALLER)

        assert repairs.apply(plan, "slack:U1", SOON).outcome is RepairOutcome.ALREADY

    def test_a_conflict_each_time_is_given_up_with_nothing_half_done(self) -> None:
        store, platform = SqliteStore(":memory:"), FakePlatform()
        plan = repairs_on(platform, store).plan(GRANT, "slack:U1", NOW)
        platform.race = lambda: platform.grant(OTHER)

        assert refusal_of(plan, platform, store) is RepairRefusal.CONFLICT
        assert not grants(platform.policies[SERVICE], INVOKER, CALLER)
        assert platform.calls["write_policy"] == 5
        assert (ENDED, "failed") in records(store)

    def test_traffic_that_somebody_else_moves_meanwhile_is_left_alone(self) -> None:
        platform = FakePlatform()
        plan = repairs_on(platform).plan(ROUTE, "slack:U1", NOW)

        def deploy() -> None:
            platform.services[SERVICE] = replace(
                platform.services[SERVICE], etag="9", targets=(TrafficTarget(revision="worker-00003", percent=100),)
            )

        platform.race = deploy

        assert refusal_of(plan, platform) is RepairRefusal.CHANGED

    def test_a_missing_permission_names_it_and_what_an_administrator_runs(self) -> None:
        platform = FakePlatform()
        plan = repairs_on(platform).plan(GRANT, "slack:U1", NOW)
        platform.failures["write_policy"] = [denied()]

        with pytest.raises(RepairRefusedError) as caught:
            repairs_on(platform).apply(plan, "slack:U1", SOON)

        assert caught.value.refusal is RepairRefusal.DENIED
        assert "run.services.setIamPolicy on the service worker" in caught.value.text
        assert caught.value.command == plan.command

    def test_an_answer_that_got_lost_is_found_by_reading(self) -> None:
        platform = FakePlatform()
        repairs = repairs_on(platform)
        plan = repairs.plan(GRANT, "slack:U1", NOW)
        platform.failures["write_policy+"] = [silent()]

        assert repairs.apply(plan, "slack:U1", SOON).outcome is RepairOutcome.APPLIED
        assert platform.calls["write_policy"] == 1

    def test_a_write_that_did_not_arrive_is_a_failure(self) -> None:
        store, platform = SqliteStore(":memory:"), FakePlatform()
        plan = repairs_on(platform, store).plan(GRANT, "slack:U1", NOW)
        platform.failures["write_policy"] = [silent()]

        assert refusal_of(plan, platform, store) is RepairRefusal.UNREACHABLE
        assert (ENDED, "failed") in records(store)

    def test_whether_it_was_written_is_not_claimed_when_nobody_can_tell(self) -> None:
        platform = FakePlatform()
        plan = repairs_on(platform).plan(GRANT, "slack:U1", NOW)
        platform.failures = {"write_policy+": [silent()]}
        platform.race = lambda: platform.failures.update(policy=[silent()])

        with pytest.raises(RepairRefusedError) as caught:
            repairs_on(platform).apply(plan, "slack:U1", SOON)

        assert "not known" in caught.value.text

    def test_a_grant_that_is_gone_when_read_back_is_no_success(self) -> None:
        platform = FakePlatform()
        platform.keeps_writes = False
        plan = repairs_on(platform).plan(GRANT, "slack:U1", NOW)

        assert refusal_of(plan, platform) is RepairRefusal.CONFLICT

    def test_what_cannot_be_read_back_is_applied_and_says_so(self) -> None:
        platform = FakePlatform()
        repairs = repairs_on(platform)
        plan = repairs.plan(GRANT, "slack:U1", NOW)
        platform.race = lambda: platform.failures.update(policy=[silent()])

        run = repairs.apply(plan, "slack:U1", SOON)

        assert run.outcome is RepairOutcome.APPLIED
        assert "could not be read back" in run.detail

    def test_nothing_is_written_that_cannot_be_recorded_first(self) -> None:
        class Broken(SqliteStore):
            broken = False

            def commit(self, changes: Changes) -> None:
                if self.broken and any(each.action == BEGUN for each in changes.audit):
                    raise StoreError("the disk is full")
                super().commit(changes)

        store, platform = Broken(":memory:"), FakePlatform()
        plan = repairs_on(platform, store).plan(GRANT, "slack:U1", NOW)
        store.broken = True

        assert refusal_of(plan, platform, store) is RepairRefusal.NOT_RECORDED
        assert platform.calls["write_policy"] == 0

    def test_a_plan_never_grants_to_somebody_whom_the_file_does_not_name(self) -> None:
        """Such as a plan that another pipeline of the same store, or an older file, has made."""
        store, platform = SqliteStore(":memory:"), FakePlatform()
        plan = repairs_on(platform, store).plan(GRANT, "slack:U1", NOW)
        foreign = replace(plan, wanted={"members": [OTHER], "present": True})

        assert refusal_of(foreign, platform, store) is RepairRefusal.ALTERED
        assert platform.calls["write_policy"] == 0

    def test_a_repair_whose_end_cannot_be_recorded_is_done_and_says_so(self) -> None:
        class Forgetful(SqliteStore):
            def commit(self, changes: Changes) -> None:
                if any(each.action == ENDED for each in changes.audit):
                    raise StoreError("the disk is full")
                super().commit(changes)

        platform, store = FakePlatform(), Forgetful(":memory:")
        repairs = repairs_on(platform, store)

        run = repairs.apply(repairs.plan(GRANT, "slack:U1", NOW), "slack:U1", SOON)

        assert (run.outcome, run.recorded) == (RepairOutcome.APPLIED, False)

    def test_several_at_once_are_each_alone_in_their_trouble(self) -> None:
        platform = FakePlatform()
        repairs = repairs_on(platform)

        plans = repairs.plan_all([GRANT, "grant-invoker:closed", ROUTE], "slack:U1", NOW)
        runs = repairs.apply_all([each for each in plans if isinstance(each, RepairPlan)], "slack:U1", SOON)

        assert [type(each).__name__ for each in plans] == ["RepairPlan", "RepairRefusedError", "RepairPlan"]
        assert [each.outcome for each in runs if isinstance(each, RepairRun)] == [
            RepairOutcome.APPLIED,
            RepairOutcome.APPLIED,
        ]


class TestVerify:
    def applied(self, platform: FakePlatform, key: str = GRANT, store: SqliteStore | None = None) -> RepairRun:
        repairs = repairs_on(platform, store)
        return repairs.apply(repairs.plan(key, "slack:U1", NOW), "slack:U1", NOW)

    def test_a_check_that_passes_settles_it(self) -> None:
        store, platform = SqliteStore(":memory:"), FakePlatform()
        run = self.applied(platform, store=store)
        repairs = repairs_on(platform, store)
        assert [each.id for each in repairs.waiting(SOON)] == [run.id]

        seen = repairs.verify(run, SOON)

        assert (seen.run.outcome, seen.next_at) == (RepairOutcome.VERIFIED, None)
        assert records(store)[-1] == (VERIFIED, "verified")
        assert repairs.waiting(SOON) == ()

    def test_it_looks_again_for_seven_minutes_and_then_says_that_it_has_no_effect(self) -> None:
        platform = FakePlatform()
        store = SqliteStore(":memory:")
        run = self.applied(platform, store=store)
        repairs = repairs_on(platform, store, failing)
        at, reads = NOW, 0

        while True:
            seen = repairs.verify(run, at)
            reads += 1
            if seen.next_at is None:
                break
            assert seen.next_at > at
            at = seen.next_at

        assert seen.run.outcome is RepairOutcome.UNVERIFIED
        assert run.ended_at is not None
        assert at - run.ended_at == timedelta(minutes=7)
        assert reads == 11

    @pytest.mark.parametrize(
        "said",
        [
            report("invoker", Found.WAITING),
            report("invoker", Found.UNKNOWN, severity=failing(("x",)).results[0].severity),
            report("invoker", Found.PASSED, subject="another"),
        ],
        ids=["under way", "could not check", "about something else"],
    )
    def test_what_does_not_say_that_it_works_is_not_taken_for_it(self, said: Report) -> None:
        platform = FakePlatform()
        run = self.applied(platform)

        assert repairs_on(platform, validate=lambda _: said).verify(run, SOON).next_at is not None

    @pytest.mark.parametrize(("status", "outcome"), [(0, RepairOutcome.VERIFIED), (7, RepairOutcome.UNVERIFIED)])
    def test_a_job_is_judged_by_its_new_attempt(self, status: int, outcome: RepairOutcome) -> None:
        platform = FakePlatform()
        run = self.applied(platform, RUN)
        platform.jobs["nightly"] = replace(platform.jobs["nightly"], status=status)

        assert repairs_on(platform).verify(run, SOON).run.outcome is outcome

    def test_a_job_that_has_not_ended_is_waited_for(self) -> None:
        platform = FakePlatform()
        run = self.applied(platform, RUN)
        platform.jobs["nightly"] = replace(platform.jobs["nightly"], last_attempt=NOW)

        assert repairs_on(platform).verify(run, SOON).next_at is not None

    def test_what_is_settled_is_not_looked_at_again(self) -> None:
        platform = FakePlatform()
        run = replace(self.applied(platform), outcome=RepairOutcome.VERIFIED)

        def never(checks: Sequence[str]) -> Report:
            raise AssertionError(checks)

        assert repairs_on(platform, validate=never).verify(run, SOON).next_at is None


class TestUndo:
    @pytest.mark.parametrize("key", [GRANT, ROUTE, RESTORE])
    def test_it_brings_the_former_state_back(self, key: str) -> None:
        store, platform = SqliteStore(":memory:"), FakePlatform()
        bindings, service = platform.policies[SERVICE].bindings, platform.services[SERVICE]
        repairs = repairs_on(platform, store)
        run = repairs.apply(repairs.plan(key, "slack:U1", NOW), "slack:U1", NOW)
        assert run.undoable(SOON)

        undo = repairs.apply(repairs.plan_undo(run.id, "slack:U2", SOON), "slack:U2", SOON)

        assert platform.policies[SERVICE].bindings == bindings
        assert platform.services[SERVICE].targets == service.targets
        assert platform.services[SERVICE].variables == service.variables
        found = repairs.run(run.id, SOON)
        assert found is not None
        assert found.undone_by == "slack:U2"
        assert not found.undoable(SOON)
        assert repairs.verify(undo, SOON).run.outcome is RepairOutcome.VERIFIED

    def test_it_takes_away_only_what_was_granted(self) -> None:
        platform, store = FakePlatform(), SqliteStore(":memory:")
        repairs = repairs_on(platform, store)
        run = repairs.apply(repairs.plan(GRANT, "slack:U1", NOW), "slack:U1", NOW)
        platform.grant(OTHER)

        repairs.apply(repairs.plan_undo(run.id, "slack:U1", SOON), "slack:U1", SOON)

        assert grants(platform.policies[SERVICE], INVOKER, OTHER)
        assert not grants(platform.policies[SERVICE], INVOKER, CALLER)

    @pytest.mark.parametrize("key", [ROUTE, RESTORE])
    def test_what_was_changed_since_is_not_taken_back(self, key: str) -> None:
        platform, store = FakePlatform(), SqliteStore(":memory:")
        repairs = repairs_on(platform, store)
        run = repairs.apply(repairs.plan(key, "slack:U1", NOW), "slack:U1", NOW)
        platform.services[SERVICE] = replace(
            platform.services[SERVICE],
            targets=(TrafficTarget(revision="worker-00005", percent=100),),
            variables={"API_KEY": Variable(secret="api-key:9")},
        )

        with pytest.raises(RepairRefusedError) as caught:
            repairs.plan_undo(run.id, "slack:U1", SOON)

        assert caught.value.refusal is RepairRefusal.CHANGED

    def test_a_job_cannot_be_taken_back(self) -> None:
        store, platform = SqliteStore(":memory:"), FakePlatform()
        repairs = repairs_on(platform, store)
        run = repairs.apply(repairs.plan(RUN, "slack:U1", NOW), "slack:U1", NOW)

        with pytest.raises(RepairRefusedError):
            repairs.plan_undo(run.id, "slack:U1", SOON)

    @pytest.mark.parametrize(("age", "undoable"), [(timedelta(hours=23), True), (timedelta(hours=25), False)])
    def test_it_is_offered_for_a_day(self, age: timedelta, undoable: bool) -> None:
        repairs = repairs_on(FakePlatform())
        run = repairs.apply(repairs.plan(GRANT, "slack:U1", NOW), "slack:U1", NOW)

        assert run.undoable(NOW + age) is undoable

    def test_a_run_that_nobody_knows_is_refused(self) -> None:
        with pytest.raises(RepairRefusedError):
            repairs_on(FakePlatform()).plan_undo("0000", "slack:U1", NOW)


class FakeDeploys:
    def __init__(self, *revisions: Revision, service: Service | None = None, down: bool = False) -> None:
        self.found, self.current, self.down = revisions, service, down

    def revisions(self, service: str, limit: int) -> Sequence[Revision]:
        if self.down:
            raise silent()
        return [each for each in self.found if each.service == service][:limit]

    def service(self, name: str) -> Service | None:
        return self.current


class TestRecurrence:
    def returning(self, deploys: FakeDeploys, after: timedelta = timedelta(hours=5)) -> RepairPlan:
        store, platform = SqliteStore(":memory:"), FakePlatform()
        repairs = repairs_on(platform, store)
        repairs._deploys = deploys
        run = repairs.apply(repairs.plan(GRANT, "slack:U1", NOW), "slack:U1", NOW)
        assert repairs.verify(run, NOW).run.outcome is RepairOutcome.VERIFIED
        platform.policies[SERVICE] = IamPolicy(etag=b"new")
        return repairs.plan(GRANT, "slack:U2", NOW + after)

    def revision(self, number: int, hours: float) -> Revision:
        at = NOW + timedelta(hours=hours)
        return Revision(name=f"worker-{number}", service=SERVICE, created_at=at, created_by=f"deployer-{number}")

    def test_it_names_the_first_deploy_after_the_repair(self) -> None:
        plan = self.returning(FakeDeploys(*(self.revision(number, number - 1) for number in (3, 2, 1, 0))))

        assert plan.recurrence is not None
        assert plan.recurrence.repaired_by == "slack:U1"
        assert (plan.recurrence.revision, plan.recurrence.deployed_by) == ("worker-2", "deployer-2")
        assert plan.recurrence.deployed_at == NOW + timedelta(hours=1)

    def test_without_a_deploy_it_still_says_that_something_undoes_it(self) -> None:
        plan = self.returning(FakeDeploys(self.revision(1, -3)))

        assert plan.recurrence is not None
        assert plan.recurrence.deployed_at is None

    def test_a_source_that_fails_does_not_hinder_the_repair(self) -> None:
        plan = self.returning(FakeDeploys(down=True))

        assert plan.needed
        assert plan.recurrence is not None

    def test_after_a_day_it_is_a_new_incident(self) -> None:
        assert self.returning(FakeDeploys(), timedelta(hours=25)).recurrence is None

    def test_a_job_that_is_run_again_is_not_a_repair_that_was_undone(self) -> None:
        repairs = repairs_on(FakePlatform())
        repairs._deploys = FakeDeploys()
        run = repairs.apply(repairs.plan(RUN, "slack:U1", NOW), "slack:U1", NOW)
        repairs.proved(run, NOW)

        plan = repairs.plan(RUN, "slack:U2", NOW + timedelta(hours=5))

        assert (plan.needed, plan.recurrence) == (True, None)

    def test_what_still_holds_has_not_returned(self) -> None:
        repairs = repairs_on(FakePlatform())
        repairs._deploys = FakeDeploys()
        run = repairs.apply(repairs.plan(GRANT, "slack:U1", NOW), "slack:U1", NOW)
        repairs.verify(run, NOW)

        plan = repairs.plan(GRANT, "slack:U2", NOW + timedelta(hours=5))

        assert (plan.needed, plan.recurrence) == (False, None)

    def test_what_was_taken_back_on_purpose_does_not_return(self) -> None:
        store, platform = SqliteStore(":memory:"), FakePlatform()
        repairs = repairs_on(platform, store)
        run = repairs.apply(repairs.plan(GRANT, "slack:U1", NOW), "slack:U1", NOW)
        repairs.apply(repairs.plan_undo(run.id, "slack:U1", SOON), "slack:U1", SOON)

        assert repairs.plan(GRANT, "slack:U1", SOON + timedelta(minutes=1)).recurrence is None


class TestDeath:
    """A process that died between "begun" and "ended" leaves a record without an end."""

    def dead(self, store: SqliteStore, platform: FakePlatform) -> RepairPlan:
        plan = repairs_on(platform, store).plan(GRANT, "slack:U1", NOW)
        store.commit(Changes(audit=(begun(plan, "slack:U1", NOW),)))
        return plan

    @pytest.mark.parametrize(
        ("written", "outcome"),
        [(True, RepairOutcome.APPLIED), (False, RepairOutcome.FAILED)],
        ids=["written", "not written"],
    )
    def test_the_next_plan_finds_out_what_became_of_it(self, written: bool, outcome: RepairOutcome) -> None:
        store, platform = SqliteStore(":memory:"), FakePlatform()
        plan = self.dead(store, platform)
        if written:
            platform.grant(CALLER)
        later = NOW + LEASE + timedelta(seconds=1)
        repairs = repairs_on(platform, store)
        found = repairs.run(plan.id, later)
        assert found is not None
        assert found.unfinished(later)

        repairs.plan(GRANT, "slack:U2", later)

        settled = repairs.run(plan.id, later)
        assert settled is not None
        assert settled.outcome is outcome

    def test_what_is_still_within_its_lease_is_left_alone(self) -> None:
        store, platform = SqliteStore(":memory:"), FakePlatform()
        plan = self.dead(store, platform)
        repairs = repairs_on(platform, store)

        repairs.plan(GRANT, "slack:U2", NOW + LEASE)

        found = repairs.run(plan.id, NOW + LEASE)
        assert found is not None
        assert found.outcome is RepairOutcome.BEGUN
        assert repairs.reconcile(NOW + LEASE) == ()

    def test_reconciling_hands_it_on_to_verification(self) -> None:
        store, platform = SqliteStore(":memory:"), FakePlatform()
        plan = self.dead(store, platform)
        platform.grant(CALLER)
        later = NOW + LEASE + timedelta(seconds=1)
        repairs = repairs_on(platform, store)

        assert [each.id for each in repairs.reconcile(later)] == [plan.id]
        assert [each.id for each in repairs.waiting(later)] == [plan.id]

    def test_what_cannot_be_looked_at_stays_unfinished(self) -> None:
        store, platform = SqliteStore(":memory:"), FakePlatform()
        plan = self.dead(store, platform)
        platform.failures["policy"] = [silent()]
        later = NOW + LEASE + timedelta(seconds=1)
        repairs = repairs_on(platform, store)

        assert repairs.reconcile(later) == ()
        platform.policies.clear()
        assert [(each.id, each.outcome) for each in repairs.reconcile(later)] == [(plan.id, RepairOutcome.FAILED)]


def test_a_deploy_step_with_nothing_to_do_leaves_no_record() -> None:
    store, platform = SqliteStore(":memory:"), FakePlatform()
    platform.grant(CALLER)

    repairs_on(platform, store).plan(GRANT, "shell:ci", NOW)

    assert records(store) == []


def test_keys_in_a_finding_are_offered_only_where_the_file_allows_them() -> None:
    repairs = repairs_on(FakePlatform())

    assert [str(each) for each in repairs.offered(f"{GRANT} grant-invoker:closed nonsense {GRANT}")] == [GRANT]
    assert repairs.offered("") == ()
    assert [str(each) for each in repairs.catalogue()] == [GRANT, ROUTE, RESTORE, RUN]


def test_other_records_of_the_audit_are_no_runs() -> None:
    store = SqliteStore(":memory:")
    store.commit(
        Changes(
            audit=(
                AuditEntry(
                    key="acknowledge:1", at=NOW, actor="U1", action="acknowledged", subject="alert", outcome="done"
                ),
            )
        )
    )

    assert repairs_on(FakePlatform(), store, passing).runs(datetime(2026, 2, 1, tzinfo=UTC)) == ()
