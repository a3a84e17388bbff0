"""``reveille serve`` as an operator runs it, but for its clock, which begins at the recorded instant."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from datetime import datetime


def main() -> int:
    """Serve until SIGTERM; everything else comes from the environment."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--now", type=datetime.fromisoformat, required=True)
    options = parser.parse_args()
    from bot.composition.serve import prepare, run  # noqa: PLC0415 - its import is part of the start

    return run([replace(each, now=options.now) for each in prepare(None)])


if __name__ == "__main__":
    sys.exit(main())
