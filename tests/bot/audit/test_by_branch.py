"""A command whose words differ by the way that was taken is each of the commands that it may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audit.fixes import apply
from bot.audit.model import Violation
from bot.audit.shell.alternatives import MOST_WAYS
from bot.audit.shell.script import Script
from bot.audit.source_text import Text
from tests.bot.audit.in_memory import audit_text
from tests.bot.audit.test_audit_shell import said

IF = 'if [ "$1" = prod ]; then {}; else {}; fi\n'

FOLLOWED = {
    "a text on each way": (IF.format("A=b", "A=c") + "x $A", ["x b", "x c"]),
    "in quotes": (IF.format("A='b c'", "A=d") + 'x "$A"', ["x b c", "x d"]),
    "within a word": (IF.format("A=b", "A=c") + 'x "a-$A-z"', ["x a-b-z", "x a-c-z"]),
    "two of one conditional go together": (IF.format("A=1; B=1", "A=2; B=2") + "x $A $B", ["x 1 1", "x 2 2"]),
    "two conditionals": (IF.format("A=1", "A=2") + IF.format("B=1", "B=2") + "x $A$B",
                         ["x 11", "x 12", "x 21", "x 22"]),
    "the program": (IF.format('A="x b"', "A=true") + "$A c", ["x b c"]),
    "nothing or a program": ('A=\nif [ -n "$DRY" ]; then A=echo; fi\n$A x b', ["x b"]),
    "a word that is added": ("A=b\nif c; then A+=-d; fi\nx $A", ["x b-d", "x b"]),
    "a flag that is not set before": ("if c; then A=--d; fi\nx b $A", ["x b --d", "x b"]),
    "a flag that is not set before, in quotes": ('if c; then A=--d; fi\nx "$A"', ["x --d", "x "]),
    "an array": (IF.format("A=(b 'c d')", "A=()") + 'x "${A[@]}" e', ["x b c d e", "x e"]),
    "an array that grows": ("A=(b)\nif c; then A+=(d e); fi\nA+=(f)\nx ${A[@]}", ["x b d e f", "x b f"]),
    "behind && and ||": ('A=b\n[ -n "$C" ] && A=c\nx $A\nD=e\n[ -n "$C" ] || D=f\nx $D',
                         ["x b", "x c", "x e", "x f"]),
    "a case": ("case $1 in a) A=1 ;; b) A=2 ;; *) A=3 ;; esac\nx $A", ["x 1", "x 2", "x 3"]),
    "a way that leaves": (IF.format("A=b", "exit 1") + "x $A", ["x b"]),
    "the same condition again": (IF.format("A=b", "A=c") + 'if [ "$1" = prod ]; then x $A; fi', ["x b"]),
    "an argument of a function": (IF.format("A=b", "A=c") + 'f() { local d=$1; x "$d"; }\nf "$A"', ["x b", "x c"]),
    "a list of a loop": (IF.format('A="b c"', "A=d") + "for i in $A; do x $i; done", ["x b", "x c", "x d"]),
    "a text that is evaluated": (IF.format('A="x b"', 'A="x c"') + 'eval "$A"', ["x b", "x c"]),
    "a loop": ("A=b\nwhile read -r l; do A=c; done\nx $A", ["x b", "x c"]),
    "what only the run knows": ('A=b\nif c; then A="$2"; fi\nx $A', ["x ${A}"]),
    "a value of the environment": ('if [ -z "$A" ]; then A=b; fi\nx $A', ["x b"]),
    "flags that grow on a way": ('F="--d"\nif c; then F="$F --e"; fi\nx b $F', ["x b --d --e", "x b --d"]),
    "ways within ways": (IF.format("A=1", "if b; then A=2; else A=3; fi") + "x $A", ["x 1", "x 2", "x 3"]),
}  # fmt: skip


@pytest.mark.parametrize(("script", "expected"), FOLLOWED.values(), ids=FOLLOWED.keys())
def test_each_command_is_followed(script: str, expected: list[str]) -> None:
    assert sorted(said(script)) == sorted(expected)


@pytest.mark.parametrize(("conditionals", "commands"), [(4, MOST_WAYS), (5, 1)], ids=["at the limit", "just past it"])
def test_more_ways_than_anybody_writes_are_one_command_with_symbols(conditionals: int, commands: int) -> None:
    lines = "".join(IF.format(f"A{n}=1", f"A{n}=2") for n in range(conditionals))
    words = " ".join(f"$A{n}" for n in range(conditionals))

    assert len(said(f"{lines}x {words}")) == commands


@given(st.lists(st.sampled_from(["A=$A$A", "A=b", "A+=c", "B=$A", 'A=("${A[@]}" "$B")', "x $A $B"]), max_size=30))
def test_variables_that_grow_on_some_ways_end(lines: list[str]) -> None:
    script = "A=a\nB=b\n" + "".join(f"if c{n}; then {line}; fi\n" for n, line in enumerate(lines))

    commands, *_ = Script(Text(f"{script}x $A $B")).follow()

    assert 1 <= len(commands) <= len(lines) * (MOST_WAYS + 1) + MOST_WAYS


FIXED = "--source=. --service-account=$SA --update-labels=commit-sha=$C --update-env-vars=BUILD_COMMIT=$C"
DEPLOY = f"gcloud run deploy live-export {FIXED}"


def violations(script: str, rule: str) -> list[Violation]:
    found = audit_text("bin/deploy.sh", f"set -euo pipefail\n{script}\n")
    return [one for one in found if one.rule == rule]


def lines(script: str, rule: str) -> list[int]:
    return [one.span.start.line for one in violations(script, rule)]


def test_each_of_two_commands_is_judged() -> None:
    commands = IF.format(f'CMD="{DEPLOY}"', f'CMD="gcloud run deploy other {FIXED}"')

    (found,) = violations(f"{commands}$CMD --quiet\nreveille iam ensure live-export", "REV001")

    assert found.span.start.line == 3
    assert "of other (unless" in found.message


def test_a_service_by_branch_that_is_bound_by_branch_is_right() -> None:
    names = IF.format("S=live-export", "S=live-export-dev")
    script = f"{names}gcloud run deploy $S --source=.\nreveille deploy verify $S\nreveille iam ensure $S"

    assert [lines(script, rule) for rule in ("REV001", "REV002", "REV006", "REV010")] == [[], [], [], []]


def test_a_binding_on_the_way_of_each_service_is_right() -> None:
    names = IF.format("S=live-export", "S=live-export-dev")
    bind = IF.format("reveille iam ensure live-export", "reveille iam ensure live-export-dev")
    wrong = IF.format("reveille iam ensure live-export-dev", "reveille iam ensure live-export")

    assert lines(f"{names}gcloud run deploy $S --source=.\n{bind}", "REV001") == []
    assert lines(f"{names}gcloud run deploy $S --source=.\n{wrong}", "REV001") == [3]


@pytest.mark.parametrize(
    ("verbs", "deploys"),
    [(("deploy", "deploy"), True), (("deploy", "describe"), True), (("delete", "describe"), False)],
)
def test_the_verb_may_be_a_variable(verbs: tuple[str, str], deploys: bool) -> None:
    script = IF.format(*(f"VERB={verb}" for verb in verbs)) + 'gcloud run "$VERB" live-export --source=.'

    assert lines(script, "REV001") == ([3] if deploys else [])
    assert lines('VERB=deploy\ngcloud run "$VERB" live-export --source=.', "REV001") == [3]


@pytest.mark.parametrize(
    "flags",
    [
        'if [ -n "$A" ]; then\n  FLAGS=--set-env-vars=A=1\nfi\n{deploy} $FLAGS',
        'FLAGS=\nif [ -n "$A" ]; then\n  FLAGS="--set-env-vars=A=1"\nfi\n{deploy} $FLAGS',
        'FLAGS=()\nif [ -n "$A" ]; then\n  FLAGS=(--set-env-vars=A=1)\nfi\n{deploy} "${{FLAGS[@]}}"',
        'FLAGS=(--quiet)\nif [ -n "$A" ]; then\n  FLAGS+=(--set-env-vars=A=1)\nfi\n{deploy} "${{FLAGS[@]}}"',
        'F=(-q)\nif [ -n "$A" ]; then\n  F+=(--set-env-vars A=1)\nfi\n{deploy} ${{F[@]+"${{F[@]}}"}}',
        'F=--update-env-vars=A=1\nif [ -n "$A" ]; then\n  F=--set-env-vars=A=1\nfi\n{deploy} "$F"',
        'F="--update-env-vars"\nif [ -n "$A" ]; then\n  F="--set-env-vars"\nfi\n{deploy} "$F=A=1"',
    ],
)
def test_a_flag_that_wipes_on_one_way_is_found_and_fixed_at_its_line(flags: str) -> None:
    script = flags.format(deploy="gcloud run deploy live-export --source=.")

    (found,) = violations(script, "REV003")

    text = f"set -euo pipefail\n{script}\n"
    assert "--set-env-vars" in text.split("\n")[found.span.start.line - 1]
    assert apply(text, found.edits) == text.replace("--set-env-vars", "--update-env-vars")


def test_a_flag_that_another_command_of_the_line_lacks_is_not_fixed() -> None:
    script = IF.format("VERB=create", "VERB=update") + "gcloud run jobs $VERB nightly --image=i --set-env-vars=A=1"

    (found,) = violations(script, "REV003")

    assert found.edits == ()


def test_a_flag_that_excuses_a_deploy_on_one_way_excuses_it_there_alone() -> None:
    script = f'FLAGS=()\nif [ "$PUBLIC" = yes ]; then FLAGS+=(--allow-unauthenticated); fi\n{DEPLOY} "${{FLAGS[@]}}"'

    (found,) = violations(script, "REV001")

    assert found.span.start.line == 4
    assert 'live-export (unless `[ "$PUBLIC" = yes ]`)' in found.message


def test_a_flag_that_is_added_under_a_condition_is_a_flag_that_is_used() -> None:
    added = 'FLAGS=()\nif [ -n "$SA" ]; then FLAGS+=(--service-account="$SA"); fi\n'
    otherwise = IF.format('FLAGS="--service-account=$SA"', "FLAGS=--quiet")

    assert lines(f'{added}gcloud run deploy a "${{FLAGS[@]}}"', "REV004") == []
    assert lines(f"{otherwise}gcloud run deploy a $FLAGS", "REV004") == [3]


def test_the_last_command_without_set_e_is_the_scripts_own_outcome_on_each_way() -> None:
    script = IF.format("S=a", "S=b") + "gcloud run deploy $S"

    assert "REV006" not in {one.rule for one in audit_text("bin/deploy.sh", script)}


def test_the_outcome_of_each_command_decides() -> None:
    script = IF.format("S=a", "S=b") + "set +e\ngcloud run deploy $S\ncode=$?\n"

    assert lines(f'{script}if [ "$code" -eq 0 ]; then reveille iam ensure $S; fi', "REV001") == []
    assert lines(f"{script}if [ $code -ne 0 ]; then reveille iam ensure $S; fi", "REV001") == [4]


GUARDED = f'DRY=\nif [ "$1" = -n ]; then DRY=echo; fi\n$DRY {DEPLOY}\n'


@pytest.mark.parametrize(
    ("guard", "bound"),
    [
        ('if [ -z "$DRY" ]; then {}; fi', True),
        ('if [[ "$DRY" = "" ]]; then {}; else echo "would bind"; fi', True),
        ('if ! [ -n "$DRY" ]; then {}; fi', True),
        ('if [ "$DRY" != echo ]; then {}; fi', True),
        ('[ -n "$DRY" ] || {}', True),
        ('if [ -n "$DRY" ]; then exit 0; fi\n{}', True),
        ("[[ -z $DRY ]] || exit 0\n{}", True),
        ("$DRY {}", True),
        ('if [ -n "$DRY" ]; then {}; fi', False),
        ('if [ "$DRY" = echo ]; then {}; fi', False),
        ('if [ -z "$DRY" ]; then exit 0; fi\n{}', False),
        ('if [ -z "$DRY" ] && [ -n "$SA" ]; then {}; fi', False),
        ('if [ -z "$SA" ]; then {}; fi', False),
    ],
)
def test_a_test_comes_out_as_the_way_decides_that_was_taken(guard: str, bound: bool) -> None:
    assert (lines(GUARDED + guard.format("reveille iam ensure live-export"), "REV001") == []) is bound


def test_a_branch_that_the_value_excludes_is_not_a_command() -> None:
    script = IF.format("ENV=prod", "ENV=dev") + 'if [ "$ENV" = prod ]; then x $ENV; else x not $ENV; fi'

    assert sorted(said(script)) == ["x not dev", "x prod"]


@pytest.mark.parametrize(
    ("before", "branch", "found"),
    [
        pytest.param("--service-account=$SA", "$F --cpu=2", [], id="flags that grow stay known"),
        pytest.param("--cpu=2", "$F --service-account=$SA", [], id="what is added on a way is used"),
        pytest.param("--service-account=$SA", "--cpu=2", [5], id="flags that are replaced are gone"),
        pytest.param("--cpu=2", "--service-account=$SA", [5], id="also the other way round"),
        pytest.param("--cpu=2", "$F --memory=1Gi", [5], id="what is added is something else"),
    ],
)
def test_the_flags_of_each_way_are_known(before: str, branch: str, found: list[int]) -> None:
    script = f'F="{before}"\nif [ -n "$BIG" ]; then\nF="{branch}"; fi\ngcloud run deploy live-export --source=. $F'

    assert lines(script, "REV004") == found


def test_a_way_that_states_its_flags_anew_is_judged_by_them() -> None:
    script = IF.format('F="--cpu=2"', 'F="--cpu=2 --service-account=$SA"')

    assert lines(f"{script}gcloud run deploy live-export --source=. $F", "REV004") == [3]


@pytest.mark.parametrize("flags", ["$F $G", "$G $F"])
def test_a_flag_that_is_added_on_a_way_is_used_whatever_else_differs_by_the_way(flags: str) -> None:
    script = 'F="--cpu=2"\nif a; then F="$F --service-account=$SA"; fi\n' + IF.format("G=--async", "G=--quiet")

    assert lines(f"{script}gcloud run deploy live-export --source=. {flags}", "REV004") == []
