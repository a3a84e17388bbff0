"""A binding counts for a deploy when it runs on every path that the script can take once the deploy went well."""

from __future__ import annotations

import pytest

from tests.bot.audit.in_memory import audit_text

DEPLOY = "gcloud run deploy live-export --source=."
BIND = "reveille iam ensure live-export"

ON_EVERY_PATH = {
    "behind &&": f"{DEPLOY} && {BIND}",
    "behind && and a guard": f'[ -n "$GO" ] && {DEPLOY} && {BIND}',
    "in the if of the deploy": f"if {DEPLOY}; then {BIND}; else exit 1; fi",
    "in the else of a failed deploy": f"if ! {DEPLOY}; then exit 1; else {BIND}; fi",
    "behind an if that ends a failed deploy": f"if ! {DEPLOY}; then echo no; exit 1; fi\n{BIND}",
    "behind a test of the outcome": f"{DEPLOY}\nif [ $? -eq 0 ]; then\n  {BIND}\nelse\n  exit 1\nfi",
    "behind a test for a failure": f"{DEPLOY}\nif [[ $? -ne 0 ]]; then exit 1; else {BIND}; fi",
    "behind a kept outcome": f'set +e\n{DEPLOY}\ncode=$?\nif [ "$code" -eq 0 ]; then {BIND}; else exit $code; fi',
    "behind an arithmetic test": f"{DEPLOY}\ncode=$?\nif (( code == 0 )); then {BIND}; fi",
    "a function that deploys is the condition": f"go() {{ {DEPLOY}; }}\nif go; then {BIND}; fi",
    "on both ways": f'{DEPLOY}\nif [ "$1" = a ]; then echo a; {BIND}; else {BIND}; fi',
    "on each way of a case": f"{DEPLOY}\ncase $1 in a) {BIND} ;; *) {BIND} ;; esac",
    "on the only way that goes on": f'{DEPLOY}\nif [ -z "$SA" ]; then exit 1; else {BIND}; fi',
    "on the same way as the deploy": f'if [ "$1" = a ]; then\n  {DEPLOY}\n  {BIND}\nfi',
    "under the same condition again": f'if [ "$1" = a ]; then {DEPLOY}; fi\nif [ "$1" = a ]; then {BIND}; fi',
    "under the same condition in another spelling": (
        f'if [ "$1" = a ]; then {DEPLOY}; fi\nif [[ ${{1}} == a ]]; then {BIND}; fi'
    ),
    "under the negated condition's else": (
        f'if [ "$1" = a ]; then {DEPLOY}; fi\nif [[ $1 != a ]]; then echo; else {BIND}; fi'
    ),
    "where the opposite leaves": f'if [ -n "$A" ]; then {DEPLOY}; fi\nif [ -z "${{A:-}}" ]; then exit 0; fi\n{BIND}',
    "where the opposite guards": f'if [ -n "$A" ]; then {DEPLOY}; fi\n[ -z "$A" ] || {BIND}',
    "where it is not so, twice": f'if ! [ -n "$A" ]; then {DEPLOY}; fi\nif [[ -z $A ]]; then {BIND}; fi',
    "in the same elif": (
        f"for i in 1 2; do if [ $i = a ]; then exit 1; elif [ $2 = b ]; then {DEPLOY}; {BIND}; fi; done"
    ),
    "guarded by what guards the deploy": f'[ "$1" = a ] && {DEPLOY}\n[ "$1" = a ] && {BIND}',
    "a way of a case whose value is known": f"T=a\n{DEPLOY}\ncase $T in a) {BIND} ;; b) echo ;; esac",
    "with a way out": f'{DEPLOY}\n{BIND} || {{ echo "not bound"; exit 1; }}',
    "tried again": f"{DEPLOY}\nn=0\nwhile [ $n -lt 3 ]; do {BIND} && break; n=$((n+1)); done",
    "tried until it works": f"{DEPLOY}\nuntil {BIND}; do sleep 5; done",
    "where the policy lacks it": (
        f"{DEPLOY}\nif ! gcloud run services get-iam-policy live-export | grep -q run.invoker; then {BIND}; fi"
    ),
    "where a kept policy lacks it": (
        f'{DEPLOY}\nP=$(gcloud run services get-iam-policy live-export)\nif [ -z "$P" ]; then {BIND}; fi'
    ),
    "in a runner that may only print": (
        f'run() {{ if [ "$DRY" = 1 ]; then echo "$*"; return 0; fi; "$@"; }}\nrun {DEPLOY}\nrun {BIND}'
    ),
    "an early exit that fails": f'{DEPLOY}\nif [ -z "$SA" ]; then exit 1; fi\n{BIND}',
    "an early exit before the deploy": f'if [ "$1" = -h ]; then exit 0; fi\n{DEPLOY}\n{BIND}',
    "an early exit behind the binding": f'{DEPLOY}\n{BIND}\nif [ "$1" = x ]; then exit 0; fi\n{BIND}',
    "an early exit when the deploy fails": f"{DEPLOY} || exit 0\n{BIND}",
    "a helper that returns early": f"say() {{ if [ -z $1 ]; then return 0; fi; echo $1; }}\n{DEPLOY}\nsay a\n{BIND}",
    "the deploying function returns": f"go() {{ {DEPLOY}; return 0; }}\ngo\n{BIND}",
    "a subshell that ends early": f'{DEPLOY}\n( if [ "$1" = x ]; then exit 0; fi; echo )\n{BIND}',
    "a failed deploy is passed over in a loop": f"for i in 1 2; do if ! {DEPLOY}; then continue; fi; {BIND}; done",
}

