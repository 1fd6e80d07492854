"""Compare two plans, or two runs: what changed, by how much, in dollars per hour and accelerators.

Plans are files of `solve --output json`; runs are folders of `whatif --out`. A change of cost is split in two parts that
sum to it: accelerators more or less at A's price, and the price of B's accelerators more or less.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from planner.batch.results import INPUT_PREFIXES, BatchTables, load_tables
from planner.errors import InputError
from planner.objectives import COST
from planner.plan.read import read_plan

Row = dict[str, Any]
_SAME = 1e-9

KIND = (
    "model", "supply", "role", "gpus_per_instance", "layout", "weight_precision", "kv_precision", "speculation",
)  # fmt: skip
"""What makes two deployments the same kind."""


@dataclass(frozen=True)
class Comparison:
    """Tables by title, each with columns `<figure>_a`, `<figure>_b` and `<figure>_change`; notes in words."""

    what: str
    """plans | runs"""
    names: tuple[str, str]
    tables: dict[str, pd.DataFrame]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; absent numbers are None."""
        return {
            "what": self.what,
            "a": self.names[0],
            "b": self.names[1],
            "notes": list(self.notes),
            **{
                title: [{str(k): _plain(v) for k, v in row.items()} for row in frame.to_dict("records")]
                for title, frame in self.tables.items()
            },
        }


def compare(a: str | Path, b: str | Path) -> Comparison:
    """Compare two plan files or two run folders; raises `InputError`."""
    first, second = Path(a), Path(b)
    if first.is_dir() and second.is_dir():
        return compare_runs(load_tables(first), load_tables(second), (str(a), str(b)))
    if first.is_dir() or second.is_dir():
        raise InputError(
            [f"{a}, {b}: one is a folder of a run and the other is not; give two plans or two runs"]
        )
    return compare_plans(_plan(first), _plan(second), (str(a), str(b)))


def compare_plans(a: Mapping[str, Any], b: Mapping[str, Any], names: tuple[str, str]) -> Comparison:
    """Compare two plans as `Plan.to_dict` gives them."""
    instances = [_by(plan["instances"], KIND) for plan in (a, b)]
    supplies = [_by(plan["supply"], ("supply", "accelerator")) for plan in (a, b)]
    workloads = [_by(plan["workloads"], ("workload",)) for plan in (a, b)]
    tables = {
        "total": pd.DataFrame([_total(a, b)]),
        "supply": _frame(("supply", "accelerator"), supplies, ("gpus", "usd_per_hour"), _split),
        "instances": _frame(KIND, instances, ("instances", "gpus", "usd_per_hour")),
        "workloads": _frame(
            ("workload",),
            workloads,
            ("demand_tokens_per_s", "usd_per_hour", "usd_per_million_tokens"),
            absent=math.nan,
        ),
    }
    return Comparison("plans", names, tables, tuple(_notes(a, b)))


def compare_runs(a: BatchTables, b: BatchTables, names: tuple[str, str]) -> Comparison:
    """Compare two runs scenario by scenario; scenarios are the same where their names are."""
    keyed = [_numbered(tables.scenarios) for tables in (a, b)]
    keys = list(dict.fromkeys([*keyed[0], *keyed[1]]))
    types = list(dict.fromkeys([*a.accelerators, *b.accelerators]))
    figures = ["usd_per_hour", "gpus_total", *(f"gpus.{name}" for name in types)]
    rows: list[Row] = []
    for key in keys:
        one, other = keyed[0].get(key), keyed[1].get(key)
        row: Row = {"name": key[0], "status_a": _ending(one), "status_b": _ending(other)}
        for figure in figures:
            row |= _change(figure, _number(one, figure), _number(other, figure))
        rows.append(row)
    scenarios = pd.DataFrame(rows)
    return Comparison(
        "runs", names, {"total": pd.DataFrame([_run_total(scenarios)]), "scenarios": scenarios},
        tuple(_run_notes(keyed, a, b)),
    )  # fmt: skip


def _plan(path: Path) -> dict[str, Any]:
    """A plan, its deployments with the accelerators that they take."""
    plan = read_plan(path)
    for row in plan["instances"]:
        row["gpus"] = (row["instances"] + row["spares"]) * row["gpus_per_instance"]
    return plan


def _by(rows: Iterable[Row], keys: tuple[str, ...]) -> dict[tuple[Any, ...], Row]:
    """Rows by key; rows of one key are added up."""
    found: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row.get(name) for name in keys)
        if key not in found:
            found[key] = dict(row)
            continue
        for name in ("instances", "gpus", "usd_per_hour"):
            if name in row:
                found[key][name] += row[name]
    return found


def _frame(
    keys: tuple[str, ...],
    sides: list[dict[tuple[Any, ...], Row]],
    figures: tuple[str, ...],
    extra: Any = None,
    absent: float = 0.0,
) -> pd.DataFrame:
    """One row per key of either side."""
    rows = []
    for key in dict.fromkeys([*sides[0], *sides[1]]):
        one, other = sides[0].get(key, {}), sides[1].get(key, {})
        row: Row = dict(zip(keys, key, strict=True))
        for figure in figures:
            row |= _change(figure, _value(one, figure, absent), _value(other, figure, absent))
        rows.append(row | extra(row) if extra else row)
    columns = [*keys, *(f"{figure}_{side}" for figure in figures for side in ("a", "b", "change"))]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=columns)


