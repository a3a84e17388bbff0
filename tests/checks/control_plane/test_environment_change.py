"""The latest two revisions of a service are compared by the names of their variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.control_plane.environment_change import VariablesChange, change, environment_change, judge
from checks.facts import known
from checks.facts.control_plane import LATEST_REVISIONS, DeployedRevision, Redeploy, RevisionsFacts, first_after
from checks.model import Finding, Outcome, Severity
from checks.ports.services import SECRET, Revision
from checks.services_spec import ServiceSpec
from checks.source import SourceError
from tests import fakes

NAME = "live-export"
SPEC = ServiceSpec(name=NAME, environment=("API_KEY", "PROJECT"))
DEPLOYED = datetime(2026, 2, 22, 23, 5, tzinfo=UTC)
BEFORE = {"API_KEY": "very-secret", "PROJECT": "example", "LEVEL": "debug"}


def revision(number: int, environment: Mapping[str, str] | None = None) -> Revision:
    return Revision(
        name=f"{NAME}-{number:05}",
        service=NAME,
        created_at=DEPLOYED + timedelta(hours=number),
        created_by="builder@example.com",
        environment=environment or {},
    )


def judged(*environments: Mapping[str, str], spec: ServiceSpec = SPEC, failure: SourceError | None = None) -> Finding:
    """Judge a service by the variables of its revisions, the newest first."""
    latest = [revision(len(environments) - place, each) for place, each in enumerate(environments)]

    class Plane(fakes.FakeControlPlane):
        def revisions(self, service: str, limit: int) -> Sequence[Revision]:
            if failure is not None:
                raise failure
            return latest[:limit]

    world = fakes.ports(control_plane=Plane())
    (finding,) = fakes.run_check(environment_change, fakes.pipeline(services=(spec,)), world).findings
    assert finding.code in environment_change.codes or finding.code == "source-unavailable"
    return finding


def seen(finding: Finding) -> tuple[Outcome, Severity | None, str]:
    return finding.outcome, finding.severity, finding.code


@pytest.mark.parametrize(
    ("now", "severity", "code"),
    [
        pytest.param(BEFORE, None, "variables-kept", id="nothing changed"),
        pytest.param({**BEFORE, "NEW": "1"}, None, "variables-changed", id="added"),
        pytest.param({**BEFORE, "LEVEL": "info"}, None, "variables-changed", id="another value"),
        pytest.param({**BEFORE, "API_KEY": SECRET}, None, "variables-changed", id="moved to Secret Manager"),
        pytest.param({**BEFORE, "LEVEL": ""}, Severity.P2, "variable-lost", id="emptied"),
        pytest.param({"API_KEY": "x", "PROJECT": "y"}, Severity.P2, "variable-lost", id="removed"),
        pytest.param({**BEFORE, "API_KEY": " "}, Severity.P1, "required-variable-lost", id="a required one emptied"),
        pytest.param({"LEVEL": "debug"}, Severity.P1, "required-variable-lost", id="required ones removed"),
        pytest.param({}, Severity.P1, "required-variable-lost", id="all removed"),
    ],
)
def test_what_a_deploy_took_away_decides(now: Mapping[str, str], severity: Severity | None, code: str) -> None:
    expected = Outcome.FAILED if severity is not None else Outcome.PASSED

    assert seen(judged(now, BEFORE)) == (expected, severity, code)


@pytest.mark.parametrize(
    ("variable", "since", "code"),
    [
        pytest.param("API_KEY", timedelta(0), "required-variable-changed", id="just deployed"),
        pytest.param("API_KEY", timedelta(days=2), "required-variable-changed", id="at the limit"),
        pytest.param("API_KEY", timedelta(days=2, seconds=1), "variables-changed", id="just past it"),
        pytest.param("LEVEL", timedelta(0), "variables-changed", id="one that is not required"),
    ],
)
def test_another_value_of_a_required_variable_is_a_note_for_a_while(variable: str, since: timedelta, code: str) -> None:
    latest = revision(2, {**BEFORE, variable: "another-secret"})

    finding = judge(fakes.pipeline(), SPEC, [latest, revision(1, BEFORE)], latest.created_at + since)

    assert (finding.code, finding.severity) == (code, Severity.P3 if code == "required-variable-changed" else None)
    assert finding.evidence["changed"] == variable
    assert "secret" not in repr(finding)


def test_a_changed_value_of_a_service_that_a_phase_needs_is_watched() -> None:
    spec = SPEC.model_copy(update={"phase": "phase6"})
    newest, before = revision(1, {**BEFORE, "PROJECT": "another"}), revision(0, BEFORE)

    finding = judge(fakes.pipeline(services=(spec,)), spec, [newest, before], newest.created_at)

    assert seen(finding) == (Outcome.FAILED, Severity.P2, "required-variable-changed")


@pytest.mark.parametrize(
    ("now", "since", "severity", "code"),
    [
        pytest.param({"PROJECT": "y "}, timedelta(0), Severity.P1, "variable-misspelled", id="a required one"),
        pytest.param({"LEVEL": "'debug'"}, timedelta(0), Severity.P2, "variable-misspelled", id="another one"),
        pytest.param({"LEVEL": "DEBUG"}, timedelta(0), None, "variables-changed", id="the case of another one"),
        pytest.param({"PROJECT": "y "}, timedelta(days=3), None, "variables-changed", id="longer ago"),
    ],
)
def test_a_value_that_differs_where_nobody_sees_it_is_misspelled(
    now: Mapping[str, str], since: timedelta, severity: Severity | None, code: str
) -> None:
    before = {**BEFORE, "PROJECT": "y", "LEVEL": "debug"}
    latest = revision(2, {**before, **now})

    finding = judge(fakes.pipeline(), SPEC, [latest, revision(1, before)], latest.created_at + since)

    assert (finding.code, finding.severity) == (code, severity)
    assert severity is None or finding.evidence["misspelled"] == next(iter(now))
    assert "debug" not in finding.summary


def test_names_are_shown_and_values_never() -> None:
    finding = judged({"PROJECT": "", "NEW": "new-secret", "LEVEL": "other-secret"}, BEFORE)

    assert finding.evidence["removed"] == "API_KEY"
    assert finding.evidence["emptied"] == "PROJECT"
    assert finding.evidence["added"] == "NEW"
    assert finding.evidence["changed"] == "LEVEL"
    assert finding.evidence["required_lost"] == "API_KEY, PROJECT"
    assert "secret" not in repr(finding)


def test_which_deploy_it_was_is_said() -> None:
    finding = judged({}, BEFORE)

    assert f"{NAME}-00002, deployed 22 Feb 20:05 EST by builder@example.com" in finding.summary
    assert f"{NAME}-00001" in finding.summary


def test_only_the_latest_two_are_compared() -> None:
    assert judged(BEFORE, BEFORE, {**BEFORE, "OLD": "1"}).code == "variables-kept"


@pytest.mark.parametrize(
    ("environments", "outcome", "code"),
    [
        pytest.param([], Outcome.SKIPPED, "no-revision", id="none"),
        pytest.param([{}], Outcome.PASSED, "first-revision", id="one"),
    ],
)
def test_it_takes_two_to_compare(environments: list[dict[str, str]], outcome: Outcome, code: str) -> None:
    assert seen(judged(*environments)) == (outcome, None, code)


def test_a_secret_that_the_file_names_is_bound_again_and_a_value_is_left_to_people() -> None:
    spec = SPEC.model_copy(update={"secrets": {"API_KEY": "live-export-key", "TOKEN": "token:3"}})

    action = judged({"LEVEL": "debug"}, {**BEFORE, "TOKEN": SECRET}, spec=spec).action

    assert action is not None
    assert action.command == (
        f"gcloud run services update {NAME} --region=us-west2 --project=example-project "
        "--update-secrets=API_KEY=live-export-key:latest,TOKEN=token:3 --update-env-vars=PROJECT=VALUE"
    )
    assert f"{NAME}-00001" in action.text


def test_an_empty_literal_makes_way_before_a_secret_is_bound() -> None:
    spec = SPEC.model_copy(update={"secrets": {"API_KEY": "live-export-key"}})

    action = judged({**BEFORE, "API_KEY": ""}, BEFORE, spec=spec).action

    assert action is not None
    first, second = (action.command or "").splitlines()
    assert first.endswith("--remove-env-vars=API_KEY")
    assert second.endswith("--update-secrets=API_KEY=live-export-key:latest")


@pytest.mark.parametrize(("spec", "severity"), [(SPEC, Severity.P1), (ServiceSpec(name=NAME), Severity.P2)])
def test_cloud_run_that_is_down_is_as_loud_as_what_it_may_hide(spec: ServiceSpec, severity: Severity) -> None:
    finding = judged({}, spec=spec, failure=fakes.down("Cloud Run"))

    assert seen(finding) == (Outcome.UNKNOWN, severity, "source-unavailable")


def test_an_optional_service_is_never_a_failure() -> None:
    assert judged({}, BEFORE, spec=SPEC.model_copy(update={"optional": True})).code == "optional-service"


def test_no_service_is_not_configured() -> None:
    assert [each.code for each in fakes.run_check(environment_change).findings] == ["not-configured"]


@given(
    before=st.dictionaries(st.sampled_from("ABCDE"), st.sampled_from(["", " ", "1", "2"])),
    now=st.dictionaries(st.sampled_from("ABCDE"), st.sampled_from(["", " ", "1", "2"])),
)
def test_every_variable_is_in_one_group_at_most_and_lost_exactly_when_its_value_is_gone(
    before: dict[str, str], now: dict[str, str]
) -> None:
    found = change(before, now)
    groups = [found.removed, found.emptied, found.added, found.changed]

    assert sum(map(len, groups)) == len({name for group in groups for name in group})
    assert set(found.lost) == {name for name in before if before[name].strip() and not now.get(name, "").strip()}


def test_the_same_variables_are_no_change() -> None:
    assert change(BEFORE, dict(BEFORE)) == VariablesChange()


def deployed(number: int) -> DeployedRevision:
    full = revision(number)
    return DeployedRevision(name=full.name, created_at=full.created_at, created_by=full.created_by)


class TestFirstRevisionAfter:
    REVISIONS = tuple(deployed(number) for number in (9, 7, 5))

    @pytest.mark.parametrize(
        ("hours", "expected", "later"),
        [
            pytest.param(4, 5, 2, id="before all"),
            pytest.param(5, 7, 1, id="at one of them"),
            pytest.param(8, 9, 0, id="before the last"),
        ],
    )
    def test_is_the_earliest_that_came_later(self, hours: int, expected: int, later: int) -> None:
        found = first_after(self.REVISIONS, DEPLOYED + timedelta(hours=hours))

        assert found == Redeploy(
            revision=f"{NAME}-{expected:05}",
            at=DEPLOYED + timedelta(hours=expected),
            by="builder@example.com",
            later=later,
        )

    def test_is_none_when_nothing_was_deployed_since(self) -> None:
        assert first_after(self.REVISIONS, DEPLOYED + timedelta(hours=9)) is None
        assert first_after((), DEPLOYED) is None

    @pytest.mark.parametrize(("hours", "certain"), [(0, False), (1, True)])
    def test_is_not_certain_when_earlier_revisions_may_have_followed_as_well(self, hours: int, certain: bool) -> None:
        latest = [deployed(number) for number in range(LATEST_REVISIONS, 0, -1)]

        found = first_after(latest, DEPLOYED + timedelta(hours=hours))

        assert found is not None
        assert found.certain is certain

    def test_is_found_in_the_facts_of_the_check(self) -> None:
        facts = known(judged(BEFORE, BEFORE).facts, RevisionsFacts)
        assert facts is not None

        found = first_after(facts.revisions, DEPLOYED + timedelta(hours=1))

        assert found is not None
        assert found.revision == f"{NAME}-00002"


@pytest.mark.parametrize(("year", "said"), [(2026, "23 Feb 01:05"), (2027, "23 Feb 2026 01:05")], ids=["same", "other"])
def test_a_deploy_of_another_year_is_told_with_its_year(year: int, said: str) -> None:
    finding = judge(
        fakes.pipeline(timezone="UTC"), SPEC, [revision(2), revision(1, BEFORE)], DEPLOYED.replace(year=year)
    )

    assert f"deployed {said} UTC" in finding.summary
