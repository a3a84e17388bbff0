"""Draw the pictures of the playground in docs: ``python -m tests.preview.playground``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

from tests.bot.playground.visiting import visiting
from tests.preview.browser import NoBrowserError, browser
from tests.preview.png import animated, smaller

DOCS = Path(__file__).parents[2] / "docs"
SIZE = {"width": 1180, "height": 740}
SECONDS = 3.0
"""How long each of the pictures of the story is shown."""


def draw_story(picture: Path) -> None:
    """Write the three clicks of the story as a picture that moves. Raises NoBrowserError."""
    with _night() as page:
        shots = [page.screenshot()]
        for shown in _clicks(page):
            shown.wait_for()
            page.locator("#doing:empty").wait_for(state="attached")
            page.mouse.move(1, 1)
            shots.append(page.screenshot())
    picture.write_bytes(animated(shots, SECONDS))


def draw_playground(picture: Path) -> None:
    """Write the page as it is when the redeploy was found. Raises NoBrowserError."""
    with _night() as page:
        next(_clicks(page)).wait_for()
        page.locator("#doing:empty").wait_for(state="attached")
        page.mouse.move(1, 1)
        picture.write_bytes(smaller(page.screenshot()))


def _clicks(page: Page) -> Iterator[Locator]:
    """Click what the story offers, and yield what is to be seen after it."""
    repair = page.locator('#posts [data-action="alert:repair"]')
    page.locator('[data-to="redeploy"]').click()
    yield repair
    repair.click()
    submit = page.locator("dialog .submit")
    yield submit
    submit.click()
    yield page.locator("#posts", has_text="Resolved at")


@contextmanager
def _night() -> Iterator[Page]:
    if (path := browser()) is None:
        raise NoBrowserError("no Chromium on this machine")
    with tempfile.TemporaryDirectory() as folder, visiting(Path(folder)) as visitor, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = chromium.new_page(viewport=SIZE)  # type: ignore[arg-type]
        page.goto(visitor.address)
        page.locator("#posts article").first.wait_for()
        yield page
        chromium.close()


if __name__ == "__main__":
    draw_playground(DOCS / "playground.png")
    draw_story(DOCS / "story.png")
