from typing import Any

import google.api_core.exceptions
import google.auth.exceptions
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from bot.google_cloud.errors import is_passing, mapped_errors, sentence, source_error
from bot.sources.services.live import API as CLOUD_RUN_API
from bot.sources.warehouse.live import API as BIGQUERY_API
from checks.source import Problem, SourceError

exceptions: Any = google.api_core.exceptions
"""Typed loosely, like ``auth``: their constructors have no types."""

auth: Any = google.auth.exceptions


def _turned(error: BaseException) -> SourceError:
    return source_error(error, BIGQUERY_API, "example-project", "the query 'x'")


def _http(kind: Any, reason: str, message: str = "no") -> Any:
    return kind(message, errors=[{"reason": reason, "message": message}])


@pytest.mark.parametrize(
    ("error", "problem", "retryable"),
    [
        (exceptions.PermissionDenied("no"), Problem.DENIED, False),
        (_http(exceptions.Forbidden, "accessDenied"), Problem.DENIED, False),
        (_http(exceptions.Forbidden, "accessNotConfigured"), Problem.NOT_ENABLED, False),
        (
            exceptions.PermissionDenied("Cloud Run Admin API has not been used in project 1 before"),
            Problem.NOT_ENABLED,
            False,
        ),
        (exceptions.PermissionDenied("no", error_info={"reason": "SERVICE_DISABLED"}), Problem.NOT_ENABLED, False),
        (exceptions.PermissionDenied("Permission denied on resource project nobody."), Problem.NOT_FOUND, False),
        (_http(exceptions.Forbidden, "quotaExceeded"), Problem.THROTTLED, True),
        (_http(exceptions.Forbidden, "rateLimitExceeded"), Problem.THROTTLED, True),
        (exceptions.ResourceExhausted("slow down"), Problem.THROTTLED, True),
        (exceptions.Unauthenticated("who"), Problem.UNAUTHENTICATED, False),
        (auth.RefreshError("reauthentication is needed"), Problem.UNAUTHENTICATED, False),
        (
            exceptions.ServiceUnavailable("Getting metadata from plugin failed with error: x"),
            Problem.UNAUTHENTICATED,
            False,
        ),
        (auth.TransportError("no route"), Problem.UNREACHABLE, True),
        (exceptions.NotFound("no such table"), Problem.NOT_FOUND, False),
        (exceptions.DeadlineExceeded("late"), Problem.TIMED_OUT, True),
        (TimeoutError(), Problem.TIMED_OUT, True),
        (requests.exceptions.ReadTimeout("late"), Problem.TIMED_OUT, True),
        (requests.exceptions.ConnectionError("refused"), Problem.UNREACHABLE, True),
        (exceptions.ServiceUnavailable("down"), Problem.UNAVAILABLE, True),
        (exceptions.InternalServerError("oops"), Problem.UNAVAILABLE, True),
        (exceptions.BadRequest("Unrecognized name: x"), Problem.INVALID, False),
        (exceptions.FailedPrecondition("needs an index"), Problem.INVALID, False),
        (exceptions.RetryError("gave up", cause=exceptions.ServiceUnavailable("down")), Problem.UNAVAILABLE, True),
        (exceptions.RetryError("gave up", cause=None), Problem.UNAVAILABLE, True),
    ],
)
def test_every_error_of_the_vendor_has_a_problem_and_an_advice(
    error: BaseException, problem: Problem, retryable: bool
) -> None:
    turned = _turned(error)

    assert turned.source == "BigQuery"
    assert turned.problem is problem
    assert turned.retryable is retryable
    assert turned.advice.endswith(".")
    assert "the query 'x'" in turned.detail


def test_a_denial_names_the_permission_and_the_role() -> None:
    error = exceptions.PermissionDenied("Permission 'run.services.getIamPolicy' denied on resource 'x'")

    advice = source_error(error, CLOUD_RUN_API, "example-project", "the policy of 'x'").advice

    assert "run.services.getIamPolicy" in advice
    assert "roles/run.viewer" in advice
    assert "example-project" in advice


def test_an_api_that_is_off_comes_with_the_command_that_turns_it_on() -> None:
    advice = _turned(_http(exceptions.Forbidden, "accessNotConfigured")).advice

    assert "gcloud services enable bigquery.googleapis.com --project=example-project" in advice


def test_missing_credentials_come_with_the_command_and_the_way_without() -> None:
    advice = _turned(exceptions.Unauthenticated("who")).advice

    assert "gcloud auth application-default login" in advice
    assert "--scenario" in advice


@pytest.mark.parametrize(
    "secret",
    [
        "ya29.a0AfH6SMBx",
        "eyJhbGciOi.eyJzdWIiOi.sig",
        "https://example.com/?access_token=abc",
        "Bearer abcdef",
        "client_secret=abcdef",
        "AIzaSyA1234567890abcdef",
        "xoxb-1-2-abc",
    ],
)
def test_no_secret_and_no_address_gets_through(secret: str) -> None:
    detail = _turned(exceptions.BadRequest(f"POST https://example.com/v2?key=1: went wrong with {secret} there")).detail

    assert secret not in detail
    assert "example.com" not in detail
    assert "went wrong with" in detail


def test_only_the_first_line_is_repeated_and_only_so_much_of_it() -> None:
    text = sentence(exceptions.BadRequest("x" * 5000 + "\nsecond line; reason: r, message: m"))

    assert len(text) <= 300
    assert "\n" not in text


def test_an_error_without_words_gives_its_kind() -> None:
    assert sentence(auth.RefreshError("")) == "RefreshError"


@given(st.text())
def test_any_text_becomes_one_bounded_line(text: str) -> None:
    result = sentence(exceptions.BadRequest(text))

    assert 0 < len(result) <= 300
    assert len(result.splitlines()) == 1


def test_what_is_not_the_vendors_is_left_alone() -> None:
    with pytest.raises(KeyError), mapped_errors(BIGQUERY_API, "example-project", "x"):
        raise KeyError


def test_what_is_the_vendors_becomes_a_source_error() -> None:
    with pytest.raises(SourceError), mapped_errors(BIGQUERY_API, "example-project", "x"):
        raise exceptions.NotFound("gone")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (exceptions.ServiceUnavailable("down"), True),
        (exceptions.TooManyRequests("slow down"), True),
        (_http(exceptions.Forbidden, "rateLimitExceeded"), True),
        (_http(exceptions.Forbidden, "accessDenied"), False),
        (requests.exceptions.ConnectionError("refused"), True),
        (requests.exceptions.ConnectTimeout("late"), False),
        (requests.exceptions.ReadTimeout("late"), False),
        (exceptions.DeadlineExceeded("late"), False),
        (exceptions.BadRequest("wrong"), False),
        (exceptions.ServiceUnavailable("Getting metadata from plugin failed"), False),
    ],
)
def test_only_what_may_pass_is_tried_again(error: BaseException, expected: Any) -> None:
    assert is_passing(error) is expected
