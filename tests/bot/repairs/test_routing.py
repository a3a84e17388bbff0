"""Where traffic goes when it is sent to the latest revision."""

from hypothesis import given
from hypothesis import strategies as st

from bot.repairs.kinds.latest_traffic import in_words, same, shares, to_latest
from bot.repairs.ports import TrafficTarget

targets = st.lists(
    st.builds(
        TrafficTarget,
        revision=st.sampled_from(["", "worker-1", "worker-2"]),
        percent=st.integers(0, 100),
        tag=st.sampled_from(["", "blue", "green"]),
    ),
    max_size=5,
)


@given(targets)
def test_everything_goes_to_the_latest_and_every_tag_keeps_its_revision(before: list[TrafficTarget]) -> None:
    after = to_latest(before)

    assert [(each.revision, each.percent) for each in after if each.percent] == [("", 100)]
    tags = {(each.revision, each.tag) for each in before if each.tag}
    assert tags == {(each.revision, each.tag) for each in after if each.tag}


@given(targets)
def test_sending_it_there_twice_changes_nothing(before: list[TrafficTarget]) -> None:
    assert same(to_latest(to_latest(before)), to_latest(before))


def test_the_order_of_targets_means_nothing() -> None:
    first = [TrafficTarget(revision="a", percent=40), TrafficTarget(percent=60)]

    assert same(first, [*reversed(first), TrafficTarget(revision="b")])
    assert not same(first, [TrafficTarget(revision="a", percent=100)])


def test_a_revision_that_has_several_tags_is_shown_and_sent_back_with_its_whole_share() -> None:
    split = [TrafficTarget(revision="a", percent=30, tag="blue"), TrafficTarget(revision="a", percent=30)]

    assert in_words([*split, TrafficTarget(percent=40)], "b") == "a 60 %, b (latest) 40 %"
    assert shares([*split, TrafficTarget(percent=40)]) == {"a": 60, "": 40}


def test_no_target_at_all_means_the_latest() -> None:
    assert in_words((), "worker-2") == "worker-2 (latest) 100 %"
