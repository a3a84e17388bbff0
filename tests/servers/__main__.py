"""Run a command against a scenario behind Google's protocols.

    python -m tests.servers --scenario invoker-lost
    python -m tests.servers --scenario invoker-lost -- reveille validate 2026-02-10 --check invoker

Starts the Firestore emulator, the BigQuery emulator and the gRPC servers, loads the scenario into them, runs the
command in an environment that names them, and ends everything that it started.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bot.composition.validation import source_of
from bot.definition.files import PipelineFileError
from bot.definition.pipeline_file import load_pipeline
from bot.scenarios.scenario import UnknownScenario, load_scenario
from bot.scenarios.world import build_world
from tests.servers.bigquery_emulator import bigquery_emulator
from tests.servers.emulator import EmulatorUnavailable
from tests.servers.firestore_emulator import firestore_emulator
from tests.servers.playback import NotPlayable, must_be_playable, played


def main(arguments: list[str]) -> int:
    """Return the exit code of the command, 3 when it could not be run."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    own, command = arguments[:at], arguments[at + 1 :]
    parser = argparse.ArgumentParser(
        prog="python -m tests.servers",
        description="Run a command against a scenario behind Google's protocols.",
        epilog="What follows -- is the command; by default the validation that the scenario states.",
    )
    parser.add_argument("--scenario", required=True, help="a shipped scenario by name, or a file")
    try:
        return _run(parser.parse_args(own).scenario, command)
    except (UnknownScenario, PipelineFileError, EmulatorUnavailable, NotPlayable) as error:
        sys.stderr.write(f"{error}\n")
        return 3


def _run(name: str, command: list[str]) -> int:
    scenario = load_scenario(name)
    source = source_of(None, scenario=scenario)
    pipeline = load_pipeline(source)
    world = build_world(pipeline, scenario)
    must_be_playable(world)
    validate = ["reveille", "validate", scenario.file.requested, "--now", world.now.isoformat()]
    program, *rest = command or validate
    # The console command stands beside the interpreter, whether or not its folder is on the path.
    found = shutil.which(program, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        sys.stderr.write(f"There is no command '{program}'.\n")
        return 3
    with (
        firestore_emulator() as firestore_address,
        bigquery_emulator() as bigquery_address,
        played(pipeline, world, firestore_address=firestore_address, bigquery_address=bigquery_address) as addresses,
    ):
        environment = {"REVEILLE_PIPELINE": str(source), **addresses}
        settings = " ".join(f"{variable}={value}" for variable, value in environment.items())
        sys.stderr.write(f"{settings} {program} {' '.join(rest)}\n")
        return subprocess.run([found, *rest], env={**os.environ, **environment}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
