"""``reveille graph``: the pipeline as a picture, with what a run found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import click

from bot.commands.errors import said_plainly
from bot.commands.exits import FINE, CannotGoOnError
from bot.commands.options import INTERVAL_ARGUMENT, PIPELINE_OPTION, SCENARIO_OPTION
from bot.commands.output import say
from bot.composition.validation import pipeline_of, ready
from bot.private_files import write_private
from bot.render.graph.drawing import Drawing, described, drawing_of, marks_of, part_of
from bot.render.graph.formats import dot, mermaid, svg
from bot.request import Request
from checks.catalog import checks_of
from checks.pipeline import Pipeline, SqlCheck


def _file(name: str, words: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    kind = click.Path(path_type=Path, dir_okay=False)
    return click.option(f"--{name}", f"{name}_file", type=kind, metavar="FILE", help=words)


@click.command()
@INTERVAL_ARGUMENT
@_file("svg", "Write it as SVG, for pages and browsers.")
@_file("dot", "Write it for Graphviz.")
@_file("mermaid", "Write it for Mermaid, which GitHub and others draw.")
@click.option("--live", is_flag=True, help="Validate on Google Cloud first, and mark what failed.")
@click.option("--part", is_flag=True, help="Draw only what is marked, and what is next to it.")
@click.option(
    "--across",
    type=click.IntRange(1, 20),
    default=6,
    show_default=True,
    help="Boxes in a row of the SVG; 2 for a narrow page.",
)
@PIPELINE_OPTION
@SCENARIO_OPTION
def graph(  # noqa: PLR0913, PLR0917 - one parameter an option
    interval: str | None,
    svg_file: Path | None,
    dot_file: Path | None,
    mermaid_file: Path | None,
    live: bool,
    part: bool,
    across: int,
    pipeline_file: Path | None,
    scenario: str | None,
) -> int:
    """Draw the pipeline as a graph, with what failed, its cause and suspects marked by shape and colour.

    Without a file it says what the picture shows. Marks need a scenario or --live.

    \b
    Examples:
      reveille graph --pipeline nba --svg nba.svg
      reveille graph --scenario invoker-lost --part --svg incident.svg
      reveille graph --live --mermaid pipeline.mmd
    """  # noqa: D301 - click reads the backspace
    if not (live or scenario) and (interval or part):
        raise click.UsageError("A date and --part need what a run found: add --live or --scenario.")
    if live and scenario:
        raise click.UsageError("--live and --scenario exclude each other.")
    with said_plainly():
        drawing = _judged(interval, pipeline_file, scenario) if live or scenario else _plain(pipeline_of(pipeline_file))
    shown = part_of(drawing) if part else drawing
    files = {
        name: file
        for name, file in (("svg", svg_file), ("dot", dot_file), ("mermaid", mermaid_file))
        if file is not None
    }
    formats: Mapping[str, Callable[[Drawing], str]] = {
        "svg": partial(svg, across=across),
        "dot": dot,
        "mermaid": mermaid,
    }
    for name, file in files.items():
        _write(file, formats[name](shown))
    for line in described(shown):
        say(line)
    return FINE


def _plain(pipeline: Pipeline) -> Drawing:
    return drawing_of(pipeline, _stated(pipeline))


def _judged(interval: str | None, pipeline_file: Path | None, scenario: str | None) -> Drawing:
    asked = partial(Request, depth="full")
    with ready(pipeline_file, scenario, None, asked(interval=interval or "previous")) as prepared:
        validation = prepared.validation
        report = validation.run(validation.plan(asked(interval=interval or prepared.interval)))
    stated = _stated(validation.pipeline)
    return drawing_of(validation.pipeline, stated, marks_of(validation.pipeline, stated, report))


def _stated(pipeline: Pipeline) -> tuple[SqlCheck, ...]:
    return tuple(each.spec for each in checks_of(pipeline) if each.spec is not None)


def _write(file: Path, text: str) -> None:
    try:
        write_private(file, text)
    except OSError as error:
        raise CannotGoOnError(f"{file} cannot be written: {error.strerror or error}. Check the path.") from error
    say(f"{file} has the picture.")
