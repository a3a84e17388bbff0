"""The causes around the services: subscriptions, revisions, builds, scheduler jobs, deploy scripts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checks.facts.control_plane import BuildFacts, JobStatus, LagFacts, NumberOfJobsFacts
from checks.model import Cause, CheckResult, Finding, Outcome, Severity
from checks.places import Place, PlaceKind
from checks.ports.services import Revision
from checks.services_spec import RunJobSpec
from tests.checks.diagnosed import (
    DEPLOYED,
    FOUR_TO_FIVE,
    LAST_GOOD,
    PIPELINE,
    SLATE,
    THREE_TO_FOUR,
    all_causes,
    causes,
    data,
    finding,
    passed,
    refused,
    result,
    trigger,
)


def only(*results: CheckResult) -> Cause:
    (cause,) = causes(*results)
    return cause


def explained(cause: Cause) -> set[tuple[str, str]]:
    return {(key.check, key.subject) for key in cause.explains}


def topic(code: str, subject: str = "analytics-done", **said: Any) -> Finding:
    severity = Severity.P1 if code in ("too-few", "one-too-many") else Severity.P0
    return finding(code, subject, severity, **{"expected": 1, "found": 0, **said})


def jobs(code: str = "jobs-failing", severity: Severity = Severity.P1, **failing: str) -> CheckResult:
    """Jobs and the words of their status."""
    failures = tuple(JobStatus(name.replace("_", "-"), word) for name, word in failing.items())
    return result("scheduler-jobs", finding(code, "jobs", severity, failing=failures))


def revisions(service: str, *times: datetime, code: str = "variables-kept") -> Finding:
    """What environment-change says of the revisions of a service, the newest first."""
    known = tuple(revision(service, number, at) for number, at in enumerate(times, start=1))
    if code == "variables-kept":
        return passed(service, revisions=known)
    return finding(code, service, Severity.P1, revisions=known)


def revision(service: str, number: int, at: datetime) -> Revision:
    return Revision(name=f"{service}-{number}", service=service, created_at=at, created_by="builder@example.com")


class TestTheDeployThatRemovedABinding:
    def test_it_is_the_first_revision_after_the_last_good_trigger(self) -> None:
        later = DEPLOYED + timedelta(hours=20)
        cause = only(
            result("invoker", refused(THREE_TO_FOUR, deployed_at=later)),
            result("trigger", trigger("bypassed")),
            result("environment-change", revisions(THREE_TO_FOUR, later, DEPLOYED, LAST_GOOD - timedelta(days=3))),
        )

        assert cause.code == "invoker-removed-by-deploy"
        assert "on three-to-four with revision three-to-four-2 of 10 Feb 02:13 EST by" in cause.sentence
        assert (cause.evidence["revision"], cause.evidence["deployed_at"]) == ("three-to-four-2", DEPLOYED)

    def test_it_is_not_certain_while_every_known_revision_came_after(self) -> None:
        times = [DEPLOYED + timedelta(hours=hours) for hours in range(5, 0, -1)]
        cause = only(
            result("invoker", refused(THREE_TO_FOUR)),
            result("trigger", trigger("bypassed")),
            result("environment-change", revisions(THREE_TO_FOUR, *times)),
        )

        assert "or one before it" in cause.sentence

    def test_revisions_that_could_not_be_read_leave_the_last_deploy(self) -> None:
        unread = finding("source-unavailable", THREE_TO_FOUR, Severity.P1, outcome=Outcome.UNKNOWN)
        cause = only(
            result("invoker", refused(THREE_TO_FOUR)),
            result("trigger", trigger("bypassed")),
            result("environment-change", unread),
        )

        assert "revision three-to-four-00042 of 10 Feb 02:13 EST" in cause.sentence

    def test_jobs_that_are_all_refused_and_silence_follow_from_it(self) -> None:
        cause = only(
            result("invoker", refused("worker")),
            jobs("jobs-refused", a="PERMISSION_DENIED", b="UNAUTHENTICATED"),
            result("zero-invocations", finding("not-invoked", "worker", Severity.P2)),
        )

        assert explained(cause) == {("invoker", "worker"), ("scheduler-jobs", "jobs"), ("zero-invocations", "worker")}

    def test_jobs_of_which_one_crashes_are_a_cause_of_their_own(self) -> None:
        found = causes(result("invoker", refused("worker")), jobs("jobs-refused", a="PERMISSION_DENIED", b="INTERNAL"))

        assert [each.code for each in found] == ["invoker-missing", "job-failing"]

    def test_the_silence_of_another_service_does_not_follow_from_it(self) -> None:
        silence = result("zero-invocations", finding("not-invoked", "elsewhere", Severity.P2))

        assert explained(only(result("invoker", refused("worker")), silence)) == {("invoker", "worker")}


class TestSubscriptions:
    @pytest.mark.parametrize("code", ["none", "too-few", "topic-missing"])
    def test_a_topic_without_its_subscription_explains_the_orchestrator_that_does_nothing(self, code: str) -> None:
        cause = only(result("subscriptions", topic(code)), result("trigger", trigger("not-triggered")))

        assert (cause.code, cause.subject, cause.severity) == ("subscription-missing", "analytics-done", Severity.P0)
        assert explained(cause) == {("subscriptions", "analytics-done"), ("trigger", "phase3_to_phase4")}
        assert cause.evidence["services"] == THREE_TO_FOUR
        assert "last good trigger 8 Feb 06:12 EST" in cause.sentence
        assert "The pipeline is blocked" in cause.sentence

    def test_the_services_that_a_check_names_are_at_fault_before_those_of_the_file(self) -> None:
        found = causes(
            result("subscriptions", topic("too-few", "elsewhere-done", missing=(FOUR_TO_FIVE,))),
            result("trigger", trigger("bypassed", 4)),
        )

        assert [(each.code, each.evidence["services"]) for each in found] == [("subscription-missing", FOUR_TO_FIVE)]

    def test_a_topic_nobody_is_known_to_listen_to_explains_no_transition(self) -> None:
        found = causes(
            result("subscriptions", topic("none", "elsewhere-done")), result("trigger", trigger("not-triggered"))
        )

        assert sorted(each.code for each in found) == ["subscription-missing", "unexplained"]

    def test_several_topics_with_one_too_many_are_one_cause(self) -> None:
        cause = only(
            result(
                "subscriptions",
                topic("one-too-many", found=2, surplus=("old-one",)),
                topic("one-too-many", "precompute-done", found=2),
            )
        )

        assert (cause.code, len(cause.explains)) == ("subscription-surplus", 2)
        assert "2 topics push to too many subscriptions" in cause.sentence
        assert "old-one" in cause.sentence

    def test_a_missing_permission_comes_before_a_missing_subscription(self) -> None:
        found = causes(
            result("subscriptions", topic("none")),
            result("invoker", refused(THREE_TO_FOUR)),
            result("trigger", trigger("not-triggered")),
        )

        by_code = {each.code: explained(each) for each in found}
        assert ("trigger", "phase3_to_phase4") in by_code["invoker-removed-by-deploy"]
        assert by_code["subscription-missing"] == {("subscriptions", "analytics-done")}


class TestCallers:
    def test_calls_without_identity_explain_the_transition(self) -> None:
        edge = finding("no-identity", THREE_TO_FOUR, Severity.P0)
        cause = only(result("edges", edge), result("trigger", trigger("not-triggered")))

        assert (cause.code, len(cause.explains)) == ("identity-missing", 2)

    def test_a_target_that_is_gone_and_a_service_that_is_missing_are_one_cause(self) -> None:
        cause = only(
            result("edges", finding("target-missing", "worker", Severity.P1)),
            result("service-ready", finding("service-missing", "worker", Severity.P1)),
        )

        assert (cause.code, len(cause.explains)) == ("service-not-ready", 2)
        assert "does not exist" in cause.sentence


class TestVariables:
    LOST = finding(
        "required-variable-lost",
        "worker",
        Severity.P1,
        phase="phase5",
        removed=("KEY",),
        revisions=(revision("worker", 17, DEPLOYED), revision("worker", 16, LAST_GOOD)),
    )

    def test_the_revision_that_removed_a_variable_is_named_with_its_time(self) -> None:
        cause = only(
            result("service-environment", finding("variable-missing", "worker", missing=("KEY",))),
            result("environment-change", self.LOST),
        )

        assert (cause.code, len(cause.explains)) == ("variable-removed-by-deploy", 2)
        assert "lacks KEY: revision worker-17 of 10 Feb 02:13 EST by builder@example.com removed it" in cause.sentence
        assert "worker-16 still had it" in cause.sentence
        assert (cause.evidence["revision"], cause.evidence["deployed_at"]) == ("worker-17", DEPLOYED)

    def test_a_variable_that_was_lost_longer_ago_is_missing_only(self) -> None:
        cause = only(
            result("service-environment", finding("variable-missing", "worker", missing=("KEY",))),
            result("environment-change", revisions("worker", DEPLOYED)),
        )

        assert cause.code == "variable-missing"

    def test_it_explains_the_data_of_its_phase(self) -> None:
        cause = only(result("environment-change", self.LOST), data("predictions"))

        assert ("predictions", "predictions") in explained(cause)


class TestBuilds:
    STALE = finding(
        "stale-commit",
        "worker",
        trigger="deploy-worker",
        latest=BuildFacts(commit="0123456789abcdef", built_at=DEPLOYED),
        lag=LagFacts(behind=4, behind_since=LAST_GOOD),
    )
    BEHIND = finding("behind", "worker", lag=LagFacts(behind=4, behind_since=LAST_GOOD))

    def test_an_old_commit_and_a_service_that_is_behind_are_one_cause(self) -> None:
        cause = only(result("builds", self.STALE), result("drift", self.BEHIND))

        assert (cause.code, explained(cause)) == ("stale-build", {("builds", "worker"), ("drift", "worker")})
        assert "deploy-worker built the old commit 012345678 of 10 Feb 02:13 EST" in cause.sentence
        assert "4 commits behind since 8 Feb 06:12 EST" in cause.sentence

    def test_a_failed_build_names_its_status(self) -> None:
        cause = only(
            result(
                "builds",
                finding("build-failed", "worker", latest=BuildFacts(status="TIMEOUT"), trigger="deploy-worker"),
            )
        )

        assert cause.code == "build-failed"
        assert "worker (TIMEOUT)" in cause.sentence

    def test_a_service_that_nothing_builds_is_a_cause_of_its_own(self) -> None:
        gone, off = finding("trigger-missing", "worker"), finding("trigger-disabled", "analytics")

        cause = only(result("builds", gone, off))

        assert (cause.code, explained(cause)) == ("not-deployed", {("builds", "worker"), ("builds", "analytics")})

    def test_a_service_that_is_behind_for_another_reason_is_drift(self) -> None:
        found = causes(
            result("builds", self.STALE), result("drift", finding("behind", "analytics", lag=LagFacts(behind=6)))
        )

        assert sorted((each.code, each.subject) for each in found) == [
            ("drift", "analytics"),
            ("stale-build", "worker"),
        ]

    def test_several_are_counted_and_named_with_how_far_they_are_behind(self) -> None:
        second = finding("not-built", "analytics", trigger="deploy-analytics", lag=LagFacts(behind=1))
        cause = only(result("builds", self.STALE, second))

        assert cause.sentence.startswith(
            "The latest builds of 2 services are of old code: analytics (1 commit behind) and "
        )

    def test_documentation_that_is_behind_is_a_note_and_no_cause(self) -> None:
        assert causes(result("drift", finding("documentation-behind", "worker", Severity.P3))) == ()

    @pytest.mark.parametrize(
        ("code", "source"), [("triggered-without-effect", 4), ("processors-missing", 3)], ids=["no effect", "no data"]
    )
    def test_old_code_is_what_worked_yesterday_and_explains_nothing(self, code: str, source: int) -> None:
        behind = result("drift", finding("behind", "analytics", lag=LagFacts(behind=6)))

        found = causes(behind, result("builds", self.STALE), result("trigger", trigger(code, source)))

        assert all(
            key.check != "trigger" for each in found for key in each.explains if each.code in ("drift", "stale-build")
        )
        assert {each.code for each in found} >= {"stale-build"}


class TestAnotherValueOfARequiredVariable:
    CHANGED = finding("required-variable-changed", "worker", Severity.P2, revisions=(revision("worker", 1, DEPLOYED),))

    def test_it_is_told_by_itself(self) -> None:
        cause = only(result("environment-change", self.CHANGED))

        assert (cause.code, cause.place) == ("variable-changed", Place(PlaceKind.REVISION, "worker"))

    def test_it_goes_with_whatever_else_is_wrong_with_the_service(self) -> None:
        failing = finding("every-request-fails", "worker", Severity.P1)

        cause = only(result("environment-change", self.CHANGED), result("error-rate", failing))

        assert cause.code == "service-failing"
        assert ("environment-change", "worker") in explained(cause)


class TestAMisspelledVariable:
    SLIP = finding(
        "variable-misspelled",
        "worker",
        Severity.P1,
        phase="phase5",
        misspelled=("PATH",),
        revisions=(revision("worker", 17, DEPLOYED),),
    )

    def test_it_explains_what_its_service_fails_on_and_the_data_of_its_phase(self) -> None:
        failing = finding("every-request-fails", "worker", Severity.P1)

        cause = only(
            result("environment-change", self.SLIP), result("error-rate", failing), data("predictions", day=SLATE)
        )

        assert (cause.code, cause.subject, len(cause.explains)) == ("variable-misspelled", "worker", 3)
        assert cause.broken_since == DEPLOYED

    def test_it_is_told_by_its_name(self) -> None:
        assert only(result("environment-change", self.SLIP)).title.startswith("Worker has PATH misspelled after")

    def test_it_comes_before_a_failure_as_grave_of_which_nobody_knows_why(self) -> None:
        first, *_ = all_causes(data("retry-queue"), result("environment-change", self.SLIP))

        assert first.code == "variable-misspelled"


class TestJobs:
    def test_a_failing_job_explains_the_checks_that_the_file_names_for_it(self) -> None:
        cause = only(jobs("some-jobs-failing", Severity.P2, lines_add="INTERNAL"), data("predictions", day=SLATE))

        assert (cause.code, cause.severity) == ("job-failing", Severity.P1)
        assert explained(cause) == {("scheduler-jobs", "jobs"), ("predictions", "predictions")}
        assert "“Title of predictions”" in cause.sentence

    def test_another_failing_job_does_not(self) -> None:
        cause = only(jobs(other="INTERNAL"), data("predictions"))

        assert explained(cause) == {("scheduler-jobs", "jobs")}

    def test_a_failing_job_explains_processors_that_do_not_come(self) -> None:
        cause = only(jobs(nightly="NOT_FOUND"), result("trigger", trigger("processors-missing", missing=("a",))))

        assert (cause.code, len(cause.explains)) == ("job-failing", 2)

    @pytest.mark.parametrize(
        ("hours", "is_why"),
        [(-1, True), (1, False), (-72, False)],
        ids=["before it was due", "after that", "before it last worked"],
    )
    def test_a_job_that_was_not_started_is_why_what_its_service_writes_is_missing(
        self, hours: int, is_why: bool
    ) -> None:
        due = LAST_GOOD + timedelta(days=2)
        job = JobStatus("by-clock", "PAUSED", services=("worker",), since=due + timedelta(hours=hours))
        paused = result("scheduler-jobs", finding("some-jobs-failing", "jobs", Severity.P2, failing=(job,)))

        worked = trigger("triggered", 4, SLATE, effect_rows=5, effect_last_at=LAST_GOOD)
        broken = trigger("triggered-without-effect", 4, effect_rows=0, due=due)

        found = causes(paused, result("trigger", worked, broken))

        assert any(each.code == "job-failing" and len(each.explains) > 1 for each in found) is is_why

    def test_a_cloud_run_job_that_failed_is_why_what_it_writes_is_missing(self) -> None:
        writer = RunJobSpec(name="load", phase="phase3", writes=("data.phase3",))
        described = PIPELINE.model_copy(update={"run_jobs": (writer,)})
        failed = result("run-jobs", finding("execution-failed", "load", Severity.P1, phase="phase3"))
        empty = trigger("triggered-without-effect", 2, effect_rows=0)

        (found,) = causes(failed, result("trigger", empty), pipeline=described)

        assert (found.code, found.place) == ("run-job-failing", Place(PlaceKind.RUN_JOB, "load"))
        assert explained(found) == {("run-jobs", "load"), ("trigger", "phase2_to_phase3")}

    def test_jobs_that_are_lost_and_fail_for_it_are_one_cause(self) -> None:
        paused = finding("some-jobs-failing", "jobs", Severity.P2, failing=(JobStatus("nightly", "PAUSED"),))
        number = finding("too-few-jobs", "number of jobs", Severity.P1, facts=NumberOfJobsFacts(paused=("nightly",)))

        assert only(result("scheduler-jobs", paused, number)).code == "job-failing"

    @pytest.mark.parametrize("code", ["jobs-missing", "jobs-paused", "too-few-jobs", "no-jobs"])
    def test_lost_jobs_are_a_cause(self, code: str) -> None:
        assert only(result("scheduler-jobs", finding(code, "number of jobs"))).code == "jobs-missing"

    def test_jobs_of_a_foreign_form_are_a_cause_all_the_same(self) -> None:
        assert only(jobs()).code == "job-failing"


class TestDeployScripts:
    def test_scripts_that_would_break_what_works_are_one_cause(self) -> None:
        cause = only(
            result(
                "deployment-audit",
                finding("rules-broken", "bin/deploy.sh", Severity.P2),
                finding("rules-broken", "cloudbuild.yaml", Severity.P2),
                finding("rules-bent", "deploy.sh", Severity.P3),
            )
        )

        assert (cause.code, cause.severity, len(cause.explains)) == ("deploy-unsafe", Severity.P2, 2)


def test_the_name_of_a_table_at_the_start_of_a_sentence_stays_as_it_is() -> None:
    failed = finding("bad", "games-final", phase="phase2", day=SLATE)
    told = Finding(
        outcome=Outcome.FAILED,
        code=failed.code,
        subject=failed.subject,
        summary="player_daily_cache was last written on Sunday",
        severity=Severity.P1,
        phase="phase2",
        interval=SLATE,
    )

    cause = only(result("games-final", told), data("coverage", day=SLATE))

    assert cause.sentence.startswith("player_daily_cache was")


def test_a_revision_at_the_instant_of_the_last_good_trigger_removed_nothing() -> None:
    same = datetime(2026, 2, 8, 11, 12, tzinfo=UTC)
    cause = only(
        result("invoker", refused(THREE_TO_FOUR, deployed_at=DEPLOYED)),
        result("trigger", trigger("bypassed", last_good_trigger=same)),
        result("environment-change", revisions(THREE_TO_FOUR, same)),
    )

    assert "revision three-to-four-00042 of 10 Feb 02:13 EST" in cause.sentence
