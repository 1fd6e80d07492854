"""Tables of errors and constants for people (rich), and of errors as CSV."""

from __future__ import annotations

import csv
import io

from fleets.schema.fits import Fit, LeftOut, TimeErrors
from planner.calibration.fit import FitResult
from planner.calibration.report import Comparison, Errors

BAND = ("points", "MAPE %", "median", "p10", "p90")


def error_rows(comparison: Comparison) -> list[tuple[str, str, Errors, Errors]]:
    """(group, label, TPOT, TTFT): all points, then by cell, model, system and engine."""
    groups = {
        "cell": comparison.by(lambda point: point.cell),
        "model": comparison.by(lambda point: point.model),
        "system": comparison.by(lambda point: point.system),
        "engine": comparison.by(lambda point: point.engine or "not named"),
    }
    listed = [(group, label, *errors) for group, found in groups.items() for label, errors in found.items()]
    return [("all", "all", comparison.tpot(), comparison.ttft()), *listed]


def error_csv(comparison: Comparison) -> str:
    """One line per group and label; empty cells where there is no point."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ("points", "mape", "median_ape", "bias")
    writer.writerow(["group", "label", *(f"tpot_{n}" for n in names), *(f"ttft_{n}" for n in names)])
    for group, label, tpot, ttft in error_rows(comparison):
        figures = [*tpot.as_data().values(), *ttft.as_data().values()]
        writer.writerow([group, label, *("" if value is None else value for value in figures)])
    return text.getvalue()


def print_errors(comparison: Comparison, title: str) -> None:
    """Errors in percent as a table on stdout."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for heading in (
        "",
        "points",
        "TPOT MAPE %",
        "median %",
        "bias %",
        "TTFT points",
        "TTFT MAPE %",
        "median %",
        "bias %",
    ):
        table.add_column(heading, justify="left" if not heading else "right")
    last = "all"
    for group, label, tpot, ttft in error_rows(comparison):
        if group != last:
            table.add_section()
            last = group
        table.add_row(label, *_figures(tpot), *_figures(ttft))
    console = Console()
    wide = console if console.is_terminal else Console(width=200)
    wide.print(table)
    wide.print(
        f"TTFT up to concurrency {comparison.ttft_concurrency:g}; bias > 0: predicted slower than measured",
        highlight=False,
    )


def left_out_rows(fit: Fit) -> list[tuple[str, LeftOut]]:
    """(regime, errors): all points first, each by what was left out."""
    regimes = [
        (f"{r.family}, {r.accelerator}, {r.precision}", found) for r in fit.regimes for found in r.errors
    ]
    return [*(("all", found) for found in fit.errors), *regimes]


def left_out_cells(found: LeftOut) -> tuple[str, ...]:
    """What was left out, then points, MAPE in percent, and median, p10 and p90 of measured over predicted, of TPOT and
    of TTFT."""
    return (found.facet, *_band(found.tpot), *_band(found.ttft))


def print_left_out(fit: Fit) -> None:
    """Errors by what was left out of the fit, of all points and of each regime; nothing where none are known."""
    from rich.console import Console
    from rich.table import Table

    if not fit.errors:
        return

    table = Table(title="measured over predicted by what was left out of the fit", title_justify="left")
    for heading in ("regime", "left out", *(f"{time} {name}" for time in ("TPOT", "TTFT") for name in BAND)):
        table.add_column(heading, justify="left" if heading in ("regime", "left out") else "right")
    last = None
    for regime, found in left_out_rows(fit):
        if last not in (None, regime):
            table.add_section()
        table.add_row("" if regime == last else regime, *left_out_cells(found))
        last = regime
    console = Console()
    (console if console.is_terminal else Console(width=200)).print(table)


def print_constants(result: FitResult) -> None:
    """Fitted constants with their plausible range on stdout."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="constants", title_justify="left")
    for heading in ("constant", "value", "± %", "range", "", "meaning"):
        table.add_column(heading, justify="right" if heading in ("value", "± %") else "left")
    for estimate in result.estimates:
        constant = estimate.constant
        notes = ("at its bound " if estimate.at_bound else "") + (
            "" if estimate.identified else "not identified"
        )
        table.add_row(
            constant.name, f"{estimate.value:.4g}", f"{100 * estimate.deviation:.0f}",
            f"{constant.low:g}–{constant.high:g}", notes, constant.meaning,
        )  # fmt: skip
    console = Console()
    (console if console.is_terminal else Console(width=200)).print(table)


def _band(errors: TimeErrors | None) -> tuple[str, ...]:
    if errors is None:
        return ("0", *("–" for _ in BAND[1:]))
    quantiles = (f"{errors.quantiles[percent]:.2f}" for percent in ("50", "10", "90"))
    return (str(errors.points), f"{100 * errors.mape:.1f}", *quantiles)


def _figures(errors: Errors) -> tuple[str, str, str, str]:
    if not errors.points:
        return "0", "–", "–", "–"
    return (
        str(errors.points),
        f"{100 * errors.mape:.1f}",
        f"{100 * errors.median_ape:.1f}",
        f"{100 * errors.bias:+.1f}",
    )
