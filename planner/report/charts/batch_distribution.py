"""Chart: the distribution of the measure over Monte Carlo draws, with P10, P50 and P90."""

from __future__ import annotations

import numpy as np

from planner.batch.results import BatchTables
from planner.plotting.whatif.statistics import drawn, measure, percentiles
from planner.report.charts.chart import PALETTE, Chart, chart, plain
from planner.report.extras import need
from planner.wording.numbers import short


def distribution(tables: BatchTables) -> Chart:
    """A histogram of the draws with lines at the percentiles; needs at least one."""
    bar = need("plotly.graph_objects").Bar
    values, shown = drawn(tables), measure(tables)
    counts, edges = np.histogram(values, bins="auto")
    trace = bar(
        x=((edges[:-1] + edges[1:]) / 2).tolist(), y=counts.tolist(), width=np.diff(edges).tolist(),
        customdata=np.column_stack([edges[:-1], edges[1:]]).tolist(), marker={"color": PALETTE[0]}, showlegend=False,
        hovertemplate="%{customdata[0]:,.2f} to %{customdata[1]:,.2f} " + plain(shown.unit)
        + ": %{y} scenarios<extra></extra>",
    )  # fmt: skip
    levels = percentiles(values)
    layout = {
        "bargap": 0.02,
        "margin": {"l": 10, "r": 10, "t": 58, "b": 10},
        "xaxis": {"title": {"text": plain(shown.label)}},
        "yaxis": {"title": {"text": "scenarios [number]"}, "rangemode": "tozero"},
        "shapes": [
            {"type": "line", "x0": v, "x1": v, "yref": "paper", "y0": 0, "y1": 1, "line": {"width": 1.5, "dash": "dash"}}
            for v in levels.values()
        ],
        "annotations": [
            {"x": value, "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": 36 - 17 * place, "showarrow": False,
             "text": f"P{level} {short(value)}"}
            for place, (level, value) in enumerate(levels.items())
        ],
    }  # fmt: skip
    words = ", ".join(f"P{level} {short(value)} {shown.unit}" for level, value in levels.items())
    return chart(
        "distribution", f"Distribution of {shown.title}", f"{len(values):,} draws: {words}.", [trace], layout
    )
