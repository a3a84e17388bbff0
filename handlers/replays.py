"""Whether a request was here before: Slack sends events again, and a caught signature works for minutes."""

from __future__ import annotations

import logging

from bot.store.model import StoreError
from handlers.services import Services

log = logging.getLogger(__name__)


def is_new(services: Services, key: str) -> bool:
    """Remember a key, and say whether it is new; an empty one always is.

    Only for what harms nobody when it is done twice: without the store the answer is yes.
    """
    try:
        return not key or services.store.first_time(key, services.clock())
    except StoreError:
        log.warning("a replay cannot be noticed: the store does not answer", exc_info=True)
        return True
