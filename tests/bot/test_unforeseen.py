"""Incidents that were written down before anybody saw what the product makes of them: the true cause comes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.definition.pipeline_file import load_pipeline, shipped_pipeline
from bot.replay import replay
from bot.scenarios.scenario import load_scenario

EVENTS = Path(__file__).parents[2] / "examples" / "events-hourly"

WORLDS = {
    "a box score that is half late is why games have no records": (
        "healthy-morning",
        ["upstream-check nba-raw-nbac-gamebook-player-stats"],
        """\
bigquery:
  nba_raw.nbac_gamebook_player_stats: {night: {repeat: 3}}
  nba_analytics.player_game_summary: {night: {repeat: 70, row: {game_id: <yyyymmdd>_IND_NYK}}}
""",
    ),
    "a service without memory is why half of its records are missing": (
        "healthy-morning",
        ["service-failing nba-phase3-analytics-processors"],
        """\
bigquery:
  nba_analytics.player_game_summary: {night: {repeat: 66, row: {game_id: <yyyymmdd>_IND_NYK}}}
services:
  nba-phase3-analytics-processors: {revision: nba-phase3-analytics-processors-00077-mem, deployed_at: <date> 18:30}
responses:
  nba-phase3-analytics-processors: {2xx: 40, 5xx: 160}
""",
    ),
    "an address with http for https is why nothing is published": (
        "healthy-afternoon",
        ["variable-misspelled phase4-to-phase5-orchestrator"],
        """\
bigquery:
  nba_predictions.signal_best_bets_picks: {slate: null}
services:
  phase4-to-phase5-orchestrator:
    environment: {COORDINATOR_URL: "http://prediction-coordinator-756957797294.us-west2.run.app/start"}
    revision: phase4-to-phase5-orchestrator-00061-new
    deployed_at: <date> 22:00
revisions:
  phase4-to-phase5-orchestrator:
    phase4-to-phase5-orchestrator-00060-old:
      created_at: <date-9> 02:10
      environment: {GCP_PROJECT_ID: nba-props-platform,
                    COORDINATOR_URL: "https://prediction-coordinator-756957797294.us-west2.run.app/start"}
""",
    ),
    "events that came twice are why sessions lack some": (
        "events",
        ["upstream-check events-once"],
        """\
bigquery:
  raw.events:
    again: {repeat: 60, row: {event_id: w<n>, source: web, received_at: <start+25m>}}
""",
    ),
    "a job that is silent for days is watched while its work is there": (
        "healthy-morning",
        ["job-failing jobs"],
        "jobs:\n  nba-scrapers-01: {schedule: 0 7 * * *, last_attempt: <now-9d>, status: 0}\n",
    ),
}
NOW = {
    "healthy-morning": "2026-02-11 08:10",
    "healthy-afternoon": "2026-02-11 14:00",
    "events": "2026-03-04 14:25",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WORLDS)
def test_the_true_cause_of_what_nobody_foresaw_comes_alone(name: str, tmp_path: Path) -> None:
    base, causes, body = WORLDS[name]
    events = base == "events"
    path = tmp_path / "unforeseen.yaml"
    head = f"version: 2\nname: unforeseen\ntitle: {name}\nstory: none\nwhen: an example\nnow: {NOW[base]}\n"
    stated = f"interval: {'previous' if events else 'yesterday'}\nexpect: {{verdict: ACT}}\n"
    stands_on = f"base: {EVENTS / 'scenarios' / 'healthy.yaml' if events else base}\n"
    path.write_text(head + stated + stands_on + body, encoding="utf-8")

    found = replay(load_scenario(path), load_pipeline(EVENTS / "pipeline.yaml") if events else shipped_pipeline())

    assert [f"{each.code} {each.subject}" for each in found.report.causes] == causes
    assert found.outside == 0
