"""How much text a finding may carry, and how amounts of text are said.

A cell of a table can hold a megabyte, an error of an API as much; a finding is read by people, kept in a store and
rendered a dozen times. So a text is cut where it enters a report, and says how much of it is missing.
"""

from __future__ import annotations

from collections.abc import Callable

SENTENCE = 4_000
"""Characters of a summary, an impact, an advice: a page of text."""

CELL = 64_000
"""Characters of one value of a row. A row of BigQuery may have 100 MB, and a query gives many."""

_KILO, _MEGA = 1_000, 1_000_000
_TEN_OF_A_UNIT = 9.95


def size_words(size: int) -> str:
    """Return an amount as people say it: ``812 B``, ``12 kB``, ``1.0 MB``."""
    if size < _KILO:
        return f"{size} B"
    if size < _MEGA - _KILO / 2:
        return _rounded(size / _KILO, "kB")
    return _rounded(size / _MEGA, "MB")


def _rounded(amount: float, unit: str) -> str:
    return f"{amount:.1f} {unit}" if amount < _TEN_OF_A_UNIT else f"{amount:.0f} {unit}"


def cut_text(text: str, most: int, hint: str = "") -> str:
    """Return a text of at most ``most`` characters that ends with how much was cut, and with a hint where the rest is.

    A bound too small for the mark itself leaves an ellipsis.
    """
    if len(text) <= most:
        return text
    whole = len(text.encode(errors="surrogatepass"))
    # A smaller amount may have more digits: "9.5 kB" of "10 kB".
    room = most - len(_mark(whole, whole, hint)) - len(".9")
    kept = text[: max(0, room)]
    marked = kept + _mark(whole - len(kept.encode(errors="surrogatepass")), whole, hint)
    return marked if len(marked) <= most else f"{text[: max(0, most - 1)]}…"[:most]


def _mark(cut: int, whole: int, hint: str) -> str:
    return f"… (cut: {size_words(cut)} of {size_words(whole)}{f'; {hint}' if hint else ''})"


def largest_that(fits: Callable[[int], bool], most: int) -> int:
    """Return the largest number up to ``most`` that fits, 0 where none does; what fits, fits also when smaller."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low
