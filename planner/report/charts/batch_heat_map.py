"""Chart: the measure of a batch over two keys."""

from __future__ import annotations

from planner.batch.results import BatchTables
from planner.plotting.whatif.statistics import grid, key_label, measure
from planner.report.charts.chart import Chart, chart, plain, wrapped
from planner.report.extras import need
from planner.wording.numbers import known, short

MOST_CELLS_WITH_NUMBERS = 48


def heat_map(tables: BatchTables, across: str, up: str) -> Chart:
    """A cell per pair of values; its number is in it where there is room."""
    graph = need("plotly.graph_objects")
    cells, shown = grid(tables, across, up), measure(tables)
    values = [[float(v) if known(v) else None for v in row] for row in cells.to_numpy(float).tolist()]
    texts = [[short(v) for v in row] for row in values]
    columns, rows = ([plain(_tick(value)) for value in axis] for axis in (cells.columns, cells.index))
    trace = graph.Heatmap(
        x=columns, y=rows, z=values, text=texts, colorscale="Viridis",
        texttemplate="%{text}" if cells.size <= MOST_CELLS_WITH_NUMBERS else None,
        colorbar={"title": {"text": plain(shown.unit)}, "thickness": 12},
        hovertemplate="%{x}, %{y}: %{z:,.2f} " + plain(shown.unit) + "<extra></extra>",
    )  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": wrapped(key_label(across))}, "type": "category", "showgrid": False},
        "yaxis": {"title": {"text": wrapped(key_label(up))}, "type": "category", "showgrid": False},
    }
    summary = f"Mean {shown.label} at every pair of values; other keys averaged."
    return chart("heat-map", f"{shown.title.capitalize()} over two keys", summary, [trace], layout, 420)


def _tick(value: object) -> str:
    return short(float(value)) if isinstance(value, int | float) else str(value)
