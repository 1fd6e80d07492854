"""Chart: a Plotly figure with its title and words, and the looks that all charts share.

Colours of paper, ink and grid are left to the page, which follows the reader's dark or light scheme; the palette here
is readable on both (each colour at least 2.8 : 1 against white and against the dark page).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from planner.report.extras import need

PALETTE = (
    "#4c86c9", "#d0792a", "#3f9a67", "#c9585a", "#9073c4", "#2d9c9c", "#b5658f", "#8f8a2e", "#a3735a", "#5f8f9e",
)  # fmt: skip
GREY = "#8d939c"
PART_COLOURS = {
    "memory": PALETTE[0],
    "compute": PALETTE[3],
    "network": PALETTE[1],
    "kernel": PALETTE[4],
    "prefill": PALETTE[2],
    "draft": PALETTE[6],
    "serving": PALETTE[5],
    "idle": GREY,
}
LABEL_LENGTH = 18
"""Characters of a line of an axis label; longer ones end in an ellipsis, hovering shows all."""


TITLE_LENGTH = 34
"""Characters of a line of an axis title."""


@dataclass(frozen=True)
class Chart:
    """A figure, ready to be embedded; `summary` says in words what it shows."""

    key: str
    title: str
    summary: str
    figure: dict[str, Any]
    height: int


def plain(value: object) -> str:
    """Text that Plotly shows as it stands: its labels read a subset of HTML."""
    return html.escape(str(value), quote=False)


def label(*lines: str) -> str:
    """An axis label of a few lines, each cut to its length."""
    cut = [line if len(line) <= LABEL_LENGTH else line[: LABEL_LENGTH - 1] + "…" for line in lines if line]
    return "<br>".join(plain(line) for line in cut)


def wrapped(text: str) -> str:
    """An axis title over as many lines as a narrow page needs, broken after dots and spaces."""
    lines = [""]
    for part in re.findall(r"[^. ]*[. ]?", text):
        if len(lines[-1]) + len(part) > TITLE_LENGTH and lines[-1]:
            lines.append("")
        lines[-1] += part
    return "<br>".join(plain(line.strip()) for line in lines)


def colour(position: int) -> str:
    """The colour at a position, starting over when they run out."""
    return PALETTE[position % len(PALETTE)]


def bars_height(bars: int) -> int:
    """Pixels for horizontal bars under a legend."""
    return 120 + 44 * max(bars, 1)


def chart(
    key: str, title: str, summary: str, traces: Sequence[Any], layout: dict[str, Any], height: int = 380
) -> Chart:
    """Build a chart from traces and the layout that is its own."""
    graph = need("plotly.graph_objects")
    figure = graph.Figure(list(traces))
    figure.update_layout(
        template="none",
        height=height,
        autosize=True,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        hoverlabel={"align": "left"},
        colorway=list(PALETTE),
    )
    figure.update_xaxes(automargin=True, zeroline=False)
    figure.update_yaxes(automargin=True, zeroline=False)
    figure.update_layout(layout)
    return Chart(key, title, summary, json.loads(figure.to_json()), height)
