"""The preview follows Slack's rules for mrkdwn, or the pictures would lie."""

from __future__ import annotations

import pytest

from bot.playground.block_kit.markup import mrkdwn, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* and _slanted_ and ~struck~", "<b>bold</b> and <i>slanted</i> and <s>struck</s>"),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        ("* not bold *", "* not bold *"),
        ("`*code*`", "<code>*code*</code>"),
        ("a &lt;b&gt; &amp;amp; c", "a &lt;b&gt; &amp;amp; c"),
        (
            "<https://example.com/a?b=1&amp;c|open>",
            '<a href="https://example.com/a?b=1&amp;c" target="_blank" rel="noopener noreferrer">open</a>',
        ),
        ("<javascript:alert(1)|open>", '<a href="#" target="_blank" rel="noopener noreferrer">open</a>'),
        ("<@U0NOBODY00>", '<span class="mention">@U0NOBODY00</span>'),
        ("<!channel>", '<span class="mention loud">@channel</span>'),
    ],
    ids=["styles", "inside words", "with spaces", "code", "entities", "link", "script", "user", "everybody"],
)
def test_a_line_is_marked_up_as_in_slack(text: str, shown: str) -> None:
    assert mrkdwn(text) == f'<div class="line">{shown}</div>'


def test_lines_of_a_quote_stand_beside_one_bar() -> None:
    assert mrkdwn("> one\n> two\nthree") == '<blockquote>one<br>two</blockquote><div class="line">three</div>'


def test_a_date_shows_its_words_where_the_form_is_unknown() -> None:
    assert "in a while" in mrkdwn("<!date^1770000000^{ago}|in a while>")


def test_plain_text_has_no_markup() -> None:
    assert plain("*a* <b>") == "*a* &lt;b&gt;"
