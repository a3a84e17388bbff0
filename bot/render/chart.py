"""A chart as Slack draws it, and its numbers as columns for who draws none."""

from __future__ import annotations

from typing import Any

from bot.render import limits
from bot.render.alert_title import cut
from bot.render.post import Chart

Block = dict[str, Any]

CHART = "data_visualization"


def chart_block(chart: Chart) -> Block:
    """Return the newest points of the first lines as a chart."""
    labels = [_label(each) for each in chart.labels][-limits.CHART_POINTS :]
    series = [
        {
            "name": _label(name),
            "data": [
                {"label": label, "value": value} for label, value in zip(labels, values[-len(labels) :], strict=True)
            ],
        }
        for name, values in chart.lines[: limits.CHART_LINES]
    ]
    return {
        "type": CHART,
        "title": cut(chart.title, limits.CHART_TITLE) or "…",
        "chart": {"type": "line", "series": series, "axis_config": {"categories": labels}},
    }


def _label(words: str) -> str:
    return cut(words, limits.CHART_LABEL) or "…"


def columns(block: Block) -> str:
    """Return the numbers of a chart below the names of their lines, a row for each label."""
    labels, series = block["chart"]["axis_config"]["categories"], block["chart"]["series"]
    whole = [["", *labels], *([each["name"], *(f"{point['value']:,}" for point in each["data"])] for each in series)]
    widths = [max(map(len, column)) for column in whole]
    return "\n".join(
        "  ".join(each.rjust(width) for each, width in zip(row, widths, strict=True))
        for row in zip(*whole, strict=True)
    )
