"""Addresses in variables: those of this project must lead to something, and values are never shown."""

from __future__ import annotations

import pytest

from checks.control_plane.addresses import Addresses
from checks.control_plane.variable_addresses import dead_addresses, variable_addresses
from checks.model import CheckResult, Outcome, Severity
from checks.ports.services import SECRET
from checks.services_spec import ServiceSpec
from tests import fakes
from tests.checks.control_plane import estate

OTHER_HASH = "https://worker-zzzzzzzzzz-wl.a.run.app"
P1, P2 = Severity.P1, Severity.P2


@pytest.mark.parametrize(
    ("value", "dead"),
    [
        pytest.param(estate.hashed("worker", "/start"), (), id="the hash"),
        pytest.param(estate.numbered("worker", "/start"), (), id="the number"),
        pytest.param(estate.function_address("worker"), (), id="a function"),
        pytest.param(estate.hashed("gone"), ("gone",), id="no service at the hash"),
        pytest.param(estate.numbered("gone", "/start?x=1"), ("gone",), id="no service at the number"),
        pytest.param(estate.function_address("gone"), ("gone",), id="no function"),
        pytest.param(OTHER_HASH, ("worker",), id="a service of here at the hash of elsewhere"),
        pytest.param("https://stranger-zzzzzzzzzz-wl.a.run.app", (), id="a service of elsewhere"),
        pytest.param("https://worker-zzzzzzzzzz-uc.a.run.app", (), id="another region"),
        pytest.param("https://gone-987654321.us-west2.run.app", (), id="another project"),
        pytest.param(
            f'{{"a": "{estate.hashed("worker")}", "b": "{estate.numbered("gone")}"}}', ("gone",), id="in JSON"
        ),
        pytest.param(f"{estate.numbered('gone')},{estate.numbered('lost')}", ("gone", "lost"), id="in a list"),
        pytest.param("https://example.com/gone", (), id="not Cloud Run"),
        pytest.param("https://[broken", (), id="no address"),
        pytest.param("gone", (), id="a word"),
        pytest.param(SECRET, (), id="a secret"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_an_address_of_this_project_leads_to_something(value: str, dead: tuple[str, ...]) -> None:
    addresses = Addresses(estate.pipeline(), [estate.service("worker")])

    assert tuple(each.target for each in dead_addresses(addresses, {"URL": value})) == dead


def run(value: str, *, named: bool = True, optional: bool = False) -> CheckResult:
    described = estate.pipeline(services=(ServiceSpec(name="caller" if named else "worker", optional=optional),))
    services = [estate.service("caller", environment={"NEXT": value}), estate.service("worker")]
    return estate.run(variable_addresses, services=services, described=described)


def seen(result: CheckResult) -> list[tuple[str, str, Outcome, Severity | None]]:
    return [(each.code, each.subject, each.outcome, each.severity) for each in result.findings]


FINE = ("addresses-exist", "variables", Outcome.PASSED, None)


@pytest.mark.parametrize(
    ("value", "named", "expected"),
    [
        pytest.param(estate.numbered("worker"), True, [FINE], id="it exists"),
        pytest.param(
            estate.numbered("gone"), True, [("address-missing", "caller", Outcome.FAILED, P1), FINE], id="it is gone"
        ),
        pytest.param(
            estate.numbered("gone"), False, [("address-missing", "caller", Outcome.FAILED, P2), FINE], id="not named"
        ),
        pytest.param(
            estate.function_address("gone"),
            True,
            [("function-missing", "caller", Outcome.FAILED, P2), FINE],
            id="a function, perhaps of the first generation",
        ),
    ],
)
def test_a_dead_address_is_found(
    value: str, named: bool, expected: list[tuple[str, str, Outcome, Severity | None]]
) -> None:
    assert seen(run(value, named=named)) == expected


def test_what_is_shown_names_variable_and_host_and_nothing_else_of_the_value() -> None:
    secret = "hidden" + "word"
    finding = run(estate.numbered("gone", f"/start?token={secret}").replace("https://", f"https://me:{secret}@")).worst

    assert str(finding.place) == "service:caller"
    assert (finding.evidence["variables"], finding.evidence["targets"]) == ("NEXT", "gone")
    assert finding.evidence["hosts"] == estate.numbered("gone").removeprefix("https://")
    assert secret not in f"{finding}"


def test_an_optional_service_may_name_what_is_gone() -> None:
    assert ("optional-service", "caller", Outcome.SKIPPED, None) in seen(run(estate.numbered("gone"), optional=True))


def test_services_that_cannot_be_read_are_a_p2() -> None:
    described = estate.pipeline(services=(ServiceSpec(name="caller"),))

    result = estate.run(variable_addresses, services=fakes.down(), described=described)

    assert seen(result) == [("source-unavailable", "variables", Outcome.UNKNOWN, P2)]


def test_a_project_without_services_proves_nothing() -> None:
    described = estate.pipeline(services=(ServiceSpec(name="caller"),))

    assert seen(estate.run(variable_addresses, described=described)) == [
        ("no-services", "variables", Outcome.SKIPPED, None)
    ]


def test_a_pipeline_without_services_is_not_judged() -> None:
    assert estate.run(variable_addresses).worst.code == "not-configured"
