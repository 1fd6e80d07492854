"""Figure: the frontiers of a batch, price against pace, one curve per value of another key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.batch.results import BatchTables
from planner.plotting.whatif.statistics import frontiers

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_frontier_overlay(tables: BatchTables, workload: str, ax: Axes) -> Axes:
    """Curves of the scenarios that no other scenario of their curve beats."""
    for name, curve in frontiers(tables, workload).items():
        ax.plot(curve["pace"], curve["price"], "o-", markersize=4, linewidth=1.4, label=name)
    ax.set_xlabel(f"pace of {workload} [tokens/s per user]")
    ax.set_ylabel(f"price of {workload} [$/M tokens]")
    ax.set_ylim(bottom=0)
    ax.grid(True, alpha=0.3)
    ax.legend(fontsize=8)
    return ax
