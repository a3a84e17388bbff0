"""The beginning of a fault, as the diagnosis of scenarios knows it."""

from __future__ import annotations

import pytest

from bot.composition.scenario import scenario_ports
from bot.definition.pipeline_file import shipped_pipeline
from bot.request import Request
from bot.scenarios.scenario import load_scenario
from bot.validation import Validation
from tests.validated import validated


@pytest.mark.parametrize(
    ("scenario", "code", "began"),
    [
        pytest.param("invoker-lost", "invoker-removed-by-deploy", "2026-02-05 07:13", id="a deploy took a permission"),
        pytest.param(
            "live-export-key-lost", "variable-removed-by-deploy", "2026-02-22 23:45", id="a deploy took a key"
        ),
        pytest.param("services-behind", "stale-build", "2026-02-07 14:33", id="a commit that was not deployed"),
        pytest.param("deploy-without-invoker", "deploy-unsafe", None, id="nothing is broken yet"),
    ],
)
@pytest.mark.slow
def test_a_cause_knows_when_it_began_by_its_facts(scenario: str, code: str, began: str | None) -> None:
    pipeline, read = shipped_pipeline(), load_scenario(scenario)
    ports = scenario_ports(pipeline, read)

    report = validated(Validation(pipeline, ports, lambda: ports.now), Request(interval=read.file.requested))
    ports.close()

    (cause, *_) = [each for each in report.causes if each.code == code]
    known = cause.broken_since
    assert (f"{known:%Y-%m-%d %H:%M}" if known is not None else None) == began
