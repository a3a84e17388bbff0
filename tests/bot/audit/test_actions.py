"""Steps of a workflow that deploy by an action of Google's, and what a job or a step asks before it runs."""

from __future__ import annotations

import pytest

from bot.audit.fixes import apply
from bot.audit.formats.actions import command_of, inputs_of
from bot.audit.formats.workflow import without_expressions
from bot.audit.model import Violation
from bot.audit.shell.script import Script
from bot.yaml_tree import read_yaml
from tests.bot.audit.in_memory import audit_text

PATH = ".github/workflows/release.yml"
RUN = "google-github-actions/deploy-cloudrun@v2"
FUNCTION = "google-github-actions/deploy-cloud-functions@v3"
BIND = "- run: reveille iam ensure live-export"


def step(uses: str, inputs: str, more: str = "") -> str:
    return f"- uses: {uses}\n{more}  with:\n" + "".join(f"    {line}\n" for line in inputs.strip().split("\n"))


def workflow(*steps: str, job: str = "") -> str:
    body = "".join(f"      {line}\n" for one in steps for line in one.strip("\n").split("\n"))
    return f"on: push\njobs:\n  deploy:\n{job}    runs-on: ubuntu-latest\n    steps:\n{body}"


def violations(text: str, *rules: str) -> list[Violation]:
    return [one for one in audit_text(PATH, text) if one.rule in rules]


def found(text: str, *rules: str) -> list[tuple[str, int]]:
    return [(one.rule, one.span.start.line) for one in violations(text, *rules)]


COMMANDS = {
    "a service by image": (RUN, "service: a\nimage: gcr.io/p/a:1", "gcloud run deploy a --image=gcr.io/p/a:1 {sha}"),
    "a service by source": (RUN, "service: a\nsource: ./", "gcloud run deploy a --source=./ {sha}"),
    "a job": (RUN, "job: a\nimage: i\nsecrets: A=a:1",
              "gcloud run jobs deploy a --image=i --set-secrets=A=a:1 --labels=commit-sha=${GITHUB_SHA}"),
    "a description": (RUN, "metadata: service.yaml", "gcloud run services replace service.yaml"),
    "variables are merged": (RUN, "service: a\nenv_vars: A=1,B=2",
                             "gcloud run deploy a --update-env-vars=A=1,B=2 {sha}"),
    "variables on lines": (RUN, "service: a\nenv_vars: |-\n  A=1\n  B=2",
                           "gcloud run deploy a --update-env-vars=A=1,B=2 {sha}"),
    "variables are replaced": (RUN, "service: a\nenv_vars: A=1\nenv_vars_update_strategy: overwrite",
                               "gcloud run deploy a --set-env-vars=A=1 {sha}"),
    "a strategy for nothing": (RUN, "service: a\nenv_vars_update_strategy: overwrite", "gcloud run deploy a {sha}"),
    "no traffic": (RUN, "service: a\nno_traffic: true\ntag: next",
                   "gcloud run deploy a --no-traffic --tag=next {sha}"),
    "flags": (RUN, "service: a\nflags: '--allow-unauthenticated \"--args=-X=1 2\" --cpu=2'",
              "gcloud run deploy a {sha} --allow-unauthenticated --args=-X=1 2 --cpu=2"),
    "flags that only the run knows": (RUN, "service: a\nflags: ${{ vars.FLAGS }}",
                                      "gcloud run deploy a {sha} ${vars_FLAGS}"),
    "flags that would be shell": (RUN, "service: a\nflags: --args=$(x);y|z",
                                 "gcloud run deploy a {sha} --args=$(x);y|z"),
    "traffic": (RUN, "service: a\nimage: i\nrevision_traffic: LATEST=100",
                "gcloud run deploy a --image=i {sha} gcloud run services update-traffic a --to-revisions=LATEST=100"),
    "traffic alone, in v1": (RUN.replace("v2", "v1"), "service: a\ntag_traffic: next=10",
                             "gcloud run services update-traffic a --to-tags=next=10"),
    "pinned to a commit": (f"{RUN[:-2]}1d2ba2b # v2.7.3", "service: a\ntag_traffic: t=1",
                           "gcloud run deploy a {sha} gcloud run services update-traffic a --to-tags=t=1"),
    "without labels": (RUN, "service: a\nskip_default_labels: true\nlabels: t=x",
                       "gcloud run deploy a --update-labels=t=x"),
    "a function": (FUNCTION, "name: a\nevent_trigger_pubsub_topic: t",
                   "gcloud functions deploy a --gen2 --trigger-topic=t --serve-all-traffic-latest-revision"),
    "a function of the first generation": (FUNCTION.replace("v3", "v1"), "name: a\nenv_vars: A=1",
                                           "gcloud functions deploy a --no-gen2 --set-env-vars=A=1"),
}  # fmt: skip


@pytest.mark.parametrize(("uses", "inputs", "expected"), COMMANDS.values(), ids=COMMANDS.keys())
def test_an_action_runs_a_command_of_gcloud(uses: str, inputs: str, expected: str) -> None:
    text = workflow(step(uses, inputs))
    node = read_yaml(text, PATH).children["jobs"].children["deploy"].children["steps"].children[0]
    given = {name: without_expressions(value) for name, value in inputs_of(node, text).items()}
    made = command_of(node, given)
    assert made is not None
    commands, *_ = Script(made).follow()

    assert " ".join(one.text for one in commands) == expected.replace(
        "{sha}", "--update-labels=commit-sha=${GITHUB_SHA}"
    )


