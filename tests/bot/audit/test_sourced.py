"""What a script sources is a part of it: functions, variables and commands of files in the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.audit.engine import audit
from bot.audit.shell.library import candidates
from tests.bot.audit.runs import tree

LIBRARY = """\
deploy_service() {
  gcloud run deploy "$1" --source=. --service-account="$SA"
}
bind() {
  reveille iam ensure "$1"
}
"""
HERE = 'DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"\n'


def findings(root: Path, rule: str = "REV001") -> list[str]:
    return [f"{one.path}:{one.span.start.line}" for one in audit(root).violations if one.rule == rule]


@pytest.mark.parametrize(
    ("script", "library", "source"),
    [
        ("bin/deploy.sh", "bin/common.sh", "source common.sh"),
        ("bin/deploy.sh", "bin/common.sh", ". ./common.sh"),
        ("bin/deploy.sh", "bin/common.sh", f'{HERE}. "$DIR/common.sh"'),
        ("bin/deploy.sh", "bin/common.sh", 'source "${BASH_SOURCE%/*}/common.sh"'),
        ("bin/deploy.sh", "bin/common.sh", 'source "$(dirname "$0")/common.sh"'),
        ("bin/deploy.sh", "bin/common.sh", 'source "$(dirname "$(readlink -f "$0")")/common.sh"'),
        ("bin/deploy.sh", "lib/common.sh", "source lib/common.sh"),
        ("bin/deploy.sh", "lib/common.sh", 'cd "$(dirname "$0")/.."\nsource ./lib/common.sh'),
        ("bin/deploy.sh", "lib/common.sh", 'source "$(dirname "$0")/../lib/common.sh"'),
        ("bin/deploy.sh", "lib/common.sh", 'R=$(git rev-parse --show-toplevel)\nsource "$R/lib/common.sh"'),
        ("bin/x/deploy.sh", "lib/common.sh", 'R="$(cd "$(dirname "$0")/../.." && pwd)"\n. "${R}/lib/common.sh"'),
        ("bin/x/deploy.sh", "bin/lib/common.sh", '[ -f ../lib/common.sh ] && source "$SCRIPT_DIR/../lib/common.sh"'),
        ("bin/deploy.sh", "lib/common.sh", 'for f in lib/common.sh; do source "$f"; done'),
        ("bin/deploy.sh", "lib/common.sh", 'for f in lib/*.sh; do source "$f"; done'),
        ("bin/deploy.sh", "bin/lib/common.sh", 'for f in "$(dirname "$0")"/lib/*.sh; do . "$f"; done'),
        (
            "bin/deploy.sh",
            "bin/common.sh",
            'D=$( cd -- "$( dirname -- "$0" )" &> /dev/null && pwd -P )\n. "$D/common.sh"',
        ),
        ("bin/deploy.sh", "bin/common.sh", '. "$(cd "${0%/*}" && pwd)/common.sh"'),
    ],
)
def test_a_function_of_a_sourced_file_is_followed_where_it_is_called(
    tmp_path: Path, script: str, library: str, source: str
) -> None:
    lines = f"set -e\n{source}\n"
    bound = f"{lines}deploy_service live-export\nbind live-export\n"
    tree(tmp_path, {script: f"{bound}deploy_service other\n", library: LIBRARY})

    assert findings(tmp_path) == [f"{script}:{bound.count(chr(10)) + 1}"]


@pytest.mark.parametrize(
    "source",
    ["source /etc/common.sh", "source ~/common.sh", 'source "$HOME/common.sh"', 'source "$1"', "source missing.sh",
     'source "$DIR/$NAME.sh"', "source ../../common.sh", "source bin", "source", "source link.sh", "source loop.sh"],
)  # fmt: skip
def test_a_file_elsewhere_is_left_alone(tmp_path: Path, source: str) -> None:
    (tmp_path / "common.sh").write_text(f"{LIBRARY}deploy_service stranger\n")
    (tmp_path / "link.sh").symlink_to(tmp_path / "common.sh")
    root = tree(tmp_path / "repository", {"bin/deploy.sh": f"set -e\n{source}\ngcloud run deploy known --source=.\n"})
    (root / "bin/link.sh").symlink_to(tmp_path / "common.sh")
    (root / "bin/loop.sh").symlink_to("loop.sh")

    assert [one.message for one in audit(root).violations if one.rule == "REV001"] == [
        "nothing binds the invoker of known after this deploy, so its callers may be refused"
    ]


def test_variables_and_options_of_a_sourced_file_are_the_scripts(tmp_path: Path) -> None:
    shared = "set -euo pipefail\nSERVICE=live-export\nFLAGS=(--set-env-vars=A=1 --min-instances=0)\n"
    script = '. ./settings.sh\ngcloud run deploy "$SERVICE" "${FLAGS[@]}"\nreveille iam ensure live-export\n'
    tree(tmp_path, {"bin/deploy.sh": script, "bin/settings.sh": shared})

    found = {one.rule: one for one in audit(tmp_path).violations}

    assert {"REV001", "REV002", "REV006"}.isdisjoint(found)
    assert found["REV003"].span.start.line == found["REV011"].span.start.line == 2
    assert found["REV003"].edits == ()


def test_a_flag_of_a_library_is_reported_once_in_the_library_where_that_is_audited(tmp_path: Path) -> None:
    library = LIBRARY.replace("--source=.", "--source=. --set-env-vars=A=1")
    tree(tmp_path, {"bin/deploy.sh": "source common.sh\ndeploy_service live-export\n", "bin/common.sh": library})

    everything = [one for one in audit(tmp_path).violations if one.rule == "REV003"]
    alone = [one for one in audit(tmp_path, [tmp_path / "bin/deploy.sh"]).violations if one.rule == "REV003"]

    assert [(one.path, one.span.start.line, len(one.edits)) for one in everything] == [("bin/common.sh", 2, 1)]
    assert [(one.path, one.span.start.line, len(one.edits)) for one in alone] == [("bin/deploy.sh", 2, 0)]


def test_a_flag_that_a_script_gives_to_a_library_is_the_scripts(tmp_path: Path) -> None:
    library = 'deploy_with() { local s=$1; shift; gcloud run deploy "$s" --source=. "$@"; }\n'
    script = "source common.sh\ndeploy_with live-export --set-env-vars=A=1 --min-instances=0\n"
    tree(tmp_path, {"bin/deploy.sh": script, "bin/common.sh": library})

    found = [one for one in audit(tmp_path).violations if one.rule in {"REV003", "REV011"}]

    assert [(one.path, one.span.start.line, len(one.edits)) for one in found] == [
        ("bin/deploy.sh", 2, 1), ("bin/deploy.sh", 2, 0)
    ]  # fmt: skip


def test_a_library_is_judged_by_itself_only_for_what_no_script_calls(tmp_path: Path) -> None:
    unused = "deploy_unused() {\n  gcloud run deploy unused --source=.\n}\n"
    tree(tmp_path, {
        "bin/deploy.sh": "set -e\nsource common.sh\ndeploy_service live-export\nbind live-export\n",
        "bin/common.sh": LIBRARY + unused,
    })  # fmt: skip

    assert findings(tmp_path) == ["bin/common.sh:8"]


def test_a_script_of_any_name_that_deploys_by_what_it_sources_is_found(tmp_path: Path) -> None:
    tree(tmp_path, {
        "scripts/release": "#!/bin/bash\nset -e\n. scripts/common.sh\ndeploy_service live-export\n",
        "scripts/activate.sh": ". venv/bin/activate\npip list\n",
        "scripts/common.sh": LIBRARY,
    })  # fmt: skip

    assert findings(tmp_path) == ["scripts/release:4"]
    assert "scripts/activate.sh" not in audit(tmp_path).files


def test_a_library_whose_functions_run_what_they_are_given_shows_the_scripts_own_line(tmp_path: Path) -> None:
    tree(tmp_path, {
        "bin/deploy.sh": "set -e\nsource common.sh\nattempt gcloud run deploy live-export --set-env-vars=A=1\n",
        "bin/common.sh": 'attempt() { for i in 1 2 3; do "$@" && return 0; done; return 1; }\n',
    })  # fmt: skip

    assert findings(tmp_path) == ["bin/deploy.sh:3"]
    assert [len(one.edits) for one in audit(tmp_path).violations if one.rule == "REV003"] == [1]


def test_files_that_source_each_other_end(tmp_path: Path) -> None:
    tree(tmp_path, {
        "bin/deploy.sh": "set -e\nsource a.sh\ndeploy_service x\n",
        "bin/a.sh": "source b.sh\nsource a.sh\n",
        "bin/b.sh": f"source a.sh\nsource deploy.sh\n{LIBRARY}",
    })  # fmt: skip

    assert "bin/deploy.sh:3" in findings(tmp_path)


@pytest.mark.parametrize(
    "content", [b"if true; then\n", b"\0\1", b"\xff\xfe"], ids=["half a script", "binary", "bytes"]
)
def test_a_sourced_file_that_cannot_be_read_is_said_where_it_is_sourced(tmp_path: Path, content: bytes) -> None:
    tree(tmp_path, {"bin/deploy.sh": "set -e\nsource broken.sh\ngcloud run deploy x\n"})
    (tmp_path / "bin/broken.sh").write_bytes(content)

    assert findings(tmp_path, "REV000") == ["bin/deploy.sh:2"]


def test_a_step_of_a_workflow_sources_from_the_top_of_the_repository(tmp_path: Path) -> None:
    steps = "jobs:\n  a:\n    steps:\n      - run: |\n          source lib/common.sh\n          deploy_service live\n"
    tree(tmp_path, {".github/workflows/release.yml": steps, "lib/common.sh": LIBRARY})

    assert findings(tmp_path) == [".github/workflows/release.yml:6"]


@pytest.mark.parametrize(
    "named", ["", "$", "${", "}/", ")", "$(dirname ${0})/", "../..", "a/../../../b", "\0", "${DIR}/\n"]
)
def test_no_name_leads_out_of_the_repository(named: str) -> None:
    assert [path for path in candidates(named, "bin/x") if path.startswith(("..", "/"))] == []
