"""No backup files are tracked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from bot.audit.model import AuditRule, Position, RuleSeverity, Span, Violation

RULE = AuditRule(
    id="REV012",
    title="No backup files are tracked",
    rationale=(
        "A copy such as deploy.sh.bak is found, believed and run: it deploys what was right months ago. The "
        "history of the repository keeps old states."
    ),
    fix=("Remove the file with `git rm`; its content stays in the history."),
    severity=RuleSeverity.WARNING,
    example_bad="""\
bin/orchestrators/deploy_phase3_to_phase4.sh.bak
""",
    example_good="""\
bin/orchestrators/deploy_phase3_to_phase4.sh
""",
)


PATTERNS = ("*.bak", "*.backup*")
_BEGINNING = Span(Position(1, 1), Position(1, 1))


def is_backup(path: str) -> bool:
    """Whether a path, with ``/``, names a backup copy."""
    name = path.rpartition("/")[2].lower()
    return any(fnmatchcase(name, pattern) for pattern in PATTERNS)


def find(paths: Iterable[str]) -> Iterator[Violation]:
    for path in paths:
        if is_backup(path):
            yield RULE.violation(path, _BEGINNING, f"{path.rpartition('/')[2]} is a backup copy")
