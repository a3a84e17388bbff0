"""A validation in one step, as tests ask for it."""

from __future__ import annotations

from bot.validation import Request, Validation
from checks.model import Report


def validated(validation: Validation, request: Request) -> Report:
    """Plan and run."""
    return validation.run(validation.plan(request))
