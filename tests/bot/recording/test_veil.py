from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.recording.veil import Veil
from checks.control_plane.spelling import laid_bare, slip
from checks.ports.services import SECRET


def test_a_name_is_hashed_alike_in_every_table_and_differently_in_every_recording() -> None:
    first, second = Veil(columns=frozenset({"player"})), Veil(columns=frozenset({"player"}))

    hashed = first.cell("player", "anna_lind")

    assert hashed == first.cell("Player", "anna_lind")
    assert hashed != second.cell("player", "anna_lind")
    assert "anna" not in hashed


def test_numbers_stay_numbers_and_nothing_stays_nothing() -> None:
    veil = Veil(columns=frozenset({"player"}))

    assert isinstance(veil.cell("player", 7), int)
    assert veil.cell("player", 7) != 7
    assert veil.cell("player", None) is None
    assert veil.cell("team", "LAC") == "LAC"


def test_every_reader_of_json_keeps_a_hashed_number() -> None:
    hashed = [Veil(columns=frozenset({"id"})).cell("id", number) for number in range(60)]

    assert all(float(number) == number and number < 2**53 for number in hashed)
    assert max(hashed) > 2**40, "so small a number is met by chance"


def test_personal_fields_are_hashed_inside_of_documents() -> None:
    veil = Veil(columns=frozenset({"player"}))

    assert "anna_lind" not in str(veil.value({"rows": [{"player": "anna_lind", "points": 3}]}))


@pytest.mark.parametrize("member", ["allUsers", "serviceAccount:caller@example.iam.gserviceaccount.com"])
def test_members_that_are_nobody_stay(member: str) -> None:
    assert Veil().member(member) == member


@pytest.mark.parametrize(
    "member", ["user:anna@example.com", "group:team@example.com", "deleted:user:anna@example.com?uid=1"]
)
def test_people_in_policies_are_hashed_and_keep_their_kind(member: str) -> None:
    shown = Veil().member(member)

    assert "@example.com" not in shown
    assert shown.startswith(member.rpartition(":")[0])


def test_people_are_told_where_somebody_wants_it() -> None:
    assert Veil(people=False).person("anna@example.com") == "anna@example.com"


def test_an_address_in_a_text_is_hashed() -> None:
    assert "anna" not in Veil().text("triggered by anna@example.com by hand")


def test_of_variables_only_what_is_empty_secret_an_address_or_harmless_is_told() -> None:
    veil = Veil(variables=frozenset({"MODE"}))
    told = {"A": "", "B": SECRET, "C": "https://worker-abc-wl.a.run.app", "MODE": "fast"}

    assert {name: veil.variable(name, value) for name, value in told.items()} == told
    assert veil.variable("D", "orchid") == veil.variable("E", "orchid")
    assert veil.variable("D", "orchid") != veil.variable("D", "thimble")
    assert "orchid" not in veil.variable("D", "orchid")


def test_a_report_names_what_was_hashed_by_its_hash() -> None:
    veil = Veil(columns=frozenset({"player"}))
    hashed = veil.cell("player", "anna")

    assert veil.line("rows missing anna") == f"rows missing {hashed}"
    assert veil.line("rows missing annabel") == "rows missing annabel"


written = st.sampled_from(
    ["worker", "Worker", "WORKER", "https://example.com/run", "x", "İ", "https://a-b.a.run.app/x"]
)
slips = st.sampled_from(
    ["{}", " {}", "{} ", "{}\n", "'{}'", '"{}"', "http://{}", "https://{}", "{}/", "{}\u200b", ' "{}/"\r\n']
)
values = st.builds(lambda value, slipped: slipped.format(value), written, slips)


@given(values, values, st.booleans())
def test_what_hardly_differs_does_so_in_the_copy_too(before: str, now: str, required: bool) -> None:
    veil = Veil()
    hidden = (veil.variable("TOPIC", before), veil.variable("TOPIC", now))

    assert (hidden[0] == hidden[1]) == (before == now)
    assert slip(*hidden, required=required) == slip(before, now, required=required)


@given(st.text(min_size=1))
def test_no_value_is_told(value: str) -> None:
    before, told, behind = laid_bare(value)

    hidden = Veil().variable("KEY", value)

    if len(told) > 3:
        assert told not in hidden
    assert hidden.startswith(before)
    assert hidden.endswith(behind)
    shape = set("\"'`/htpsHTPS:\u00a0\u200b\u200c\u200d\u2060\ufeff")
    assert {*before, *behind} - shape <= set(filter(str.isspace, value))
