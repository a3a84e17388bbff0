"""What was acknowledged is done, or answered for: by this process, or by the next one where this one is killed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from slack_bolt import Ack

from bot.playground.slack.requests import PERSON, SignedRequest
from bot.playground.slack.workspace import PostedMessage
from bot.store import kept
from bot.store.kept import Kept, undone
from bot.store.model import Alert, AlertState, Changes, StoreError
from handlers.buttons import pressed
from handlers.interrupted import settle_abandoned
from handlers.journal import Journal
from handlers.replies import PrivateReply
from handlers.requests import AGAIN_WITHIN, LATER, Taken, change
from handlers.workers import Job, Lane, Workers
from tests.handlers.rig import CHANNEL, NOW, Rig, confirmed_repair, running, until
from tests.handlers.test_repairs import GRANTED, SERVICE, broken, refused_alert, replies
from tests.handlers.test_repairs import press as open_form


class Killed(Workers):
    """Takes what it is given, and is killed before it begins; ``revived`` is the next process."""

    def __init__(self) -> None:
        super().__init__()
        self.revived = False

    def submit(self, lane: Lane, job: Job) -> bool:
        return super().submit(lane, job) if self.revived else True


def start(rig: Rig, *, later: timedelta = timedelta(0)) -> None:
    """Let the next process start on what this one has left."""
    if isinstance(rig.services.workers, Killed):
        rig.services.workers.revived = True
    rig.now += later
    stopping = threading.Event()
    stopping.set()
    rig.services.journal._owned.clear()
    settle_abandoned(rig.services, rig.again, stopping, alone=True)
    rig.wait()


@contextmanager
def killed() -> Iterator[Rig]:
    """Yield handlers whose process ends before any work."""
    with running(workers=Killed()) as rig:
        yield rig


def value(alert: Alert) -> str:
    return json.dumps({"key": alert.key, "version": alert.version})


def click(rig: Rig, alert: Alert, action_id: str) -> None:
    assert rig.send(rig.slack.requests.click(rig.parent(alert), action_id, value(alert))).status == 200


def state_of(rig: Rig, alert: Alert) -> AlertState:
    found = rig.store.alert(alert.key)
    assert found is not None
    return found.state


def left(rig: Rig) -> int:
    return len(undone(kept.recent(rig.store, rig.now), rig.now, None))


def snooze_of(rig: Rig, alert: Alert) -> SignedRequest:
    origin = json.dumps({"key": alert.key, "version": alert.version, "channel": alert.channel, "thread": None})
    form = {"id": "V0EXAMPLE", "callback_id": "alert:snooze", "private_metadata": origin, "type": "modal"}
    values = {"until": {"choice": {"selected_option": {"value": "1h"}}}}
    return rig.slack.requests.submission(form, values)


class TestWhatChangesSomething:
    def test_it_is_done_by_the_next_process_where_this_one_is_killed_before_it_begins(self) -> None:
        with killed() as rig:
            alert = rig.alert()
            click(rig, alert, "alert:acknowledge")
            before = state_of(rig, alert)

            start(rig)

            assert (before, state_of(rig, alert)) == (AlertState.FIRING, AlertState.ACKNOWLEDGED)
            assert left(rig) == 0

    def test_it_is_done_once(self) -> None:
        with killed() as rig:
            alert = rig.alert()
            click(rig, alert, "alert:acknowledge")
            start(rig)
            waiting = len(rig.store.pending())

            start(rig)

            assert (len(rig.store.pending()), rig.said) == (waiting, [])

    def test_it_is_done_once_where_the_process_is_killed_after_it_and_before_that_is_written_down(self) -> None:
        with running() as rig:
            alert = rig.alert()
            click(rig, alert, "alert:acknowledge")
            rig.wait()
            done, waiting = state_of(rig, alert), len(rig.store.pending())
            forget_that_it_is_done(rig)

            start(rig)

            assert (state_of(rig, alert), len(rig.store.pending())) == (done, waiting)
            assert left(rig) == 0

    def test_a_recheck_is_made_by_the_next_process(self) -> None:
        with killed() as rig:
            click(rig, rig.alert(), "alert:recheck")

            start(rig)

            assert rig.gate.asked.is_set()
            assert left(rig) == 0

    def test_a_recheck_is_remembered_until_its_run_has_ended(self) -> None:
        with running() as rig:
            alert = rig.alert()
            rig.gate.opened.clear()
            click(rig, alert, "alert:recheck")
            assert rig.gate.asked.wait(20)
            under_way = left(rig)
            rig.gate.opened.set()
            rig.wait()

            assert (under_way, left(rig)) == (1, 0)

    def test_a_snooze_is_made_by_the_next_process(self) -> None:
        with killed() as rig:
            alert = rig.alert()
            assert rig.send(snooze_of(rig, alert)).status == 200

            start(rig)

            assert state_of(rig, alert) is AlertState.SNOOZED
            assert left(rig) == 0

    @pytest.mark.parametrize("told", [False, True], ids=["before anything", "once its thread was told that it begins"])
    def test_a_confirmed_repair_is_made_by_the_next_process_and_not_called_interrupted(self, told: bool) -> None:
        with broken(workers=Killed()) as (rig, platform):
            alert = refused_alert(rig)
            revive(rig)
            form = open_form(rig, alert)
            kill(rig)
            assert rig.send(rig.slack.requests.submission(form, {})).status == 200
            (run,) = json.loads(form["private_metadata"])["plans"]
            if told:
                rig.store.commit(Changes(audit=(confirmed_repair(alert, run),)))

            start(rig)
            start(rig)

            assert platform.policies[SERVICE].bindings == GRANTED.bindings
            names = [each.key.rpartition(f":{run}")[0].rpartition(":")[2] for each in replies(rig, alert)]
            assert names == ["repair", "repaired"]
            assert left(rig) == 0

    @pytest.mark.parametrize("action_id", ["alert:acknowledge", "alert:recheck", "alert:unsnooze"])
    def test_what_was_done_is_not_done_again_at_a_start(self, action_id: str) -> None:
        with running() as rig:
            click(rig, rig.alert(), action_id)
            rig.wait()

            assert left(rig) == 0

    def test_one_who_lost_the_right_meanwhile_is_refused_at_the_start(self) -> None:
        with killed() as rig:
            alert = rig.alert()
            click(rig, alert, "alert:acknowledge")
            rig.slack.workspace.users[PERSON] = {"deleted": True}

            start(rig)

            assert (state_of(rig, alert), left(rig)) == (AlertState.FIRING, 0)

    @pytest.mark.parametrize(
        ("later", "state"),
        [
            pytest.param(AGAIN_WITHIN, AlertState.ACKNOWLEDGED, id="at the limit"),
            pytest.param(AGAIN_WITHIN + timedelta(seconds=1), AlertState.FIRING, id="just past it"),
        ],
    )
    def test_what_was_pressed_long_ago_is_not_done_but_said(self, later: timedelta, state: AlertState) -> None:
        with killed() as rig:
            alert = rig.alert()
            click(rig, alert, "alert:acknowledge")

            start(rig, later=later)

            said = [each.text for each in rig.slack.workspace.ephemerals]
            assert state_of(rig, alert) is state
            assert ["Acknowledge" in text for text in said] == ([] if state is AlertState.ACKNOWLEDGED else [True])
            assert left(rig) == 0

    def test_neither_the_trigger_nor_the_address_to_answer_to_is_kept(self) -> None:
        with killed() as rig:
            click(rig, rig.alert(), "alert:acknowledge")

            (found,) = undone(kept.recent(rig.store, rig.now), rig.now, None)
            assert "response_url" not in found.body
            assert "trigger_id" not in found.body
            assert pressed(found.body["actions"][0]["value"]) is not None

    def test_the_same_request_again_does_nothing_before_and_after_the_start(self) -> None:
        with killed() as rig:
            alert = rig.alert()
            request = rig.slack.requests.click(rig.parent(alert), "alert:acknowledge", value(alert))
            rig.send(request)
            rig.send(request)
            start(rig)
            after = rig.store.alert(alert.key), len(rig.store.pending())

            rig.send(request)
            rig.wait()

            assert (rig.store.alert(alert.key), len(rig.store.pending())) == after
            assert left(rig) == 0

    def test_what_this_process_works_at_is_left_to_it(self) -> None:
        with running(workers=Killed()) as rig:
            alert = rig.alert()
            click(rig, alert, "alert:acknowledge")
            revive(rig)
            stopping = threading.Event()
            stopping.set()

            settle_abandoned(rig.services, rig.again, stopping, alone=True)
            rig.wait()

            assert (state_of(rig, alert), left(rig)) == (AlertState.FIRING, 1)

    def test_one_whose_click_a_shutdown_cuts_short_hears_that_it_will_be_done(self) -> None:
        with running() as rig:
            held, release = threading.Event(), threading.Event()
            reply = PrivateReply(client=rig.services.client, user=PERSON)

            acknowledged = Ack()  # type: ignore[no-untyped-call]  # of Bolt

            def hold(_: Taken) -> None:
                held.set()
                release.wait(20)

            change(
                rig.services, acknowledged, {"trigger_id": "1.2.example", "user": {"id": PERSON}}, "A test", hold, reply
            )
            assert held.wait(20)
            rig.services.workers.stop(0.2)
            # Whoever stops waits so long and no longer; on a busy machine the message is on its way then.
            until(lambda: bool(rig.slack.messages(PERSON)))
            release.set()

            assert [each.text for each in rig.slack.messages(PERSON)] == [LATER]
            assert left(rig) == 1

    def test_a_click_of_another_instance_is_left_to_it_while_it_is_young(self) -> None:
        with killed() as rig:
            click(rig, rig.alert(), "alert:acknowledge")
            entries = kept.recent(rig.store, rig.now)

            young = undone(entries, rig.now + timedelta(seconds=179), timedelta(minutes=3))
            old = undone(entries, rig.now + timedelta(minutes=3), timedelta(minutes=3))

            assert (len(young), len(old)) == (0, 1)


class Silent:
    """A store that takes nothing."""

    def commit(self, _: Changes) -> None:
        raise StoreError("answers nothing")


class TestWithoutTheStore:
    """What cannot be written down is not acknowledged, and so not lost."""

    def deaf(self, rig: Rig) -> None:
        rig.services.journal._store = Silent()

    @pytest.mark.parametrize("action_id", ["alert:acknowledge", "alert:recheck", "alert:unsnooze"])
    def test_a_click_is_refused_and_the_reason_said(self, action_id: str) -> None:
        with running() as rig:
            alert = rig.alert()
            self.deaf(rig)

            answer = rig.send(rig.slack.requests.click(rig.parent(alert), action_id, value(alert)))
            rig.wait()

            assert answer.status == 503
            assert [("Nothing was changed" in text) for text in rig.said] == [True]
            assert state_of(rig, alert) is AlertState.FIRING

    def test_a_form_says_so_itself(self) -> None:
        with running() as rig:
            alert = rig.alert()
            self.deaf(rig)

            answer = rig.send(snooze_of(rig, alert))
            rig.wait()

            assert answer.status == 200
            assert json.loads(answer.body)["response_action"] == "update"
            assert "Nothing was changed" in answer.body
            assert state_of(rig, alert) is AlertState.FIRING

    def test_a_command_is_answered_all_the_same(self) -> None:
        with running() as rig:
            self.deaf(rig)

            answer = rig.done("/validate-daily")

            assert answer.status == 200
            assert "⏳" not in rig.slack.messages()[0].text

    def test_details_open_all_the_same(self) -> None:
        with running() as rig:
            alert = rig.alert()
            self.deaf(rig)

            click(rig, alert, "alert:details")
            rig.wait()

            assert len(rig.slack.workspace.views) == 1


class TestWhatIsOnlyAsked:
    @pytest.mark.parametrize("command", ["/alerts", "/deploys", "/staging", "/validate-daily", "/iam-check"])
    def test_a_command_of_a_killed_process_is_answered_for_once_by_the_next(self, command: str) -> None:
        with killed() as rig:
            assert rig.command(command).status == 200

            start(rig)
            start(rig)

            assert [command in each.text for each in rig.slack.workspace.ephemerals] == [True]
            assert left(rig) == 0

    @pytest.mark.parametrize("action_id", ["alert:snooze", "alert:details", "alert:repair"])
    def test_a_form_that_a_killed_process_did_not_open_is_answered_for_once_by_the_next(self, action_id: str) -> None:
        with killed() as rig:
            click(rig, rig.alert(), action_id)

            start(rig)
            start(rig)

            assert ["restarted" in each.text for each in rig.slack.workspace.ephemerals] == [True]
            assert (rig.slack.workspace.views, left(rig)) == ({}, 0)

    @pytest.mark.parametrize("command", ["/alerts", "/deploys", "/staging", "/validate-daily", "/iam-check nobody"])
    def test_what_was_answered_is_not_answered_for(self, command: str) -> None:
        with running() as rig:
            rig.done(*command.split())

            assert left(rig) == 0

    def test_a_command_that_runs_already_for_another_is_answered_by_that(self) -> None:
        with running() as rig:
            rig.gate.opened.clear()
            rig.command("/validate-daily")
            assert rig.gate.asked.wait(20)
            rig.command("/validate-daily", user="U0COLLEAGUE")
            rig.gate.opened.set()
            rig.wait()

            assert left(rig) == 0

    def test_a_progress_message_whose_place_was_not_written_down_is_found_and_ended(self) -> None:
        with killed() as rig:
            rig.command("/validate-daily")
            message = posted_for(rig)

            start(rig)

            assert "restarted" in message.text
            assert rig.slack.workspace.ephemerals == []
            assert left(rig) == 0

    def test_what_cannot_be_looked_for_is_said_to_the_one_who_asked(self) -> None:
        with killed() as rig:
            rig.command("/validate-daily")
            rig.slack.workspace.scopes -= {"channels:history"}

            start(rig)

            assert ["restarted" in each.text for each in rig.slack.workspace.ephemerals] == [True]


def posted_for(rig: Rig) -> PostedMessage:
    """Post what a process has posted that is killed before it has written down where."""
    (request,) = undone(kept.recent(rig.store, rig.now), rig.now, None)
    metadata = {"event_type": "reveille", "event_payload": {"key": request.request}}
    rig.services.client.chat_postMessage(channel=CHANNEL, text="⏳ Validating", metadata=metadata)
    return rig.slack.messages()[-1]


def forget_that_it_is_done(rig: Rig) -> None:
    rig.store._connection.execute(f"DELETE FROM audit WHERE key LIKE '{kept.DONE}:%'")  # type: ignore[attr-defined]


def revive(rig: Rig) -> None:
    assert isinstance(rig.services.workers, Killed)
    rig.services.workers.revived = True


def kill(rig: Rig) -> None:
    rig.wait()
    assert isinstance(rig.services.workers, Killed)
    rig.services.workers.revived = False


class Slow:
    """A store that takes its time: each commit waits until it is let go."""

    def __init__(self) -> None:
        self.entered, self.go = threading.Event(), threading.Event()
        self.commits: list[Changes] = []

    def commit(self, changes: Changes) -> None:
        self.entered.set()
        assert self.go.wait(20)
        self.commits.append(changes)


def request(name: str) -> Kept:
    return Kept(request=name, actor=PERSON, at=NOW, title="A test")


class TestJournal:
    def at_once(self, journal: Journal, names: list[str]) -> list[threading.Thread]:
        threads = [threading.Thread(target=journal.keep, args=(request(name),)) for name in names]
        for thread in threads:
            thread.start()
        return threads

    def test_all_who_wait_share_a_commit(self) -> None:
        store = Slow()
        journal = Journal(store, seconds=20)
        threads = self.at_once(journal, ["first"])
        assert store.entered.wait(20)
        threads += self.at_once(journal, [f"later-{number}" for number in range(50)])
        until(lambda: len(journal._waiting) == 50)

        store.go.set()
        for thread in threads:
            thread.join()

        assert [len(each.audit) for each in store.commits] == [1, 50]

    def test_nobody_waits_longer_than_agreed(self) -> None:
        journal = Journal(Slow(), seconds=0.05)

        with pytest.raises(StoreError):
            journal.keep(request("one"))

        assert not journal.owns("one")

    def test_while_a_commit_hangs_nobody_else_waits_for_it(self) -> None:
        now = [0.0]
        store = Slow()
        journal = Journal(store, seconds=20, timer=lambda: now[0])
        thread, *_ = self.at_once(journal, ["first"])
        assert store.entered.wait(20)
        now[0] = 20.1

        with pytest.raises(StoreError):
            journal.keep(request("second"))

        store.go.set()
        thread.join()

    def test_what_is_written_after_its_sender_was_refused_is_taken_back(self) -> None:
        store = Slow()
        journal = Journal(store, seconds=0.05)
        with pytest.raises(StoreError):
            journal.keep(request("one"))

        store.go.set()
        until(lambda: len(store.commits) == 2)

        entries = [entry for changes in reversed(store.commits) for entry in changes.audit]
        assert [each.action for each in entries] == [kept.DONE, kept.ASKED]
        assert undone(entries, NOW, None) == []

    def test_what_waited_too_long_and_was_not_begun_is_never_written(self) -> None:
        store = Slow()
        journal = Journal(store, seconds=0.2)
        threads = self.at_once(journal, [])
        first = threading.Thread(target=lambda: keeps(journal, "first"))
        first.start()
        assert store.entered.wait(20)
        second = threading.Thread(target=lambda: keeps(journal, "second"))
        second.start()
        first.join()
        second.join()

        store.go.set()
        until(lambda: len(store.commits) == 2)

        assert threads == []
        assert "second" not in {entry.subject for changes in store.commits for entry in changes.audit}


def keeps(journal: Journal, name: str) -> bool:
    try:
        journal.keep(request(name))
    except StoreError:
        return False
    return True
