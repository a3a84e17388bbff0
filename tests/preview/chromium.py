"""Debian's Chromium for tests of pages, and what axe says of them.

Where it is missing these tests are skipped, and fail in continuous integration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.preview.browser import browser as installed
from tests.servers.emulator import required

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RULES: Mapping[str, Any] = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


@contextmanager
def launched() -> Iterator[Browser]:
    if installed() is None:
        if required():
            pytest.fail("REVEILLE_REQUIRE_EMULATORS is set, but there is no Chromium on this machine")
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed(), args=["--no-sandbox"])
        yield browser
        browser.close()


def violations(page: Page, rules: Mapping[str, Any] = RULES) -> list[tuple[str, list[Any]]]:
    """Return what keeps somebody from using a page, as axe finds it: each rule with where."""
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, rules)", rules)
    return [(each["id"], [node["target"] for node in each["nodes"]]) for each in found["violations"]]
