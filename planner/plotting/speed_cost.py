"""Figure of a frontier: tokens per second per user against $ per million tokens, one curve each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import InputError
from planner.step_time.speed_cost.answer import Frontier

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = (".png", ".svg", ".pdf")


def plot_frontier(frontier: Frontier, ax: Axes) -> Axes:
    """Draw every curve of `frontier` on `ax`, its preferred point as a dot; both axes' units in their labels."""
    for curve in frontier.curves:
        if not curve.rows:
            continue
        pace = [row["pace_tokens_per_s"] for row in curve.rows]
        cost = [row["usd_per_million_tokens"] for row in curve.rows]
        (line,) = ax.plot(pace, cost, label=curve.name, linewidth=1.6)
        best = curve.preferred
        if best is not None:
            point = best["pace_tokens_per_s"], best["usd_per_million_tokens"]
            ax.plot(*point, "o", color=line.get_color(), markersize=6, markeredgecolor="white")
    ax.set_yscale("log")
    ax.set_xlim(left=0)
    ax.set_xlabel("speed [tokens/s per user]")
    ax.set_ylabel("price [$ per million output tokens]")
    ax.set_title(f"{frontier.name} ({frontier.assumptions}, {frontier.enumeration} layouts)", fontsize=10)
    ax.grid(True, which="major", alpha=0.3)
    ax.grid(True, which="minor", alpha=0.1)
    title = f"● largest speed^{frontier.preference:g}/price"
    ax.legend(fontsize=8, title=title, title_fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return ax


def check_format(path: str) -> None:
    """Raises `InputError` unless the file's ending names a format that can be drawn."""
    if Path(path).suffix.lower() not in FORMATS:
        raise InputError([f"--plot {path}: unknown figure format; end the name in {', '.join(FORMATS)}"])


def save_frontier(frontier: Frontier, path: str) -> None:
    """Write the figure to `path`; raises `InputError` where that cannot be."""
    check_format(path)
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, ax = pyplot.subplots(figsize=(8.6, 4.8), layout="constrained")
    plot_frontier(frontier, ax)
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise InputError([f"--plot {path}: cannot be written: {error.strerror or error}"]) from None
    finally:
        pyplot.close(figure)
