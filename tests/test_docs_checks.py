"""docs/checks.md is what the catalogue holds.

``UPDATE_MANUAL=1 pytest -n0`` on this file writes it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from bot.definition.pipeline_file import shipped_pipeline
from checks.catalog import checks_of
from checks.data.sql import ENGINE_CODES
from checks.diagnosis.codes import CAUSE_CODES
from checks.diagnosis.sentences import TELL
from checks.registry import COMMON_CODES, Check
from tests.sections import ROOT, anchors, cell, section

PAGE = ROOT / "docs" / "checks.md"
PIPELINE = shipped_pipeline()
CHECKS = checks_of(PIPELINE)
FAMILIES = {"orchestration": "Orchestration", "control_plane": "Control plane"}
"""What checks that are code are about, by the package of their module."""
EVERY_PHASE = "Data of every phase"


def family(check: Check) -> str:
    if check.spec is None:
        return FAMILIES[check.run.__module__.split(".")[1]]
    titles = {phase.id: f"{phase.title} ({phase.id})" for phase in PIPELINE.phases}
    return EVERY_PHASE if check.phase is None else titles[check.phase]


def families() -> Mapping[str, Sequence[Check]]:
    """The checks by what they are about: first those that are code, then those on data in the order of the phases."""
    phases = [f"{phase.title} ({phase.id})" for phase in PIPELINE.phases]
    order = [*FAMILIES.values(), *phases, EVERY_PHASE]
    found = {name: [check for check in CHECKS if family(check) == name] for name in order}
    return {name: some for name, some in found.items() if some}


def own_codes(check: Check) -> Mapping[str, str]:
    """The codes of a check, without those that every check of its kind has."""
    return {code: meaning for code, meaning in check.codes.items() if check.spec is None or code not in ENGINE_CODES}


def codes_table(codes: Mapping[str, str]) -> str:
    rows = "".join(f"\n| `{code}` | {cell(meaning)} |" for code, meaning in codes.items())
    return f"| code | it means |\n| --- | --- |{rows}"


def rationale(check: Check) -> str:
    """The rationale with Markdown's backticks for those of docstrings."""
    return check.rationale.strip().replace("``", "`")


def check_section(check: Check) -> Iterator[str]:
    yield f"### {check.id}"
    yield f"**{check.title.rstrip('?')}{'?' if check.title.endswith('?') else '.'}**"
    yield f"At worst {check.worst.name}{' · quick' if check.quick else ''}"
    yield rationale(check)
    yield f"*Expected:* {cell(check.expected)}"
    if check.unwanted:
        yield f"*Unwanted:* {cell(check.unwanted)}"
    if codes := own_codes(check):
        yield codes_table(codes)
    if check.spec is not None and all(rule.severity is None for rule in check.spec.rules):
        yield "It reports figures and never fails."


def page_section() -> str:
    parts = [
        "Every check can say:",
        codes_table(COMMON_CODES),
        "Every check on data can say:",
        codes_table(ENGINE_CODES),
    ]
    for name, some in families().items():
        parts += [f"## {name}", *(part for check in some for part in check_section(check))]
    return "\n" + "\n\n".join(parts) + "\n\n"


def causes_section() -> str:
    rows = "".join(
        f"\n| `{code}` | {cell(cause.meaning)} | {cell(cause.fix)} |" for code, cause in sorted(CAUSE_CODES.items())
    )
    return f"\n| cause | it means | what to do |\n| --- | --- | --- |{rows}\n\n"


def overview() -> str:
    rows = (
        f"| {name} | {' · '.join(f'[`{check.id}`](#{check.id}) {check.worst.name}' for check in some)} |"
        for name, some in families().items()
    )
    return "\n| about | checks, and the worst that they can say |\n| --- | --- |\n" + "\n".join(rows) + "\n\n"


def test_the_page_has_every_check_as_the_catalogue_has_it() -> None:
    written = page_section()

    assert section(PAGE, "checks", written) == written


def test_the_page_has_every_cause() -> None:
    written = causes_section()

    assert section(PAGE, "causes", written) == written


def test_every_cause_that_is_told_has_a_meaning() -> None:
    assert set(CAUSE_CODES) == set(TELL)


def test_the_page_begins_with_every_check() -> None:
    written = overview()

    assert section(PAGE, "overview", written) == written


def test_no_check_is_left_out() -> None:
    assert sorted(check.id for some in families().values() for check in some) == sorted(check.id for check in CHECKS)


def test_the_overview_leads_to_the_section_of_each_check() -> None:
    linked = re.findall(r"\]\(#([\w-]+)\)", overview())

    assert set(linked) == {check.id for check in CHECKS}
    assert set(linked) <= anchors(PAGE)


def test_the_page_tells_every_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    codes = {code for check in CHECKS for code in check.codes} | set(COMMON_CODES)

    assert sorted(code for code in codes if f"`{code}`" not in text) == []
