"""``reveille repair`` on a scenario: planned, proved, and what a validation says after it."""

import pytest

from tests.bot.repairs.cloud import Reveille
from tests.bot.repairs.conftest import reveille

__all__ = ["reveille"]

GRANTS = tuple(
    f"grant-invoker:{name}-orchestrator" for name in ("phase3-to-phase4", "phase4-to-phase5", "phase5-to-phase6")
)


@pytest.mark.parametrize(
    ("keys", "verdict"),
    [
        pytest.param(GRANTS, "ALL CLEAR", id="all that is broken"),
        pytest.param(GRANTS[:1], "BLOCKED", id="a part of it"),
    ],
)
@pytest.mark.slow
def test_february_is_planned_proved_and_validated_again(
    reveille: Reveille, keys: tuple[str, ...], verdict: str
) -> None:
    said = reveille("repair", *keys, "--yes", "--scenario", "invoker-lost")

    assert (said.code, said.err) == (0, "")
    assert said.out.count("add-iam-policy-binding") == said.out.count("done and proved") == len(keys)
    assert f"{verdict}." in said.out.splitlines()[-1]


def test_where_nothing_was_written_nothing_is_validated(reveille: Reveille) -> None:
    said = reveille("repair", GRANTS[0], "--dry-run", "--scenario", "invoker-lost")

    assert said.code == 0
    assert "Validated" not in said.out
