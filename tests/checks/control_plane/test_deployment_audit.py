"""The repository's deploy scripts, file by file."""

from __future__ import annotations

import pytest

from checks.control_plane.deployment_audit import deployment_audit
from checks.model import Finding, Outcome, Severity
from checks.ports.audit import AuditFinding
from tests import fakes
from tests.platform_fakes import FakeAudit, ports


def violation(rule: str, path: str = "bin/deploy.sh", line: int = 12, severity: str = "error") -> AuditFinding:
    return AuditFinding(
        rule=rule, path=path, line=line, column=3, message=f"{rule} is broken.", fix=f"Fix {rule}.", severity=severity
    )


def findings(audit: FakeAudit | None) -> list[Finding]:
    return list(fakes.run_check(deployment_audit, world=ports(audit=audit)).findings)


def only(found: list[Finding]) -> Finding:
    (finding,) = found
    return finding


def test_scripts_without_a_violation_pass() -> None:
    finding = only(findings(FakeAudit()))

    assert (finding.outcome, finding.code) == (Outcome.PASSED, "rules-kept")


@pytest.mark.parametrize(
    ("severities", "severity", "code"),
    [
        (("error",), Severity.P2, "rules-broken"),
        (("note", "error"), Severity.P2, "rules-broken"),
        (("warning",), Severity.P3, "rules-bent"),
        (("note",), Severity.P3, "rules-bent"),
    ],
)
def test_the_worst_violation_of_a_file_decides(severities: tuple[str, ...], severity: Severity, code: str) -> None:
    finding = only(findings(FakeAudit([violation("REV001", severity=each) for each in severities])))

    assert (finding.outcome, finding.severity, finding.code) == (Outcome.FAILED, severity, code)
    assert finding.code in deployment_audit.codes


def test_a_file_is_one_finding_with_its_errors_first() -> None:
    found = findings(
        FakeAudit(
            [
                violation("REV010", line=2, severity="warning"),
                violation("REV003", line=40),
                violation("REV001", line=12),
                violation("REV003", line=50),
                violation("REV001", path="bin/other deploy.sh"),
            ]
        )
    )

    assert [each.subject for each in found] == ["bin/deploy.sh", "bin/other deploy.sh"]
    assert found[0].evidence == {
        "violations": 4,
        "errors": 3,
        "rules": "REV001, REV003, REV010",
        "line": 12,
        "column": 3,
    }
    assert "line 12: REV001 is broken (REV001)" in found[0].summary
    assert "and 1 more" in found[0].summary
    assert found[0].action is not None
    assert found[0].action.text == "Fix REV001."
    assert found[1].action is not None
    assert found[1].action.command == "reveille audit 'bin/other deploy.sh'"


def test_without_a_clone_there_is_nothing_to_audit() -> None:
    finding = only(findings(None))

    assert (finding.outcome, finding.code) == (Outcome.SKIPPED, "not-configured")
    assert "REVEILLE_REPOSITORY" in finding.summary


def test_an_audit_that_fails_is_unknown() -> None:
    finding = only(findings(FakeAudit(fakes.down("the deployment audit"))))

    assert (finding.outcome, finding.severity, finding.code) == (Outcome.UNKNOWN, Severity.P2, "source-unavailable")
