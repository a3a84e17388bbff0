"""Small wheels made by hand, and the lines of a lock that name them."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path


def wheel(index: Path, name: str, version: str, *, requires: Sequence[str] = (), extras: Sequence[str] = ()) -> str:
    """Put a package of one module, which says its version, into a folder; return its line of a lock.

    ``requires`` holds requirements as in a project's metadata, markers included.
    """
    information = f"{name}-{version}.dist-info"
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Provides-Extra: {extra}" for extra in extras),
        *(f"Requires-Dist: {requirement}" for requirement in requires),
    ]
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{information}/METADATA": "\n".join(metadata) + "\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{information}/RECORD"
    files[record] = "".join(f"{path},,\n" for path in (*files, record))
    index.mkdir(parents=True, exist_ok=True)
    archive = index / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(archive, "w") as written:
        for path, text in files.items():
            written.writestr(path, text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}"
