"""The page of a plan: its verdict, key figures, charts and tables, from the plan as JSON holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from planner.objectives import COST
from planner.report import plan_tables
from planner.report.charts.chart import Chart
from planner.report.labels import any_cell, any_table
from planner.report.page import page, render
from planner.report.table_view import TableView
from planner.wording.numbers import DASH, known, number, short
from planner.wording.verdicts import why_none

VERDICTS = {
    "proven": ("good", "proven optimal within the gap"),
    "feasible": ("fair", "a plan, not proven optimal"),
    "none": ("bad", "no plan"),
}


@dataclass(frozen=True)
class Figure:
    """A key figure: what, how much, in what unit."""

    title: str
    value: str
    unit: str = ""


def plan_html(plan: Mapping[str, Any]) -> str:
    """The whole page of a plan."""
    found = plan["status"]["solution"] != "none"
    return page(
        "plan.html.j2",
        charts=plan_charts(plan) if found else [],
        details=details(plan),
        **_context(plan, found),
    )


def plan_fragment(plan: Mapping[str, Any], style: str) -> str:
    """The plan without charts and script, to stand in a notebook."""
    found = plan["status"]["solution"] != "none"
    return render("fragment.html.j2", style=style, **_context(plan, found))


def _context(plan: Mapping[str, Any], found: bool) -> dict[str, Any]:
    tone, verdict = VERDICTS[plan["status"]["solution"]]
    return {
        "plan": plan,
        "found": found,
        "tone": tone,
        "verdict": verdict,
        "reason": why_none(plan["status"]["termination"], plan["certificate"]),
        "figures": key_figures(plan) if found else [],
        "tables": plan_tables_of(plan)
        if found
        else [plan_tables.accuracy_table(plan)]
        if plan["accuracy"]
        else [],
        "certificate": certificate_words(plan),
        "checks": plan_tables.certificate_table(plan),
        "assumptions": assumption_words(plan),
        "timings": [(stage, f"{seconds:.2f} s") for stage, seconds in plan["timings"].items()],
    }


def plan_tables_of(plan: Mapping[str, Any]) -> list[TableView]:
    """The tables everybody reads."""
    makers = (
        plan_tables.supply_table,
        plan_tables.instance_table,
        plan_tables.operation_table,
        plan_tables.service_table,
        plan_tables.workload_table,
        plan_tables.accuracy_table,
    )
    tables = [table for table in (make(plan) for make in makers) if table.rows]
    tables += plan_tables.sensitivity_tables(plan)
    if plan["alternatives"]:
        caption = "The next best plans that differ in kinds, this one first."
        tables.append(any_table("alternatives", "Alternatives", plan["alternatives"], caption))
    return tables


def details(plan: Mapping[str, Any]) -> list[TableView]:
    """The tables that stand folded at the end."""
    tables = [plan_tables.price_table(plan), plan_tables.rejected_table(plan)]
    return [table for table in tables if table is not None and table.rows]


def plan_charts(plan: Mapping[str, Any]) -> list[Chart]:
    """The charts of a plan that was found."""
    from planner.report.charts.service_share import service_share
    from planner.report.charts.supply_cost import supply_cost
    from planner.report.charts.time_shares import time_shares

    return [supply_cost(plan), service_share(plan), time_shares(plan)]


def key_figures(plan: Mapping[str, Any]) -> list[Figure]:
    """What one wants to know first."""
    objective = plan["objective"]
    cost = sum(row["usd_per_hour"] for row in plan["supply"])
    power = [row["power_kw"] for row in plan["supply"] if row["gpus"]]
    figures = [Figure("cost", number(cost, 2), "$/h")]
    if objective["unit"] != COST.unit:
        figures.insert(0, Figure(objective["sense"] + "d", short(objective["value"]), objective["unit"]))
    figures.append(Figure("accelerators", f"{sum(row['gpus'] for row in plan['supply']):,}", "GPUs"))
    if power and all(known(value) for value in power):
        figures.append(Figure("power", number(sum(power), 1), "kW"))
    carbon = [row.get("carbon_kg_per_hour") for row in plan["supply"] if row["gpus"]]
    if carbon and all(known(value) for value in carbon):
        figures.append(Figure("carbon", number(sum(carbon), 1), "kg/h"))
    figures.append(Figure("bound: none is better than", short(objective["bound"]), objective["unit"]))
    gap = objective["gap"]
    figures.append(Figure("gap", DASH if gap is None else f"{100 * gap:.2f}", "%"))
    figures.append(Figure("found in", number(plan["timings"].get("total"), 1), "s"))
    return figures


def certificate_words(plan: Mapping[str, Any]) -> str:
    """The certificate in a sentence."""
    certificate = plan["certificate"]
    checks = [*certificate["checks"], *certificate.get("cross_checks", ())]
    failed = [check["name"] for check in checks if not check["passed"]]
    verdict = f"{len(failed)} of {len(checks)} checks FAILED" if failed else "All checks passed"
    count = f": {len(certificate['checks'])} in exact physics" if not failed else ""
    crossed = ", compared with the relaxation" if certificate.get("cross_checks") and not failed else ""
    error = 100 * certificate["linearisation_error"]
    return f"{verdict}{count}{crossed}; linearisation error {error:.2f} %."


def assumption_words(plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the figures rest on, beside prices."""
    words = []
    for name, value in plan["assumptions"].items():
        if not isinstance(value, Mapping):
            words.append((str(name).replace("_", " "), any_cell(value).text))
    return words
