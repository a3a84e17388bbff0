"""Every handler, in the order in which Bolt asks them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from slack_bolt import App

from handlers import (
    actions,
    commands,
    errors,
    home,
    mentions,
    repairs,
    reports,
    request_log,
    shortcuts,
    staging,
    status,
    switchboard,
    views,
)
from handlers.services import Services
from handlers.switchboard import Vocabulary
from handlers.workers import Lane

VOCABULARY = Vocabulary(
    name=commands.HELP,
    words=commands.known_words(),
    of_all={
        commands.ALERTS: (Lane.QUICK, commands.tell_alerts),
        f"/{status.NAME}": (Lane.LONG, status.tell),
    },
)
"""What people say to several pipelines."""


def reserved(names: Collection[str]) -> Sequence[str]:
    """Return those names of pipelines that are words of a command: nobody could tell what they mean."""
    return sorted(set(names) & set(VOCABULARY.words))


def register_all(app: App, services: Services) -> None:
    """Register everything that the app's manifest names, for one pipeline."""
    request_log.register(app)
    _register_own(app, services)
    _register_shared(app, (services,))
    actions.register_others(app, services)


def register_several(app: App, apps: Mapping[str, App], every: Sequence[Services]) -> None:
    """Register everything for several pipelines: each has its own listeners in one of ``apps``, by its name, and
    ``app`` those of all of them, with the switchboard in front."""
    request_log.register(app)
    for services in every:
        own = apps[services.pipeline]
        _register_own(own, services)
        actions.register_others(own, services)
    errors.register(app, every[0].client, every[0].workers)
    switchboard.register(app, apps, every, VOCABULARY)
    _register_shared(app, every)
    actions.register_others(app, every[0])


def _register_own(app: App, services: Services) -> None:
    errors.register(app, services.client, services.workers)
    mentions.register(app, services, commands.HELP, commands.register(app, services))
    staging.register(app, services)
    actions.register(
        app, services, {repairs.REPAIR: ("Repair…", repairs.open_repair), reports.REPORT: ("Report", reports.write)}
    )
    views.register(app, services)
    repairs.register(app, services)


def _register_shared(app: App, every: Sequence[Services]) -> None:
    shortcuts.register(app, every)
    home.register(app, every)