NOT_ON_EVERY_PATH = {
    "in an if": f'{DEPLOY}\nif [ "$BIND" = yes ]; then {BIND}; fi',
    "in an if that merely speaks of a binding": f'{DEPLOY}\nif [ "$BIND_INVOKER" = true ]; then {BIND}; fi',
    "behind a guard": f'{DEPLOY}\n[ -n "$SA" ] && {BIND}',
    "in an elif": f'{DEPLOY}\nif [ "$1" = a ]; then {BIND}; elif [ "$1" = b ]; then {BIND}; fi',
    "on one way of a case": f"{DEPLOY}\ncase $1 in a) {BIND} ;; *) echo ;; esac",
    "on each way of a case that may take none": f"{DEPLOY}\ncase $1 in a) {BIND} ;; b) {BIND} ;; esac",
    "on a way within both ways": (f"{DEPLOY}\nif [ $1 = a ]; then {BIND}; else if [ $2 = b ]; then {BIND}; fi; fi"),
    "when the deploy failed": f"{DEPLOY}\nif [ $? -ne 0 ]; then {BIND}; fi",
    "under the opposite": f'if [ "$1" = a ]; then {DEPLOY}; fi\nif [[ $1 != a ]]; then {BIND}; fi',
    "under the opposite of nothing": f'if [ -n "$A" ]; then {DEPLOY}; fi\nif [ -z "$A" ]; then {BIND}; fi',
    "in an elif of the same condition": (
        f"if [ $2 = b ]; then {DEPLOY}; fi\nif [ $1 = a ]; then echo; elif [ $2 = b ]; then {BIND}; fi"
    ),
    "under another condition": f'if [ "$1" = a ]; then {DEPLOY}; fi\nif [ "$1" = b ]; then {BIND}; fi',
    "behind an early exit": f'{DEPLOY}\nif [ "$SKIP" = yes ]; then exit 0; fi\n{BIND}',
    "behind a guarded exit": f'{DEPLOY}\n[ -n "$SKIP" ] && exit 0\n{BIND}',
    "behind a bare exit": f'{DEPLOY}\nif [ "$SKIP" = yes ]; then echo skipped; exit; fi\n{BIND}',
    "behind an early return": f"go() {{\n{DEPLOY}\nif [ -n $SKIP ]; then return 0; fi\n{BIND}\n}}\ngo",
    "behind an early exit in a function": f"stop() {{ if [ -n $SKIP ]; then exit 0; fi; }}\n{DEPLOY}\nstop\n{BIND}",
    "behind a continue": f'for i in 1 2; do {DEPLOY}; if [ -n "$SKIP" ]; then continue; fi; {BIND}; done',
}


def rules(script: str) -> list[str]:
    return [one.rule for one in audit_text("bin/deploy.sh", f"set -euo pipefail\n{script}\n")]


@pytest.mark.parametrize("script", ON_EVERY_PATH.values(), ids=ON_EVERY_PATH.keys())
def test_a_binding_on_every_path_counts(script: str) -> None:
    assert "REV001" not in rules(script)


@pytest.mark.parametrize("script", NOT_ON_EVERY_PATH.values(), ids=NOT_ON_EVERY_PATH.keys())
def test_a_binding_that_a_path_misses_does_not_count(script: str) -> None:
    assert "REV001" in rules(script)


