"""Relations that must hold between a study and a changed one, whatever the right answer of either is.

Each change says what it may do to the objective: nothing (`same`), only harm (`harder`), only help (`easier`), or
multiply it. A change that a study has nothing for returns None.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from tests.planner.agreement.studies import Config, Random, Row

Effect = Literal["same", "harder", "easier"]
Changed = tuple[Config, list[Row]] | None
Change = Callable[[Config, list[Row], Random], Changed]
TIMES = 3.0


@dataclass(frozen=True)
class Relation:
    """A change and its effect; the objective, where it counts dollars, is multiplied by `times` as well."""

    change: Change
    effect: Effect
    times: float = 1.0


def _each(config: Config, key: str, change: Callable[[Any], Any]) -> bool:
    """Change a key of every workload that has it; whether any has."""
    found = [workload for workload in config["workloads"] if key in workload]
    for workload in found:
        workload[key] = change(workload[key])
    return bool(found)


def shuffled(config: Config, rows: list[Row], chosen: Random) -> Changed:
    for entries in (config["fleet"]["supply"], config["workloads"], rows):
        chosen.shuffle(entries)
    names = list(config["models"])
    chosen.shuffle(names)
    config["models"] = {name: config["models"][name] for name in names}
    for model in config["models"].values():
        chosen.shuffle(model["weight_precisions"])
    chosen.shuffle(config["layouts"]["instance_gpus"])
    return config, rows


def renamed(config: Config, rows: list[Row], chosen: Random) -> Changed:
    """Other names in another alphabetical order for supplies, workloads, models and sites."""
    marks = [chr(97 + number) for number in range(20)]
    chosen.shuffle(marks)
    new: dict[str, str] = {}

    def name(old: str) -> str:
        return new.setdefault(old, f"{marks[len(new)]}.{len(new)}")

    sites = config["fleet"].get("sites", {})
    config["fleet"] |= {"sites": {name(site): value for site, value in sites.items()}} if sites else {}
    for supply in config["fleet"]["supply"]:
        supply["name"] = name(supply["name"])
        if supply.get("site") in sites:
            supply["site"] = name(supply["site"])
    config["models"] = {name(f"model {old}"): model for old, model in config["models"].items()}
    for workload in config["workloads"]:
        workload |= {"name": name(workload["name"]), "model": name(f"model {workload['model']}")}
    for row in rows:
        row |= {"workload": name(row["workload"]), "model": name(f"model {row['model']}")}
    if "workload" in config.get("question", {}):
        config["question"]["workload"] = name(config["question"]["workload"])
    return config, rows


def pace_as_tpot(config: Config, rows: list[Row], chosen: Random) -> Changed:
    paced = [workload for workload in config["workloads"] if "min_pace_tokens_per_s" in workload]
    for workload in paced:
        workload["max_tpot_ms"] = 1000.0 / workload.pop("min_pace_tokens_per_s")
    return (config, rows) if paced else None


def tokens_as_requests(config: Config, rows: list[Row], chosen: Random) -> Changed:
    for workload in config["workloads"]:
        workload["demand_requests_per_s"] = workload.pop("demand_tokens_per_s") / workload["output_tokens"]
    return config, rows


def prices_times_three(config: Config, rows: list[Row], chosen: Random) -> Changed:
    for supply in config["fleet"]["supply"]:
        for key in ("price_usd_per_hour", "running_usd_per_hour"):
            if key in supply:
                supply[key] *= TIMES
    if "budget_usd_per_hour" in config.get("question", {}):
        config["question"]["budget_usd_per_hour"] *= TIMES
    return config, rows


def a_supply_in_two(config: Config, rows: list[Row], chosen: Random) -> Changed:
    """An unlimited supply beside its twin at a worse price."""
    first = config["fleet"]["supply"][0]
    if "limit" in first or "price_usd_per_hour" not in first or "spares" in config:
        return None
    twin = {**first, "name": "twin", "price_usd_per_hour": first["price_usd_per_hour"] * 1.5}
    config["fleet"]["supply"].append(twin)
    return config, rows


def more_demand(config: Config, rows: list[Row], chosen: Random) -> Changed:
    chosen.choice(config["workloads"])["demand_tokens_per_s"] *= 1.4
    return config, rows


def a_stricter_pace(config: Config, rows: list[Row], chosen: Random) -> Changed:
    return (config, rows) if _each(config, "min_pace_tokens_per_s", lambda pace: 1.5 * pace) else None


def an_earlier_token(config: Config, rows: list[Row], chosen: Random) -> Changed:
    return (config, rows) if _each(config, "max_ttft_ms", lambda ttft: 0.7 * ttft) else None


def a_ttft(config: Config, rows: list[Row], chosen: Random) -> Changed:
    chosen.choice(config["workloads"]).setdefault("max_ttft_ms", chosen.choice((300, 1500)))
    return config, rows


def another_spare(config: Config, rows: list[Row], chosen: Random) -> Changed:
    if any("limit" not in supply for supply in config["fleet"]["supply"]):
        return None
    spares = config.setdefault("spares", {})
    spares["number"] = spares.get("number", 0) + 1
    return config, rows


def a_lower_limit(config: Config, rows: list[Row], chosen: Random) -> Changed:
    limited = [supply for supply in config["fleet"]["supply"] if supply.get("limit", 0) >= 2]
    if not limited:
        return None
    chosen.choice(limited)["limit"] //= 2
    return config, rows


def more_headroom(config: Config, rows: list[Row], chosen: Random) -> Changed:
    config["utilisation"] = 0.8 * config.get("utilisation", 1.0)
    return config, rows


def a_margin(config: Config, rows: list[Row], chosen: Random) -> Changed:
    config["safety"] = config.get("safety", 0.0) + 0.1
    return config, rows


def half_the_power(config: Config, rows: list[Row], chosen: Random) -> Changed:
    if "power_limit_kw" not in config:
        return None
    config["power_limit_kw"] *= 0.5
    return config, rows


def fewer_kinds(config: Config, rows: list[Row], chosen: Random) -> Changed:
    most = config.get("max_kinds_per_workload", 3)
    if most == 1 or "maximise" in config.get("question", {}):
        return None
    config["max_kinds_per_workload"] = most - 1
    return config, rows


def another_supply(config: Config, rows: list[Row], chosen: Random) -> Changed:
    site = {"site": "east"} if "sites" in config["fleet"] else {}
    carbon = "carbon_kg_per_kwh" in config["fleet"]["supply"][0]
    config["fleet"]["supply"].append(
        {"accelerator": "b200-sxm", "name": "new", "price_usd_per_hour": 3.0, "limit": 16, **site}
        | ({"carbon_kg_per_kwh": 0.1} if carbon else {})
    )
    return config, rows


def a_higher_limit(config: Config, rows: list[Row], chosen: Random) -> Changed:
    limited = [supply for supply in config["fleet"]["supply"] if "limit" in supply]
    for supply in limited:
        supply["limit"] *= 2
    return (config, rows) if limited else None


def no_pace(config: Config, rows: list[Row], chosen: Random) -> Changed:
    found = [workload.pop("min_pace_tokens_per_s", None) for workload in config["workloads"]]
    return (config, rows) if any(found) else None


def no_ttft(config: Config, rows: list[Row], chosen: Random) -> Changed:
    found = [workload.pop("max_ttft_ms", None) for workload in config["workloads"]]
    return (config, rows) if any(found) else None


def more_precisions(config: Config, rows: list[Row], chosen: Random) -> Changed:
    for model in config["models"].values():
        model["weight_precisions"] = ["fp8", "bf16", "int4"]
        model["kv_precisions"] = ["fp8", "bf16"]
    return config, rows


def more_layouts(config: Config, rows: list[Row], chosen: Random) -> Changed:
    if any("unit" in supply for supply in config["fleet"]["supply"]):
        return None
    config["layouts"]["instance_gpus"] = sorted({*config["layouts"]["instance_gpus"], 1, 2, 8})
    return config, rows


def a_lower_price(config: Config, rows: list[Row], chosen: Random) -> Changed:
    priced = [supply for supply in config["fleet"]["supply"] if "price_usd_per_hour" in supply]
    if not priced:
        return None
    chosen.choice(priced)["price_usd_per_hour"] *= 0.8
    return config, rows


def more_cached(config: Config, rows: list[Row], chosen: Random) -> Changed:
    workload = chosen.choice(config["workloads"])
    workload["prefix_hit_rate"] = 0.5 + 0.5 * workload.get("prefix_hit_rate", 0.0)
    return config, rows


def always_there(config: Config, rows: list[Row], chosen: Random) -> Changed:
    found = [supply.pop("availability", None) for supply in config["fleet"]["supply"]]
    return (config, rows) if any(found) else None


RELATIONS: dict[str, Relation] = {
    **{
        change.__name__: Relation(change, "same")
        for change in (shuffled, renamed, pace_as_tpot, tokens_as_requests, a_supply_in_two)
    },
    "prices_times_three": Relation(prices_times_three, "same", TIMES),
    **{
        change.__name__: Relation(change, "harder")
        for change in (
            more_demand, a_stricter_pace, an_earlier_token, a_ttft, another_spare, a_lower_limit, more_headroom, a_margin,
            half_the_power, fewer_kinds,
        )
    },
    **{
        change.__name__: Relation(change, "easier")
        for change in (
            another_supply, a_higher_limit, no_pace, no_ttft, more_precisions, more_layouts, a_lower_price, more_cached,
            always_there,
        )
    },
}  # fmt: skip


def changed(name: str, config: Config, rows: list[Row], seed: object) -> Changed:
    """A copy of a study changed as the relation says, always in the same way; None where there is nothing to change."""
    return RELATIONS[name].change(copy.deepcopy(config), copy.deepcopy(rows), Random(f"{name} {seed}"))
