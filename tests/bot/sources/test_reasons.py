"""What Google's refusals mean, by their reasons."""

from __future__ import annotations

import pytest
import requests
from google.api_core import exceptions
from google.auth.exceptions import RefreshError, TransportError

from bot.google_cloud.errors import is_passing, source_error
from bot.google_cloud.reasons import REASONS
from bot.sources.services.live import API as CLOUD_RUN_API
from bot.sources.warehouse.live import API as BIGQUERY_API
from checks.source import Problem, SourceError


def refused(kind: type[exceptions.GoogleAPICallError], text: str, reason: str = "") -> exceptions.GoogleAPICallError:
    return kind(text, errors=({"reason": reason, "message": text},) if reason else ())


def told(error: BaseException) -> SourceError:
    return source_error(error, BIGQUERY_API, "example-project", "the query 'picks'")


@pytest.mark.parametrize("kind", [exceptions.BadRequest, exceptions.Forbidden, exceptions.GoogleAPICallError])
def test_a_reason_means_the_same_whatever_its_status(kind: type[exceptions.GoogleAPICallError]) -> None:
    errors = {reason: refused(kind, "refused", reason) for reason in REASONS}

    heard = {reason: (told(error).problem, is_passing(error)) for reason, error in errors.items()}

    assert heard == {reason: (meant.problem, meant.passing) for reason, meant in REASONS.items()}


@pytest.mark.parametrize(
    ("error", "problem", "advice"),
    [
        (refused(exceptions.BadRequest, "Job timed out after 20s", "stopped"), Problem.TIMED_OUT, "status"),
        (refused(exceptions.BadRequest, "Job was cancelled", "stopped"), Problem.UNAVAILABLE, "cancelled"),
        (refused(exceptions.NotFound, "Not found: Dataset a:b in location US"), Problem.NOT_FOUND, "BIGQUERY_LOCATION"),
        (refused(exceptions.NotFound, "Not found: Dataset a:b"), Problem.NOT_FOUND, "DATASET_PREFIX"),
        (
            refused(exceptions.Forbidden, "prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: x"),
            Problem.DENIED,
            "ingress",
        ),
        (refused(exceptions.FailedPrecondition, "violates constraints/iam.x"), Problem.DENIED, "exception"),
        (
            refused(exceptions.Forbidden, "Permission denied on resource project example", "accessDenied"),
            Problem.NOT_FOUND,
            "Check the name",
        ),
        (refused(exceptions.Forbidden, "User lacks bigquery.jobs.create"), Problem.DENIED, "bigquery.jobs.create"),
    ],
)
def test_what_a_sentence_says_is_heard(error: BaseException, problem: Problem, advice: str) -> None:
    assert told(error).problem is problem
    assert advice in told(error).advice


@pytest.mark.parametrize("reason", ["billingNotEnabled", "responseTooLarge", "vpcServiceControls"])
def test_no_role_is_advised_where_none_helps(reason: str) -> None:
    assert "Grant" not in told(refused(exceptions.Forbidden, "refused", reason)).advice


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.ConnectionError("HTTPSConnectionPool(host='bigquery.example.com', port=443): Max retries"),
        TransportError("HTTPSConnectionPool(host='oauth2.example.com', port=443)"),  # type: ignore[no-untyped-call]
        refused(exceptions.ServiceUnavailable, "failed to connect to all addresses; last error: ipv4:192.0.2.1"),
        refused(exceptions.ServiceUnavailable, "DNS resolution failed for run.example.com"),
    ],
)
def test_without_a_network_one_sentence_says_so_and_no_chain_of_errors(error: BaseException) -> None:
    problem = source_error(error, CLOUD_RUN_API, "example-project", "the services")

    assert (problem.problem, problem.retryable) == (Problem.UNREACHABLE, True)
    assert problem.detail == "the services: no connection from here"


def test_a_connection_that_takes_too_long_timed_out() -> None:
    assert told(requests.exceptions.ConnectTimeout("slow")).problem is Problem.TIMED_OUT


def test_an_account_that_is_gone_is_named_as_such() -> None:
    error = RefreshError("invalid_grant: Invalid grant: account not found")  # type: ignore[no-untyped-call]

    assert told(error).problem is Problem.UNAUTHENTICATED
    assert "does not exist" in told(error).detail
