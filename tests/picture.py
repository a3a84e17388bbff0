"""Draw the README's picture: ``python -m tests.picture FILE`` writes the report of the demo's incident as SVG."""

from __future__ import annotations

import sys
import textwrap
from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME

from bot.composition.validation import on_scenario
from bot.definition.pipeline_file import shipped_pipeline
from bot.render.brief import brief_message
from bot.render.message import Command, Part
from bot.render.reading import Reading
from bot.render.terminal import print_message
from bot.request import Request
from bot.scenarios.scenario import load_scenario
from tests.validated import validated

SCENARIO = "invoker-lost"
WIDTH = 120
COMMAND_WIDTH = 108
"""Leaves room for the indentation, and for the backslash at the end."""

# Rich's own frame, without the web font that it would fetch.
FRAME = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
  <rect x="0" y="0" width="{terminal_width}" height="{height}" />
</clipPath>
{lines}
</defs>
<rect fill="#292929" width="{width}" height="{height}" rx="8" />
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def draw() -> str:
    """Return the picture as SVG."""
    pipeline = shipped_pipeline()
    with on_scenario(pipeline, load_scenario(SCENARIO)) as prepared:
        report = validated(prepared.validation, Request(interval=prepared.interval))
        reading = Reading(report=report, pipeline=pipeline, checks=prepared.validation.checks)
    console = Console(
        width=WIDTH, file=StringIO(), record=True, force_terminal=True, highlight=False, markup=False, emoji=False
    )
    message = brief_message(reading)
    print_message(replace(message, parts=tuple(map(wrapped, message.parts))), console)
    return console.export_svg(title="", theme=SVG_EXPORT_THEME, code_format=FRAME, unique_id="report")


def wrapped(part: Part) -> Part:
    """Return a command over several lines, as one would type it: a terminal wraps by itself, a picture does not."""
    if not isinstance(part, Command):
        return part
    lines = (textwrap.wrap(line, COMMAND_WIDTH, break_on_hyphens=False) for line in part.text.splitlines())
    return Command(text="\n".join(" \\\n  ".join(each) for each in lines))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(draw(), encoding="utf-8")
