"""A plan as tables in a terminal: what to buy, what to run, how it runs, what it serves, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from planner.plan.engine_settings import settings_of
from planner.plan.plan import Plan
from planner.report.console import Column, print_table, report_console, table
from planner.wording.numbers import number, share
from planner.wording.verdicts import ACCURACY_TITLE, why_none

MOST_KEYS = 3
SMALLEST_SHARE = 0.005
"""Parts of an instance's time below this everywhere get no column."""


def print_plan(plan: Plan, console: Console | None = None) -> None:
    """Print a plan for people."""
    console = console or report_console()
    console.print(Text(plan.summary(), style="bold"))
    if not plan.found:
        _print_nothing(plan, console)
        print_accuracy(plan.accuracy, console)
        print_remarks(plan.read_as, plan.warnings, console)
        return
    _print_trust(plan, console)
    for note in plan.notes:
        console.print(Text(f"Note: {note}"))
    print_remarks(plan.read_as, plan.warnings, console)
    print_accuracy(plan.accuracy, console)
    for part in (_buy(plan), _run(plan), _operation(plan), _serve(plan)):
        console.print()
        print_table(part, console)
    for places, words in settings_of(plan.instances.to_dict("records")):
        console.print(Text(f"Start {places} with {words}."))
    _print_certificate(plan, console)


def print_remarks(read_as: Sequence[str], warnings: Sequence[str], console: Console) -> None:
    """Print how names were read, and what may not be meant."""
    for reading in read_as:
        console.print(Text(f"Note: {reading}"))
    for warning in warnings:
        console.print(Text(f"Warning: {warning}"))


def _print_nothing(plan: Plan, console: Console) -> None:
    console.print(Text(why_none(plan.status.termination, plan.certificate.to_dict())))
    if plan.clashes:
        console.print(Text("These clash:", style="bold"))
    for clash in plan.clashes:
        console.print(_bullet(clash))
    if plan.relaxations:
        console.print(Text("Any one of these would give a plan (each was solved):", style="bold"))
    for relaxation in plan.relaxations:
        cost = f"the fleet then costs {relaxation['usd_per_hour']:,.2f} $/h"
        console.print(_bullet(f"{relaxation['sentence']}; {cost} ({_keys(relaxation['keys'])})"))
    _print_rejected(plan, console)


def _print_trust(plan: Plan, console: Console) -> None:
    bound, unit = plan.objective.bound, plan.objective.unit
    bounded = "No bound is known." if bound is None else f"No plan can be better than {bound:,.2f} {unit}."
    console.print(
        Text(
            f"{bounded} Assumptions: {plan.assumptions['name']} {plan.assumptions['version']}. "
            f"Found in {plan.timings.get('total', 0):.1f} s."
        )
    )


