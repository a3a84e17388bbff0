"""Deploys that only look complete, each beside the form that is: nothing is worse in an audit than a wrong pass."""

from __future__ import annotations

import pytest

from tests.bot.audit.in_memory import audit_text

DEPLOY = (
    "gcloud run deploy svc --source=. --region=us-west2 --service-account=a"
    " --update-labels=commit-sha=$C --update-env-vars=BUILD_COMMIT=$C"
)
BIND = "gcloud run services add-iam-policy-binding svc --member=serviceAccount:x --role=roles/run.invoker"
IMPORTS = "python bin/validate_imports.py svc"
ENSURE = "reveille iam ensure svc"
VERIFY = "gcloud run services update-traffic svc --to-latest\nreveille deploy verify svc"
AFTER = f"{ENSURE}\n{VERIFY}\n"
ALL = f"{IMPORTS}\n{DEPLOY}\n{AFTER}"
FUNCTION = (
    "gcloud functions deploy svc --source=. --trigger-topic=t --serve-all-traffic-latest-revision --service-account=a"
    " --update-labels=commit-sha=$C --update-env-vars=BUILD_COMMIT=$C"
)
STRICT = "#!/bin/bash\nset -euo pipefail\n"


def broken(text: str, path: str = "bin/deploy.sh") -> set[str]:
    return {one.rule for one in audit_text(path, text)}


def before(validation: str) -> str:
    return f"{STRICT}{validation}\n{DEPLOY}\n{AFTER}"


def deployed(script: str) -> str:
    return f"{STRICT}{IMPORTS}\n{script}\n{AFTER}"


