"""Pipeline files: read, and what their parts say of each other checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path

from bot.definition.files import EXAMPLES, PipelineFileError, ReadFile, parse, read_text
from bot.definition.pipeline_folder import name_by_path
from bot.definition.pipeline_references import reference_problems
from bot.yaml_tree import FileProblem
from checks.pipeline import Pipeline

LINES_NAMED = 5
"""Lines that a problem of several places names."""


def shipped_pipeline(name: str = "nba") -> Pipeline:
    """Load an example that comes with the product. Raises PipelineFileError with every problem."""
    return load_pipeline(EXAMPLES / f"{name}.yaml")


def load_pipeline(path: str | Path | Traversable) -> Pipeline:
    """Read a pipeline file, and check what its parts say of each other.

    Raises PipelineFileError with every problem.
    """
    return read_pipeline(path).content


def read_pipeline(path: str | Path | Traversable) -> ReadFile[Pipeline]:
    """As ``load_pipeline``, and keep the positions."""
    text = read_text(Path(path) if isinstance(path, str) else path)
    return beside(_checked(text, str(path), tuple(left_out(path).items())), path)


@lru_cache(maxsize=4)  # a command may need its file more than once, and each reading is a tenth of a second
def _checked(text: str, name: str, left_out: Sequence[tuple[str, str]]) -> ReadFile[Pipeline]:
    return referenced(parse(text, name, Pipeline, dict(left_out)))


def left_out(path: str | Path | Traversable) -> Mapping[str, str]:
    """Return what a file need not say, because where it lies does: the pipeline's name."""
    name = name_by_path(Path(path)) if isinstance(path, str | Path) else None
    return {} if name is None else {"name": name}


def beside(pipeline_file: ReadFile[Pipeline], path: str | Path | Traversable) -> ReadFile[Pipeline]:
    """Return the file with what it names on this machine found from where it lies."""
    dbt = pipeline_file.content.dbt
    if dbt is None or dbt.in_bucket or not isinstance(path, str | Path):
        return pipeline_file
    found = dbt.model_copy(update={"artifacts": str(Path(path).parent / Path(dbt.artifacts).expanduser())})
    return replace(pipeline_file, content=pipeline_file.content.model_copy(update={"dbt": found}))


def referenced(pipeline_file: ReadFile[Pipeline]) -> ReadFile[Pipeline]:
    """Return the file if its references hold. Raises PipelineFileError with every problem."""
    problems = [pipeline_file.problem(path, text) for path, text in reference_problems(pipeline_file.content)]
    if problems:
        raise PipelineFileError(tuple(_once(sorted(problems, key=lambda problem: problem.line))))
    return pipeline_file


def _once(problems: Sequence[FileProblem]) -> Iterator[FileProblem]:
    """Yield one problem for a name that is wrong in several places: one slip, mostly where the name is given."""
    lines: dict[str, list[int]] = {}
    for each in problems:
        lines.setdefault(each.text, []).append(each.line)
    for each in problems:
        if "'" not in each.text:
            yield each
        elif others := lines.pop(each.text, []):
            more = [str(line) for line in dict.fromkeys(others) if line != each.line]
            others_too = f", and {len(more) - LINES_NAMED} more" if len(more) > LINES_NAMED else ""
            where = f" (also line{'s' * (len(more) > 1)} {', '.join(more[:LINES_NAMED])}{others_too})" if more else ""
            yield replace(each, text=f"{each.text}{where}")


def read_pipelines(files: Iterable[Path]) -> tuple[Pipeline, ...]:
    """Read files of different pipelines. Raises PipelineFileError with every problem of all of them."""
    found: list[ReadFile[Pipeline]] = []
    problems: list[FileProblem] = []
    for file in files:
        try:
            found.append(read_pipeline(file))
        except PipelineFileError as error:
            problems += error.problems
    problems += _twice(found)
    if problems:
        raise PipelineFileError(tuple(problems))
    return tuple(each.content for each in found)


def _twice(found: Sequence[ReadFile[Pipeline]]) -> Iterable[FileProblem]:
    first: dict[str, str] = {}
    for each in found:
        name = each.content.name
        if name in first:
            yield each.problem(("name",), f"is {name!r}, as in {first[name]}; each pipeline needs a name of its own")
        first.setdefault(name, each.name)
