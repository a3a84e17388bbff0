"""Cloud Scheduler's jobs."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from checks.control_plane.job_failures import NEVER_RAN, NOT_ATTEMPTED, WORDS, Class, failure_of, never_ran, overdue
from checks.control_plane.scheduler_jobs import scheduler_jobs
from checks.control_plane_spec import Rest, SchedulerJobs, Season
from checks.model import CheckResult, Finding, Outcome, Severity
from checks.ports.scheduler import SchedulerJob
from checks.repairs_spec import Repairs
from checks.services_spec import ServiceSpec
from checks.source import Problem, SourceError
from tests import fakes
from tests.checks.control_plane.estate import job, pipeline, run, service

NOW = fakes.MORNING


def failing(name: str, status: int = 13, **changes: Any) -> SchedulerJob:
    return job(name, status=status, **changes)


def never(name: str, schedule: str = "0 6 * * *", **changes: Any) -> SchedulerJob:
    return job(name, status=None, last_attempt=None, schedule=schedule, **changes)


def checked(jobs: list[SchedulerJob] | SourceError, **section: Any) -> CheckResult:
    return run(scheduler_jobs, jobs=jobs, described=pipeline(scheduler=SchedulerJobs(**section)))


def judged(jobs: list[SchedulerJob] | SourceError, **section: Any) -> Finding:
    return checked(jobs, **section).findings[0]


@pytest.mark.parametrize(
    ("number", "code", "severity"),
    [
        (0, "jobs-in-order", None),
        (1, "some-jobs-failing", Severity.P2),
        (3, "some-jobs-failing", Severity.P2),
        (4, "jobs-failing", Severity.P1),
        (30, "jobs-failing", Severity.P1),
    ],
    ids=["none", "one", "the last that is few", "the first that is many", "thirty"],
)
def test_a_few_are_p2_and_many_p1(number: int, code: str, severity: Severity | None) -> None:
    jobs = [failing(f"failing-{each:02}") for each in range(number)] + [
        job(f"fine-{each}") for each in range(129 - number)
    ]

    finding = judged(jobs)

    assert (finding.subject, finding.code, finding.severity) == ("jobs", code, severity)
    assert (finding.evidence["failing_count"], finding.evidence["enabled_count"]) == (number, 129)


@pytest.mark.parametrize(
    ("one", "severity"),
    [
        pytest.param(never("daily-load"), Severity.P1, id="it never ran"),
        pytest.param(
            job("daily-load", schedule="0 6 * * *", last_attempt=NOW - timedelta(days=9)), Severity.P1, id="silent"
        ),
        pytest.param(failing("daily-load"), Severity.P2, id="it ran and failed"),
        pytest.param(never("another"), Severity.P2, id="one that explains nothing"),
        pytest.param(never("daily-load", enabled=False), None, id="paused"),
    ],
)
def test_one_that_explains_failures_and_is_not_started_is_p1_alone(
    one: SchedulerJob, severity: Severity | None
) -> None:
    assert judged([one, job("fine")], explains={"daily-*": ("loads",)}).severity is severity


@pytest.mark.parametrize("status", [7, 16])
def test_one_that_is_refused_is_p1_alone(status: int) -> None:
    finding = judged([job("fine"), failing("refused", status)])

    assert (finding.code, finding.severity) == ("jobs-refused", Severity.P1)
    assert finding.evidence["critical"] == "refused"


@pytest.mark.parametrize(
    ("status", "word", "grade"),
    [
        (7, "PERMISSION_DENIED", Class.CRITICAL),
        (16, "UNAUTHENTICATED", Class.CRITICAL),
        (13, "INTERNAL", Class.HIGH),
        (14, "UNAVAILABLE", Class.HIGH),
        (4, "DEADLINE_EXCEEDED", Class.MEDIUM),
        (5, "NOT_FOUND", Class.MEDIUM),
        (3, "INVALID_ARGUMENT", Class.LOW),
        (2, "UNKNOWN", Class.MEDIUM),
        (99, "CODE_99", Class.MEDIUM),
    ],
)
def test_each_status_has_its_word_and_its_class(status: int, word: str, grade: Class) -> None:
    failure = failure_of(failing("a", status), NOW)

    assert failure is not None
    assert (failure.word, failure.grade) == (word, grade)


def test_every_status_of_grpc_has_a_word() -> None:
    assert sorted(WORDS) == list(range(1, 17))


def test_each_failing_job_is_listed_with_its_word_the_gravest_first_and_with_its_logs() -> None:
    finding = judged(
        [failing("low", 3), failing("high", 13), failing("denied", 7), job("fine"), failing("odd name", 5)]
    )

    assert finding.evidence["failing"] == (
        "denied (PERMISSION_DENIED), high (INTERNAL), odd name (NOT_FOUND), low (INVALID_ARGUMENT)"
    )
    assert finding.action is not None
    assert finding.action.command == (
        'gcloud logging read \'resource.type="cloud_scheduler_job" '
        'resource.labels.job_id=("denied" OR "high" OR "odd name" OR "low") severity>=ERROR\' '
        "--freshness=7d --limit=50 --project=example-project"
    )
    assert 'resource.labels.job_id=("denied" OR "high"' in unquote(finding.link or "")


def test_commands_name_only_jobs_that_exist_however_many_fail() -> None:
    jobs = [failing(f"failing-{each:03}") for each in range(500)]

    finding = judged(jobs)

    assert finding.evidence["failing_count"] == 500
    assert len(finding.summary) < 500
    assert finding.action is not None
    named = set(re.findall(r'"(failing-\d+)"', finding.action.command or ""))
    assert named <= {each.name for each in jobs}
    assert len(named) == 10


@pytest.mark.parametrize(
    ("allowed", "repair"),
    [((), None), (("one", "fine", "gone"), "run-job:one"), (("two", "one"), "run-job:one run-job:two")],
    ids=["none is allowed", "one that fails is", "all that fail are"],
)
def test_failing_jobs_that_may_be_run_out_of_turn_are_offered(allowed: tuple[str, ...], repair: str | None) -> None:
    described = pipeline(repairs=Repairs(jobs=allowed))

    (finding,) = run(scheduler_jobs, jobs=[failing("one"), failing("two"), job("fine")], described=described).findings

    assert finding.action is not None
    assert finding.action.repair == repair


def test_a_job_that_is_paused_is_not_judged() -> None:
    assert judged([job("fine"), failing("paused", 7, enabled=False)]).code == "jobs-in-order"


class TestAJobThatNeverRan:
    def test_it_fails_once_it_was_due(self) -> None:
        finding = judged([job("fine"), never("never")])

        assert (finding.code, finding.severity) == ("some-jobs-failing", Severity.P2)
        assert finding.evidence["failing"] == f"never ({NEVER_RAN})"
        assert finding.evidence["never_ran"] == "never"

    @pytest.mark.parametrize(
        ("updated", "expected"),
        [
            pytest.param(datetime(2026, 2, 11, 5, 59, tzinfo=UTC), True, id="changed before it was due"),
            pytest.param(datetime(2026, 2, 11, 6, 0, tzinfo=UTC), False, id="changed as it was due"),
            pytest.param(None, True, id="changed nobody knows when"),
        ],
    )
    def test_only_what_was_due_since_it_was_changed_counts(self, updated: datetime | None, expected: bool) -> None:
        assert never_ran(never("a", updated_at=updated), NOW) is expected

    @pytest.mark.parametrize(("minutes", "expected"), [(59, False), (60, True)], ids=["within the hour", "after it"])
    def test_the_first_attempt_gets_an_hour(self, minutes: int, expected: bool) -> None:
        due = datetime(2026, 2, 11, 6, 0, tzinfo=UTC)

        assert never_ran(never("a", updated_at=due - timedelta(hours=1)), due + timedelta(minutes=minutes)) is expected

    def test_the_zone_of_its_schedule_counts(self) -> None:
        described = never("a", "0 6 * * *", updated_at=datetime(2026, 2, 11, 6, 30, tzinfo=UTC))

        assert not never_ran(described, datetime(2026, 2, 11, 11, 30, tzinfo=UTC))
        in_new_york = never("a", "0 6 * * *", zone="America/New_York", updated_at=described.updated_at)
        assert never_ran(in_new_york, datetime(2026, 2, 11, 12, 0, tzinfo=UTC))

    @pytest.mark.parametrize("schedule", ["", "every monday 09:00", "not a schedule"])
    def test_of_a_schedule_that_is_not_understood_nothing_is_claimed(self, schedule: str) -> None:
        assert judged([never("a", schedule)]).code == "jobs-in-order"

    @pytest.mark.parametrize("changes", [{"status": 0}, {"last_attempt": NOW}], ids=["a status", "an attempt"])
    def test_one_that_was_attempted_has_run(self, changes: Any) -> None:
        described = {"status": None, "last_attempt": None, **changes}

        assert failure_of(job("a", **described), NOW) is None


class TestAJobThatIsNotAttemptedAgain:
    DAILY = "0 6 * * *"
    BEFORE_SIX = datetime(2026, 2, 11, 5, 59, tzinfo=UTC)

    @pytest.mark.parametrize("status", [0, None], ids=["that succeeded", "that said nothing"])
    def test_it_fails_although_its_last_attempt_did_not(self, status: int | None) -> None:
        idle = job("idle", schedule="*/5 * * * *", status=status, last_attempt=NOW - timedelta(days=10))

        finding = judged([job("fine"), idle])

        assert (finding.code, finding.severity) == ("some-jobs-failing", Severity.P2)
        assert finding.evidence["failing"] == f"idle ({NOT_ATTEMPTED})"
        assert finding.evidence["not_attempted"] == "idle"

    @pytest.mark.parametrize(
        ("attempted", "expected"),
        [
            pytest.param(BEFORE_SIX, True, id="attempted before it was due"),
            pytest.param(datetime(2026, 2, 11, 6, 0, tzinfo=UTC), False, id="attempted as it was due"),
        ],
    )
    def test_only_what_was_due_since_its_last_attempt_counts(self, attempted: datetime, expected: bool) -> None:
        assert overdue(job("a", schedule=self.DAILY, last_attempt=attempted), NOW) is expected

    @pytest.mark.parametrize(("minutes", "expected"), [(59, False), (60, True)], ids=["within the hour", "after it"])
    def test_an_attempt_gets_an_hour(self, minutes: int, expected: bool) -> None:
        now = datetime(2026, 2, 11, 6, minutes % 60, tzinfo=UTC) + timedelta(hours=minutes // 60)

        assert overdue(job("a", schedule=self.DAILY, last_attempt=self.BEFORE_SIX), now) is expected

    def test_what_was_due_before_it_was_changed_does_not_count(self) -> None:
        resumed = job("a", schedule=self.DAILY, last_attempt=NOW - timedelta(days=10), updated_at=NOW)

        assert not overdue(resumed, NOW + timedelta(hours=2))

    def test_the_zone_of_its_schedule_counts(self) -> None:
        described: Any = {"schedule": self.DAILY, "last_attempt": datetime(2026, 2, 11, 6, 30, tzinfo=UTC)}
        noon = datetime(2026, 2, 11, 12, 0, tzinfo=UTC)

        assert not overdue(job("a", **described), noon)
        assert overdue(job("a", zone="America/New_York", **described), noon)

    def test_one_that_is_paused_is_not_due(self) -> None:
        idle = job("idle", last_attempt=NOW - timedelta(days=10), enabled=False)

        assert judged([job("fine"), idle]).code == "jobs-in-order"


@pytest.mark.parametrize("fault", ["DISABLED", "UPDATE_FAILED"])
def test_a_job_that_cloud_scheduler_itself_has_stopped_fails_and_is_not_offered_to_run(fault: str) -> None:
    described = pipeline(scheduler=SchedulerJobs(), repairs=Repairs(jobs=("stopped",)))
    jobs = [job("fine"), job("stopped", enabled=False, fault=fault)]

    finding = run(scheduler_jobs, jobs=jobs, described=described).findings[0]

    assert (finding.code, finding.evidence["failing"]) == ("some-jobs-failing", f"stopped ({fault})")
    assert finding.action is not None
    assert finding.action.repair is None


class TestASeason:
    SEASON = Season(prefix="mlb-", since=date(2026, 2, 11), until=date(2026, 3, 20), reason="off-season")

    def test_its_jobs_are_left_out_and_named(self) -> None:
        finding = judged([failing("mlb-one", 7), never("mlb-two"), job("nba")], seasons=(self.SEASON,))

        assert finding.code == "jobs-in-order"
        assert finding.evidence["excused"] == "mlb-one, mlb-two"
        assert "off-season" in finding.summary

    def test_others_are_still_judged(self) -> None:
        finding = judged([failing("mlb-one"), failing("nba-one")], seasons=(self.SEASON,))

        assert finding.evidence["failing"] == "nba-one (INTERNAL)"

    @pytest.mark.parametrize(
        ("since", "until", "code"),
        [
            (date(2026, 2, 11), date(2026, 2, 11), "jobs-in-order"),
            (date(2026, 2, 12), date(2026, 3, 1), "some-jobs-failing"),
            (date(2026, 1, 1), date(2026, 2, 10), "some-jobs-failing"),
        ],
        ids=["on its only day", "the day before", "the day after"],
    )
    def test_it_holds_between_its_local_dates(self, since: date, until: date, code: str) -> None:
        season = Season(prefix="mlb-", since=since, until=until, reason="off-season")

        assert judged([failing("mlb-one")], seasons=(season,)).code == code

    def test_an_expected_job_of_it_may_be_paused_and_not_be_gone(self) -> None:
        section: dict[str, Any] = {"expected": ("mlb-one",), "seasons": (self.SEASON,)}

        assert checked([job("mlb-one", enabled=False)], **section).findings[1].code == "expected-jobs-present"
        assert checked([job("other")], **section).findings[1].code == "jobs-missing"


class TestTheInventory:
    @pytest.mark.parametrize(
        ("jobs", "code", "severity"),
        [
            ([job("one"), job("two")], "expected-jobs-present", None),
            ([job("one")], "jobs-missing", Severity.P1),
            ([job("one"), job("two", enabled=False)], "jobs-paused", Severity.P1),
            ([job("one", enabled=False)], "jobs-missing", Severity.P1),
        ],
        ids=["all there", "one gone", "one paused", "one gone and one paused"],
    )
    def test_every_expected_job_must_be_there_and_enabled(
        self, jobs: list[SchedulerJob], code: str, severity: Severity | None
    ) -> None:
        finding = checked(jobs, expected=("one", "two")).findings[1]

        assert (finding.subject, finding.code, finding.severity) == ("expected jobs", code, severity)

    def test_commands_resume_what_is_paused_and_name_nothing_that_is_gone(self) -> None:
        finding = checked([job("paused", enabled=False)], expected=("paused", "gone")).findings[1]

        assert finding.action is not None
        assert finding.action.command == (
            "gcloud scheduler jobs resume paused --location=us-west2 --project=example-project"
        )
        assert (finding.evidence["missing"], finding.evidence["paused"]) == ("gone", "paused")

    @pytest.mark.parametrize(
        ("enabled", "code"), [(100, "enough-jobs"), (99, "too-few-jobs")], ids=["at the limit", "below it"]
    )
    def test_so_many_must_be_enabled(self, enabled: int, code: str) -> None:
        jobs = [job(f"job-{each}", enabled=each < enabled) for each in range(129)]

        finding = checked(jobs, at_least=100).findings[1]

        assert (finding.subject, finding.code) == ("number of jobs", code)

    @pytest.mark.parametrize(
        ("games", "enabled", "code"),
        [
            pytest.param(0, 50, "enough-jobs", id="at rest, at the limit"),
            pytest.param(0, 49, "too-few-jobs", id="at rest, below it"),
            pytest.param(1, 50, "too-few-jobs", id="not at rest"),
            pytest.param(None, 50, "too-few-jobs", id="nobody can tell"),
        ],
    )
    def test_on_days_on_which_a_condition_does_not_hold_fewer_suffice(
        self, games: int | None, enabled: int, code: str
    ) -> None:
        unread = SourceError("BigQuery", Problem.UNAVAILABLE, "503")
        world = fakes.ports(
            warehouse=fakes.FakeWarehouse({"games": unread if games is None else [{"number": games}]}),
            scheduler=fakes.FakeScheduler([job(f"job-{each}", enabled=each < enabled) for each in range(129)]),
        )
        section = SchedulerJobs(at_least=120, rests=Rest(when="games", at_least=50))

        found = fakes.run_check(scheduler_jobs, fakes.pipeline(scheduler=section), world).findings

        assert [each.code for each in found if each.subject == "number of jobs"] == [code]

    def test_no_job_at_all_is_p1(self) -> None:
        finding = judged([])

        assert (finding.code, finding.severity) == ("no-jobs", Severity.P1)


@pytest.mark.parametrize("count", [1, 3])
def test_no_job_that_could_run_is_p1(count: int) -> None:
    finding = judged([job(f"job-{each}", enabled=False) for each in range(count)])

    assert (finding.code, finding.severity) == ("all-jobs-paused", Severity.P1)


class TestAJobWhoseDueTimesAreUnknown:
    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"schedule": "every monday 09:00"}, id="another syntax"),
            pytest.param({"schedule": ""}, id="no schedule"),
            pytest.param({"schedule": "0 0 31 2 *"}, id="a schedule that is never due"),
            pytest.param({"zone": "Mars/Base"}, id="another planet's zone"),
            pytest.param({"last_attempt": NOW + timedelta(minutes=5.1)}, id="an attempt of the future"),
        ],
    )
    def test_it_is_noted(self, changes: Any) -> None:
        _, note = checked([job("fine"), job("unclear", **changes)]).findings

        assert (note.code, note.severity, note.evidence["jobs"]) == ("due-times-unknown", Severity.P3, "unclear")

    @pytest.mark.parametrize(("count", "words"), [(1, "1 job was"), (2, "2 jobs were")])
    def test_the_note_counts_in_words_that_fit(self, count: int, words: str) -> None:
        (note,) = checked([job(f"unclear-{each}", schedule="?") for each in range(count)]).findings[-1:]

        assert words in note.summary

    @pytest.mark.parametrize(
        "other",
        [
            pytest.param(job("other", schedule="every 2 hours"), id="an interval"),
            pytest.param(job("other", last_attempt=NOW + timedelta(minutes=5)), id="as far ahead as two clocks may be"),
            pytest.param(job("other", schedule="?", enabled=False), id="a paused one"),
            pytest.param(failing("other", schedule="?"), id="one that fails anyway"),
        ],
    )
    def test_nothing_else_is(self, other: SchedulerJob) -> None:
        assert len(checked([job("fine"), other]).findings) == 1


def test_jobs_out_of_reach_are_unknown() -> None:
    finding = judged(SourceError("Cloud Scheduler", Problem.NOT_ENABLED, "the API is not enabled"))

    assert (finding.outcome, finding.severity, finding.code) == (Outcome.UNKNOWN, Severity.P1, "source-unavailable")
    assert finding.evidence["source"] == "Cloud Scheduler"


def test_without_its_section_nothing_is_asked() -> None:
    scheduler = fakes.FakeScheduler()

    (finding,) = fakes.run_check(scheduler_jobs, fakes.pipeline(), fakes.ports(scheduler=scheduler)).findings

    assert (finding.outcome, finding.code) == (Outcome.SKIPPED, "not-configured")
    assert scheduler.asked == []


class TestAJobThatWorksForAPhase:
    """Its service is one of a phase, so that what it starts is missed."""

    SIX = datetime(2026, 2, 11, 6, tzinfo=UTC)
    YESTERDAY = SIX - timedelta(days=1)

    def judged(self, one: SchedulerJob, *before: SchedulerJob, phase: str | None = "phase3", **section: Any) -> Finding:
        described = pipeline(
            scheduler=SchedulerJobs(**section), services=(ServiceSpec(name="worker", phase=phase, optional=True),)
        )
        jobs = [one, job("fine")]
        return run(
            scheduler_jobs, services=[service("worker")], jobs=jobs, described=described, jobs_before=before
        ).findings[0]

    @pytest.mark.parametrize("silent", [timedelta(hours=6), timedelta(days=9)], ids=["once", "long"])
    def test_alone_it_is_watched_however_long_it_is_silent(self, silent: timedelta) -> None:
        daily = job("daily", schedule="0 6 * * *", last_attempt=NOW - timedelta(hours=13) - silent)

        assert self.judged(daily).severity is Severity.P2

    @pytest.mark.parametrize(
        ("schedule", "attempted", "phase", "word"),
        [
            pytest.param("0 6 * * *", YESTERDAY, "phase3", "PAUSED", id="due since it was paused"),
            pytest.param("0 6 * * *", SIX, "phase3", "", id="not due since"),
            pytest.param("0 6 * * *", SIX - timedelta(days=9), "phase3", "", id="paused for long"),
            pytest.param("0 6 * * *", YESTERDAY, None, "", id="of no phase"),
        ],
    )
    def test_it_fails_when_it_was_paused_lately_and_has_been_due(
        self, schedule: str, attempted: datetime, phase: str | None, word: str
    ) -> None:
        finding = self.judged(job("daily", schedule=schedule, last_attempt=attempted, enabled=False), phase=phase)

        assert finding.evidence["failing"] == (f"daily ({word})" if word else "")
        if word:
            assert finding.action is not None
            assert "scheduler jobs resume daily" in (finding.action.command or "")

    LONG_AGO = SIX - timedelta(days=40)

    @pytest.mark.parametrize("there", [False, True], ids=["deleted", "paused"])
    def test_it_fails_until_it_is_back_when_an_earlier_run_saw_it_enabled(self, *, there: bool) -> None:
        known = job("daily", schedule="0 6 * * *", last_attempt=self.LONG_AGO, updated_at=self.LONG_AGO)
        now = replace(known, enabled=False) if there else job("other")

        finding = self.judged(now, known)

        assert finding.evidence["failing"] == f"daily ({'PAUSED' if there else 'DELETED'})"
        assert finding.severity is Severity.P1

    def test_it_is_replaced_by_a_new_job_that_does_the_same_at_the_same_times(self) -> None:
        known = job("daily", schedule="0 6 * * *", last_attempt=self.LONG_AGO)

        assert self.judged(replace(known, name="anew", last_attempt=self.SIX), known).outcome is Outcome.PASSED

    @pytest.mark.parametrize("there", [False, True], ids=["deleted", "paused"])
    def test_whether_it_is_missed_is_unknown_while_nothing_tells_what_it_called(self, *, there: bool) -> None:
        address = "https://worker-4kmqnm5l2q-ew.a.run.app/run"
        known = job("daily", address, schedule="0 6 * * *", last_attempt=self.YESTERDAY)
        jobs = [job("fine"), *([replace(known, enabled=False)] if there else [])]
        described = pipeline(services=(ServiceSpec(name="worker", phase="phase3", optional=True),))

        found = run(
            scheduler_jobs, services=fakes.down(), jobs=jobs, described=described, jobs_before=[known, job("fine")]
        )

        assert found.findings[0].outcome is Outcome.UNKNOWN

    def test_it_fails_when_an_earlier_run_knew_it_and_it_is_gone(self) -> None:
        gone = job("daily", schedule="0 6 * * *", last_attempt=self.YESTERDAY)

        finding = self.judged(job("other"), gone)

        assert finding.evidence["failing"] == "daily (DELETED)"
        assert finding.action is not None
        assert finding.action.repair is None


class TestJobsOfAnEarlierRun:
    BEFORE = (job("kept"), job("gone"), job("mlb-gone"))
    SEASON = Season(prefix="mlb-", since=date(2026, 2, 1), until=date(2026, 3, 20), reason="off-season")

    def findings(self, *jobs: SchedulerJob, **section: Any) -> dict[str, Finding]:
        described = pipeline(scheduler=SchedulerJobs(seasons=(self.SEASON,), **section))
        found = run(scheduler_jobs, jobs=jobs, described=described, jobs_before=self.BEFORE).findings
        return {each.code: each for each in found}

    def test_those_that_are_gone_are_named_with_the_number_that_is_too_low(self) -> None:
        found = self.findings(job("kept"), job("resting", enabled=False), at_least=2)

        assert (found["too-few-jobs"].evidence["gone"], found["too-few-jobs"].evidence["paused"]) == ("gone", "resting")
        assert "gone" in found["too-few-jobs"].summary
        assert "jobs-gone" not in found

    def test_they_are_noted_while_enough_are_left(self) -> None:
        found = self.findings(job("kept"), at_least=1)

        assert (found["jobs-gone"].severity, found["jobs-gone"].evidence["gone"]) == (Severity.P3, "gone")

    def test_those_of_the_inventory_are_told_there(self) -> None:
        assert "jobs-gone" not in self.findings(job("kept"), expected=("gone",))

    def test_nothing_is_said_while_all_are_there(self) -> None:
        assert "jobs-gone" not in self.findings(*self.BEFORE)
