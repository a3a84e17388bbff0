from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from flask import Flask
from google.auth import crypt, exceptions, jwt

from bot.store.model import StoreError
from bot.timetable.slots import UnknownJobError
from handlers.google_tokens import (
    FAILED_SECONDS,
    KEPT_SECONDS,
    MOST_WAITING,
    USABLE_SECONDS,
    GoogleTokens,
    RefusedError,
    UndecidedError,
)
from handlers.tasks import LARGEST_BODY, tasks_blueprint

AUDIENCE = "https://reveille.example.com"
ACCOUNT = "scheduler@example-project.iam.gserviceaccount.com"


class Signer:
    """A key with its certificate, as Google has them."""

    def __init__(self, key_id: str) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        self.certificates = {key_id: certificate.public_bytes(serialization.Encoding.PEM).decode()}
        self._signer = crypt.RSASigner.from_string(pem.decode(), key_id)  # type: ignore[no-untyped-call]

    def token(self, **claims: Any) -> str:
        now = int(time.time())
        known = {
            "iss": "https://accounts.google.com",
            "aud": AUDIENCE,
            "email": ACCOUNT,
            "email_verified": True,
            "iat": now,
            "exp": now + 3600,
        }
        signed: bytes = jwt.encode(self._signer, {**known, **claims})  # type: ignore[no-untyped-call]
        return signed.decode()


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as Google's library reads it."""

    status: int
    data: bytes


GOOGLE = Signer("google-1")
STRANGER = Signer("google-1")


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def forged(header: Mapping[str, Any]) -> str:
    """A token that says what a genuine one says, under another header."""
    return f"{encoded(json.dumps(header))}.{GOOGLE.token().split('.')[1]}.{encoded('signature')}"


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class SlowCertificates:
    """Google, as it answers only once it may."""

    def __init__(self) -> None:
        self.asked_for = threading.Event()
        self.may_answer = threading.Event()

    def __call__(self, url: str, **_: Any) -> Answer:
        self.asked_for.set()
        assert self.may_answer.wait(20)
        return Answer(200, json.dumps(GOOGLE.certificates).encode())


class Certificates:
    """The place where Google publishes its certificates."""

    def __init__(self, status: int = 200, failure: Exception | None = None) -> None:
        self.status = status
        self.failure = failure
        self.asked: list[str] = []

    def __call__(self, url: str, **_: Any) -> Answer:
        self.asked.append(url)
        if self.failure is not None:
            raise self.failure
        return Answer(self.status, json.dumps(GOOGLE.certificates).encode())


def tokens(certificates: Certificates | SlowCertificates | None = None, **parts: Any) -> GoogleTokens:
    return GoogleTokens(AUDIENCE, ACCOUNT, fetch=certificates or Certificates(), **parts)


