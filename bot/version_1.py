"""The names of version 1 and what they are called now: one table for files and for the records of the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

TABLES: Mapping[str, Any] = json.loads(
    resources.files("bot").joinpath("pipelines", "version-1.json").read_text(encoding="utf-8")
)
"""``keys``, ``values``, ``codes`` and ``words`` are of files, paths with dots and ``*`` for every entry; the other
tables rename the fields of a record."""
