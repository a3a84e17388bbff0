"""A command that a script makes is followed, or the report says that it is not."""

from __future__ import annotations

import pytest

from tests.bot.audit.in_memory import audit_text

UNFOLLOWED = 'eval "gcloud run deploy $NAME ( --source"'


def rules(text: str, path: str = "bin/deploy.sh") -> list[str]:
    return [one.rule for one in audit_text(path, text)]


@pytest.mark.parametrize("line", [UNFOLLOWED, 'eval "$COMMAND"', f"bash -c '{UNFOLLOWED[6:-1]}'"])
def test_a_made_command_that_cannot_be_followed_is_reported_once(line: str) -> None:
    loop = f"set -e\nfor one in a b; do\n  {line}\ndone\n"

    assert rules(loop).count("REV000") == 1


def test_a_made_command_in_a_build_that_cannot_be_followed_is_reported() -> None:
    build = f"steps:\n- name: cloud-sdk\n  entrypoint: bash\n  args:\n  - -c\n  - |\n    {UNFOLLOWED}\n"

    assert "REV000" in rules(build.replace("$NAME", "$$NAME"), "cloudbuild.yaml")


@pytest.mark.parametrize("line", ['eval "$(ssh-agent -s)"', "run='gcloud info'; eval \"$run\"", 'eval "gcloud info"'])
def test_a_made_command_that_reads_as_shell_is_no_problem(line: str) -> None:
    assert "REV000" not in rules(f"set -e\n{line}\n")


def test_an_eval_in_a_script_that_deploys_nothing_is_no_finding() -> None:
    assert audit_text("tools/test.sh", 'eval "$UNKNOWN"\n') == []


@pytest.mark.parametrize("end", ["EOF", "'EOF'"])
def test_an_eval_of_a_here_document_is_followed(end: str) -> None:
    text = f'eval "$(cat <<{end}\ngcloud run deploy live-export --set-env-vars=A=b\nEOF\n)"\n'

    assert "REV003" in [one.rule for one in audit_text("bin/deploy.sh", text)]
