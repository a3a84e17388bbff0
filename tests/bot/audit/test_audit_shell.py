"""Following a script: which commands run, in which order, with which words."""

from __future__ import annotations

import pytest

from bot.audit.shell.script import Script
from bot.audit.source_text import Text


def said(script: str) -> list[str]:
    first, *_ = Script(Text(script)).follow()
    return [command.text for command in first if command.name == "x"]


FOLLOWED = {
    "continued lines": ("x a \\\n  b \\\n  c", ["x a b c"]),
    "quotes and escapes": ("x 'a b'\"c d\"e\\ f \"\\$g\" '$h'", ["x a bc de f $g $h"]),
    "a variable": ('A=b; x $A ${A} "$A"', ["x b b b"]),
    "an unknown variable": ('x "$A" ${B}', ["x ${A} ${B}"]),
    "a default": ("x ${A:-b} ${B:-${C:-d}}; A=e; x ${A:-b}", ["x b d", "x e"]),
    "a default of an argument": ('S="${1:-prediction-worker}"; x "$S"', ["x prediction-worker"]),
    "an alternative": ("A=b; x ${A:+c}; A=; x d${A:+c}", ["x c", "x d"]),
    "trimmed": ('A=a/b:c:d; x "${A##*/}" "${A#*/}" "${A%%:*}" "${A%:*}"', ["x b:c:d b:c:d a/b a/b:c"]),
    "replaced": ('A=a_b_c; x "${A//_/-}" "${A/_/-}" "${A^^}"', ["x a-b-c a-b_c A_B_C"]),
    "an array": ('A=(a "b c"); A+=(d); x "${A[@]}"; x "${A[1]}"', ["x a b c d", "x b c"]),
    "an empty array is no word": ('A=(); x "${A[@]}" y', ["x y"]),
    "blanks between expansions": ('A=a; B=b; x "$A $B ${A} ${B}"', ["x a b a b"]),
    "a loop over words": ("for i in a b {c,d}; do x $i; done", ["x a", "x b", "x c", "x d"]),
    "a loop over a text": ('L="a b"; for i in $L; do x $i; done', ["x a", "x b"]),
    "a loop over what only the run knows": ("for i in $(list); do x $i; done", ["x $(list)"]),
    "a loop over lines": ("list | while read -r i; do x $i; done", ["x ${i}"]),
    "a function with arguments": ('f() { x "$1" "${2:-c}" "$@"; }; f a; f a b', ["x a c a", "x a b a b"]),
    "a function that shifts": ('f() { local a=$1; shift; x "$a" "$@"; }; f 1 2 3', ["x 1 2 3"]),
    "locals end with their function": ("A=a; f() { local A=b; x $A; }; f; x $A", ["x b", "x a"]),
    "a function that calls itself": ("f() { x; f; }; f", ["x"]),
    "a function that is not called": ("f() { x; }; true", []),
    "both ways of an if": ("if a; then x b; else x c; fi", ["x b", "x c"]),
    "a variable set on one way": ("if a; then A=b; fi; x $A", ["x b"]),
    "a variable set otherwise on each way": ("if a; then A=b; else A=c; fi; x $A", ["x b", "x c"]),
    "a way that leaves": ("A=a; if b; then A=c; exit 1; fi; x $A", ["x a"]),
    "a case whose value is known": ("for i in a b; do case $i in a) x 1;; *) x 2;; esac; done", ["x 1", "x 2"]),
    "a case whose value is not known": ("case $1 in a) x 1;; *) x 2;; esac", ["x 1", "x 2"]),
    "a case of an argument with a default": ("E=${1:-a}; case $E in a) x 1;; *) x 2;; esac", ["x 1", "x 2"]),
    "a case of a default that is certain": ("E=; case ${E:-a} in a) x 1;; *) x 2;; esac", ["x 1"]),
    "a stretch of the arguments": ('f() { x "${@:2}"; x "${@:1:1}"; }; f a b c', ["x b c", "x a"]),
    "a stretch of an array": ('A=(a b c); x "${A[@]:1}" "${A[@]:0:1}"', ["x b c a"]),
    "a stretch that only the run knows": ('x "${@:2}" "${A[@]:1}"', ["x ${@} ${A[@]}"]),
    "nothing after an exit": ("x a; exit 0; x b", ["x a"]),
    "a return ends the function alone": ("f() { return 0; x a; }; f; x b", ["x b"]),
    "a subshell keeps its variables": ("A=a; ( A=b; x $A ); x $A", ["x b", "x a"]),
    "a substitution that echoes": ('A=$(echo "b"); x $A', ["x b"]),
    "a substitution's own commands": ("A=$(x b)", ["x b"]),
    "a substitution in quotes": ('echo "see $(x b)"', ["x b"]),
    "a process substitution": ("cat <(x b)", ["x b"]),
    "a command as a text": ('C="x a b"; $C', ["x a b"]),
    "a command as an array": ('C=(x "a b"); "${C[@]}" c', ["x a b c"]),
    "a wrapper": ('r() { echo "+ $*"; "$@"; }; r x a b', ["x a b"]),
    "eval": ("eval \"x a 'b c'\"", ["x a b c"]),
    "bash -c": ("bash -ec 'x a; x b'", ["x a", "x b"]),
    "words behind a redirection": ("x a > log 2>&1 b", ["x a b"]),
    "variables before a command on a line of their own": ("A=a B=b\nx $A $B", ["x a b"]),
    "a pipeline behind a here-document": ("cat <<E | x a\nx b\nE", ["x a"]),
    "a list behind a here-document": ("cat <<E && x a\nx b\nE", ["x a"]),
    "read from a text": ('IFS=: read -r a b <<< "1:2:3"; x $a $b', ["x 1 2:3"]),
    "comments": ("# x a\nx b # x c\n", ["x b"]),
    "here-documents": ("cat <<E\nx a\nE\ncat <<'E'\nx b\nE\ncat <<-E\n\tx c\n\tE\n", []),
    "said, not done": ('echo x a; printf "%s" "x b"; A="x c"; cat <<< "x d"; : x e', []),
    "set --": ('set -- a b; x "$@"', ["x a b"]),
    "an element of an array": ('p=(); for i in a b; do p[$i]=1-$i; done; for i in "${!p[@]}"; do x $i ${p[$i]}; done',
                               ["x a 1-a", "x b 1-b"]),
    "an element that only the run knows": ('p=(a); p[$n]=b; for i in "${p[@]}"; do x $i; done', ["x ${p[@]}"]),
    "a command in an element": ("p[0]=$(x a)", ["x a"]),
    "signs in a message and in a default": ("A=${1:?start|stop}\nx ${B:-b|c}", ["x b_c"]),
    "other words before it": ("sudo -n x a; A=b env C=d x e; timeout 60 x f", ["x a", "x e", "x f"]),
    "the program by its path": ("/usr/bin/x a", ["/usr/bin/x a"]),
}  # fmt: skip


@pytest.mark.parametrize(("script", "expected"), FOLLOWED.values(), ids=FOLLOWED.keys())
def test_what_runs_is_followed(script: str, expected: list[str]) -> None:
    assert said(script) == expected


def test_functions_that_nobody_calls_are_followed_by_themselves() -> None:
    runs = Script(Text("A=a\nf() { x $A $1; }\ng() { x c; }\ng")).follow()

    assert [[command.text for command in run] for run in runs] == [["x c"], ["x a ${1}"]]


def test_a_function_in_a_trap_counts_as_called() -> None:
    runs = Script(Text("f() { x; }\ntrap f EXIT\n")).follow()

    assert len(runs) == 1
