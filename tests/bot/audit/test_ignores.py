"""Inline ignores: where they may stand, what they need, and when they are themselves reported."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audit.ignores import RULE, Judged, judge
from bot.audit.model import SourceFile, Violation
from tests.bot.audit.found import KNOWN, RULES, UNREADABLE, VERIFIED, by_path, script, span_of, violation

ALL = {**KNOWN, RULE.id: RULE}
FLAG = "--set-env-vars"


def judged(source: SourceFile, *violations: Violation, selected: frozenset[str] = frozenset(ALL)) -> Judged:
    return judge(violations, by_path(source), ALL, selected)


def judged_flag(text: str, path: str = "bin/deploy.sh") -> Judged:
    """Judge a file in which one flag breaks REV003."""
    source = script(text, path)
    return judged(source, violation(source, FLAG))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"gcloud {FLAG}=A  # reveille: ignore[REV003] new service\n", id="at the end of the line"),
        pytest.param(f"# reveille: ignore[REV003] new service\ngcloud {FLAG}=A\n", id="on the line above"),
        pytest.param(f"  # reveille: ignore[REV003] new\n  gcloud {FLAG}=A\n", id="indented"),
        pytest.param(f"# reveille: ignore[REV002, rev003] new\ngcloud {FLAG}=A\n", id="one of several rules"),
        pytest.param(
            f"# shellcheck disable=SC2086 # reveille: ignore[REV003] new\ngcloud {FLAG}=A\n", id="after another's"
        ),
        pytest.param(f"#reveille:ignore[REV003]: new\ngcloud {FLAG}=A\n", id="without spaces"),
        pytest.param(f"# reveille: ignore[REV003] new\n# and more\ngcloud {FLAG}=A\n", id="above another comment"),
        pytest.param(f"# reveille: ignore[REV003] new\ngcloud run \\\n  {FLAG}=A\n", id="above a command of two lines"),
        pytest.param(
            f"gcloud run \\\n  {FLAG}=A \\\n  --source=.  # reveille: ignore[REV003] new\n", id="at the command's end"
        ),
    ],
)
def test_an_ignore_with_a_reason_is_heeded(text: str) -> None:
    result = judged_flag(text)

    assert [each.violation.rule for each in result.ignored] == ["REV003"]
    assert result.ignored[0].reason.startswith("new")
    assert result.kept == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"# reveille: ignore[REV003] new\n\ngcloud {FLAG}=A\n", id="an empty line between"),
        pytest.param(f"gcloud {FLAG}=A\n# reveille: ignore[REV003] new\n", id="on the line below"),
        pytest.param(
            f"gcloud x  # reveille: ignore[REV003] new\ngcloud {FLAG}=A\n", id="at the end of the command above"
        ),
        pytest.param(f"echo '# reveille: ignore[REV003] new'; gcloud {FLAG}=A\n", id="in quotes"),
        pytest.param(f"echo a#reveille: ignore[REV003] new; gcloud {FLAG}=A\n", id="within a word"),
        pytest.param(f"cat <<E\n# reveille: ignore[REV003] new\nE\ngcloud {FLAG}=A\n", id="in a here-document"),
        pytest.param(f"# Write '# reveille: ignore[REV003] new'\ngcloud {FLAG}=A\n", id="quoted in a comment"),
        pytest.param(f"# reveille: ignore[REV002] new\ngcloud {FLAG}=A\n", id="another rule"),
        pytest.param(f"# reveille: ignore[REV003]\ngcloud {FLAG}=A\n", id="no reason"),
        pytest.param(f"# reveille: ignore[] new\ngcloud {FLAG}=A\n", id="no rule"),
        pytest.param(f"# reveille: ignore REV003 new\ngcloud {FLAG}=A\n", id="no brackets"),
        pytest.param(f"# reveille: disable[REV003] new\ngcloud {FLAG}=A\n", id="another word"),
    ],
)
def test_anything_else_ignores_nothing(text: str) -> None:
    assert [each.rule for each in judged_flag(text).kept] == ["REV003"]


def test_a_script_can_ignore_what_is_reported_on_its_first_line() -> None:
    source = script("#!/bin/bash\n# Deploys.\n# reveille: ignore[REV003] is sourced\ngcloud run\n")

    assert judged(source, violation(source, "#!/bin/bash")).kept == ()


CLOUD_BUILD = """\
steps:
  - name: gcr.io/cloud-builders/gcloud
    args:
      - run
      {above}
      - {flag}{after}
      - "# reveille: ignore[REV003] this is a value"
  - name: gcr.io/cloud-builders/gcloud
    entrypoint: bash
    args:
      - -c
      - |
        cat <<END
        # reveille: ignore[REV003] this is a here-document
        END
        {shell}
        gcloud run deploy "$$SERVICE" --set-labels=a=b
