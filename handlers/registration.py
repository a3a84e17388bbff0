"""Every handler, in the order in which Bolt asks them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

from slack_bolt import App, BoltRequest, BoltResponse

from handlers import actions, commands, errors, home, repairs, shortcuts, staging, views
from handlers.services import Services


def register_all(app: App, services: Services) -> None:
    """Register everything that the app's manifest names."""
    app.use(_keep_words)
    errors.register(app, services)
    commands.register(app, services)
    staging.register(app, services)
    actions.register(app, services)
    views.register(app, services)
    repairs.register(app, services)
    shortcuts.register(app, services)
    home.register(app, services)
    actions.register_links(app)


def _keep_words(req: BoltRequest, next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002 - Bolt's name
    """Read a form that Bolt dropped: it takes any that contains "payload", be it a person's word, for another kind."""
    if not req.body:
        req.body = dict(parse_qsl(req.raw_body, keep_blank_values=True))
    return next()
