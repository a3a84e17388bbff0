"""Which tests a change is put to, and in which order."""

from __future__ import annotations

from tests.mutants.area import area, imported, rounds

TESTS = {
    "tests/__init__.py": "",
    "tests/rig.py": "from bot.store.sqlite import Store",
    "tests/bot/test_cli.py": "from tests.rig import made\n",
    "tests/bot/store/test_sqlite.py": "from tests.bot.store.places import place",
    "tests/bot/store/test_queue.py": "from bot.store import queue",
    "tests/bot/store/places.py": "from bot.store.sqlite import Store",
    "tests/handlers/test_home.py": "from bot.store.sqlite import (\n    Store,\n    Other,\n)",
    "tests/test_readme.py": "import re",
}


def test_its_own_tests_come_first_then_its_area_then_whoever_reaches_its_package() -> None:
    assert rounds("bot/store/sqlite.py", TESTS) == (
        ("tests/bot/store/test_sqlite.py", "tests/handlers/test_home.py"),
        ("tests/bot/store/test_queue.py",),
        ("tests/bot/test_cli.py",),
    )


def test_a_module_that_is_imported_from_its_package_is_known_by_its_importers() -> None:
    assert rounds("bot/store/queue.py", TESTS)[0] == ("tests/bot/store/test_queue.py",)


def test_a_folder_without_tests_falls_back_to_the_one_above() -> None:
    assert area("bot/commands/audit.py", TESTS) == "tests/bot"
    assert area("checks/data/sql.py", TESTS) == "tests"


def test_a_package_is_not_taken_for_another_whose_name_begins_alike() -> None:
    tests = {
        "tests/bot/test_a.py": "from bot.storehouse import shelf",
        "tests/bot/store/test_b.py": "from bot.store import b",
    }

    assert "tests/bot/test_a.py" not in {path for each in rounds("bot/store/b.py", tests) for path in each}


def test_imports_are_read_over_lines_and_with_other_names() -> None:
    assert imported("import a.b\nfrom c import (\n    d as e,\n    f,\n)\n    from g import h\n") == {
        "a.b",
        "c",
        "c.d",
        "c.f",
        "g",
        "g.h",
    }
