"""What is usual, by the history of a figure: median and median absolute deviation, which a bad day does not move.

The factor 1.4826 makes the median absolute deviation of normally distributed figures their standard deviation
(https://en.wikipedia.org/wiki/Median_absolute_deviation); beyond 3.5 of these a figure is taken for an outlier
(Iglewicz and Hoaglin, 1993). Of short histories the deviation is often far too small, hence floors and wider limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from statistics import median

SCALE = 1.4826

MOST_USED = 56
"""Intervals; older ones say little of today."""

FEWEST_USED = 10
"""Intervals; of fewer, 3 of 100 healthy figures and more would be outliers."""

FEW = 14
"""Intervals; below, limits are wider: with 3.5 the false alarms of 10 are twice those of 14."""

WIDER = 5 / 3.5

ALIKE = 2
"""Times as much, or as little, there may be to do in an interval that another is compared with: how much comes of it
grows with its size, but neither evenly nor from nothing, and a day with one game says little of one with ten."""


class Usual(StrEnum):
    """How a figure compares with its history."""

    WITHIN = "within"
    BELOW = "below"
    ABOVE = "above"
    NONE = "none"
    """Nothing at all, where less than the lowest limit is unusual."""
    UNKNOWN = "unknown"
    """The history is too short to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualRange:
    """What is usual: from ``low`` to ``high``, around the median of ``used`` intervals."""

    median: float
    low: float
    high: float
    used: int

    def compare(self, measured: float, *, below: bool = True, above: bool = False) -> Usual:
        """Return how a figure compares, on the sides that count."""
        if below and measured < self.low:
            return Usual.NONE if measured == 0 else Usual.BELOW
        return Usual.ABOVE if above and measured > self.high else Usual.WITHIN


def limits_of(history: Sequence[float], *, z: float, floor: float, margin: float) -> UsualRange | None:
    """Return what is usual by a history, the newest first; None where it is too short.

    ``floor`` is the part of the median, ``margin`` the amount, that a figure may always be away from it.
    """
    used = history[:MOST_USED]
    if len(used) < FEWEST_USED:
        return None
    middle = median(used)
    deviation = median(abs(each - middle) for each in used)
    spread = z * (WIDER if len(used) < FEW else 1) * SCALE * deviation
    reach = max(spread, floor * abs(middle), margin)
    return UsualRange(median=middle, low=middle - reach, high=middle + reach, used=len(used))


def is_alike(units: float, due: float) -> bool:
    """Whether there was about as much to do, so that two intervals can be compared."""
    return due / ALIKE <= units <= due * ALIKE


def at_size(history: Sequence[tuple[float, float]], due: float) -> list[float]:
    """Return what each past count, with the units that it was of, says of an interval that has ``due`` units.

    Each is moved along the slope that they share: the median of the slopes between any two (Theil and Sen), which
    outliers do not turn. Less to do never means more.
    """
    slopes = [(b - a) / (v - u) for (a, u), (b, v) in combinations(history[:MOST_USED], 2) if u != v]
    slope = max(0.0, median(slopes)) if slopes else 0.0
    return [max(0.0, count + slope * (due - units)) for count, units in history[:MOST_USED]]
