"""Every handler, in the order in which Bolt asks them."""

from __future__ import annotations

from slack_bolt import App

from handlers import actions, commands, errors, home, mentions, repairs, reports, shortcuts, staging, views
from handlers.services import Services


def register_all(app: App, services: Services) -> None:
    """Register everything that the app's manifest names."""
    errors.register(app, services.client, services.workers)
    mentions.register(app, services, commands.HELP, commands.register(app, services))
    staging.register(app, services)
    actions.register(
        app, services, {repairs.REPAIR: ("Repair…", repairs.open_repair), reports.REPORT: ("Report", reports.write)}
    )
    views.register(app, services)
    repairs.register(app, services)
    shortcuts.register(app, services)
    home.register(app, services)
    actions.register_links(app)
