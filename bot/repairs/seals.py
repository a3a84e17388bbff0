"""Whether a record of a repair is what this bot wrote: the store may be open to others, its secrets are not."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC
from enum import StrEnum
from typing import Any

from bot.redaction.shown import Secret
from bot.store.model import AuditEntry

_PURPOSE = b"reveille: records of repairs, 1"
_FIELD = "seal"


class Seal(StrEnum):
    """What a record's seal says."""

    WHOLE = "whole"
    """The record is what a process with the same secret wrote."""
    MISSING = "missing"
    BROKEN = "broken"
    UNKNOWN = "unknown"
    """Without a secret nobody can tell."""


class Seals:
    """Seals records with a secret that never stands in the store: the bot token, which every server has.

    Without one, as in most shells, nothing is sealed and nothing can be judged.
    """

    def __init__(self, secret: Secret | None) -> None:
        self._key = None if secret is None else hmac.digest(secret.reveal().encode(), _PURPOSE, "sha256")

    def sealed(self, entry: AuditEntry) -> AuditEntry:
        """Return the record with its seal, or as it is where there is no secret."""
        if self._key is None:
            return entry
        return replace(entry, details={**entry.details, _FIELD: self._seal(self._key, entry)})

    def judge(self, entry: AuditEntry) -> Seal:
        """Compare a record with its seal."""
        if self._key is None:
            return Seal.UNKNOWN
        seal = entry.details.get(_FIELD)
        if not isinstance(seal, str):
            return Seal.MISSING
        whole = hmac.compare_digest(seal.encode(), self._seal(self._key, entry).encode())
        return Seal.WHOLE if whole else Seal.BROKEN

    @staticmethod
    def _seal(key: bytes, entry: AuditEntry) -> str:
        details = {name: each for name, each in entry.details.items() if name != _FIELD}
        at = entry.at.astimezone(UTC).isoformat()
        return hmac.digest(
            key, _canonical([entry.key, at, entry.actor, entry.action, entry.subject, entry.outcome, details]), "sha256"
        ).hex()


def hashed(value: Any) -> str:
    """Return 128 bits of the SHA-256 of something that JSON can say; equal for equal things."""
    return hashlib.sha256(_canonical(value)).hexdigest()[:32]


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()
