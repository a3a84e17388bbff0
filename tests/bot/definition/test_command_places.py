"""A column stands in a command only where a real shell takes any value for one text."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot.definition.command_places import misplaced
from bot.render.words import clean_command
from checks.shell_words import WITHHELD
from checks.templates import columns_in, fill_command
from tests.thoroughness import examples

ZONE = ZoneInfo("America/New_York")
BASH = shutil.which("bash") or "bash"

REFUSED = {
    "between $' and '": "stub $'a {x} b'",
    "in a command substitution": 'stub "$(echo {x})"',
    "in a command substitution, bare": "stub $(echo {x})",
    "in a command substitution, quoted in it": 'stub "$(echo "{x}")"',
    "in backquotes": "stub `echo {x}`",
    "in a process substitution": "diff <(stub {x}) b",
    "in a comment": "# {x}\nstub a",
    "in a here-document": "cat <<E\n{x}\nE",
    "in a quoted here-document": "cat <<'E'\n{x}\nE",
    "where a here-document ends": "cat <<{x}\na\n{x}",
    "behind a backslash": "stub a\\{x}",
    "behind a backslash in quotes": 'stub "a\\{x}"',
    "in arithmetic": "stub $(({x}))",
    "in arithmetic that stands alone": "(({x}))",
    "behind a $": "stub ${x}",
    "behind a $ in quotes": 'stub "${x}"',
    "as a default": "stub ${{y:-{x}}}",
    "in a text that is translated": 'stub $"a {x}"',
    "in the index of an array": "a[{x}]=1",
    "in a test": "[[ {x} == 1 ]]",
    "in an older test": "[ {x} = 1 ]",
    "in a pattern": "case a in {x}) ;; esac",
    "as a program": "{x} a",
    "for another shell": "bash -c 'stub {x}'",
    "for a shell behind sudo": 'sudo -u me /bin/sh -c "stub {x}"',
    "for eval": "eval stub {x}",
    "for a shell elsewhere": "gcloud compute ssh host --command='stub {x}'",
    "for python": "python3 -c 'print({x})'",
    "for xargs": "echo a | xargs stub {x}",
    "as the name of a variable": "unset {x}",
    "as a variable that is printed to": "printf -v {x} a",
    "in a trap": "trap 'stub {x}' EXIT",
    "in an open quote": "stub '{x}",
}

TAKEN = {
    "bare": "stub {x}",
    "after an option": "stub --name={x}",
    "between single quotes": "stub 'a {x} b'",
    "between double quotes": 'stub "a {x} b"',
    "in JSON": 'stub \'{{"n": "{x}"}}\'',
    "several": "stub {x} '{x}' \"{x}\"{x}",
    "after an escaped quote": 'stub \\"{x}',
    "after a backslash between single quotes": "stub 'a\\' {x}",
    "after two backslashes": "stub a\\\\{x}",
    "over two lines": "stub \\\n  --a={x} \\\n  {x}",
    "in a pipe": "stub {x} | cat",
    "in the second command": "stub a && stub {x}",
    "as a value for a program": "X={x} stub 'b {x}'",
    "as a here-string": "cat <<< {x}",
}


@pytest.mark.parametrize("template", REFUSED.values(), ids=REFUSED.keys())
def test_a_column_is_refused(template: str) -> None:
    assert {name for name, _ in misplaced(template)} == {"x"}
    assert all(place for _, place in misplaced(template))


@pytest.mark.parametrize("template", TAKEN.values(), ids=TAKEN.keys())
def test_a_column_is_taken(template: str) -> None:
    assert list(misplaced(template)) == []


@pytest.mark.parametrize("template", ["stub $(echo a)", "cat <<E\na\nE", "# {{x}}"])
def test_a_command_without_columns_may_be_anything(template: str) -> None:
    assert list(misplaced(template)) == []


VALUES = st.one_of(
    st.text("ab'\"$`\\;|&(){}*?[]<> #!~=-\n\u2028\x1b", max_size=8),
    st.sampled_from(
        [">pwned", "$(>pwned)", "`>pwned`", ";>pwned;", "\n>pwned\n", "';>pwned;'", '";>pwned;"', "'\n>pwned\n'",
         "\\';>pwned #", "a[$(>pwned)]", "-x", "--flag=x", "", "!:", "~", "#", "\\\n;>pwned", "$'\\x27';>pwned"]
    ),
)  # fmt: skip

FRAGMENTS = (
    "{x}", " ", "'", '"', "$", "$(", "(", ")", "`", "\\", "#", "# ", "<<E\n", "\nE\n", "\n", "; ", "a", "--f=",
    "${{", "}}", "{{", "$'", '$"', "<<< ", "[[ ", " ]]", "((", "))", "bash -c ", "eval ", "stub ", "X=", " | ", " && ",
    "'a {x} b'", '"a {x} b"', "'it'", "\"don't\"",
)  # fmt: skip


def words_of(command: str) -> tuple[list[bytes], bool]:
    """Ask bash what it calls a stub with, and whether it ran anything else; it finds no programs."""
    with tempfile.TemporaryDirectory() as folder:
        script = 'stub() { printf \'%s\\0\' "$@"; }; cat() { while IFS= read -r line; do stub "$line"; done; }\n'
        ran = subprocess.run(
            [BASH, "--norc", "-c", script + command],
            cwd=folder, env={"PATH": "", "HOME": folder}, capture_output=True, check=False, timeout=10,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return ran.stdout.split(b"\0")[:-1], (Path(folder) / "pwned").exists()


@pytest.mark.parametrize("template", [*TAKEN.values(), *REFUSED.values()], ids=[*TAKEN, *REFUSED])
@settings(deadline=None, max_examples=examples(15))
@given(value=VALUES)
def test_no_value_is_ever_run_not_even_where_the_file_would_be_refused(template: str, value: str) -> None:
    command = clean_command(fill_command(template, {"x": value}))

    _, run = words_of(command)

    assert not run


@settings(
    deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
@given(
    template=st.one_of(
        st.sampled_from(tuple(TAKEN.values())),
        st.lists(st.sampled_from(FRAGMENTS), max_size=8).map(lambda parts: "stub " + "".join(parts)),
    ),
    value=VALUES,
)
def test_what_is_accepted_passes_exactly_the_value_or_is_withheld(template: str, value: str) -> None:
    assume(columns_in(template) and not list(misplaced(template)) and ">" not in template and "$$" not in template)
    command = fill_command(template, {"x": value})
    assume(command != WITHHELD)

    words, run = words_of(command)
    expected, _ = words_of(fill_command(template, {"x": "zqvaluezq"}))

    assert not run
    assert words == [word.replace(b"zqvaluezq", value.encode()) for word in expected]


@pytest.mark.parametrize(
    "template", ["stub {x}", "stub '{x}'", 'stub "{x} a"', "stub a {x}", "stub ''{x}", "stub \\\n{x}"]
)
@pytest.mark.parametrize("value", ["-q", "--flags-file=/tmp/x", "a\x1bb", "a\u202eb"])
def test_a_name_that_would_be_an_option_or_cannot_be_copied_is_withheld(template: str, value: str) -> None:
    assert fill_command(template, {"x": value}) == WITHHELD


@pytest.mark.parametrize("template", ["stub --name={x}", "stub 'a {x}'", "stub a{x}"])
def test_a_hyphen_in_the_middle_of_a_word_is_none(template: str) -> None:
    assert words_of(fill_command(template, {"x": "-q"}))[0][-1].endswith(b"-q")


@pytest.mark.parametrize("template", ["stub {x}", "stub 'a {x}'", 'stub "a {x} b"'])
@pytest.mark.parametrize("value", ["!", "!:", "!stub", "a!!b"])
def test_an_interactive_shell_puts_no_earlier_command_in(template: str, value: str) -> None:
    command = fill_command(template, {"x": value})

    typed = f"stub() {{ printf '<%s>' \"$@\"; }}\nset -H; set -o history\n{command}\n"
    ran = subprocess.run(
        [BASH, "--norc", "--noprofile", "-i"], input=typed, env={"PATH": os.environ["PATH"], "HISTFILE": "/dev/null"},
        capture_output=True, text=True, check=False, timeout=10, start_new_session=True,
    )  # fmt: skip

    assert f"{value}" in ran.stdout.rpartition("<")[2]
