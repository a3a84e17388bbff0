from __future__ import annotations

from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.data.bounds import FEWEST_USED, MOST_USED, Usual, UsualRange, at_size, limits_of

FIGURES = st.floats(min_value=0, max_value=1e6)
HISTORIES = st.lists(FIGURES, min_size=FEWEST_USED, max_size=70)


def limits(history: list[float], *, z: float = 3.5, floor: float = 0.2, margin: float = 0) -> UsualRange:
    found = limits_of(history, z=z, floor=floor, margin=margin)
    assert found is not None
    return found


class TestLimits:
    @pytest.mark.parametrize(
        ("count", "is_enough"),
        [pytest.param(FEWEST_USED - 1, False, id="one too few"), pytest.param(FEWEST_USED, True, id="just enough")],
    )
    def test_a_short_history_tells_nothing(self, count: int, is_enough: bool) -> None:
        assert (limits_of([100.0] * count, z=3.5, floor=0.2, margin=0) is not None) is is_enough

    def test_a_steady_history_leaves_the_floor(self) -> None:
        assert limits([100.0] * 14) == UsualRange(median=100, low=80, high=120, used=14)

    def test_the_margin_counts_where_it_is_more_than_the_floor(self) -> None:
        assert limits([5.0] * 14, margin=2).low == 3

    def test_a_history_that_varies_widens_the_limits(self) -> None:
        varying = [100.0, 80.0] * 7  # median 90, median absolute deviation 10

        assert limits(varying).low == pytest.approx(90 - 3.5 * 1.4826 * 10)

    def test_a_history_of_few_intervals_widens_them_more(self) -> None:
        assert limits([100.0, 80.0] * 5).low == pytest.approx(90 - 5 * 1.4826 * 10)

    def test_only_the_newest_intervals_count(self) -> None:
        assert limits([100.0] * MOST_USED + [0.0] * 300).median == 100

    @pytest.mark.parametrize(
        ("measured", "usual"),
        [
            pytest.param(80, Usual.WITHIN, id="at the lower limit"),
            pytest.param(79.9, Usual.BELOW, id="just below it"),
            pytest.param(0, Usual.NONE, id="nothing"),
            pytest.param(120, Usual.WITHIN, id="at the upper limit"),
            pytest.param(120.1, Usual.ABOVE, id="just above it"),
        ],
    )
    def test_limits_are_usual_themselves(self, measured: float, usual: Usual) -> None:
        assert limits([100.0] * 14).compare(measured, above=True) is usual

    def test_more_is_no_harm_unless_it_is_said_to_be(self) -> None:
        assert limits([100.0] * 14).compare(1e9) is Usual.WITHIN

    @given(history=HISTORIES)
    @settings(deadline=None)
    def test_the_median_is_always_usual(self, history: list[float]) -> None:
        found = limits(history)

        assert found.compare(found.median, above=True) is Usual.WITHIN
        assert found.low <= found.median <= found.high

    @given(history=HISTORIES, data=st.data())
    @settings(deadline=None)
    def test_the_order_of_those_that_are_used_makes_no_difference(
        self, history: list[float], data: st.DataObject
    ) -> None:
        used = history[:MOST_USED]

        assert limits(data.draw(st.permutations(used))) == limits(used)

    @given(history=st.lists(FIGURES, min_size=21, max_size=MOST_USED), disaster=FIGURES)
    @settings(deadline=None)
    def test_one_bad_interval_moves_no_limit_beyond_what_was_seen(self, history: list[float], disaster: float) -> None:
        found = limits([disaster, *history[1:]])

        assert min(history) <= found.median <= max(history)

    @given(history=HISTORIES, measured=FIGURES, less=FIGURES)
    @settings(deadline=None)
    def test_less_is_never_more_usual(self, history: list[float], measured: float, less: float) -> None:
        found = limits(history)
        order = [Usual.WITHIN, Usual.BELOW, Usual.NONE]
        low, high = sorted((measured, less))

        assert order.index(found.compare(low)) >= order.index(found.compare(high))

    @given(history=HISTORIES, floor=st.floats(0, 1), wider=st.floats(0, 1))
    @settings(deadline=None)
    def test_a_wider_floor_never_narrows_the_limits(self, history: list[float], floor: float, wider: float) -> None:
        narrow, wide = sorted((floor, wider))

        assert limits(history, floor=wide).low <= limits(history, floor=narrow).low

    @given(history=HISTORIES, factor=st.integers(min_value=1, max_value=64).map(lambda power: 2.0 ** (power % 8)))
    @settings(deadline=None)
    def test_limits_grow_with_what_they_are_of(self, history: list[float], factor: float) -> None:
        grown, here = limits([each * factor for each in history]), limits(history)

        assert grown.median == median(history[:MOST_USED]) * factor
        assert grown.low == pytest.approx(here.low * factor, abs=1e-3)


class TestSize:
    def test_days_of_one_size_are_taken_as_they_are(self) -> None:
        assert at_size([(100, 4), (90, 4)], 8) == [100, 90]

    def test_what_grows_evenly_is_what_as_much_would_have_been(self) -> None:
        assert at_size([(20, 2), (50, 5), (80, 8)], 4) == [40, 40, 40]

    def test_less_to_do_never_means_more(self) -> None:
        assert at_size([(80, 2), (20, 8)], 2) == [80, 20]

    @settings(deadline=None)
    @given(
        st.lists(st.tuples(FIGURES, st.floats(min_value=0.5, max_value=50)), max_size=20),
        st.floats(min_value=0.5, max_value=50),
    )
    def test_no_day_is_expected_to_have_less_than_nothing(self, history: list[tuple[float, float]], due: float) -> None:
        assert all(each >= 0 for each in at_size(history, due))
