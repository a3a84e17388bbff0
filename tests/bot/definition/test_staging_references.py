from __future__ import annotations

import pytest

from bot.definition.pipeline_file import shipped_pipeline
from bot.definition.section_references import section_problems
from checks.pipeline import Table
from checks.staging_spec import Seed, StagedService, Staging
from tests.bot.staging.staging_world import PLAYERS, QUEUE, STAGING, staged_pipeline


def test_the_shipped_section_fits_the_file() -> None:
    assert list(section_problems(shipped_pipeline())) == []


def test_a_file_without_the_section_has_no_problem() -> None:
    assert list(section_problems(staged_pipeline(None))) == []


@pytest.mark.parametrize(
    ("changed", "path", "why"),
    [
        pytest.param({"datasets": ("nba_raws",)}, ("staging", "datasets", 0), "there is no dataset", id="dataset"),
        pytest.param(
            {"seed": (Seed(table="nba_analytics.player"),)},
            ("staging", "seed", 0, "table"),
            "did you mean 'nba_analytics.players'",
            id="table",
        ),
        pytest.param(
            {"seed": (Seed(table="nba_analytics.players"),) * 2}, ("staging", "seed", 1, "table"), "twice", id="twice"
        ),
        pytest.param(
            {"seed": (Seed(table="nba_orchestration.queue"),)},
            ("staging", "seed", 0),
            "has no partition; add 'date'",
            id="no partition",
        ),
        pytest.param(
            {"seed": (Seed(table="nba_analytics.players", date="points"),)},
            ("staging", "seed", 0, "date"),
            "no DATE or TIMESTAMP",
            id="not a date",
        ),
        pytest.param(
            {"datasets": ("nba_orchestration",), "seed": (Seed(table="nba_analytics.players"),)},
            ("staging", "seed", 0, "table"),
            "is not one of 'datasets' of staging",
            id="a dataset that staging leaves out",
        ),
        pytest.param(
            {"services": (StagedService(name="workers"),)},
            ("staging", "services", 0, "name"),
            "did you mean 'worker'",
            id="service",
        ),
        pytest.param(
            {"services": (StagedService(name="worker"),) * 2}, ("staging", "services", 1, "name"), "twice", id="again"
        ),
    ],
)
def test_what_does_not_fit_is_named(changed: dict[str, object], path: tuple[str | int, ...], why: str) -> None:
    pipeline = staged_pipeline(STAGING.model_copy(update=changed))

    problems = list(section_problems(pipeline))

    assert path in [each for each, _ in problems]
    assert why in " ".join(text for _, text in problems)


def test_the_tables_of_the_tests_are_those_of_the_section() -> None:
    tables: dict[str, Table] = {"nba_analytics.players": PLAYERS, "nba_orchestration.queue": QUEUE}

    assert list(section_problems(staged_pipeline(tables=tables))) == []
    assert Staging().prefix == "test_"
