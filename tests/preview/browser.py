"""A page as a picture, through the Chromium that the machine has."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.preview.png import smaller

CANDIDATES = ("chromium", "chromium-browser", "google-chrome")
SCALE = 1.5
MEASURE = """<script>
document.documentElement.style.width = "{}px"
document.documentElement.dataset.height = document.body.offsetHeight
</script>"""
"""Chromium has no window below 500 pixels, so the page itself is as narrow as a phone."""

HEIGHT = re.compile(r'data-height="(\d+)"')
SECONDS = 60


class NoBrowserError(RuntimeError):
    """There is no Chromium on this machine, or it draws nothing."""


def browser() -> str | None:
    """Return the path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, CANDIDATES)), None)


def photograph(page: str, picture: Path, width: int) -> None:
    """Write a page as a PNG of its whole height; ``width`` in CSS pixels. Raises NoBrowserError."""
    with tempfile.TemporaryDirectory() as folder:
        source, shot = Path(folder, "page.html"), Path(folder, "page.png")
        source.write_text(page.replace("</body>", f"{MEASURE.format(width)}</body>"), encoding="utf-8")
        found = HEIGHT.search(_run("--dump-dom", f"--window-size={width},600", source.as_uri(), profile=folder))
        if found is None:
            raise NoBrowserError("Chromium did not measure the page.")
        _run(
            f"--screenshot={shot}",
            f"--window-size={width},{found[1]}",
            f"--force-device-scale-factor={SCALE}",
            source.as_uri(),
            profile=folder,
        )
        if not shot.exists():
            raise NoBrowserError("Chromium wrote no picture.")
        picture.write_bytes(smaller(shot.read_bytes()))


def draw(source: Path, profile: str) -> str:
    """Return the document of a page after its scripts. Raises NoBrowserError."""
    return _run("--dump-dom", "--window-size=900,700", source.as_uri(), profile=profile)


def _run(*arguments: str, profile: str) -> str:
    command = browser()
    if command is None:
        raise NoBrowserError(f"None of {', '.join(CANDIDATES)} is installed.")
    fixed = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        f"--user-data-dir={profile}/profile",
    )
    done = subprocess.run([command, *fixed, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False)
    return done.stdout
