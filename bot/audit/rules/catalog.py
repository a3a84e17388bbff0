"""The explicit list of rules. A new rule is added here and gets the next number; a number is never used again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.audit import ignores
from bot.audit.model import AuditRule, RuleSeverity, Violation
from bot.audit.rules import (
    backup_files,
    binding_verified,
    commit_recorded,
    duplicate_subscriptions,
    failure_stops,
    flags_that_wipe,
    import_validation,
    invoker_binding,
    minimum_instances,
    service_account,
    temporary_directory,
    traffic_to_latest,
)
from bot.audit.rules.audited_file import AuditedFile

UNREADABLE = AuditRule(
    id="REV000",
    title="The file can be read",
    rationale="What cannot be read cannot be audited, and silence must not look like a clean file.",
    fix="Fix the place that is named; the other files were audited.",
    severity=RuleSeverity.ERROR,
    example_bad='if [ "$1" = prod ]; then\n  gcloud run deploy live-export --source=.\n',
    example_good='if [ "$1" = prod ]; then\n  gcloud run deploy live-export --source=.\nfi\n',
)
"""Not one of the rules below: it reports a file that the audit could not read or parse."""

RULES: tuple[AuditRule, ...] = (
    invoker_binding.RULE,
    binding_verified.RULE,
    flags_that_wipe.RULE,
    service_account.RULE,
    commit_recorded.RULE,
    failure_stops.RULE,
    temporary_directory.RULE,
    import_validation.RULE,
    duplicate_subscriptions.RULE,
    traffic_to_latest.RULE,
    minimum_instances.RULE,
    backup_files.RULE,
)

FileRule = Callable[[AuditedFile], Iterator[Violation]]
"""What looks at one file; it raises nothing, and where it does, the engine says so."""

FILE_RULES: tuple[FileRule, ...] = (
    invoker_binding.find,
    binding_verified.find,
    flags_that_wipe.find,
    service_account.find,
    commit_recorded.find,
    failure_stops.find,
    temporary_directory.find,
    import_validation.find,
    duplicate_subscriptions.find,
    traffic_to_latest.find,
    minimum_instances.find,
)
"""What looks at one file by itself; REV008 also compares files, and REV012 looks at names alone."""


EVERY_RULE: tuple[AuditRule, ...] = (UNREADABLE, *RULES, ignores.RULE)
