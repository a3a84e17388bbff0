"""What an image is made of, as files of their own: its distributions (CycloneDX), and how it was made (in-toto, SLSA).

    python requirements/bill.py sbom
    python requirements/bill.py provenance WHEEL LOCK

The same inputs give the same bytes: times are those of SOURCE_DATE_EPOCH, and nothing else of the moment is written.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import sys
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

PRODUCT = "reveille"


def sbom(environment: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the bill of what is installed beside this interpreter, after CycloneDX 1.5."""
    found = {normal(each.metadata["Name"]): each for each in distributions()}
    components = [component(name, found[name]) for name in sorted(found) if name != PRODUCT]
    about: dict[str, Any] = {"component": component(PRODUCT, found[PRODUCT], kind="application")}
    if moment := made_at(environment):
        about = {"timestamp": moment, **about}
    python = {"type": "platform", "name": "python", "version": platform.python_version()}
    body = {"metadata": about, "components": [*components, python]}
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": f"urn:uuid:{serial}", "version": 1, **body}


def component(name: str, distribution: Distribution, kind: str = "library") -> Mapping[str, Any]:
    """Return a distribution as a component."""
    purl = f"pkg:pypi/{name}@{distribution.version}"
    described = {"type": kind, "bom-ref": purl, "name": name, "version": distribution.version, "purl": purl}
    if expression := distribution.metadata.get("License-Expression"):
        return {**described, "licenses": [{"expression": expression}]}
    classified = [each for each in distribution.metadata.get_all("Classifier") or () if each.startswith("License :: ")]
    names = [{"license": {"name": each.rpartition(" :: ")[2]}} for each in sorted(classified)]
    return {**described, "licenses": names} if names else described


def provenance(environment: Mapping[str, str], wheel: Path, lock: Path) -> Mapping[str, Any]:
    """Return how a wheel came into its image, after SLSA 1; what the builder does not say is left out."""
    commit, base = environment.get("COMMIT", ""), environment.get("PYTHON_IMAGE", "")
    materials: list[Mapping[str, Any]] = [{"name": lock.name, "digest": {"sha256": digest(lock)}}]
    if commit:
        materials.append({"name": PRODUCT, "digest": {"gitCommit": commit}})
    if base:
        pinned = {"digest": {"sha256": base.partition("@sha256:")[2]}} if "@sha256:" in base else {}
        materials.append({"name": base, **pinned})
    metadata = {"finishedOn": moment} if (moment := made_at(environment)) else {}
    definition = {
        "buildType": "https://docs.docker.com/reference/dockerfile/",
        "externalParameters": {"COMMIT": commit, "PYTHON_IMAGE": base},
        "resolvedDependencies": materials,
    }
    run = {"builder": {"id": environment.get("BUILDER", "unknown")}, "metadata": metadata}
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": wheel.name, "digest": {"sha256": digest(wheel)}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"buildDefinition": definition, "runDetails": run},
    }


def made_at(environment: Mapping[str, str]) -> str:
    """Return the time of the source as text; empty where it is not known."""
    seconds = environment.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z") if seconds.isdigit() else ""


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(arguments: Sequence[str]) -> int:
    match arguments:
        case ["sbom"]:
            document = sbom(os.environ)
        case ["provenance", wheel, lock]:
            document = provenance(os.environ, Path(wheel), Path(lock))
        case _:
            sys.stderr.write("bill.py takes 'sbom', or 'provenance WHEEL LOCK'.\n")
            return 3
    sys.stdout.write(f"{json.dumps(document, indent=1)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
