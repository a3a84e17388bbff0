"""What several lines share is said once, and nothing of what differs is lost."""

from __future__ import annotations

from bot.alike import alike, commands_together, grouped, in_short, together
from bot.render.message import Line, Mark, Message
from bot.render.said_once import said_once
from checks.model import Verdict

REASON = "Grant it the role that reads the subscriptions of the project."


def test_lines_that_differ_in_a_name_are_one_line_with_all_names() -> None:
    assert together(["A can call b.", "A can call c.", "A can call d."]) == ["A can call b, c and d."]


def test_a_name_that_a_line_has_twice_is_one_name() -> None:
    assert together(["Grant on b. C cannot call b: no.", "Grant on d. C cannot call d: no."]) == [
        "Grant on b and d. C cannot call b and d: no."
    ]


def test_lines_that_differ_in_numbers_stay_apart() -> None:
    assert together(["5 of 5 are in.", "2 of 2 are in."]) == ["5 of 5 are in.", "2 of 2 are in."]


def test_lines_that_differ_in_more_stay_apart() -> None:
    assert alike(["send b to b-1", "send c to c-2"]) is None
    assert together(["send b to b-1", "send c to c-2"]) == ["send b to b-1", "send c to c-2"]


def test_lines_that_differ_in_what_is_no_name_stay_apart() -> None:
    for lines in (
        ["1 state; usually 1 (median of 23)", "1 state; usually 1 (median of 24)"],
        ["It took 5 min.", "It took 5 h."],
        ["He said “yes”.", "He said “no”."],
    ):
        assert together(lines) == lines


def test_commands_that_differ_in_a_word_are_one_loop() -> None:
    assert commands_together(["gcloud run b --x=1", "gcloud run c --x=1"]) == [
        'for each in b c; do\n  gcloud run "$each" --x=1\ndone'
    ]


def test_commands_with_quotes_are_left_as_they_are() -> None:
    commands = ["gcloud run 'b c'", "gcloud run 'b d'"]

    assert "\n".join(commands_together(commands)) == "\n".join(commands)


def test_a_report_says_a_reason_once_and_points_to_it_afterwards() -> None:
    lines = [Line(text=f"Pub/Sub denied. {REASON}", mark=Mark.UNKNOWN), Line(label="Topics", text=REASON)]
    message = Message(title="t", verdict=Verdict.UNKNOWN, sentence="s", parts=tuple(lines), again="reveille")

    first, second = said_once(message).parts

    assert first == lines[0]
    assert isinstance(second, Line)
    assert second.text == "as above."


def test_the_verb_behind_several_names_is_that_of_several() -> None:
    assert together(["A is up and cannot do its work.", "B is up and cannot do its work."]) == [
        "A and B are up and cannot do their work."
    ]
    assert together(["A refuses it.", "B refuses it."]) == ["A and B refuse it."]
    assert together(["What A writes is old.", "What B writes is old."]) == ["What A and B writes is old."]


def test_in_short_some_names_stand_for_many_and_the_others_are_counted() -> None:
    every = [f"Every request to s-{number} is refused." for number in range(200)]

    assert in_short(every, 2) == ["Every request to s-0, s-1 and 198 more is refused."]


def test_in_short_lines_that_differ_in_more_are_all_there() -> None:
    assert in_short(["Nothing starts.", "Data is old and late.", ""], 2) == ["Nothing starts.", "Data is old and late."]


def test_equal_lines_are_one_group_also_beside_one_that_differs_in_a_name() -> None:
    assert grouped(["A is back.", "A is back.", "B is back.", "C."], str) == [
        ["A is back.", "A is back.", "B is back."],
        ["C."],
    ]
