"""Each rule on small scripts: what is flagged, where exactly, and what is not."""

from __future__ import annotations

import pytest

from bot.audit.model import AuditRule, RuleSeverity, Violation
from bot.audit.rules.catalog import FILE_RULES, RULES
from tests.bot.audit.in_memory import audit_text

DEPLOY = "gcloud run deploy live-export --source=."


def found(rule: str, script: str, path: str = "bin/deploy.sh") -> list[Violation]:
    return [violation for violation in audit_text(path, script) if violation.rule == rule]


def places(rule: str, script: str, path: str = "bin/deploy.sh") -> list[str]:
    return [f"{violation.span.start.line}:{violation.span.start.column}" for violation in found(rule, script, path)]


def test_the_ids_are_permanent_and_in_order() -> None:
    assert [rule.id for rule in RULES] == [f"REV{number:03}" for number in range(1, 13)]
    assert len(FILE_RULES) == len(RULES) - 1


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_states_why_and_what_to_do(rule: AuditRule) -> None:
    assert rule.title
    assert len(rule.rationale) > 80
    assert len(rule.fix) > 40
    assert rule.severity in set(RuleSeverity)


@pytest.mark.parametrize("rule", RULES[:-1], ids=lambda rule: rule.id)
def test_the_bad_example_is_flagged_and_the_good_one_is_not(rule: AuditRule) -> None:
    assert len(found(rule.id, rule.example_bad)) == 1
    assert found(rule.id, rule.example_good) == []


