"""Every rule that the audit can name: the catalogue, what could not be read, and the ignores themselves."""

from __future__ import annotations

from bot.audit import ignores
from bot.audit.catalog import RULES, UNREADABLE
from bot.audit.model import Rule

EVERY_RULE: tuple[Rule, ...] = (UNREADABLE, *RULES, ignores.RULE)
