from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.definition.pipeline_file import shipped_pipeline
from bot.staging.environment import prefix_of, staging_of
from bot.staging.prefix import LABEL, LONGEST, Prefix, StagingError, must_be_free, read_prefix
from tests.bot.staging.staging_world import staged_pipeline

ORIGINALS = ("nba_raw", "nba_analytics", "phase3_completion")
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,24}", fullmatch=True)


@pytest.mark.parametrize("text", ["test_", "dev2_", "my_trial_", "a_"])
def test_a_prefix_that_nobody_can_confuse_is_accepted(text: str) -> None:
    assert read_prefix(text, ORIGINALS).text == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param("test", "does not end with an underscore; did you mean 'test_'", id="no underscore"),
        pytest.param("_", "expected small letters", id="an underscore alone"),
        pytest.param("Test_", "expected small letters", id="a capital"),
        pytest.param("1st_", "beginning with a letter", id="a digit first"),
        pytest.param("test__", "single underscores", id="two underscores, whose label would be another's"),
        pytest.param("te-st_", "expected small letters", id="a dash"),
        pytest.param("test_`; DROP_", "expected small letters", id="a statement"),
        pytest.param("t" * LONGEST + "_", f"at most {LONGEST}", id="one too long"),
        pytest.param("tést_", "expected small letters", id="not ASCII"),
        pytest.param("nba_", "of production begins", id="how originals begin"),
        pytest.param("phase3_", "of production begins", id="how a collection begins"),
        pytest.param("prod_", "reads as production", id="production by its word"),
        pytest.param("test_\n", "underscore", id="a line break"),
    ],
)
def test_a_prefix_that_could_match_production_is_refused_with_one_sentence(text: str, why: str) -> None:
    with pytest.raises(StagingError, match=why) as refused:
        read_prefix(text, ORIGINALS)

    assert "\n" not in str(refused.value)


def test_the_longest_prefix_is_accepted() -> None:
    text = "t" * (LONGEST - 1) + "_"

    assert read_prefix(text, ORIGINALS).text == text


@given(text=st.one_of(st.text(max_size=30), NAMES.map("{}_".format)), originals=st.lists(NAMES, max_size=6))
def test_an_accepted_prefix_never_meets_production(text: str, originals: list[str]) -> None:
    try:
        prefix = read_prefix(text, originals)
    except StagingError:
        return

    assert not {prefix.of(name) for name in originals} & set(originals)
    assert not any(prefix.owns(name, {LABEL: prefix.label}) for name in originals)


@given(one=NAMES, other=NAMES)
def test_two_prefixes_never_share_a_label(one: str, other: str) -> None:
    try:
        prefixes = read_prefix(f"{one}_", ()), read_prefix(f"{other}_", ())
    except StagingError:
        return

    assert (prefixes[0].label == prefixes[1].label) == (prefixes[0] == prefixes[1])


@pytest.mark.parametrize(
    "labels", [{}, {LABEL: "other"}, {"team": "test"}], ids=["none", "another prefix", "another label"]
)
def test_a_dataset_under_the_prefix_without_our_label_belongs_to_somebody_else(labels: dict[str, str]) -> None:
    with pytest.raises(StagingError, match="'test_scratch'"):
        must_be_free(Prefix("test_"), {"nba_raw": {}, "test_scratch": labels, "test_nba_raw": {LABEL: "test"}})


def test_datasets_of_ours_and_of_others_elsewhere_are_fine() -> None:
    must_be_free(Prefix("test_"), {"nba_raw": {}, "scratch_test_": {}, "test_nba_raw": {LABEL: "test"}})


def test_the_shipped_prefix_is_accepted_for_its_own_pipeline() -> None:
    assert prefix_of(shipped_pipeline(), None) == Prefix("test_")


def test_the_collections_of_transitions_are_production_too() -> None:
    with pytest.raises(StagingError, match="of production begins"):
        prefix_of(shipped_pipeline(), "phase3_")


def test_a_pipeline_without_the_section_says_so() -> None:
    with pytest.raises(StagingError, match="no section 'staging'"):
        staging_of(staged_pipeline(None))
