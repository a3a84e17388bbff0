"""What runs is compared with what the repository holds, folder by folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.control_plane.drift import drift
from checks.control_plane.drift_state import DeployedCommit, deployed, distance
from checks.control_plane.touched import Touched, lies_in, touched
from checks.control_plane_spec import Deployment
from checks.model import Finding, Outcome, Severity
from checks.ports.builds import BuildTrigger
from checks.ports.repository import Commit
from checks.ports.services import SECRET, Service
from checks.reads import ReadCache
from checks.runner import Run, run_checks
from checks.services_spec import ServiceSpec
from checks.source import Problem, SourceError
from tests import fakes
from tests.platform_fakes import FakeBuilds, FakeRepository, ports

NAME = "prediction-worker"
SPEC = ServiceSpec(name=NAME, phase="phase5", source=("predictions/worker", "shared"))
OTHER = ServiceSpec(name="prediction-coordinator", phase="phase5", source=("predictions/coordinator", "shared"))
DEPLOYMENT = Deployment(repository="example/platform")
TRIGGER = BuildTrigger(id="1", name=f"deploy-{NAME}", location="us-west2")


def commit(number: int, *files: str) -> Commit:
    """A commit made ``number`` hours before the morning; its id begins with its number."""
    return Commit(
        id=f"{number:07d}{'a' * 33}",
        at=fakes.MORNING - timedelta(hours=number),
        author="Ada Example",
        subject=f"Commit {number}",
        files=files,
    )


def history(count: int, *files: str, deployed_files: Sequence[str] = ("predictions/worker/main.py",)) -> list[Commit]:
    """So many commits on the files, the newest first, and the one before them, which is deployed."""
    return [*(commit(number, *files) for number in range(1, count + 1)), commit(count + 1, *deployed_files)]


def service(name: str = NAME, **changes: Any) -> Service:
    described: dict[str, Any] = {
        "name": name,
        "ready": True,
        "latest_created_revision": f"{name}-00042",
        "latest_ready_revision": f"{name}-00042",
        "traffic": {f"{name}-00042": 100},
        "deployed_at": fakes.MORNING - timedelta(hours=6),
        "deployed_by": "builder@example.com",
    }
    return Service(**{**described, **changes})


def labelled(at: Commit, name: str = NAME) -> Service:
    return service(name, labels={"commit-sha": at.id})


def findings(
    repository: FakeRepository | None,
    *states: Service | SourceError,
    specs: Sequence[ServiceSpec] = (SPEC,),
    deployment: Deployment | None = DEPLOYMENT,
    builds: FakeBuilds | None = None,
) -> list[Finding]:
    described = fakes.pipeline(services=tuple(specs), deployment=deployment)
    known: Mapping[str, Service | SourceError] = {spec.name: state for spec, state in zip(specs, states, strict=False)}
    world = fakes.ports(control_plane=fakes.FakeControlPlane(known))
    result = fakes.run_check(drift, described, ports(world, repository=repository, builds=builds))
    assert all(
        each.code in drift.codes or each.code in ("source-unavailable", "not-configured") for each in result.findings
    )
    return list(result.findings)


def only(found: Sequence[Finding]) -> Finding:
    (finding,) = found
    return finding


def seen(finding: Finding) -> tuple[Outcome, Severity | None, str]:
    return finding.outcome, finding.severity, finding.code


@pytest.mark.parametrize(
    ("count", "severity", "code"),
    [
        pytest.param(0, None, "up-to-date", id="none behind"),
        pytest.param(1, Severity.P2, "behind", id="1 is the first that counts"),
        pytest.param(2, Severity.P2, "behind", id="2 is the last P2"),
        pytest.param(3, Severity.P1, "behind", id="3 is the first P1"),
        pytest.param(5, Severity.P1, "behind", id="5 is the last P1"),
        pytest.param(6, Severity.P0, "behind", id="6 is the first P0"),
        pytest.param(40, Severity.P0, "behind", id="40"),
    ],
)
def test_the_number_of_commits_decides(count: int, severity: Severity | None, code: str) -> None:
    commits = history(count, "predictions/worker/main.py")

    finding = only(findings(FakeRepository(commits), labelled(commits[-1])))

    assert seen(finding) == (Outcome.FAILED if severity is not None else Outcome.PASSED, severity, code)
    assert finding.evidence["behind"] == count


def test_a_file_that_tolerates_more_is_obeyed() -> None:
    commits = history(2, "shared/model.py")
    patient = Deployment(watch=3, act=4, block=5)

    finding = only(findings(FakeRepository(commits), labelled(commits[-1]), deployment=patient))

    assert seen(finding) == (Outcome.PASSED, None, "tolerated")


def test_the_evidence_says_which_commits_who_and_when() -> None:
    commits = history(7, "shared/model.py")

    evidence = only(findings(FakeRepository(commits), labelled(commits[-1]))).evidence

    assert (evidence["commit"], evidence["basis"], evidence["head"]) == (commits[-1].id, "label", commits[0].id)
    assert evidence["authors"] == "Ada Example"
    assert evidence["behind_since"] == commits[6].at
    assert "0000001aa 11 Feb 07:00 EST Ada Example: Commit 1" in str(evidence["commits"])
    assert str(evidence["commits"]).endswith("and 2 more")
    assert evidence["deployed_by"] == "builder@example.com"


def test_commits_on_other_folders_do_not_count() -> None:
    commits = history(9, "predictions/coordinator/main.py", "predictions/worker_tools/main.py")

    assert only(findings(FakeRepository(commits), labelled(commits[-1]))).code == "up-to-date"


def test_each_service_is_judged_by_its_own_folders() -> None:
    commits = history(3, "predictions/coordinator/main.py")

    found = findings(
        FakeRepository(commits), labelled(commits[-1]), labelled(commits[-1], OTHER.name), specs=(SPEC, OTHER)
    )

    assert [(each.subject, each.code) for each in found] == [(NAME, "up-to-date"), (OTHER.name, "behind")]


def test_documentation_alone_is_a_note() -> None:
    commits = history(8, "predictions/worker/README.md", "docs/predictions.txt")

    assert seen(only(findings(FakeRepository(commits), labelled(commits[-1])))) == (
        Outcome.FAILED,
        Severity.P3,
        "documentation-behind",
    )


def test_a_commit_on_code_and_documentation_is_one_on_code() -> None:
    commits = history(1, "predictions/worker/README.md", "predictions/worker/main.py")

    assert only(findings(FakeRepository(commits), labelled(commits[-1]))).code == "behind"


def test_documentation_of_another_folder_is_nothing_at_all() -> None:
    commits = history(3, "README.md")

    assert only(findings(FakeRepository(commits), labelled(commits[-1]))).code == "up-to-date"


class TestDeployedCommit:
    def test_is_the_label_before_the_variable(self) -> None:
        state = service(labels={"commit-sha": "ABCDEF1"}, environment={"BUILD_COMMIT": "1234567"})

        assert deployed(state) == DeployedCommit(commit="abcdef1", at=state.deployed_at, basis="label")

    @pytest.mark.parametrize("label", [None, "", "unknown", "main", "dead", "HEAD"])
    def test_is_the_variable_where_the_label_says_nothing(self, label: str | None) -> None:
        labels = {"commit-sha": label} if label is not None else {}
        state = service(labels=labels, environment={"BUILD_COMMIT": " 1234567 "})

        assert (deployed(state).commit, deployed(state).basis) == ("1234567", "variable")

    @pytest.mark.parametrize("variable", ["", SECRET, "latest"])
    def test_is_known_by_time_alone_where_neither_says_anything(self, variable: str) -> None:
        state = service(environment={"BUILD_COMMIT": variable})

        assert deployed(state) == DeployedCommit(at=state.deployed_at, basis="time")

    def test_known_by_time_lacks_what_was_committed_after_the_deploy(self) -> None:
        commits = history(8, "shared/model.py")

        finding = only(findings(FakeRepository(commits), service()))

        assert seen(finding) == (Outcome.FAILED, Severity.P1, "behind")
        assert (finding.evidence["behind"], finding.evidence["basis"]) == (5, "time")

    def test_by_time_is_up_to_date_when_the_last_commit_is_older(self) -> None:
        late = service(deployed_at=fakes.MORNING)

        assert only(findings(FakeRepository(history(3, "shared/model.py")), late)).code == "up-to-date"

    def test_that_nothing_tells_is_a_finding(self) -> None:
        finding = only(findings(FakeRepository(history(3, "shared/a")), service(deployed_at=None)))

        assert seen(finding) == (Outcome.FAILED, Severity.P2, "commit-unstated")

    def test_that_the_repository_does_not_know_is_a_finding(self) -> None:
        finding = only(findings(FakeRepository(history(3, "shared/a")), service(labels={"commit-sha": "beefbee"})))

        assert seen(finding) == (Outcome.FAILED, Severity.P2, "commit-unknown")
        assert "beefbee" in finding.summary


class TestMissingFolders:
    def test_are_an_error_and_not_up_to_date(self) -> None:
        commits = history(0)
        repository = FakeRepository(commits, missing=["predictions/worker"])

        finding = only(findings(repository, labelled(commits[-1])))

        assert seen(finding) == (Outcome.FAILED, Severity.P2, "source-missing")
        assert finding.evidence["missing"] == "predictions/worker"

    @pytest.mark.parametrize(
        ("count", "code"), [pytest.param(2, "source-missing", id="quieter"), pytest.param(3, "behind", id="louder")]
    )
    def test_do_not_hide_a_louder_drift_of_the_others(self, count: int, code: str) -> None:
        commits = history(count, "shared/a.py")
        repository = FakeRepository(commits, missing=["predictions/worker"])

        finding = only(findings(repository, labelled(commits[-1])))

        assert finding.code == code
        assert finding.evidence["missing"] == "predictions/worker"


class TestSources:
    def test_a_repository_that_is_down_is_said_once(self) -> None:
        down = fakes.down("the repository")
        repository = FakeRepository(history(1), failures={"head": down})

        finding = only(findings(repository, service(), service(OTHER.name), specs=(SPEC, OTHER)))

        assert seen(finding) == (Outcome.UNKNOWN, Severity.P0, "source-unavailable")
        assert finding.subject == "repository"

    def test_one_comparison_that_fails_costs_its_service_alone(self) -> None:
        commits = history(1, "shared/a.py")
        repository = FakeRepository(commits, failures={f"since {commits[0].id}": fakes.down("the repository")})

        found = findings(repository, labelled(commits[0]), labelled(commits[1], OTHER.name), specs=(SPEC, OTHER))

        assert [each.code for each in found] == ["source-unavailable", "behind"]

    def test_a_folder_that_cannot_be_looked_up_costs_its_services_alone(self) -> None:
        commits = history(1, "shared/a.py")
        repository = FakeRepository(commits, failures={"path predictions/worker": fakes.down("the repository")})

        found = findings(repository, labelled(commits[0]), labelled(commits[1], OTHER.name), specs=(SPEC, OTHER))

        assert [each.code for each in found] == ["source-unavailable", "behind"]

    def test_a_service_that_is_not_there_is_missing(self) -> None:
        assert only(findings(FakeRepository(history(1)))).code == "service-missing"

    def test_cloud_run_that_is_down_is_unknown(self) -> None:
        finding = only(findings(FakeRepository(history(1)), fakes.down("Cloud Run", Problem.DENIED)))

        assert seen(finding) == (Outcome.UNKNOWN, Severity.P0, "source-unavailable")

    def test_an_optional_service_is_never_a_failure(self) -> None:
        commits = history(9, "shared/a.py")
        optional = SPEC.model_copy(update={"optional": True})

        finding = only(findings(FakeRepository(commits), labelled(commits[-1]), specs=(optional,)))

        assert seen(finding) == (Outcome.SKIPPED, None, "optional-service")

    @pytest.mark.parametrize(
        ("repository", "specs", "deployment"),
        [
            pytest.param(None, (SPEC,), DEPLOYMENT, id="no repository"),
            pytest.param(FakeRepository(history(1)), (SPEC,), None, id="no section"),
            pytest.param(FakeRepository(history(1)), (ServiceSpec(name=NAME),), DEPLOYMENT, id="no folders"),
            pytest.param(FakeRepository(history(1)), (), DEPLOYMENT, id="no service"),
        ],
    )
    def test_nothing_to_compare_is_not_configured(
        self, repository: FakeRepository | None, specs: Sequence[ServiceSpec], deployment: Deployment | None
    ) -> None:
        found = findings(repository, service(), specs=specs, deployment=deployment)

        assert seen(only(found)) == (Outcome.SKIPPED, None, "not-configured")

    def test_commits_are_asked_for_once_for_each_commit_and_once_for_all_times(self) -> None:
        commits = history(4, "shared/a.py")
        repository = FakeRepository(commits)
        specs = [SPEC.model_copy(update={"name": f"service-{number}"}) for number in range(6)]
        states = [
            *(labelled(commits[2], spec.name) for spec in specs[:3]),
            labelled(commits[1], specs[3].name),
            *(
                service(spec.name, deployed_at=fakes.MORNING - timedelta(hours=2 + n))
                for n, spec in enumerate(specs[4:])
            ),
        ]

        found = findings(repository, *states, specs=specs)

        assert [each.evidence["behind"] for each in found] == [2, 2, 2, 1, 1, 2]
        assert sorted(repository.asked) == sorted(
            [
                "head",
                "path predictions/worker",
                "path shared",
                f"since {commits[1].id}",
                f"since {commits[2].id}",
                f"after {(fakes.MORNING - timedelta(hours=3)).isoformat()}",
            ]
        )


class TestRepair:
    def test_runs_the_services_trigger_where_it_is(self) -> None:
        commits = history(3, "shared/a.py")

        action = only(findings(FakeRepository(commits), labelled(commits[-1]), builds=FakeBuilds([TRIGGER]))).action

        assert action is not None
        assert action.command == (
            "gcloud builds triggers run deploy-prediction-worker --branch=main --region=us-west2 "
            "--project=example-project"
        )

    @pytest.mark.parametrize("builds", [None, FakeBuilds(), FakeBuilds(fakes.down("Cloud Build"))])
    def test_names_no_command_where_there_is_no_trigger(self, builds: FakeBuilds | None) -> None:
        commits = history(3, "shared/a.py")

        finding = only(findings(FakeRepository(commits), labelled(commits[-1]), builds=builds))

        assert finding.code == "behind"
        assert finding.action is not None
        assert finding.action.command is None


@given(code=st.integers(0, 30), words=st.integers(0, 3), steps=st.lists(st.integers(1, 20), min_size=3, max_size=3))
def test_more_commits_are_never_quieter(code: int, words: int, steps: list[int]) -> None:
    watch, act, block = sorted(steps)
    bounds = Deployment(watch=watch, act=act, block=block)

    def loudness(count: int) -> int:
        behind = Touched(code=(commit(1, "a"),) * count, documentation=(commit(1, "a"),) * words)
        severity = distance(behind, bounds)[1]
        return 9 if severity is None else int(severity)

    assert (loudness(code) <= Severity.P2) == (code >= watch)
    if code >= watch:
        assert loudness(code + 1) <= loudness(code)


@pytest.mark.parametrize(
    ("file", "folders", "inside"),
    [
        ("shared/a.py", ["shared"], True),
        ("shared/a.py", ["shared/"], True),
        ("shared/a.py", ["./shared"], True),
        ("shared", ["shared"], True),
        ("shared_tools/a.py", ["shared"], False),
        ("lib/shared/a.py", ["shared"], False),
        ("anything", ["."], True),
        ("anything", [], False),
    ],
)
def test_a_file_lies_in_a_folder_or_not(file: str, folders: list[str], inside: bool) -> None:
    assert lies_in(file, folders) is inside


def test_a_commit_without_files_touches_nothing() -> None:
    assert touched([commit(1)], ["."], []) == Touched(code=(), documentation=())


def test_no_question_waits_for_more_than_one_other() -> None:
    commits = history(4, "shared/a.py")
    specs = tuple(SPEC.model_copy(update={"name": f"service-{number}"}) for number in range(8))
    states = {spec.name: labelled(commits[number % 4], spec.name) for number, spec in enumerate(specs)}
    described = fakes.pipeline(services=specs, deployment=DEPLOYMENT)
    world = ports(
        fakes.ports(control_plane=fakes.FakeControlPlane(states)),
        repository=FakeRepository(commits),
        builds=FakeBuilds([TRIGGER]),
    )
    run = Run(pipeline=described, now=fakes.MORNING, previous=fakes.NIGHT, current=fakes.NIGHT)
    cache = ReadCache(described.limits)

    list(run_checks([drift], run, world, cache))
    cache.close()

    depths = {record.key: record.depth for record in cache.records}
    assert max(depths.values()) == 2
    assert depths["head"] == depths["path shared"] == depths["triggers"] == 1
