"""The tables of a plan's page, from the plan as JSON holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planner.plan.engine_settings import settings_of
from planner.report.labels import any_table
from planner.report.table_view import (
    Cell,
    Field,
    Heading,
    TableView,
    computed,
    percentage,
    quantity,
    table_view,
    text,
)
from planner.wording.numbers import DASH, known
from planner.wording.units import title_and_unit
from planner.wording.verdicts import ACCURACY_TITLE

SMALLEST_SHARE = 0.005
"""Parts of an instance's time below this everywhere get no column."""

TITLES = {
    "ideal_usd_per_hour": "cost with the paper's ideal constants",
    "marginal": "What one more would cost",
    "headroom": "Headroom: the most extra demand this fleet serves",
    "demand_steps": "With more demand",
    "tpot_steps": "With another time per token",
    "ttft_steps": "With another time to first token",
    "price_steps": "With other prices",
    "notes": "Notes on sensitivity",
}
"""Titles of the sensitivities that plans hold."""


def numbered(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The plan's deployments with their number, from 1, and the accelerators they take."""
    return [
        {**row, "place": place, "gpus": (row["instances"] + row["spares"]) * row["gpus_per_instance"]}
        for place, row in enumerate(plan["instances"], start=1)
    ]


def accuracy_table(plan: Mapping[str, Any]) -> TableView:
    """How far off predicted times may be, or of what there is no measurement."""
    rows = [
        {"places": ", ".join(f"#{place}" for place in row["deployments"]), "sentence": row["sentence"]}
        for row in plan["accuracy"]
    ]
    return table_view(
        "accuracy", ACCURACY_TITLE, [text("#", "places"), text("what is known", "sentence")], rows
    )


def supply_table(plan: Mapping[str, Any]) -> TableView:
    """What to buy."""
    rows = [row for row in plan["supply"] if row["gpus"]]
    accelerator = (
        [text("accelerator", "accelerator")] if any(r["supply"] != r["accelerator"] for r in rows) else []
    )
    emitted = [row.get("carbon_kg_per_hour") for row in rows]
    carbon = [quantity("carbon", "kg/h", "carbon_kg_per_hour", 1)] if any(map(known, emitted)) else []
    fields = [
        text("supply", "supply"), *accelerator, text("site", "site"), quantity("accelerators", "GPUs", "gpus"),
        quantity("billed units", "units", "units"), quantity("limit", "GPUs", "limit"),
        quantity("power", "kW", "power_kw", 1), *carbon, quantity("cost", "$/h", "usd_per_hour", 2),
    ]  # fmt: skip
    powers = [row["power_kw"] for row in rows]
    total = {
        "supply": "total",
        "gpus": sum(row["gpus"] for row in rows),
        "power_kw": None if None in powers else sum(powers),
        "carbon_kg_per_hour": None if None in emitted else sum(emitted),
        "usd_per_hour": sum(row["usd_per_hour"] for row in rows),
    }
    return table_view("supply", "What to buy", fields, rows, total=total)


def instance_table(plan: Mapping[str, Any]) -> TableView:
    """What to run."""
    rows = numbered(plan)
    role = [text("role", "role")] if any(row["role"] != "aggregated" for row in rows) else []
    spare = [quantity("spares", "instances", "spares")] if any(row["spares"] for row in rows) else []
    fields = [
        quantity("#", "", "place"), text("model", "model"), text("supply", "supply"), *role, text("layout", "layout"),
        text("weights", "weight_precision"), text("KV cache", "kv_precision"), text("draft", "speculation"),
        quantity("instances", "", "instances"), *spare, quantity("accelerators", "GPUs", "gpus"),
        quantity("output", "tokens/s", "tokens_per_s"), quantity("cost", "$/h", "usd_per_hour", 2),
    ]  # fmt: skip
    return table_view("instances", "What to run", fields, rows)


def operation_table(plan: Mapping[str, Any]) -> TableView:
    """How each deployment runs: batch, step time and where its time goes."""
    rows = [
        {**row, "where": f"{row['model']} on {row['supply']} {row['layout']}".strip()}
        for row in numbered(plan)
    ]
    fields = [
        quantity("#", "", "place"), text("deployment", "where"),
        quantity("batch", "mean sequences", "mean_batch", 1), quantity("batch limit", "sequences", "batch"),
        quantity("step", "ms", "step_time_ms", 1), quantity("pace", "tokens/s", "pace_tokens_per_s", 1),
        *(_time_share(part) for part in time_parts(plan)), text("limited by", "binding"),
    ]  # fmt: skip
    started = " ".join(f"{places}: {words}." for places, words in settings_of(plan["instances"]))
    caption = (
        "Shares are of an instance's time. Limited by: what holds the batch, then what a step waits for. "
        "Batch limit: what to set in the serving engine. Pace: what one user sees."
        + (f" Engine settings planned with: {started}" if started else "")
    )
    return table_view("operation", "How it runs", fields, rows, caption)


def _time_share(part: str) -> Field:
    return percentage(part, lambda record: record["time_shares"].get(part, 0.0))


def time_parts(plan: Mapping[str, Any]) -> list[str]:
    """Parts of the time worth a column or a colour."""
    most: dict[str, float] = {}
    for row in plan["instances"]:
        for part, value in row["time_shares"].items():
            most[part] = max(most.get(part, 0.0), value or 0.0)
    return [part for part, value in most.items() if value >= SMALLEST_SHARE]


def service_table(plan: Mapping[str, Any]) -> TableView:
    """What serves which workload."""
    places = {(row["option"], row["supply"]): row for row in numbered(plan)}
    rows = []
    for row in plan["service"]:
        where = places.get((row["option"], row["supply"]), {})
        rows.append(
            {
                **row,
                "place": where.get("place"),
                "layout": where.get("layout", ""),
                "model": where.get("model"),
            }
        )
    fields = [
        text("workload", "workload"), quantity("on #", "", "place"), text("model", "model"), text("supply", "supply"),
        text("layout", "layout"), percentage("share", lambda record: record["share"]),
        quantity("served", "tokens/s", "tokens_per_s"), quantity("pace", "tokens/s", "pace_tokens_per_s", 1),
        quantity("mean TTFT", "ms", "ttft_ms"),
    ]  # fmt: skip
    return table_view("service", "What serves which workload", fields, rows)


def workload_table(plan: Mapping[str, Any]) -> TableView:
    """What each workload asked for, got and costs."""
    price = "$/M tokens"
    fields = [
        text("workload", "workload"), text("model", "model"), quantity("demand", "tokens/s", "demand_tokens_per_s"),
        quantity("served", "tokens/s", "tokens_per_s"),
        computed("pace asked", "tokens/s", lambda row: row["min_pace_tokens_per_s"] or None, 1),
        quantity("pace", "tokens/s", "pace_tokens_per_s", 1),
        quantity("TTFT asked", "ms", "max_ttft_ms"), quantity("mean TTFT", "ms", "ttft_ms"),
        quantity("cost", "$/h", "usd_per_hour", 2), quantity("price", price, "usd_per_million_tokens", 3),
        quantity("of input", price, "usd_per_million_input_tokens", 3),
        quantity("of output", price, "usd_per_million_output_tokens", 3),
    ]  # fmt: skip
    caption = (
        "Price: all cost per million output tokens; of input and of output: the same cost split between them."
    )
    return table_view("workloads", "Workloads", fields, plan["workloads"], caption)


def certificate_table(plan: Mapping[str, Any]) -> TableView:
    """Every check: what was found and the limit it must keep."""
    headings = (
        Heading("check"), Heading("result"), Heading("found", "unit at right", True),
        Heading("limit", "unit at right", True), Heading("unit"),
    )  # fmt: skip
    rows = tuple(
        (
            Cell(check["name"], check["name"]),
            Cell("passed" if check["passed"] else "FAILED", "1" if check["passed"] else "0"),
            *(_exact(check[column]) for column in ("value", "limit")),
            Cell(check["unit"], check["unit"]),
        )
        for check in [*plan["certificate"]["checks"], *plan["certificate"].get("cross_checks", ())]
    )
    return TableView("certificate", "Checks", headings, rows)


def _exact(value: float | None) -> Cell:
    return Cell(DASH) if value is None else Cell(f"{value:,.6g}", repr(float(value)))


def price_table(plan: Mapping[str, Any]) -> TableView | None:
    """Prices the plan rests on, with their source."""
    prices = plan["assumptions"].get("prices")
    if not isinstance(prices, Mapping):
        return None
    rows = [{"supply": supply, **price} for supply, price in prices.items()]
    fields = [
        text("supply", "supply"),
        quantity("price", "$/h per accelerator", "usd_per_hour", 3),
        text("source", "source"),
    ]
    return table_view("prices", "Prices", fields, rows)


def rejected_table(plan: Mapping[str, Any]) -> TableView | None:
    """What was left out, with what it needed and had."""
    if not plan["rejected"]:
        return None
    fields = [
        text("left out", "what"),
        text("why", "reason"),
        text("needs", "needed"),
        text("has", "available"),
    ]
    return table_view("rejected", "Left out", fields, plan["rejected"])


def sensitivity_tables(plan: Mapping[str, Any]) -> Iterator[TableView]:
    """Whatever sensitivities the plan holds: one table per list or mapping, one for single values."""
    single = []
    for name, value in plan["sensitivity"].items():
        title = TITLES.get(str(name), f"Sensitivity: {str(name).replace('_', ' ')}")
        if isinstance(value, Sequence) and value and all(isinstance(row, Mapping) for row in value):
            yield any_table(f"sensitivity-{name}", title, value)
        elif isinstance(value, Mapping) and value and all(isinstance(row, Mapping) for row in value.values()):
            rows = [{"of": key, **row} for key, row in value.items()]
            yield any_table(f"sensitivity-{name}", title, rows)
        elif isinstance(value, Mapping) and value:
            yield any_table(
                f"sensitivity-{name}", title, [{"of": key, "value": entry} for key, entry in value.items()]
            )
        elif value not in (None, [], {}, ""):
            named, unit = title_and_unit(str(name))
            named = TITLES.get(str(name), named)
            single.append({"sensitivity": named, "value": value, "unit": unit})
    if single:
        yield any_table("sensitivity", "Sensitivity", single)
