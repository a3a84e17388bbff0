"""dbt's artifacts in a folder of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.sources.dbt.artifacts import Artifacts, invalid, project_of
from checks.ports.dbt import DBT, DbtProject
from checks.source import Problem, SourceError

FILES = ("manifest.json", "run_results.json", "sources.json")


@dataclass(frozen=True, slots=True)
class FolderArtifacts:
    """The port ``DbtArtifacts``, of a folder."""

    folder: Path

    def project(self) -> DbtProject:
        """Read the files that are there. Raises SourceError."""
        return project_of(self.artifacts())

    def artifacts(self) -> Artifacts:
        """Return the texts of the files. Raises SourceError, also without a manifest."""
        manifest, run_results, sources = (self._text(file) for file in FILES)
        if manifest is None:
            raise no_manifest(str(self.folder))
        return Artifacts(manifest=manifest, run_results=run_results, sources=sources)

    def _text(self, file: str) -> bytes | None:
        try:
            return (self.folder / file).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise invalid(f"{self.folder / file} cannot be read: {why}", "Let this account read it.") from error


def no_manifest(place: str) -> SourceError:
    """Return the error for a place without the one file that nothing can be said without."""
    detail = f"there is no manifest.json in {place}"
    return SourceError(DBT, Problem.NOT_FOUND, detail, advice="Run 'dbt build', and name its folder 'target'.")
