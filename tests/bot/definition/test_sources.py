"""Which sources a pipeline needs."""

import pytest

from bot.definition.files import EXAMPLES
from bot.definition.pipeline_file import load_pipeline
from bot.definition.pipeline_queries import queries_of
from bot.definition.sources import SOURCES
from checks.control_plane_spec import Errors
from checks.pipeline import Pipeline
from checks.ports.warehouse import BIGQUERY

WHOLE = load_pipeline(EXAMPLES / "nba.yaml")

NO_STATEMENT = WHOLE.model_copy(
    update={
        "tables": {},
        "conditions": {},
        "checks": (),
        "phase_log": None,
        "run_history": None,
        "errors": None,
        "phases": tuple(each.model_copy(update={"rows": None}) for each in WHOLE.phases),
    }
)

ERRORS = Errors(query="SELECT service, at, message FROM errors")


def needs_bigquery(pipeline: Pipeline) -> bool:
    return next(line for line in SOURCES if line.source is BIGQUERY).needed(pipeline)


@pytest.mark.parametrize(
    ("section", "value"),
    [
        *((name, getattr(WHOLE, name)) for name in ("conditions", "phases", "phase_log", "run_history", "checks")),
        ("errors", ERRORS),
    ],
)
def test_each_statement_of_a_file_needs_the_warehouse(section: str, value: object) -> None:
    pipeline = NO_STATEMENT.model_copy(update={section: value})

    assert any(queries_of(pipeline))
    assert needs_bigquery(pipeline)


def test_a_table_needs_the_warehouse_without_any_statement() -> None:
    assert needs_bigquery(NO_STATEMENT.model_copy(update={"tables": WHOLE.tables}))


def test_a_file_without_a_statement_or_a_table_needs_no_warehouse() -> None:
    assert not any(queries_of(NO_STATEMENT))
    assert not needs_bigquery(NO_STATEMENT)
