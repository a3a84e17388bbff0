"""A value that differs from the one before where nobody sees it, and what may rightly differ so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.control_plane.spelling import slip
from checks.ports.services import SECRET

PATH = "gs://example-models/v9.cbm"


@pytest.mark.parametrize(
    ("now", "words"),
    [
        pytest.param(f"{PATH} ", "blanks or line breaks", id="a blank at its end"),
        pytest.param(f"\t{PATH}", "blanks or line breaks", id="a tab before it"),
        pytest.param(f"{PATH}\n", "blanks or line breaks", id="a line break"),
        pytest.param(f"\ufeff{PATH}", "blanks or line breaks", id="a mark of the byte order"),
        pytest.param(PATH.replace("v9", "v\u200b9"), "blanks or line breaks", id="a blank without width"),
        pytest.param(f'"{PATH}"', "quotes around it", id="quotes"),
        pytest.param(PATH.upper(), "upper and lower case", id="case"),
        pytest.param(f"{PATH}/", "a slash at the end", id="a slash"),
        pytest.param(PATH, "", id="the same"),
        pytest.param(f"{PATH}-new", "", id="another value"),
        pytest.param(f"{PATH} other", "", id="a blank within another value"),
        pytest.param(SECRET, "", id="moved to Secret Manager"),
    ],
)
def test_what_alone_differs_is_said(now: str, words: str) -> None:
    assert slip(PATH, now, required=True) == words


def test_http_for_https_is_a_slip_and_https_for_http_is_none() -> None:
    plain, secure = "http://example.com/start", "https://example.com/start"

    assert slip(secure, plain, required=False) == "http instead of https"
    assert slip(plain, secure, required=True) == ""


@pytest.mark.parametrize("now", ["INFO", "info/"])
def test_case_and_slashes_of_what_is_not_required_may_change(now: str) -> None:
    assert slip("info", now, required=False) == ""
    assert slip("info", now, required=True)


@given(
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1),
    st.sampled_from(["{} ", " {}", '"{}"', "{}\n"]),
)
def test_to_take_away_what_no_value_should_have_is_a_repair(value: str, form: str) -> None:
    wrong = form.format(value)

    assert slip(value, wrong, required=False)
    assert not slip(wrong, value, required=True)