@pytest.mark.parametrize("uses", ["actions/checkout@v4", "google-github-actions/auth@v2", "./.github/actions/deploy"])
def test_any_other_action_deploys_nothing_that_is_known(uses: str) -> None:
    assert audit_text(PATH, workflow(step(uses, "service: a\nimage: i"))) == []


def test_a_deploy_by_an_action_is_judged_at_its_step() -> None:
    deploy = step(RUN, "service: live-export\nimage: i\nflags: --service-account=a")

    assert found(workflow(deploy), "REV001", "REV002", "REV004", "REV006", "REV010") == [
        ("REV001", 6), ("REV002", 6), ("REV010", 6)
    ]  # fmt: skip
    assert (
        found(workflow(deploy, BIND, "- run: reveille deploy verify live-export"), "REV001", "REV002", "REV010") == []
    )


def test_a_service_named_by_an_expression_is_the_one_that_is_bound() -> None:
    deploy = step(RUN, "service: ${{ env.SERVICE }}\nimage: i")
    text = workflow(deploy, '- run: reveille iam ensure "${{ env.SERVICE }}"')

    assert found(text, "REV001") == []
    assert found(f"env:\n  SERVICE: live-export\n{text}", "REV001") == []


def test_an_action_that_may_fail_is_a_failure_passed_over() -> None:
    assert found(workflow(step(RUN, "service: a\nimage: i", "  continue-on-error: true\n")), "REV006") == [
        ("REV006", 7)
    ]


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_a_strategy_that_overwrites_is_fixed(quote: str) -> None:
    strategy = f"env_vars_update_strategy: {quote}overwrite{quote}"
    text = workflow(step(RUN, f"service: a\nimage: i\nenv_vars: |-\n  A=1\n  B=2\n{strategy}"))

    (wipes,) = violations(text, "REV003")

    assert text.split("\n")[wipes.span.start.line - 1].strip() == strategy
    assert wipes.message.startswith("env_vars_update_strategy: overwrite removes all environment variables")
    assert apply(text, wipes.edits) == text.replace("overwrite", "merge")


def test_a_flag_that_wipes_in_the_flags_of_an_action_is_fixed_in_place() -> None:
    text = workflow(step(RUN, "service: a\nimage: i\nflags: |\n  --cpu=2\n  --set-env-vars=A=1"))

    (wipes,) = violations(text, "REV003")

    assert apply(text, wipes.edits) == text.replace("--set-env", "--update-env")


def test_variables_that_an_action_always_replaces_are_said_and_left() -> None:
    (wipes,) = violations(workflow(step(FUNCTION, "name: a\nenvironment_variables: A=1")), "REV003")

    assert wipes.message == "this list removes all environment variables that it does not name"
    assert wipes.edits == ()


DEPLOY = "- run: gcloud run deploy live-export --source=."


@pytest.mark.parametrize(
    ("deploy", "bind", "bound"),
    [
        ("", "", True),
        ("", "success()", True),
        ("", "${{ !cancelled() && !failure() }}", True),
        ("", "steps.deploy.outcome == 'success'", True),
        ("github.ref == 'refs/heads/main'", "${{ github.ref == 'refs/heads/main' }}", True),
        ("github.ref == 'refs/heads/main' && inputs.go", "inputs.go", True),
        ("inputs.go", "", True),
        ("", "failure()", False),
        ("", "inputs.bind", False),
        ("inputs.go", "inputs.go && inputs.bind", False),
        ("inputs.go", "inputs.go || inputs.bind", False),
    ],
)
def test_what_a_step_asks_is_a_branch(deploy: str, bind: str, bound: bool) -> None:
    first = DEPLOY + (f'\n  if: "{deploy}"' if deploy else "")
    second = BIND + (f'\n  if: "{bind}"' if bind else "")

    assert (found(workflow(first, second), "REV001") == []) is bound


def jobs(deploy: str, bind: str) -> str:
    def job(name: str, asks: str, run: str, needs: str = "") -> str:
        asked = f"    if: {asks}\n" if asks else ""
        return f"  {name}:\n{needs}{asked}    runs-on: x\n    steps:\n      {run}\n"

    return "on: push\njobs:\n" + job("deploy", deploy, DEPLOY) + job("bind", bind, BIND, "    needs: deploy\n")


@pytest.mark.parametrize(
    ("deploy", "bind", "bound"),
    [
        ("", "", True),
        ("inputs.go", "", True),
        ("inputs.go", "inputs.go", True),
        ("", "always()", True),
        ("", "needs.deploy.result == 'success'", True),
        ("", "inputs.bind", False),
        ("", "failure()", False),
    ],
)
def test_what_a_job_asks_is_a_branch_of_all_its_steps(deploy: str, bind: str, bound: bool) -> None:
    assert (found(jobs(deploy, bind), "REV001") == []) is bound


def test_a_step_that_asks_what_the_job_before_asked_runs_on_every_path() -> None:
    text = jobs("inputs.go", "").replace(
        "    steps:\n      - run: reveille", "    steps:\n      - if: inputs.go\n        run: reveille"
    )

    assert found(text, "REV001") == []
