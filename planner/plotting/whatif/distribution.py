"""Figure: the distribution of the measure over Monte Carlo draws, with P10, P50 and P90."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.batch.results import BatchTables
from planner.plotting.whatif.statistics import drawn, measure, percentiles
from planner.wording.numbers import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_distribution(tables: BatchTables, ax: Axes) -> Axes:
    """A histogram of the draws; needs at least one."""
    values, shown = drawn(tables), measure(tables)
    ax.hist(values, bins="auto", alpha=0.75)
    top = ax.get_ylim()[1]
    ax.set_ylim(top=1.18 * top)
    for height, (level, value) in enumerate(percentiles(values).items()):
        ax.axvline(value, color="0.2", linestyle="--", linewidth=1)
        ax.text(value, (1.13 - 0.05 * height) * top, f" P{level} {short(value)}", va="center", fontsize=8)
    ax.set_xlabel(shown.label)
    ax.set_ylabel("scenarios [number]")
    return ax
