"""The stages of a Dockerfile, worked in folders: the same commands, the same files, no engine."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fresh.context import Context
from tests.fresh.debian import PATH, FreshError, Root
from tests.fresh.dockerfile import Configuration, Instruction, Stage


@dataclass(frozen=True, slots=True)
class Image:
    root: Root
    configuration: Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Works stages, each in a folder of its own in ``work``, on a base that stands for the image that they name."""

    base: Root
    context: Context
    work: Path
    network: Mapping[str, str]
    """Variables of RUN that lead to the packages."""

    def build(self, stages: Sequence[Stage]) -> Image:
        """Return the last stage. Raises FreshError and DockerfileError."""
        built: dict[str, Image] = {}
        for stage in stages:
            under = built.get(stage.base) or Image(self.base, Configuration({"PATH": PATH, "LANG": "C.UTF-8"}))
            image = Image(under.root.copy(self.work / f"stage-{len(built)}"), under.configuration)
            for instruction in stage.instructions:
                image = self._after(image, instruction, built)
            built[stage.name] = image
        return image

    def _after(self, image: Image, instruction: Instruction, built: Mapping[str, Image]) -> Image:
        configuration = image.configuration.after(instruction)
        match instruction.name:
            case "RUN":
                environment = {"HOME": "/root", **self.network, **configuration.arguments, **configuration.environment}
                command = ["/bin/sh", "-c", instruction.argument]
                image.root.run(command, environment, folder=configuration.folder, user=configuration.user)
            case "COPY":
                self._copy(image, instruction, built)
            case "WORKDIR":
                image.root.path(configuration.folder).mkdir(parents=True, exist_ok=True)
        return Image(image.root, configuration)

    def _copy(self, image: Image, instruction: Instruction, built: Mapping[str, Image]) -> None:
        flags = [word for word in instruction.words() if word.startswith("--")]
        *sources, target = [word for word in instruction.words() if not word.startswith("--")]
        into = image.root.path(image.configuration.path(target))
        match flags:
            case []:
                for source in sources:
                    # A file goes into a folder under its name; of a folder goes what is in it.
                    named = target.endswith("/") and (self.context.folder / source).is_file()
                    if not self.context.copy(source, into / source if named else into):
                        raise FreshError(f"line {instruction.line}: {source} does not travel, or is not there")
            case [flag] if flag.startswith("--from="):
                for source in sources:
                    origin = built[flag.removeprefix("--from=")].root
                    shutil.copytree(origin.path(source), into, symlinks=True, dirs_exist_ok=True)
            case _:
                raise FreshError(f"line {instruction.line}: COPY {' '.join(flags)} is not understood here")
