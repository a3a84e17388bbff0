import json
import logging
import time
from urllib.parse import urlencode

import pytest
from flask import Blueprint
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import SignatureVerifier

from bot.redaction.shown import Secret
from bot.serving.courtesy import Courtesy
from bot.serving.metrics import Metrics
from bot.serving.readiness import Readiness
from bot.serving.refusals import Refusals
from bot.serving.slack_endpoint import LARGEST_BODY, SlackEndpoint
from bot.serving.web import Insight, web_app

SECRET = "signing-example"

EVERYBODY = Insight(everybody=True)


def slack_app() -> App:
    def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T0EXAMPLE1", bot_token="xoxb-1-example")

    app = App(signing_secret="", request_verification_enabled=False, authorize=authorize)

    @app.command("/validate-daily")
    def answer(ack: Ack) -> None:
        ack("on it")

    return app


def client(
    *,
    problems: dict[str, str] | None = None,
    slack: bool = True,
    blueprint: Blueprint | None = None,
    insight: Insight = EVERYBODY,
    refusals: Refusals | None = None,
    warnings: dict[str, str] | None = None,
) -> FlaskClient:
    counted = refusals or Refusals()
    app = web_app(
        slack=SlackEndpoint(slack_app(), Secret(SECRET), counted, Courtesy()) if slack else None,
        readiness=Readiness(lambda: problems or {}, warnings=lambda: warnings or {}),
        metrics=Metrics().text,
        blueprints=(blueprint,) if blueprint is not None else (),
        insight=insight,
        refusals=counted,
    )
    return app.test_client()


def signed(body: str, timestamp: str | None = None) -> dict[str, str]:
    stamp = timestamp or str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body)
    assert signature is not None
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature,
        "Content-Type": "application/x-www-form-urlencoded",
    }


COMMAND = urlencode({"command": "/validate-daily", "text": "", "user_id": "U0EXAMPLE1", "team_id": "T0EXAMPLE1"})


def test_a_signed_command_is_answered() -> None:
    answer = client().post("/slack/events", data=COMMAND, headers=signed(COMMAND))

    assert answer.status_code == 200
    assert answer.text == "on it"


def test_the_address_of_events_is_confirmed() -> None:
    body = json.dumps({"type": "url_verification", "challenge": "4711"})

    answer = client().post("/slack/events", data=body, headers={**signed(body), "Content-Type": "application/json"})

    assert answer.get_json() == {"challenge": "4711"}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no signature"),
        pytest.param({**signed(COMMAND), "X-Slack-Signature": "v0=" + "0" * 64}, id="another signature"),
        pytest.param({**signed(COMMAND), "X-Slack-Signature": "v0=\xe4\xf6"}, id="a signature beyond ASCII"),
        pytest.param({**signed(COMMAND), "X-Slack-Request-Timestamp": "yesterday"}, id="a timestamp without a number"),
        pytest.param({**signed(COMMAND), "X-Slack-Request-Timestamp": "9" * 400}, id="a monstrous timestamp"),
        pytest.param(signed(COMMAND, str(int(time.time()) - 301)), id="just too old"),
        pytest.param(signed(COMMAND, str(int(time.time()) + 4000)), id="from the future"),
        pytest.param(signed("something else"), id="the signature of another body"),
    ],
)
def test_what_slack_did_not_sign_is_refused_and_never_an_error_of_ours(headers: dict[str, str]) -> None:
    assert client().post("/slack/events", data=COMMAND, headers=headers).status_code == 401


def test_a_body_of_a_megabyte_is_refused_before_it_is_read() -> None:
    body = "text=" + "x" * 1_000_000

    answer = client().post("/slack/events", data=body, headers=signed(body))

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("length", "status"),
    [pytest.param(LARGEST_BODY, 200, id="at the limit"), pytest.param(LARGEST_BODY + 1, 413, id="just past it")],
)
def test_the_largest_body_is_the_stated_one(length: int, status: int) -> None:
    body = COMMAND + "&more=" + "x" * (length - len(COMMAND) - len("&more="))

    assert client().post("/slack/events", data=body, headers=signed(body)).status_code == status


@given(st.binary(max_size=200), st.text(max_size=20), st.text(max_size=20))
def test_no_request_to_slacks_route_breaks_us(body: bytes, timestamp: str, signature: str) -> None:
    headers = {
        "X-Slack-Request-Timestamp": timestamp.encode().decode("latin-1").replace("\n", "").replace("\r", ""),
        "X-Slack-Signature": signature.encode().decode("latin-1").replace("\n", "").replace("\r", ""),
    }

    assert CLIENT.post("/slack/events", data=body, headers=headers).status_code == 401


CLIENT = client()


def test_in_socket_mode_there_is_no_route_for_slack() -> None:
    assert client(slack=False).post("/slack/events", data=COMMAND, headers=signed(COMMAND)).status_code == 404