def _split(row: Row) -> Row:
    """The change of a supply's cost by accelerators and by price; the parts sum to it."""
    prices = [
        row[f"usd_per_hour_{side}"] / row[f"gpus_{side}"] if row[f"gpus_{side}"] else math.nan
        for side in ("a", "b")
    ]
    before = prices[1] if math.isnan(prices[0]) else prices[0]
    by_gpus = 0.0 if math.isnan(before) else row["gpus_change"] * before
    return {"usd_from_gpus": by_gpus, "usd_from_price": row["usd_per_hour_change"] - by_gpus}


def _total(a: Mapping[str, Any], b: Mapping[str, Any]) -> Row:
    row: Row = {"status_a": a["status"]["termination"], "status_b": b["status"]["termination"]}
    for figure in ("usd_per_hour", "gpus"):
        sums = [
            float(sum(supply[figure] for supply in plan["supply"])) if _found(plan) else math.nan
            for plan in (a, b)
        ]
        row |= _change(figure, *sums)
    return row


def _found(plan: Mapping[str, Any]) -> bool:
    return bool(plan["status"]["solution"] != "none")


def _notes(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterable[str]:
    for name, plan in (("A", a), ("B", b)):
        if not _found(plan):
            yield f"{name} has no plan ({plan['status']['termination']})"
    sets = [(p.get("assumptions", {}).get("name"), p.get("assumptions", {}).get("version")) for p in (a, b)]
    if sets[0] != sets[1]:
        yield f"assumptions differ: {' '.join(map(str, sets[0]))} in A, {' '.join(map(str, sets[1]))} in B"
    senses = [(p["objective"]["sense"], p["objective"]["unit"]) for p in (a, b)]
    if senses[0] != senses[1]:
        yield f"questions differ: {' '.join(senses[0])} in A, {' '.join(senses[1])} in B"
    change = _total(a, b)["usd_per_hour_change"]
    gaps = [
        abs(p["objective"]["value"]) * p["objective"]["gap"]
        for p in (a, b)
        if p["objective"].get("gap") is not None
    ]
    if senses[0] == senses[1] == (COST.sense, COST.unit) and 0 < abs(change) <= sum(gaps):
        yield f"the change of cost is within the two plans' gaps ({sum(gaps):.2f} $/h): it may be no change at all"


def _change(figure: str, one: float, other: float) -> Row:
    return {f"{figure}_a": one, f"{figure}_b": other, f"{figure}_change": other - one}


def _value(row: Mapping[str, Any], figure: str, absent: float) -> float:
    value = row.get(figure, absent)
    return math.nan if value is None else float(value)


def _numbered(scenarios: pd.DataFrame) -> dict[tuple[str, int], Row]:
    """Rows by name and how often it stood before."""
    seen: dict[str, int] = {}
    found: dict[tuple[str, int], Row] = {}
    for row in scenarios.to_dict("records"):
        name = str(row["name"])
        found[name, seen.setdefault(name, 0)] = {str(key): value for key, value in row.items()}
        seen[name] += 1
    return found


def _ending(row: Row | None) -> str:
    return "absent" if row is None else str(row["termination"])


def _number(row: Row | None, figure: str) -> float:
    if row is None or row["solution"] == "none":
        return math.nan
    return float(row.get(figure, 0))


def _run_total(scenarios: pd.DataFrame) -> Row:
    change = scenarios["usd_per_hour_change"]
    both = change.notna()
    return {
        "scenarios": len(scenarios),
        "with_a_plan_in_both": int(both.sum()),
        "cheaper": int((change < -_SAME).sum()),
        "dearer": int((change > _SAME).sum()),
        "usd_per_hour_change_mean": float(change[both].mean()) if both.any() else math.nan,
        "usd_per_hour_change_least": float(change[both].min()) if both.any() else math.nan,
        "usd_per_hour_change_most": float(change[both].max()) if both.any() else math.nan,
        "gpus_change_mean": float(scenarios["gpus_total_change"][both].mean()) if both.any() else math.nan,
    }


def _run_notes(keyed: list[dict[tuple[str, int], Row]], a: BatchTables, b: BatchTables) -> Iterable[str]:
    for name, own, others in (("A", keyed[0], keyed[1]), ("B", keyed[1], keyed[0])):
        alone = sum(key not in others for key in own)
        if alone:
            yield f"{alone} scenarios are in {name} alone"
    sides = [[str(c) for c in tables.scenarios if str(c).startswith(INPUT_PREFIXES)] for tables in (a, b)]
    shared = [column for column in sides[0] if column in sides[1]]
    for column in shared:
        pairs = [(keyed[0][key][column], keyed[1][key][column]) for key in keyed[0] if key in keyed[1]]
        differing = sum(one != other and not (pd.isna(one) and pd.isna(other)) for one, other in pairs)
        if differing:
            yield f"{column.split('.', 1)[1]} differs in {differing} scenarios of the same name"
    for name, columns, other in (("A", sides[0], sides[1]), ("B", sides[1], sides[0])):
        alone_columns = [column.split(".", 1)[1] for column in columns if column not in other]
        if alone_columns:
            yield f"only {name} varies {', '.join(alone_columns)}"


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
