"""``reveille graph``: the pipeline as a picture, with what a run found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from bot.commands.errors import said_plainly
from bot.commands.exits import FINE, CannotGoOnError
from bot.commands.options import INTERVAL_ARGUMENT, PIPELINE_OPTION, SCENARIO_OPTION
from bot.commands.output import emit, say, write_output
from bot.composition.validation import pipeline_of, ready
from bot.nearest import meant
from bot.render.graph.drawing import Drawing, called, described, drawing_of, marks_of, part_of
from bot.render.graph.formats import dot, mermaid, svg
from bot.request import Request
from checks.expansion.stated import stated_checks
from checks.pipeline import Pipeline
from checks.places import Place

STDOUT = Path("-")


def _file(name: str, words: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    kind = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
    return click.option(f"--{name}", f"{name}_file", type=kind, metavar="FILE", help=words)


@click.command()
@INTERVAL_ARGUMENT
@_file("svg", "Write it as SVG, for pages and browsers; - is the standard output.")
@_file("dot", "Write it for Graphviz.")
@_file("mermaid", "Write it for Mermaid, which GitHub and others draw.")
@click.option("--live", is_flag=True, help="Validate on Google Cloud first, and mark what failed.")
@click.option("--around", metavar="PLACE", multiple=True, help="Draw a place and what is next to it; can be repeated.")
@click.option("--all", "everything", is_flag=True, help="Draw all of the pipeline, not only what is around the marks.")
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
    around: tuple[str, ...],
    everything: bool,
    across: int,
    pipeline_file: Path | None,
    scenario: str | None,
) -> int:
    """Draw the pipeline as a graph, with what failed, its cause and suspects marked by shape and colour.

    Without a file it says what the picture shows. Marks need a scenario or --live; then the picture has what is marked
    and what is next to it.

    \b
    Examples:
      reveille graph --pipeline nba --svg nba.svg
      reveille graph --scenario invoker-lost --svg incident.svg
      reveille graph --pipeline nba --around prediction-worker --dot -
      reveille graph --live --mermaid pipeline.mmd
    """  # noqa: D301 - click reads the backspace
    if interval and not (live or scenario):
        raise click.UsageError("A date needs what a run found: add --live or --scenario.")
    if around and everything:
        raise click.UsageError("--around and --all exclude each other.")
    if live and scenario:
        raise click.UsageError("--live and --scenario exclude each other.")
    with said_plainly():
        drawing = _judged(interval, pipeline_file, scenario) if live or scenario else _plain(pipeline_of(pipeline_file))
    shown = drawing if everything else part_of(drawing, _asked(drawing, around))
    files = {"svg": svg_file, "dot": dot_file, "mermaid": mermaid_file}
    _deliver(shown, {name: file for name, file in files.items() if file is not None}, across)
    return FINE


def _deliver(drawing: Drawing, files: Mapping[str, Path], across: int) -> None:
    """Write the files, and say what the picture shows; a standard output that takes a picture has nothing else."""
    piped = [*files.values()].count(STDOUT)
    if piped > 1:
        raise click.UsageError("Only one picture can go to the standard output.")
    formats: Mapping[str, Callable[[Drawing], str]] = {
        "svg": partial(svg, across=across),
        "dot": dot,
        "mermaid": mermaid,
    }
    for name, file in files.items():
        _write(file, formats[name](drawing), said=not piped)
    for line in () if piped else described(drawing):
        say(line)


def _asked(drawing: Drawing, names: Iterable[str]) -> Sequence[Place]:
    """Return the places that are named. Raises CannotGoOnError for a name that no place has."""
    found: list[Place] = []
    for name in names:
        places = called(drawing, name)
        if not places:
            hint = meant(name, [each.place.name for each in drawing.boxes], "'reveille graph --dot -' lists them.")
            raise CannotGoOnError(f"The graph has no place '{name[:200]}': {hint}")
        found += places
    return found


def _plain(pipeline: Pipeline) -> Drawing:
    return drawing_of(pipeline, stated_checks(pipeline))


def _judged(interval: str | None, pipeline_file: Path | None, scenario: str | None) -> Drawing:
    asked = partial(Request, depth="full")
    with ready(pipeline_file, scenario, None, asked(interval=interval or "previous")) as prepared:
        validation = prepared.validation
        report = validation.run(validation.plan(asked(interval=interval or prepared.interval)))
    stated = stated_checks(validation.pipeline)
    return drawing_of(validation.pipeline, stated, marks_of(validation.pipeline, stated, report))


def _write(file: Path, text: str, *, said: bool) -> None:
    if file == STDOUT:
        emit(text.removesuffix("\n"))
        return
    write_output(file, text)
    if said:
        say(f"{file} has the picture.")
