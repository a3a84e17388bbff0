"""A suggested command names what exists, or is withheld, or says that nobody looked."""

from __future__ import annotations

from contextlib import suppress

import pytest

from checks.actions import Action, Gcloud, Named, Shell, Thing, job_logs
from checks.model import Cause, CheckResult, Finding, Outcome, Severity
from checks.ports.messaging import PUBSUB, read_topics
from checks.ports.scheduler import SCHEDULER, SchedulerJob, read_jobs
from checks.reads import ReadCache, Reads
from checks.source import SourceError
from checks.stated_commands import named_by, stated
from checks.suggestions import (
    Inventory,
    inventory_of,
    verified,
    verified_causes,
    verified_results,
)
from tests import fakes
from tests.advice import advised
from tests.bench.counting import lines_of

RUN = "gcloud scheduler jobs run same-day-phase3 --location=us-west2 --project=example-project"
INVENTORY = Inventory(
    names={
        Thing.JOB: frozenset({"same-day-phase3", "same-day-phase4"}),
        Thing.SERVICE: frozenset({"worker"}),
        Thing.TRIGGER: frozenset(),
    }
)


def action(command: str | None) -> Action:
    return advised(text="Run it.", command=command, repair="run-job:same-day-phase3")


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (RUN, Named(Thing.JOB, "same-day-phase3")),
        ("gcloud scheduler jobs update http a-job --schedule='0 1 * * *'", Named(Thing.JOB, "a-job")),
        ("gcloud scheduler jobs resume --location=us-west2 a-job", Named(Thing.JOB, "a-job")),
        (
            "gcloud scheduler jobs describe projects/p/locations/r/jobs/a-job",
            Named(Thing.JOB, "a-job"),
        ),
        ("gcloud run services update worker --region=x", Named(Thing.SERVICE, "worker")),
        ("gcloud run services logs read worker --limit=5", Named(Thing.SERVICE, "worker")),
        ("gcloud run services 'describe' 'wor ker'", Named(Thing.SERVICE, "wor ker")),
        ("gcloud builds triggers run deploy-worker --branch=main", Named(Thing.TRIGGER, "deploy-worker")),
        ("gcloud pubsub subscriptions delete a-sub", Named(Thing.SUBSCRIPTION, "a-sub")),
        ("gcloud pubsub topics publish a-topic --message=x", Named(Thing.TOPIC, "a-topic")),
        (
            """gcloud logging read 'resource.labels.service_name="worker" AND severity>=ERROR' --limit=5""",
            Named(Thing.SERVICE, "worker"),
        ),
        ("""gcloud logging read 'resource.labels.job_id="a-job"'""", Named(Thing.JOB, "a-job")),
    ],
)
def test_what_a_command_is_about_is_read_from_it(command: str, named: Named) -> None:
    assert named_by(command) == (named,)


@pytest.mark.parametrize(
    "command",
    [
        "gcloud scheduler jobs list --location=us-west2",
        "gcloud scheduler jobs create http a-job --uri=https://example.com",
        "gcloud pubsub topics create a-topic",
        "gcloud run deploy worker --source=.",
        "gcloud scheduler jobs",
        "gcloud scheduler jobs run",
        "gcloud run services describe --region us-west2 worker",
        "reveille validate --check grading",
        "bq query 'unclosed",
        "",
    ],
)
def test_a_command_that_names_nothing_to_look_up_is_left_alone(command: str) -> None:
    assert named_by(command) == ()
    assert verified(action(command), INVENTORY) == action(command)


def test_a_command_on_what_exists_stays_as_it_is() -> None:
    assert verified(action(RUN), INVENTORY) == action(RUN)


def test_a_command_on_what_does_not_exist_is_withheld_and_the_nearest_name_is_told() -> None:
    found = verified(action(RUN.replace("same-day-phase3", "sameday-phase3")), INVENTORY)

    assert found.command is None
    assert "there is no scheduler job sameday-phase3" in found.text
    assert "Did you mean same-day-phase3?" in found.text
    assert found.repair == "run-job:same-day-phase3"


def test_an_empty_list_is_known_and_not_unknown() -> None:
    found = verified(action("gcloud builds triggers run deploy-worker"), INVENTORY)

    assert found.command is None
    assert "Did you mean" not in found.text


def test_a_command_on_what_nobody_looked_at_stays_and_says_so() -> None:
    found = verified(action(RUN), Inventory())

    assert found.command == RUN
    assert "Not verified: whether the scheduler job same-day-phase3 exists." in found.text


def test_of_several_commands_only_the_wrong_one_is_withheld() -> None:
    commands = f"{RUN}\ngcloud scheduler jobs run nowhere\ngcloud run services describe worker"

    found = verified(action(commands), INVENTORY)

    assert found.command == f"{RUN}\ngcloud run services describe worker"
    assert "there is no scheduler job nowhere" in found.text


def test_a_command_that_goes_on_in_the_next_line_is_one() -> None:
    command = "gcloud scheduler jobs run \\\n  same-day-phase3"

    assert verified(action(command), INVENTORY).command == command
    assert verified(action(command.replace("3", "9")), INVENTORY).command is None


