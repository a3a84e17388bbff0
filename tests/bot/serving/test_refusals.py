import logging

import pytest

from bot.serving.refusals import SUMMARY_SECONDS, Refusals, Refused


def test_each_refusal_is_counted_and_the_log_has_one_line_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    counted: list[str] = []
    now = [0.0]
    refusals = Refusals(counted.append, lambda: now[0])

    with caplog.at_level(logging.INFO):
        for _ in range(1000):
            refusals(Refused.FORGED)
        now[0] = SUMMARY_SECONDS - 0.1
        refusals(Refused.STALE)
        before = len(caplog.records)
        now[0] = SUMMARY_SECONDS
        refusals(Refused.STALE)

    assert len(counted) == 1002
    assert (before, len(caplog.records)) == (1, 2)
    assert "line: 1001 (" in caplog.messages[1]
    assert "forged 999, stale 2" in caplog.messages[1]
