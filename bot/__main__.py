"""``python -m bot`` is the command ``reveille``."""

from __future__ import annotations

from bot.cli import main

main()
