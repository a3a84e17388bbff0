"""Files of any shape and any bytes: a finding, a clean file or one sentence, and never the audit's own fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.audit.engine import audit
from tests.bot.audit.in_memory import audit_text
from tests.bot.audit.runs import audit as run_audit
from tests.bot.audit.runs import tree
from tests.thoroughness import examples

BROKE = "the audit itself broke"
TEXTS = st.sampled_from(
    ["", "a", "gcloud", "gcloud run deploy a --set-env-vars=A=1", "bash", "-c", "if x; then", "${{ a }}",
     "$_A", "a && b", "overwrite", "true", "'", '"', "\\", "\n", "make a", "source a",
     "google-github-actions/deploy-cloudrun@v2"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["steps", "jobs", "run", "uses", "with", "if", "needs", "env", "shell", "defaults",
     "continue-on-error", "name", "args", "entrypoint", "script", "waitFor", "id", "substitutions",
     "options", "allowFailure", "service", "flags", "env_vars", "env_vars_update_strategy", "tag_traffic",
     "job", "metadata", "no_traffic"]
)  # fmt: skip
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers(0, 3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)
STEPS = st.lists(st.dictionaries(KEYS, VALUES, max_size=5) | VALUES, max_size=4)


@settings(deadline=None, max_examples=examples(200))
@given(st.dictionaries(KEYS, VALUES, max_size=4), STEPS, VALUES)
@example({}, [{"uses": {"a": "b"}}, 3, None], 3)
@example({"env": ["a"], "defaults": ["b"]}, [{"run": "gcloud run deploy x", "if": {"a": "b"}}], 3)
def test_yaml_of_any_shape_is_read_or_refused(top: dict[str, object], steps: list[object], needs: object) -> None:
    job = {"steps": steps, "needs": needs, "if": needs}
    for path, root in (
        (".github/workflows/a.yml", {**top, "jobs": {"a": job, "b": needs}}),
        ("cloudbuild.yaml", {**top, "steps": steps}),
    ):
        found = audit_text(path, json.dumps(root))

        assert [one.message for one in found if BROKE in one.message] == []


PIECES = st.sampled_from(
    ["gcloud run deploy a", "\n", "\n\t", " ", "'", '"', "`", "$(", ")", "${", "}", "((", "))", "[[",
     "]]", "{", "|", "&", "if ", "; then ", "fi", "case a in", "a)", ";;", "esac", "for i in ", "; do",
     "done", "<<E", "E", "\\", "A=", "A+=(", "$A", "${A[@]}", "all: ", "$(MAKE) all", "RUN ", "CMD [",
     "]", "eval ", "source a", "f() ", "-z", "!", "#", "=", "\x00", "\r", "\ufeff", "é", "\u202e", "🚀",
     ":?x|y"]
)  # fmt: skip


@settings(deadline=None, max_examples=examples(200))
@given(st.sampled_from(["deploy.sh", "Makefile", "Dockerfile"]), st.lists(PIECES, max_size=40))
def test_text_of_any_shape_is_read_or_refused(path: str, pieces: list[str]) -> None:
    found = audit_text(path, "".join(pieces))

    assert [one.message for one in found if BROKE in one.message] == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("set -e\n".encode("utf-16"), "UTF-16"),
        ("set -e\n".encode("utf-16-be"), "binary"),
        (bytes(range(256)), "binary"),
        (b"# \xe9\n", "UTF-8"),
        (b"#" + b"a" * 1_000_000, "1,000,001 bytes"),
        (b'echo "a\n', "cannot be read as shell"),
        (b"cat <<E\na\n", "here-document"),
        (b"$(" * 20_000, "cannot be read as shell"),
        (b"(" * 20_000 + b"a" + b")" * 20_000, "nested too deep"),
    ],
    ids=["UTF-16", "UTF-16 without a mark", "binary", "Latin-1", "large", "a quote", "a here-document", "open", "deep"],
)
def test_what_cannot_be_read_is_said_in_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "deploy.sh").write_bytes(content)

    (found,) = audit(tmp_path).violations
    shown = run_audit(tmp_path, "deploy.sh")

    assert (found.rule, said in found.message) == ("REV000", True)
    assert (shown.returncode, "Traceback" in shown.stderr + shown.stdout) == (1, False)


@pytest.mark.parametrize("content", [b"", b"\n \n\t\n", b"\xef\xbb\xbf", b"# nothing\r\n"])
def test_an_empty_file_that_is_named_deploys_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "deploy.sh").write_bytes(content)

    assert audit(tmp_path).violations == ()


@pytest.mark.parametrize("path", ["deploy.sh", "cloudbuild.yaml", "Dockerfile", ".github/workflows/a.yml"])
def test_line_ends_and_a_byte_order_mark_are_kept_by_a_repair(tmp_path: Path, path: str) -> None:
    command = "gcloud run deploy a \\\n      --set-env-vars=A=1\n"
    texts = {
        "deploy.sh": f"set -e\n{command}",
        "cloudbuild.yaml": f"steps:\n- name: gcloud\n  entrypoint: bash\n  args:\n  - -c\n  - |\n    {command}",
        "Dockerfile": f"RUN {command}",
        ".github/workflows/a.yml": f"jobs:\n a:\n  steps:\n  - run: |\n      {command}",
    }
    before = "\ufeff" + texts[path].replace("\n", "\r\n")
    tree(tmp_path, {path: before})

    run_audit(tmp_path, "--fix", "--yes", path)
    once = (tmp_path / path).read_bytes()
    run_audit(tmp_path, "--fix", "--yes", path)

    assert once.decode() == before.replace("--set-env", "--update-env")
    assert (tmp_path / path).read_bytes() == once
