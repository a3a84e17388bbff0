from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.model import Finding, Outcome, Severity
from checks.orchestration.heartbeats import CODES, SHOWN, heartbeats
from checks.pipeline import Heartbeats
from checks.registry import COMMON_CODES
from tests.checks.orchestration.night import local, world
from tests.checks.orchestration.test_completion import FOREIGN
from tests.fakes import FakeDocuments, down, pipeline, run_check

NOW = local("08:00")
SPEC = Heartbeats(collection="beats", bad_id="_None_|_202", many=30, too_many=50)


def beat(minutes: float = 1, status: Any = "running") -> dict[str, Any]:
    return {"last_heartbeat": NOW - timedelta(minutes=minutes), "status": status, "data_date": "2026-02-10"}


def listed(documents: dict[str, Any]) -> list[Finding]:
    of = world({f"beats/{name}": data for name, data in documents.items()})
    return list(run_check(heartbeats, pipeline(heartbeats=SPEC), of, now=NOW).findings)


def coded(documents: dict[str, Any]) -> dict[str, Severity | None]:
    return {finding.code: finding.severity for finding in listed(documents)}


def many(count: int, data: dict[str, Any] | None = None) -> dict[str, Any]:
    return {f"processor{number:03}": data or beat() for number in range(count)}


@pytest.mark.parametrize(
    ("count", "code", "severity"),
    [
        pytest.param(1, "count-usual", None, id="one"),
        pytest.param(30, "count-usual", None, id="at the first limit"),
        pytest.param(31, "many-documents", Severity.P1, id="just past it"),
        pytest.param(50, "many-documents", Severity.P1, id="at the second limit"),
        pytest.param(51, "too-many-documents", Severity.P0, id="just past that"),
        pytest.param(400, "too-many-documents", Severity.P0, id="far past that"),
        pytest.param(0, "no-evidence", Severity.P2, id="none: nothing can be told"),
    ],
)
def test_the_number_of_documents_decides(count: int, code: str, severity: Severity | None) -> None:
    finding = listed(many(count))[0]

    assert (finding.code, finding.severity) == (code, severity)


def test_no_more_documents_are_read_than_it_takes_to_know() -> None:
    documents = FakeDocuments({f"beats/{name}": data for name, data in many(400).items()})
    of = world()

    run_check(
        heartbeats,
        pipeline(heartbeats=SPEC),
        type(of)(documents=documents, warehouse=of.warehouse, control_plane=of.control_plane),
        now=NOW,
    )

    assert documents.listings == [("beats", 51)]


@pytest.mark.parametrize(
    ("minutes", "code", "severity"),
    [
        pytest.param(5, "all-alive", None, id="at the first limit"),
        pytest.param(5.1, "stale", Severity.P2, id="just past it"),
        pytest.param(15, "stale", Severity.P2, id="at the second limit"),
        pytest.param(15.1, "dead", Severity.P1, id="just past that"),
        pytest.param(-3, "all-alive", None, id="a clock that is ahead"),
    ],
)
def test_a_running_processor_is_alive_stale_or_dead(minutes: float, code: str, severity: Severity | None) -> None:
    assert coded({"analytics": beat(minutes)}) == {"count-usual": None, code: severity}


@pytest.mark.parametrize("status", ["success", "failed", None, 3, ["running"]], ids=repr)
def test_only_running_processors_owe_a_heartbeat(status: Any) -> None:
    assert coded({"analytics": beat(600, status)}) == {"count-usual": None, "all-alive": None}


@pytest.mark.parametrize("last", [None, "soon", 0, {}], ids=repr)
def test_a_heartbeat_that_is_no_time_is_unknown(last: Any) -> None:
    found = coded({"analytics": {"status": "running", "last_heartbeat": last}})

    assert found == {"count-usual": None, "heartbeat-unreadable": Severity.P1}


def test_a_heartbeat_may_be_iso_text() -> None:
    data = {"status": "running", "last_heartbeat": NOW.isoformat()}

    assert "all-alive" in coded({"analytics": data})


@pytest.mark.parametrize("name", ["analytics_None_1", "analytics_2026-02-10"])
def test_an_id_that_no_processor_has_is_a_leak_and_nothing_else(name: str) -> None:
    found = coded({"analytics": beat(), name: beat(600)})

    assert found == {"count-usual": None, "bad-ids": Severity.P2, "all-alive": None}


def test_a_dead_processor_is_named_with_its_last_sign_of_life() -> None:
    finding = next(each for each in listed({"analytics": beat(20)}) if each.code == "dead")

    assert finding.subject == "analytics"
    assert finding.evidence["silent_minutes"] == 20
    assert "07:40 EST" in finding.summary
    assert finding.link is not None
    assert "beats/analytics" in finding.link


@pytest.mark.parametrize(("count", "rest"), [(SHOWN, 0), (SHOWN + 2, 1)], ids=["all listed", "two more"])
def test_many_silent_processors_are_listed_up_to_a_number_and_then_counted(count: int, rest: int) -> None:
    found = [each.code for each in listed(many(count, beat(20)))]

    assert found.count("dead") == SHOWN
    assert found.count("more-silent") == rest


def test_every_finding_has_a_subject_of_its_own() -> None:
    found = listed({**many(45, beat(20)), "analytics_None_1": beat()})

    assert len({each.subject for each in found}) == len(found)


def test_the_longest_silent_is_named_first() -> None:
    found = [each for each in listed({"a": beat(20), "b": beat(90), "c": beat(6)}) if each.severity is not None]

    assert [each.subject for each in found] == ["b", "a", "c"]


def test_a_collection_that_cannot_be_listed_is_unknown() -> None:
    result = run_check(heartbeats, pipeline(heartbeats=SPEC), world(failure=down("Firestore")), now=NOW)

    assert [(each.outcome, each.code, each.severity) for each in result.findings] == [
        (Outcome.UNKNOWN, "source-unavailable", Severity.P0)
    ]


def test_a_pipeline_without_heartbeats_says_that_nothing_is_configured() -> None:
    assert [each.code for each in run_check(heartbeats, pipeline(), world()).findings] == ["not-configured"]


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(["status", "last_heartbeat", "data_date"]), FOREIGN | st.just("running")))
def test_foreign_types_never_break_it(data: dict[str, Any]) -> None:
    assert set(coded({"analytics": data})) <= {*CODES, *COMMON_CODES} - {"crashed"}
