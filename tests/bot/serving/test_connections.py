from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.serving.connections import ConnectionLimits, Held, Stage, crowded_out, is_overdue

LIMITS = ConnectionLimits(connections=4, per_peer=3, request_seconds=10, idle_seconds=65, unfinished_bytes=100)


def held(name: int, since: float = 0.0, stage: Stage = Stage.ASKING, peer: str = "a", unfinished: int = 0) -> Held:
    return Held(name=name, peer=peer, stage=stage, since=since, unfinished=unfinished)


@pytest.mark.parametrize(
    ("stage", "seconds", "overdue"),
    [
        pytest.param(Stage.SILENT, 10.0, False, id="silent, at the limit"),
        pytest.param(Stage.SILENT, 10.1, True, id="silent, just past it"),
        pytest.param(Stage.ASKING, 10.0, False, id="asking, at the limit"),
        pytest.param(Stage.ASKING, 10.1, True, id="asking, just past it"),
        pytest.param(Stage.READING, 10.0, False, id="reading, at the limit"),
        pytest.param(Stage.READING, 10.1, True, id="reading, just past it"),
        pytest.param(Stage.KEPT, 65.0, False, id="kept, at the limit"),
        pytest.param(Stage.KEPT, 65.1, True, id="kept, just past it"),
        pytest.param(Stage.ANSWERING, 1e6, False, id="answering, however long"),
    ],
)
def test_a_client_has_its_time_and_no_more(stage: Stage, seconds: float, overdue: bool) -> None:
    assert is_overdue(held(1, since=0.0, stage=stage), seconds, LIMITS) is overdue


@pytest.mark.parametrize(
    ("connections", "gone"),
    [
        pytest.param([held(1), held(2), held(3), held(4, peer="b")], [], id="at the limits"),
        pytest.param(
            [held(1, 4), held(2, 1), held(3, 3), held(4, 2)], [2], id="a peer with one too many loses its oldest"
        ),
        pytest.param(
            [held(1, 1, peer="b"), held(2, 2, peer="b"), held(3, 5), held(4, 4), held(5, 3)],
            [5],
            id="with too many in all whoever has most loses",
        ),
        pytest.param(
            [held(1, 1, Stage.KEPT), held(2, 2), held(3, 3), held(4, 4)],
            [2],
            id="those that are kept go after all others",
        ),
        pytest.param(
            [held(1, 1, Stage.ANSWERING), held(2, 2, Stage.ANSWERING), held(3, 3, Stage.ANSWERING), held(4, 4)],
            [4],
            id="what is whole is never sent away",
        ),
        pytest.param([held(each, 0, Stage.ANSWERING) for each in range(9)], [], id="even if it is too much"),
        pytest.param([held(1, 1, unfinished=60), held(2, 2, unfinished=40)], [], id="bytes at the limit"),
        pytest.param([held(1, 1, unfinished=60), held(2, 2, unfinished=41)], [1], id="bytes just past it"),
        pytest.param([held(1, 1), held(2, 2, unfinished=101)], [2], id="bytes of one alone"),
    ],
)
def test_who_is_crowded_out(connections: list[Held], gone: list[int]) -> None:
    assert crowded_out(connections, LIMITS) == gone


STATES = st.lists(
    st.builds(
        held,
        name=st.integers(0, 10**6),
        since=st.floats(0, 100),
        stage=st.sampled_from(Stage),
        peer=st.sampled_from("abc"),
        unfinished=st.integers(0, 80),
    ),
    unique_by=lambda each: each.name,
    max_size=15,
)


@given(STATES)
def test_what_stays_is_within_every_limit_but_for_what_is_being_answered(connections: list[Held]) -> None:
    connections = [
        Held(each.name, each.peer, each.stage, each.since, 0 if each.stage is Stage.ANSWERING else each.unfinished)
        for each in connections
    ]
    gone = set(crowded_out(connections, LIMITS))

    left = [each for each in connections if each.name not in gone]
    answering = [each for each in connections if each.stage is Stage.ANSWERING]
    assert [each for each in answering if each.name in gone] == []
    assert len(left) <= max(LIMITS.connections, len(answering))
    busy = Counter(each.peer for each in answering)
    assert all(n <= max(LIMITS.per_peer, busy[peer]) for peer, n in Counter(each.peer for each in left).items())
    assert sum(each.unfinished for each in left) <= LIMITS.unfinished_bytes
