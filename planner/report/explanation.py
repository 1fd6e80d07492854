"""An explanation in a terminal: what binds, what a little more costs, why something is not in the plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from planner.explain.explain import Explanation
from planner.explain.why_not import WhyNot
from planner.report.console import Column, print_table, report_console, table
from planner.report.text import print_plan
from planner.wording.numbers import number, share


def print_explanation(explanation: Explanation, console: Console | None = None) -> None:
    """Print an explanation for people."""
    console = console or report_console()
    plan = explanation.plan
    if not plan.found:
        print_plan(plan, console)
        return
    console.print(Text(plan.summary(), style="bold"))
    _list(console, "What binds", explanation.binding)
    if explanation.sensitivity is not None:
        print_sensitivity(explanation.sensitivity.to_dict(), console)
    for entry in explanation.why_not:
        _print_why_not(entry, console)


def print_sensitivity(figures: dict[str, Any], console: Console) -> None:
    """Print the sensitivities of a plan, as JSON has them."""
    for made in (_marginal(figures), _headroom(figures), _steps(figures)):
        if made is not None:
            console.print()
            print_table(made, console)
    _list(console, "", figures.get("notes", ()))


def _marginal(figures: dict[str, Any]) -> Table | None:
    rows = [
        (entry["of"], entry["per"], number(entry["usd_per_hour"], 3), entry["key"])
        for entry in figures.get("marginal", ())
    ]
    columns = [
        Column("one more", text=True), Column("unit", text=True), Column("cost", "$/h"), Column("key", text=True)
    ]  # fmt: skip
    title = "Marginal prices, linear relaxation"
    return table(title, columns, rows) if rows else None


def _headroom(figures: dict[str, Any]) -> Table | None:
    rows = [
        (entry["workload"], share(entry["share"]), number(entry["tokens_per_s"], 0))
        for entry in figures.get("headroom", ())
    ]
    columns = [Column("workload", text=True), Column("extra demand", "%"), Column("extra", "tokens/s")]
    title = "Headroom of the bought GPUs"
    return table(title, columns, rows) if rows else None


def _steps(figures: dict[str, Any]) -> Table | None:
    rows = [
        (entry["change"], number(entry["usd_per_hour"], 2), _signed(entry["extra_usd_per_hour"]),
         _signed(entry["at_least"]), _signed(entry["at_most"]))
        for name in ("demand_steps", "tpot_steps", "ttft_steps", "price_steps")
        for entry in figures.get(name, ())
    ]  # fmt: skip
    columns = [
        Column("change", text=True), Column("fleet", "$/h"), Column("difference", "$/h"),
        Column("proven from", "$/h"), Column("to", "$/h"),
    ]  # fmt: skip
    return table("Next steps (solved again)", columns, rows) if rows else None


def _signed(value: float | None) -> str:
    text = number(value, 2)
    return f"+{text}" if value is not None and float(f"{value:.2f}") > 0 else text


def _print_why_not(entry: WhyNot, console: Console) -> None:
    title = f"{entry.target} ({entry.what})"
    proven = [
        f"{found.sentence} [{found.key}]" if found.key else found.sentence
        for found in entry.entries
        if found.verified
    ]
    unproven = [
        f"{found.sentence} (not verified on both sides)" for found in entry.entries if not found.verified
    ]
    _list(console, title, entry.sentences)
    _list(console, "It would be in the plan (solved just inside and just outside)", (*proven, *unproven))


def _list(console: Console, title: str, sentences: Sequence[str]) -> None:
    if not sentences:
        return
    console.print()
    if title:
        console.print(Text(title, style="bold"))
    for sentence in sentences:
        console.print(Padding(Text(f"- {sentence}"), (0, 0, 0, 2), expand=False))
