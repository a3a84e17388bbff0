"""A scenario has no business in a store with alerts of the project: it would resolve them."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from bot.alerting.alerts import was_told
from bot.alerting.incident import MADE_UP
from bot.settings import SettingsError
from bot.store.model import StateStore, StoreError

log = logging.getLogger(__name__)


def keep_apart(store: StateStore, scenarios_of: Iterable[str]) -> None:
    """Raise SettingsError where a store has open alerts that are no scenario's, of a pipeline of which one is served.
    Of a store that cannot be read nothing is known."""
    for name in scenarios_of:
        try:
            real = [each for each in store.open_alerts(name) if was_told(each) and MADE_UP not in each.details]
        except StoreError as error:
            log.warning("whether the store has alerts of the project could not be read: %s", error)
            return
        if real:
            raise SettingsError(
                f"The store that REVEILLE_STORE names has open alerts of {name} that are no scenario's, such as"
                f" '{real[0].title}': a scenario would resolve them. Leave REVEILLE_STORE out, or name another store."
            )
