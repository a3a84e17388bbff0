"""The Dockerfile as it is read without an engine, and what the project's own says."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest

from tests.fresh.context import Context
from tests.fresh.dockerfile import Configuration, DockerfileError, Stage, instructions, stages
from tests.sections import ROOT

TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def configured(stage: Stage) -> Configuration:
    configuration = Configuration({"PATH": "/usr/bin"})
    for instruction in stage.instructions:
        configuration = configuration.after(instruction)
    return configuration


def test_a_continued_line_is_one_instruction_and_a_comment_within_ends_nothing() -> None:
    read = [*instructions("# one\nRUN a \\\n    # two\n    && b \\\n\n    && c\nuser 5\n")]

    assert [(each.line, each.name, each.argument) for each in read] == [(2, "RUN", "a && b && c"), (7, "USER", "5")]


def test_stages_have_their_bases_by_argument() -> None:
    text = "ARG BASE=python:3\nFROM ${BASE} AS build\nRUN x\nFROM $BASE\nCOPY --from=build /a /b\n"

    default = stages(text)
    pinned = stages(text, {"BASE": "python@sha256:0"})

    assert [(stage.base, stage.name) for stage in default] == [("python:3", "build"), ("python:3", "1")]
    assert [stage.base for stage in pinned] == ["python@sha256:0"] * 2


def test_a_configuration_grows_with_its_instructions() -> None:
    (stage,) = stages(
        'FROM x\nENV A=1 PATH=/opt/bin:$PATH\nWORKDIR /srv\nWORKDIR in\nUSER 7\nENTRYPOINT ["a", "b"]\nCMD ["c"]\n'
    )

    configuration = configured(stage)

    assert configuration.environment == {"A": "1", "PATH": "/opt/bin:/usr/bin"}
    assert (configuration.folder, configuration.path("x/"), configuration.path("/y")) == ("/srv/in", "/srv/in/x/", "/y")
    assert (configuration.user, configuration.entry_point, configuration.command) == ("7", ("a", "b"), ("c",))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("RUN a\nFROM b\n", id="before the first stage"),
        pytest.param("FROM a\nVOLUME /b\n", id="an instruction that is not understood"),
        pytest.param("FROM a AS\n", id="a stage without a name"),
        pytest.param("FROM a\nRUN b \\\n", id="continued, and nothing follows"),
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(DockerfileError):
        stages(text)


@pytest.mark.parametrize("line", ["ENTRYPOINT reveille", "CMD serve", "ENV A", 'CMD {"a": 1}', "CMD [1]"])
def test_what_an_engine_would_take_differently_is_refused(line: str) -> None:
    (stage,) = stages(f"FROM a\n{line}\n")

    with pytest.raises(DockerfileError, match="line 2"):
        configured(stage)


def test_a_base_of_the_image_can_be_pinned_by_a_digest() -> None:
    digest = f"python@sha256:{'0' * 64}"

    assert {stage.base for stage in stages(TEXT, {"PYTHON_IMAGE": digest})} == {digest}


def test_the_image_runs_as_an_unprivileged_user_by_number() -> None:
    configuration = configured(stages(TEXT)[-1])

    assert int(configuration.user) > 0
    assert configuration.entry_point == ("reveille",)
    assert configuration.command == ("serve",)


def test_an_argument_of_a_stage_is_of_the_build_its_own_or_of_the_file() -> None:
    text = "ARG A=file\nFROM x\nARG A\nARG B=own\nARG C=own\nRUN y\n"

    (stage,) = stages(text, {"C": "build"})

    assert configured(stage).arguments == {"A": "file", "B": "own", "C": "build"}
    assert "A" not in configured(stage).environment


def test_the_image_asks_its_own_health_without_a_shell() -> None:
    (program, option, code) = configured(stages(TEXT)[-1]).health

    assert (program, option) == ("python", "-c")
    assert "/health" in code
    compile(code, "HEALTHCHECK", "exec")


def test_nothing_that_the_image_installs_is_resolved() -> None:
    runs = [each.argument for stage in stages(TEXT) for each in stage.instructions if each.name == "RUN"]
    installations = re.findall(r"pip install[^&]*", " && ".join(runs))

    assert len(installations) == 3
    assert [each for each in installations if "--no-compile" not in each] == [installations[1]]
    assert all("--no-deps" in each for each in installations)
    assert all("--require-hashes" in each or "--no-index" in each for each in installations)
    assert any(each.rstrip().endswith("pip check") for each in " && ".join(runs).split("&&"))


def test_what_the_image_copies_travels_and_nothing_else_does() -> None:
    context = Context.of(ROOT)
    copied = {
        word.rstrip("/")
        for stage in stages(TEXT)
        for each in stage.instructions
        if each.name == "COPY" and not each.argument.startswith("--from")
        for word in each.words()[:-1]
    }

    travels = {path.name for path in ROOT.iterdir() if context.holds(PurePosixPath(path.name))}

    assert travels == copied
