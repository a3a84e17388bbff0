"""Triggers and their latest builds are judged, together with the commits that they lack."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from checks.control_plane.build_state import BROKEN, RUNNING, STARTING, BuildVerdict, of_commits, unbuilt
from checks.control_plane.builds import BuildSeen, builds, finding_of
from checks.control_plane_spec import Deployment
from checks.model import Finding, Outcome, Severity
from checks.ports.builds import Build, BuildTrigger
from checks.ports.repository import Commit
from checks.services_spec import ServiceSpec
from checks.source import SourceError
from tests import fakes
from tests.platform_fakes import FakeBuilds, FakeRepository, ports

SPEC = ServiceSpec(name="worker", phase="phase5", source=("predictions/worker", "shared"))
TRIGGER = BuildTrigger(id="1", name="deploy-worker", location="us-west2")


def commit(hours: float, *files: str, author: str = "Ada Example") -> Commit:
    """A commit made so many hours before the morning."""
    return Commit(
        id=f"{int(hours * 60):07d}{'b' * 33}",
        at=fakes.MORNING - timedelta(hours=hours),
        author=author,
        subject="Change something",
        files=files,
    )


def build(hours: float = 5, status: str = "SUCCESS", **changes: Any) -> Build:
    described: dict[str, Any] = {
        "id": "b-1",
        "trigger": "1",
        "status": status,
        "commit": commit(6).id,
        "created_at": fakes.MORNING - timedelta(hours=hours),
        "log_url": "https://example.com/log",
        "by": "builder@example.com",
    }
    return Build(**{**described, **changes})


QUIET = (commit(6, "shared/a.py"),)
"""A branch on which nothing happened since the build."""


def findings(
    triggers: Sequence[BuildTrigger] | SourceError = (TRIGGER,),
    recent: Sequence[Build] | SourceError = (),
    repository: FakeRepository | None = None,
    *,
    specs: Sequence[ServiceSpec] = (SPEC,),
    deployment: Deployment | None = None,
) -> list[Finding]:
    described = fakes.pipeline(services=tuple(specs), deployment=deployment or Deployment())
    world = ports(builds=FakeBuilds(triggers, recent), repository=repository)
    result = fakes.run_check(builds, described, world)
    assert all(
        each.code in builds.codes or each.code in ("source-unavailable", "not-configured") for each in result.findings
    )
    return list(result.findings)


def only(found: Sequence[Finding]) -> Finding:
    (finding,) = found
    return finding


def seen(finding: Finding) -> tuple[Outcome, Severity | None, str]:
    return finding.outcome, finding.severity, finding.code


@pytest.mark.parametrize(
    ("status", "outcome", "severity", "code"),
    [
        ("SUCCESS", Outcome.PASSED, None, "build-succeeded"),
        *((status, Outcome.WAITING, None, "build-running") for status in RUNNING),
        *((status, Outcome.FAILED, Severity.P1, "build-failed") for status in BROKEN),
        ("CANCELLED", Outcome.FAILED, Severity.P2, "build-cancelled"),
        ("STATUS_UNKNOWN", Outcome.UNKNOWN, Severity.P1, "status-not-known"),
        ("SOMETHING_NEW", Outcome.UNKNOWN, Severity.P1, "status-not-known"),
    ],
)
def test_the_latest_build_decides(status: str, outcome: Outcome, severity: Severity | None, code: str) -> None:
    older = build(9, "FAILURE" if status == "SUCCESS" else "SUCCESS", id="b-0")

    finding = only(findings(recent=[older, build(5, status)], repository=FakeRepository(QUIET)))

    assert seen(finding) == (outcome, severity, code)
    assert (finding.subject, finding.phase) == ("worker", "phase5")
    assert (finding.evidence["status"], finding.evidence["build"]) == (status, "b-1")


@pytest.mark.parametrize("status", RUNNING)
@pytest.mark.parametrize(
    ("hours", "code"),
    [pytest.param(24, "build-running", id="at the limit"), pytest.param(24.1, "build-stuck", id="just past it")],
)
def test_a_build_is_not_waited_for_for_ever(status: str, hours: float, code: str) -> None:
    finding = only(findings(recent=[build(hours + 9), build(hours, status)]))

    assert (finding.code, finding.severity) == (code, Severity.P2 if code == "build-stuck" else None)


def test_a_failed_build_shows_its_reason_its_log_and_how_to_build_again() -> None:
    finding = only(findings(recent=[build(status="FAILURE", detail="step 3 failed")]))

    assert "step 3 failed" in finding.summary
    assert finding.link == "https://example.com/log"
    assert finding.evidence["built_by"] == "builder@example.com"
    assert finding.action is not None
    assert finding.action.command == (
        "gcloud builds triggers run deploy-worker --branch=main --region=us-west2 --project=example-project"
    )


def test_a_build_of_another_trigger_is_not_this_ones() -> None:
    finding = only(findings(recent=[build(status="FAILURE", trigger="2")], repository=FakeRepository([commit(900)])))

    assert finding.code == "nothing-to-build"


class TestTriggers:
    def test_that_is_missing_is_a_finding_for_a_service_with_folders(self) -> None:
        finding = only(findings([]))

        assert seen(finding) == (Outcome.FAILED, Severity.P2, "trigger-missing")
        assert finding.action is not None
        assert finding.action.command is None

    def test_that_is_missing_is_a_finding_where_the_file_names_it(self) -> None:
        finding = only(findings(specs=[ServiceSpec(name="worker", trigger="release-worker")]))

        assert finding.code == "trigger-missing"
        assert "release-worker" in finding.summary

    def test_that_nobody_owes_is_no_finding(self) -> None:
        assert only(findings([], specs=[ServiceSpec(name="worker")])).code == "not-configured"

    def test_that_exists_is_judged_also_without_folders(self) -> None:
        found = findings(recent=[build(status="FAILURE")], specs=[ServiceSpec(name="worker")])

        assert only(found).code == "build-failed"

    def test_that_is_disabled_is_a_finding(self) -> None:
        disabled = BuildTrigger(id="1", name="deploy-worker", disabled=True)

        assert seen(only(findings([disabled], [build()]))) == (Outcome.FAILED, Severity.P2, "trigger-disabled")

    def test_that_is_disabled_and_failed_failed(self) -> None:
        disabled = BuildTrigger(id="1", name="deploy-worker", disabled=True)

        assert only(findings([disabled], [build(status="TIMEOUT")])).code == "build-failed"

    def test_of_two_with_one_name_the_one_that_works_counts(self) -> None:
        old = BuildTrigger(id="0", name="deploy-worker", disabled=True)

        for triggers in ([old, TRIGGER], [TRIGGER, old]):
            assert only(findings(triggers, [build()])).code == "build-succeeded"

    def test_are_found_by_the_files_own_pattern(self) -> None:
        named = BuildTrigger(id="1", name="ship-worker-prod")
        pattern = Deployment(trigger="ship-{service}-prod")

        assert only(findings([named], [build()], deployment=pattern)).code == "build-succeeded"


class TestCommits:
    def test_that_changed_the_services_files_after_the_built_one_are_a_stale_build(self) -> None:
        late = (commit(2, "shared/b.py"), commit(3, "elsewhere/c.py"), *QUIET)

        finding = only(findings(recent=[build()], repository=FakeRepository(late)))

        assert seen(finding) == (Outcome.FAILED, Severity.P1, "stale-commit")
        assert finding.evidence["behind"] == 1
        assert finding.evidence["behind_since"] == late[0].at
        assert finding.evidence["authors"] == "Ada Example"
        assert str(finding.evidence["commits"]).startswith("0000120bb 11 Feb 06:00 EST")

    def test_of_a_new_build_on_an_old_commit_are_a_stale_build_as_well(self) -> None:
        branch = (*(commit(24 * day, "predictions/worker/main.py") for day in range(1, 14)), commit(24 * 14))

        finding = only(findings(recent=[build(1, commit=branch[-1].id)], repository=FakeRepository(branch)))

        assert (finding.code, finding.evidence["behind"]) == ("stale-commit", 13)

    @pytest.mark.parametrize("file", ["elsewhere/c.py", "shared/README.md", "docs/shared/a.txt"])
    def test_on_other_files_and_on_documentation_do_not_count(self, file: str) -> None:
        assert (
            only(findings(recent=[build()], repository=FakeRepository((commit(2, file), *QUIET)))).code
            == "build-succeeded"
        )

    @pytest.mark.parametrize(
        ("minutes", "code"),
        [
            pytest.param(STARTING.total_seconds() / 60 - 1, "build-due", id="just within"),
            pytest.param(STARTING.total_seconds() / 60, "stale-commit", id="at the limit"),
            pytest.param(-24 * 60 * 365, "stale-commit", id="by a clock that is a year ahead"),
        ],
    )
    def test_that_were_pushed_just_now_are_given_time(self, minutes: float, code: str) -> None:
        late = (commit(minutes / 60, "shared/b.py"), *QUIET)

        finding = only(findings(recent=[build()], repository=FakeRepository(late)))

        assert finding.code == code

    def test_that_the_repository_does_not_know_are_a_finding(self) -> None:
        finding = only(findings(recent=[build(commit="beefbee")], repository=FakeRepository(QUIET)))

        assert seen(finding) == (Outcome.FAILED, Severity.P2, "commit-unknown")

    def test_are_not_asked_for_when_the_build_has_none(self) -> None:
        repository = FakeRepository(QUIET)

        assert only(findings(recent=[build(commit="")], repository=repository)).code == "build-succeeded"
        assert repository.asked == ["head"]

    @pytest.mark.parametrize(("file", "code"), [("shared/a.py", "not-built"), ("elsewhere/a.py", "nothing-to-build")])
    def test_decide_when_nothing_was_built_for_long(self, file: str, code: str) -> None:
        repository = FakeRepository((commit(24, file), commit(24 * 30, "shared/a.py")))

        assert only(findings(repository=repository)).code == code

    def test_are_asked_for_once_for_each_built_commit(self) -> None:
        repository = FakeRepository((commit(2, "shared/b.py"), *QUIET))
        triggers = [BuildTrigger(id=str(number), name=f"deploy-service-{number}") for number in range(5)]
        specs = [ServiceSpec(name=f"service-{number}", source=("shared",)) for number in range(5)]

        found = findings(triggers, [build(trigger=str(number)) for number in range(5)], repository, specs=specs)

        assert [each.code for each in found] == ["stale-commit"] * 5
        assert sorted(repository.asked) == ["head", f"since {commit(6).id}"]


class TestUnbuilt:
    WATCHED = BuildTrigger(id="1", name="x", included=("worker/**", "*.toml"), ignored=("worker/tests/**",))

    @pytest.mark.parametrize(
        ("file", "folders", "owed"),
        [
            pytest.param("worker/main.py", (), True, id="watched"),
            pytest.param("pyproject.toml", (), True, id="watched by its ending"),
            pytest.param("other/main.py", (), False, id="not watched"),
            pytest.param("worker/tests/test.py", (), False, id="ignored"),
            pytest.param("worker/README.md", (), False, id="documentation"),
            pytest.param("shared/a.py", ("shared",), True, id="the files folders come first"),
            pytest.param("worker/main.py", ("shared",), False, id="watched but not the services"),
            pytest.param("worker/tests/test.py", ("worker",), False, id="ignored in the folders"),
        ],
    )
    def test_names_the_commits_that_owe_a_build(self, file: str, folders: tuple[str, ...], owed: bool) -> None:
        assert bool(unbuilt([commit(1, file)], self.WATCHED, folders, ["*.md"])) is owed

    def test_takes_every_file_where_nothing_is_named(self) -> None:
        plain = BuildTrigger(id="1", name="x")

        assert unbuilt([commit(1, "anything"), commit(2, "README.md")], plain, (), ["*.md"]) == (commit(1, "anything"),)


class TestSources:
    def test_cloud_build_that_is_down_is_unknown(self) -> None:
        assert seen(only(findings(fakes.down("Cloud Build")))) == (Outcome.UNKNOWN, Severity.P1, "source-unavailable")

    def test_builds_that_cannot_be_listed_are_unknown(self) -> None:
        found = findings(recent=fakes.down("Cloud Build"))

        assert seen(only(found)) == (Outcome.UNKNOWN, Severity.P1, "source-unavailable")

    def test_a_repository_that_is_down_is_said_once_and_builds_are_judged_all_the_same(self) -> None:
        repository = FakeRepository(QUIET, failures={"head": fakes.down("the repository")})
        other = BuildTrigger(id="2", name="deploy-other")
        specs = (SPEC, ServiceSpec(name="other", source=("shared",)))

        found = findings([TRIGGER, other], [build(), build(status="FAILURE", trigger="2")], repository, specs=specs)

        assert [(each.subject, each.code) for each in found] == [
            ("repository", "source-unavailable"),
            ("worker", "build-succeeded"),
            ("other", "build-failed"),
        ]

    def test_one_comparison_that_fails_costs_its_service_alone(self) -> None:
        repository = FakeRepository(QUIET, failures={f"since {commit(6).id}": fakes.down("the repository")})
        other = BuildTrigger(id="2", name="deploy-other")
        specs = (SPEC, ServiceSpec(name="other", source=("shared",)))

        found = findings([TRIGGER, other], [build(), build(status="FAILURE", trigger="2")], repository, specs=specs)

        assert [each.code for each in found] == ["source-unavailable", "build-failed"]

    def test_no_section_and_no_cloud_build_are_not_configured(self) -> None:
        without_section = fakes.run_check(builds, fakes.pipeline(services=(SPEC,)), ports(builds=FakeBuilds()))
        without_source = fakes.run_check(builds, fakes.pipeline(services=(SPEC,), deployment=Deployment()), ports())

        for result in (without_section, without_source):
            assert [each.code for each in result.findings] == ["not-configured"]

    def test_an_optional_service_is_never_a_failure(self) -> None:
        optional = SPEC.model_copy(update={"optional": True})

        assert only(findings([], specs=[optional])).code == "optional-service"


def test_no_commit_missing_passes_whatever_the_time() -> None:
    assert of_commits(build(), [], commit(0), fakes.MORNING).code == "build-succeeded"


@pytest.mark.parametrize(("year", "said"), [(2026, "11 Feb"), (2027, "11 Feb 2026")], ids=["same year", "another"])
def test_builds_and_commits_of_another_year_are_told_with_their_year(year: int, said: str) -> None:
    late = commit(2, "shared/b.py")
    lacking = BuildSeen(name="deploy-worker", trigger=TRIGGER, build=build(), lacking=(late,), head=late)
    stale = BuildVerdict(code="stale-commit", outcome=Outcome.FAILED, severity=Severity.P1)

    finding = finding_of(fakes.pipeline(), SPEC, lacking, stale, year)

    assert finding.summary.count(f"{said} ") == 2
    assert f"{said} " in str(finding.evidence["commits"])
