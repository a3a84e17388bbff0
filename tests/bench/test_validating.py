"""What a validation asks Google for, counted by servers of the same protocols."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.definition.pipeline_file import shipped_pipeline
from checks.ports.documents import FIRESTORE
from checks.ports.services import CLOUD_RUN
from checks.ports.warehouse import BIGQUERY
from tests.bench.__main__ import options_of, validations

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("validating")]  # one worker, so that the fixture is made once


@pytest.fixture(scope="module")
def measured() -> Mapping[str, Any]:
    """What the bench measures of validations, with what the embedded default found under ``recorded``."""
    validation, recorded = validations(options_of(["--delay", "0.01", "--runs", "1"]))
    return {"validation": validation, "recorded": recorded}


def test_each_thing_is_asked_for_once_a_run(measured: Mapping[str, Any]) -> None:
    for run in (measured["validation"]["cold"], *measured["validation"]["warm"]):
        assert run["seen"]["repeated"] == []


def test_the_servers_saw_every_look_that_the_report_tells_of(measured: Mapping[str, Any]) -> None:
    run = measured["validation"]["warm"][-1]

    seen = {source: sum(requests.values()) for source, requests in run["seen"]["requests"].items()}

    # A look that no check waited for may come back after the report.
    assert seen.keys() == run["sources"].keys()
    assert all(seen[source] >= looked["looks"] > 0 for source, looked in run["sources"].items())


def test_no_question_of_the_first_round_waits_for_another_one_to_be_answered(measured: Mapping[str, Any]) -> None:
    asked = measured["validation"]["warm"][-1]["sources"]

    for source in (BIGQUERY, CLOUD_RUN, FIRESTORE):
        assert 0 < asked[source.name]["looks"] <= source.bound(shipped_pipeline().limits)


def test_all_completion_documents_travel_in_one_request(measured: Mapping[str, Any]) -> None:
    requests = measured["validation"]["warm"][-1]["seen"]["requests"]["Firestore"]

    assert requests["BatchGetDocuments"] == 1


def test_one_list_reads_every_service_and_the_project_is_read_once(measured: Mapping[str, Any]) -> None:
    requests = measured["validation"]["warm"][-1]["seen"]["requests"]

    assert requests["Cloud Run"]["ListServices"] == 1
    assert "GetService" not in requests["Cloud Run"]
    assert sum(requests["Resource Manager"].values()) == 1


def test_the_google_clients_bring_the_findings_of_the_embedded_default(measured: Mapping[str, Any]) -> None:
    recorded, validation = measured["recorded"], measured["validation"]

    assert len(recorded["findings"]) > len(recorded["checks"])
    for run in (validation["cold"], *validation["warm"], validation["one_by_one"]):
        assert (run["verdict"], run["different"]) == (recorded["verdict"], 0)
