"""``make compare`` reads what Reveille says; what the others say is not of this repository."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.bot.in_process import run
from tests.compare.__main__ import shop, tools


def test_all_planted_faults_are_found_in_the_words_that_the_comparison_looks_for(tmp_path: Path) -> None:
    (tool, *_) = tools(Path(), Path())
    shutil.copy(tool.folder / "shop.yaml", tmp_path)
    shop(tmp_path / "shop.duckdb")

    said = " ".join(run(tuple(tool.command[1:]), tmp_path, {}).stdout.split())

    assert [tell for tell in tool.tells if re.search(tell, said) is None] == []
