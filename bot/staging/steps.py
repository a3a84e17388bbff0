"""What staging did, step by step, as people follow it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from bot.staging.prefix import StagingError
from checks.source import SourceError

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 16
"""Questions at once: every table of a pipeline is copied at the same time, and BigQuery takes a hundred."""


class StepMark(StrEnum):
    """What became of a step."""

    DONE = "done"
    SAME = "same"
    """It was so already; nothing was written."""
    WOULD = "would"
    """A dry run: it would be done."""
    LEFT = "left"
    """Deliberately left alone."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingStep:
    """One line of what happened. ``subject`` is what it happened to, ``detail`` a short sentence."""

    mark: StepMark
    subject: str
    detail: str
    passing: bool = False
    """Of a failure: whether the same again may succeed."""


Tell = Callable[[StagingStep], None]
"""Hears of each step when it ends."""


def failed(steps: Iterable[StagingStep]) -> bool:
    """Whether any step failed."""
    return any(step.mark is StepMark.FAILED for step in steps)


def step_of(error: SourceError | StagingError, subject: str) -> StagingStep:
    """Return the step that an error makes."""
    if isinstance(error, SourceError):
        return StagingStep(mark=StepMark.FAILED, subject=subject, detail=error.sentence, passing=error.retryable)
    return StagingStep(mark=StepMark.FAILED, subject=subject, detail=str(error))


def at_once(
    subjects: Sequence[T], work: Callable[[T], StagingStep], name: Callable[[T], str], tell: Tell
) -> list[StagingStep]:
    """Do the same for many at once; tell each as it ends, return all in the order of the subjects.

    An error of a source is a step that failed, and does not keep the others from their end.
    """

    def guarded(subject: T) -> StagingStep:
        try:
            return work(subject)
        except (SourceError, StagingError) as error:
            return step_of(error, name(subject))

    if not subjects:
        return []
    with ThreadPoolExecutor(min(AT_ONCE, len(subjects)), "staging") as pool:
        futures: list[Future[StagingStep]] = [pool.submit(guarded, subject) for subject in subjects]
        for future in as_completed(futures):
            tell(future.result())
    return [future.result() for future in futures]


def answers(questions: Sequence[T], ask: Callable[[T], R]) -> list[R]:
    """Return the answers to many questions that are asked at once, in their order. Raises what asking raises."""
    if not questions:
        return []
    with ThreadPoolExecutor(min(AT_ONCE, len(questions)), "staging") as pool:
        return list(pool.map(ask, questions))
