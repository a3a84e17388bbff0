"""Which tests belong to a module: the tests mirror the packages, and say by their imports what else they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

_IMPORT = re.compile(r"^\s*(?:from ([\w.]+) import (\([^)]*\)|[^\n]*)|import ([\w.]+))", re.MULTILINE)


def test_texts(root: Path) -> dict[str, str]:
    """Return the text of every Python file of the tests, by its path below the root."""
    return {
        each.relative_to(root).as_posix(): each.read_text("utf-8") for each in sorted((root / "tests").rglob("*.py"))
    }


def rounds(module: str, tests: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """Return the test files of a module's path, nearest first; a round is run if those before it noticed nothing.

    First the module's own and those that import it, then the rest of its area, then those that reach its package
    through what they import of the tests.
    """
    files = tuple(path for path in tests if PurePosixPath(path).name.startswith("test_"))
    names = {path: imported(text) for path, text in tests.items()}
    dotted = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    package = dotted.rpartition(".")[0] or dotted
    stem = PurePosixPath(module).stem
    folder = area(module, tests)
    own = [
        path
        for path in files
        if (path.startswith(f"{folder}/") and PurePosixPath(path).stem == f"test_{stem}") or dotted in names[path]
    ]
    near = [path for path in files if PurePosixPath(path).parent.as_posix() == folder]
    far = [path for path in files if any(_is_below(name, package) for name in _reached(path, names))]
    told: set[str] = set()
    result = []
    for each in (own, near, far):
        fresh = tuple(path for path in each if path not in told)
        told.update(fresh)
        result.append(fresh)
    return tuple(each for each in result if each)


def area(module: str, tests: Mapping[str, str]) -> str:
    """Return the folder of tests that mirrors a module's folder, or the nearest one above it that has tests."""
    folders = {PurePosixPath(path).parent for path in tests if PurePosixPath(path).name.startswith("test_")}
    wanted = "tests" / PurePosixPath(module).parent
    return next((each for each in (wanted, *wanted.parents) if each in folders), PurePosixPath("tests")).as_posix()


def imported(text: str) -> frozenset[str]:
    """Return the dotted names that a source imports: modules, and what may be one."""
    found = set()
    for match in _IMPORT.finditer(text):
        module, what, plain = match.groups()
        found.add(plain or module)
        if module:
            found.update(f"{module}.{name}" for name in re.findall(r"(\w+)(?:\s+as\s+\w+)?", what))
    return frozenset(found)


def _reached(path: str, names: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Yield what a test file imports, itself or through other files of the tests."""
    waiting, known = [path], {path}
    while waiting:
        for name in names[waiting.pop()]:
            yield name
            for file in (f"{name.replace('.', '/')}.py", f"{name.replace('.', '/')}/__init__.py"):
                if file in names and file not in known:
                    known.add(file)
                    waiting.append(file)


def _is_below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
