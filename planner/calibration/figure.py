"""Figure: predicted against measured TPOT and TTFT, one colour per cell, with lines at ±20 %."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from formulations.physics.arrays import FloatArray
from planner.calibration.fit import first_token_rows
from planner.calibration.report import Comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAND = 1.2


def save_figure(comparison: Comparison, path: Path, title: str) -> None:
    """Write the figure to `path`; the suffix says the format (png, svg, pdf)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    points = comparison.points
    rows = first_token_rows(points, comparison.ttft_concurrency)
    tpot = np.array([point.tpot_s for point in points])
    ttft = np.array([point.ttft_s or np.nan for point in points])
    cells = np.array([point.cell for point in points])
    draw(left, tpot, comparison.prediction.tpot, cells, "TPOT")
    draw(
        right,
        ttft[rows],
        comparison.prediction.ttft[rows],
        cells[rows],
        f"TTFT, concurrency ≤ {comparison.ttft_concurrency:g}",
    )
    left.legend(fontsize="x-small", loc="upper left")
    figure.suptitle(title)
    figure.savefig(path, dpi=130)


def draw(
    ax: Axes,
    measured: FloatArray,
    predicted: FloatArray,
    cells: np.ndarray[tuple[int], np.dtype[np.str_]],
    name: str,
) -> None:
    """One panel, seconds in, milliseconds on both logarithmic axes."""
    for cell in np.unique(cells):
        rows = cells == cell
        ax.plot(1e3 * measured[rows], 1e3 * predicted[rows], ".", markersize=4, label=str(cell))
    if len(measured):
        ends = 1e3 * np.array([min(measured.min(), predicted.min()), max(measured.max(), predicted.max())])
        for factor, style in ((1.0, "-"), (BAND, ":"), (1 / BAND, ":")):
            ax.plot(ends, factor * ends, style, color="0.4", linewidth=0.8)
        ax.set_xscale("log")
        ax.set_yscale("log")
    ax.set_xlabel(f"measured {name} [ms]")
    ax.set_ylabel(f"predicted {name} [ms]")
