"""Chart: which accelerators the fleets of a batch are made of."""

from __future__ import annotations

from planner.batch.results import BatchTables
from planner.plotting.whatif.statistics import fleet_by, fleet_by_rank, is_numeric, key_label
from planner.report.charts.chart import Chart, chart, colour, plain, wrapped
from planner.report.extras import need


def fleet_mix(tables: BatchTables, key: str | None) -> Chart:
    """Stacked areas of mean GPUs along a numeric key, or over scenarios from the cheapest."""
    scatter = need("plotly.graph_objects").Scatter
    along = key if key is not None and is_numeric(tables, key) else None
    mix = fleet_by_rank(tables) if along is None else fleet_by(tables, along)
    traces = [
        scatter(
            x=[float(value) for value in mix.index], y=mix[name].tolist(), name=plain(name), stackgroup="fleet",
            mode="lines", line={"width": 0.5, "color": colour(position)}, fillcolor=colour(position),
            hovertemplate="%{y:,.1f} GPUs<extra>%{fullData.name}</extra>",
        )
        for position, name in enumerate(mix.columns)
    ]  # fmt: skip
    where = "scenarios from the cheapest [%]" if along is None else wrapped(key_label(along))
    layout = {
        "xaxis": {"title": {"text": where}},
        "yaxis": {"title": {"text": "accelerators [GPUs]"}, "rangemode": "tozero"},
        "hovermode": "x unified",
    }
    average = "GPUs of each scenario" if along is None else "Mean GPUs of the scenarios at each value"
    return chart("fleet-mix", "Fleet mix", f"{average}, by accelerator.", traces, layout)
