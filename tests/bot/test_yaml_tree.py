from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from bot.yaml_tree import MOST_NESTED, FileProblem, YamlError, read_yaml


def problems(text: str) -> list[tuple[int, int]]:
    with pytest.raises(YamlError) as caught:
        read_yaml(text, "a.yaml")
    return [(problem.line, problem.column) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("11:30", "11:30", id="a clock time is text"),
        pytest.param("yes", "yes", id="yes is text"),
        pytest.param("off", "off", id="off is text"),
        pytest.param("true", True, id="boolean"),
        pytest.param("~", None, id="null"),
        pytest.param("-12", -12, id="whole number"),
        pytest.param("007", 7, id="leading zeros"),
        pytest.param("52.4", 52.4, id="number"),
        pytest.param("1e3", 1000.0, id="exponent"),
        pytest.param("'12'", "12", id="quoted number"),
        pytest.param("!!str 12", "12", id="number tagged as text"),
        pytest.param("2026-02-10", date(2026, 2, 10), id="date"),
        pytest.param("'2026-02-10'", "2026-02-10", id="quoted date"),
        pytest.param("2026-02-10T13:00:00Z", datetime(2026, 2, 10, 13, tzinfo=UTC), id="time"),
        pytest.param("2026-02-10 13:00:00 +00:00", datetime(2026, 2, 10, 13, tzinfo=UTC), id="time with spaces"),
        pytest.param("+1d 06:30", "+1d 06:30", id="moment"),
        pytest.param("1.2.3", "1.2.3", id="version"),
    ],
)
def test_plain_values_mean_what_editors_say(text: str, value: Any) -> None:
    found = read_yaml(f"key: {text}", "a.yaml").value["key"]

    assert (found, type(found)) == (value, type(value))


def test_keys_are_always_text() -> None:
    assert read_yaml("1: a\ntrue: b\n2026-02-10: c", "a.yaml").value == {"1": "a", "true": "b", "2026-02-10": "c"}


def test_every_key_and_item_knows_its_line() -> None:
    root = read_yaml("a: 1\nb:\n  - x\n  -\n    c: 2\n", "a.yaml")

    assert [root.find(path)[1] for path in ((), ("a",), ("b",), ("b", 0), ("b", 1, "c"))] == [1, 1, 2, 3, 5]


def test_a_path_that_ends_early_is_followed_as_far_as_it_goes() -> None:
    found, line, node = read_yaml("a:\n  b: 1", "a.yaml").find(("a", "c", 0))

    assert (found, line, node.value) == (("a",), 1, {"b": 1})


class TestAliases:
    def test_an_alias_stands_for_its_anchor(self) -> None:
        assert read_yaml("a: &x [1]\nb: *x", "a.yaml").value == {"a": [1], "b": [1]}

    def test_merged_keys_give_way_to_those_that_stand_there(self) -> None:
        root = read_yaml("a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3", "a.yaml")

        assert root.value["b"] == {"q": 3, "p": 1}
        assert root.find(("b", "p"))[1] == 1

    @pytest.mark.parametrize("text", ["a: *x", "a: &x [*x]", "a: *x\nb: &x 1"], ids=["unknown", "itself", "later"])
    def test_an_alias_without_an_anchor_before_it_is_an_error(self, text: str) -> None:
        assert problems(text)[0][0] == 1

    @pytest.mark.parametrize("text", ["<<: 1", "<<: [1]"])
    def test_only_mappings_can_be_merged(self, text: str) -> None:
        assert problems(text) == [(1, 1)]

    def test_aliases_cannot_make_millions_of_values(self) -> None:
        text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        text += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))

        assert len(problems(text)) == 1


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("text", "place"),
        [
            pytest.param("a:\n\tb: 1", (2, 1), id="a tab"),
            pytest.param("a: b: c", (1, 5), id="two colons"),
            pytest.param("a:\n  b: 1\n c: 2", (3, 2), id="bad indentation"),
            pytest.param("a: [1, 2", (2, 1), id="open list"),
            pytest.param("a: 'x", (1, 6), id="open quote"),
            pytest.param("a: @x", (1, 4), id="reserved character"),
            pytest.param("a: 1\n---\nb: 2", (2, 1), id="two documents"),
            pytest.param("a: !!python/object:os.system x", (1, 4), id="a tag"),
            pytest.param("? [a]\n: b", (1, 3), id="a list as a key"),
            pytest.param("a: 2026-02-30", (1, 4), id="no such date"),
            pytest.param("", (0, 0), id="nothing"),
            pytest.param("# only a comment", (0, 0), id="only a comment"),
            pytest.param("a: \x01", (1, 0), id="a control character"),
            pytest.param("a: \ud800", (0, 0), id="half a character"),
        ],
    )
    def test_it_is_named_with_its_place(self, text: str, place: tuple[int, int]) -> None:
        assert problems(text) == [place]

    def test_a_key_that_stands_twice_names_both_lines(self) -> None:
        with pytest.raises(YamlError) as caught:
            read_yaml("a: 1\nb: 2\na: 3", "a.yaml")

        (problem,) = caught.value.problems
        assert (problem.line, "line 1" in problem.text) == (3, True)

    def test_several_problems_are_told_at_once(self) -> None:
        assert problems("a: 1\na: 2\nb: *x\nb: 3") == [(2, 1), (3, 4), (4, 1)]

    @pytest.mark.parametrize("depth", [MOST_NESTED + 2, 200_000], ids=["just too deep", "far too deep"])
    def test_nesting_is_bounded(self, depth: int) -> None:
        assert len(problems("[" * depth + "]" * depth)) == 1

    def test_a_tab_is_called_a_tab(self) -> None:
        with pytest.raises(YamlError, match="tab"):
            read_yaml("a:\n\tb: 1", "a.yaml")


def test_a_problem_reads_as_editors_expect() -> None:
    assert str(FileProblem(file="a.yaml", line=3, column=7, text="is wrong")) == "a.yaml:3:7: is wrong"
    assert str(FileProblem(file="a.yaml", line=3, key="b.c", text="is wrong")) == "a.yaml:3: b.c: is wrong"
    assert str(FileProblem(file="a.yaml", text="is wrong")) == "a.yaml: is wrong"


@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*<'\"|>#!%@`,? \t\n01.~"), max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_yaml(text, "a.yaml")
    except YamlError as error:
        assert error.problems  # noqa: PT017 - either end is fine, a third is not


PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(st.characters(categories=["L", "N", "P", "Zs"]))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("abcxyz", min_size=1), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(PLAIN)
@example("08")
def test_what_yaml_writes_is_read_back(value: Any) -> None:
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def quoted(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
        # It writes YAML 1.1, where 08 is a text; in YAML 1.2, which is read, it is a number.
        style = '"' if text[:1] in "+-.0123456789" else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Plain.add_representer(str, quoted)

    assert read_yaml(yaml.dump({"it": value}, Dumper=Plain, allow_unicode=True), "a.yaml").value == {"it": value}
