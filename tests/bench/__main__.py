"""Measure a full validation: ``python -m tests.bench --python MEASURED_PYTHON [--json FILE]``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import causes, repair
from tests.bench.audit import FILES, audit_figures
from tests.bench.audit import measure as measure_audit
from tests.bench.estate import CASES
from tests.bench.figures import (
    Figure,
    control_plane_figures,
    delay_figures,
    differences,
    growth_figures,
    serving_figures,
    start_figures,
    synthetic_figures,
    validation_figures,
)
from tests.bench.growth import DELAY, TIMES
from tests.bench.processes import Conversation, ProcessEndedError, start_seconds
from tests.bench.slack_requests import AT_ONCE
from tests.bench.table import lines


def options_of(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse words, or else the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure a full validation.")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to measure; runtime packages only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the same as JSON")
    parser.add_argument("--check", action="store_true", help="exit 1 when a figure is over its limit")
    parser.add_argument("--delay", type=float, default=0.2, help="seconds until each answer (default: 0.2)")
    parser.add_argument("--runs", type=int, default=7, help="warm validations (default: 7)")
    parser.add_argument("--starts", type=int, default=11, help="starts of the command (default: 11)")
    parser.add_argument("--reads", type=int, default=1000, help="synthetic looks (default: 1000)")
    parser.add_argument("--audit-files", type=int, default=FILES, help=f"of the repository audited (default: {FILES})")
    parser.add_argument("--growth", type=int, nargs=2, default=TIMES[-2:], metavar="TIMES", help="sizes compared")
    parser.add_argument("--validations", type=int, default=500, help="of the serving process (default: 500)")
    parser.add_argument("--rounds", type=int, default=6, help="of commands at once to it (default: 6)")
    parser.add_argument("--hostile", type=int, default=3000, help="hostile requests to it (default: 3000)")
    parser.add_argument("--serving-delay", type=float, default=0.02, help="seconds until each answer to it")
    parser.add_argument("--skip-serving", action="store_true", help="do not measure reveille serve")
    parser.add_argument("--skip-one-by-one", action="store_true", help="do not measure one look after another")
    return parser.parse_args(words)


def _absolute(program: str) -> str:
    """Return a program so that it can be started in any folder."""
    return str(Path(shutil.which(program) or program).absolute())


def _machine() -> Mapping[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gb": memory / 2**30,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def validations(options: argparse.Namespace) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return what the validations took and what was recorded; servers and measured process end with this."""
    with Conversation((sys.executable, "-m", "tests.bench.serve", "--delay", str(options.delay)), {}) as servers:
        recorded = servers.listen()
        measured = (options.python, "-m", "tests.bench.measured", "--now", recorded["now"], "--date", recorded["date"])
        with Conversation(measured, recorded["environment"]) as process:

            def run(command: str) -> Mapping[str, Any]:
                answer = process.ask(command)
                different = differences(answer.pop("findings"), recorded["findings"])
                time.sleep(options.delay)  # a look that no check waited for may still be on its way
                return {**answer, "different": different, "seen": servers.ask("take")}

            cold = run("validate")
            warm = [run("validate") for _ in range(options.runs)]
            one_by_one = None if options.skip_one_by_one else run("one-by-one")
    return {"cold": cold, "warm": warm, "one_by_one": one_by_one}, recorded