"""


def cloud_build(above: str = "", after: str = "", shell: str = "") -> SourceFile:
    return script(CLOUD_BUILD.format(above=above, flag=FLAG, after=after, shell=shell), "cloudbuild.yaml")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param(cloud_build(above="# reveille: ignore[REV003] new"), FLAG, id="above a value"),
        pytest.param(cloud_build(after="  # reveille: ignore[REV003] new"), FLAG, id="behind a value"),
        pytest.param(cloud_build(shell="# reveille: ignore[REV003] new"), "--set-labels", id="in the shell of a step"),
    ],
)
def test_it_works_in_yaml(source: SourceFile, words: str) -> None:
    result = judged(source, violation(source, words))

    assert (len(result.ignored), result.kept, result.problems) == (1, (), ())


def test_text_of_yaml_is_no_comment() -> None:
    source = cloud_build()

    result = judged(source, violation(source, FLAG), violation(source, "--set-labels"))

    assert (result.ignored, result.problems) == ((), ())


def test_a_comment_before_an_error_of_yaml_is_still_heeded() -> None:
    source = script(f"a: b\n# reveille: ignore[REV003] new\nc: {FLAG}\nd: [\n", "cloudbuild.yaml")

    assert judged(source, violation(source, FLAG)).kept == ()


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# reveille: ignore[REV003]", ["This ignore of REV003 gives no reason, and so ignores nothing."]),
        ("# reveille: ignore[REV0003] new", ["There is no rule REV0003 to ignore; did you mean REV003?"]),
        ("# reveille: ignore[REV003] new", ["Nothing here breaks REV003: this ignore hides only what comes later."]),
        ("# reveille: ignore[REV013] new", ["REV013 cannot be ignored."]),
        ("# reveille: ignore[REV000] new", ["REV000 cannot be ignored."]),
        ("# reveille: ignore all of it", ["This comment is not understood, and ignores nothing."]),
        ("# reveille: hello", ["This comment is not understood, and ignores nothing."]),
        ("# Reveille looks at this", []),
    ],
)
def test_an_ignore_that_does_nothing_is_reported(comment: str, said: list[str]) -> None:
    source = script(f"echo a\n{comment}\necho b\n")

    problems = judged(source).problems

    assert [each.message for each in problems] == said
    assert all((each.rule, each.span) == (RULE.id, span_of(source, comment)) for each in problems)


def test_one_of_two_rules_that_ignores_nothing_is_named() -> None:
    result = judged_flag(f"# reveille: ignore[REV002, REV003] new\ngcloud {FLAG}=A\n")

    assert [each.message[:26] for each in result.problems] == ["Nothing here breaks REV002"]


def test_one_ignore_covers_every_violation_of_its_line() -> None:
    source = script(f"gcloud {FLAG}=A {FLAG}=B  # reveille: ignore[REV003] new\n")

    result = judged(source, violation(source, FLAG), violation(source, FLAG, occurrence=1))

    assert (len(result.ignored), result.problems) == (2, ())


def test_a_rule_that_nobody_asked_for_is_not_called_unused() -> None:
    source = script("# reveille: ignore[REV003] new\ngcloud run\n")

    assert judged(source, selected=frozenset({"REV002", RULE.id})).problems == ()


def test_a_file_that_was_not_parsed_says_nothing_about_its_ignores() -> None:
    source = script("# reveille: ignore[REV003] new\nif\n")
    unreadable = UNREADABLE.violation(source.path, span_of(source, "if"), "It does not parse.")

    result = judged(source, unreadable)

    assert (result.kept, result.problems) == ((unreadable,), ())


def test_nobody_hears_of_ignores_who_did_not_ask() -> None:
    source = script("# reveille: ignore[REV003]\n")

    assert judged(source, selected=frozenset(KNOWN)).problems == ()


def test_what_could_not_be_read_has_no_lines_to_look_at() -> None:
    lost = VERIFIED.violation("lost.sh", script().span(0, 0), "It is gone.")

    assert judge([lost], {}, ALL, set(ALL)).kept == (lost,)


@given(st.lists(st.sampled_from(["echo a", "# note", "gcloud run \\", f"gcloud {FLAG}=A", ""]), max_size=8), st.data())
def test_an_ignore_never_hides_a_violation_further_away_than_its_command(above: list[str], data: st.DataObject) -> None:
    lines = [*above, "echo separates", f"gcloud {FLAG}=B"]
    source = script("\n".join(["# reveille: ignore[REV003] far away", *lines]))
    occurrence = source.text.count(FLAG) - 1

    result = judged(source, violation(source, FLAG, occurrence=occurrence))

    assert result.ignored == () or above[-1:] == ["gcloud run \\"]


def test_the_rules_of_these_tests_are_in_order() -> None:
    assert [rule.id for rule in RULES] == sorted(KNOWN)
