"""What expectations say of their table and of the rest of a file: each slip is one sentence with its line and key."""

from __future__ import annotations

import pytest

from bot.definition.files import PipelineFileError, parse
from bot.definition.pipeline_file import referenced
from checks.pipeline import Pipeline

FILE = """\
name: shop
title: Shop
timezone: UTC
project: example-shop
datasets: [shop]
conditions:
  open: {{title: open, otherwise: closed, query: SELECT 1 AS number}}
tables:
  shop.others:
    columns: {{order_id: INT64, name: STRING}}
  shop.orders:
    partition: day
    columns: {{order_id: STRING, day: DATE, at: TIMESTAMP, amount: NUMERIC, ratio: FLOAT64, tags: ARRAY<STRING>}}
    {rest}
"""


def problem(rest: str) -> str:
    with pytest.raises(PipelineFileError) as refused:
        referenced(parse(FILE.format(rest=rest), "shop.yaml", Pipeline))
    (only,) = refused.value.problems
    assert only.line == 14
    return f"{only.key.removeprefix('tables.shop.orders.')}: {only.text}"


@pytest.mark.parametrize(
    ("rest", "key", "words"),
    [
        ("expect: {volume: {by: amuont}}", "expect.volume.by", "did you mean 'amount'"),
        ("expect: {volume: {per: opne}}", "expect.volume.per", "did you mean 'open'?"),
        ("expect: {volume: {per: open}}", "expect.volume.per", "has no 'history'"),
        ("expect: {volume: {at_leest: 3}}", "expect.volume.at_leest", "did you mean 'at_least'"),
        ("expect: {volume: {history: 28}}", "expect.volume.history", "28d"),
        ("expect: {volume: {history: 28y}}", "expect.volume.history", "28d"),
        ("expect: {volume: {floor: 200 %}}", "expect.volume.floor", "'20 %'"),
        ("expect: {volume: {learned: P1}}", "expect.volume.learned", "P2"),
        ("expect: {volume: {learned: none}}", "expect.volume", "has no limit"),
        ("expect: {volume: {between: [2, 0.5]}}", "expect.volume", "the lower first"),
        ("expect: {volume: [{}, {}]}", "expect.volume[1]", "there twice"),
        ("loaded: day", "loaded", "expected TIMESTAMP"),
        ("date: amount", "date", "expected DATE or TIMESTAMP"),
        ("expect: {unique: [oder_id]}", "expect.unique[0].key[0]", "did you mean 'order_id'"),
        ("expect: {unique: [ratio]}", "expect.unique[0].key[0]", "cannot tell rows apart"),
        ("expect: {not_constant: [tags]}", "expect.not_constant.tags", "cannot tell rows apart"),
        ("expect: {volume: {by: tags}}", "expect.volume.by", "cannot tell rows apart"),
        ("expect: {not_null: [amont]}", "expect.not_null.amont", "did you mean 'amount'"),
        ("expect: {values: {order_id: {at_least: 3}}}", "expect.values.order_id", "is STRING"),
        ("expect: {values: {amount: [low]}}", "expect.values.amount", "expected STRING"),
        ("expect: {values: {amount: {at_least: 3, at_most: 1}}}", "expect.values.amount", "no number"),
        ("expect: {mean: [order_id]}", "expect.mean.order_id", "is STRING"),
        ("expect: {not_one_sided: {amount: rato}}", "expect.not_one_sided.amount", "did you mean 'ratio'"),
        (
            "expect: {references: {order_id: shop.other.name}}",
            "expect.references.order_id",
            "did you mean 'shop.others'",
        ),
        ("expect: {references: {order_id: shop.others.order_id}}", "expect.references.order_id", "expected STRING"),
        ("expect: {when: opened, volume: {}}", "expect.when", "did you mean 'open'?"),
        ("expect: {phase: load, volume: {}}", "expect.phase", "there is no phase"),
        ("expect: {action: 'Load {tabel}.', volume: {}}", "expect.action", "{table}"),
        ("expect: {check: invoker, volume: {}}", "expect.check", "built-in"),
        ("expect: [{volume: {}}, {unique: [order_id]}]", "expect[1].check", "give it another with 'check'"),
        ("expect: {quick: true}", "expect", "expects nothing"),
        ("expect: {volume: {}, where: 'amount > 3; DROP TABLE x'}", "expect", "a query only reads"),
    ],
)
def test_a_slip_is_one_sentence_at_its_key(rest: str, key: str, words: str) -> None:
    said = problem(rest)

    assert said.startswith(key)
    assert words in said


@pytest.mark.parametrize("key", ["volume: {}", "volume: {between: [0.5, 2]}", "mean: [name]"])
def test_what_compares_intervals_needs_a_date(key: str) -> None:
    text = FILE.format(rest="").replace("name: STRING}", f"name: STRING}}\n    expect: {{{key}}}")

    with pytest.raises(PipelineFileError) as refused:
        referenced(parse(text, "shop.yaml", Pipeline))

    assert any("add 'date' to shop.others" in each.text for each in refused.value.problems)


@pytest.mark.parametrize(
    ("columns", "key", "told"),
    [
        ("kind: STRING", "freshness: 24h", ["add 'loaded'"]),
        ("kind: STRING", "volume: {at_least: 3}", []),
        ("amount: NUMERIC", "mean: {amount: {between: [1, 2]}}", []),
        ("on: DATE, made: DATE", "volume: {at_least: 3}", ["add 'date' to shop.others: on or made"]),
    ],
)
def test_what_compares_no_intervals_needs_none(columns: str, key: str, told: list[str]) -> None:
    text = FILE.format(rest="").replace("name: STRING}", f"name: STRING, {columns}}}\n    expect: {{{key}}}")

    try:
        referenced(parse(text, "shop.yaml", Pipeline))
        said = []
    except PipelineFileError as refused:
        said = [each.text for each in refused.problems]

    assert len(said) == len(told)
    assert all(words in each for words, each in zip(told, said, strict=True))


def test_keys_and_values_are_expected_of_a_table_without_dates_as_well() -> None:
    expected = "{unique: [order_id], not_null: [name], references: {name: shop.orders.order_id}}"
    text = FILE.format(rest="").replace("name: STRING}", f"name: STRING}}\n    expect: {expected}")

    assert referenced(parse(text, "shop.yaml", Pipeline)).content.tables["shop.others"].expect
