"""Figure: the measure of a batch against one varied key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.batch.results import BatchTables
from planner.plotting.whatif.statistics import by_value, groups, is_numeric, key_label, measure, pool

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_cost_by_key(tables: BatchTables, key: str, ax: Axes) -> Axes:
    """Every scenario as a dot, the median as a line and the range as a band."""
    rows, shown = by_value(tables, key), measure(tables)
    numeric = is_numeric(tables, key)
    places = [float(value) for value in rows.index] if numeric else list(range(len(rows)))
    own = pool(tables)[key] if numeric else groups(tables, key).map({v: i for i, v in enumerate(rows.index)})
    ax.plot(own, pool(tables)[shown.column], ".", alpha=0.35, markersize=4, color="0.5", label="scenarios")
    ax.plot(places, rows["median"], "o-", linewidth=1.6, markersize=4, label="median")
    ax.fill_between(places, rows["low"], rows["high"], alpha=0.15, label="range")
    if not numeric:
        ax.set_xticks(places, [str(value) for value in rows.index])
    ax.set_xlabel(key_label(key))
    ax.set_ylabel(shown.label)
    ax.set_ylim(bottom=0)
    ax.grid(True, alpha=0.3)
    ax.legend(fontsize=8)
    return ax
