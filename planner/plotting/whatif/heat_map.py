"""Figure: the measure of a batch over two keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.batch.results import BatchTables
from planner.plotting.whatif.statistics import grid, key_label, measure
from planner.wording.numbers import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CELLS_WITH_NUMBERS = 80


def plot_heat_map(tables: BatchTables, across: str, up: str, ax: Axes) -> Axes:
    """A cell per pair of values, with its number where there is room."""
    from matplotlib import pyplot

    cells, shown = grid(tables, across, up), measure(tables)
    image = ax.imshow(cells.to_numpy(float), origin="lower", aspect="auto", cmap="viridis")
    ax.set_xticks(range(len(cells.columns)), [_tick(value) for value in cells.columns])
    ax.set_yticks(range(len(cells.index)), [_tick(value) for value in cells.index])
    if cells.size <= MOST_CELLS_WITH_NUMBERS:
        middle = (cells.max().max() + cells.min().min()) / 2
        for row in range(cells.shape[0]):
            for column in range(cells.shape[1]):
                value = float(cells.iloc[row, column])
                ink = "white" if value < middle else "black"
                ax.text(column, row, short(value), ha="center", va="center", fontsize=7, color=ink)
    ax.set_xlabel(key_label(across))
    ax.set_ylabel(key_label(up))
    pyplot.colorbar(image, ax=ax, label=shown.label)
    return ax


def _tick(value: object) -> str:
    return short(float(value)) if isinstance(value, int | float) else str(value)
