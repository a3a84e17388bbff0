from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.serving.metrics import Metrics
from bot.store.model import Delivery, DeliveryKind, StoreError
from checks.model import CheckResult, Finding, Outcome, Report, Severity
from tests.fakes import NIGHT, SLATE

NOW = datetime(2026, 2, 11, 13, 0, tzinfo=UTC)


class Waiting:
    """A store with these deliveries, or one that does not answer."""

    def __init__(self, deliveries: Sequence[Delivery] | None) -> None:
        self._deliveries = deliveries

    def pending(self) -> Sequence[Delivery]:
        if self._deliveries is None:
            raise StoreError("down")
        return self._deliveries


def delivery(age: timedelta) -> Delivery:
    return Delivery(key="digest:nba:1", kind=DeliveryKind.POST, channel="C0EXAMPLE1", body={}, created_at=NOW - age)


def result() -> CheckResult:
    finding = Finding(outcome=Outcome.FAILED, code="broken", subject="it", summary="It broke.", severity=Severity.P0)
    return CheckResult(check="trigger", title="Trigger", phase=None, findings=(finding,), started_at=NOW, duration=0.2)


def report(trigger: str) -> Report:
    return Report(
        pipeline="nba",
        title="NBA",
        previous=NIGHT,
        current=SLATE,
        now=NOW,
        trigger=trigger,
        partial=False,
        results=(result(),),
        causes=(),
        duration=1.5,
    )


def shown(metrics: Metrics) -> list[str]:
    return metrics.text().decode().splitlines()


def test_runs_are_counted_by_who_asked_and_verdict() -> None:
    metrics = Metrics()

    metrics.run_finished(report("digest"))
    metrics.run_finished(report("digest"))

    assert 'reveille_runs_total{pipeline="nba",trigger="digest",verdict="BLOCKED"} 2.0' in shown(metrics)
    assert 'reveille_run_seconds_sum{pipeline="nba",trigger="digest"} 3.0' in shown(metrics)


def test_a_trigger_that_names_a_person_makes_no_series_of_its_own() -> None:
    metrics = Metrics()

    metrics.run_finished(report("command:U0EXAMPLE1"))

    assert 'reveille_runs_total{pipeline="nba",trigger="command",verdict="BLOCKED"} 1.0' in shown(metrics)
    assert "U0EXAMPLE1" not in metrics.text().decode()


def test_checks_are_counted_by_outcome_and_timed() -> None:
    metrics = Metrics()

    metrics.of("nba").check_finished(result())

    assert 'reveille_check_outcomes_total{check="trigger",outcome="failed",pipeline="nba"} 1.0' in shown(metrics)
    assert 'reveille_check_seconds_bucket{check="trigger",le="0.1",pipeline="nba"} 0.0' in shown(metrics)
    assert 'reveille_check_seconds_bucket{check="trigger",le="0.25",pipeline="nba"} 1.0' in shown(metrics)


def test_deliveries_rate_limits_and_jobs_are_counted() -> None:
    metrics = Metrics()

    metrics.delivery_sent(delivery(timedelta()))
    metrics.delivery_buried(delivery(timedelta()))
    metrics.rate_limited("chat.postMessage")
    metrics.of("nba").job_missed("digest")
    metrics.of("nba").job_failed("watch")

    lines = shown(metrics)
    assert 'reveille_deliveries_total{kind="post",result="sent"} 1.0' in lines
    assert 'reveille_deliveries_total{kind="post",result="buried"} 1.0' in lines
    assert 'reveille_slack_rate_limited_total{method="chat.postMessage"} 1.0' in lines
    assert 'reveille_jobs_total{job="digest",pipeline="nba",result="missed"} 1.0' in lines
    assert 'reveille_jobs_total{job="watch",pipeline="nba",result="failed"} 1.0' in lines


def test_the_time_of_the_last_digest_shows_once_there_was_one() -> None:
    metrics = Metrics()

    metrics.of("nba")
    before = 'reveille_digest_last_timestamp_seconds{pipeline="nba"} 0.0' in shown(metrics)
    metrics.digest_posted("nba", NOW)

    assert before
    after = next(line for line in shown(metrics) if line.startswith("reveille_digest_last_timestamp_seconds{"))
    assert float(after.split()[1]) == NOW.timestamp()


def test_what_waits_shows_with_the_age_of_the_oldest() -> None:
    metrics = Metrics()
    metrics.watch(Waiting([delivery(timedelta(seconds=90)), delivery(timedelta(seconds=5))]), lambda: NOW)

    lines = shown(metrics)

    assert "reveille_store_up 1.0" in lines
    assert "reveille_deliveries_pending 2.0" in lines
    assert "reveille_delivery_oldest_seconds 90.0" in lines


def test_an_empty_outbox_has_no_age() -> None:
    metrics = Metrics()
    metrics.watch(Waiting([]), lambda: NOW)

    assert "reveille_delivery_oldest_seconds 0.0" in shown(metrics)


def test_a_clock_that_went_back_gives_no_negative_age() -> None:
    metrics = Metrics()
    metrics.watch(Waiting([delivery(timedelta(seconds=-30))]), lambda: NOW)

    assert "reveille_delivery_oldest_seconds 0.0" in shown(metrics)


def test_a_store_that_is_down_says_so_and_claims_nothing_about_what_waits() -> None:
    metrics = Metrics()
    metrics.watch(Waiting(None), lambda: NOW)

    lines = shown(metrics)

    assert "reveille_store_up 0.0" in lines
    assert not [line for line in lines if line.startswith("reveille_deliveries_pending ")]


def test_what_keeps_messages_from_slack_is_counted_as_it_is_at_each_look() -> None:
    metrics = Metrics()
    problems: dict[str, str] = {}
    metrics.watch(Waiting([]), lambda: NOW, lambda: problems)
    before = shown(metrics)
    problems["slack"] = "refuses the bot"

    after = shown(metrics)

    assert "reveille_delivery_problems 0.0" in before
    assert "reveille_delivery_problems 1.0" in after


def test_two_processes_worth_of_metrics_do_not_meet() -> None:
    first, second = Metrics(), Metrics()

    first.of("nba").job_missed("digest")

    assert 'reveille_jobs_total{job="digest",pipeline="nba",result="missed"} 1.0' not in shown(second)
