"""Figure: how much each key moves the measure of a batch, the strongest on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.batch.results import BatchTables
from planner.plotting.whatif.statistics import centre, measure, swings
from planner.wording.units import title_and_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_tornado(tables: BatchTables, ax: Axes) -> Axes:
    """Bars from the mean at a key's low end to that at its high end; the line is the base, or the overall mean."""
    rows, shown, middle = swings(tables), measure(tables), centre(tables)
    places = range(len(rows))
    ax.barh(places, rows["low"] - middle, left=middle, label="key at its low end", alpha=0.85)
    ax.barh(places, rows["high"] - middle, left=middle, label="key at its high end", alpha=0.85)
    ax.set_yticks(places, [title_and_unit(key)[0] for key in rows.index], fontsize=8)
    ax.invert_yaxis()
    ax.axvline(middle, color="0.3", linewidth=1)
    ax.set_xlabel(f"mean {shown.label}")
    ax.legend(fontsize=8)
    return ax
