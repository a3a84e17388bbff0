"""Rows as Google's client converts them: from recorded REST answers, and from the emulator."""

from __future__ import annotations

import pytest

from checks.cells import words
from checks.ports.warehouse import Query
from tests.bot.sources.test_bigquery import COLUMNS, PROJECT, warehouse
from tests.cells import SAMPLES, YEAR, ZONE, Sample
from tests.servers.bigquery_emulator import create_tables
from tests.servers.json_http import Answer, JsonHttpServer

UNLIKE_BIGQUERY = {
    "BIGNUMERIC": "the emulator has no number of so many digits",
    "BYTES": "the emulator does not read the literal",
    "interval": "the emulator sends the signs of intervals wrong",
    "interval of less than a second": "the emulator sends the signs of intervals wrong",
    "place": "the emulator sends places in a form of its own",
}


def answer(sample: Sample) -> Answer:
    return Answer(
        body={
            "jobReference": {"projectId": PROJECT, "jobId": "job", "location": "US"},
            "jobComplete": True,
            "schema": {"fields": [sample.field]},
            "rows": [{"f": [{"v": sample.sent}]}],
            "totalRows": "1",
        }
    )


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_a_cell_of_the_rest_interface_becomes_its_value(sample: Sample) -> None:
    with JsonHttpServer(answer(sample)) as server, warehouse(server.address) as adapter:
        (row,) = adapter.query(Query("SELECT 1 AS it FROM {nba_predictions}.picks"))

    assert (repr(row["it"]), words(row["it"], ZONE, YEAR)) == (repr(sample.value), sample.words)


@pytest.mark.xdist_group("emulators")
def test_a_cell_of_the_emulator_becomes_its_value(bigquery_address: str) -> None:
    create_tables(bigquery_address, PROJECT, COLUMNS, {})
    wanted = {name: sample for name, sample in SAMPLES.items() if name not in UNLIKE_BIGQUERY}

    with warehouse(bigquery_address) as adapter:
        found = {name: adapter.query(Query(f"SELECT {sample.sql} AS it"))[0]["it"] for name, sample in wanted.items()}

    assert {name: words(value, ZONE, YEAR) for name, value in found.items()} == {
        name: sample.words for name, sample in wanted.items()
    }
