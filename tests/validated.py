"""A validation in one step, as tests ask for it."""

from __future__ import annotations

from bot.request import Request
from bot.validation import Validation
from checks.model import Report


def validated(validation: Validation, request: Request) -> Report:
    """Plan and run."""
    return validation.run(validation.plan(request))
