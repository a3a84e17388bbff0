"""Repairing from an alert's thread: who may, what is shown first, what is written once, what the thread hears."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.alerting.incidents import Incidents
from bot.alerting.threads import AlertThreads
from bot.playground.slack.requests import PERSON
from bot.playground.slack.server import SlackServer
from bot.render.alert import AlertMessages
from bot.render.repairs import still_open_reply, verified_reply
from bot.repairs.follow_up import PACE, FollowUp
from bot.repairs.model import LEASE, NEVER_WRITTEN, RepairOutcome
from bot.repairs.records import begun
from bot.scenarios.faults import Faults
from bot.scenarios.platform import RunnableScheduler, ScenarioPlatform
from bot.sinks.slack.format import formatted
from bot.store.model import Alert, AlertState, AuditEntry, Changes, Delivery, StateStore, StoreError
from checks.control_plane.grants import INVOKER
from checks.notifications import Permissions as Rules
from checks.ports.policies import Binding, Policy
from checks.ports.scheduler import SchedulerJob
from checks.ports.services import Service
from checks.repairs_spec import Repairs as Bounds
from handlers.repairs import AT_ONCE, Confirmation, _carry_out
from handlers.replies import PrivateReply
from handlers.workers import Workers
from tests.fakes import FakeControlPlane
from tests.handlers.rig import COLLEAGUE, NOW, SECONDS, Rig, confirmed_repair, running

SERVICE = "phase3-to-phase4"
MEMBER = "serviceAccount:invoker@example.com"
KEY = f"grant-invoker:{SERVICE}"
GRANTED = Policy((Binding(INVOKER, frozenset({MEMBER})),))


class NoJobs(RunnableScheduler):
    def __init__(self) -> None: ...

    def jobs(self) -> tuple[SchedulerJob, ...]:
        return ()


@contextmanager
def broken(
    rules: Rules | None = None,
    *,
    workers: Workers | None = None,
    outliving: tuple[SlackServer, StateStore] | None = None,
    platform: ScenarioPlatform | None = None,
    **bounds: Any,
) -> Iterator[tuple[Rig, ScenarioPlatform]]:
    """An alert rig on a service that has lost its invoker."""
    services = {
        name: Service(
            name=name,
            ready=True,
            latest_created_revision=f"{name}-00001-abc",
            latest_ready_revision=f"{name}-00001-abc",
            traffic={f"{name}-00001-abc": 100},
        )
        for name in (SERVICE, "coordinator")
    }
    policies = {SERVICE: Policy(()), "coordinator": GRANTED}
    platform = platform or ScenarioPlatform(
        pipeline=_pipeline(),
        services=services,
        policies=policies,
        revisions={},
        scheduler=NoJobs(),
        faults=Faults(()),
        now=NOW,
    )
    with running(
        rules or Rules(repairers=(PERSON,)),
        workers=workers,
        outliving=outliving,
        platform=platform,
        control_plane=FakeControlPlane(services=services, policies=platform.policies),
        repairs=Bounds(**{"invoker": (SERVICE,), **bounds}),
    ) as rig:
        yield rig, platform


def _pipeline() -> Any:
    from tests.fakes import pipeline  # noqa: PLC0415 - only what the platform reads of it

    return pipeline()


def refused_alert(rig: Rig, **details: Any) -> Alert:
    return rig.alert(
        key=f"tiny:invoker:{SERVICE}:-",
        check="invoker",
        subject=SERVICE,
        interval=None,
        code="caller-refused",
        details={"repairs": KEY, **details},
    )


def press(rig: Rig, alert: Alert, user: str = PERSON) -> Mapping[str, Any]:
    """Press Repair… and return the form that is shown."""
    value = json.dumps({"key": alert.key, "version": alert.version})
    assert rig.send(rig.slack.requests.click(rig.parent(alert), "alert:repair", value, user=user)).status == 200
    rig.wait()
    view: Mapping[str, Any] = list(rig.slack.workspace.views.values())[-1]
    return view


def confirm(rig: Rig, view: Mapping[str, Any], user: str = PERSON) -> None:
    assert rig.send(rig.slack.requests.submission(view, {}, user=user)).status == 200
    rig.wait()


def replies(rig: Rig, alert: Alert) -> list[Delivery]:
    return [each for each in rig.store.pending() if each.target == alert.thread and each.kind == "reply"]


def words(rig: Rig, alert: Alert) -> str:
    return "\n".join(json.dumps(formatted(each.body), ensure_ascii=False) for each in replies(rig, alert))


def following(rig: Rig, seconds: Callable[[], float] = time.monotonic, pace: float = PACE) -> FollowUp:
    repairs, incidents = rig.repairs, rig.services.incidents
    assert repairs is not None
    assert isinstance(incidents, Incidents)
    threads = AlertThreads(incidents, rig.validation, lambda: None, still_open_reply)
    zone = rig.services.validation.pipeline.zone
    return FollowUp(
        repairs,
        rig.store,
        threads,
        lambda each: verified_reply(each, zone),
        lambda: rig.now,
        pace=pace,
        seconds=seconds,
    )


def test_the_form_shows_the_exact_difference_and_nothing_is_written_yet() -> None:
    with broken() as (rig, platform):
        view = press(rig, refused_alert(rig))

        assert view["callback_id"] == "repair:confirmed"
        assert INVOKER in str(view["blocks"])
        assert MEMBER in str(view["blocks"])
        assert "gcloud" in str(view["blocks"])
        assert platform.policies[SERVICE] == Policy(())


def test_a_confirmed_repair_is_written_told_verified_and_resolves_its_alert() -> None:
    with broken() as (rig, platform):
        alert = refused_alert(rig)
        confirm(rig, press(rig, alert))

        assert platform.policies[SERVICE].bindings == GRANTED.bindings
        told = words(rig, alert)
        assert f"<@{PERSON}> repairs" in told
        assert "Written, and read back as written" in told

        assert following(rig).turn() == 0

        assert "*Verified*" in words(rig, alert)
        after = rig.store.alert(alert.key)
        assert after is not None
        assert after.state is AlertState.RESOLVED


def test_the_form_sent_twice_repairs_once() -> None:
    with broken() as (rig, _):
        alert = refused_alert(rig)
        view = press(rig, alert)
        confirm(rig, view)
        before = len(replies(rig, alert))
        confirm(rig, view)

        repairs = rig.repairs
        assert repairs is not None
        assert len(repairs.runs(NOW - timedelta(hours=1))) == 1
        assert len(replies(rig, alert)) == before


def test_two_who_confirm_at_once_make_one_repair() -> None:
    with broken(Rules(repairers=(PERSON, COLLEAGUE))) as (rig, platform):
        alert = refused_alert(rig)
        views = {user: press(rig, alert, user) for user in (PERSON, COLLEAGUE)}
        threads = [threading.Thread(target=confirm, args=(rig, view, user)) for user, view in views.items()]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

        assert platform.policies[SERVICE].bindings == GRANTED.bindings
        repairs = rig.repairs
        assert repairs is not None
        outcomes = sorted(run.outcome for run in repairs.runs(NOW - timedelta(hours=1)))
        assert outcomes.count(RepairOutcome.APPLIED) == 1


@pytest.mark.parametrize("rules", [Rules(actors=(PERSON,), ask="the owners"), Rules(ask="the owners")])
def test_one_who_may_not_repair_sees_no_plan(rules: Rules) -> None:
    with broken(rules) as (rig, platform):
        view = press(rig, refused_alert(rig))

        assert "cannot repair this pipeline" in str(view["blocks"])
        assert "the owners" in str(view["blocks"])
        assert platform.policies[SERVICE] == Policy(())


def test_who_lost_the_right_between_form_and_confirmation_changes_nothing() -> None:
    with broken(Rules(repairers=(PERSON,))) as (rig, platform):
        view = press(rig, refused_alert(rig))
        confirm(rig, view, user=COLLEAGUE)

        assert platform.policies[SERVICE] == Policy(())
        assert "cannot repair this pipeline" in rig.slack.messages(COLLEAGUE)[-1].text


def test_ten_minutes_later_the_plan_is_refused_in_the_thread() -> None:
    with broken() as (rig, platform):
        alert = refused_alert(rig)
        view = press(rig, alert)
        rig.now = NOW + timedelta(minutes=10, seconds=1)
        confirm(rig, view)

        assert platform.policies[SERVICE] == Policy(())
        assert "Not done" in words(rig, alert)


def test_what_changed_since_the_plan_is_refused_in_the_thread() -> None:
    with broken() as (rig, platform):
        alert = refused_alert(rig)
        view = press(rig, alert)
        platform.write_policy(SERVICE, platform.policy(SERVICE))  # type: ignore[arg-type]
        platform.policies[SERVICE] = Policy((Binding("roles/run.viewer", frozenset({"user:dev@example.com"})),))
        confirm(rig, view)

        assert platform.policies[SERVICE].bindings[0].role == "roles/run.viewer"
        assert len(platform.policies[SERVICE].bindings) == 1
        assert "Not done" in words(rig, alert)


@pytest.mark.parametrize(
    "other",
    [{"alert": "tiny:another:x:-"}, {"shown": ["0" * 32]}, {"shown": []}, {"shown": ["…"]}],
    ids=["another alert", "another plan", "a form of an earlier version", "no digest at all"],
)
def test_what_is_not_what_the_form_has_shown_is_not_written(other: Mapping[str, Any]) -> None:
    with broken() as (rig, platform):
        alert = refused_alert(rig)
        view = press(rig, alert)
        confirm(rig, {**view, "private_metadata": json.dumps({**json.loads(view["private_metadata"]), **other})})

        assert platform.policies[SERVICE] == Policy(())
        assert rig.slack.messages(PERSON)
        assert not replies(rig, alert)


def test_a_confirmation_of_what_was_not_shown_stands_in_the_audit() -> None:
    with broken() as (rig, _):
        view = press(rig, refused_alert(rig))
        confirm(rig, {**view, "private_metadata": view["private_metadata"].replace("tiny:invoker", "tiny:other")})

        refused = [each for each in rig.store.audit(NOW - timedelta(hours=1), 10) if each.outcome == "altered"]
        assert [(each.actor, each.action) for each in refused] == [(PERSON, "repair")]


def test_a_repair_that_is_not_needed_any_more_has_no_button_to_confirm() -> None:
    with broken() as (rig, platform):
        alert = refused_alert(rig)
        platform.policies[SERVICE] = GRANTED

        view = press(rig, alert)

        assert "submit" not in view
        assert "Nothing to do" in str(view["blocks"])


def test_a_resolved_alert_cannot_be_repaired() -> None:
    with broken() as (rig, _):
        alert = refused_alert(rig)
        following(rig).turn()
        value = json.dumps({"key": "tiny:gone:x:-", "version": 1})
        rig.send(rig.slack.requests.click(rig.parent(alert), "alert:repair", value))
        rig.wait()

        assert "submit" not in list(rig.slack.workspace.views.values())[-1]


def test_what_the_pipeline_file_does_not_allow_is_not_offered() -> None:
    with broken(invoker=()) as (rig, platform):
        view = press(rig, refused_alert(rig))

        assert "allows no repair" in str(view["blocks"])
        assert platform.policies[SERVICE] == Policy(())


def undo(rig: Rig, alert: Alert, user: str = PERSON) -> Mapping[str, Any]:
    """Press Undo… below the repair that was made, and return the form that is shown."""
    (made,) = (each for each in replies(rig, alert) if "repair:undo" in str(each.body))
    value = next(
        block["elements"][0]["value"] for block in formatted(made.body)["blocks"] if block["type"] == "actions"
    )
    rig.send(rig.slack.requests.click(rig.parent(alert), "repair:undo", value, user=user))
    rig.wait()
    view: Mapping[str, Any] = list(rig.slack.workspace.views.values())[-1]
    return view


def test_repairs_that_were_taken_back_already_are_said_once_with_who_did_it() -> None:
    with broken(Rules(repairers=(PERSON, COLLEAGUE)), invoker=(SERVICE, "coordinator")) as (rig, platform):
        platform.policies["coordinator"] = Policy(())
        alert = refused_alert(rig, repairs=f"{KEY} grant-invoker:coordinator")
        confirm(rig, press(rig, alert))
        confirm(rig, undo(rig, alert, user=COLLEAGUE), user=COLLEAGUE)

        said = str(undo(rig, alert)["blocks"])

        assert said.count(f"It was taken back already, by <@{COLLEAGUE}>.") == 1
        assert "slack:" not in said
        assert "``````" not in said


def test_an_applied_repair_can_be_taken_back_from_the_thread() -> None:
    with broken() as (rig, platform):
        alert = refused_alert(rig)
        confirm(rig, press(rig, alert))

        confirm(rig, undo(rig, alert))

        assert platform.policies[SERVICE].bindings == ()
        assert "takes a repair back" in words(rig, alert)


def test_a_repair_without_effect_is_said_after_seven_minutes_and_the_alert_stays() -> None:
    with broken() as (rig, platform):
        alert = refused_alert(rig)
        confirm(rig, press(rig, alert))
        platform.policies[SERVICE] = Policy(())  # a deploy that fights the repair
        follow = following(rig)

        assert follow.turn() == 1
        rig.now = NOW + timedelta(minutes=8)
        assert follow.turn() == 0

        assert "Without effect" in words(rig, alert)
        after = rig.store.alert(alert.key)
        assert after is not None
        assert after.state is AlertState.FIRING


def test_following_goes_on_in_another_process_and_says_everything_once() -> None:
    with broken() as (rig, _):
        alert = refused_alert(rig)
        confirm(rig, press(rig, alert))
        assert following(rig).turn() == 0
        said = words(rig, alert)

        assert following(rig).turn() == 0

        assert words(rig, alert) == said


def test_the_history_of_the_alert_names_who_repaired_it() -> None:
    with broken() as (rig, _):
        alert = refused_alert(rig)
        confirm(rig, press(rig, alert))

        entries = [each for each in rig.store.audit(NOW - timedelta(hours=1), 100) if each.subject == alert.key]
        assert [(each.action, each.actor, each.outcome) for each in entries] == [("repair", PERSON, "confirmed")]


def test_while_nothing_waits_the_store_is_left_alone_until_somebody_repairs() -> None:
    with broken() as (rig, _):
        alert = refused_alert(rig)
        follow = following(rig)
        assert follow.turn() == 0

        confirm(rig, press(rig, alert))
        assert follow.turn() == 0
        assert "*Verified*" not in words(rig, alert)

        follow.wake()
        follow.turn()
        assert "*Verified*" in words(rig, alert)


def test_one_wake_is_one_look() -> None:
    with broken() as (rig, _):
        alert = refused_alert(rig)
        follow = following(rig)
        follow.wake()
        follow.turn()

        confirm(rig, press(rig, alert))
        follow.turn()

        assert "*Verified*" not in words(rig, alert)


@contextmanager
def followed(rig: Rig, pace: float = PACE) -> Iterator[tuple[FollowUp, list[float], Callable[[int], bool]]]:
    """FollowUp in a thread of its own, the turns that it took, and a wait for so many of them."""
    turns: list[float] = []
    changed, stopping = threading.Condition(), threading.Event()

    def seconds() -> float:
        with changed:
            turns.append(time.monotonic())
            changed.notify_all()
        return 0.0

    def taken(count: int) -> bool:
        with changed:
            return changed.wait_for(lambda: len(turns) >= count, SECONDS)

    follow = following(rig, seconds, pace)
    thread = threading.Thread(target=follow.run, args=(stopping,), daemon=True)
    thread.start()
    try:
        yield follow, turns, taken
    finally:
        stopping.set()
        thread.join(SECONDS)
        assert not thread.is_alive()


def test_following_pauses_between_two_looks_until_somebody_repairs() -> None:
    with broken() as (rig, _), followed(rig, pace=600) as (follow, turns, taken):
        assert taken(2), "the first turn asks when it began and when to look next"

        assert not threading.Event().wait(0.5)
        paused = len(turns)
        follow.wake()

        assert paused == 2
        assert taken(3)


def test_following_looks_again_after_each_pause_although_nobody_wakes_it() -> None:
    with broken() as (rig, _), followed(rig, pace=0.1) as (_, _, taken):
        assert taken(4)


def test_repairs_that_were_confirmed_together_are_told_together_when_all_have_settled() -> None:
    other = "coordinator"
    with broken(invoker=(SERVICE, other)) as (rig, platform):
        platform.policies[other] = Policy(())
        alert = refused_alert(rig, repairs=f"{KEY} grant-invoker:{other}")
        confirm(rig, press(rig, alert))
        platform.policies[other] = Policy(())  # a deploy that fights one of them
        follow = following(rig)

        waiting = follow.turn()
        early = words(rig, alert)
        rig.now = NOW + timedelta(minutes=8)
        follow.turn()
        follow.wake()
        follow.turn()

        assert waiting == 1
        assert "*Verified*" not in early
        told = [json.dumps(formatted(each.body)) for each in replies(rig, alert) if ":verified:" in each.key]
        assert [("*Verified*" in each, "Without effect" in each) for each in told] == [(True, True)]


def test_what_another_process_left_is_found_after_a_while() -> None:
    with broken() as (rig, _):
        alert = refused_alert(rig)
        seconds = [0.0]
        follow = following(rig, seconds=lambda: seconds[0])
        follow.turn()
        confirm(rig, press(rig, alert))

        seconds[0] = 301.0
        follow.turn()

        assert "*Verified*" in words(rig, alert)


class ForgetfulDesk(Incidents):
    """Incidents whose store goes down between the plan's word and the word on what was done."""

    def tell(self, key: str, name: str, body: Mapping[str, Any], now: datetime, *audit: AuditEntry) -> bool:
        if name.startswith("repaired:"):
            raise StoreError("the store is down")
        return super().tell(key, name, body, now, *audit)


