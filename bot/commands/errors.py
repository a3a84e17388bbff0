"""The errors that a person can cause, each as the end of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.commands.exits import CannotGoOnError
from bot.composition.extras import DemoExtraMissing
from bot.definition.files import PipelineFileError
from bot.request import RequestError
from bot.scenarios.scenario import UnknownScenario
from bot.settings import SettingsError
from bot.store.model import StoreError


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn each error that a person can cause into one that ``main`` prints; anything else is a bug."""
    try:
        yield
    except PipelineFileError as error:
        # Only a file has several problems, a line each; else a line end is part of some name.
        raise CannotGoOnError(*map(str, error.problems)) from error
    except (DemoExtraMissing, RequestError, SettingsError, StoreError, UnknownScenario) as error:
        raise CannotGoOnError(str(error)) from error
