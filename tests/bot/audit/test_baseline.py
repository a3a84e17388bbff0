"""The baseline: what it knows, what moves, what is stale, and files that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audit.baseline import BaselineEntry, BaselineError, Compared, compare, entries_of, load, save, text_of
from bot.audit.ignores import RULE as IGNORES
from bot.audit.model import SourceFile, Violation
from tests.bot.audit.found import SCRIPT, UNREADABLE, VERIFIED, by_path, script, violation

FLAG = "--set-env-vars"


def everywhere(_: BaselineEntry) -> bool:
    return True


def nowhere(_: BaselineEntry) -> bool:
    return False


def baseline_of(source: SourceFile, *violations: Violation) -> tuple[BaselineEntry, ...]:
    return entries_of(violations, by_path(source))


def compared(source: SourceFile, violations: list[Violation], baseline: tuple[BaselineEntry, ...]) -> Compared:
    return compare(violations, by_path(source), baseline, everywhere)


def deploys(count: int) -> tuple[SourceFile, list[Violation]]:
    """A file with so many lines that read the same, each with a violation."""
    source = script("gcloud run deploy one\n" * count)
    return source, [violation(source, "gcloud run deploy one", occurrence=number) for number in range(count)]


@given(st.lists(st.sampled_from(["", "# a comment", "echo more", "  "]), max_size=30), st.integers(0, 6))
def test_a_known_violation_stays_known_wherever_its_line_moves(lines: list[str], indentation: int) -> None:
    baseline = baseline_of(script(), violation(script(), FLAG))
    moved = script("\n".join([*lines, SCRIPT.replace(f"  {FLAG}", " " * indentation + FLAG)]))

    result = compared(moved, [violation(moved, FLAG)], baseline)

    assert (result.new, result.stale) == ((), ())


@pytest.mark.parametrize(
    ("known", "now", "new", "stale"),
    [
        pytest.param(2, 2, 0, [], id="as many as before"),
        pytest.param(2, 3, 1, [], id="one more that reads the same"),
        pytest.param(3, 1, 0, [2], id="two are fixed"),
        pytest.param(1, 0, 0, [1], id="all are fixed"),
        pytest.param(0, 2, 2, [], id="nothing was known"),
    ],
)
def test_violations_that_read_the_same_are_counted(known: int, now: int, new: int, stale: list[int]) -> None:
    baseline = baseline_of(deploys(known)[0], *deploys(known)[1])

    result = compared(*deploys(now), baseline)

    assert (len(result.new), [entry.count for entry in result.stale]) == (new, stale)
    assert len(result.new) + len(result.known) == now


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(violation(script(), "--set-secrets"), id="another line"),
        pytest.param(violation(script(), FLAG, VERIFIED), id="another rule"),
    ],
)
def test_another_violation_is_new_and_the_entry_stale(changed: Violation) -> None:
    baseline = baseline_of(script(), violation(script(), FLAG))

    result = compared(script(), [changed], baseline)

    assert (result.new, result.stale) == ((changed,), baseline)


def test_the_same_line_in_another_file_is_new() -> None:
    other = script(path="bin/other.sh")

    assert compared(other, [violation(other, FLAG)], baseline_of(script(), violation(script(), FLAG))).known == ()


def test_an_entry_that_this_audit_did_not_cover_is_not_stale() -> None:
    baseline = baseline_of(script(), violation(script(), FLAG))

    assert compare([], {}, baseline, nowhere).stale == ()


@pytest.mark.parametrize("rule", [UNREADABLE, IGNORES], ids=["cannot be read", "a bad ignore"])
def test_what_must_not_be_hidden_is_never_in_a_baseline(rule: object) -> None:
    hidden = violation(script(), FLAG, UNREADABLE if rule is UNREADABLE else IGNORES)
    baseline = baseline_of(script(), hidden)
    forged = tuple(
        BaselineEntry(path=each.path, line=each.line, rule=hidden.rule, fingerprint=each.fingerprint)
        for each in baseline_of(script(), violation(script(), FLAG))
    )

    assert baseline == ()
    assert compared(script(), [hidden], forged).new == (hidden,)


ENTRIES = st.builds(
    BaselineEntry,
    path=st.text(st.characters(), max_size=20),  # a path may hold bytes that are no text: surrogates
    line=st.integers(1, 10**6),
    rule=st.sampled_from(["REV001", "REV003"]),
    fingerprint=st.text("0123456789abcdef", min_size=24, max_size=24),
    count=st.integers(1, 50),
)


@given(st.lists(ENTRIES, max_size=10))
def test_what_is_written_is_read_back(entries: list[BaselineEntry]) -> None:
    written = json.loads(text_of(entries))["violations"]

    assert [BaselineEntry(**each) for each in written] == sorted(entries)


def test_a_baseline_goes_through_a_file(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    entries = baseline_of(script(), violation(script(), FLAG), violation(script(), "--set-secrets"))

    save(path, entries)

    assert load(path) == tuple(sorted(entries))
    assert path.read_bytes().count(b"\n") == 5 + len(entries)


def test_no_line_of_a_script_stands_in_it() -> None:
    source = script("gcloud run deploy one --set-env-vars=API_KEY=hunter2hunter2\n")

    assert "hunter2" not in text_of(baseline_of(source, violation(source, FLAG)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"\xff\xfe", "it is not text in UTF-8"),
        (b"[]", "is no baseline of version 1"),
        (b'{"version": 2, "violations": []}', "is no baseline of version 1"),
        (b'{"version": 1}', "is no baseline of version 1"),
        (b'{"version": 1, "violations": [3]}', "Entry 1 of the baseline"),
        (b'{"version": 1, "violations": [{"path": "a"}]}', "has no usable line"),
        (
            b'{"version": 1, "violations": [{"path": "a", "line": true, "rule": "r", "fingerprint": "f", "count": 1}]}',
            "has no usable line",
        ),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_in_a_sentence(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_bytes(content)

    with pytest.raises(BaselineError, match=said):
        load(path)


def test_a_baseline_that_is_not_there_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="--write-baseline"):
        load(tmp_path / "missing.json")


def test_a_baseline_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="cannot be written: No such file or directory"):
        save(tmp_path / "missing" / "baseline.json", ())
