"""No text of ours steers a terminal or the machine that builds, whatever names it quotes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.visible import one_line, steers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("bin/deploy.sh", "bin/deploy.sh", id="plain"),
        pytest.param("a\x1b[31mb", "a\\x1b[31mb", id="an escape code"),
        pytest.param("a\x9b31mb", "a\\x9b31mb", id="one in a single character"),
        pytest.param("a\x07b\x00c\x7f", "a\\x07b\\x00c\\x7f", id="bell, zero and delete"),
        pytest.param("a\r\nb", "a\\x0d\\nb", id="a line end"),
        pytest.param("a\u2028b\u2029c\x85d", "a\\u2028b\\u2029c\\x85d", id="other line ends"),
        pytest.param("a\u202eb\u2066c", "a\\u202eb\\u2066c", id="marks of direction"),
        pytest.param("a\U000e0001b", "a\\U000e0001b", id="a tag"),
        pytest.param("a\udcffb", "a\\udcffb", id="bytes that are no text"),
        pytest.param("é 日本語 👩\u200d🔧\ta\u00a0b", "é 日本語 👩\u200d🔧\ta\u00a0b", id="words, emoji and blanks"),
        pytest.param("::error::x", "\\x3a:error::x", id="a workflow command"),
        pytest.param("  ::error::x", "  \\x3a:error::x", id="one behind blanks"),
        pytest.param("a ##[error]x ##vso[y]", "a \\x23#[error]x \\x23#vso[y]", id="older commands"),
        pytest.param("a::b ## c", "a::b ## c", id="what is no command"),
    ],
)
def test_what_steers_is_made_visible(text: str, shown: str) -> None:
    assert one_line(text) == shown


@given(st.text(st.characters()))
def test_nothing_steers_afterwards(text: str) -> None:
    shown = one_line(text)

    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in shown.replace("\t", ""))
    assert not shown.lstrip().startswith("::")
    assert not steers(shown)
    assert one_line(shown) == shown
