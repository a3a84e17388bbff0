from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.model import Finding, Outcome, Severity
from checks.orchestration.heartbeats import CODES, READ, SHOWN, heartbeats
from checks.orchestration_spec import Heartbeats
from checks.ports.documents import FIRESTORE, Document
from checks.registry import COMMON_CODES
from checks.source import Ports
from tests.checks.orchestration.previous import local, world
from tests.checks.orchestration.test_completion import FOREIGN
from tests.fakes import FakeDocuments, down, pipeline, run_check
from tests.thoroughness import examples

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
        pytest.param(51, "too-many-documents", Severity.P1, id="just past that"),
        pytest.param(400, "too-many-documents", Severity.P1, id="far past that"),
        pytest.param(0, "no-evidence", Severity.P2, id="none: nothing can be told"),
    ],
)
def test_the_number_of_documents_decides(count: int, code: str, severity: Severity | None) -> None:
    finding = listed(many(count))[0]

    assert (finding.code, finding.severity) == (code, severity)


def read_of(documents: FakeDocuments) -> list[Finding]:
    ports = Ports({**world().connected, FIRESTORE: documents})
    return list(run_check(heartbeats, pipeline(heartbeats=SPEC), ports, now=NOW).findings)


@pytest.mark.parametrize(
    ("count", "listings"),
    [
        pytest.param(50, [("beats", 51)], id="at the limit"),
        pytest.param(51, [("beats", 51), ("beats", READ)], id="just past it"),
    ],
)
def test_only_a_leak_makes_it_read_on(count: int, listings: list[tuple[str, int]]) -> None:
    documents = FakeDocuments({f"beats/{name}": data for name, data in many(count).items()})

    read_of(documents)

    assert documents.listings == listings


def test_a_dead_processor_behind_a_leak_is_found() -> None:
    leak = {f"beats/a_2026{number}": beat(status="completed") for number in range(501)}

    found = {each.code: each.subject for each in read_of(FakeDocuments({**leak, "beats/worker": beat(600)}))}

    assert found == {"too-many-documents": "beats", "bad-ids": "beats/ids", "dead": "worker"}


@pytest.mark.parametrize(
    ("count", "code"),
    [pytest.param(READ - 1, "all-alive", id="just before it"), pytest.param(READ, "not-all-read", id="at the bound")],
)
def test_nobody_is_called_alive_where_reading_stopped(count: int, code: str) -> None:
    found = read_of(FakeDocuments({f"beats/p{number:05}": beat() for number in range(count)}))

    assert {each.code for each in found} == {"too-many-documents", code}


def test_what_was_read_is_judged_where_reading_on_fails() -> None:
    class Exhausted(FakeDocuments):
        def list(self, collection: str, limit: int) -> Sequence[Document]:
            if limit == READ:
                raise down("Firestore")
            return super().list(collection, limit)

    documents = {f"beats/{name}": data for name, data in {**many(400), "a": beat(600)}.items()}

    found = {each.code: each.outcome for each in read_of(Exhausted(documents))}

    assert found == {
        "too-many-documents": Outcome.FAILED,
        "dead": Outcome.FAILED,
        "not-all-read": Outcome.UNKNOWN,
    }


@pytest.mark.parametrize(
    ("minutes", "code", "severity"),
    [
        pytest.param(-5, "all-alive", None, id="a clock that is as far ahead as it may be"),
        pytest.param(-5.1, "heartbeat-ahead", Severity.P1, id="further ahead"),
        pytest.param(-300, "heartbeat-ahead", Severity.P1, id="local time called UTC"),
        pytest.param(5, "all-alive", None, id="at the first limit"),
        pytest.param(5.1, "stale", Severity.P2, id="just past it"),
        pytest.param(15, "stale", Severity.P2, id="at the second limit"),
        pytest.param(15.1, "dead", Severity.P1, id="just past that"),
        pytest.param(-3, "all-alive", None, id="a clock that is ahead"),
    ],
)
def test_a_running_processor_is_alive_stale_or_dead(minutes: float, code: str, severity: Severity | None) -> None:
    assert coded({"analytics": beat(minutes)}) == {"count-usual": None, code: severity}


@pytest.mark.parametrize("status", [None, "", " ", 3, ["running"], {}], ids=repr)
@pytest.mark.parametrize(
    ("minutes", "code"),
    [
        pytest.param(5, "all-alive", id="fresh, so alive whatever it says"),
        pytest.param(5.1, "status-unreadable", id="just past that"),
        pytest.param(-300, "status-unreadable", id="of the future"),
    ],
)
def test_a_status_that_says_nothing_makes_no_silent_processor_green(status: Any, minutes: float, code: str) -> None:
    assert code in coded({"analytics": beat(minutes, status)})
    assert ("all-alive" in coded({"analytics": beat(minutes, status)})) == (code == "all-alive")


def test_a_document_with_neither_status_nor_heartbeat_is_unknown() -> None:
    found = next(each for each in listed({"analytics": {"run_id": "1"}}) if each.subject == "analytics")

    assert (found.code, found.outcome, found.severity) == ("status-unreadable", Outcome.UNKNOWN, Severity.P2)


@pytest.mark.parametrize("status", ["RUNNING", "Running", " running "])
def test_a_status_is_read_however_it_is_written(status: str) -> None:
    assert coded({"analytics": beat(600, status)}) == {"count-usual": None, "dead": Severity.P1}


@pytest.mark.parametrize("status", ["success", "failed"], ids=repr)
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


def test_the_one_that_proves_nothing_is_named_first_then_the_longest_silent() -> None:
    beats = {"a": beat(20), "b": beat(90), "c": beat(6), "d": beat(-90)}

    found = [each for each in listed(beats) if each.severity is not None]

    assert [each.subject for each in found] == ["d", "b", "a", "c"]


def test_a_collection_that_cannot_be_listed_is_unknown() -> None:
    result = run_check(heartbeats, pipeline(heartbeats=SPEC), world(failure=down("Firestore")), now=NOW)

    assert [(each.outcome, each.code, each.severity) for each in result.findings] == [
        (Outcome.UNKNOWN, "source-unavailable", Severity.P1)
    ]


def test_a_pipeline_without_heartbeats_says_that_nothing_is_configured() -> None:
    assert [each.code for each in run_check(heartbeats, pipeline(), world()).findings] == ["not-configured"]


@settings(max_examples=examples(40), deadline=None)
@given(st.dictionaries(st.sampled_from(["status", "last_heartbeat", "data_date"]), FOREIGN | st.just("running")))
def test_foreign_types_never_break_it(data: dict[str, Any]) -> None:
    assert set(coded({"analytics": data})) <= {*CODES, *COMMON_CODES} - {"crashed"}
