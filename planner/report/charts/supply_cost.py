"""Chart: what each supply costs, by the model that runs on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.report.charts.chart import GREY, Chart, bars_height, chart, colour, label, plain
from planner.report.extras import need

UNUSED_SHARE = 0.001
"""Part of a supply's cost that no instance explains, from which it is drawn as unused."""


def supply_cost(plan: Mapping[str, Any]) -> Chart:
    """Horizontal bars of $/h per supply, stacked by model."""
    bar = need("plotly.graph_objects").Bar
    rows = [row for row in plan["supply"] if row["gpus"]]
    labels = [label(row["supply"], f"{row['gpus']:,} GPUs") for row in rows]
    places = list(range(len(rows)))
    left = [row["usd_per_hour"] for row in rows]
    traces = []
    for position, model in enumerate(dict.fromkeys(row["model"] for row in plan["instances"])):
        costs = [
            sum(
                i["usd_per_hour"]
                for i in plan["instances"]
                if i["supply"] == r["supply"] and i["model"] == model
            )
            for r in rows
        ]
        left = [rest - cost for rest, cost in zip(left, costs, strict=True)]
        traces.append(_trace(bar, str(model), places, costs, rows, colour(position)))
    if any(rest > UNUSED_SHARE * row["usd_per_hour"] for rest, row in zip(left, rows, strict=True)):
        traces.append(_trace(bar, "bought, not used", places, left, rows, GREY))
    total = sum(row["usd_per_hour"] for row in rows)
    layout = {
        "barmode": "stack",
        "xaxis": {"title": {"text": "cost [$/h]"}, "rangemode": "tozero"},
        "yaxis": {"tickvals": places, "ticktext": labels, "autorange": "reversed"},
        "bargap": 0.35,
    }
    summary = f"Cost of {len(rows)} supplies by model, {total:,.2f} $/h in all."
    return chart("supply-cost", "What it costs", summary, traces, layout, bars_height(len(rows)))


def _trace(bar: Any, name: str, places: list[int], costs: list[float], rows: list[Any], shade: str) -> Any:
    names = [[plain(row["supply"]), plain(name)] for row in rows]
    return bar(
        name=plain(name), orientation="h", y=places, x=costs, customdata=names, marker={"color": shade},
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}: %{x:,.2f} $/h<extra></extra>",
    )  # fmt: skip
