"""What the outputs of an audit show, word for word. ``UPDATE_GOLDEN=1 pytest`` on this file writes the files again;
look at the difference before it is committed."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

import pytest
from rich.console import Console

from bot.audit.model import RuleSeverity
from bot.audit.review import Review
from bot.commands.audit_output.github import review_commands
from bot.commands.audit_output.json import review_json
from bot.commands.audit_output.sarif import review_sarif
from bot.commands.audit_output.text import print_review
from bot.commands.audit_output.words import summary
from tests.bot.audit.found import RULES, a_review

GOLDEN = Path(__file__).parents[2] / "golden_audit"
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))


def as_text(review: Review, width: int = 100) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, color_system=None, highlight=False, markup=False, emoji=False)
    print_review(review, console, review.root)
    return stream.getvalue()


def as_sarif(review: Review) -> str:
    return review_sarif(review).replace(f'"version": "{version("reveille")}"', '"version": "the installed one"') + "\n"


OUTPUTS: Mapping[str, Callable[[Review], str]] = {
    "text.txt": as_text,
    "narrow.txt": lambda review: as_text(review, 40),
    "review.json": lambda review: review_json(review) + "\n",
    "review.sarif": as_sarif,
    "github.txt": lambda review: "".join(f"{line}\n" for line in review_commands(review)),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_it_reads_as_the_golden_file_says(name: str) -> None:
    path = GOLDEN / name

    text = OUTPUTS[name](a_review())

    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: UPDATE_GOLDEN=1 writes it"
    assert text == path.read_text(encoding="utf-8")


def test_every_golden_file_belongs_to_an_output() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(OUTPUTS)


def test_a_clean_tree_is_one_line() -> None:
    review = Review(root=Path("/tree"), rules=RULES, files=("deploy.sh",))

    assert as_text(review) == "No violations in 1 file.\n"


def test_the_summary_counts_files_once_and_severities_apart() -> None:
    assert summary(a_review()) == (
        "6 violations in 4 of 5 files: 3 errors, 2 warnings and 1 note. 1 ignored, 1 in the baseline and 1 "
        "skipped. 2 of them can be fixed with --fix."
    )


@pytest.mark.parametrize(
    ("severity", "strict", "fails"),
    [
        (RuleSeverity.ERROR, False, True),
        (RuleSeverity.WARNING, False, False),
        (RuleSeverity.NOTE, False, False),
        (RuleSeverity.WARNING, True, True),
        (RuleSeverity.NOTE, True, True),
    ],
)
def test_only_errors_fail_unless_it_is_strict(severity: RuleSeverity, strict: bool, fails: bool) -> None:
    violations = tuple(each for each in a_review().violations if each.severity is severity)
    review = Review(root=Path("/tree"), rules=RULES, violations=violations)

    assert (bool(violations), review.fails(strict=strict)) == (True, fails)


@pytest.mark.parametrize("strict", [False, True])
def test_a_stale_baseline_fails_only_when_it_is_strict(strict: bool) -> None:
    review = Review(root=Path("/tree"), rules=RULES, stale=a_review().stale)

    assert review.fails(strict=strict) is strict
