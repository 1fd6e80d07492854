"""Chart: which deployments serve which share of each workload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.report.charts.chart import Chart, bars_height, chart, colour, label, plain
from planner.report.extras import need
from planner.report.plan_tables import numbered

LABELLED_SHARE = 0.06
"""Smallest part that has room for its number."""


def service_share(plan: Mapping[str, Any]) -> Chart:
    """Bars that fill 100 % of a workload's tokens, a part per deployment; prompts served apart have their own."""
    bar = need("plotly.graph_objects").Bar
    prompts = {(r["option"], r["supply"]) for r in plan["instances"] if r["role"] == "prefill"}
    apart = {s["workload"] for s in plan["service"] if (s["option"], s["supply"]) in prompts}
    names = [str(row["workload"]) for row in plan["workloads"]]
    bars = [(name, kind) for name in names for kind in (False, True) if not kind or name in apart]
    traces = []
    for row in numbered(plan):
        parts = [s for s in plan["service"] if (s["option"], s["supply"]) == (row["option"], row["supply"])]
        if not parts:
            continue
        name = f"#{row['place']} {row['model']} on {row['supply']} {row['layout']}"
        traces.append(
            bar(
                name=plain(f"#{row['place']}"), orientation="h",
                y=[bars.index((s["workload"], row["role"] == "prefill")) for s in parts],
                x=[100 * s["share"] for s in parts], marker={"color": colour(row["place"] - 1)},
                text=[f"#{row['place']}" if s["share"] >= LABELLED_SHARE else "" for s in parts],
                textposition="inside", insidetextanchor="middle", textangle=0,
                insidetextfont={"color": "white"}, constraintext="none",
                customdata=[[plain(s["workload"]), plain(name), s["tokens_per_s"]] for s in parts],
                hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>%{x:.1f} %, %{customdata[2]:,.0f} tokens/s"
                "<extra></extra>",
            )
        )  # fmt: skip
    layout = {
        "barmode": "stack",
        "xaxis": {"title": {"text": "share of a workload's tokens [%]"}, "range": [0, 100]},
        "yaxis": {
            "tickvals": list(range(len(bars))),
            "ticktext": [label(f"{name} prompts" if prompt else name) for name, prompt in bars],
            "autorange": "reversed",
        },
        "bargap": 0.35,
    }
    summary = "Shares of each workload's tokens by deployment; numbers as in the table What to run."
    return chart("service-share", "Who serves what", summary, traces, layout, bars_height(len(bars)))
