"""Chart: where an instance's time goes, for every deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.report.charts.chart import GREY, PART_COLOURS, Chart, bars_height, chart, label, plain
from planner.report.extras import need
from planner.report.plan_tables import numbered, time_parts


def time_shares(plan: Mapping[str, Any]) -> Chart:
    """Horizontal bars that fill 100 %: kernel, network, memory, compute, draft, prefill and idle."""
    bar = need("plotly.graph_objects").Bar
    rows = numbered(plan)
    names = [[plain(f"#{r['place']} {r['model']} on {r['supply']} {r['layout']}")] for r in rows]
    places = list(range(len(rows)))
    traces = [
        bar(
            name=plain(part), orientation="h", y=places, x=[100 * row["time_shares"].get(part, 0.0) for row in rows],
            customdata=names, marker={"color": PART_COLOURS.get(part, GREY)},
            hovertemplate=f"%{{customdata[0]}}<br>{plain(part)}: %{{x:.1f}} %<extra></extra>",
        )
        for part in time_parts(plan)
    ]  # fmt: skip
    labels = [label(f"#{r['place']} {r['model']}", f"{r['supply']} {r['layout']}") for r in rows]
    layout = {
        "barmode": "stack",
        "xaxis": {"title": {"text": "share of an instance's time [%]"}, "range": [0, 100]},
        "yaxis": {"tickvals": places, "ticktext": labels, "autorange": "reversed"},
        "bargap": 0.35,
    }
    summary = "Shares of an instance's time by what it is spent on, one bar per deployment."
    return chart("time-shares", "Where the time goes", summary, traces, layout, bars_height(len(rows)))
