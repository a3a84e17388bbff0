"""The base of the image: ``pin`` writes its digest wherever it is named, ``check`` refuses a base without one.

Works with any Python 3, without a package.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

DOCKERFILE, BUILD = Path("Dockerfile"), Path("cloudbuild.yaml")
NAMED = {DOCKERFILE: r"(?m)^(ARG PYTHON_IMAGE=)(\S+)$", BUILD: r"(?m)^( +_PYTHON_IMAGE: )(\S+)$"}
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
PINNED = re.compile(rf"\S+@{DIGEST.pattern}")

ASKING = (
    ("docker", "buildx", "imagetools", "inspect", "--format", "{{json .Manifest.Digest}}"),
    ("crane", "digest"),
)
"""What asks a registry for the digest of a tag; the first that is installed does it."""


def main(arguments: Sequence[str]) -> str:
    """Return what is wrong, nothing when all is well."""
    if arguments == ["pin"]:
        return pin()
    if arguments == ["check"]:
        return "\n".join(unpinned())
    return "It takes one word: pin or check."


def unpinned() -> Iterator[str]:
    """Yield one sentence for each base without a digest, and for a build that names another one than the Dockerfile."""
    for line, base in bases(DOCKERFILE.read_text(encoding="utf-8")):
        if not PINNED.fullmatch(base):
            yield f"{DOCKERFILE}:{line}: the base {base} has no digest: run 'make pin' and commit what it writes."
    named = {path: named_in(path) for path in NAMED}
    if named[BUILD] != named[DOCKERFILE]:
        yield f"{BUILD} names the base {named[BUILD]}, and {DOCKERFILE} {named[DOCKERFILE]}: run 'make pin'."


def bases(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the image of each stage that is built on no stage of the same file."""
    known: dict[str, str] = {}
    stages = {"scratch"}
    for number, line in enumerate(text.splitlines(), 1):
        word, *rest = line.split() or [""]
        if word.upper() == "ARG" and len(stages) == 1:
            name, _, value = rest[0].partition("=")
            known[name] = value
        if word.upper() == "FROM":
            base, *name = [each for each in rest if not each.startswith("--")]
            base = re.sub(r"\$\{?(\w+)\}?", lambda found: known.get(found[1], ""), base)
            if base not in stages:
                yield number, base
            stages.add(name[-1] if name else f"stage {number}")


def named_in(path: Path) -> str:
    found = re.search(NAMED[path], path.read_text(encoding="utf-8"))
    return found[2] if found else "nowhere"


def pin() -> str:
    """Ask for the digest of the tag that the Dockerfile names, and write it into both files. Return what is wrong."""
    tag = named_in(DOCKERFILE).partition("@")[0]
    asking = next((each for each in ASKING if shutil.which(each[0])), None)
    if asking is None:
        return "Neither docker nor crane is installed: one of them asks the registry for the digest."
    asked = subprocess.run([*asking, tag], capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    digest = asked.stdout.strip().strip('"')
    if asked.returncode or not DIGEST.fullmatch(digest):
        why = next(iter((asked.stderr or asked.stdout).splitlines()), "it gave no reason")
        return f"'{asking[0]}' found no digest of {tag}: {why}"
    for path, pattern in NAMED.items():
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(pattern, rf"\g<1>{tag}@{digest}", text), encoding="utf-8")
    sys.stdout.write(f"{tag}@{digest}\n")
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
