"""Chart: the frontiers of a batch, price against pace, one curve per value of another key."""

from __future__ import annotations

from planner.batch.results import BatchTables
from planner.plotting.whatif.statistics import frontiers
from planner.report.charts.chart import Chart, chart, colour, plain, wrapped
from planner.report.extras import need


def frontier_overlay(tables: BatchTables, workload: str) -> Chart:
    """Curves of the scenarios that no other scenario of their curve beats."""
    scatter = need("plotly.graph_objects").Scatter
    traces = [
        scatter(
            x=curve["pace"].tolist(), y=curve["price"].tolist(), name=plain(name), mode="lines+markers",
            line={"color": colour(position), "width": 2},
            hovertemplate="%{x:,.1f} tokens/s per user<br>%{y:,.3f} $/M tokens<extra>%{fullData.name}</extra>",
        )
        for position, (name, curve) in enumerate(frontiers(tables, workload).items())
    ]  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": wrapped(f"pace of {workload} [tokens/s per user]")}},
        "yaxis": {"title": {"text": "price [$/M tokens]"}, "rangemode": "tozero"},
    }
    summary = f"Price against pace of {workload}: scenarios that no other of their curve beats."
    return chart("frontier", "Frontiers", summary, traces, layout)