BAD = {
    "no binding": ("REV001", "set -e\n" + DEPLOY, ["2:1"]),
    "another service is bound": ("REV001", f"{DEPLOY}\nreveille iam ensure other", ["1:1"]),
    "bound before the deploy": ("REV001", f"reveille iam ensure live-export\n{DEPLOY}", ["2:1"]),
    "bound unless told otherwise": (
        "REV001",
        f'{DEPLOY}\nif [ "$SKIP" != yes ]; then reveille iam ensure live-export; fi',
        ["1:1"],
    ),
    "bound only when the deploy fails": ("REV001", f"{DEPLOY} || reveille iam ensure live-export", ["1:1"]),
    "bound on the other way of an if": (
        "REV001",
        f'if [ "$1" = a ]; then\n  {DEPLOY}\nelse\n  reveille iam ensure live-export\nfi',
        ["2:3"],
    ),
    "bound on another way of a case": (
        "REV001",
        f"case $1 in\n  deploy) {DEPLOY} ;;\n  bind) reveille iam ensure live-export ;;\nesac",
        ["2:11"],
    ),
    "bound in a function that nobody calls": (
        "REV001",
        f"bind() {{ reveille iam ensure live-export; }}\n{DEPLOY}",
        ["2:1"],
    ),
    "bound behind an exit": ("REV001", f"{DEPLOY}\nexit 0\nreveille iam ensure live-export", ["1:1"]),
    "another role": (
        "REV001",
        f"{DEPLOY}\ngcloud run services add-iam-policy-binding live-export --member=a --role=roles/run.viewer",
        ["1:1"],
    ),
    "the role of first-generation functions on a second-generation one": (
        "REV001",
        (
            "gcloud functions deploy a --gen2\n"
            "gcloud functions add-iam-policy-binding a --member=b --role=roles/cloudfunctions.invoker"
        ),
        ["1:1"],
    ),
    "one of two services in a loop": (
        "REV001",
        "for s in one two; do gcloud run deploy $s; done\nreveille iam ensure one",
        ["1:22"],
    ),
    "a deploy in a function that nobody calls": ("REV001", f"deploy() {{\n  {DEPLOY}\n}}", ["2:3"]),
    "not verified": (
        "REV002",
        f"{DEPLOY}\ngcloud run services add-iam-policy-binding live-export --member=a --role=roles/run.invoker",
        ["1:1"],
    ),
    "the role alone is looked for": (
        "REV002",
        f"{DEPLOY}\ngcloud run services get-iam-policy live-export | grep -q roles/run.invoker || exit 1",
        ["2:1"],
    ),
    "role and member apart": (
        "REV002",
        (
            f"set -e\n{DEPLOY}\nPOLICY=$(gcloud run services get-iam-policy live-export)\n"
            'echo "$POLICY" | grep -q roles/run.invoker\necho "$POLICY" | grep -q "serviceAccount:$SA"'
        ),
        ["3:10"],
    ),
    "the verification only warns": (
        "REV002",
        (
            f"set -e\n{DEPLOY}\ngcloud run services get-iam-policy live-export --flatten='bindings[].members' |\n"
            "  grep -q 'roles/run.invoker.*serviceAccount:a' || echo missing"
        ),
        ["3:1"],
    ),
    "the policy is only printed": (
        "REV002",
        f"set -e\n{DEPLOY}\ngcloud run services get-iam-policy live-export",
        ["3:1"],
    ),
    "our own verification is swallowed": (
        "REV002",
        f"set -e\n{DEPLOY}\nreveille iam ensure live-export || true",
        ["3:1"],
    ),
    "variables, secrets and labels set": (
        "REV003",
        "gcloud run deploy a --set-env-vars A=b \\\n  --set-secrets=C=d:latest --set-labels=e=f",
        ["1:21"],
    ),
    "set on an update": ("REV003", "gcloud run services update a --set-env-vars=A=b", ["1:30"]),
    "set on a job": ("REV003", "gcloud run jobs deploy a --set-env-vars=A=b", ["1:26"]),
    "set with the beta track": ("REV003", "gcloud beta run deploy a --set-env-vars=A=b", ["1:26"]),
    "set through an array": ("REV003", 'F=(--a\n   --set-env-vars=A=b)\ngcloud run deploy a "${F[@]}"', ["2:4"]),
    "set through an array that grows": (
        "REV003",
        'F=(--a)\nif [ "$1" ]; then F+=(--set-env-vars=A=b); fi\ngcloud run deploy a "${F[@]}"',
        ["2:23"],
    ),
    "set through a text": ("REV003", 'F="--a --set-env-vars=A=b"\ngcloud run deploy a $F', ["1:8"]),
    "set through a wrapper": ("REV003", 'run() { "$@"; }\nrun gcloud run deploy a --set-env-vars=A=b', ["2:25"]),
    "set in eval": ("REV003", "eval 'gcloud run deploy a --set-env-vars=A=b'", ["1:27"]),
    "set in bash -c": ("REV003", 'bash -ec "gcloud run deploy a --set-env-vars=A=b"', ["1:31"]),
    "set behind sudo and timeout": ("REV003", "sudo timeout 600 gcloud run deploy a --set-env-vars=A=b", ["1:38"]),
    "set in a substitution": ("REV003", 'URL="$(gcloud run deploy a --set-env-vars=A=b)"', ["1:28"]),
    "after letters of several bytes": ("REV003", "X='äöü€' gcloud run deploy a --set-env-vars=A=b", ["1:30"]),
    "no account": ("REV004", DEPLOY, ["1:1"]),
    "no account, service unknown": ("REV004", 'gcloud run deploy "$SERVICE" --source=.', ["1:1"]),
    "the same account twice": (
        "REV004",
        (
            "gcloud run deploy a --service-account=x@p.iam.gserviceaccount.com\n"
            "# x@p.iam.gserviceaccount.com\n"
            "echo x@p.iam.gserviceaccount.com\n"
            "gcloud run services add-iam-policy-binding a --member=serviceAccount:x@p.iam.gserviceaccount.com"
        ),
        ["4:70"],
    ),
    "a label without the variable": ("REV005", f"{DEPLOY} --update-labels=commit-sha=$C", ["1:1"]),
    "a variable without the label": ("REV005", f"{DEPLOY} --update-env-vars=BUILD_COMMIT=$C", ["1:1"]),
    "another variable of a similar name": (
        "REV005",
        f"{DEPLOY} --labels=commit-sha=$C --update-env-vars=OLD_BUILD_COMMIT=$C",
        ["1:1"],
    ),
    "nothing stops the script": ("REV006", f"# a comment\nA=1\n{DEPLOY}\necho done", ["2:1"]),
    "|| echo": ("REV006", f"set -e\n{DEPLOY} || echo oops\n", ["2:42"]),
    "|| a function that only talks": ("REV006", f"set -e\nw() {{ echo $1; }}\n{DEPLOY} || w oops\n", ["3:42"]),
    "|| exit 0": ("REV006", f"set -e\n{DEPLOY} || exit 0\n", ["2:42"]),
    "an if that only talks": ("REV006", f"set -e\nif {DEPLOY}; then echo good; else echo bad; fi", ["2:1"]),
    "a pipe without pipefail": ("REV006", f"set -e\n{DEPLOY} | tee log\n", ["2:41"]),
    "&& in the middle": ("REV006", f"set -e\n{DEPLOY} && echo good\necho more", ["2:42"]),
    "set +e": ("REV006", f"set -e\nset +e\n{DEPLOY}\necho more", ["2:1"]),
    "set +o errexit": ("REV006", f"set -euo pipefail\nset +o errexit\n{DEPLOY}\necho more", ["2:1"]),
    "in a loop of xargs": ("REV003", f"set -e\necho a b | xargs -n1 -P 4 {DEPLOY} --set-env-vars=A=b", ["2:68"]),
    "a program in a variable": (
        "REV001",
        'GCLOUD="gcloud --project=a"\nset -e\n$GCLOUD run deploy live-export --source=.',
        ["3:1"],
    ),
    "in the background": ("REV006", f"set -e\n{DEPLOY} &\nwait", ["2:41"]),
    "hidden by local": ("REV006", f"set -e\nf() {{\n  local url=$({DEPLOY})\n}}\nf\necho more", ["3:3"]),
    "a binding swallowed": (
        "REV006",
        "set -e\ngcloud run services add-iam-policy-binding a --member=b --role=c 2>/dev/null || true",
        ["2:78"],
    ),
    "no trap": ("REV007", "D=$(mktemp -d)\nrm -rf $D", ["1:5"]),
    "a trap for something else": ("REV007", "D=$(mktemp -d)\ntrap 'rm -rf \"$OTHER\"' EXIT", ["1:5"]),
    "a trap on another signal": ("REV007", "D=$(mktemp -d)\ntrap 'rm -rf \"$D\"' INT", ["1:5"]),
    "a directory of one's own under /tmp": ("REV007", "mkdir -p /tmp/build_$$\ncp -r a /tmp/build_$$", ["1:1"]),
    "validated after the deploy": ("REV008", f"{DEPLOY}\npython bin/validate_imports.py", ["1:1"]),
    "only reads an answer with Python": (
        "REV008",
        f"gcloud run services list | python3 -c 'import json, sys; json.load(sys.stdin)'\n{DEPLOY}",
        ["2:1"],
    ),
    "only said to be validated": ("REV008", f"echo python validate_imports.py\n{DEPLOY}", ["2:1"]),
    "a list that nobody counts": (
        "REV009",
        "gcloud functions deploy a --trigger-topic=t\ngcloud pubsub subscriptions list",
        ["1:1"],
    ),
    "a trigger of its own": (
        "REV009",
        "set -e\ngcloud eventarc triggers create t --destination-run-service=a",
        ["2:1"],
    ),
    "an Eventarc trigger": (
        "REV009",
        'gcloud functions deploy a --trigger-event-filters="type=google.cloud.pubsub.topic.v1.messagePublished"',
        ["1:1"],
    ),
    "traffic of another service": (
        "REV010",
        f"{DEPLOY}\ngcloud run services update-traffic other --to-latest",
        ["1:1"],
    ),
    "traffic to a named revision": (
        "REV010",
        f"{DEPLOY}\ngcloud run services update-traffic live-export --to-revisions=live-export-00042=100",
        ["1:1"],
    ),
    "a literal 0": ("REV011", f"{DEPLOY} --min-instances 0", ["1:42"]),
    "a 0 through a variable": ("REV011", f"MIN=0\n{DEPLOY} \\\n  --min-instances=$MIN", ["3:3"]),
    "a default of 0": ("REV011", f'{DEPLOY} --min-instances="${{MIN:-0}}"', ["1:42"]),
    "a 0 on an update": ("REV011", "gcloud run services update a --min=0", ["1:30"]),
}


