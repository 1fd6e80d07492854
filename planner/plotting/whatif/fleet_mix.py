"""Figure: which accelerators the fleets of a batch are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.batch.results import BatchTables
from planner.plotting.whatif.statistics import fleet_by, fleet_by_rank, is_numeric, key_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_fleet_mix(tables: BatchTables, key: str | None, ax: Axes) -> Axes:
    """Stacked areas of mean GPUs along a numeric key, or over scenarios from the cheapest where `key` is None or text."""
    along = key if key is not None and is_numeric(tables, key) else None
    mix = fleet_by_rank(tables) if along is None else fleet_by(tables, along)
    ax.stackplot(mix.index.to_numpy(float), mix.T.to_numpy(), labels=list(mix.columns), alpha=0.85)
    ax.set_xlabel("scenarios from the cheapest [%]" if along is None else key_label(along))
    ax.set_ylabel("accelerators [GPUs]")
    ax.set_ylim(bottom=0)
    ax.margins(x=0)
    ax.legend(fontsize=8, loc="upper left")
    return ax
