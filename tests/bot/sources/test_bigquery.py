import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.warehouse.live import BigQueryWarehouse, label_value
from checks.ports.warehouse import Parameter, Query
from checks.source import Problem, SourceError
from tests.servers.bigquery_clients import emulator_client
from tests.servers.bigquery_emulator import create_tables
from tests.servers.emulator import free_port
from tests.servers.json_http import Answer, JsonHttpServer

PROJECT = "example-project"
BYTES_CAP = 20 * 1024**2
COLUMNS = {"nba_predictions.picks": {"game_date": "DATE", "player": "STRING", "at": "TIMESTAMP", "points": "FLOAT64"}}
QUERY = Query("SELECT 1 AS number FROM {nba_predictions}.picks", label="picks")

emulated = pytest.mark.xdist_group("emulators")


def finished(rows: list[list[Any]], fields: dict[str, str]) -> Answer:
    """Return the answer of ``jobs.query`` for a query that ended in time."""
    return Answer(
        body={
            "jobReference": {"projectId": PROJECT, "jobId": "job", "location": "US"},
            "jobComplete": True,
            "schema": {"fields": [{"name": name, "type": kind, "mode": "NULLABLE"} for name, kind in fields.items()]},
            "rows": [{"f": [{"v": value} for value in row]} for row in rows],
            "totalRows": str(len(rows)),
        }
    )


def refused(status: int, reason: str, message: str) -> Answer:
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    return Answer(status, {"error": error})


ONE = finished([["1"]], {"number": "INTEGER"})


@contextmanager
def warehouse(address: str, *, connections: int = 4, **options: Any) -> Iterator[BigQueryWarehouse]:
    client = emulator_client(address, PROJECT, connections=connections, bytes_cap=BYTES_CAP)
    bounds = {"request_seconds": 5.0, "wait_seconds": 5.0, "retry_seconds": 0.3}
    adapter = BigQueryWarehouse(client, project=PROJECT, **{**bounds, **options})
    try:
        yield adapter
    finally:
        adapter.close()


def test_a_query_is_one_request_that_carries_every_bound() -> None:
    query = Query(
        "SELECT @player AS player FROM {nba_raw}.games JOIN {nba_predictions}.picks USING (game_date)",
        {"player": Parameter("STRING", "x"), "systems": Parameter("ARRAY<STRING>", ("a", "b"))},
        label="Predictions: by System!",
    )
    with JsonHttpServer(ONE) as server, warehouse(server.address, dataset_prefix="staging_") as adapter:
        assert adapter.query(query) == [{"number": 1}]

        (request,) = server.requests
    body = request.body
    assert request.method == "POST"
    assert request.path.startswith(f"/bigquery/v2/projects/{PROJECT}/queries")
    assert (
        body["query"]
        == "SELECT @player AS player FROM staging_nba_raw.games JOIN staging_nba_predictions.picks USING (game_date)"
    )
    assert body["maximumBytesBilled"] == str(BYTES_CAP)
    assert body["labels"] == {"app": "reveille", "check": "predictions_by_system_"}
    assert 0 < int(body["timeoutMs"]) <= 5000
    assert int(body["jobTimeoutMs"]) > 0
    assert body["useLegacySql"] is False
    assert "priority" not in body
    assert [each["name"] for each in body["queryParameters"]] == ["player", "systems"]
    assert "authorization" not in {name.lower() for name in request.headers}


