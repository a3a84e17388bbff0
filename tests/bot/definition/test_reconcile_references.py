"""What reconciliations say of the tables of a file: each slip is one sentence with its key."""

from __future__ import annotations

import pytest

from bot.definition.files import PipelineFileError, parse
from bot.definition.pipeline_file import referenced
from checks.pipeline import Pipeline

FILE = """\
name: books
timezone: UTC
tables:
  ledger.entries:
    date: day
    columns: {{account: STRING, amount: NUMERIC, tags: ARRAY<STRING>, day: DATE}}
  gl.balances:
    columns: {{account: STRING, amount: NUMERIC, number: INT64}}
reconcile:
  - {rest}
"""
SIDES = "left: SUM(amount) of ledger.entries, right: SUM(amount) of gl.balances"


def problem(rest: str) -> str:
    with pytest.raises(PipelineFileError) as refused:
        referenced(parse(FILE.format(rest=rest), "books.yaml", Pipeline))
    (only,) = refused.value.problems
    assert only.line == 10
    return f"{only.key}: {only.text}"


@pytest.mark.parametrize(
    ("rest", "key", "words"),
    [
        ("{left: SUM(amount) from ledger.entries, right: SUM(amount) of gl.balances}", "[0].left", "a sum or a count"),
        ("{left: SUM(*) of ledger.entries, right: SUM(amount) of gl.balances}", "[0].left", "a sum or a count"),
        (
            "{left: SUM(amont) of ledger.entries, right: SUM(amount) of gl.balances}",
            "[0].left",
            "did you mean 'amount'",
        ),
        ("{left: SUM(account) of ledger.entries, right: SUM(amount) of gl.balances}", "[0].left", "expected INT64"),
        ("{left: SUM(amount) of ledger.entries, right: SUM(amount) of gl.balance}", "[0].right", "mean 'gl.balances'?"),
        (f"{{{SIDES}, by: acount}}", "[0].by", "did you mean 'account'"),
        (f"{{{SIDES}, by: tags}}", "[0].by", "cannot tell rows apart"),
        (f"{{{SIDES}, by: {{account: number}}}}", "[0].by.account", "expected STRING"),
        (f"{{{SIDES}, tolerance: -1}}", "[0].tolerance", "expected"),
        (f"{{{SIDES}, tolerance: 5 percent}}", "[0].tolerance", "'20 %'"),
        (f"{{{SIDES}, tolerence: 1}}", "[0].tolerence", "did you mean 'tolerance'?"),
        (f"{{{SIDES}, check: trigger}}", "[trigger].check", "another check"),
        (f"{{{SIDES}, impact: '{{thing}}'}}", "[0].impact", "may name"),
        (f"{{{SIDES}, phase: load}}", "[0].phase", "there is no phase"),
        ("{left: SUM(amount) of ledger.entries}", "[0]", "right"),
    ],
)
def test_a_slip_is_one_sentence_at_its_key(rest: str, key: str, words: str) -> None:
    said = problem(rest)

    assert said.removeprefix("reconcile").startswith(key)
    assert words in said


def test_two_alike_need_names_of_their_own() -> None:
    said = FILE.format(rest=f"{{{SIDES}}}\n  - {{{SIDES}}}")

    with pytest.raises(PipelineFileError) as refused:
        referenced(parse(said, "books.yaml", Pipeline))

    assert "give this one another with 'check'" in refused.value.problems[0].text
