"""What a pipeline file tolerates: failures that are known, and what only looks wrong."""

from __future__ import annotations

from checks.file_model import Day
from checks.values import Model


class Suppression(Model):
    """A failure that is known and tolerated until a date."""

    check: str
    """The id of a check."""
    subject: str = "*"
    """What the finding is about; * and ? stand for anything."""
    code: str | None = None
    """Only this code; left out, any."""
    until: Day
    """The last local date on which it holds."""
    reason: str
    """Why it is tolerated, for the report."""


class KnownIssue(Model):
    """Something that looks wrong and is as it should be; shown at the end of the report."""

    text: str
    """A sentence for the end of the report."""
    until: Day | None = None
    """The last date on which it is shown."""
