from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.catalog import checks_of
from checks.diagnosis import diagnose
from checks.facts import Crashed, Facts, Unread
from checks.facts.control_plane import DeployFacts
from checks.facts.orchestration import UnfinishedFacts
from checks.model import Cause, CheckResult, FindingKey, Outcome, Severity
from checks.places import Place, PlaceKind
from tests.checks.diagnosed import (
    ABSENT,
    CALLER,
    CHECKS,
    DEPLOYED,
    FIVE_TO_SIX,
    FOUR_TO_FIVE,
    LAST_GOOD,
    NIGHT,
    PIPELINE,
    SLATE,
    THREE_TO_FOUR,
    WRONG_FLAGS,
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


def codes(*results: CheckResult) -> list[str]:
    return [each.code for each in causes(*results)]


def explained(cause: Cause) -> set[tuple[str, str]]:
    return {(key.check, key.subject) for key in cause.explains}


def unknown(check: str, subject: str, facts: Facts | None = None, place: Place | None = None) -> CheckResult:
    facts = facts or Unread(source="Cloud Run", problem="denied")
    found = finding("source-unavailable", subject, Severity.P0, outcome=Outcome.UNKNOWN, facts=facts)
    return result(check, replace(found, place=place))


class TestNothingToExplain:
    def test_no_results_have_no_cause(self) -> None:
        assert diagnose(PIPELINE, CHECKS, ()) == ()

    def test_what_passed_has_no_cause(self) -> None:
        assert causes(result("trigger", passed("phase3_to_phase4"))) == ()

    def test_what_is_not_known_has_no_cause(self) -> None:
        assert causes(unknown("invoker", THREE_TO_FOUR), unknown("trigger", "phase3_to_phase4")) == ()

    def test_a_failed_data_check_alone_is_its_own_cause(self) -> None:
        found = all_causes(data("predictions", severity=Severity.P0), data("games-final", day=SLATE))

        assert [(each.code, each.subject, len(each.explains)) for each in found] == [
            ("upstream-check", "predictions", 1),
            ("upstream-check", "games-final", 1),
        ]

    def test_a_service_open_to_everyone_is_a_note_and_no_cause(self) -> None:
        assert causes(result("invoker", finding("public", "worker", Severity.P3, caller=(CALLER,)))) == ()


class TestACallerShutOut:
    ALL = (THREE_TO_FOUR, FOUR_TO_FIVE, FIVE_TO_SIX)

    def test_a_deploy_after_the_last_good_trigger_removed_the_binding(self) -> None:
        cause = only(result("invoker", refused(THREE_TO_FOUR)), result("trigger", trigger("bypassed")))

        assert (cause.code, cause.severity, cause.subject) == ("invoker-removed-by-deploy", Severity.P0, THREE_TO_FOUR)
        assert cause.evidence["deployed_at"] == DEPLOYED
        assert cause.evidence["last_good_trigger"] == LAST_GOOD
        assert cause.evidence["deployed_by"] == "builder@example.com"
        assert "revision three-to-four-00042 of 10 Feb 02:13 EST" in cause.sentence
        assert "Last good trigger 8 Feb 06:12 EST" in cause.sentence

    @pytest.mark.parametrize(
        ("deployed", "good", "code"),
        [
            pytest.param(DEPLOYED, LAST_GOOD, "invoker-removed-by-deploy", id="deployed after"),
            pytest.param(DEPLOYED, DEPLOYED, "invoker-missing", id="deployed at the same instant"),
            pytest.param(LAST_GOOD, DEPLOYED, "invoker-missing", id="deployed before"),
            pytest.param(None, LAST_GOOD, "invoker-missing", id="deploy not known"),
            pytest.param(DEPLOYED, None, "invoker-missing", id="never a good trigger known"),
        ],
    )
    def test_only_a_deploy_after_the_last_good_trigger_is_blamed(self, deployed: Any, good: Any, code: str) -> None:
        verdict = trigger("bypassed", last_good_trigger=good)

        assert codes(result("invoker", refused(THREE_TO_FOUR, deployed_at=deployed)), result("trigger", verdict)) == [
            code
        ]

    @pytest.mark.parametrize("code", ["conditional-grant", "deleted-member"])
    def test_a_grant_that_is_none_is_not_blamed_on_a_deploy(self, code: str) -> None:
        assert codes(result("invoker", refused(THREE_TO_FOUR, code)), result("trigger", trigger("bypassed"))) == [
            "invoker-missing"
        ]

    def test_several_services_are_one_cause_that_counts_and_names_them(self) -> None:
        cause = only(
            result("invoker", *(refused(name) for name in reversed(self.ALL))),
            result("trigger", *(trigger("bypassed", source) for source in (3, 4, 5))),
        )

        assert cause.title.startswith("3 orchestrators refuse Pub/Sub")
        assert "on three-to-four, four-to-five and five-to-six, first with revision" in cause.mechanism
        assert explained(cause) == {
            *(("invoker", name) for name in self.ALL),
            *(("trigger", f"phase{source}_to_phase{source + 1}") for source in (3, 4, 5)),
        }
        assert cause.action is not None
        assert cause.action.command == "grant three-to-four\ngrant four-to-five\ngrant five-to-six"
        assert cause.action.repair == "repair:three-to-four repair:four-to-five repair:five-to-six"

    def test_one_service_keeps_its_repair(self) -> None:
        cause = only(result("invoker", refused("worker")))

        assert cause.action is not None
        assert cause.action.repair == "repair:worker"

    def test_each_caller_is_a_cause_of_its_own(self) -> None:
        other = refused("worker", caller=("serviceAccount:job@example.com",))

        found = causes(result("invoker", refused("raw"), other))

        assert {(each.subject, each.evidence["caller"]) for each in found} == {
            ("raw", CALLER),
            ("worker", "serviceAccount:job@example.com"),
        }

    @pytest.mark.parametrize(
        ("service", "code"),
        [
            pytest.param("worker", "invoker-removed-by-deploy", id="a worker was called while the pipeline moved"),
            pytest.param(FOUR_TO_FIVE, "invoker-missing", id="an orchestrator has a trigger of its own"),
        ],
    )
    def test_what_leaves_no_trace_of_its_own_was_called_while_the_pipeline_moved(self, service: str, code: str) -> None:
        good = finding("triggered", "phase3_to_phase4", None, outcome=Outcome.PASSED, last_good_trigger=LAST_GOOD)

        assert codes(result("invoker", refused(service)), result("trigger", good)) == [code]

    def test_with_the_data_present_the_pipeline_runs_without_its_orchestrator(self) -> None:
        cause = only(result("invoker", refused(THREE_TO_FOUR)), result("trigger", trigger("bypassed")))

        assert "running without its orchestrator" in cause.sentence
        assert "blocked" not in cause.sentence

    def test_with_the_data_absent_the_pipeline_is_blocked(self) -> None:
        cause = only(result("invoker", refused(THREE_TO_FOUR)), result("trigger", trigger("not-triggered")))

        assert "blocked" in cause.sentence
        assert "Phase 4" in cause.sentence
        assert "running without" not in cause.sentence

    def test_rows_that_were_counted_go_before_the_code(self) -> None:
        cause = only(result("invoker", refused(THREE_TO_FOUR)), result("trigger", trigger("bypassed", effect_rows=0)))

        assert "blocked" in cause.sentence

    def test_one_date_can_be_blocked_and_another_not(self) -> None:
        cause = only(
            result("invoker", refused(THREE_TO_FOUR)),
            result("trigger", trigger("bypassed"), trigger("not-triggered", day=SLATE)),
        )

        assert "The data of 10 Feb arrived all the same" in cause.sentence
        assert "no data for 11 Feb" in cause.sentence

    def test_without_data_everything_after_the_broken_phase_follows_from_it(self) -> None:
        cause = only(
            result("invoker", refused(THREE_TO_FOUR)),
            result("trigger", trigger("not-triggered"), trigger("not-started", 4)),
            data("features"),
            data("predictions", severity=Severity.P0),
            result("phase-log", finding("row-missing", "phase3_to_phase4", phase="phase4", day=NIGHT)),
        )

        assert explained(cause) == {
            ("invoker", THREE_TO_FOUR),
            ("trigger", "phase3_to_phase4"),
            ("trigger", "phase4_to_phase5"),
            ("features", "features"),
            ("predictions", "predictions"),
            ("phase-log", "phase3_to_phase4"),
        }

    def test_what_failed_before_the_broken_phase_or_on_another_date_does_not_follow(self) -> None:
        cause = only(
            result("invoker", refused(THREE_TO_FOUR)),
            result("trigger", trigger("not-triggered", enough_since=LAST_GOOD)),
            data("coverage"),
            data("predictions", day=SLATE),
            result("heartbeats", finding("too-many", "processor_heartbeats")),
        )

        assert explained(cause) == {("invoker", THREE_TO_FOUR), ("trigger", "phase3_to_phase4")}

    def test_with_the_data_present_a_failed_data_check_has_another_reason(self) -> None:
        cause = only(
            result("invoker", refused(THREE_TO_FOUR)),
            result("trigger", trigger("bypassed")),
            data("predictions"),
            result("phase-gap", finding("gap", "phase3_to_phase4", phase="phase4", day=NIGHT)),
        )

        assert explained(cause) == {
            ("invoker", THREE_TO_FOUR),
            ("trigger", "phase3_to_phase4"),
            ("phase-gap", "phase3_to_phase4"),
        }

    def test_a_document_that_nobody_wrote_follows_and_a_wrong_flag_does_not(self) -> None:
        found = causes(
            result("invoker", refused(THREE_TO_FOUR), refused(FOUR_TO_FIVE)),
            result("trigger", trigger("no-record"), trigger("flag-not-set", 4)),
        )

        assert [each.code for each in found] == ["invoker-removed-by-deploy", "broken-flag"]
        assert ("trigger", "phase3_to_phase4") in explained(found[0])
        assert explained(found[1]) == {("trigger", "phase4_to_phase5")}

    def test_a_worker_that_is_shut_out_explains_the_data_of_its_phase(self) -> None:
        cause = only(result("invoker", refused("worker")), data("predictions"), data("features", day=SLATE))

        assert explained(cause) == {("invoker", "worker"), ("predictions", "predictions")}

    def test_an_orchestrator_explains_data_where_nothing_is_known_of_its_trigger(self) -> None:
        cause = only(result("invoker", refused(FOUR_TO_FIVE)), data("predictions"))

        assert ("predictions", "predictions") in explained(cause)

    def test_an_orchestrator_does_not_explain_data_that_came(self) -> None:
        verdict = finding("triggered", "phase4_to_phase5", None, outcome=Outcome.PASSED, phase="phase5", day=NIGHT)

        cause = only(result("invoker", refused(FOUR_TO_FIVE)), result("trigger", verdict), data("predictions"))

        assert explained(cause) == {("invoker", FOUR_TO_FIVE)}

    def test_the_first_broken_transition_takes_what_follows(self) -> None:
        found = causes(
            data("games-final"),
            result("invoker", refused(FOUR_TO_FIVE)),
            result("trigger", trigger("processors-missing"), trigger("not-started", 4)),
        )

        by_code = {each.code: explained(each) for each in found}
        assert ("trigger", "phase4_to_phase5") in by_code["upstream-check"]
        assert by_code["invoker-removed-by-deploy"] == {("invoker", FOUR_TO_FIVE)}


class TestAServiceInTrouble:
    def not_ready(self, service: str, **said: Any) -> CheckResult:
        return result("service-ready", finding("not-ready", service, Severity.P0, reason="It crashed", **said))

    def test_a_service_that_is_not_ready_is_a_cause_even_if_nothing_suffers(self) -> None:
        cause = only(self.not_ready("worker"))

        assert (cause.code, cause.subject) == ("service-not-ready", "worker")
        assert "It crashed" in cause.sentence

    def test_it_takes_the_old_revision_that_it_leaves_in_charge(self) -> None:
        stale = result("service-traffic", finding("stale-revision", "worker"))

        assert explained(only(self.not_ready("worker"), stale)) == {
            ("service-ready", "worker"),
            ("service-traffic", "worker"),
        }

    def test_a_missing_service_is_one_cause_whoever_noticed(self) -> None:
        noticed = ("invoker", "service-ready", "service-traffic", "service-environment", "service-instances")

        cause = only(*(result(check, finding("service-missing", "worker", Severity.P0)) for check in noticed))

        assert (cause.code, cause.subject) == ("service-not-ready", "worker")
        assert explained(cause) == {(check, "worker") for check in noticed}

    @pytest.mark.parametrize(
        ("code", "service"),
        [
            ("not-triggered", THREE_TO_FOUR),
            ("bypassed", THREE_TO_FOUR),
            ("triggered-without-effect", "precompute"),
            ("processors-missing", "analytics"),
            ("processors-missing", THREE_TO_FOUR),
            ("not-started", "analytics"),
        ],
    )
    def test_it_explains_the_transition_that_needs_it(self, code: str, service: str) -> None:
        cause = only(self.not_ready(service), result("trigger", trigger(code)))

        assert cause.code == "service-not-ready"
        assert ("trigger", "phase3_to_phase4") in explained(cause)

    @pytest.mark.parametrize(
        ("code", "service"),
        [
            ("not-triggered", "precompute"),
            ("triggered-without-effect", THREE_TO_FOUR),
            ("processors-missing", "precompute"),
            ("not-started", "elsewhere"),
            ("not-started", "raw"),
        ],
    )
    def test_it_does_not_explain_a_transition_that_does_not_need_it(self, code: str, service: str) -> None:
        found = causes(self.not_ready(service), result("trigger", trigger(code)))

        assert len(found) == 2

    def test_a_phase_judged_by_its_data_needs_the_services_on_both_sides(self) -> None:
        missing = finding("data-missing", "phase3", Severity.P0, phase="phase3", day=NIGHT, effect_rows=0)

        assert codes(self.not_ready("raw"), result("trigger", missing)) == ["service-not-ready"]
        assert codes(self.not_ready("analytics"), result("trigger", missing), data("coverage")) == ["service-not-ready"]

    def test_the_caller_goes_before_readiness_and_readiness_before_traffic(self) -> None:
        verdict = result("trigger", trigger("not-triggered"))
        stale = result("service-traffic", finding("stale-revision", THREE_TO_FOUR, traffic="old 100 %"))
        lost = result("service-environment", finding("variable-missing", THREE_TO_FOUR, missing=("KEY",)))

        def reason(*trouble: CheckResult) -> str:
            found = causes(verdict, *trouble)
            return next(each.code for each in found if ("trigger", "phase3_to_phase4") in explained(each))

        assert reason(result("invoker", refused(THREE_TO_FOUR)), self.not_ready(THREE_TO_FOUR)) == (
            "invoker-removed-by-deploy"
        )
        # What runs old code does harm; it is not why nothing was triggered.
        assert reason(stale, lost) == "variable-missing"
        assert reason(lost) == "variable-missing"

    def test_old_revisions_are_one_cause(self) -> None:
        stale = [
            finding("stale-revision", name, traffic="old 100 %", latest_created="new") for name in ("raw", "worker")
        ]

        cause = only(result("service-traffic", *stale))

        assert cause.code == "stale-revision"
        assert cause.sentence.startswith("2 services do not run their latest revision: raw (")

    def test_a_lost_variable_is_a_cause_and_explains_the_data_of_its_phase(self) -> None:
        lost = finding(
            "variable-missing", "worker", missing=("MODEL", "TOPIC"), deploy=DeployFacts(deployed_at=DEPLOYED)
        )

        cause = only(result("service-environment", lost), data("predictions"))

        assert (cause.code, cause.subject) == ("variable-missing", "worker")
        assert cause.sentence.startswith("worker lacks MODEL, TOPIC; last deploy: 10 Feb 02:13 EST.")
        assert explained(cause) == {("service-environment", "worker"), ("predictions", "predictions")}

    def test_a_service_of_no_phase_explains_nothing_else(self) -> None:
        assert explained(only(self.not_ready("elsewhere"), data("retry-queue"))) == {("service-ready", "elsewhere")}


class TestAFailureFurtherUp:
    @pytest.mark.parametrize("code", [code for code in ABSENT if code != "triggered-without-effect"])
    def test_a_failed_check_that_explains_the_phase_is_the_reason(self, code: str) -> None:
        cause = only(data("games-final"), data("coverage", severity=Severity.P0), result("trigger", trigger(code)))

        assert (cause.code, cause.subject, cause.severity) == ("upstream-check", "games-final", Severity.P0)
        assert ("trigger", "phase3_to_phase4") in explained(cause)

    def test_the_root_of_a_chain_of_checks_is_named(self) -> None:
        cause = only(data("games-final"), data("coverage"), data("features"))

        assert cause.subject == "games-final"
        assert explained(cause) == {(name, name) for name in ("games-final", "coverage", "features")}

    def test_an_absence_is_followed_through_phases_of_which_nothing_is_known(self) -> None:
        assert explained(only(data("games-final"), data("predictions"))) == {
            ("games-final", "games-final"),
            ("predictions", "predictions"),
        }

    def test_a_phase_that_did_its_work_ends_an_absence(self) -> None:
        done = finding("triggered", "phase3_to_phase4", None, outcome=Outcome.PASSED, phase="phase4", day=NIGHT)

        assert causes(data("games-final"), result("trigger", done), data("predictions")) == ()

    def test_a_note_explains_nothing(self) -> None:
        assert causes(data("games-final", severity=Severity.P3), data("coverage")) == ()

    def test_a_failure_of_another_date_explains_nothing(self) -> None:
        assert causes(data("games-final"), data("coverage", day=SLATE)) == ()

    def test_it_is_not_the_reason_why_data_came_another_way(self) -> None:
        found = causes(data("games-final"), result("trigger", trigger("bypassed")))

        assert [each.code for each in found] == ["unexplained"]

    def test_every_row_of_the_check_belongs_to_the_cause(self) -> None:
        stuck = [finding("bad", f"game {number}", phase="phase2", day=NIGHT) for number in range(3)]

        cause = only(result("games-final", *stuck), data("coverage"))

        assert {("games-final", f"game {number}") for number in range(3)} <= explained(cause)

    def test_checks_that_explain_each_other_do_not_turn_in_circles(self) -> None:
        checks = tuple(
            each.model_copy(update={"explains": ("phase2", "phase3")})
            if each.id in ("games-final", "coverage")
            else each
            for each in PIPELINE.checks
        )

        pipeline = PIPELINE.model_copy(update={"checks": checks})

        found = diagnose(pipeline, checks_of(pipeline), [data("games-final"), data("coverage")])

        assert len(found) == 1


class TestAProcessor:
    def stalled(self, **more: Any) -> CheckResult:
        started = datetime(2026, 2, 11, 10, 12, tzinfo=UTC)
        facts = UnfinishedFacts(started_at=started)
        return result("stalled", finding("stalled-run", "player_game_summary", day=NIGHT, facts=facts, **more))

    def missing(self, **more: Any) -> CheckResult:
        return result("trigger", trigger("processors-missing", missing=("player_game_summary", "other"), **more))

    def test_one_that_is_missing_for_no_known_reason_is_named(self) -> None:
        cause = only(self.missing(critical_missing=("player_game_summary",)))

        assert (cause.code, cause.subject) == ("processor-missing", "phase3_to_phase4")
        assert "player_game_summary and other (critical: player_game_summary)" in cause.sentence
        assert "not found" in cause.sentence
        assert "callers" not in cause.sentence

    def test_what_stands_for_many_comes_after_one_that_speaks_for_itself(self) -> None:
        one = self.stalled(phase="phase3")
        crowd = replace(one.findings[0], subject="a crowd", facts=UnfinishedFacts(), count=3)

        cause = only(self.missing(), replace(one, findings=(crowd, *one.findings)))

        assert (cause.code, cause.subject) == ("processor-stalled", "player_game_summary")
        assert "11 Feb 05:12 EST" in cause.sentence

    def test_one_that_stalled_is_the_reason(self) -> None:
        cause = only(self.missing(), self.stalled(phase="phase3"))

        assert (cause.code, cause.subject) == ("processor-stalled", "player_game_summary")
        assert "11 Feb 05:12 EST" in cause.sentence

    def test_one_that_stalled_elsewhere_is_not(self) -> None:
        other = result(
            "stalled", finding("stalled-run", "unrelated", phase="phase5", day=SLATE, facts=UnfinishedFacts())
        )

        assert codes(self.missing(), other) == ["processor-missing"]

    def test_a_dead_heartbeat_of_a_missing_one_is_the_reason(self) -> None:
        dead = result("heartbeats", finding("dead", "player_game_summary"))

        assert only(self.missing(), dead).code == "processor-stalled"

    def test_a_dead_heartbeat_of_another_is_not(self) -> None:
        dead = result("heartbeats", finding("dead", "unrelated"))

        assert codes(self.missing(), dead) == ["processor-missing"]

    def test_a_transition_that_hangs_is_no_reason_for_itself(self) -> None:
        hanging = result("stalled", finding("stalled-trigger", "phase3_to_phase4", phase="phase3", day=NIGHT))

        assert codes(self.missing(), hanging) == ["processor-missing"]

    def test_one_that_stalled_explains_the_data_of_its_phase(self) -> None:
        cause = only(self.stalled(phase="phase3"), data("coverage"))

        assert cause.code == "processor-stalled"
        assert ("coverage", "coverage") in explained(cause)

    def unfinished(self, phase: str, processor: str = "daily_cache") -> CheckResult:
        """As the check says it: a run has a number, and its place is the processor."""
        facts = UnfinishedFacts(processor=processor, run_id="12")
        found = finding("run-unfinished", f"{processor}/12", phase=phase, facts=facts)
        return result("stalled", replace(found, place=Place(PlaceKind.TASK, processor, "12")))

    def test_one_that_stalled_in_the_phase_that_was_triggered_is_the_reason(self) -> None:
        cause = only(result("trigger", trigger("triggered-without-effect")), self.unfinished("phase4"))

        assert (cause.code, cause.subject) == ("processor-stalled", "daily_cache")
        assert explained(cause) == {("trigger", "phase3_to_phase4"), ("stalled", "daily_cache/12")}

    def test_one_that_stalled_before_what_was_triggered_is_not(self) -> None:
        found = codes(result("trigger", trigger("triggered-without-effect")), self.unfinished("phase3"))

        assert found == ["trigger-without-effect"]

    def test_one_that_stalled_where_only_the_data_is_judged_is_the_reason(self) -> None:
        missing = finding("data-missing", "phase3", Severity.P0, phase="phase3", day=NIGHT)

        cause = only(result("trigger", missing), self.unfinished("phase3"))

        assert (cause.code, cause.subject) == ("processor-stalled", "daily_cache")

    @pytest.mark.parametrize("code", ["processors-missing", "not-started"])
    def test_one_that_stalled_before_a_transition_that_waits_is_the_reason(self, code: str) -> None:
        cause = only(result("trigger", trigger(code)), self.unfinished("phase3"))

        assert (cause.code, cause.subject) == ("processor-stalled", "daily_cache")

    def test_one_that_is_missing_and_stalled_is_the_reason_whatever_its_phase(self) -> None:
        cause = only(self.missing(), self.unfinished("phase5", processor="other"))

        assert (cause.code, cause.subject) == ("processor-stalled", "other")

    def test_one_of_no_date_explains_the_data_of_its_phase_and_is_named_without_the_number_of_its_run(self) -> None:
        cause = only(self.unfinished("phase3"), data("coverage"))

        assert (cause.code, cause.subject) == ("processor-stalled", "daily_cache")
        assert explained(cause) == {("stalled", "daily_cache/12"), ("coverage", "coverage")}
        assert "daily_cache/12" not in cause.sentence

    def test_one_of_another_date_explains_no_data(self) -> None:
        other = result("stalled", finding("stalled-run", "daily_cache", phase="phase3", day=SLATE))

        assert causes(other, data("coverage")) == ()

    @pytest.mark.parametrize(
        ("check", "code", "told"),
        [("builds", "build-failed", "build-failed"), ("drift", "behind", "drift")],
        ids=["a failed build", "old code"],
    )
    def test_what_leaves_yesterdays_code_running_does_not_displace_it(self, check: str, code: str, told: str) -> None:
        behind = result(check, finding(code, "analytics", phase="phase3"))

        found = {each.code: explained(each) for each in causes(self.missing(), self.unfinished("phase3"), behind)}

        assert found == {
            "processor-stalled": {("trigger", "phase3_to_phase4"), ("stalled", "daily_cache/12")},
            told: {(check, "analytics")},
        }

    def test_one_that_stalled_without_consequences_is_no_cause(self) -> None:
        assert causes(self.stalled(phase="phase3")) == ()


class TestABrokenTransition:
    def test_a_trigger_without_effect_is_named(self) -> None:
        cause = only(result("trigger", trigger("triggered-without-effect", triggered_at=DEPLOYED)), data("features"))

        assert cause.code == "trigger-without-effect"
        assert "10 Feb 02:13 EST" in cause.sentence
        assert ("features", "features") in explained(cause)

    def test_one_without_a_reason_is_unexplained(self) -> None:
        cause = only(result("trigger", trigger("not-triggered")))

        assert (cause.code, cause.subject, cause.severity) == ("unexplained", "phase3_to_phase4", Severity.P0)
        assert "The reason was not found." in cause.sentence

    @pytest.mark.parametrize("code", ["not-triggered", "bypassed"])
    def test_the_flag_of_an_earlier_run_is_a_reason(self, code: str) -> None:
        cause = only(result("trigger", trigger(code, stale_trigger=True, triggered_at=DEPLOYED)), data("features"))

        assert (cause.code, cause.subject) == ("stale-trigger", "phase3_to_phase4")
        assert "10 Feb 02:13 EST" in cause.sentence

    def test_a_service_in_trouble_goes_before_the_flag_of_an_earlier_run(self) -> None:
        verdict = trigger("not-triggered", stale_trigger=True)

        assert codes(result("trigger", verdict), result("invoker", refused(THREE_TO_FOUR))) == [
            "invoker-removed-by-deploy"
        ]

    @pytest.mark.parametrize(("code", "stale"), [("not-triggered", False), ("not-started", True)])
    def test_it_is_none_where_nothing_waits_for_the_trigger(self, code: str, stale: bool) -> None:
        assert codes(result("trigger", trigger(code, stale_trigger=stale))) == ["unexplained"]

    def test_bypasses_of_one_date_are_one_cause(self) -> None:
        cause = only(result("trigger", trigger("bypassed"), trigger("bypassed", 4)))

        assert explained(cause) == {("trigger", "phase3_to_phase4"), ("trigger", "phase4_to_phase5")}

    def test_a_blocked_transition_is_not_hidden_behind_a_bypass(self) -> None:
        found = causes(result("trigger", trigger("bypassed"), trigger("not-triggered", 4)))

        assert [each.subject for each in found] == ["phase4_to_phase5", "phase3_to_phase4"]

    def test_one_cause_is_one_over_all_dates(self) -> None:
        found = causes(result("trigger", trigger("not-triggered"), trigger("not-triggered", day=SLATE)))

        assert [each.evidence["dates"] for each in found] == ["2026-02-10, 2026-02-11"]

    def test_what_was_triggered_is_not_explained_by_what_came_before(self) -> None:
        found = causes(data("coverage"), result("trigger", trigger("triggered-without-effect")))

        assert [each.code for each in found] == ["trigger-without-effect"]

    def test_a_phase_without_data_breaks_the_chain(self) -> None:
        missing = finding("data-missing", "phase3", Severity.P0, phase="phase3", day=NIGHT, effect_rows=0)

        cause = only(result("trigger", missing, trigger("not-started")), data("games-final"), data("coverage"))

        assert cause.subject == "games-final"
        assert len(cause.explains) == 4

    def test_a_reason_that_could_not_be_looked_up_is_not_called_unknown(self) -> None:
        cause = only(result("trigger", trigger("not-triggered")), unknown("invoker", THREE_TO_FOUR))

        assert cause.code == "unexplained"
        assert "the callers of three-to-four (Cloud Run denied)" in cause.sentence
        assert "not found" not in cause.sentence

    def test_a_reason_that_could_not_be_looked_up_elsewhere_does_not_matter(self) -> None:
        cause = only(result("trigger", trigger("not-triggered")), unknown("invoker", "worker"))

        assert "The reason was not found." in cause.sentence

    def test_a_check_that_broke_could_not_look_at_anything(self) -> None:
        cause = only(
            result("trigger", trigger("not-triggered")), unknown("invoker", "invoker", Crashed(error="KeyError"))
        )

        assert "the callers" in cause.sentence
        assert "not found" not in cause.sentence

    def test_a_data_check_that_could_not_look_is_named(self) -> None:
        cause = only(result("trigger", trigger("not-started")), unknown("games-final", "games-final"))

        assert "“games-final” (Cloud Run denied)" in cause.sentence

    def test_a_reason_that_was_found_is_told_with_what_could_not_be_ruled_out(self) -> None:
        cause = only(result("trigger", trigger("not-started")), data("games-final"), unknown("invoker", "analytics"))

        assert cause.code == "upstream-check"
        assert "the callers of analytics (Cloud Run denied)" in cause.sentence

    def test_a_run_of_some_checks_says_what_it_did_not_look_at(self) -> None:
        (cause,) = diagnose(PIPELINE, CHECKS, [result("trigger", trigger("not-triggered"))])

        assert "the callers (not part of this run)" in cause.sentence


class TestABrokenFlag:
    @pytest.mark.parametrize("code", WRONG_FLAGS)
    def test_it_is_a_note_and_never_an_outage(self, code: str) -> None:
        cause = only(result("trigger", trigger(code)))

        assert (cause.code, cause.severity) == ("broken-flag", Severity.P3)
        assert "the pipeline wrote its data" in cause.sentence

    def test_all_of_them_are_one_cause(self) -> None:
        verdicts = [trigger(code, source) for code, source in (("flag-not-set", 3), ("untracked", 4), ("no-record", 5))]

        assert len(only(result("trigger", *verdicts)).explains) == 3

    def test_it_explains_no_failed_data(self) -> None:
        assert explained(only(result("trigger", trigger("flag-not-set")), data("predictions"))) == {
            ("trigger", "phase3_to_phase4")
        }


def test_the_gravest_comes_first() -> None:
    found = causes(
        result("trigger", trigger("flag-not-set", 5)),
        result("service-traffic", finding("stale-revision", "raw")),
        result("invoker", refused("worker")),
    )

    assert [each.severity for each in found] == [Severity.P0, Severity.P1, Severity.P3]


def test_of_equals_what_blocks_comes_first() -> None:
    found = causes(
        result("invoker", refused("raw")), result("trigger", trigger("not-triggered", 5, last_good_trigger=None))
    )

    assert [each.code for each in found] == ["unexplained", "invoker-missing"]


def test_the_keys_name_the_findings() -> None:
    cause = only(result("trigger", trigger("flag-not-set")))

    assert cause.explains == (FindingKey("trigger", "phase3_to_phase4", NIGHT.name),)
