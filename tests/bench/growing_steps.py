"""What becomes of a report after its checks ran, step by step: everything that makes a digest, and more.

Runs in the measured interpreter as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bot.alerting.incidents import Incidents
from bot.render.alert import AlertMessages
from bot.render.blocks import slack_messages
from bot.render.digest import Digest, digest_messages
from bot.render.home import Home, home_view
from bot.render.json import report_document
from bot.render.reading import Reading
from bot.render.report import message_of
from bot.render.report_changes import changes
from bot.store.codec import decode, encode
from bot.store.model import StoredReport
from bot.store.sqlite import SqliteStore
from checks.diagnosis import diagnose
from checks.model import Report, Verdict
from checks.pipeline import Pipeline
from checks.registry import Check
from tests.plain import terminal_text


@dataclass(frozen=True, kw_only=True)
class Case:
    """A report, the pipeline that it is about, and the checks that made it."""

    report: Report
    pipeline: Pipeline
    checks: tuple[Check, ...]

    @cached_property
    def document(self) -> Mapping[str, Any]:
        return report_document(self.reading())

    @cached_property
    def stored(self) -> StoredReport:
        return StoredReport(
            key="report",
            pipeline=self.pipeline.name,
            job="digest",
            previous=self.report.previous.name,
            at=self.report.now,
            verdict=self.report.verdict.value,
            document=self.document,
        )

    def reading(self, *, full: bool = False) -> Reading:
        """Return the report as renderers read it; each time a new one, since it remembers what it has worked out."""
        return Reading(report=self.report, pipeline=self.pipeline, checks=self.checks, full=full)


def _alerts(case: Case) -> object:
    """The alerts of a report, opened, and then of the same report once more."""
    store = SqliteStore(":memory:")
    try:
        incidents = Incidents(store, case.pipeline, AlertMessages(case.pipeline))
        return incidents.process(case.report, case.report.now), incidents.process(case.report, case.report.now)
    finally:
        store.close()


def _digest(case: Case) -> object:
    news = changes({**case.document, "results": []}, case.document)
    return digest_messages(Digest(reading=case.reading(), changes=[news]))


def _home(case: Case) -> object:
    return home_view(
        Home(
            pipeline=case.pipeline,
            now=case.report.now,
            last=case.stored,
            digests=[(case.stored.previous, Verdict(case.stored.verdict))],
            alerts=(),
        )
    )


STEPS: Mapping[str, Callable[[Case], object]] = {
    "diagnosis": lambda case: diagnose(case.pipeline, case.checks, case.report.results),
    "alerts": _alerts,
    "JSON": lambda case: report_document(case.reading()),
    "text": lambda case: terminal_text(message_of(case.reading())),
    "blocks": lambda case: slack_messages(message_of(case.reading(full=True))),
    "changes": lambda case: changes(case.document, case.document),
    "digest": _digest,
    "home tab": _home,
    "store": lambda case: decode(StoredReport, encode(case.stored)),
}
"""By the name that people read."""

OF_A_DIGEST = ("alerts", "JSON", "changes", "digest", "store")
