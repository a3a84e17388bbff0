"""Runs every rule over every file of a tree that deploys something."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from tree_sitter import Node

from bot.audit.discovery import GitFiles, deploys, discover
from bot.audit.file_kinds import FileKind, kind_of, mentions_deploy
from bot.audit.formats import cloudbuild, dockerfile, makefile, workflow
from bot.audit.formats.steps import Followed, follow
from bot.audit.model import Audit, SourceFile, Span, Violation
from bot.audit.rules import backup_files, import_validation
from bot.audit.rules.audited_file import AuditedFile
from bot.audit.rules.catalog import FILE_RULES, UNREADABLE, FileRule
from bot.audit.shell.commands import ShellStep
from bot.audit.shell.library import Library
from bot.audit.shell.script import Script
from bot.audit.shell.tree import Tree
from bot.audit.source_text import Text, UnreadableSourceError, read_source
from bot.yaml_tree import YamlError, read_yaml

_log = logging.getLogger(__name__)
_TOO_DEEP = "the file is nested too deep to be followed; split it"
_BROKEN = (
    "the audit itself broke here ({}): this file is not judged in full, the others are; please report it with the file"
)
_UNSAID = frozenset(("comment", "heredoc_body"))
_TALK = frozenset(("echo", "printf", "cat"))


def audit(root: Path, paths: Sequence[Path] = (), git_files: GitFiles | None = None) -> Audit:
    """Audit the files under ``root``: all that deploy, or those under ``paths``; a file named there is always read.

    Never raises for what is in the files: a file that cannot be read is a violation of REV000, and the others
    go on. Nothing is run, and nothing is written. Without ``git_files`` files that git ignores are audited, too.
    """
    found = discover(root, paths, git_files)
    violations: list[Violation] = list(backup_files.find(found.backups))
    sources: dict[str, SourceFile] = {}
    deployments: list[AuditedFile] = []
    neither: list[str] = []
    for path in found.files:
        try:
            source = read_source(root / path, path)
        except UnreadableSourceError as error:
            violations.append(_unreadable(SourceFile(path, ""), error))
            continue
        if path in found.named and kind_of(path, source.text) is FileKind.NEITHER:
            neither.append(path)
            continue
        deployment, problems = read(source, root)
        if path in found.mentioned and not _runs_a_deploy(deployment, source):
            continue
        sources[path] = source
        violations += problems
        deployments += [deployment] if deployment is not None else []
    for one in deployments:
        violations += judged(one.among(deployments))
    violations += guarded(SourceFile(".", ""), lambda: import_validation.compare(deployments))
    violations += [
        _unreadable(SourceFile(path, ""), UnreadableSourceError(reason)) for path, reason in found.unreadable
    ]
    violations.sort(key=lambda one: (one.path, one.span, one.rule, one.message))
    return Audit(tuple(violations), tuple(sources), tuple(found.skipped), sources, tuple(neither))


def _runs_a_deploy(deployment: AuditedFile | None, source: SourceFile) -> bool:
    # The words of a deploy may stand in a comment, or in what it prints; and most scripts that source deploy nothing.
    return bool(deployment.deploys) if deployment is not None else mentions_deploy(source.text)


def judged(deployment: AuditedFile, rules: Sequence[FileRule] = FILE_RULES) -> Iterator[Violation]:
    """Yield what the rules say of a file; one that breaks is said as REV000, and the others go on."""
    for find in rules:
        yield from guarded(deployment.source, partial(find, deployment))


def guarded(source: SourceFile, look: Callable[[], Iterator[Violation]]) -> list[Violation]:
    """Return what one look yields; where it breaks, that the file could not be judged: never silence."""
    try:
        return list(look())
    except RecursionError:
        return [_unreadable(source, UnreadableSourceError(_TOO_DEEP))]
    except Exception as error:  # noqa: BLE001 - a fault of ours in one file must not end the audit of the others
        _log.warning("The audit broke in %r", source.path, exc_info=True)
        return [_unreadable(source, UnreadableSourceError(_BROKEN.format(type(error).__name__)))]


def read(source: SourceFile, root: Path | None = None) -> tuple[AuditedFile | None, list[Violation]]:
    """Follow a file, and what it sources under ``root``; return what it runs, or None, and what is wrong with it."""
    deployments: list[AuditedFile] = []
    kind = kind_of(source.path, source.text)
    library = Library(root, source.path if kind in _SCRIPTS else "") if root is not None else None

    def look() -> Iterator[Violation]:
        try:
            deployment, problems = _READERS[kind](source, library)
        except UnreadableSourceError as error:
            yield _unreadable(source, error)
            return
        deployments.extend([deployment] if deployment is not None else [])
        yield from problems

    problems = guarded(source, look)
    return (deployments[0] if deployments else None), problems


def _unreadable(source: SourceFile, error: UnreadableSourceError) -> Violation:
    return UNREADABLE.violation(source.path, source.span(error.start, error.end), str(error))


def _unfollowed(source: SourceFile, script: Script) -> list[Violation]:
    if not (deploys(source.path) or mentions_deploy(source.text)):
        return []  # What an `eval` makes matters where something is deployed.
    places = {(problem.start, problem.end): problem for problem in script.problems}
    return [_unreadable(source, problem) for problem in places.values()]


def _read_script(source: SourceFile, library: Library | None) -> tuple[AuditedFile, list[Violation]]:
    return _followed(source, follow([ShellStep(text=Text(source.text))], library), is_build=False)


def _read_build(source: SourceFile, library: Library | None) -> tuple[AuditedFile | None, list[Violation]]:
    try:
        root = read_yaml(source.text, source.path)
    except YamlError as error:
        return None, [
            UNREADABLE.violation(source.path, _yaml_span(source, problem.line, problem.column), problem.text)
            for problem in error.problems
        ]
    is_workflow = kind_of(source.path, source.text) is FileKind.WORKFLOW
    if not isinstance(root.value, dict):
        expected = (
            "GitHub workflow: expected keys such as 'jobs'"
            if is_workflow
            else "Cloud Build file: expected keys such as 'steps'"
        )
        raise UnreadableSourceError(f"this is no {expected}")
    steps_of = workflow.steps_of if is_workflow else cloudbuild.steps_of
    return _followed(source, follow(steps_of(root, source.text), library))


def _read_makefile(source: SourceFile, library: Library | None) -> tuple[AuditedFile | None, list[Violation]]:
    read_makefile = makefile.Makefile(source.text)
    return _followed(source, follow(read_makefile.steps(), library, read_makefile.made))


def _read_dockerfile(source: SourceFile, library: Library | None) -> tuple[AuditedFile | None, list[Violation]]:
    return _followed(source, follow(dockerfile.steps_of(source.text), library))


def _followed(source: SourceFile, read: Followed, *, is_build: bool = True) -> tuple[AuditedFile, list[Violation]]:
    scripts = [script for _, script in read.scripts]
    audited = AuditedFile(
        source,
        [read.trace, *read.others],
        is_build=is_build,
        traps=[trap for script in scripts for trap in script.state.traps],
        first_statements={number: _first_statement(script.tree) for number, script in read.scripts},
        literals=_literals(source, scripts) if "gserviceaccount" in source.text else (),
        called_elsewhere=frozenset(one for script in scripts for one in script.called_elsewhere),
    )
    return audited, [one for script in scripts for one in _unfollowed(source, script)]


_SCRIPTS = frozenset((FileKind.SCRIPT, FileKind.UNMARKED, FileKind.NEITHER))
_READERS: dict[FileKind, Callable[[SourceFile, Library | None], tuple[AuditedFile | None, list[Violation]]]] = {
    FileKind.BUILD: _read_build,
    FileKind.WORKFLOW: _read_build,
    FileKind.MAKEFILE: _read_makefile,
    FileKind.DOCKERFILE: _read_dockerfile,
    FileKind.SCRIPT: _read_script,
    FileKind.UNMARKED: _read_script,
    FileKind.NEITHER: _read_script,
}


def _yaml_span(source: SourceFile, line: int, column: int) -> Span:
    offset = sum(len(one) + 1 for one in source.lines[: max(line, 1) - 1]) + max(column, 1) - 1
    return source.span(offset, offset)


def _first_statement(tree: Tree) -> tuple[int, int]:
    for child in tree.root.children:
        if child.type != "comment":
            end = tree.start(child) + len(tree.source(child).split("\n", 1)[0])
            return tree.start(child), end
    return tree.text.origin(0), tree.text.origin(0)


def _literal_ranges(tree: Tree, node: Node) -> Iterator[tuple[int, int]]:
    if node.type in _UNSAID:
        return
    if node.type == "command":
        name = node.child_by_field_name("name")
        if name is not None and tree.source(name) in _TALK:
            return
    if node.type in {"word", "string", "raw_string", "concatenation"}:
        yield tree.start(node), tree.end(node)
        return
    for child in node.named_children:
        yield from _literal_ranges(tree, child)


def _literals(source: SourceFile, scripts: Sequence[Script]) -> Sequence[tuple[int, int]]:
    covered = [(script.tree.text.origin(0), script.tree.text.end(len(script.tree.text.text))) for script in scripts]
    ranges = [one for script in scripts for one in _literal_ranges(script.tree, script.tree.root)]
    offset = 0
    for line in source.lines:
        inside = any(start <= offset + len(line) - len(line.lstrip()) < end for start, end in covered)
        if not inside and not line.lstrip().startswith("#"):
            ranges.append((offset, offset + len(line.partition(" #")[0])))
        offset += len(line) + 1
    return sorted(ranges)
