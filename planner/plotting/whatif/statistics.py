"""What the figures of a batch show, as numbers: both kinds of figure, on paper and on the page, draw these.

All statistics are over scenarios that hold a plan. Ours: a key's effect is taken over the scenarios as they are, so in a
grid the other keys average out, and in draws they are noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.batch.results import BatchTables
from planner.objectives import COST
from planner.wording.units import title_and_unit

MOST_VALUES = 12
"""Distinct numbers of a key up to which each stands alone; more are put in this many groups of equal size."""
LARGEST_GRID = 40
"""Values of a key that a heat map has room for."""
COVERED = 0.8
"""Share of the pairs of values that must have been solved before two keys make a heat map."""
PERCENTILES = (10, 50, 90)


@dataclass(frozen=True)
class Measure:
    """What scenarios are compared by."""

    column: str
    title: str
    unit: str

    @property
    def label(self) -> str:
        return f"{self.title} [{self.unit}]"


def measure(tables: BatchTables) -> Measure:
    """Cost, or the objective where the question is another."""
    units = tables.solved["unit"].unique()
    if len(units) == 1 and units[0] != COST.unit:
        return Measure("objective", "objective", str(units[0]))
    return Measure(COST.column, COST.noun, COST.unit)


def key_label(key: str) -> str:
    """A key path with its unit, as an axis says it."""
    title, unit = title_and_unit(key)
    return f"{title} [{unit}]" if unit else title


def is_numeric(tables: BatchTables, key: str) -> bool:
    """Whether a key holds numbers."""
    column = tables.scenarios[key]
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def pool(tables: BatchTables) -> pd.DataFrame:
    """Scenarios that a key's effect is taken over: those with a plan, without the base where it lies beside a grid."""
    solved = tables.solved
    if (solved["source"] == "grid").any():
        return solved[solved["source"] != "base"]
    return solved


def groups(tables: BatchTables, key: str) -> pd.Series:
    """Where each solved scenario is shown: at its value, or at the median of its group where there are many."""
    column = pool(tables)[key]
    if not is_numeric(tables, key):
        return column.map(lambda value: "default" if pd.isna(value) else str(value))
    if column.nunique() <= MOST_VALUES:
        return column.astype(float)
    parts = pd.qcut(column, MOST_VALUES, duplicates="drop")
    return column.groupby(parts, observed=True).transform("median")


def by_value(tables: BatchTables, key: str) -> pd.DataFrame:
    """Rows: values of the key, ascending; columns low, median, high of the measure and count."""
    values = pool(tables)[measure(tables).column].groupby(groups(tables, key))
    return pd.DataFrame(
        {"low": values.min(), "median": values.median(), "high": values.max(), "count": values.size()}
    )


def fleet_by(tables: BatchTables, key: str) -> pd.DataFrame:
    """Rows: values of the key; columns: accelerators in use; mean GPUs of the scenarios there."""
    columns = [f"gpus.{name}" for name in tables.accelerators]
    mean = pool(tables)[columns].fillna(0).groupby(groups(tables, key)).mean()
    mean.columns = pd.Index(tables.accelerators)
    return mean.loc[:, mean.max() > 0]


def fleet_by_rank(tables: BatchTables) -> pd.DataFrame:
    """Rows: scenarios from the cheapest, as percent of all; columns: accelerators in use; GPUs."""
    ordered = tables.solved.sort_values(measure(tables).column)
    mean = ordered[[f"gpus.{name}" for name in tables.accelerators]].fillna(0)
    mean.columns = pd.Index(tables.accelerators)
    mean.index = pd.Index(100 * (np.arange(len(ordered)) + 0.5) / max(len(ordered), 1))
    return mean.loc[:, mean.max() > 0]


def drawn(tables: BatchTables) -> pd.Series:
    """The measure of Monte Carlo draws; empty where there are none."""
    solved = tables.solved
    return solved.loc[solved["source"] == "monte_carlo", measure(tables).column].dropna()


