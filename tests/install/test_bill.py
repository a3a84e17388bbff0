"""What an image says of itself: its bill of materials, and how it was made."""

from __future__ import annotations

import json
import runpy
from importlib.metadata import distributions, version
from pathlib import Path

import pytest

from tests.sections import ROOT

BILL = runpy.run_path(str(ROOT / "requirements" / "bill.py"))
MOMENT = {"SOURCE_DATE_EPOCH": "1764396000"}


def test_the_bill_names_every_distribution_once_with_its_version() -> None:
    bill = BILL["sbom"](MOMENT)

    libraries = [each for each in bill["components"] if each["type"] == "library"]
    installed = {BILL["normal"](each.metadata["Name"]) for each in distributions()} - {"reveille"}
    assert [each["name"] for each in libraries] == sorted(installed)
    assert {each["purl"] for each in libraries} >= {f"pkg:pypi/flask@{version('flask')}"}
    assert bill["metadata"]["component"]["version"] == version("reveille")
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")


def test_the_same_sources_give_the_same_bytes() -> None:
    first, second, later = (json.dumps(BILL["sbom"](each)) for each in (MOMENT, MOMENT, {"SOURCE_DATE_EPOCH": "1"}))

    assert first == second != later
    assert json.loads(first)["metadata"]["timestamp"] == "2025-11-29T06:00:00Z"


def test_the_provenance_names_commit_base_and_lock(tmp_path: Path) -> None:
    wheel, lock = tmp_path / "reveille-1-py3-none-any.whl", ROOT / "requirements" / "runtime.txt"
    wheel.write_bytes(b"")
    told = {
        **MOMENT,
        "COMMIT": "abc1234",
        "PYTHON_IMAGE": f"python@sha256:{'0' * 64}",
        "BUILDER": "https://a.example.com",
    }

    statement = BILL["provenance"](told, wheel, lock)

    (subject,) = statement["subject"]
    assert subject["digest"]["sha256"].startswith("e3b0c44298fc1c14")
    definition = statement["predicate"]["buildDefinition"]
    assert [each["digest"] for each in definition["resolvedDependencies"]] == [
        {"sha256": BILL["digest"](lock)},
        {"gitCommit": "abc1234"},
        {"sha256": "0" * 64},
    ]
    assert statement["predicate"]["runDetails"]["builder"]["id"] == "https://a.example.com"


def test_what_nobody_told_is_left_out(tmp_path: Path) -> None:
    wheel = tmp_path / "w.whl"
    wheel.write_bytes(b"")

    statement = BILL["provenance"]({"PYTHON_IMAGE": "python:3.11"}, wheel, wheel)

    assert statement["predicate"]["runDetails"] == {"builder": {"id": "unknown"}, "metadata": {}}
    assert "digest" not in statement["predicate"]["buildDefinition"]["resolvedDependencies"][1]


@pytest.mark.parametrize("arguments", [[], ["bill"], ["provenance", "wheel"]])
def test_other_words_are_refused_in_one_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert BILL["main"](arguments) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1