@pytest.mark.parametrize(("rule", "script", "expected"), BAD.values(), ids=BAD.keys())
def test_a_violation_is_flagged_at_its_place(rule: str, script: str, expected: list[str]) -> None:
    assert places(rule, script) == expected


GOOD = {
    "bound in a function called later": (
        "REV001",
        (
            f'bind() {{ gcloud run services add-iam-policy-binding "$1" --member=a --role=roles/run.invoker; }}\n'
            f"{DEPLOY}\nbind live-export"
        ),
    ),
    "bound in a second loop over the same list": (
        "REV001",
        'L=(a b)\nfor s in ${L[@]}; do gcloud run deploy $s; done\nfor t in "${L[@]}"; do reveille iam ensure $t; done',
    ),
    "bound in a second loop over the arguments": (
        "REV001",
        'for s in "$@"; do gcloud run deploy "$s"; done\nfor t in "$@"; do reveille iam ensure "$t"; done',
    ),
    "bound under a name that only the run knows": (
        "REV001",
        'S=${1:?which}\ngcloud run deploy "$S"\nreveille iam ensure "$S"',
    ),
    "bound under the name of its service": (
        "REV001",
        (
            "gcloud functions deploy my_function --gen2\nS=$(gcloud functions describe my_function --format=v)\n"
            'gcloud run services add-iam-policy-binding "$S" --member=a --role=roles/run.invoker'
        ),
    ),
    "bound under the spelling of Cloud Run": ("REV001", "gcloud functions deploy My_F\nreveille iam ensure my-f"),
    "bound with the command of functions": (
        "REV001",
        "gcloud functions deploy a\ngcloud functions add-invoker-policy-binding a --member=b",
    ),
    "public": ("REV001", f"{DEPLOY} --allow-unauthenticated"),
    "a job": ("REV001", "gcloud run jobs deploy a"),
    "a first-generation function with a topic": ("REV001", "gcloud functions deploy a --no-gen2 --trigger-topic=t"),
    "a dry run prints": ("REV001", f"echo {DEPLOY}"),
    "help is asked for": ("REV001", "gcloud run deploy --help"),
    "an associative array": (
        "REV001",
        (
            'declare -A S=([a]=x [b]=y)\nfor k in "${!S[@]}"; do gcloud run deploy "$k" --source="${S[$k]}"; done\n'
            "reveille iam ensure a\nreveille iam ensure b"
        ),
    ),
    "pairs taken apart": (
        "REV001",
        (
            'for e in a:x b:y; do IFS=: read -r n d <<< "$e"; gcloud run deploy $n --source=$d; done\n'
            "for e in a b; do reveille iam ensure $e; done"
        ),
    ),
    "verified by a filter": (
        "REV002",
        (
            f"set -euo pipefail\n{DEPLOY}\n"
            "gcloud run services get-iam-policy live-export --flatten=bindings[].members \\\n"
            "  --filter='bindings.role=roles/run.invoker' --format='value(bindings.members)' | grep -q serviceAccount:a"
        ),
    ),
    "verified with jq in a condition": (
        "REV002",
        (
            f'{DEPLOY}\nif ! gcloud run services get-iam-policy live-export --format=json |\n  jq -e --arg m "$MEMBER" '
            "'.bindings[] | select(.role==\"roles/run.invoker\") | .members[] | select(.==$m)'; then\n  exit 1\nfi"
        ),
    ),
    "verified in a function that returns": (
        "REV002",
        (
            "set -e\nv() {\n  local m\n  m=$(gcloud run services get-iam-policy $1 --flatten=bindings[].members "
            f"--filter=bindings.role=roles/run.invoker)\n  [[ $m != *$PUSHER* ]] && return 1\n  true\n}}\n{DEPLOY}\n"
            "gcloud run services add-iam-policy-binding live-export --member=serviceAccount:$PUSHER --role=$R\n"
            "v live-export"
        ),
    ),
    "verified by a program of one's own": (
        "REV002",
        f"set -e\n{DEPLOY}\npython bin/verify_invoker.py live-export",
    ),
    "verified by a count that is looked at": (
        "REV002",
        f'set -e\n{DEPLOY}\nreveille iam ensure live-export || FAILED=1\n[ "$FAILED" ] && exit 1',
    ),
    "updated": ("REV003", f"{DEPLOY} --update-env-vars=A=b --update-secrets=C=d:latest --update-labels=e=f"),
    "a flag of another program": ("REV003", "other-tool deploy --set-env-vars=A=b"),
    "in a comment": ("REV003", f"# {DEPLOY} --set-env-vars=A=b"),
    "in a comment in an array": ("REV003", 'F=(--a # --set-env-vars=A=b\n)\ngcloud run deploy a "${F[@]}"'),
    "in a here-document": ("REV003", f"cat <<E\n{DEPLOY} --set-env-vars=A=b\nE"),
    "in quoted help": ("REV003", f'USAGE="{DEPLOY} --set-env-vars=A=b"\nprintf "%s" "$USAGE"'),
    "in a value": ("REV003", f"{DEPLOY} --update-env-vars=HELP='use --set-env-vars=A=b'"),
    "the account in unknown flags": ("REV004", 'gcloud run deploy a "$@"'),
    "one account, many uses": (
        "REV004",
        'SA=x@p.iam.gserviceaccount.com\ngcloud run deploy a --service-account="$SA"\necho "$SA"',
    ),
    "the commit through variables": (
        "REV005",
        'V=A=b\nV+=",BUILD_COMMIT=$C"\ngcloud run deploy a --update-labels="x=y,commit-sha=$C" --update-env-vars="$V"',
    ),
    "the commit with another separator": (
        "REV005",
        "gcloud run deploy a --labels=commit-sha=$C --update-env-vars=^@^BUILD_COMMIT=$C@A=b",
    ),
    "the commit in a later update": (
        "REV005",
        (
            f"{DEPLOY}\ngcloud run services update live-export --update-labels=commit-sha=$C "
            "--update-env-vars=BUILD_COMMIT=$C"
        ),
    ),
    "variables that only the run knows": (
        "REV005",
        'gcloud run deploy a --labels=commit-sha=$C --update-env-vars="$V"',
    ),
    "one command": ("REV006", DEPLOY),
    "a chain to the end": ("REV006", f"{DEPLOY} && reveille iam ensure live-export && echo done"),
    "the outcome looked at": ("REV006", f"{DEPLOY}\nif [ $? -ne 0 ]; then exit 1; fi\necho done"),
    "the outcome kept and looked at": ("REV006", f"{DEPLOY}\nRC=$?\necho done\nexit $RC"),
    "every step checked": (
        "REV006",
        f"{DEPLOY} || exit 1\nreveille iam ensure a || {{ echo bad; exit 1; }}\necho done",
    ),
    "a function that dies": ("REV006", f"die() {{ echo $1; exit 1; }}\n{DEPLOY} || die bad\necho done"),
    "an if that ends": ("REV006", f"if ! {DEPLOY}; then echo bad; exit 1; fi\necho done"),
    "failures are counted": ("REV006", f"set -e\n{DEPLOY} || failed+=(a)\nexit ${{#failed[@]}}"),
    "another way": ("REV006", f"set -e\n{DEPLOY} || gcloud run services replace a.yaml"),
    "tried twice": (
        "REV006",
        f"set -e\nf() {{\n  for i in 1 2; do\n    if {DEPLOY}; then return; fi\n    sleep 9\n  done\n  return 1\n}}\nf",
    ),
    "tried until it works": (
        "REV006",
        f"set -e\nfor i in 1 2; do {DEPLOY} && break; [ $i = 2 ] && exit 1; done\necho done",
    ),
    "tried again": ("REV006", f"until {DEPLOY}; do sleep 5; done\necho done"),
    "a pipe with pipefail": ("REV006", f"set -euo pipefail\n{DEPLOY} | tee log\necho done"),
    "waited for": ("REV006", f"set -e\n{DEPLOY} &\nP=$!\nwait $P"),
    "a trap on errors": ("REV006", f"trap 'exit 1' ERR\n{DEPLOY}\necho done"),
    "set by the option's name": ("REV006", f"set -o errexit\n{DEPLOY}\necho done"),
    "harmless steps": ("REV006", "set -e\nrm -rf x || true\nmkdir y || :\ngcloud pubsub topics create t || true"),
    "a look that may fail": ("REV006", "set -e\nU=$(gcloud run services describe a || true)\necho $U"),
    "a trap by a function": ("REV007", 'clean() { rm -rf "$D"; }\ntrap clean EXIT\nD=$(mktemp -d)'),
    "a temporary file": ("REV007", "F=$(mktemp)"),
    "validated by name": ("REV008", f"python3 -c 'import importlib; importlib.import_module(\"main\")'\n{DEPLOY}"),
    "validated beside the library": ("REV008", f"python3 -c 'import sys, main'\n{DEPLOY}"),
    "an answer read with Python and judged later": (
        "REV006",
        f"set -euo pipefail\nX=$(gcloud run services describe a | python3 -c 'import json, sys' || echo '')\n{DEPLOY}",
    ),
    "validated in a function": ("REV008", f'v() {{ python3 -c "import main"; }}\nv\n{DEPLOY}'),
    "validated from a here-document": ("REV008", f"python3 - <<E\nimport main\nE\n{DEPLOY}"),
    "validated in a container": ("REV008", f"docker run --rm img python -c 'import main'\n{DEPLOY}"),
    "no subscription is made": ("REV009", "gcloud functions deploy a --trigger-http"),
    "subscriptions counted": (
        "REV009",
        "gcloud functions deploy a --trigger-topic=t\nN=$(gcloud pubsub subscriptions list --filter=t | wc -l)",
    ),
    "traffic to the latest in numbers": (
        "REV010",
        f"{DEPLOY}\ngcloud run services update-traffic live-export --to-revisions=LATEST=100",
    ),
    "a function that serves its latest": ("REV010", "gcloud functions deploy a --serve-all-traffic-latest-revision"),
    "a minimum that only the run knows": ("REV011", f'{DEPLOY} --min-instances="$MIN"'),
    "a minimum of 10": ("REV011", f"{DEPLOY} --min-instances=10"),
}


