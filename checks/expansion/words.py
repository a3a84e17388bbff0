"""Expectations in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from checks.cells import exact
from checks.expansion.figure import words_of
from checks.expectations_spec import Expect, Unique, Volume
from checks.intervals import Offset


def expected_of(expect: Expect) -> Iterator[str]:
    """Yield what is expected, each as a sentence without its full stop."""
    if expect.shape is not None:
        named = f" {', '.join(expect.shape.columns)}" if expect.shape.columns else ""
        yield f"The columns{named} are there with their types{', and no others' if expect.shape.strict else ''}"
    if expect.freshness is not None:
        yield f"The newest row is at most {span_words(expect.freshness.at_most)} old"
    if expect.renewed is not None:
        yield f"The newest row was loaded no earlier than {_offset_words(expect.renewed.after)}"
    for volume in expect.volume:
        yield _expected_volume(expect, volume)
    yield from map(_expected_key, expect.unique)
    for column, nulls in expect.not_null.items():
        yield f"{_most(nulls.at_most)} rows lack {column}"
    for column, allowed in expect.values.items():
        form = f"like {allowed.matches}" if allowed.matches is not None else words_of(allowed.among, *allowed.bounds)
        yield f"{column} is {form}{_but_for(allowed.share)}"
    yield from (f"{column} differs from row to row" for column in expect.not_constant)
    for column, sides in expect.not_one_sided.items():
        yield f"{column} lies on both sides of {sides.around}"
    for column, mean in expect.mean.items():
        usual = ["what it was"] if mean.learned is not None else []
        usual += [words_of((), *mean.between)] if mean.between is not None else []
        yield f"The mean of {column} is {' and '.join(usual)}"
    for column, each in expect.references.items():
        some = f", and some of each {each.by}" if each.by is not None else ""
        yield f"Every {column} is in {each.to}{_but_for(each.at_most)}{some}"


def _offset_words(offset: Offset) -> str:
    """Return a time that counts from the interval as people say it: "16:00 the day before"."""
    if offset.after is not None:
        return f"{span_words(offset.after)} after its end"
    days = offset.days or offset.business_days
    if not days:
        return f"{offset.clock:%H:%M}"
    one = "business day" if offset.business_days else "day"
    far = f"the {one}" if abs(days) == 1 else f"{abs(days)} {one}s"
    return f"{offset.clock:%H:%M} {far} {'before' if days < 0 else 'after'}"


def _expected_key(unique: Unique) -> str:
    same = f"the same {and_words(unique.key)}"
    return f"{_most(unique.at_most)} rows have {same} as another" if unique.at_most else f"No two rows have {same}"


def _expected_volume(expect: Expect, volume: Volume) -> str:
    unit = f" for each of the {per_name(volume.per)}" if volume.per is not None else ""
    what = f"{expect.noun}{unit}{f' of each {and_words(volume.by)}' if volume.by else ''}"
    limits = [f"at least {exact(volume.at_least)} {what}"] if volume.at_least is not None else []
    limits += [f"at most {exact(volume.at_most)} {what}"] if volume.at_most is not None else []
    if volume.between is not None:
        limits.append(f"{exact(volume.between[0])} to {exact(volume.between[1])} times the usual {what}")
    if volume.learned is not None:
        limits.append(f"as many {what} as in the last comparable intervals")
    text = ", ".join(limits)
    return text[0].upper() + text[1:]


def per_name(per: object) -> str:
    """Return what rows are counted for, as people say it."""
    return per.replace("_", " ") if isinstance(per, str) else getattr(per, "name", "")


def and_words(names: Sequence[str]) -> str:
    """Return names as a list in words: ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _most(share: float) -> str:
    return f"At most {share * 100:g} % of the" if share else "No"


def _but_for(share: float) -> str:
    return f", but for at most {share * 100:g} % of the rows" if share else ""


def span_words(span: timedelta) -> str:
    """Write a span as people do."""
    hours = span / timedelta(hours=1)
    if hours and hours % 24 == 0:
        return f"{hours / 24:g} {'day' if hours == 24 else 'days'}"  # noqa: PLR2004 - hours of a day
    return f"{hours:g} h" if hours >= 1 else f"{hours * 60:g} min"