def percentiles(values: pd.Series) -> dict[int, float]:
    """P10, P50 and P90."""
    return {level: float(np.percentile(values, level)) for level in PERCENTILES}


def swings(tables: BatchTables) -> pd.DataFrame:
    """Rows: keys, the strongest first; columns low and high (mean of the measure there), at_low and at_high (the values).

    Low and high are the smallest and the largest value (or group) of a number, and the cheapest and the dearest value of
    anything else.
    """
    column = measure(tables).column
    rows = {}
    for key in tables.inputs:
        mean = pool(tables)[column].groupby(groups(tables, key)).mean()
        if len(mean) < 2:
            continue
        if not is_numeric(tables, key):
            mean = mean.sort_values()
        rows[key] = {
            "low": mean.iloc[0], "high": mean.iloc[-1], "at_low": mean.index[0], "at_high": mean.index[-1],
        }  # fmt: skip
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["low", "high", "at_low", "at_high"])
    strength = (table["high"] - table["low"]).abs()
    return table.loc[strength.sort_values(ascending=False).index]


def centre(tables: BatchTables) -> float:
    """The measure of the base where it was solved, else the mean."""
    solved, column = tables.solved, measure(tables).column
    base = solved.loc[solved["source"] == "base", column].dropna()
    return float(base.iloc[0] if len(base) else solved[column].mean())


def grid_keys(tables: BatchTables) -> tuple[str, str] | None:
    """The two strongest keys whose values cross in a grid, or None."""
    cells = [key for key in swings(tables).index if 2 <= pool(tables)[key].nunique() <= LARGEST_GRID]
    for position, first in enumerate(cells):
        for second in cells[position + 1 :]:
            size = pool(tables)[first].nunique() * pool(tables)[second].nunique()
            pairs = pool(tables)[[first, second]].dropna().drop_duplicates()
            if size >= 4 and len(pairs) >= COVERED * size:
                return first, second
    return None


def grid(tables: BatchTables, across: str, up: str) -> pd.DataFrame:
    """Mean of the measure; rows: values of `up`, columns: values of `across`."""
    return pool(tables).pivot_table(index=up, columns=across, values=measure(tables).column, aggfunc="mean")


def frontier_workload(tables: BatchTables) -> str | None:
    """The first workload whose pace differs between scenarios: what a frontier is drawn of."""
    for column in pool(tables):
        name = str(column)
        if name.startswith("set.") and ("min_pace_tokens_per_s" in name or "max_tpot_ms" in name):
            for workload in _workloads(tables):
                if pool(tables)[f"pace_tokens_per_s.{workload}"].round(1).nunique() > 2 and workload in name:
                    return workload
    return None


def _workloads(tables: BatchTables) -> list[str]:
    prefix = "pace_tokens_per_s."
    return [str(c).removeprefix(prefix) for c in tables.scenarios if str(c).startswith(prefix)]


def frontiers(tables: BatchTables, workload: str) -> dict[str, pd.DataFrame]:
    """Curves of columns pace (tokens/s per user) and price ($/M tokens), each point not beaten by another of its curve.

    One curve per value of the strongest key beside the pace.
    """
    others = [k for k in swings(tables).index if "pace" not in k and "tpot" not in k]
    names = groups(tables, others[0]) if others else pd.Series("all", index=pool(tables).index)
    points = pd.DataFrame(
        {
            "pace": pool(tables)[f"pace_tokens_per_s.{workload}"],
            "price": pool(tables)[f"usd_per_million_tokens.{workload}"],
        }
    ).dropna()
    curves = {}
    for name, rows in points.groupby(names.loc[points.index]):
        ordered = rows.sort_values(["pace", "price"], ascending=[False, True])
        best = ordered[ordered["price"] < ordered["price"].cummin().shift(fill_value=np.inf)]
        title = f"{title_and_unit(others[0])[0]} = {name}" if others else "all scenarios"
        curves[title] = best.sort_values("pace")
    return curves