@pytest.mark.parametrize(("rule", "script"), GOOD.values(), ids=GOOD.keys())
def test_what_is_right_is_not_flagged(rule: str, script: str) -> None:
    assert places(rule, script) == []


def test_the_edit_changes_the_flag_and_nothing_else() -> None:
    script = 'F=("--set-env-vars=A=b")\ngcloud run deploy a "${F[@]}"\n'

    (violation,) = found("REV003", script)

    (edit,) = violation.edits
    line = script.split("\n")[edit.span.start.line - 1]
    fixed = line[: edit.span.start.column - 1] + edit.replacement + line[edit.span.end.column - 1 :]
    assert fixed == 'F=("--update-env-vars=A=b")'


def test_a_flag_whose_name_is_made_of_parts_has_no_edit() -> None:
    (violation,) = found("REV003", "K=env\ngcloud run deploy a --set-$K-vars=A=b")

    assert violation.edits == ()
    assert violation.span.start.line == 2


def test_one_place_in_a_loop_is_one_violation_that_names_all() -> None:
    (violation,) = found("REV001", "for s in one two three; do\n  gcloud run deploy $s\ndone")

    assert "one, two, three" in violation.message


def test_of_many_services_the_first_are_named() -> None:
    (violation,) = found("REV001", "for s in a b c d e; do\n  gcloud run deploy $s\ndone")

    assert "a, b, c and 2 more" in violation.message
