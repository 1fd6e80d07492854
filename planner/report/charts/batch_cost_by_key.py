"""Chart: the measure of a batch against one varied key."""

from __future__ import annotations

from typing import Any

from planner.batch.results import BatchTables
from planner.plotting.whatif.statistics import by_value, groups, is_numeric, key_label, measure, pool
from planner.report.charts.chart import GREY, PALETTE, Chart, chart, label, plain, wrapped
from planner.report.extras import need
from planner.wording.units import title_and_unit

MOST_DOTS = 2000
"""Scenarios drawn as dots; beyond, the median and range of all are enough."""


def cost_by_key(tables: BatchTables, key: str, position: int) -> Chart:
    """Scenarios as dots, the median as a line, the range as a band."""
    graph = need("plotly.graph_objects")
    rows, shown = by_value(tables, key), measure(tables)
    numeric = is_numeric(tables, key)
    places = [float(value) for value in rows.index] if numeric else list(range(len(rows)))
    solved = pool(tables).head(MOST_DOTS)
    own = (
        solved[key]
        if numeric
        else groups(tables, key).head(MOST_DOTS).map({v: i for i, v in enumerate(rows.index)})
    )
    band = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    end = f" {plain(shown.unit)}<extra></extra>"
    traces = [
        graph.Scatter(x=places, y=rows["low"].tolist(), showlegend=False, **band),
        graph.Scatter(x=places, y=rows["high"].tolist(), name="range", fill="tonexty",
                      fillcolor="rgba(76,134,201,0.18)", **band),
        graph.Scatter(x=own.tolist(), y=solved[shown.column].tolist(), name="scenarios", mode="markers",
                      marker={"color": GREY, "size": 5, "opacity": 0.55},
                      customdata=[[plain(name)] for name in solved["name"]],
                      hovertemplate="%{customdata[0]}<br>%{y:,.2f}" + end),
        graph.Scatter(x=places, y=rows["median"].tolist(), name="median", mode="lines+markers",
                      line={"color": PALETTE[0], "width": 2}, hovertemplate="median %{y:,.2f}" + end),
    ]  # fmt: skip
    xaxis: dict[str, Any] = {"title": {"text": wrapped(key_label(key))}}
    if not numeric:
        xaxis |= {"tickvals": places, "ticktext": [label(str(value)) for value in rows.index]}
    layout = {"xaxis": xaxis, "yaxis": {"title": {"text": plain(shown.label)}, "rangemode": "tozero"}}
    title = f"{shown.title.capitalize()} against {title_and_unit(key)[0]}"
    summary = (
        f"{shown.label} of {len(pool(tables)):,} scenarios; the median and the range over all other keys."
    )
    return chart(f"by-key-{position}", title, summary, traces, layout)
