"""A deploy counts whatever hands it to gcloud: a wrapper, a shell that reads a here-document, a build's trigger."""

from __future__ import annotations

import pytest

from tests.bot.audit.in_memory import audit_text

START = "set -euo pipefail\n"


def lines(rule: str, text: str, path: str = "bin/deploy.sh") -> list[int]:
    return [one.span.start.line for one in audit_text(path, text) if one.rule == rule]


@pytest.mark.parametrize(
    "wrapper", ["logged_run", "log_and_run", "with_retry", "retry 5", "./bin/with_retry.sh -n 3 --", "retry 5 sudo"]
)
@pytest.mark.parametrize("track", ["", "beta ", "alpha "])
def test_a_deploy_behind_a_wrapper_that_the_file_does_not_define_is_a_deploy(wrapper: str, track: str) -> None:
    text = f"{START}{wrapper} gcloud {track}run deploy live-export --source=. --set-env-vars=A=b\n"

    assert lines("REV001", text) == [2]
    assert lines("REV003", text) == [2]


@pytest.mark.parametrize("talk", ["echo", "log_info", "printf '%s '", "die", "grep -q"])
def test_what_only_mentions_a_deploy_is_none(talk: str) -> None:
    assert lines("REV001", f"{START}{talk} gcloud run deploy live-export --source=.\n") == []


@pytest.mark.parametrize("opening", ["bash <<'EOF'", "bash <<EOF", "bash -euo pipefail <<'EOF'", "sh -s <<EOF"])
def test_a_shell_runs_its_here_document(opening: str) -> None:
    text = f"{START}{opening}\ngcloud run deploy live-export --set-env-vars=A=b --source=.\nEOF\n"

    assert lines("REV003", text) == [3]


def test_a_here_document_of_a_shell_without_errexit_does_not_inherit_it() -> None:
    text = f"{START}bash <<'EOF'\ngcloud run jobs create nightly --image=i\necho done\nEOF\n"

    assert lines("REV006", text) != []


def test_a_here_document_for_another_program_is_no_script() -> None:
    assert lines("REV001", f"{START}cat <<EOF\ngcloud run deploy live-export --source=.\nEOF\n") == []


def test_an_empty_substitution_is_a_name_that_the_trigger_gives() -> None:
    build = """\
substitutions:
  _FN: ''
steps:
- name: gcr.io/google.com/cloudsdktool/cloud-sdk
  entrypoint: bash
  args:
  - -ceu
  - |
    gcloud run deploy ${_FN} --source=.
    reveille iam ensure ${_FN}
"""

    assert lines("REV001", build, "cloudbuild.yaml") == []


@pytest.mark.parametrize(
    ("bind", "found"), [('for s in a b; do reveille iam ensure "$s"; done', False), ("true", True)]
)
def test_a_name_that_xargs_puts_in_is_any_name(bind: str, found: bool) -> None:
    script = f"set -euo pipefail\nprintf 'a\\nb\\n' | xargs -I{{}} gcloud run deploy {{}} --source=.\n{bind}\n"

    assert ("REV001" in {one.rule for one in audit_text("bin/deploy.sh", script)}) is found