def _synthetic(options: argparse.Namespace) -> list[Mapping[str, Any]]:
    """Return three rounds of the synthetic looks, each look in a check of its own."""
    bound = max(1, options.reads // 10)
    command = f"synthetic {options.reads} {options.reads} {bound} {options.delay / 2}"
    with Conversation((options.python, "-m", "tests.bench.measured"), {}) as process:
        return [process.ask(command) for _ in range(3)]


def _control_plane(options: argparse.Namespace) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Return the runs over a large estate by where its repository is read, the first one in a process left out."""
    measured: dict[str, Sequence[Mapping[str, Any]]] = {}
    with Conversation((sys.executable, "-m", "tests.bench.estate", "--delay", str(options.delay)), {}) as servers:
        environment = servers.listen()["environment"]
        for case, without in CASES.items():
            told = {name: value for name, value in environment.items() if name not in without}
            with Conversation((options.python, "-m", "tests.bench.measured"), told) as process:
                runs = [{**process.ask("control-plane"), "seen": servers.ask("take")} for _ in range(options.runs + 1)]
            measured[case] = runs[1:]
    return measured


def _growth(options: argparse.Namespace) -> list[Mapping[str, Any]]:
    """Return the runs of the pipeline at its own size and so many times over, each in processes of its own."""
    runs = []
    for times in sorted({1, *options.growth}):
        servers_command = (sys.executable, "-m", "tests.bench.growth", "--times", str(times), "--delay", str(DELAY))
        with Conversation(servers_command, {}) as servers:
            recorded = servers.listen()
            measured = (options.python, "-m", "tests.bench.measured", "--now", recorded["now"])
            command = (*measured, "--date", recorded["date"])
            with Conversation(command, recorded["environment"]) as process:
                runs.append(process.ask(f"growth {times}"))
    return runs


def _serving(options: argparse.Namespace) -> Mapping[str, Any]:
    """Return what the process that serves took; its sources answer faster, so that many runs take minutes."""
    from tests.bench.serving import Counts, measure  # noqa: PLC0415 - not everybody measures it

    servers_command = (sys.executable, "-m", "tests.bench.serve", "--delay", str(options.serving_delay))
    with Conversation(servers_command, {}) as servers:
        recorded = servers.listen()
        return measure(
            options.python,
            recorded,
            Counts(min(options.starts, 5), options.validations, options.rounds, options.hostile),
        )


def main() -> int:
    """Measure and print. Returns 1 when asked to judge and a limit is passed, 2 when it could not measure."""
    options = options_of()
    if sys.stderr.isatty():
        sys.stderr.write("Measuring takes some minutes, without the serving process half a minute ...\n")
    try:
        return _report(options)
    except (ProcessEndedError, subprocess.CalledProcessError, OSError) as error:
        sys.stderr.write(f"The measurement ended early: {error}\n")
        return 2


def _report(options: argparse.Namespace) -> int:
    validation, recorded = validations(options)
    synthetic = _synthetic(options)
    control_plane = _control_plane(options)
    growth = _growth(options)
    audit = measure_audit(_absolute(options.python), options.runs, options.audit_files)
    repaired = repair.measure(options.delay, min(options.runs, 5))
    serving: Mapping[str, Any] = {}
    delay: Mapping[str, float] = {}
    bare = start_seconds((options.python, "-c", "pass"), options.starts)
    help_text = start_seconds((options.python, "-m", "bot", "--help"), options.starts)
    figures: list[Figure] = [
        *validation_figures(validation, options.delay),
        *synthetic_figures(synthetic),
        *control_plane_figures(control_plane, options.delay),
        *growth_figures(growth),
        *start_figures(bare, help_text),
        *audit_figures(audit),
        *repair.figures(repaired),
        causes.figure(),
    ]
    if not options.skip_serving:
        from tests.bench.due_hour import measure  # noqa: PLC0415 - as above

        serving = _serving(options)
        delay = measure(max(run["wall"] for run in validation["warm"]))
        figures += [*serving_figures(serving, AT_ONCE), *delay_figures(delay)]
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": _machine(),
        "delay": options.delay,
        "figures": [figure.as_json() for figure in figures],
        "recorded": recorded,
        "validation": validation,
        "synthetic": synthetic,
        "control_plane": control_plane,
        "growth": growth,
        "audit": audit,
        "serving": None if options.skip_serving else {**serving, "delay": delay},
    }
    sys.stdout.writelines(f"{line}\n" for line in lines(document, figures))
    if options.json is not None:
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return int(options.check and any(figure.ok is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
