"""Files of ours in YAML: read, validated, every problem named by file, line and key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from bot import yaml_tree
from bot.definition.model_errors import problem_at, problems_of
from bot.definition.upgrade import VERSION, renames
from bot.yaml_tree import FileProblem, Node, YamlError

M = TypeVar("M", bound=BaseModel)

LARGEST = 4_000_000
"""Bytes; the largest pipeline we know has 60,000."""

MOST_PROBLEMS = 50
"""Problems reported at once; who has more has one that makes the others."""


class PipelineFileError(ValueError):
    """A file that cannot be used. ``problems`` are all that were found, at most ``MOST_PROBLEMS`` and one
    that counts the rest; the message is one line for each."""

    def __init__(self, problems: tuple[FileProblem, ...]) -> None:
        if len(problems) > MOST_PROBLEMS:
            more = FileProblem(file=problems[0].file, text=f"{len(problems) - MOST_PROBLEMS} more problems")
            problems = (*problems[:MOST_PROBLEMS], more)
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile(Generic[M]):
    """A file that was read: its content, and where each key of it stands."""

    content: M
    root: Node
    name: str

    def problem(
        self, path: yaml_tree.Path, text: str, *, undecided: bool = False, line_of_text: int = 0
    ) -> FileProblem:
        """Return a problem of this file at a key; ``line_of_text`` as in ``problem_at``."""
        return problem_at(self.root, self.name, path, text, undecided=undecided, line_of_text=line_of_text)


EXAMPLES = Path(__file__).parent.parent / "pipelines"
"""The pipelines that come with the product."""


def file_of(name_or_path: Path, beside: Path | None = None) -> Path:
    """Return the pipeline file that is meant: an example by its name, such as ``nba``, else a path."""
    example = EXAMPLES / f"{name_or_path}.yaml"
    if name_or_path.name == str(name_or_path) and not name_or_path.suffix and example.is_file():
        return example
    return name_or_path if beside is None else beside / name_or_path


def load(path: str | Path | Traversable, model: type[M]) -> M:
    """Read a YAML file into a model. Raises PipelineFileError with every problem."""
    return read(path, model).content


def read(
    path: str | Path | Traversable, model: type[M], left_out: Mapping[str, Any] = MappingProxyType({})
) -> ReadFile[M]:
    """Read a YAML file into a model and keep the positions; ``left_out`` is what holds where the file does not say it.

    Raises PipelineFileError with every problem.
    """
    source = Path(path) if isinstance(path, str) else path
    return parse(read_text(source), str(path), model, left_out)


def parse(text: str, name: str, model: type[M], left_out: Mapping[str, Any] = MappingProxyType({})) -> ReadFile[M]:
    """Read YAML text into a model; ``name`` stands for the file. Raises PipelineFileError with every problem."""
    try:
        root = yaml_tree.read_yaml(text, name)
    except YamlError as error:
        raise PipelineFileError(error.problems) from None
    if not isinstance(root.value, dict):
        raise _refused(name, yaml_tree.NO_KEYS)
    if earlier := _earlier(text, root, name):
        raise PipelineFileError((earlier,))
    try:
        # A file uses the names of the schema; the models' own names are for code.
        content = model.model_validate({**left_out, **root.value}, by_alias=True, by_name=False)
    except ValidationError as error:
        raise PipelineFileError(problems_of(error, model, root, name)) from None
    return ReadFile(content=content, root=root, name=name)


def _earlier(text: str, root: Node, name: str) -> FileProblem | None:
    """Return the problem of a file that an earlier release wrote, None for any other."""
    version = root.value.get("version", VERSION)
    if type(version) is int and version > VERSION:
        said = f"is of version {version}; this release reads version {VERSION}"
    elif version == VERSION - 1 or ("version" not in root.value and renames(text, root)):
        said = f"is of an earlier version: upgrade it with 'reveille config upgrade {name}'"
    else:
        return None
    return FileProblem(file=name, line=root.lines.get("version", 0), text=said)


def read_text(source: Path | Traversable) -> str:
    """Return the text of a file. Raises PipelineFileError."""
    name = str(source)
    try:
        if source.is_dir():
            raise _refused(name, "is a directory; expected a YAML file")
        with source.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except PipelineFileError:
        raise
    except (FileNotFoundError, ValueError):
        # A path that holds a NUL character is a ValueError to the system call.
        raise _refused(name, "does not exist; check the path") from None
    except OSError as error:
        raise _refused(name, f"cannot be read: {error.strerror or error}") from None
    if len(data) > LARGEST:
        raise _refused(name, f"is larger than {LARGEST // 1_000_000} MB; expected a pipeline in YAML, not data")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = FileProblem(file=name, line=line, text="is not UTF-8 text; save the file with that encoding")
        raise PipelineFileError((problem,)) from None


def _refused(name: str, text: str) -> PipelineFileError:
    return PipelineFileError((FileProblem(file=name, text=text),))