WRONG = {
    "imports validated on one way": ("REV008", before(f'if [ -n "$CHECK" ]; then\n  {IMPORTS}\nfi')),
    "imports validated behind a question": ("REV008", before(f"[ -f x ] && {IMPORTS}")),
    "imports validated behind a question and a step": ("REV008", before(f"[ -f x ] && cd src && {IMPORTS}")),
    "a validation that may return early": (
        "REV008",
        before(f'check() {{\n  if [ -n "$SKIP" ]; then return 0; fi\n  {IMPORTS}\n}}\ncheck'),
    ),
    "a validation that returns early with &&": (
        "REV008",
        before(f'check() {{\n  [ -n "$SKIP" ] && return\n  {IMPORTS}\n}}\ncheck'),
    ),
    **{
        f"a validation that does not run: {words}": ("REV008", before(words))
        for words in (
            "chmod validate_imports.py",
            "rm validate_imports.py",
            "which validate_imports",
            "command -v validate_imports",
            "log validate_imports",
            "python validate_imports.py --help",
        )
    },
    "a function whose outcome is asked": ("REV006", deployed(f"f() {{\n  {DEPLOY}\n  echo done\n}}\nf || exit 1")),
    "a function in an if": ("REV006", deployed(f"f() {{\n  {DEPLOY}\n  echo done\n}}\nif ! f; then exit 1; fi")),
    "a group whose outcome is asked": ("REV006", deployed(f"{{\n  {DEPLOY}\n  echo done\n}} || exit 1")),
    "a subshell whose outcome is asked": ("REV006", deployed(f"(\n  {DEPLOY}\n  echo done\n) || exit 1")),
    "a command substitution drops set -e": ("REV006", deployed(f"OUT=$({DEPLOY}; echo ok)")),
    "another shell without set -e": ("REV006", deployed(f"bash -c '{DEPLOY}; echo ok'")),
    "a wait whose failure is dropped": ("REV006", deployed(f"{DEPLOY} &\nwait $! || true")),
    "a wait whose failure is only said": ("REV006", deployed(f"{DEPLOY} &\nwait $! || echo failed")),
    "tried in vain three times": ("REV006", deployed(f"for i in 1 2 3; do\n  {DEPLOY} && break\n  sleep 5\ndone")),
    "tried in vain and counted": ("REV006", deployed(f"for ((i = 0; i < 3; i++)); do {DEPLOY} && break; done")),
    "tried until it gives up": (
        "REV006",
        deployed(f"n=0\nuntil {DEPLOY}; do\n  n=$((n + 1))\n  [ $n -ge 3 ] && break\ndone"),
    ),
    "a trap that ends well at an error": ("REV006", f"#!/bin/bash\ntrap 'exit 0' ERR\n{ALL}"),
    "a trap that was taken back": ("REV006", f"#!/bin/bash\ntrap 'exit 1' ERR\ntrap - ERR\n{ALL}"),
    "a trap that does not apply in functions": (
        "REV006",
        f"#!/bin/bash\ntrap 'exit 1' ERR\nf() {{\n  {DEPLOY}\n  echo done\n}}\n{IMPORTS}\nf\n{AFTER}",
    ),
    "a trap that always ends well": ("REV006", f"{STRICT}trap 'rm -f x; exit 0' EXIT\n{ALL}"),
    "a trap that replaces the clean-up": (
        "REV007",
        f"{STRICT}A=$(mktemp -d)\ntrap 'rm -rf \"$A\"' EXIT\nB=$(mktemp -d)\ntrap 'rm -rf \"$B\"' EXIT\n{ALL}",
    ),
    "bound in another region": ("REV001", deployed(f"{DEPLOY}\n{BIND} --region=us-east1").replace(ENSURE, "")),
    "bound in another project": (
        "REV001",
        deployed(f"{DEPLOY} --project=a\n{BIND} --project=b").replace(ENSURE, ""),
    ),
    "asked for help instead of bound": ("REV001", deployed(f"{DEPLOY}\n{BIND} --help").replace(ENSURE, "")),
    "ensured with --help": ("REV001", f"{STRICT}{ALL}".replace(ENSURE, f"{ENSURE} --help")),
    "left with a status that nobody knows": ("REV001", deployed(f'{DEPLOY}\nif [ -n "$SKIP" ]; then exit $rc; fi')),
    "another program takes over": ("REV001", deployed(f"{DEPLOY}\nexec ./next.sh")),
    "another program may take over": ("REV001", deployed(f'{DEPLOY}\nif [ -n "$SKIP" ]; then exec ./next.sh; fi')),
    "a here-document piped into a shell": ("REV001", f"cat <<'EOF' | bash\n{DEPLOY}\nEOF\n"),
    "a text piped into a shell": ("REV001", "echo 'gcloud run deploy svc --source=.' | bash -e"),
    "a here-string for a shell": ("REV001", "bash <<< 'gcloud run deploy svc --source=.'"),
    "a here-document for a shell elsewhere": ("REV001", f"ssh host <<'EOF'\n{DEPLOY}\nEOF\n"),
    "a shell in a container": ("REV001", "docker run --rm sdk bash -c 'gcloud run deploy svc --source=.'"),
    "a failure that is only sent somewhere": ("REV006", deployed(f"{DEPLOY} || curl -X POST http://x")),
    "a text that is tried again": ("REV001", "retry 'gcloud run deploy svc --source=.'"),
    "a job replaced": ("REV006", f"{STRICT}gcloud run jobs replace job.yaml || true"),
    "a pool updated": ("REV005", "gcloud run worker-pools update pool --image=x"),
    "a look for subscriptions that is only made executable": (
        "REV009",
        f"{STRICT}{IMPORTS}\n{FUNCTION}\nchmod +x check_subscriptions.sh\n{ENSURE}",
    ),
    "a look for subscriptions that is only looked for": (
        "REV009",
        f"{STRICT}{IMPORTS}\n{FUNCTION}\n[ -x check_subscriptions.sh ]\n{ENSURE}",
    ),
}
RIGHT = {
    "everything": f"{STRICT}{ALL}",
    "imports validated on both ways": before(f'if [ -n "$CHECK" ]; then\n  {IMPORTS}\nelse\n  {IMPORTS}\nfi'),
    "imports validated on the way of the deploy": f'{STRICT}if [ -n "$GO" ]; then\n{ALL}fi\n',
    "imports validated where the same was asked": (
        f'{STRICT}if [ -n "$GO" ]; then\n  {IMPORTS}\nfi\nif [ -n "$GO" ]; then\n{DEPLOY}\n{AFTER}fi\n'
    ),
    "imports validated behind a dry run": before(f'if [ -n "$DRY" ]; then exit 0; fi\n{IMPORTS}'),
    "imports validated where a skip has ended": before(
        f'if [ -n "$SKIP" ]; then exit 0; fi\nif [ -z "$SKIP" ]; then {IMPORTS}; fi'
    ),
    "imports validated in a folder": before(f"(cd src && {IMPORTS})"),
    "the last command of a function whose outcome is asked": deployed(f"f() {{\n  {DEPLOY}\n}}\nf || exit 1"),
    "each step of such a function checked": deployed(f"f() {{\n  {DEPLOY} || return 1\n  echo done\n}}\nf || exit 1"),
    "another shell with set -e": deployed(f"bash -ec '{DEPLOY}; echo ok'"),
    "a wait that counts": deployed(f"{DEPLOY} &\nwait $!"),
    "tried three times, then ended": deployed(
        f"for i in 1 2 3; do\n  {DEPLOY} && break\n  [ $i -eq 3 ] && exit 1\n  sleep 5\ndone"
    ),
    "a trap in functions, too": (
        f"#!/bin/bash\nset -E\ntrap 'exit 1' ERR\nf() {{\n  {DEPLOY}\n  echo done\n}}\n{IMPORTS}\nf\n{AFTER}"
    ),
    "left with the status of a failure": deployed(f"{DEPLOY}\ndocker build . || exit $?"),
    "left with a status that was looked at": deployed(
        f"{DEPLOY}\nset +e\ndocker build .\nrc=$?\nset -e\nif [ $rc -ne 0 ]; then exit $rc; fi"
    ),
    "all output to a log": f"{STRICT}exec > >(tee log) 2>&1\n{ALL}",
}


