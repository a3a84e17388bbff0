"""Draw the picture of the playground: ``python -m tests.preview.playground [FILE]``; by default docs/playground.png."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.bot.playground.visiting import visiting
from tests.preview.browser import NoBrowserError, browser
from tests.preview.png import smaller

PICTURE = Path(__file__).parents[2] / "docs" / "playground.png"
SIZE = {"width": 1180, "height": 740}


def draw_playground(picture: Path) -> None:
    """Write the page as it is when the redeploy was found. Raises NoBrowserError."""
    if (path := browser()) is None:
        raise NoBrowserError("no Chromium on this machine")
    with tempfile.TemporaryDirectory() as folder, visiting(Path(folder)) as visitor, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = chromium.new_page(viewport=SIZE)  # type: ignore[arg-type]
        page.goto(visitor.address)
        page.locator('[data-to="redeploy"]').click()
        page.locator('#posts [data-action="alert:repair"]').wait_for()
        page.locator("#doing:empty").wait_for(state="attached")
        page.mouse.move(1, 1)
        picture.write_bytes(smaller(page.screenshot()))
        chromium.close()


if __name__ == "__main__":
    draw_playground(Path(sys.argv[1]) if sys.argv[1:] else PICTURE)
