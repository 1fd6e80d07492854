"""A plan as tables in a terminal: what to buy, what runs on it, what it serves, what binds, and how sure that is."""

from __future__ import annotations

import math

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from planner.plan.plan import Plan


def print_plan(plan: Plan, console: Console | None = None) -> None:
    """Print a plan for people."""
    console = console or Console(highlight=False)
    console.print(f"[bold]{plan.summary()}[/bold]")
    if not plan.found:
        _print_nothing(plan, console)
        return
    bound = (
        "unknown" if plan.objective.bound is None else f"{plan.objective.bound:,.2f} {plan.objective.unit}"
    )
    console.print(
        f"no plan can be better than {bound}; assumptions {plan.assumptions['name']} {plan.assumptions['version']}; "
        f"{plan.timings.get('total', 0):.2f} s"
    )
    for note in plan.notes:
        console.print(f"[dim]{note}[/dim]")
    for table in (_buy(plan), _run(plan), _serve(plan), _time(plan)):
        console.print(table)
    _print_certificate(plan, console)


def _print_nothing(plan: Plan, console: Console) -> None:
    reasons = {
        "infeasible": "Proven: no fleet within these limits can serve the workloads.",
        "time_limit": "The time limit came before a first plan; raise solver.time_limit_s.",
    }
    console.print(reasons.get(plan.status.termination, "The solver failed; this is a bug."))
    for clash in plan.clashes:
        console.print(f"  - {clash}")


def _table(title: str, *columns: str, left: int = 1) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for position, column in enumerate(columns):
        table.add_column(column, justify="left" if position < left else "right", overflow="fold")
    return table


def number(value: float, digits: int = 1) -> str:
    """A number with thousands separators, or a dash where there is none."""
    return "–" if value is None or math.isnan(value) else f"{value:,.{digits}f}"


def _buy(plan: Plan) -> Table:
    table = _table("Supply and cost", "supply", "GPUs", "units", "of limit", "kW", "$/h")
    for row in plan.supply.itertuples():
        if row.gpus:
            limit = "–" if math.isnan(row.limit) else f"{row.limit:,.0f}"
            table.add_row(
                row.supply,
                f"{row.gpus:,}",
                f"{row.units:,}",
                limit,
                number(row.power_kw),
                number(row.usd_per_hour, 2),
            )
    table.add_row(
        "total",
        f"{plan.gpus:,}",
        "",
        "",
        number(float(plan.supply["power_kw"].sum())),
        number(plan.usd_per_hour, 2),
        style="bold",
    )
    return table


def _run(plan: Plan) -> Table:
    table = _table(
        "Instances", "model", "supply", "layout", "weights", "KV", "draft", "inst.", "GPUs", "batch", "step ms",
        "tok/s", "binds", left=6,
    )  # fmt: skip
    for row in plan.instances.itertuples():
        count = f"{row.instances}" + (f"+{row.spares}" if row.spares else "")
        gpus = (row.instances + row.spares) * row.gpus_per_instance
        table.add_row(
            row.model, row.supply, row.layout, row.weight_precision, row.kv_precision, row.speculation or "–", count,
            f"{gpus:,}", f"{row.mean_batch:.1f}" if row.mean_batch else "–", number(row.step_time_ms),
            number(row.tokens_per_s, 0), row.binding,
        )  # fmt: skip
    return table


def _serve(plan: Plan) -> Table:
    table = _table("Service", "workload", "on", "share", "tok/s", "pace tok/s", "asked", "$/M tokens", left=2)
    totals = plan.workloads.set_index("workload")
    names = plan.instances.drop_duplicates("option").set_index("option")
    for workload, rows in plan.service.groupby("workload", sort=False):
        total = totals.loc[workload]
        for first, row in zip([True] + [False] * len(rows), rows.itertuples(), strict=False):
            kind = names.loc[row.option]
            place = f"{row.supply} {kind['layout']} {kind['weight_precision']}"
            table.add_row(
                str(workload) if first else "", place, f"{row.share:.1%}", number(row.tokens_per_s, 0),
                number(row.pace_tokens_per_s), number(total["min_pace_tokens_per_s"]) if first else "",
                number(total["usd_per_million_tokens"], 3) if first else "",
            )  # fmt: skip
    return table


def _time(plan: Plan) -> Table:
    shares = pd.DataFrame(list(plan.instances["time_shares"])).fillna(0.0)
    table = _table("Where the time goes", "instances", *shares.columns)
    for row, values in zip(plan.instances.itertuples(), shares.itertuples(index=False), strict=True):
        table.add_row(f"{row.model} on {row.supply} {row.layout}", *(f"{value:.0%}" for value in values))
    return table


def _print_certificate(plan: Plan, console: Console) -> None:
    certificate = plan.certificate
    verdict = "[green]passed[/green]" if certificate.passed else "[red]FAILED[/red]"
    console.print(
        f"[bold]Certificate[/bold] {verdict}: {len(certificate.checks)} checks in exact physics, "
        f"linearisation error {certificate.linearisation_error:.2%}"
    )
    for remark in certificate.remarks:
        console.print(f"  [dim]{remark}[/dim]")