def test_connections_are_kept_for_as_many_queries_as_run_at_once() -> None:
    many = 24
    with JsonHttpServer(ONE) as server, warehouse(server.address, connections=many) as adapter:
        together = Barrier(many)

        def ask() -> None:
            for _ in range(3):
                together.wait()
                adapter.query(QUERY)

        threads = [Thread(target=ask) for _ in range(many)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(server.requests) == 3 * many
        assert server.connections <= many


def test_every_type_of_a_column_becomes_plain_python() -> None:
    fields = {
        "i": "INTEGER",
        "f": "FLOAT",
        "s": "STRING",
        "b": "BOOLEAN",
        "d": "DATE",
        "t": "TIMESTAMP",
        "dt": "DATETIME",
        "n": "NUMERIC",
        "nothing": "STRING",
    }
    row = ["7", "0.5", "x", "true", "2026-02-10", "1770707580123456", "2026-02-10T07:13:00", "12.25", None]
    with JsonHttpServer(finished([row], fields)) as server, warehouse(server.address) as adapter:
        (found,) = adapter.query(QUERY)

    assert found == {
        "i": 7,
        "f": 0.5,
        "s": "x",
        "b": True,
        "d": date(2026, 2, 10),
        "t": datetime(2026, 2, 10, 7, 13, 0, 123456, tzinfo=UTC),
        "dt": datetime(2026, 2, 10, 7, 13),  # noqa: DTZ001 - a DATETIME has no zone
        "n": Decimal("12.25"),
        "nothing": None,
    }
    assert type(found["n"]) is Decimal


@pytest.mark.parametrize(
    ("answer", "problem", "words"),
    [
        (refused(403, "accessDenied", "User lacks bigquery.jobs.create"), Problem.DENIED, "bigquery.jobs.create"),
        (refused(404, "notFound", "Not found: Table p:d.t was not found in location US"), Problem.NOT_FOUND, "d.t"),
        (refused(400, "invalidQuery", "Unrecognized name: nope at [1:8]"), Problem.INVALID, "nope"),
        (refused(400, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed"), Problem.INVALID, "billed"),
        (
            refused(401, "authError", "Request had invalid authentication credentials"),
            Problem.UNAUTHENTICATED,
            "missing",
        ),
        (refused(403, "quotaExceeded", "Quota exceeded"), Problem.THROTTLED, "Quota"),
        (refused(503, "backendError", "Visibility check was unavailable"), Problem.UNAVAILABLE, "Visibility"),
        (Answer(502), Problem.UNAVAILABLE, "picks"),
    ],
)
def test_a_refusal_is_named(answer: Answer, problem: Problem, words: str) -> None:
    with JsonHttpServer(answer) as server, warehouse(server.address) as adapter, pytest.raises(SourceError) as raised:
        adapter.query(QUERY)

    assert raised.value.source == "BigQuery"
    assert raised.value.problem is problem
    assert words in raised.value.detail
    assert "'picks'" in raised.value.detail
    assert server.address not in raised.value.detail


def test_a_moment_of_trouble_is_asked_again() -> None:
    trouble = refused(503, "backendError", "try again")
    with JsonHttpServer(trouble, ONE) as server, warehouse(server.address, retry_seconds=3.0) as adapter:
        assert adapter.query(QUERY) == [{"number": 1}]
        assert len(server.requests) == 2


def test_a_wrong_query_is_not_asked_again() -> None:
    with JsonHttpServer(refused(400, "invalidQuery", "no")) as server, warehouse(server.address) as adapter:
        with pytest.raises(SourceError):
            adapter.query(QUERY)

        assert len(server.requests) == 1


def test_a_server_that_hangs_costs_the_time_out_and_no_more() -> None:
    with JsonHttpServer(Answer(hang=True)) as server, warehouse(server.address, request_seconds=0.3) as adapter:
        began = time.monotonic()
        with pytest.raises(SourceError) as raised:
            adapter.query(QUERY)

        assert raised.value.problem is Problem.TIMED_OUT
        assert raised.value.retryable
        assert time.monotonic() - began < 2


def test_a_query_that_goes_on_for_ever_is_left_when_its_time_is_over() -> None:
    running = Answer(
        body={"jobReference": {"projectId": PROJECT, "jobId": "job", "location": "US"}, "jobComplete": False}
    )
    with JsonHttpServer(running) as server:
        with warehouse(server.address, request_seconds=0.5, wait_seconds=0.5) as adapter:
            began = time.monotonic()
            with pytest.raises(SourceError) as raised:
                adapter.query(QUERY)

            assert raised.value.problem is Problem.TIMED_OUT
            assert time.monotonic() - began < 5
        assert any(request.path.partition("?")[0].endswith("/cancel") for request in server.requests)


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with warehouse(f"127.0.0.1:{free_port()}") as adapter, pytest.raises(SourceError) as raised:
        adapter.query(QUERY)

    assert raised.value.problem is Problem.UNREACHABLE


def test_an_answer_without_columns_is_never_an_empty_result() -> None:
    nothing = finished([], {})
    state = {"status": {"state": "DONE"}, "jobReference": {"projectId": PROJECT, "jobId": "job", "location": "US"}}
    server = JsonHttpServer(nothing, Answer(body=state))
    with server, warehouse(server.address) as adapter, pytest.raises(SourceError) as raised:
        adapter.query(QUERY)

    assert raised.value.problem is Problem.INVALID


def test_no_secret_of_a_refusal_gets_through() -> None:
    answer = refused(403, "accessDenied", "denied for Bearer ya29.secret, see https://example.com/?token=secret")
    with JsonHttpServer(answer) as server, warehouse(server.address) as adapter, pytest.raises(SourceError) as raised:
        adapter.query(QUERY)

    assert "ecret" not in f"{raised.value} {raised.value.advice}"


@given(st.text())
def test_any_text_becomes_a_label_that_bigquery_accepts(text: str) -> None:
    label = label_value(text)

    assert len(label) <= 63
    assert set(label) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")


@emulated
def test_the_dataset_prefix_chooses_the_dataset(bigquery_address: str) -> None:
    create_tables(bigquery_address, PROJECT, COLUMNS, {"nba_predictions.picks": [{"player": "production"}]})
    create_tables(
        bigquery_address, PROJECT, COLUMNS, {"nba_predictions.picks": [{"player": "staging"}]}, prefix="staging_"
    )
    query = Query("SELECT player FROM {nba_predictions}.picks", label="picks")

    with warehouse(bigquery_address) as adapter:
        assert adapter.query(query) == [{"player": "production"}]
    with warehouse(bigquery_address, dataset_prefix="staging_") as adapter:
        assert adapter.query(query) == [{"player": "staging"}]


@emulated
@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        pytest.param("SELECT nope FROM {nba_predictions}.picks", Problem.INVALID, id="a missing column"),
        pytest.param("SELECT 1 FROM {nba_predictions}.nope", Problem.NOT_FOUND, id="a missing table"),
        pytest.param("SELEC 1", Problem.INVALID, id="a syntax error"),
    ],
)
def test_a_failure_that_the_emulator_hides_is_found_out(bigquery_address: str, sql: str, problem: Problem) -> None:
    create_tables(bigquery_address, PROJECT, COLUMNS, {})

    with warehouse(bigquery_address) as adapter:
        for ask in (adapter.query, adapter.dry_run):
            with pytest.raises(SourceError) as raised:
                ask(Query(sql, label="picks"))

            assert raised.value.problem is problem


def dry(kind: str | None) -> Answer:
    """Return the answer of ``jobs.insert`` to a dry run of a statement of a type."""
    return Answer(
        body={
            "jobReference": {"projectId": PROJECT, "location": "US"},
            "configuration": {"dryRun": True, "jobType": "QUERY", "query": {"query": "x"}},
            "statistics": {"query": {"totalBytesProcessed": "7", **({} if kind is None else {"statementType": kind})}},
            "status": {"state": "DONE"},
        }
    )


UNPARSED = Query("SELECT WITH DIFFERENTIAL_PRIVACY 1 AS number FROM {nba_predictions}.picks", label="picks")
"""A read that only BigQuery can parse."""


def test_what_is_no_read_is_refused_before_it_is_sent() -> None:
    with JsonHttpServer(ONE) as server, warehouse(server.address) as adapter:
        for ask in (adapter.query, adapter.dry_run):
            with pytest.raises(SourceError) as refusal:
                ask(Query("DELETE FROM {nba_predictions}.picks WHERE TRUE", label="picks"))
            assert refusal.value.problem is Problem.INVALID

        assert server.requests == []


def test_what_cannot_be_parsed_here_runs_when_bigquery_calls_it_a_read_and_is_asked_once() -> None:
    with JsonHttpServer(dry("SELECT"), ONE, ONE) as server, warehouse(server.address) as adapter:
        assert adapter.query(UNPARSED) == [{"number": 1}]
        assert adapter.query(UNPARSED) == [{"number": 1}]

        assert [each.body.get("configuration", {}).get("dryRun") for each in server.requests] == [True, None, None]


@pytest.mark.parametrize("kind", ["DELETE", "SCRIPT", "CREATE_TABLE_AS_SELECT", None])
def test_what_cannot_be_parsed_here_and_is_no_read_for_bigquery_is_not_run(kind: str | None) -> None:
    with JsonHttpServer(dry(kind)) as server, warehouse(server.address) as adapter:
        with pytest.raises(SourceError) as refusal:
            adapter.query(UNPARSED)

        assert refusal.value.problem is Problem.INVALID
        assert len(server.requests) == 1


ROUTINE = Query("SELECT {nba_predictions}.tell(1) AS number", label="picks")


def routine(**kind: object) -> Answer:
    """Return the answer of ``routines.get``."""
    reference = {"projectId": PROJECT, "datasetId": "nba_predictions", "routineId": "tell"}
    return Answer(body={"routineReference": reference, "routineType": "SCALAR_FUNCTION", **kind})


@pytest.mark.parametrize(
    "outside",
    [
        pytest.param({"remoteFunctionOptions": {"endpoint": "https://example.com/tell"}}, id="remote function"),
        pytest.param({"externalRuntimeOptions": {"runtimeConnection": "us.c"}, "language": "PYTHON"}, id="Python"),
    ],
)
def test_a_function_that_runs_code_outside_bigquery_is_not_called(outside: dict[str, object]) -> None:
    with JsonHttpServer(dry("SELECT"), routine(**outside)) as server, warehouse(server.address) as adapter:
        with pytest.raises(SourceError) as refusal:
            adapter.query(ROUTINE)

        assert refusal.value.problem is Problem.INVALID
        assert "/datasets/nba_predictions/routines/tell" in server.requests[-1].path


@pytest.mark.parametrize(
    "found", [routine(language="SQL"), Answer(status=404, body={"error": {"code": 404, "message": "Not found"}})]
)
def test_any_other_function_is_called_and_looked_up_once(found: Answer) -> None:
    with JsonHttpServer(dry("SELECT"), found, ONE, ONE) as server, warehouse(server.address) as adapter:
        assert [adapter.query(ROUTINE), adapter.query(ROUTINE)] == [[{"number": 1}], [{"number": 1}]]

        assert len(server.requests) == 4


def test_a_dry_run_believes_bigquery_about_the_type_of_a_statement() -> None:
    with JsonHttpServer(dry("SELECT"), dry("INSERT")) as server, warehouse(server.address) as adapter:
        assert adapter.dry_run(QUERY) == 7
        with pytest.raises(SourceError):
            adapter.dry_run(QUERY)


def test_the_columns_of_a_table_have_the_names_that_queries_use() -> None:
    fields = [
        {"name": "at", "type": "TIMESTAMP", "mode": "REQUIRED"},
        {"name": "points", "type": "INTEGER", "mode": "NULLABLE"},
        {"name": "tags", "type": "STRING", "mode": "REPEATED"},
        {"name": "line", "type": "RECORD", "mode": "NULLABLE", "fields": [{"name": "a", "type": "FLOAT"}]},
    ]
    table = {"tableReference": {"projectId": PROJECT, "datasetId": "d", "tableId": "t"}, "schema": {"fields": fields}}
    with JsonHttpServer(Answer(body=table)) as server, warehouse(server.address, dataset_prefix="test_") as adapter:
        assert adapter.columns("d.t") == {
            "at": "TIMESTAMP",
            "points": "INT64",
            "tags": "ARRAY<STRING>",
            "line": "STRUCT<a FLOAT64>",
        }

        assert "/datasets/test_d/tables/t" in server.requests[0].path


def test_a_table_of_another_project_is_asked_there_without_a_prefix() -> None:
    table = {"tableReference": {"projectId": "other", "datasetId": "d", "tableId": "t"}, "schema": {"fields": []}}
    with JsonHttpServer(Answer(body=table)) as server, warehouse(server.address, dataset_prefix="test_") as adapter:
        assert adapter.columns("other-project.d.t") == {}

        assert "/projects/other-project/datasets/d/tables/t" in server.requests[0].path


@pytest.mark.parametrize("of", ["other-project", PROJECT])
def test_a_missing_role_is_named_for_the_project_that_holds_the_table(of: str) -> None:
    denied = refused(403, "accessDenied", f"Access Denied: Table {of}:d.t: User does not have permission to query it")
    asks: tuple[Callable[[BigQueryWarehouse], object], ...] = (
        lambda adapter: adapter.columns(f"{of}.d.t"),
        lambda adapter: adapter.query(QUERY),
    )
    for ask in asks:
        with (
            JsonHttpServer(denied) as server,
            warehouse(server.address) as adapter,
            pytest.raises(SourceError) as error,
        ):
            ask(adapter)

        assert f"on the project '{of}'" in error.value.advice
        assert ("jobUser" in error.value.advice) == (of == PROJECT)


@emulated
def test_the_emulator_answers_of_two_projects(bigquery_address: str) -> None:
    create_tables(bigquery_address, PROJECT, COLUMNS, {"nba_predictions.picks": [{"player": "own"}]})
    create_tables(bigquery_address, "other-project", COLUMNS, {"nba_predictions.picks": [{"player": "theirs"}]})
    both = "SELECT o.player AS own, t.player AS theirs FROM {nba_predictions}.picks AS o"

    with warehouse(bigquery_address) as adapter:
        assert adapter.query(Query(f"{both} CROSS JOIN `other-project.nba_predictions.picks` AS t")) == [
            {"own": "own", "theirs": "theirs"}
        ]
        assert adapter.columns("other-project.nba_predictions.picks")["player"] == "STRING"


def test_the_columns_of_shards_are_those_of_a_dry_run() -> None:
    """The description of a table takes no ``*``; of a dry run the newest shard's columns are the answer."""
    schema = {"fields": [{"name": "points", "type": "INTEGER", "mode": "NULLABLE"}]}
    answer = dry("SELECT")
    answer.body["statistics"]["query"]["schema"] = schema
    with JsonHttpServer(answer) as server, warehouse(server.address, dataset_prefix="test_") as adapter:
        assert adapter.columns("d.events_*") == {"_TABLE_SUFFIX": "STRING", "points": "INT64"}

        asked = server.requests[0].body["configuration"]
        assert (asked["dryRun"], "`example-project.test_d.events_*`" in asked["query"]["query"]) == (True, True)


@emulated
def test_the_emulator_answers_of_shards(bigquery_address: str) -> None:
    shards = {f"shards.events_{day}": {"event_id": "STRING"} for day in ("20260209", "20260210")}
    create_tables(bigquery_address, PROJECT, shards, {name: [{"event_id": name[-8:]}] for name in shards})
    query = "SELECT event_id FROM `{shards}.events_*` WHERE _TABLE_SUFFIX = FORMAT_DATE('%Y%m%d', @date)"

    with warehouse(bigquery_address) as adapter:
        assert adapter.query(Query(query, {"date": Parameter("DATE", date(2026, 2, 10))})) == [{"event_id": "20260210"}]


@emulated
def test_the_emulator_describes_a_dataset(bigquery_address: str) -> None:
    create_tables(bigquery_address, PROJECT, {"described.here": {"event_id": "STRING"}}, {})
    query = Query("SELECT COUNT(*) AS n FROM {described}.INFORMATION_SCHEMA.TABLES WHERE table_name = 'here'")

    with warehouse(bigquery_address) as adapter:
        assert adapter.query(query) == [{"n": 1}]
