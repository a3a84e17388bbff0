"""The product's modules, parsed once in a process for all tests that read its code."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import pytest

from tests.sections import ROOT

READS_MODULES = pytest.mark.xdist_group("modules")
"""For the tests that read them: one worker parses all of them."""


@cache
def parsed() -> Mapping[str, ast.Module]:
    """Return the tree of each module by its path from the top of the repository."""
    files = sorted(file for room in ("bot", "checks", "handlers") for file in (ROOT / room).rglob("*.py"))
    return MappingProxyType(
        {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text(encoding="utf-8")) for file in files}
    )
