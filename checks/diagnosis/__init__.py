"""From findings to causes: the first broken step, why it broke, and what follows from it.

The diagnosis is pure. It looks for the reason of a broken transition in this order: the caller may not
invoke · no subscription, or too many · the service is not ready, or traffic is on an old revision, or a
variable is missing · an old commit was built · an upstream check failed · a job fails · a processor stalled ·
a build failed, or the code is old for another reason · a processor is missing · unknown. What a cause
explains it takes once, so that one incident is told once, with its consequences, and not once for each
symptom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checks.diagnosis.board import Board
from checks.diagnosis.chain import broken_flags, walk
from checks.diagnosis.control_plane import explain_data, shown_causes
from checks.diagnosis.sentences import cause
from checks.diagnosis.upstream import remaining_causes
from checks.model import Cause, CheckResult
from checks.pipeline import Pipeline


def diagnose(
    pipeline: Pipeline, reasons: Mapping[str, str], results: Sequence[CheckResult], year: int | None = None
) -> tuple[Cause, ...]:
    """Return the causes of what failed, the gravest first.

    Every failed finding is explained by one cause at most; what is not known, waits or passed by none. The
    order of the results does not matter. ``reasons`` say what the checks look at that can tell why a service did not
    do its work, in the order in which reasons are looked for. ``year`` is this one:
    what happened in another is told with its own.
    """
    board = Board(pipeline, reasons, results, year)
    shown = shown_causes(board)
    found = walk(board, shown)
    explain_data(board, shown)
    found += remaining_causes(board)
    found += broken_flags(board)
    return tuple(cause(board, each) for each in sorted(shown + found, key=board.gravity))
