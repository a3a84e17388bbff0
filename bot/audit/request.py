"""One audit as somebody asks for it: which tree, which paths of it, which rules, which baseline."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from bot.audit.baseline import BaselineEntry, entries_of, load
from bot.audit.discovery import GitFiles
from bot.audit.engine import audit
from bot.audit.review import Review, review
from bot.audit.rules.catalog import EVERY_RULE


class AuditRequestError(ValueError):
    """What was asked for cannot be audited; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRequest:
    """What to audit. ``paths`` are absolute and lie in ``root``; ``selected`` are ids of rules."""

    root: Path
    paths: tuple[Path, ...]
    selected: frozenset[str]
    git_files: GitFiles
    baseline: tuple[BaselineEntry, ...] = ()

    def run(self) -> Review:
        """Audit and judge. Raises AuditRequestError when there is nothing to audit: silence would look like success."""
        return self._judged(self.baseline)

    def baseline_entries(self) -> tuple[BaselineEntry, ...]:
        """Return a new baseline: all violations there are now, and the old entries that this audit did not cover."""
        found = self._judged(())
        kept = [entry for entry in self.baseline if not (entry.rule in self.selected and self._covers(entry.path))]
        return tuple(sorted((*entries_of(found.violations, found.sources), *kept)))

    def _judged(self, baseline: Sequence[BaselineEntry]) -> Review:
        result = audit(self.root, self.paths, self.git_files)
        if result.neither:
            raise AuditRequestError(
                f"{', '.join(result.neither)} cannot be audited: neither a shell script nor a Cloud Build file, "
                "GitHub workflow, Makefile or Dockerfile. Name the files that deploy."
            )
        if not (result.files or result.skipped or result.violations):
            raise AuditRequestError(
                f"There is nothing to audit in {', '.join(str(path) for path in self.paths)}: no *cloudbuild*.yaml, "
                "and no script, GitHub workflow, Makefile or Dockerfile that deploys. "
                "Name the folder that has them, or the files."
            )
        return review(result, self.root, EVERY_RULE, selected=self.selected, baseline=baseline, covers=self._covers)

    def _covers(self, path: str) -> bool:
        """Tell whether this audit would have found a file, also one that is gone."""
        place = self.root / PurePosixPath(path)
        return any(place == given or place.is_relative_to(given) for given in self.paths)


def request(
    paths: Sequence[Path],
    only: Sequence[str],
    without: Sequence[str],
    baseline: Path | None,
    *,
    git_files: GitFiles,
    may_lack_baseline: bool = False,
) -> AuditRequest:
    """Check what was asked for. Raises AuditRequestError and BaselineError."""
    for path in paths:
        if not path.exists():
            raise AuditRequestError(f"There is no {path}.")
    absolute = tuple(_absolute(path) for path in paths) or (Path.cwd(),)
    root = _root(absolute)
    for path in absolute:
        if not path.is_relative_to(root):
            raise AuditRequestError(f"{path} lies outside {root}: audit one tree at a time.")
    known = () if baseline is None or (may_lack_baseline and not baseline.exists()) else load(baseline)
    selected = frozenset(rule_ids(only) or [rule.id for rule in EVERY_RULE]) - frozenset(rule_ids(without))
    if only:  # what cannot be read cannot be cleared of any rule
        selected |= {EVERY_RULE[0].id} - frozenset(rule_ids(without))
    return AuditRequest(root=root, paths=absolute, selected=selected, git_files=git_files, baseline=known)


def _absolute(path: Path) -> Path:
    """Return a path without links on its way; a file that is itself a link is audited under the name given."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow the last link, too
    return whole.resolve() if whole.is_dir() else whole.parent.resolve() / whole.name


def _root(paths: Sequence[Path]) -> Path:
    """Return the top of the repository, else the current folder if all lies in it, else the folder that was named.

    Paths in reports and baselines count from here, wherever in the repository somebody stands.
    """
    first = paths[0] if paths[0].is_dir() else paths[0].parent
    for folder in (first, *first.parents):
        if (folder / ".git").exists():
            return folder
    current = Path.cwd()
    return current if all(path.is_relative_to(current) for path in paths) else first


def rule_ids(given: Iterable[str]) -> tuple[str, ...]:
    """Return ids as they are written. Raises AuditRequestError for one that does not exist."""
    known = [rule.id for rule in EVERY_RULE]
    found = tuple(each.strip().upper() for each in given)
    for each, as_given in zip(found, given, strict=True):
        if each not in known:
            near = get_close_matches(each, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "'reveille audit --list-rules' lists them."
            raise AuditRequestError(f"There is no rule '{as_given}'; {hint}")
    return found
