"""What Google's libraries raise, in our words: which source, which problem, what to do about it.

Nothing of an error but its first sentence is repeated, and that without addresses and tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import requests
from google.api_core import exceptions
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError
from google.auth.exceptions import TimeoutError as RefreshTimeoutError

from bot.google_cloud.reasons import Meaning, meaning_of
from bot.redaction.shown import shown_error
from checks.source import UNANSWERED, Problem, Source, SourceError

LOGIN = "Run 'gcloud auth application-default login', or validate a recorded day with --scenario."

_LONGEST_DETAIL = 300

_VENDOR = (exceptions.GoogleAPIError, GoogleAuthError, OSError)
"""The errors of requests, and the time-out of waiting for a query job, are OSErrors."""

_LONGEST_MESSAGE = 4096
"""Characters of an error that are looked at: services repeat whole requests in theirs."""

_REQUEST = re.compile(r"^(?:GET|POST|PUT|PATCH|DELETE) \S+: ")
_PERMISSION = re.compile(r"\b[a-z][a-z]+\.[A-Za-z]+\.[A-Za-z]+\b")
_HOLDER = re.compile(r"\b(?:Table|Dataset) ((?:[a-z0-9.-]+:)?[a-z][a-z0-9-]*):\w")
"""The project that holds what BigQuery speaks of."""
_NOT_ENABLED = re.compile(r"API has not been used in project|API .{0,200}is disabled|SERVICE_DISABLED")


@dataclass(frozen=True, slots=True)
class Api:
    """An API as errors need to know it: its source, its address, the role that lets us use it, and the one that does
    ``elsewhere``, on what a project holds that another one asks."""

    source: Source[Any]
    address: str
    role: str
    elsewhere: str = ""


@contextmanager
def mapped_errors(api: Api, project: str, subject: str) -> Iterator[None]:
    """Raise SourceError for whatever Google's libraries raise inside; ``subject`` says what was asked."""
    try:
        yield
    except _VENDOR as error:
        raise source_error(error, api, project, subject) from error


def short_retry(seconds: float) -> Retry:
    """Return a policy that asks again for ``seconds`` when the source was only busy for a moment."""
    return Retry(predicate=is_passing, initial=0.1, maximum=1.0, multiplier=2.0, timeout=seconds)


def is_passing(error: BaseException) -> bool:
    """Whether an error is of the kind that the next attempt may not see.

    A time-out is not: the source has already had all the time that there is.
    """
    meaning = meaning_of(error)
    if meaning is not None:
        return meaning.passing
    if isinstance(error, exceptions.ServiceUnavailable):
        return not _is_about_credentials(error)
    return isinstance(error, exceptions.InternalServerError | exceptions.BadGateway | exceptions.TooManyRequests)


def source_error(error: BaseException, api: Api, project: str, subject: str) -> SourceError:
    """Return an error of Google's libraries in our words."""
    if isinstance(error, exceptions.RetryError) and error.cause is not None:
        return source_error(error.cause, api, project, subject)
    meaning = meaning_of(error) or Meaning(problem=_problem(error))
    problem = meaning.problem
    detail = f"{subject}: {meaning.detail or _DETAILS.get(problem) or sentence(error)}"
    return SourceError(
        api.source,
        problem,
        detail,
        advice=meaning.advice or _advice(problem, error, api, project),
        retryable=problem in UNANSWERED or problem is Problem.THROTTLED,
    )


def sentence(error: BaseException) -> str:
    """Return the first line of an error, bounded, without addresses and secrets."""
    text = error.message if isinstance(error, exceptions.GoogleAPICallError) else str(error)
    first = next(iter(str(text or "")[:_LONGEST_MESSAGE].strip().splitlines()), "")
    # BigQuery repeats its message after a machine-readable reason.
    first = _REQUEST.sub("", first).partition("; reason: ")[0]
    first = shown_error(first).strip().removesuffix(".") or type(error).__name__
    return first if len(first) <= _LONGEST_DETAIL else f"{first[: _LONGEST_DETAIL - 1]}…"


_DETAILS = {
    Problem.UNAUTHENTICATED: "the Google credentials are missing, expired or revoked",
    Problem.TIMED_OUT: "no answer within the time allowed",
}

_PROBLEMS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Problem], ...] = (
    ((TimeoutError, requests.exceptions.Timeout, RefreshTimeoutError), Problem.TIMED_OUT),
    ((exceptions.Unauthorized, GoogleAuthError), Problem.UNAUTHENTICATED),
    (exceptions.Forbidden, Problem.DENIED),
    (exceptions.NotFound, Problem.NOT_FOUND),
    (exceptions.TooManyRequests, Problem.THROTTLED),
    ((exceptions.GatewayTimeout, exceptions.Cancelled), Problem.TIMED_OUT),
    (exceptions.ClientError, Problem.INVALID),
)


def _problem(error: BaseException) -> Problem:
    if isinstance(error, exceptions.Forbidden):
        if _is_not_enabled(error):
            return Problem.NOT_ENABLED
        if _is_about_project(error):
            return Problem.NOT_FOUND
    if _is_about_credentials(error):
        return Problem.UNAUTHENTICATED
    return next((problem for kinds, problem in _PROBLEMS if isinstance(error, kinds)), Problem.UNAVAILABLE)


def _is_about_credentials(error: BaseException) -> bool:
    """Whether this is how gRPC reports credentials that it cannot refresh: as a source that is unavailable."""
    return isinstance(error, exceptions.ServiceUnavailable) and "metadata from plugin failed" in str(error.message)


def _is_not_enabled(error: exceptions.Forbidden) -> bool:
    return _NOT_ENABLED.search(str(error.message)) is not None


def _is_about_project(error: exceptions.Forbidden) -> bool:
    """Google answers "denied" for a project that does not exist, so as not to tell who has which."""
    return "Permission denied on resource project" in str(error.message)


def _advice(problem: Problem, error: BaseException, api: Api, project: str) -> str:
    holder = _HOLDER.search(sentence(error)) if api.elsewhere else None
    if holder is not None and holder[1] != project:
        api, project = replace(api, role=api.elsewhere), holder[1]
    match problem:
        case Problem.UNAUTHENTICATED:
            return LOGIN
        case Problem.NOT_ENABLED:
            return f"Enable it with 'gcloud services enable {api.address} --project={project}'."
        case Problem.DENIED:
            return _how_to_permit(sentence(error), api, project)
        case Problem.NOT_FOUND:
            return f"Check the name, the project {project!r} and the prefixes (DATASET_PREFIX, COLLECTION_PREFIX)."
        case Problem.THROTTLED:
            return f"Wait a moment and run it again; if it stays so, raise the quota of {api.source} in {project!r}."
        case Problem.INVALID:
            return "Correct the question in the pipeline file; 'reveille config check --live' tries every one."
        case _:
            return f"Run it again; if it stays so, check the status of {api.source}."


def _how_to_permit(text: str, api: Api, project: str) -> str:
    named = _PERMISSION.search(text)
    needs = f"It needs {named[0]}. " if named is not None else ""
    return f"{needs}Grant {api.role} on the project {project!r} to the account that runs Reveille."