@pytest.mark.parametrize(("rule", "script"), WRONG.values(), ids=WRONG)
def test_a_deploy_that_only_looks_complete_is_flagged(rule: str, script: str) -> None:
    assert rule in broken(script)


@pytest.mark.parametrize("script", RIGHT.values(), ids=RIGHT)
def test_a_deploy_that_is_complete_passes(script: str) -> None:
    assert broken(script) == set()


def recipe(*commands: str) -> str:
    return "".join(f"\t{line}\n" for command in commands for line in command.strip().split("\n"))


def indented(commands: str) -> str:
    return "".join(f"        {line}\n" for line in commands.strip().split("\n"))


WORKFLOW = ".github/workflows/release.yml"
JOB = "on: [push]\njobs:\n  a:\n    steps:\n    - run: |\n" + indented(ALL)
BUILD = "steps:\n- name: gcr.io/google.com/cloudsdktool/cloud-sdk\n  script: |\n    #!/bin/bash -e\n" + indented(ALL)
FILES = {
    "make ignores every failure": ("Makefile", f".IGNORE:\ndeploy:\n{recipe(ALL)}", {"REV002", "REV006"}),
    "make ignores the failures of another target": ("Makefile", f".IGNORE: clean\ndeploy:\n{recipe(ALL)}", set()),
    "make -i": ("Makefile", f"all:\n\t$(MAKE) -i deploy\ndeploy:\n{recipe(ALL)}", {"REV002", "REV006"}),
    "bound under a condition of make": (
        "Makefile",
        f"deploy:\n{recipe(IMPORTS, DEPLOY)}ifdef BIND\n{recipe(ENSURE)}endif\n{recipe(VERIFY)}",
        {"REV001"},
    ),
    "bound under both conditions of make": (
        "Makefile",
        f"deploy:\n{recipe(IMPORTS, DEPLOY)}ifdef BIND\n{recipe(ENSURE)}else\n{recipe(ENSURE)}endif\n{recipe(VERIFY)}",
        set(),
    ),
    "deployed under the same condition of make": ("Makefile", f"deploy:\nifeq (a,b)\n{recipe(ALL)}endif\n", set()),
    "a deploy that define names": (
        "Makefile",
        f"define dep\n{ALL.replace(ENSURE, 'true').replace('svc', '$(1)')}endef\ndeploy:\n\t$(call dep,svc)\n",
        {"REV001"},
    ),
    "a whole deploy that define names": (
        "Makefile",
        f"define dep\n{ALL.replace('svc', '$(1)')}endef\ndeploy:\n\t@$(call dep, svc)\n",
        set(),
    ),
    "a job": (WORKFLOW, JOB, set()),
    "a job that may fail": (
        WORKFLOW,
        JOB.replace("    steps:", "    continue-on-error: true\n    steps:"),
        {"REV002", "REV006"},
    ),
    "a step that may fail, as an expression says": (
        WORKFLOW,
        JOB.replace("- run:", "- continue-on-error: ${{ true }}\n      run:"),
        {"REV002", "REV006"},
    ),
    "a step that may not fail": (WORKFLOW, JOB.replace("- run:", "- continue-on-error: false\n      run:"), set()),
    "a build": ("cloudbuild.yaml", BUILD, set()),
    "a build whose failures are codes that it allows": (
        "cloudbuild.yaml",
        BUILD.replace("  script:", "  allowExitCodes: [1]\n  script:"),
        {"REV002", "REV006"},
    ),
}


@pytest.mark.parametrize(("path", "text", "expected"), FILES.values(), ids=FILES)
def test_what_the_file_around_the_shell_says_counts(path: str, text: str, expected: set[str]) -> None:
    assert broken(text, path) == expected