def test_what_was_done_is_said_to_its_maker_while_the_store_is_down() -> None:
    with broken() as (rig, platform):
        alert = refused_alert(rig)
        view = press(rig, alert)
        desk = ForgetfulDesk(
            rig.store, rig.services.validation.pipeline, AlertMessages(rig.services.validation.pipeline)
        )
        confirmation = Confirmation.read(view["private_metadata"])
        reply = PrivateReply(client=rig.services.client, user=PERSON)
        assert rig.services.repairs is not None
        assert confirmation is not None

        _carry_out(replace(rig.services, incidents=desk), rig.services.repairs, confirmation, reply)

        assert platform.policies[SERVICE].bindings == GRANTED.bindings
        assert "Done" in rig.slack.messages(PERSON)[-1].text


def test_a_form_holds_only_so_many_repairs_and_counts_the_others() -> None:
    names = tuple(f"service-{number:02}" for number in range(AT_ONCE + 3))
    with broken(invoker=names) as (rig, _):
        view = press(rig, refused_alert(rig, repairs=" ".join(f"grant-invoker:{name}" for name in names)))

        assert "3 more repairs" in str(view["blocks"][-2:])
        assert len(view["blocks"]) <= 100


def test_a_repair_that_a_killed_process_has_begun_and_not_made_is_told_in_its_thread_once() -> None:
    with broken() as (rig, platform):
        alert, repairs = refused_alert(rig), rig.repairs
        assert repairs is not None
        plan = repairs.plan(KEY, PERSON, NOW)
        confirmed = confirmed_repair(alert, plan.id, group=plan.id)
        rig.store.commit(Changes(audit=(confirmed, begun(plan, PERSON, NOW))))
        rig.now = NOW + LEASE + timedelta(seconds=1)

        following(rig).turn()
        following(rig).turn()

        assert [NEVER_WRITTEN in json.dumps(formatted(each.body)) for each in replies(rig, alert)] == [True]
        assert platform.policies[SERVICE] == Policy(())
