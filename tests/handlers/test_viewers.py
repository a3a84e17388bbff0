from __future__ import annotations

import threading
from datetime import timedelta

from handlers.viewers import AT_MOST, LOOKED_WITHIN, Viewers
from tests.handlers.rig import NOW

PATIENCE = 10.0


def test_those_who_looked_lately_are_known_by_their_workspace() -> None:
    viewers = Viewers()
    viewers.looked("U0ANN", "T0ONE", NOW)
    viewers.looked("U0BOB", "T0TWO", NOW + timedelta(minutes=1))

    assert viewers.current(NOW + LOOKED_WITHIN) == {"U0ANN": "T0ONE", "U0BOB": "T0TWO"}
    assert viewers.current(NOW + LOOKED_WITHIN + timedelta(seconds=30)) == {"U0BOB": "T0TWO"}


def test_of_too_many_those_who_looked_longest_ago_are_forgotten() -> None:
    viewers = Viewers()
    viewers.looked("U0FIRST", "T", NOW)
    for number in range(AT_MOST - 1):
        viewers.looked(f"U0{number}", "T", NOW)
    viewers.looked("U0FIRST", "T", NOW)
    viewers.looked("U0ONEMORE", "T", NOW)

    known = viewers.current(NOW)

    assert (len(known), "U0FIRST" in known, "U00" in known) == (AT_MOST, True, False)


def test_several_changes_are_drawn_once_and_one_that_fails_ends_nothing() -> None:
    viewers, stopping, drawn, more = Viewers(settle_seconds=0.01), threading.Event(), [0], threading.Event()

    def draw() -> None:
        drawn[0] += 1
        more.set()
        raise ValueError("a reason")

    viewers.changed()
    viewers.changed()
    thread = threading.Thread(target=viewers.run, args=(draw, stopping))
    thread.start()
    first = more.wait(PATIENCE), drawn[0]
    more.clear()
    viewers.changed()
    second = more.wait(PATIENCE), drawn[0]
    stopping.set()
    thread.join(PATIENCE)

    assert (first, second, thread.is_alive()) == ((True, 1), (True, 2), False)