class TestTokens:
    @pytest.mark.parametrize("issuer", ["https://accounts.google.com", "accounts.google.com"])
    def test_a_token_of_google_for_us_from_the_account_is_accepted(self, issuer: str) -> None:
        tokens()(GOOGLE.token(iss=issuer))

    @pytest.mark.parametrize(
        "claims",
        [
            pytest.param({"aud": "https://other.example.com"}, id="for somebody else"),
            pytest.param({"aud": None}, id="for nobody"),
            pytest.param({"iss": "https://accounts.example.com"}, id="from another issuer"),
            pytest.param({"iss": None}, id="from no issuer"),
            pytest.param({"email": "somebody@example.com"}, id="from another account"),
            pytest.param({"email": None}, id="from no account"),
            pytest.param({"email_verified": False}, id="from an account that is not verified"),
            pytest.param({"email_verified": "true"}, id="that only says so"),
            pytest.param({"exp": None}, id="that never ends"),
        ],
    )
    def test_any_other_is_refused(self, claims: Mapping[str, Any]) -> None:
        with pytest.raises(RefusedError):
            tokens()(GOOGLE.token(**claims))

    @pytest.mark.parametrize(("claim", "seconds"), [("exp", -60), ("iat", 600)], ids=["is over", "is not yet"])
    def test_one_that_is_out_of_its_time_is_refused(self, claim: str, seconds: int) -> None:
        token = GOOGLE.token(**{claim: int(time.time()) + seconds})

        with pytest.raises(RefusedError):
            tokens()(token)

    def test_one_that_somebody_else_signed_is_refused(self) -> None:
        with pytest.raises(RefusedError):
            tokens()(STRANGER.token())

    def test_one_that_was_changed_is_refused(self) -> None:
        head, _, signature = GOOGLE.token().split(".")
        other = STRANGER.token(email=ACCOUNT, aud=AUDIENCE, extra="x").split(".")[1]

        with pytest.raises(RefusedError):
            tokens()(f"{head}.{other}.{signature}")

    @pytest.mark.parametrize("token", ["x", "a.b.c", "....", "é.é.é", "e30.e30.e30", "\x00"])
    def test_what_is_no_token_is_refused(self, token: str) -> None:
        with pytest.raises(RefusedError):
            tokens()(token)

    @pytest.mark.parametrize(
        "certificates",
        [Certificates(status=500), Certificates(failure=exceptions.TransportError("down"))],  # type: ignore[no-untyped-call]
        ids=["answers with an error", "does not answer"],
    )
    def test_without_googles_certificates_nobody_can_tell(self, certificates: Certificates) -> None:
        with pytest.raises(UndecidedError):
            tokens(certificates)(GOOGLE.token())

    def test_certificates_are_kept_for_an_hour(self) -> None:
        certificates, clock = Certificates(), Clock()
        judge = tokens(certificates, timer=clock)
        asked = []

        for clock.now in (0.0, KEPT_SECONDS - 1, KEPT_SECONDS):
            judge(GOOGLE.token())
            asked.append(len(certificates.asked))

        assert asked == [1, 1, 2]

    def test_a_fetch_that_failed_is_remembered_for_a_while(self) -> None:
        certificates, clock = Certificates(status=500), Clock()
        judge = tokens(certificates, timer=clock)

        for clock.now in (0.0, FAILED_SECONDS - 1):
            with pytest.raises(UndecidedError):
                judge(GOOGLE.token())
        asked_while_remembered = len(certificates.asked)
        certificates.status, clock.now = 200, FAILED_SECONDS
        judge(GOOGLE.token())

        assert (asked_while_remembered, len(certificates.asked)) == (1, 2)

    def test_while_google_cannot_be_reached_old_certificates_serve_for_a_day(self) -> None:
        certificates, clock = Certificates(), Clock()
        judge = tokens(certificates, timer=clock)
        judge(GOOGLE.token())
        certificates.status = 500

        clock.now = USABLE_SECONDS - 1
        judge(GOOGLE.token())
        clock.now = USABLE_SECONDS + FAILED_SECONDS
        with pytest.raises(UndecidedError):
            judge(GOOGLE.token())

    @pytest.mark.parametrize(
        "token",
        [
            pytest.param(GOOGLE.token(aud="https://other.example.com"), id="for somebody else"),
            pytest.param(GOOGLE.token(exp=int(time.time()) - 60), id="that is over"),
            pytest.param(GOOGLE.token(email="somebody@example.com"), id="from another account"),
            pytest.param(forged({"alg": "none", "kid": "google-1"}), id="that nobody signed"),
            pytest.param(forged({"alg": "HS256", "kid": "google-1"}), id="signed with a password"),
            pytest.param(forged({"alg": "RS256", "kid": "../certs"}), id="whose key has no name of a key"),
            pytest.param(forged({"alg": "RS256", "kid": 5}), id="whose key is a number"),
            pytest.param(forged({"alg": "RS256"}), id="without a key"),
            pytest.param("x" * 8000, id="that is none"),
            pytest.param(f"{encoded('[' * 3000)}.{encoded('{}')}.x", id="nested without end"),
        ],
    )
    def test_what_cannot_be_genuine_costs_no_fetch(self, token: str) -> None:
        certificates = Certificates()

        with pytest.raises(RefusedError):
            tokens(certificates)(token)

        assert certificates.asked == []

    def test_while_certificates_are_fetched_few_wait_and_the_others_hear_at_once(self) -> None:
        certificates = SlowCertificates()
        judge = tokens(certificates)
        with ThreadPoolExecutor(20) as callers:
            first = callers.submit(judge, GOOGLE.token())
            assert certificates.asked_for.wait(10)
            others = [callers.submit(judge, GOOGLE.token()) for _ in range(19)]
            told = as_completed(others, timeout=10)
            undecided = [type(next(told).exception()) for _ in range(len(others) - MOST_WAITING)]
            certificates.may_answer.set()

        assert first.exception() is None
        assert set(undecided) == {UndecidedError}
        assert sum(each.exception() is None for each in others) == MOST_WAITING