def print_accuracy(statements: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print how far predicted times may be off, with the numbers of deployments where statements have them."""
    if statements:
        console.print(Text(f"{ACCURACY_TITLE}:"))
    for statement in statements:
        places = ", ".join(f"#{place}" for place in statement.get("deployments", ()))
        console.print(_bullet(f"{places}: {statement['sentence']}" if places else statement["sentence"]))


def _buy(plan: Plan) -> Table:
    columns = [
        Column("supply", text=True), Column("site", text=True), Column("GPUs"), Column("units"), Column("limit", "GPUs"),
        Column("power", "kW"), Column("carbon", "kg/h"), Column("cost", "$/h"),
    ]  # fmt: skip
    used = plan.supply[plan.supply["gpus"] > 0]
    rows = [
        (row.supply, row.site or "", f"{row.gpus:,}", f"{row.units:,}", number(row.limit, 0), number(row.power_kw),
         _carbon(row.carbon_kg_per_hour), number(row.usd_per_hour, 2))
        for row in used.itertuples()
    ]  # fmt: skip
    power = float(used["power_kw"].sum(skipna=False))
    carbon = _carbon(plan.carbon_kg_per_hour)
    rows.append(("total", "", f"{plan.gpus:,}", "", "", number(power), carbon, number(plan.usd_per_hour, 2)))
    return table("What to buy", columns, rows, total=True)


def _carbon(kg_per_hour: float) -> str:
    """Nothing where it is not known: most configs do not say."""
    return "" if math.isnan(kg_per_hour) else number(kg_per_hour, 1)


def _run(plan: Plan) -> Table:
    columns = [
        Column("#"), Column("model", text=True), Column("supply", text=True), Column("role", text=True),
        Column("layout", text=True), Column("weights", text=True), Column("KV", text=True), Column("draft", text=True),
        Column("instances"), Column("spare"), Column("GPUs"), Column("output", "tokens/s"),
    ]  # fmt: skip
    rows = []
    for place, row in enumerate(plan.instances.itertuples(), start=1):
        role = "" if row.role == "aggregated" else row.role
        gpus = (row.instances + row.spares) * row.gpus_per_instance
        spares = f"{row.spares:,}" if row.spares else ""
        rows.append(
            (str(place), row.model, row.supply, role, row.layout, row.weight_precision, row.kv_precision,
             row.speculation, f"{row.instances:,}", spares, f"{gpus:,}", number(row.tokens_per_s, 0))
        )  # fmt: skip
    return table("What to run", columns, rows)


def _operation(plan: Plan) -> Table:
    shares = pd.DataFrame(list(plan.instances["time_shares"])).fillna(0.0)
    parts = [str(part) for part in shares if shares[part].max() >= SMALLEST_SHARE]
    columns = [
        Column("#"), Column("batch", "mean"), Column("step", "ms"), *(Column(part, "% time") for part in parts),
        Column("limited by", text=True),
    ]  # fmt: skip
    rows = []
    for place, row in enumerate(plan.instances.itertuples(), start=1):
        batch = number(row.mean_batch) if row.mean_batch else ""
        times = [share(float(shares.iloc[place - 1][part])) for part in parts]
        limits = str(row.binding).replace(";", ",")
        rows.append((str(place), batch, number(row.step_time_ms), *times, limits))
    return table("How it runs (limited by: what holds the batch, what a step waits for)", columns, rows)


def _serve(plan: Plan) -> Table:
    columns = [
        Column("workload", text=True), Column("runs on", text=True), Column("share", "%"), Column("served", "tokens/s"),
        Column("pace", "tokens/s"), Column("asked", "tokens/s"),
    ]  # fmt: skip
    timed = bool(plan.workloads["max_ttft_ms"].notna().any())
    columns += [Column("TTFT", "ms"), Column("asked", "ms")] if timed else []
    columns.append(Column("price", "$/M tokens"))
    totals = plan.workloads.set_index("workload")
    places = {
        (row.option, row.supply): f"#{place} {row.supply} {row.layout}".rstrip()
        for place, row in enumerate(plan.instances.itertuples(), start=1)
    }
    rows = []
    for workload, served in plan.service.groupby("workload", sort=False):
        total = totals.loc[workload]
        for position, row in enumerate(served.itertuples()):
            asked = number(total["min_pace_tokens_per_s"]) if total["min_pace_tokens_per_s"] else ""
            limit = _milliseconds(total["max_ttft_ms"])
            once = (str(workload), asked, limit, number(total["usd_per_million_tokens"], 3))
            name, asked, limit, price = once if position == 0 else ("", "", "", "")
            first = (_milliseconds(row.ttft_ms), limit) if timed else ()
            place = places.get((row.option, row.supply), row.supply)
            rows.append(
                (name, place, share(row.share), number(row.tokens_per_s, 0), number(row.pace_tokens_per_s),
                 asked, *first, price)
            )  # fmt: skip
    note = "pace: of one user; TTFT: mean" if timed else "pace: of one user"
    return table(f"What it serves ({note})", columns, rows)


def _milliseconds(value: float) -> str:
    return "" if math.isnan(value) else number(value, 0)


def _print_certificate(plan: Plan, console: Console) -> None:
    certificate = plan.certificate
    verdict = Text("passed", "green") if certificate.passed else Text("FAILED", "red")
    console.print()
    error = f"linearisation error {certificate.linearisation_error:.2%}"
    crossed = ", compared with the relaxation" if certificate.cross_checks else ""
    checks = f": {len(certificate.checks)} checks in exact physics{crossed}, {error}."
    console.print(Text.assemble(("Certificate ", "bold"), verdict, checks))
    for remark in certificate.remarks:
        console.print(_bullet(remark))
    _print_rejected(plan, console)


def _print_rejected(plan: Plan, console: Console) -> None:
    if plan.rejected:
        entry = plan.rejected[0]
        more = f"; {len(plan.rejected) - 1} more with --output json" if len(plan.rejected) > 1 else ""
        why = f"{entry['what']}: {entry['reason']}; needs {entry['needed']}, has {entry['available']}"
        console.print(Text(f"Left out: {why}{more}."))


def _keys(keys: Sequence[str]) -> str:
    """Where to change the config; of many places the first few."""
    shown = ", ".join(keys[:MOST_KEYS])
    return f"{shown}, …" if len(keys) > MOST_KEYS else shown


def _bullet(text: str) -> Padding:
    return Padding(Text(f"- {text}"), (0, 0, 0, 2), expand=False)