READ = "gcloud run services get-iam-policy live-export --flatten=bindings[].members"
ASKED = "grep 'run.invoker.*caller@p.iam.gserviceaccount.com'"
VERIFICATIONS = {
    "of our own": "reveille deploy verify live-export",
    "by another program": "./bin/verify_iam_policy.sh live-export",
    "read and searched": f"{READ} | {ASKED} || exit 1",
    "kept and searched": f'P=$({READ}); echo "$P" | {ASKED} || exit 1',
}


@pytest.mark.parametrize("verify", VERIFICATIONS.values(), ids=VERIFICATIONS.keys())
@pytest.mark.parametrize("place", ["{v}", 'if [ "$1" = a ]; then {v}; else {v}; fi', "for i in 1 2; do {v}; done"])
def test_a_verification_on_every_path_counts(place: str, verify: str) -> None:
    assert "REV002" not in rules(f"{DEPLOY}\n{place.format(v=verify)}\necho done")


@pytest.mark.parametrize("verify", VERIFICATIONS.values(), ids=VERIFICATIONS.keys())
@pytest.mark.parametrize(
    "place",
    [
        'if [ "$CHECK" = yes ]; then {v}; fi',
        '[ -z "$CHECK" ] || {{ {v}; }}',
        'if [ "$SKIP" = yes ]; then exit 0; fi\n{v}',
        "case $1 in a) {v} ;; esac",
    ],
)
def test_a_verification_that_a_path_misses_does_not_count(place: str, verify: str) -> None:
    assert "REV002" in rules(f"{DEPLOY}\n{place.format(v=verify)}\necho done")


@pytest.mark.parametrize(("otherwise", "found"), [("exit 1", False), ("echo missing", True)])
def test_a_case_that_ends_the_script_judges_a_policy(otherwise: str, found: bool) -> None:
    case = f'case "$P" in *run.invoker*caller@p.iam.gserviceaccount.com*) ;; *) {otherwise} ;; esac'

    assert ("REV002" in rules(f"{DEPLOY}\nP=$({READ})\n{case}\necho done")) is found


def test_a_case_that_finds_no_binding_may_bind() -> None:
    case = f'case "$P" in *run.invoker*) echo bound ;; *) {BIND} ;; esac'

    assert "REV001" not in rules(f"{DEPLOY}\nP=$({READ})\n{case}\necho done")


@pytest.mark.parametrize(("end", "found"), [("wait $pid", False), ("wait", True)])
def test_a_verification_in_the_background_counts_where_its_process_is_waited_for(end: str, found: bool) -> None:
    assert ("REV002" in rules(f"{DEPLOY}\nreveille deploy verify live-export & pid=$!\n{end}")) is found


def test_a_policy_that_is_read_always_and_judged_sometimes_does_not_count() -> None:
    judge = f'if [ "$CHECK" = yes ]; then echo "$P" | {ASKED} || exit 1; fi'

    assert "REV002" in rules(f"{DEPLOY}\nP=$({READ})\n{judge}\necho done")


@pytest.mark.parametrize(("guard", "found"), [("", False), ('[ -z "$SKIP" ] || ', True)])
def test_a_commit_that_is_recorded_on_one_path_does_not_count(guard: str, found: bool) -> None:
    record = "gcloud run services update live-export --update-labels=commit-sha=a --update-env-vars=BUILD_COMMIT=a"

    assert ("REV005" in rules(f"{DEPLOY}\n{guard}{record}")) is found


def test_traffic_that_is_sent_on_one_path_does_not_count() -> None:
    send = "gcloud run services update-traffic live-export --to-latest"

    assert "REV010" in rules(f'{DEPLOY}\nif [ "$X" = a ]; then {send}; fi')


def test_the_conditionals_of_two_steps_are_not_each_other() -> None:
    step = "- name: gcr.io/google.com/cloudsdktool/cloud-sdk\n  entrypoint: bash\n  args: [-c, {}]\n"
    deploy = f"'if [ -n a ]; then {DEPLOY}; else exit 1; fi'"
    bind = f"'if [ -z a ]; then exit 1; else {BIND}; fi'"

    found = audit_text("cloudbuild.yaml", "steps:\n" + step.format(deploy) + step.format(bind))

    assert "REV001" not in [one.rule for one in found]
