"""Every code that a message can show has an explanation."""

from __future__ import annotations

from bot.definition.pipeline_file import shipped_pipeline
from bot.render.codes import code_explanation, codes_of
from bot.render.message import Cell, Line, Table
from checks.catalog import checks_of
from checks.diagnosis.codes import CAUSE_CODES
from checks.registry import COMMON_CODES

CHECKS = checks_of(shipped_pipeline())


def test_every_code_says_what_it_means_and_what_to_do() -> None:
    said = {code: texts_of(code) for code in codes_of(CHECKS)}

    assert len(said) > 100
    assert [code for code, texts in said.items() if len(texts) < 2 or not all(texts)] == []


def texts_of(code: str) -> list[str]:
    parts = tuple(code_explanation(code, CHECKS))
    cells = [cell for part in parts if isinstance(part, Table) for row in part.rows for cell in row]
    return [part.text for part in parts if isinstance(part, Line)] + [cell.text for cell in cells]


def test_a_code_of_several_checks_names_each() -> None:
    (table,) = (part for part in code_explanation("as-expected", CHECKS) if isinstance(part, Table))

    assert [row[0] for row in table.rows] == [Cell(text=each.id) for each in CHECKS if "as-expected" in each.codes]


def test_a_code_that_does_not_exist_has_no_explanation() -> None:
    assert tuple(code_explanation("nonsense", CHECKS)) == ()


def test_causes_and_common_codes_are_known_without_any_check() -> None:
    assert codes_of(()) == {*CAUSE_CODES, *COMMON_CODES}
