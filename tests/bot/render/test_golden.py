"""What the renderers show, word for word. ``UPDATE_GOLDEN=1 pytest tests/bot/render/test_golden.py`` writes the
files again; look at the difference before it is committed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.render.blocks import messages_json
from bot.render.json import report_json
from bot.render.report import message_of
from tests.bot.render.reports import READINGS
from tests.plain import terminal_text

GOLDEN = Path(__file__).parents[2] / "golden"
RENDERERS = {
    "txt": lambda reading: terminal_text(message_of(reading)),
    "narrow.txt": lambda reading: terminal_text(message_of(reading), 40),
    "blocks.json": lambda reading: messages_json(message_of(reading)) + "\n",
    "report.json": lambda reading: report_json(reading) + "\n",
}
CASES = [
    *((name, suffix) for name in ("all-clear", "blocked", "unknown", "off-day") for suffix in RENDERERS),
    # The full form differs in which lines it shows; how lines are shown is in the others.
    ("all-clear-full", "txt"),
    ("blocked-full", "txt"),
]
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))


@pytest.mark.parametrize(("name", "suffix"), CASES)
def test_it_reads_as_the_golden_file_says(name: str, suffix: str) -> None:
    path = GOLDEN / f"{name}.{suffix}"

    text = RENDERERS[suffix](READINGS[name])

    if UPDATE:
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: UPDATE_GOLDEN=1 writes it"
    assert text == path.read_text(encoding="utf-8")


def test_every_golden_file_belongs_to_a_test() -> None:
    expected = {f"{name}.{suffix}" for name, suffix in CASES}

    assert {path.name for path in GOLDEN.iterdir()} == expected
