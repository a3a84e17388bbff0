"""Draw the pictures of the documentation: ``python -m tests.preview [NAME …]`` writes docs/slack-NAME.png, as a desktop
shows it, and docs/slack-NAME-phone.png.

``--html FOLDER`` writes the pages as well, to look at them in a browser of one's own.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.preview.browser import photograph
from tests.preview.pictures import PICTURES

DOCS = Path(__file__).parents[2] / "docs"
WIDTHS = {"": 820, "-phone": 360}
"""Pixels of a page, by what the name of its picture ends with."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.preview", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PICTURES)}; by default all")
    parser.add_argument("--into", type=Path, default=DOCS, help="folder of the pictures")
    parser.add_argument("--html", type=Path, help="folder for the pages")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in PICTURES]
    if unknown:
        parser.error(f"no picture is called {unknown[0]}; there are {', '.join(PICTURES)}")
    for name in arguments.names or PICTURES:
        page = PICTURES[name]()
        if arguments.html:
            arguments.html.mkdir(parents=True, exist_ok=True)
            (arguments.html / f"{name}.html").write_text(page, encoding="utf-8")
        for suffix, width in WIDTHS.items():
            picture = arguments.into / f"slack-{name}{suffix}.png"
            photograph(page, picture, width)
            print(f"{picture.name}: {picture.stat().st_size / 1000:.0f} kB")  # noqa: T201 - this is a command


if __name__ == "__main__":
    main()
