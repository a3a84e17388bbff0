"""Cloud Build files: what the steps run, and where each word stands in the YAML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audit.formats.cloudbuild import steps_of, substituted
from bot.audit.formats.steps import follow
from bot.audit.formats.yaml_scalars import scalar_text
from bot.audit.shell.commands import ShellCommand
from bot.audit.source_text import Text
from bot.yaml_tree import read_yaml
from tests.bot.audit.in_memory import audit_text


def commands(text: str) -> list[ShellCommand]:
    return follow(steps_of(read_yaml(text, "cloudbuild.yaml"), text)).trace.commands


def said(text: str) -> list[str]:
    return [command.text for command in commands(text)]


def places(rule: str, text: str) -> list[str]:
    return [
        f"{one.span.start.line}:{one.span.start.column}-{one.span.end.column}"
        for one in audit_text("cloudbuild.yaml", text)
        if one.rule == rule
    ]


FLAG = "--set-env-vars=A=b"
HEAD = "steps:\n- name: gcr.io/cloud-builders/gcloud\n"
BASH = "steps:\n- name: x/cloud-sdk\n  entrypoint: bash\n"

WHERE = {
    "a list of arguments": (HEAD + f"  args:\n  - run\n  - deploy\n  - a\n  - {FLAG}\n", "7:5-19"),
    "a list in brackets": (HEAD + f"  args: [run, deploy, a, {FLAG}]\n", "3:26-40"),
    "single quotes": (HEAD + f"  args: [run, deploy, a, '{FLAG}']\n", "3:27-41"),
    "double quotes": (HEAD + f'  args: [run, deploy, a, "{FLAG}"]\n', "3:27-41"),
    "after letters of several bytes": (HEAD + f"  args: [run, deploy, 'äö€', {FLAG}]\n", "3:30-44"),
    "the program as the first argument": (
        f"steps:\n- name: google/cloud-sdk\n  args: [gcloud, run, deploy, a, {FLAG}]\n",
        "3:34-48",
    ),
    "a block": (BASH + f"  args:\n  - -c\n  - |\n    echo a\n    gcloud run deploy a \\\n      {FLAG}\n", "9:7-21"),
    "a block without its last line end": (BASH + f"  args:\n  - -c\n  - |-\n    gcloud run deploy a {FLAG}", "7:25-39"),
    "a block with an indicator": (BASH + f"  args:\n  - -c\n  - |2-\n      gcloud run deploy a {FLAG}\n", "7:27-41"),
    "a block after blank lines": (BASH + f"  args:\n  - -c\n  - |\n\n\n    gcloud run deploy a {FLAG}\n", "9:25-39"),
    "a block with a comment of its own": (
        BASH + f"  args:\n  - -c\n  - |  # {FLAG}\n    # {FLAG}\n    gcloud run deploy a {FLAG}\n",
        "8:25-39",
    ),
    "folded text": (BASH + f"  args:\n  - -c\n  - >-\n    gcloud run deploy a\n    {FLAG}\n", "8:5-19"),
    "quoted with line ends": (BASH + f'  args: ["-c", "echo \\"a\\"\\ngcloud run deploy a {FLAG}"]\n', "4:49-63"),
    "quoted over two lines": (BASH + f"  args: ['-c', 'echo ''a'';\n    gcloud run deploy a {FLAG}']\n", "5:25-39"),
    "behind letters that end otherwise": (BASH + f"  args: ['-ceu', 'gcloud run deploy a {FLAG}']\n", "4:39-53"),
    "behind an option with a name": (
        BASH + f"  args: ['-euo', 'pipefail', '-c', 'gcloud run deploy a {FLAG}']\n",
        "4:57-71",
    ),
    "behind letters with a name": (BASH + f"  args: ['-ceuo', 'pipefail', 'gcloud run deploy a {FLAG}']\n", "4:52-66"),
    "behind an escaped dollar": (BASH + f"  args: ['-c', 'gcloud run deploy $$A {FLAG}']\n", "4:39-53"),
    "behind a substitution": (
        BASH + f"  args: ['-c', 'gcloud run deploy ${{_SERVICE}} {FLAG}']\nsubstitutions:\n  _SERVICE: x\n",
        "4:47-61",
    ),
    "a script": (f"steps:\n- name: ubuntu\n  script: |\n    #!/bin/bash\n    gcloud run deploy a {FLAG}\n", "5:25-39"),
    "an alias": (f"steps:\n- &s\n  name: a/gcloud\n  args: [run, deploy, a, {FLAG}]\n- *s\n", "4:26-40"),
    "a merged step": (
        f"steps:\n- &s\n  name: a/gcloud\n  args: [run, deploy, a, {FLAG}]\n- <<: *s\n  id: other\n",
        "4:26-40",
    ),
}


@pytest.mark.parametrize(("text", "expected"), WHERE.values(), ids=WHERE.keys())
def test_a_flag_is_found_at_its_place_in_the_file(text: str, expected: str) -> None:
    assert places("REV003", text) == [expected]


@pytest.mark.parametrize(("text", "expected"), WHERE.values(), ids=WHERE.keys())
def test_its_edit_replaces_exactly_the_flag(text: str, expected: str) -> None:
    (violation,) = (one for one in audit_text("cloudbuild.yaml", text) if one.rule == "REV003")

    (edit,) = violation.edits
    line = text.split("\n")[edit.span.start.line - 1]
    assert line[edit.span.start.column - 1 : edit.span.end.column - 1] == "--set-env-vars"
    assert edit.replacement == "--update-env-vars"


def test_substitutions_have_their_defaults_and_others_stay_symbols() -> None:
    text = BASH + (
        "  args: ['-c', 'x $_A ${_B} $_C $PROJECT_ID $$_A $${_A%%:*} $${name}']\n"
        "substitutions: {_A: one, _B: 'two-$_A', _N: 0}\n"
    )

    assert said(text) == ["x one two-one ${_C} ${PROJECT_ID} ${_A} ${_A%%:*} ${name}"]


def test_a_script_gets_substitutions_as_variables() -> None:
    text = (
        "steps:\n- name: a\n  env: ['B=$_A-x']\n  script: echo $_A $B $C\n"
        "substitutions: {_A: one}\noptions: {env: [C=three], automapSubstitutions: true}\n"
    )

    assert said(text) == ["echo one one-x three"]


def test_the_program_of_an_image_is_its_name() -> None:
    assert said("steps:\n- name: gcr.io/cloud-builders/docker:20@sha256:0\n  args: [push, x]\n") == ["docker push x"]


def test_a_script_for_another_program_is_no_shell() -> None:
    text = "steps:\n- name: python\n  script: |\n    #!/usr/bin/env python3\n    import main\n    x = '('\n"

    (command,) = commands(text)

    assert command.name == "python3"
    assert places("REV000", text) == []


def test_a_step_that_does_not_wait_for_the_deploy_does_not_follow_it() -> None:
    deploy = "steps:\n- {id: d, name: a/gcloud, args: [run, deploy, a]}\n"
    bind = "- {name: x, entrypoint: reveille, args: [iam, ensure, a]%s}\n"

    assert places("REV001", deploy + bind % "") == []
    assert places("REV001", deploy + bind % ", waitFor: [d]") == []
    assert len(places("REV001", deploy + bind % ", waitFor: ['-']")) == 1


def test_a_step_may_wait_through_another() -> None:
    text = (
        "steps:\n- {id: d, name: a/gcloud, args: [run, deploy, a]}\n- {id: e, name: x, waitFor: [d]}\n"
        "- {name: x, entrypoint: reveille, args: [iam, ensure, a], waitFor: [e]}\n"
    )

    assert places("REV001", text) == []


@pytest.mark.parametrize(
    ("options", "stops"),
    [
        pytest.param("'-c'", False, id="no option"),
        pytest.param("'-ec'", True, id="in one word"),
        pytest.param("'-e', '-c'", True, id="in a word of its own"),
        pytest.param("'-euo', 'pipefail', '-c'", True, id="with pipefail"),
    ],
)
def test_the_options_of_the_shell_count(options: str, *, stops: bool) -> None:
    text = BASH + f"  args: [{options}, 'gcloud run deploy a; echo done']\n"

    assert (places("REV006", text) == []) is stops


def test_allow_failure_is_flagged_where_it_is_said_once() -> None:
    text = BASH + "  args: ['-ec', 'gcloud run deploy a; reveille iam ensure a']\n  allowFailure: true\n"

    assert places("REV006", text) == ["5:17-21"]


def test_a_temporary_directory_in_a_step_needs_no_trap() -> None:
    assert places("REV007", BASH + "  args: ['-c', 'D=$(mktemp -d)']\n") == []


LETTERS = st.text(st.sampled_from("ab $\"'\\#:-é€|>&*\t{}[]"), max_size=12)


@given(lines=st.lists(LETTERS, min_size=1, max_size=6), indentation=st.integers(1, 6))
def test_every_character_of_a_block_stands_where_it_is_said_to(lines: list[str], indentation: int) -> None:
    lines = ["x", *lines]  # the first line tells the indentation
    text = "a: |\n" + "".join(" " * indentation + line + "\n" for line in lines) + "b: c\n"
    node = read_yaml(text, "x").children["a"]

    mapped = scalar_text(node, text)

    assert mapped.text == node.written
    assert [text[mapped.origin(index)] for index in range(len(mapped.text))] == list(mapped.text)


@given(value=st.text(st.sampled_from("ab $'#:-é€{}[]"), max_size=20))
def test_every_character_in_single_quotes_stands_where_it_is_said_to(value: str) -> None:
    text = "a: '" + value.replace("'", "''") + "'\n"
    node = read_yaml(text, "x").children["a"]

    mapped = scalar_text(node, text)

    assert mapped.text == value
    assert [text[mapped.origin(index)] for index in range(len(value))] == list(value)


@given(st.text(st.sampled_from("a$_AB{} "), max_size=20))
def test_a_text_with_every_dollar_doubled_comes_out_as_it_was(text: str) -> None:
    assert substituted(Text(text.replace("$", "$$")), {"_A": "x", "_B": "y"}).text == text
