"""What an audit costs grows as its file does: with four times as many deploys, some four times, never sixteen."""

from __future__ import annotations

import gc
import io
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rich.console import Console

from bot.audit.fixes import plan, write
from bot.audit.request import AuditRequest, request
from bot.audit.review import Review
from bot.commands.audit_output.difference import print_difference
from bot.commands.audit_output.github import review_commands
from bot.commands.audit_output.json import review_json
from bot.commands.audit_output.sarif import review_sarif
from bot.commands.audit_output.text import print_review
from bot.git_program import git_files
from tests.thoroughness import examples, sampled

FEW = examples(450)
"""Deploys."""
TIMES = 4
ALLOWED = 8
"""Linear is 4, quadratic is 16; between them lies what a busy machine adds."""

DEPLOY = "gcloud run deploy svc-{} --source=. --set-env-vars=A=b"

SHAPES: Mapping[str, Callable[[int], str]] = {
    "a line each": lambda count: "".join(f"{DEPLOY.format(each)}\n" for each in range(count)),
    "all on one line": lambda count: "; ".join(DEPLOY.format(each) for each in range(count)) + "\n",
    "carried on over the lines": lambda count: "; \\\n".join(DEPLOY.format(each) for each in range(count)) + "\n",
    "every other line changed": lambda count: f"echo a\n{DEPLOY}\n" * count,
    "first all deployed, then all bound": lambda count: (
        "".join(f"{DEPLOY.format(each)}\n" for each in range(count))
        + "".join(f"reveille iam ensure svc-{each}\n" for each in range(count))
    ),
    "a guard each": lambda count: "".join(f"[ -n a ] && {DEPLOY.format(each)}\n" for each in range(count)),
    "all flags on one command": lambda count: DEPLOY.format(0) + " --set-env-vars=A=b" * count * 20 + "\n",
    "an ignore each": lambda count: "".join(
        f"# reveille: ignore[REV003] because of {each}\n{DEPLOY.format(each)}\n" for each in range(count)
    ),
}


def outputs(review: Review) -> dict[str, Callable[[], object]]:
    console = Console(file=io.StringIO(), color_system=None, width=100, highlight=False)
    return {
        "text": lambda: print_review(review, console, Path.cwd()),
        "github": lambda: list(review_commands(review)),
        "json": lambda: review_json(review),
        "sarif": lambda: review_sarif(review),
        "diff": lambda: print_difference(plan(review.root, review.violations, review.sources)[0], io.StringIO()),
        "fix": lambda: fix(review),
    }


def fix(review: Review) -> None:
    for each in plan(review.root, review.violations, review.sources)[0]:
        write(review.root, each)


def measured(work: Callable[[], object]) -> float:
    """Seconds of this process alone, without what its other tests have left for the garbage collector to look at."""
    gc.collect()
    gc.disable()
    try:
        begin = time.process_time()
        work()
        return time.process_time() - begin
    finally:
        gc.enable()


def costs(folder: Path, text: str) -> dict[str, float]:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "deploy.sh").write_text(f"#!/bin/bash\n# reveille: ignore[REV999] x\n{text}")
    asked: AuditRequest = request([folder], (), (), None, git_files=git_files)
    reviews: list[Review] = []
    found = {"audit": measured(lambda: reviews.append(asked.run()))}
    return found | {name: measured(output) for name, output in outputs(reviews[0]).items()}


@pytest.mark.parametrize("shape", sampled(list(SHAPES), 3))
@pytest.mark.slow
def test_no_step_grows_faster_than_its_file(shape: str, tmp_path: Path) -> None:
    costs(tmp_path / "first", SHAPES[shape](10))  # what is loaded and compiled once

    # A busy machine makes a linear step look steep now and then; a quadratic one is steep each time.
    steep = too_steep(tmp_path / "1", shape)
    again = too_steep(tmp_path / "2", shape) if steep else {}

    assert {name: (steep[name], again[name]) for name in steep.keys() & again.keys()} == {}


def too_steep(folder: Path, shape: str) -> Mapping[str, float]:
    """Return what grew faster than is allowed, and how fast."""
    few = costs(folder / "few", SHAPES[shape](FEW))
    many = costs(folder / "many", SHAPES[shape](FEW * TIMES))
    # What takes less than a hundredth of a second says nothing about growth.
    grown = {name: many[name] / max(few[name], 0.01) for name in few}
    return {name: round(ratio, 1) for name, ratio in grown.items() if ratio > ALLOWED}
