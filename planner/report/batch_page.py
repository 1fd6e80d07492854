"""The page of a batch: how scenarios ended, what they cost, figures, and every scenario in a table."""

from __future__ import annotations

from collections.abc import Iterator

from planner.batch.results import BatchTables
from planner.plotting.whatif.statistics import (
    drawn,
    frontier_workload,
    grid_keys,
    is_numeric,
    measure,
    swings,
)
from planner.report.charts.chart import Chart
from planner.report.labels import any_table
from planner.report.page import page
from planner.report.plan_page import Figure
from planner.report.table_view import TableView
from planner.wording.numbers import short

MOST_KEYS = 6
"""Keys that get a figure of their own: the strongest."""
MOST_ROWS = 1000
"""Scenarios in the page's table; the files have all."""
LEFT_OUT = ("scenario", "message", "sense", "unit")


def batch_html(tables: BatchTables) -> str:
    """The whole page of a batch."""
    return page(
        "batch.html.j2",
        name=tables.name,
        figures=key_figures(tables),
        charts=list(batch_charts(tables)) if len(tables.solved) else [],
        tables=[scenario_table(tables), *failures(tables)],
        left=max(0, len(tables.scenarios) - MOST_ROWS),
    )


def key_figures(tables: BatchTables) -> list[Figure]:
    """Counts by ending, and the range of the measure."""
    shown = measure(tables)
    figures = [
        Figure("scenarios", f"{len(tables.scenarios):,}"),
        Figure("with a plan", f"{len(tables.solved):,}"),
    ]
    for ending, count in tables.scenarios["termination"].value_counts().items():
        if ending not in ("optimal", "gap_reached"):
            figures.append(Figure(str(ending).replace("_", " "), f"{count:,}"))
    if len(tables.solved):
        values = tables.solved[shown.column]
        for title, value in (
            ("lowest", values.min()),
            ("median", values.median()),
            ("highest", values.max()),
        ):
            figures.append(Figure(f"{title} {shown.title}", short(float(value)), shown.unit))
        figures.append(Figure("largest gap", f"{100 * float(tables.solved['gap'].max()):.2f}", "%"))
    return figures


def batch_charts(tables: BatchTables) -> Iterator[Chart]:
    """The charts that this batch has something to show in."""
    from planner.report.charts.batch_cost_by_key import cost_by_key
    from planner.report.charts.batch_distribution import distribution
    from planner.report.charts.batch_fleet_mix import fleet_mix
    from planner.report.charts.batch_frontier import frontier_overlay
    from planner.report.charts.batch_heat_map import heat_map
    from planner.report.charts.batch_tornado import tornado

    keys = [str(key) for key in swings(tables).index]
    draws = len(drawn(tables)) > 1
    if draws:
        yield distribution(tables)
    if keys:
        yield tornado(tables)
    numeric = [key for key in keys if is_numeric(tables, key)]
    yield fleet_mix(tables, None if draws or not numeric else numeric[0])
    pair = grid_keys(tables)
    if pair is not None:
        yield heat_map(tables, *pair)
    workload = frontier_workload(tables)
    if workload is not None:
        yield frontier_overlay(tables, workload)
    for position, key in enumerate(keys[:MOST_KEYS]):
        yield cost_by_key(tables, key, position)


def scenario_table(tables: BatchTables) -> TableView:
    """The first scenarios: inputs that vary, status and results."""
    inputs = [c for c in tables.scenarios if str(c).startswith(("set.", "times.")) and c not in tables.inputs]
    stages = [c for c in tables.scenarios if str(c).startswith("seconds.")]
    rows = tables.scenarios.drop(columns=[*inputs, *stages, *LEFT_OUT]).head(MOST_ROWS)
    records = [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]
    return any_table("scenarios", "Scenarios", records)


def failures(tables: BatchTables) -> Iterator[TableView]:
    """Scenarios without a plan, and why."""
    rows = tables.scenarios[tables.scenarios["solution"] == "none"].head(MOST_ROWS)
    if len(rows):
        records = rows[["number", "name", "termination", "message"]].to_dict("records")
        yield any_table("failures", "Without a plan", [{str(k): v for k, v in r.items()} for r in records])
