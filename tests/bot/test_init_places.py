"""``reveille init`` from BigQuery, from what runs in a project, and from dbt's artifacts."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

import grpc
import pytest
from google.cloud import bigquery

from bot.composition.discovery import _datasets
from bot.definition.pipeline_file import load_pipeline
from bot.discovery.estate import FoundEstate, callers_of, drafted, number_of
from bot.discovery.found import FoundPlace, together
from bot.discovery.guesses import Calculated, Guess, TableGuess
from bot.settings import SettingsError
from bot.sources.warehouse.listing import found_table, made_of
from checks.intervals import Cadence
from checks.pipeline import Pipeline
from checks.ports.messaging import Subscription
from checks.ports.scheduler import SchedulerJob
from checks.ports.services import Service
from tests.bot.in_process import run
from tests.sections import ROOT
from tests.servers.bigquery_clients import emulator_client
from tests.servers.bigquery_emulator import create_tables
from tests.servers.cloud_run import LIST_SERVICES
from tests.servers.cloud_scheduler import LIST_JOBS
from tests.servers.estate import WHOLE, Shape, estate
from tests.servers.json_http import Answer, JsonHttpServer
from tests.servers.scripted_grpc import EVERYTHING, Failure

GCP = ("init", "--from", "gcp:example-project", "--region", "us-west2")
DENIED = Failure(grpc.StatusCode.PERMISSION_DENIED, "Permission 'cloudscheduler.jobs.list' denied")
DISABLED = Failure(
    grpc.StatusCode.PERMISSION_DENIED, "Cloud Scheduler API has not been used in project 123 before or it is disabled."
)
ADDRESS = "https://a-x-wl.a.run.app"
NONE: Mapping[str, str] = {"GOOGLE_APPLICATION_CREDENTIALS": "", "REVEILLE_PIPELINE": ""}


def service(name: str, *urls: str) -> Service:
    ready = f"{name}-1"
    return Service(
        name=name, ready=True, latest_created_revision=ready, latest_ready_revision=ready, traffic={}, urls=urls
    )


def job(name: str, url: str, account: str = "run@example.com", *, enabled: bool = True) -> SchedulerJob:
    return SchedulerJob(name=name, enabled=enabled, schedule="* * * * *", zone="UTC", url=url, account=account)


class TestProject:
    def test_a_project_of_forty_services_makes_a_file_that_is_valid_at_once(self, tmp_path: Path) -> None:
        with estate(WHOLE) as running:
            before = process_time()
            ended = run(GCP, tmp_path, running.environment)
            seconds = process_time() - before
            checked = run(("config", "check", "--live", "--pipeline", "pipeline.yaml"), tmp_path, running.environment)

        made = load_pipeline(tmp_path / "pipeline.yaml")
        assert (ended.returncode, ended.stderr) == (0, "")
        assert "scenarios/example-project-healthy.yaml, a world in which nothing is wrong" in ended.stdout
        assert seconds < 10
        assert (len(made.services), made.project_number) == (40, "123456789")
        assert made.scheduler is not None
        assert made.messaging is not None
        assert (len(made.scheduler.expected), len(made.messaging.topics)) == (130, 25)
        assert checked.returncode == 0, checked.stdout

    @pytest.mark.parametrize(
        ("failure", "command"),
        [
            (DENIED, "gcloud projects add-iam-policy-binding example-project"),
            (DISABLED, "gcloud services enable cloudscheduler.googleapis.com --project=example-project"),
        ],
        ids=["denied", "API disabled"],
    )
    def test_what_may_not_be_read_is_left_out_with_the_command_that_permits_it(
        self, tmp_path: Path, failure: Failure, command: str
    ) -> None:
        with estate(Shape(services=2, subscriptions=1, jobs=2)) as running:
            running.scheduler.fail(LIST_JOBS, EVERYTHING, failure)
            ended = run(GCP, tmp_path, running.environment)

        assert ended.returncode == 0
        assert command in ended.stderr
        assert load_pipeline(tmp_path / "pipeline.yaml").scheduler is None

    def test_half_an_answer_still_makes_a_file(self, tmp_path: Path) -> None:
        with estate(Shape(services=2, subscriptions=1, jobs=2)) as running:
            running.control_plane.fail(LIST_SERVICES, EVERYTHING, Failure(grpc.StatusCode.UNAVAILABLE, "busy"))
            ended = run(GCP, tmp_path, running.environment)

        assert (ended.returncode, "The services could not be read" in ended.stderr) == (0, True)

    def test_an_empty_project_says_so_and_writes_nothing(self, tmp_path: Path) -> None:
        with estate(Shape(services=0, subscriptions=0, jobs=0)) as running:
            ended = run(GCP, tmp_path, running.environment)

        assert ended.returncode == 3
        assert "Nothing runs in example-project in us-west2" in ended.stderr
        assert not (tmp_path / "pipeline.yaml").exists()

    def test_nothing_that_answers_is_one_sentence(self, tmp_path: Path) -> None:
        names = ("REVEILLE_RUN_ENDPOINT", "PUBSUB_EMULATOR_HOST", "REVEILLE_SCHEDULER_ENDPOINT")
        nobody = dict.fromkeys((*names, "REVEILLE_CLOUD_BUILD_ENDPOINT"), "127.0.0.1:1")

        ended = run(GCP, tmp_path, nobody)

        assert (ended.returncode, ended.stderr.count("\n")) == (3, 1)
        assert "Nothing of the project example-project can be read" in ended.stderr

    @pytest.mark.parametrize("words", [("--from", "gcp:example-project"), ("--from", "gcp:"), ()])
    def test_what_is_not_named_is_asked_for(self, tmp_path: Path, words: tuple[str, ...]) -> None:
        ended = run(("init", *words), tmp_path, NONE)

        assert ended.returncode in (2, 3)
        assert "region" in ended.stderr or "--from" in ended.stderr


class TestEstate:
    def test_who_calls_a_service_is_known_by_either_of_its_addresses(self) -> None:
        found = FoundEstate(
            services=[service("a", ADDRESS), service("b"), service("c")],
            subscriptions=[Subscription(name="s", topic="t", endpoint=f"{ADDRESS}/in", account="p@x.com")],
            jobs=[
                job("j", "https://b-123456789.us-west2.run.app/run"),
                job("off", "https://c-123456789.us-west2.run.app", enabled=False),
            ],
        )

        assert callers_of(found) == {"a": ["p@x.com"], "b": ["run@example.com"]}
        assert number_of(found) == "123456789"

    def test_without_a_number_what_needs_it_is_left_out_and_said(self) -> None:
        found = FoundEstate(services=[service("a")], jobs=[job("j", "https://api.example.com/run")])

        draft = drafted(found, "example-project", "us-west2")

        assert set(draft.sections) == {"services"}
        assert "gcloud projects describe example-project" in draft.remarks[0]


def valid_at_once(command: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> tuple[Pipeline, str]:
    """The pipeline that ``init`` writes, which is valid as it stands, and what it said."""
    ended = run(command, folder, environment)
    checked = run(("config", "check", "--live", "--pipeline", "pipeline.yaml"), folder, environment)

    assert ended.returncode == 0, ended.stderr
    assert checked.returncode == 0, checked.stdout
    return load_pipeline(folder / "pipeline.yaml"), ended.stdout


def create_in_two_projects(address: str, own: str, foreign: str) -> None:
    """Create a table in each of two projects of the emulator, with rows of the last twenty days."""
    days = [(datetime.now(UTC).date() - timedelta(days=age + 1)).isoformat() for age in range(20)]
    rows = [{"customer_id": number, "day": day} for day in days for number in range(7)]
    for project, name in (("example-project", own), ("example-crm", foreign)):
        create_tables(address, project, {name: {"customer_id": "INT64", "day": "DATE"}}, {name: rows})


class TestBigQuery:
    @pytest.mark.xdist_group("emulators")
    def test_tables_make_a_file_that_is_valid_at_once(self, tmp_path: Path, bigquery_address: str) -> None:
        day = datetime.now(UTC).date()
        orders = [
            {
                "order_id": age * 100 + number,
                "customer_id": number % 7,
                "order_date": (day - timedelta(days=age + 1)).isoformat(),
                "loaded_at": datetime.combine(day - timedelta(days=age), time(3), UTC).isoformat(),
            }
            for age in range(20)
            for number in range(10)
        ]
        columns = {"order_id": "INT64", "customer_id": "INT64", "order_date": "DATE", "loaded_at": "TIMESTAMP"}
        tables = {"shop_init.orders": columns, "crm_init.customers": {"customer_id": "INT64"}}
        rows: dict[str, Any] = {
            "shop_init.orders": orders,
            "crm_init.customers": [{"customer_id": number} for number in range(7)],
        }
        create_tables(bigquery_address, "example-project", {**tables, "crm_init.empty": {"x": "INT64"}}, rows)
        around = {"BIGQUERY_EMULATOR_HOST": bigquery_address}

        made, said = valid_at_once(("init", "--from", "bigquery:example-project.shop_init,crm_init"), tmp_path, around)

        assert "crm_init.empty" in said
        assert (set(made.tables), made.project) == (set(tables), "example-project")
        assert made.tables["shop_init.orders"].date == "order_date"
        assert made.tables["shop_init.orders"].expect

    @pytest.mark.xdist_group("emulators")
    def test_tables_of_two_projects_make_one_file(self, tmp_path: Path, bigquery_address: str) -> None:
        create_in_two_projects(bigquery_address, "shop_two.orders", "crm_two.customers")
        around = {"BIGQUERY_EMULATOR_HOST": bigquery_address}

        made, said = valid_at_once(
            ("init", "--from", "bigquery:example-project.shop_two,example-crm.crm_two"), tmp_path, around
        )

        assert (made.project, set(made.tables)) == (
            "example-project",
            {"shop_two.orders", "example-crm.crm_two.customers"},
        )
        assert made.tables["example-crm.crm_two.customers"].expect
        assert (tmp_path / "scenarios" / "example-project-healthy.yaml").is_file(), said

    @pytest.mark.xdist_group("emulators")
    def test_a_project_and_its_tables_make_one_file(self, tmp_path: Path, bigquery_address: str) -> None:
        create_in_two_projects(bigquery_address, "shop_three.orders", "crm_three.customers")
        tables = ("--from", "bigquery:example-crm.crm_three", "--from", "bigquery:example-project.shop_three")
        with estate(Shape(services=2, triggers=1)) as running:
            around = {**running.environment, "BIGQUERY_EMULATOR_HOST": bigquery_address}
            made, said = valid_at_once((*GCP, *tables), tmp_path, around)

        assert (made.project, set(made.tables)) == (
            "example-project",
            {"shop_three.orders", "example-crm.crm_three.customers"},
        )
        assert made.tables["shop_three.orders"].expect
        assert made.services
        assert (tmp_path / "scenarios" / "example-project-healthy.yaml").is_file(), said

    @pytest.mark.parametrize(
        ("sources", "said"),
        [
            (("gcp:example-project", "gcp:other-project"), "gcp:other-project is the second of its kind"),
            (("a.duckdb", "b.duckdb"), "b.duckdb is the second of its kind"),
            (("dbt:a", "dbt:b"), "dbt:b is the second of its kind"),
            (("a.duckdb", "bigquery:example-project.shop"), "both name tables"),
        ],
    )
    def test_what_no_file_can_hold_together_is_refused_in_one_sentence(
        self, tmp_path: Path, sources: tuple[str, ...], said: str
    ) -> None:
        ended = run(("init", *(word for each in sources for word in ("--from", each))), tmp_path, NONE)

        assert (ended.returncode, ended.stderr.count("\n")) == (3, 1)
        assert said in ended.stderr

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (Answer(403, {"error": {"message": "Access Denied: bigquery.tables.list"}}), "Grant roles/bigquery"),
            (
                Answer(403, {"error": {"message": "BigQuery API has not been used in project 1 before"}}),
                "gcloud services enable bigquery.googleapis.com",
            ),
            (Answer(404, {"error": {"message": "Not found: Dataset"}}), "the dataset 'shop'"),
            (Answer(200, {"tables": []}), "No table of bigquery:example-project.shop has rows"),
        ],
        ids=["denied", "API disabled", "no dataset", "empty"],
    )
    def test_what_cannot_be_read_is_one_sentence(self, tmp_path: Path, answer: Answer, said: str) -> None:
        with JsonHttpServer(answer) as server:
            around = {"BIGQUERY_EMULATOR_HOST": server.address}
            ended = run(("init", "--from", "bigquery:example-project.shop"), tmp_path, around)

        assert (ended.returncode, ended.stderr.count("\n")) == (3, 1)
        assert said in ended.stderr

    @pytest.mark.parametrize("places", ["", "shop", "example project.shop", "p.", "p.a,q."])
    def test_datasets_are_named_with_their_project(self, places: str) -> None:
        with pytest.raises(SettingsError, match="bigquery:"):
            _datasets(places)

    def test_further_datasets_need_no_project(self) -> None:
        assert _datasets("my-project.shop, crm,my-project.shop") == ("my-project", ("shop", "crm"))

    def test_those_of_other_projects_keep_theirs_and_the_first_is_the_one_of_the_file(self) -> None:
        found = _datasets("my-project.shop,other-project.crm,sales,my-project.ops")

        assert found == ("my-project", ("shop", "other-project.crm", "other-project.sales", "ops"))

    def test_a_table_is_described_with_its_partition_and_its_filter(self) -> None:
        table = bigquery.Table(
            "p.d.t", schema=[bigquery.SchemaField("day", "DATE"), bigquery.SchemaField("n", "INTEGER")]
        )
        table.time_partitioning = bigquery.TimePartitioning(field="day")
        table.require_partition_filter = True

        found = found_table(table)

        assert (found.columns, found.partition, found.filter_required) == ({"day": "DATE", "n": "INT64"}, "day", True)

    def test_what_a_table_is_made_of_is_what_jobs_read_for_it(self) -> None:
        def query_job(destination: str, *read: str) -> bigquery.QueryJob:
            of = [dict(zip(("projectId", "datasetId", "tableId"), each.split("."), strict=True)) for each in read]
            made = dict(zip(("projectId", "datasetId", "tableId"), destination.split("."), strict=True))
            stated = {
                "jobReference": {"jobId": "j", "projectId": "example-shop"},
                "configuration": {"query": {"query": "SELECT 1", "destinationTable": made}},
                "statistics": {"query": {"referencedTables": of}},
            }
            client = emulator_client("127.0.0.1:1", "example-shop")
            return bigquery.QueryJob.from_api_repr(stated, client)

        jobs = [
            query_job("p.mart.sales", "p.shop.orders", "p.mart.sales", "p.other.x"),
            query_job("p._temp.anon1", "p.shop.orders"),
            query_job("p.shop.orders", "q.mart.sales"),
        ]

        assert made_of(jobs, ["mart.sales", "shop.orders"], "p") == {"mart.sales": ["shop.orders"]}
        assert made_of(jobs, ["q.mart.sales", "shop.orders"], "p") == {"shop.orders": ["q.mart.sales"]}


class TestDbt:
    def test_artifacts_make_a_file_that_reads_them(self, tmp_path: Path) -> None:
        shutil.copytree(ROOT / "examples" / "finance-dbt" / "target", tmp_path / "target")

        ended = run(("init", "--from", "dbt:target/"), tmp_path, NONE)

        made = load_pipeline(tmp_path / "pipeline.yaml")
        assert (ended.returncode, ended.stderr) == (0, "")
        assert (made.name, made.project) == ("finance", "example-finance")
        assert made.dbt is not None
        assert Path(made.dbt.artifacts) == tmp_path / "target"
        assert "-healthy.yaml, a world in which nothing is wrong" in ended.stdout

    def test_what_was_read_of_a_table_comes_before_what_dbt_says_of_it(self) -> None:
        daily = Calculated(zone=ZoneInfo("UTC"), cadence=Guess(Cadence(), "-"))
        hourly = replace(daily, cadence=Guess("hourly", "-"))
        read = FoundPlace(
            called="a",
            read="a",
            common=hourly,
            tables=[TableGuess(name="s.t", columns={"x": "INT64"}, about="")],
            empty=["s.u"],
        )
        described = FoundPlace(
            called="b",
            read="b",
            common=daily,
            tables=[TableGuess(name=name, columns={"x": "STRING"}, about="") for name in ("s.t", "s.u")],
            top={"dbt": Guess({}, "-")},
        )

        found = together([read, described])

        assert {each.name: each.columns["x"] for each in found.tables} == {"s.t": "INT64", "s.u": "STRING"}
        assert (found.common, found.empty, set(found.top)) == (hourly, [], {"dbt"})

    def test_two_projects_are_refused(self) -> None:
        common = Calculated(zone=ZoneInfo("UTC"), cadence=Guess(Cadence(), "-"))
        places = [FoundPlace(called=each, read=each, common=common, top={"project": Guess(each, "-")}) for each in "ab"]

        with pytest.raises(SettingsError, match="a and b"):
            together(places)

    def test_a_folder_without_artifacts_is_one_sentence(self, tmp_path: Path) -> None:
        ended = run(("init", "--from", "dbt:target"), tmp_path, NONE)

        assert (ended.returncode, ended.stderr.count("\n")) == (3, 1)
        assert "there is no manifest.json in target" in ended.stderr
