"""The figures as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.bench.figures import Figure

Cells = Sequence[str]


def _columns(rows: Sequence[Cells], left: Sequence[int] = (0,)) -> Iterable[str]:
    """Align rows: the columns that ``left`` names to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.ljust(width) if number in left else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"  {'  '.join(cells)}".rstrip()


def _number(value: float, unit: str) -> str:
    decimals = {"s": 3, "x": 2}.get(unit, 0)
    return f"{value:.{decimals}f} {unit}".rstrip()


def _figure(figure: Figure) -> Cells:
    limit = "" if figure.limit is None else f"at most {_number(figure.limit, figure.unit)}"
    judged = {None: "", True: "ok", False: "OVER"}[figure.ok]
    return (figure.title, _number(figure.value, figure.unit), limit, judged)


def _sources(run: Mapping[str, Any]) -> Iterable[Cells]:
    yield ("Source", "looks", "requests", "different", "CPU a look", "seen by the server")
    for source, looked in run["sources"].items():
        requests = run["seen"]["requests"].get(source, {})
        yield (
            source,
            f"{looked['looks']:g}",
            str(sum(requests.values())),
            str(run["seen"]["items"].get(source, 0)),
            f"{looked['cpu'] / looked['looks'] * 1000:.1f} ms",
            ", ".join(f"{method} {count}" for method, count in requests.items()),
        )


def _checks(run: Mapping[str, Any]) -> Iterable[Cells]:
    yield ("Check", "its own CPU")
    for check, cpu in sorted(run["checks"].items(), key=lambda item: -item[1]):
        yield (check, f"{cpu * 1000:.1f} ms")


def lines(document: Mapping[str, Any], figures: Sequence[Figure]) -> Iterable[str]:
    """Yield the whole table, line by line; ``document`` is what goes into the JSON."""
    machine, recorded = document["machine"], document["recorded"]
    last = document["validation"]["warm"][-1]
    yield (
        f"{document['date']}, {machine['cores']} cores, {machine['memory_gb']:.0f} GB, Python {machine['python']}, "
        f"{machine['system']}. Every answer comes after {document['delay'] * 1000:g} ms."
    )
    yield ""
    yield from _columns([_figure(figure) for figure in figures])
    yield ""
    yield from _columns(list(_sources(last)), left=(0, 5))
    yield ""
    yield from _columns(list(_checks(last)))
    for name in last["seen"]["repeated"]:
        yield f"  Asked more than once: {name}"
    yield ""
    yield f"  Verdict: {last['verdict']}. Recorded from the scenario {recorded['scenario']}: {recorded['verdict']}."
