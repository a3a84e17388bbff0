"""The excerpt under a place, and the workflow commands: right whatever stands in the file."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from bot.audit.model import Position, Span, Violation
from bot.audit.review import Review
from bot.commands.audit_output.github import review_commands
from bot.commands.audit_output.text import excerpt, print_review
from bot.commands.audit_output.words import MOST_LISTED
from bot.redaction.shown import shown_line
from tests.bot.audit.found import RULES, a_review, by_path, script, violation

LINES = st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=300)


def marked(line: str, words: str, width: int = 80) -> tuple[str, str]:
    start = line.index(words)
    return excerpt(line, start, start + len(words), width)


def under(shown: str, carets: str) -> str:
    """Return what stands above the carets, cell by cell."""
    cells: list[str] = []
    for char in shown:
        if cell_len(char):
            cells += [char, *[""] * (cell_len(char) - 1)]
        else:
            cells[-1] += char
    return "".join(cells[carets.index("^") : len(carets)])


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("gcloud --set-env-vars=A=1", id="plain"),
        pytest.param("\t\tgcloud\t--set-env-vars=A=1", id="tabs"),
        pytest.param("echo 日本語 && gcloud --set-env-vars=A=1", id="wide characters"),
        pytest.param("echo e\u0301 && gcloud --set-env-vars=A=1", id="a combining accent"),
        pytest.param("日\tgcloud --set-env-vars=A=1", id="wide and a tab"),
        pytest.param("echo \x1b[31m --set-env-vars=A=1", id="an escape code"),
        pytest.param("--set-env-vars", id="the whole line"),
        pytest.param(f"gcloud {'--flag=1 ' * 200} --set-env-vars=A=1 {'x' * 500}", id="a very long line"),
    ],
)
def test_the_carets_stand_under_the_words(line: str) -> None:
    shown, carets = marked(line, "--set-env-vars")

    assert under(shown, carets) == "--set-env-vars"
    assert carets.strip() == "^" * len("--set-env-vars")


def test_carets_of_wide_words_are_as_wide() -> None:
    shown, carets = marked("gcloud 日本 --source=.", "日本")

    assert (under(shown, carets), carets.count("^")) == ("日本", 4)


@pytest.mark.parametrize(
    ("start", "end", "carets"),
    [
        pytest.param(0, 0, "^", id="an empty span"),
        pytest.param(6, 6, "      ^", id="behind the last character"),
        pytest.param(2, 99, "  ^^^^", id="a span that goes on below"),
        pytest.param(99, 120, "      ^", id="outside"),
    ],
)
def test_every_span_gets_a_caret(start: int, end: int, carets: str) -> None:
    assert excerpt("gcloud", start, end, 80) == ("gcloud", carets)


@given(LINES, st.integers(0, 310), st.integers(0, 310), st.integers(40, 120))
def test_no_line_is_wider_than_the_terminal_or_steers_it(line: str, start: int, length: int, width: int) -> None:
    shown, carets = excerpt(line, start, start + length, width)

    assert cell_len(shown) <= width
    assert len(carets) <= width + 1
    assert carets.strip(" ").strip("^") == ""
    assert "^" in carets
    assert all(char.isprintable() or char == "\u200d" for char in shown)


def test_a_cut_line_says_so_at_both_ends() -> None:
    shown, _ = marked("a" * 200 + " --set-env-vars " + "b" * 200, "--set-env-vars")

    assert re.fullmatch(r"\.\.\.a+ --set-env-vars b+\.\.\.", shown)


def printed(review: Review, current: Path) -> str:
    stream = io.StringIO()
    print_review(review, Console(file=stream, width=100, color_system=None, highlight=False), current)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("current", "path"),
    [
        pytest.param("/tree", "bin/deploy.sh:4:3:", id="at the root"),
        pytest.param("/tree/bin", "deploy.sh:4:3:", id="below the root"),
        pytest.param("/elsewhere", "/tree/bin/deploy.sh:4:3:", id="somewhere else"),
    ],
)
def test_a_place_can_be_opened_from_where_one_stands(current: str, path: str) -> None:
    assert printed(a_review(), Path(current)).startswith(f"{path} error REV003 ")


def test_text_from_files_cannot_steer_the_terminal() -> None:
    source = script("gcloud \x1b]0;title\x07 --set-env-vars=A\n", path="bin/\x1b[2Jdeploy.sh")
    review = Review(
        root=Path("/tree"),
        rules=RULES,
        violations=(replace(violation(source, "--set-env-vars"), message="it is \x1b[31mred\nand goes on"),),
        skipped=(("a\x1bb", "no\x07reason"),),
        sources=by_path(source),
    )

    text = printed(review, Path("/tree"))

    assert all(char.isprintable() or char == "\n" for char in text)


def test_square_brackets_are_text() -> None:
    source = script('[[ -n "$A" ]] && gcloud "${FLAGS[@]}" --set-env-vars=A\n')
    review = Review(
        root=Path("/tree"), rules=RULES, violations=(violation(source, "--set-env-vars"),), sources=by_path(source)
    )

    assert '[[ -n "$A" ]] && gcloud "${FLAGS[@]}" --set-env-vars=A' in printed(review, Path("/tree"))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("gcloud --set-env-vars=BDL_API_KEY=hunter2,A=1", "gcloud --set-env-vars=BDL_API_KEY=*******,A=1"),
        ("export SLACK_TOKEN='xoxb-1' B=2", "export SLACK_TOKEN='******' B=2"),
        ('DB_PASSWORD="hunter2"', 'DB_PASSWORD="*******"'),
        ("db_password=hunter2 \\", "db_password=******* \\"),
        ("API_KEY=$KEY", "API_KEY=$KEY"),
        ("--set-secrets=BDL_API_KEY=bdl:latest", "--set-secrets=BDL_API_KEY=bdl:latest"),
        ("--update-env-vars=GCP_PROJECT=example", "--update-env-vars=GCP_PROJECT=example"),
    ],
)
def test_a_secret_in_a_line_is_not_shown(line: str, shown: str) -> None:
    assert shown_line(line) == shown


@given(LINES)
def test_masking_moves_nothing(line: str) -> None:
    assert len(shown_line(line)) == len(line)


def test_the_excerpt_is_masked() -> None:
    source = script("gcloud run deploy one --set-env-vars=API_KEY=hunter2\n")
    review = Review(
        root=Path("/tree"), rules=RULES, violations=(violation(source, "--set-env-vars"),), sources=by_path(source)
    )

    assert "hunter2" not in printed(review, Path("/tree"))


def test_many_skipped_files_are_counted() -> None:
    skipped = tuple((f"link{number}", "a link") for number in range(MOST_LISTED + 3))

    text = printed(Review(root=Path("/tree"), rules=RULES, skipped=skipped), Path("/tree"))

    assert text.count("Skipped: ") == MOST_LISTED
    assert "And 3 more skipped files; --format json names them all." in text


def commands(found: Violation) -> list[str]:
    return list(review_commands(Review(root=Path("/tree"), rules=RULES, violations=(found,))))


def test_an_annotation_cannot_be_ended_by_what_it_says() -> None:
    found = replace(violation(script(), "--set-env-vars"), path="a,b:c\n%.sh", message="100 %\r\n::error::forged")

    (command, _) = commands(found)

    assert "\n" not in command
    assert command.startswith("::error file=a%2Cb%3Ac%0A%25.sh,line=4,")
    assert "::100 %25%0D%0A::error::forged%0A" in command


def test_an_annotation_over_several_lines_has_no_columns() -> None:
    found = replace(violation(script(), "--set-env-vars"), span=Span(Position(3, 1), Position(5, 39)))

    (command, _) = commands(found)

    assert command.startswith("::error file=bin/deploy.sh,line=3,endLine=5,title=")


@pytest.mark.parametrize(
    ("before", "cells"),
    [("\t", 4), ("ab\t", 4), ("abc\t", 4), ("abcd\t", 8), ("a\tb\t", 8), ("日本\t", 8), ("\x1bab\t", 4)],
    ids=[
        "alone",
        "behind text",
        "one cell left",
        "none left",
        "twice",
        "behind wide letters",
        "behind a control letter",
    ],
)
def test_a_tab_reaches_to_the_next_stop_and_the_mark_stands_below_the_words(before: str, cells: int) -> None:
    shown, carets = excerpt(f"{before}gcloud", len(before), len(before) + 6, 80)

    assert carets == " " * cells + "^" * 6
    assert "\t" not in shown
