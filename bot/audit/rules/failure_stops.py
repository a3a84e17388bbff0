"""A failed step stops the script, and nothing swallows the failure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from bot.audit.model import AuditRule, RuleSeverity, Violation
from bot.audit.rules.audited_file import AuditedFile
from bot.audit.rules.deploys import asks_for_a_subscription, matters
from bot.audit.rules.import_validation import way
from bot.audit.shell.commands import CommandFailure, Fate, ShellCommand

RULE = AuditRule(
    id="REV006",
    title="A failed step stops the deploy",
    rationale=(
        "A step that fails and is passed over leaves a half-made deploy that looks complete: the last line "
        "still says that all went well."
    ),
    fix=(
        "Begin with `set -euo pipefail`, and let no `|| true`, `|| echo` or pipe hide the failure of a "
        'deploy, a binding or a validation: write `|| { echo "what failed" >&2; exit 1; }`.'
    ),
    severity=RuleSeverity.ERROR,
    example_bad="""\
gcloud run deploy live-export --source=. || true
""",
    example_good="""\
set -euo pipefail
gcloud run deploy live-export --source=.
""",
)


_REASONS = {
    "and": "the shell goes on when a command before && or after ! fails, also with set -e",
    "pipe": "a pipe hides the failure of what is before it; add `set -o pipefail`",
    "inside": "`set -e` does not apply here, and only the failure of the last command counts; add `|| return 1`",
    "background": "the script does not learn how a command in the background ended; `wait` for its process id",
    "declaration": "`local`, `export` and `declare` succeed whatever the command in them does; assign in a second line",
}


def find(deployment: AuditedFile) -> Iterator[Violation]:
    """Yield what swallows the failure of a step that matters, and each script that nothing stops."""
    seen: set[tuple[int, int]] = set()
    for run in deployment.runs:
        unstopped: dict[int, ShellCommand] = {}
        for index, command in enumerate(run.commands):
            failure = command.failure
            if failure.fate is Fate.STOPS or not _weighs(command):
                continue
            if failure.reason == "errexit":
                if not run.is_last(index):
                    unstopped.setdefault(command.step, command)
                continue
            excused = (failure.reason == "and" and run.is_last(index)) or (failure.reason == "background" and run.waits)
            if excused or (failure.start, failure.end) in seen:
                continue
            seen.add((failure.start, failure.end))
            yield deployment.violation(RULE, (failure.start, failure.end), _passed_over(command, failure))
        for step, command in unstopped.items():
            dropped = command.failure.start >= 0
            start, end = (
                (command.failure.start, command.failure.end)
                if dropped
                else deployment.first_statements.get(step, (0, 0))
            )
            if (start, end) not in seen:
                seen.add((start, end))
                advice = "check `$?` after it, or remove this" if dropped else "begin with `set -euo pipefail`"
                yield deployment.violation(
                    RULE,
                    (start, end),
                    f"the script goes on when {_what(command)} fails; {advice}",
                )


def _weighs(command: ShellCommand) -> bool:
    if asks_for_a_subscription(command):
        # An `if` around it chooses a way; `|| echo` forgets that the subscription is missing.
        return command.failure.fate is Fate.LOST and command.failure.reason != "if"
    return matters(command) or bool(way(command))


def _passed_over(command: ShellCommand, failure: CommandFailure) -> str:
    if failure.reason == "if":
        return f"no branch ends the script when {_what(command)} fails: the failure is passed over"
    if failure.fate is Fate.LOST:
        return f"`{_short(failure.reason)}` goes on after this: a failure of {_what(command)} is passed over"
    return f"a failure of {_what(command)} is passed over: {_REASONS[failure.reason]}"


def _what(command: ShellCommand) -> str:
    words = list(command.texts)
    if command.gcloud is not None:
        words = list(takewhile(lambda text: not text.startswith("-"), words))
    return "`" + _short(" ".join(" ".join(words).split())) + "`"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


_LONGEST = 60