def test_findings_and_causes_are_both_held_against_the_run() -> None:
    wrong = action("gcloud scheduler jobs run nowhere")
    finding = Finding(outcome=Outcome.FAILED, code="c", subject="s", summary="x", severity=Severity.P1, action=wrong)
    silent = Finding(outcome=Outcome.PASSED, code="c", subject="t", summary="x")
    result = CheckResult(
        check="a", title="A", phase=None, findings=(finding, silent), started_at=fakes.MORNING, duration=0
    )
    cause = Cause(code="c", subject="s", sentence="x", severity=Severity.P1, action=wrong)
    plain = Cause(code="d", subject="s", sentence="x", severity=Severity.P1)

    (verified_result,) = verified_results([result], INVENTORY)
    verified_cause, verified_plain = verified_causes([cause, plain], INVENTORY)

    assert [each.action.command if each.action else None for each in verified_result.findings] == [None, None]
    assert "withheld" in (verified_result.findings[0].action or action(None)).text
    assert verified_result.findings[1] == silent
    assert verified_cause.action is not None
    assert verified_cause.action.command is None
    assert verified_plain == plain


class TestInventoryOfARun:
    JOB = SchedulerJob(name="same-day-phase3", enabled=True, schedule="0 1 * * *")

    def seen(self, scheduler: fakes.FakeScheduler, *, look: bool = True) -> Inventory:
        described = fakes.pipeline()
        cache = ReadCache(described.limits)
        reads = Reads(cache, fakes.ports(scheduler=scheduler), frozenset(), 5)
        if look:
            with suppress(SourceError):
                read_jobs(reads).result()
        inventory = inventory_of(cache)
        cache.close()
        return inventory

    def test_holds_what_was_asked(self) -> None:
        assert self.seen(fakes.FakeScheduler([self.JOB])).names == {Thing.JOB: frozenset({"same-day-phase3"})}

    def test_asks_nothing_itself(self) -> None:
        scheduler = fakes.FakeScheduler([self.JOB])

        assert self.seen(scheduler, look=False).names == {}
        assert scheduler.asked == []

    def test_does_not_take_a_source_that_is_down_for_an_empty_one(self) -> None:
        assert self.seen(fakes.FakeScheduler(fakes.down(SCHEDULER))).names == {}

    def test_knows_topics_that_are_plain_names(self) -> None:
        described = fakes.pipeline()
        cache = ReadCache(described.limits)
        world = fakes.ports(messaging=fakes.FakeMessaging(topics=["a-topic"]))
        read_topics(Reads(cache, world, frozenset(), 5)).result()

        assert cache.answer(PUBSUB, "topics") == ["a-topic"]
        assert inventory_of(cache).names == {Thing.TOPIC: frozenset({"a-topic"})}


def test_what_the_product_suggests_says_itself_what_it_is_about() -> None:
    described = Gcloud("run services", "logs read", "worker", ("--limit=5",))

    assert described.about == (Named(Thing.SERVICE, "worker"),)
    assert Gcloud("scheduler jobs", "list").about == ()
    assert Gcloud("pubsub topics", "create", "a-topic").about == ()
    assert job_logs(["a", "b"]).about == (Named(Thing.JOB, "a"), Named(Thing.JOB, "b"))


@pytest.mark.parametrize(
    "command",
    [
        Gcloud("scheduler jobs", "update http", "a-job"),
        Gcloud("pubsub subscriptions", "delete", "a-sub", ("--project=p",)),
        Gcloud("run services", "logs read", "worker"),
        Gcloud("builds triggers", "list"),
        job_logs(["a"]),
        job_logs(["a", "b"], "--limit=5"),
    ],
)
def test_a_command_stated_in_a_file_is_about_the_same(command: Gcloud) -> None:
    assert stated(str(command)) == (Shell(str(command), command.about),)


READ = "gcloud logging read 'resource.labels.job_id=({}) AND severity>=ERROR' --limit=50"


def test_a_log_query_about_several_is_held_against_each() -> None:
    command = READ.format('"same-day-phase3" OR "same-day-phase9"')

    held = verified(action(command), INVENTORY)

    assert held.command == command
    assert "same-day-phase9" in held.text
    assert "there is no scheduler job same-day-phase3" not in held.text


def test_a_log_query_about_several_of_which_none_exists_is_withheld() -> None:
    assert verified(action(READ.format('"gone" OR "gone-too"')), INVENTORY).command is None


def test_a_log_query_about_several_that_exist_stays_as_it_is() -> None:
    asked = action(READ.format('"same-day-phase3" OR "same-day-phase4"'))

    assert verified(asked, INVENTORY) is asked


@pytest.mark.parametrize("typo", ["phase3-same-dya", "hpase3-same-day", "phase3-sam-day"])
def test_the_nearest_of_a_thousand_names_is_found_without_comparing_all(typo: str) -> None:
    many = Inventory(names={Thing.JOB: frozenset({"phase3-same-day", *(f"job-{each}" for each in range(1_000))})})

    assert many.nearest(Named(Thing.JOB, typo)) == "phase3-same-day"


def test_four_times_the_missing_services_are_four_times_the_work() -> None:
    def work(number: int) -> int:
        names = frozenset(f"player-props-service-{each}" for each in range(number))
        there = Inventory(names={Thing.SERVICE: names})
        missing = [action(f"gcloud run services describe player-prop-servicf-{each}") for each in range(number)]
        return lines_of(lambda: [verified(each, there) for each in missing])

    assert work(160) <= 4 * 1.25 * work(40)
