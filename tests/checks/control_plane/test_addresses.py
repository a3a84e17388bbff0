"""Which service an address belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.control_plane.addresses import Addresses, CallTarget
from checks.ports.services import Service
from tests import fakes
from tests.checks.control_plane.estate import (
    HASH,
    NUMBER,
    PROJECT,
    REGION,
    function_address,
    hashed,
    numbered,
    service,
)

WORKER = service("worker")
FUNCTION = service("on-write", function="On_Write", urls=(hashed("on-write"), numbered("on-write")))

names = st.from_regex(r"[a-z]([a-z0-9-]{0,40}[a-z0-9])?", fullmatch=True)
tails = st.sampled_from(["", "/", "/run", "/a/b?c=d", "?__GCP_CloudEventsMode=CUSTOM_PUBSUB_projects%2Fp%2Ftopics%2Ft"])
forms = st.sampled_from([hashed, numbered])


def target(address: str, *services: Service) -> CallTarget | None:
    return Addresses(fakes.pipeline(), services or (WORKER, FUNCTION)).target(address)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(hashed("worker"), id="hash"),
        pytest.param(numbered("worker"), id="number"),
        pytest.param(hashed("worker", "/run?x=y"), id="with path and query"),
        pytest.param(numbered("worker", ":443/"), id="with port"),
        pytest.param(f"HTTPS://WORKER-{HASH.upper()}.A.RUN.APP/", id="in capitals"),
        pytest.param(f"https://canary---worker-{HASH}.a.run.app", id="tagged, hash"),
        pytest.param(f"https://canary---worker-{NUMBER}.{REGION}.run.app", id="tagged, number"),
        pytest.param(f"https://worker-{NUMBER}.{REGION}.run.app./", id="with the root's dot"),
        pytest.param(f"  {hashed('worker')}\n", id="with blanks"),
        pytest.param(function_address("worker"), id="as a function of its name"),
    ],
)
def test_every_form_of_an_address_leads_to_its_service(address: str) -> None:
    found = target(address)

    assert found is not None
    assert (found.service, found.exists) == ("worker", True)


@pytest.mark.parametrize("name", ["On_Write", "on_write", "on-write"])
def test_a_function_is_found_by_its_name_and_by_that_of_its_service(name: str) -> None:
    assert target(function_address(name, "/deeper?x=y")) == CallTarget(service="on-write", exists=True, function=True)


def test_the_exact_name_of_a_function_goes_before_a_similar_one() -> None:
    first, second = service("go", function="go"), service("go-2", function="Go")

    assert target(function_address("Go"), first, second) == CallTarget(service="go-2", exists=True, function=True)
    assert target(function_address("go"), first, second) == CallTarget(service="go", exists=True, function=True)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("https://worker-987654321.us-west2.run.app", id="another project's number"),
        pytest.param(f"https://worker-{NUMBER}.us-east1.run.app", id="another region"),
        pytest.param("https://worker-zzzzzzzzzz-wl.a.run.app", id="another project's hash"),
        pytest.param("https://worker-abcdefghij-uc.a.run.app", id="another region's code"),
        pytest.param(f"https://{REGION}-other.cloudfunctions.net/worker", id="another project's function"),
        pytest.param(f"https://us-east1-{PROJECT}.cloudfunctions.net/worker", id="another region's function"),
        pytest.param(f"https://{REGION}-{PROJECT}.cloudfunctions.net/", id="no function"),
        pytest.param("https://example.com/worker", id="outside"),
        pytest.param(f"https://example.com/?to={hashed('worker')}", id="ours in a query"),
        pytest.param(f"https://worker-{HASH}.a.run.app.example.com", id="ours as a subdomain"),
        pytest.param(f"https://worker-{HASH}.a.run.app@example.com", id="ours as a user"),
        pytest.param(f"https://sub.worker-{HASH}.a.run.app", id="below ours, hash"),
        pytest.param(f"https://sub.worker-{NUMBER}.{REGION}.run.app", id="below ours, number"),
        pytest.param(f"https://{HASH}.a.run.app", id="a hash alone"),
        pytest.param(f"https://-{HASH}.a.run.app", id="a hash after nothing"),
        pytest.param("pubsub.googleapis.com/projects/p/topics/t", id="no scheme"),
        pytest.param(f"ftp://worker-{HASH}.a.run.app", id="another scheme"),
        pytest.param("https://[::1", id="no address at all"),
        pytest.param("", id="nothing"),
    ],
)
def test_an_address_of_somebody_else_is_nobodys(address: str) -> None:
    assert target(address) is None


@pytest.mark.parametrize("address", [hashed("gone"), numbered("gone"), f"https://tag---gone-{HASH}.a.run.app"])
def test_an_address_of_ours_without_its_service_names_the_one_that_is_missing(address: str) -> None:
    assert target(address) == CallTarget(service="gone", exists=False)


def test_a_function_that_is_nowhere_is_told_apart_from_a_service() -> None:
    assert target(function_address("Gone")) == CallTarget(service="Gone", exists=False, function=True)


def test_without_any_service_a_hash_says_nothing_and_a_number_does() -> None:
    addresses = Addresses(fakes.pipeline(), ())

    assert addresses.target(hashed("worker")) is None
    assert addresses.target(numbered("worker")) == CallTarget(service="worker", exists=False)


def test_a_name_that_ends_like_another_one_is_not_mistaken_for_it() -> None:
    first, second = service("worker"), service("other-worker")

    for form in (hashed, numbered):
        assert target(form("other-worker"), first, second) == CallTarget(service="other-worker", exists=True)
        assert target(form("worker"), first, second) == CallTarget(service="worker", exists=True)


def test_a_name_that_holds_the_mark_of_tags_is_still_found() -> None:
    odd = service("a---b")

    assert target(hashed("a---b"), odd, WORKER) == CallTarget(service="a---b", exists=True)


def test_a_shortened_address_counts_where_the_service_states_it() -> None:
    long = service("a-very-long-name", urls=("https://a-very-lo-1234567890-wl.a.run.app",))

    assert target("https://a-very-lo-1234567890-wl.a.run.app/x", long) == CallTarget(
        service="a-very-long-name", exists=True
    )


@given(name=names, form=forms, tail=tails, others=st.sets(names, max_size=4))
def test_whatever_its_name_a_service_is_found_by_each_of_its_addresses(
    name: str, form: object, tail: str, others: set[str]
) -> None:
    assert callable(form)
    services = [service(each) for each in sorted({name, *others})]

    assert target(form(name, tail), *services) == CallTarget(service=name, exists=True)


@given(name=names, form=forms, others=st.sets(names, min_size=1, max_size=4))
def test_whatever_its_name_a_service_that_is_gone_is_named(name: str, form: object, others: set[str]) -> None:
    assert callable(form)
    services = [service(each) for each in sorted(others - {name})]
    found = target(form(name), *(services or [service(f"{name}-x")]))

    assert found is not None
    # A tag may stand before a name, so a name with the mark of tags in it may be cut there.
    assert found.exists or found.service in (name, name.partition("---")[2])


@given(st.text(max_size=80))
def test_no_text_whatsoever_breaks_it(text: str) -> None:
    for address in (text, f"https://{text}", f"https://{text}.run.app", function_address(text)):
        target(address)


numbers = st.one_of(st.just(NUMBER), st.from_regex(r"[1-9][0-9]{8,12}", fullmatch=True))


@given(name=names, number=numbers, region=st.sampled_from(["us-east1", REGION]))
def test_only_our_number_in_our_region_is_ours(name: str, number: str, region: str) -> None:
    found = target(f"https://{name}-{number}.{region}.run.app")

    assert (found is not None) == ((number, region) == (NUMBER, REGION))
