"""The commit is recorded as a label and in the environment."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audit.model import AuditRule, RuleSeverity, Violation
from bot.audit.rules.audited_file import AuditedFile, names_of
from bot.audit.rules.deploys import Deploy
from bot.audit.shell.calls import CliCall
from bot.audit.shell.commands import ShellCommand

RULE = AuditRule(
    id="REV005",
    title="The deployed commit is recorded",
    rationale=(
        "Whether what runs is what the repository holds can only be told when the deploy says which commit it "
        "was: as label commit-sha, which lists can show, and as BUILD_COMMIT, which the code can log."
    ),
    fix=("Add --update-labels=commit-sha=COMMIT and --update-env-vars=BUILD_COMMIT=COMMIT to the deploy."),
    severity=RuleSeverity.WARNING,
    example_bad="""\
gcloud run deploy live-export --source=. --region=us-west2
""",
    example_good="""\
COMMIT=$(git rev-parse --short HEAD)
gcloud run deploy live-export --source=. --region=us-west2 \\
  --update-labels="commit-sha=$COMMIT" --update-env-vars="BUILD_COMMIT=$COMMIT"
""",
)


_LABELS = ("--labels", "--update-labels", "--set-labels")
_VARIABLES = ("--update-env-vars", "--set-env-vars")
_UPDATES = ("run services update", "run jobs update")


def find(deployment: AuditedFile) -> Iterator[Violation]:
    for place, deploys in deployment.places(
        lambda deploy: not (deploy.command.fewer or deploy.described) and bool(_missing(deploy))
    ):
        missing = " and ".join(_missing(deploys[0]))
        yield deployment.violation(RULE, place, f"this deploy of {names_of(deploys)} does not set {missing}")


def _missing(deploy: Deploy) -> list[str]:
    missing = []
    if not _recorded(deploy, _LABELS, "commit-sha"):
        missing.append("the label commit-sha")
    if not _recorded(deploy, _VARIABLES, "BUILD_COMMIT"):
        missing.append("BUILD_COMMIT")
    return missing


def _recorded(deploy: Deploy, flags: tuple[str, ...], key: str) -> bool:
    def later(command: ShellCommand, deploy: Deploy) -> bool:
        call = command.gcloud
        return call is not None and call.subject == deploy.name and deploy.is_about(call) and _names(call, flags, key)

    return _names(deploy.call, flags, key) or deploy.always(_updates, later)


def _updates(command: ShellCommand) -> bool:
    call = command.gcloud
    return call is not None and call.path in _UPDATES


def _names(call: CliCall, flags: tuple[str, ...], key: str) -> bool:
    if call.open_ended:
        return True
    for flag in call.all_flags(*flags):
        pairs = flag.value.split(",") if not flag.value.startswith("^") else flag.value.split(flag.value[1])
        if any(_key(pair) == key or _whole_symbol(pair) for pair in pairs):
            return True
    return flags is _VARIABLES and call.flag("--env-vars-file") is not None


def _key(pair: str) -> str:
    return pair.partition("=")[0].rpartition("^")[2].strip()


def _whole_symbol(pair: str) -> bool:
    # A list that only the running script has may well hold the key: what cannot be told is not accused.
    return pair.startswith("$") and "=" not in pair
