"""The deployment audit of a clone, as a validation asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.git_program import git_files
from bot.google_cloud.clients import GoogleAccess
from checks.ports.audit import AUDIT, AuditFinding
from checks.source import Problem, SourceError


def connect(access: GoogleAccess) -> RepositoryAudit | None:
    """Return the audit of the clone; without a clone there are no files to audit."""
    settings = access.settings
    return None if settings.repository is None else RepositoryAudit(settings.repository, settings.audit_baseline)


class RepositoryAudit:
    """Audits the files of a clone as they lie there. What ``baseline`` knows does not count."""

    def __init__(self, root: Path, baseline: Path | None = None) -> None:
        self._root = root
        self._baseline = baseline

    def violations(self) -> Sequence[AuditFinding]:
        """Audit the clone as it is now. Raises SourceError, also where there is nothing to audit."""
        from bot.audit.baseline import BaselineError  # noqa: PLC0415 - likewise
        from bot.audit.request import AuditRequestError, request  # noqa: PLC0415 - the shell's grammar is loaded when needed

        try:
            found = request([self._root.resolve()], (), (), self._baseline, git_files=git_files).run()
        except (AuditRequestError, BaselineError, OSError) as error:
            advice = "Check REVEILLE_REPOSITORY; 'reveille audit' says more."
            raise SourceError(AUDIT, Problem.INVALID, _sentence(error), advice=advice) from error
        return [
            AuditFinding(
                rule=each.rule,
                path=each.path,
                line=each.span.start.line,
                column=each.span.start.column,
                message=each.message,
                fix=each.fix_text,
                severity=each.severity.value,
            )
            for each in found.violations
        ]


def _sentence(error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return (reason or type(error).__name__).removesuffix(".")
