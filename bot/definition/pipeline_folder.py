"""Several pipelines: the files that one setting names, and the one of them that somebody means."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from bot import yaml_tree
from bot.definition.files import PipelineFileError, file_of, read_text
from bot.nearest import either
from bot.yaml_tree import FileProblem, YamlError

SEPARATOR = os.pathsep
"""What stands between several files or folders, as in PATH."""

_NO_NAME = re.compile(r"[^a-z0-9]+")

ENDINGS = (".yaml", ".yml")
INSIDE = "pipeline.yaml"
"""What a folder for one pipeline alone calls its file; its scenarios lie beside it."""


def files_named(named: Path) -> tuple[Path, ...]:
    """Return the pipeline files that a setting names: an example, a file, a folder, or several with ':' between.

    Raises PipelineFileError for a folder that holds none.
    """
    if named.exists() or SEPARATOR not in str(named):
        return _files(file_of(named))
    parts = [part for part in str(named).split(SEPARATOR) if part]
    return tuple(dict.fromkeys(file for part in parts for file in _files(file_of(Path(part)))))


def _files(path: Path) -> tuple[Path, ...]:
    """Return a file as it is, of a folder its YAML files, and the ``pipeline.yaml`` of each folder in it."""
    try:
        if not path.is_dir():
            return (path,)
        inside = sorted(each for each in path.iterdir() if not each.name.startswith("."))
    except (OSError, ValueError):
        return (path,)
    files = [each for each in inside if each.suffix in ENDINGS and each.is_file()]
    files += [each / INSIDE for each in inside if (each / INSIDE).is_file()]
    if not files:
        text = f"is a folder without a pipeline file: it holds neither NAME.yaml nor FOLDER/{INSIDE}"
        raise PipelineFileError((FileProblem(file=str(path), text=text),))
    return tuple(files)


def name_in(file: Path) -> str:
    """Return the name that a file gives its pipeline, whatever else is wrong in it; where it gives none, its own."""
    try:
        name = yaml_tree.read_yaml(read_text(file), str(file)).value["name"]
    except (PipelineFileError, YamlError, KeyError, TypeError):
        name = None
    return name if isinstance(name, str) else name_by_path(file) or file.stem


def name_by_path(file: Path) -> str | None:
    """Return the name of a pipeline whose file gives none: the file's, of ``pipeline.yaml`` the folder's."""
    stem = file.absolute().parent.name if file.name == INSIDE else file.stem
    name = _NO_NAME.sub("-", stem.lower()).strip("-")
    return name if name[:1].isalpha() else None


def which_there_are(names: Iterable[str], wanted: str = "") -> str:
    """Return the names, and those that are near to what was said."""
    known = sorted(names)
    near = get_close_matches(wanted.lower(), known, n=3, cutoff=0.5) if wanted else []
    hint = f" Did you mean {either(near)}?" if near else ""
    return f"there are {', '.join(known)}.{hint}"