def test_health_says_only_that_the_process_serves() -> None:
    answer = client(problems={"store": "does not answer"}).get("/health")

    assert answer.status_code == 200
    assert answer.get_json() == {"status": "alive"}


def test_ready_when_nothing_is_wrong() -> None:
    assert client().get("/ready").status_code == 200


@pytest.mark.parametrize(("insight", "shown"), [(EVERYBODY, True), (Insight(), False)], ids=["shown", "kept"])
def test_a_warning_is_no_reason_to_be_out_of_service(insight: Insight, shown: bool) -> None:
    answer = client(warnings={"webhook pager": "does not take events"}, insight=insight).get("/ready")

    assert (answer.status_code, "warnings" in answer.get_json()) == (200, shown)


def test_not_ready_names_what_does_not_work() -> None:
    answer = client(problems={"store": "does not answer"}).get("/ready")

    assert answer.status_code == 503
    assert answer.get_json() == {"status": "not ready", "problems": {"store": "does not answer"}}


TOKEN = "operations-" + "example"
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("insight", "headers", "metrics", "reasons"),
    [
        pytest.param(Insight(), {}, 404, False, id="for nobody"),
        pytest.param(Insight(), WITH_TOKEN, 404, False, id="for nobody, with a token"),
        pytest.param(Insight(everybody=True), {}, 200, True, id="for everybody"),
        pytest.param(Insight(token=Secret(TOKEN)), {}, 401, False, id="with a token that does not come"),
        pytest.param(
            Insight(token=Secret(TOKEN)), {"Authorization": f"Bearer {TOKEN}x"}, 401, False, id="with another"
        ),
        pytest.param(Insight(token=Secret(TOKEN)), {"Authorization": TOKEN}, 401, False, id="with no bearer"),
        pytest.param(Insight(token=Secret(TOKEN)), {"Authorization": "Bearer é"}, 401, False, id="beyond ASCII"),
        pytest.param(Insight(token=Secret(TOKEN)), WITH_TOKEN, 200, True, id="with the token"),
        pytest.param(Insight(everybody=True, token=Secret(TOKEN)), {}, 401, False, id="on a port of its own, without"),
        pytest.param(Insight(everybody=True, token=Secret(TOKEN)), WITH_TOKEN, 200, True, id="on such a port, with it"),
    ],
)
def test_who_sees_metrics_and_reasons(insight: Insight, headers: dict[str, str], metrics: int, reasons: bool) -> None:
    asked = client(problems={"store": "does not answer"}, insight=insight)

    ready = asked.get("/ready", headers=headers)

    assert asked.get("/metrics", headers=headers).status_code == metrics
    assert (ready.status_code, "problems" in ready.get_json()) == (503, reasons)


def test_metrics_are_in_prometheus_format() -> None:
    answer = client().get("/metrics")

    assert answer.content_type.startswith("text/plain")
    assert "# TYPE reveille_runs_total counter" in answer.text


def test_no_path_ends_in_z() -> None:
    rules = [rule.rule for rule in client().application.url_map.iter_rules()]

    assert rules
    assert not [rule for rule in rules if rule.endswith("z")]


@pytest.mark.parametrize("path", ["/", "/slack", "/healthz", "/static/x"])
def test_other_paths_do_not_exist(path: str) -> None:
    answer = client().get(path)

    assert answer.status_code == 404
    assert answer.get_json() == {"error": "Not Found"}


def test_slacks_route_takes_posts_only() -> None:
    assert client().get("/slack/events").status_code == 405


def test_what_breaks_is_answered_with_an_id_that_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    broken = Blueprint("tasks", __name__)

    @broken.post("/tasks/digest")
    def task() -> str:
        raise RuntimeError("the details")

    with caplog.at_level(logging.ERROR):
        answer = client(blueprint=broken).post("/tasks/digest")

    assert answer.status_code == 500
    assert "the details" not in answer.text
    assert answer.get_json()["id"] in caplog.text
    assert "the details" in caplog.text


def test_a_signed_payload_that_breaks_bolt_is_refused_with_its_traceback_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Bolt takes more for granted than its documentation says; what it stumbles over is no fault of the server."""
    body = json.dumps({"type": "workflow_step_edit", "user": {"id": "U0EXAMPLE1"}, "response_urls": [{}], "inputs": 5})
    slack = slack_app()

    @slack.middleware
    def stumble() -> None:
        raise KeyError("type")

    @slack.error
    def stumble_again() -> None:
        raise KeyError("type")

    endpoint = SlackEndpoint(slack, Secret(SECRET), Refusals(), Courtesy())
    app = web_app(slack=endpoint, readiness=Readiness(dict), metrics=bytes)

    answer = app.test_client().post("/slack/events", data=body, headers=signed(body))

    assert answer.status_code == 400
    assert "Traceback" in caplog.text
