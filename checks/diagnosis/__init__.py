"""From findings to causes: the first broken step, why it broke, and what follows from it.

The diagnosis is pure. What is wrong with services, callers, topics, jobs and builds is grouped into causes first
(``control_plane``, ``platform``); then the graph of the pipeline (``lineage``) says which failures are roots, which of
those causes are why, and what follows (``flow``). What a cause explains it takes once, so that one incident is told
once, with its consequences, and not once for each symptom. docs/explanation/causes.md has the rules.
"""

from __future__ import annotations

from collections.abc import Sequence

from checks.diagnosis.board import Board, KnownCheck
from checks.diagnosis.changed import own_symptoms
from checks.diagnosis.control_plane import broken_flags, shown_causes
from checks.diagnosis.flow import explained_by_graph
from checks.diagnosis.sentences import cause
from checks.facts.logs import LoggedChange
from checks.model import Cause, CheckResult
from checks.pipeline import Pipeline


def diagnose(
    pipeline: Pipeline,
    checks: Sequence[KnownCheck],
    results: Sequence[CheckResult],
    year: int | None = None,
    *,
    own: Sequence[LoggedChange] = (),
) -> tuple[Cause, ...]:
    """Return the causes of what failed, the gravest first.

    Every failed finding is explained by one cause at most; what is not known, waits or passed by none. The
    order of the results does not matter. ``checks`` are all that the pipeline has, those that did not run
    too. ``year`` is this one: what happened in another is told with its own. ``own`` is what Reveille itself changed,
    which is known whichever checks ran, and with who told it to: the audit log names its account alone.
    """
    board = Board(pipeline, checks, results, year, own_symptoms(own))
    found = [*explained_by_graph(board, shown_causes(board)), *broken_flags(board)]
    return tuple(cause(board, each) for each in sorted(found, key=board.gravity))