class Runs:
    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.done: list[str] = []

    def run(self, job: str) -> str:
        if self.failure is not None:
            raise self.failure
        self.done.append(job)
        return "posted"


def knock(runs: Runs, *, token: str | None = None, header: str | None = None, job: str = "digest") -> tuple[int, Any]:
    app = Flask("test")
    app.register_blueprint(tasks_blueprint(runs, tokens()))
    headers = {"Authorization": header} if header is not None else {}
    if token is not None:
        headers = {"Authorization": f"Bearer {token}"}
    answer = app.test_client().post(f"/tasks/{job}", headers=headers)
    return answer.status_code, answer.get_json()


class TestTheEndpoint:
    def test_a_job_is_done_and_its_outcome_told(self) -> None:
        runs = Runs()

        assert knock(runs, token=GOOGLE.token()) == (200, {"job": "digest", "outcome": "posted"})
        assert runs.done == ["digest"]

    def test_it_answers_when_slack_has_what_the_job_stored(self) -> None:
        runs = Runs()
        app = Flask("test")
        app.register_blueprint(tasks_blueprint(runs, tokens(), lambda: runs.done.append("settled")))

        app.test_client().post("/tasks/digest", headers={"Authorization": f"Bearer {GOOGLE.token()}"})

        assert runs.done == ["digest", "settled"]

    @pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer " + "x" * 9000])
    def test_without_a_token_nothing_is_done(self, header: str | None) -> None:
        runs = Runs()

        assert knock(runs, header=header)[0] == 401
        assert runs.done == []

    def test_a_refusal_says_nothing_about_why(self) -> None:
        assert knock(Runs(), token=STRANGER.token()) == (401, {"error": "Unauthorized"})

    def test_who_may_not_knock_does_not_learn_which_jobs_there_are(self) -> None:
        assert knock(Runs(UnknownJobError("no such job")), job="dance")[0] == 401

    def test_a_job_that_nobody_knows_is_not_found(self) -> None:
        assert knock(Runs(UnknownJobError("no such job")), token=GOOGLE.token(), job="dance")[0] == 404

    def test_with_the_store_down_cloud_scheduler_is_asked_to_come_again(self) -> None:
        assert knock(Runs(StoreError("down")), token=GOOGLE.token())[0] == 503

    def test_without_certificates_too(self) -> None:
        app = Flask("test")
        app.register_blueprint(tasks_blueprint(Runs(), tokens(Certificates(status=500))))

        answer = app.test_client().post("/tasks/digest", headers={"Authorization": f"Bearer {GOOGLE.token()}"})

        assert answer.status_code == 503

    @pytest.mark.parametrize(
        ("length", "status"),
        [pytest.param(LARGEST_BODY, 200, id="at the limit"), pytest.param(LARGEST_BODY + 1, 413, id="just past it")],
    )
    def test_a_knock_has_a_largest_body(self, length: int, status: int) -> None:
        app = Flask("test")
        app.register_blueprint(tasks_blueprint(Runs(), tokens()))
        headers = {"Authorization": f"Bearer {GOOGLE.token()}"}

        answer = app.test_client().post("/tasks/digest", data=b"x" * length, headers=headers)

        assert answer.status_code == status

    def test_refusals_are_counted_and_not_logged_one_by_one(self, caplog: pytest.LogCaptureFixture) -> None:
        counted: list[bool] = []

        def refused(*, decided: bool) -> None:
            counted.append(decided)

        app = Flask("test")
        app.register_blueprint(tasks_blueprint(Runs(), tokens(Certificates(status=500)), refused=refused))
        for token in (GOOGLE.token(), "nonsense"):
            app.test_client().post("/tasks/digest", headers={"Authorization": f"Bearer {token}"})

        assert counted == [False, True]
        assert caplog.records == []

    def test_it_is_not_for_reading(self) -> None:
        app = Flask("test")
        app.register_blueprint(tasks_blueprint(Runs(), tokens()))

        assert app.test_client().get("/tasks/digest").status_code == 405
