"""Random studies over every limit and feature: solved in a fraction of a second, odd enough to disagree."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

Config = dict[str, Any]
Row = dict[str, Any]
Random = random.Random
ARCHITECTURES = ("llama-3.1-8b", "llama-3.1-70b", "qwen3-8b", "mixtral-8x7b", "qwen3-30b-a3b", "phi-4")
HYBRIDS = ("qwen3.5-9b", "nemotron-3-nano-30b-a3b-bf16", "gemma-4-26b-a4b", "deepseek-v4-flash")
ACCELERATORS = ("h100-sxm", "a100-80gb-sxm", "l40s", "h200-sxm")
PROFILE = "measured.csv"


def plain(chosen: Random) -> Config:
    """Two or three models, up to four workloads, up to three supplies, whole instances of 1, 2 and 4 GPUs."""
    models = chosen.sample(ARCHITECTURES, chosen.choice((2, 2, 3)))
    supplies = chosen.sample(ACCELERATORS, chosen.choice((1, 2, 2, 3)))
    workloads = []
    for number in range(chosen.choice((len(models), len(models) + 1))):
        model = models[number % len(models)]
        workloads.append(
            {
                "name": f"w{number}",
                "model": model,
                "input_tokens": chosen.choice((100, 1000, 4000)),
                "output_tokens": chosen.choice((100, 300, 1000)),
                "demand_tokens_per_s": round(10 ** chosen.uniform(2.0, 4.6), 1),
            }
        )
    return {
        "name": "agreement",
        "fleet": {
            "supply": [
                {"accelerator": name, "name": f"s{number}", "price_usd_per_hour": round(chosen.uniform(0.6, 4.0), 2)}
                for number, name in enumerate(supplies)
            ]
        },
        "models": {
            name: {"architecture": name, "weight_precisions": ["fp8"], "kv_precisions": ["fp8"]} for name in models
        },
        "workloads": workloads,
        "layouts": {"instance_gpus": [1, 2, 4]},
        "assumptions": "erdil-2025",
        "solver": {"gap": 1e-4, "time_limit_s": 30, "threads": 1},
    }  # fmt: skip


def _each_supply(config: Config, change: Callable[[Config], object]) -> None:
    for supply in config["fleet"]["supply"]:
        change(supply)


def units(config: Config, chosen: Random) -> None:
    _each_supply(config, lambda supply: supply.update(unit=chosen.choice((1, 2, 4, 8))))


def nodes(config: Config, chosen: Random) -> None:
    """Instances that fill whole units: nothing is shared."""
    config["layouts"]["instance_gpus"] = [4, 8]
    _each_supply(config, lambda supply: supply.update(unit=4))


def limits(config: Config, chosen: Random) -> None:
    _each_supply(config, lambda supply: supply.update(limit=chosen.choice((4, 8, 16, 32, 64))))


def sites(config: Config, chosen: Random) -> None:
    """Every accelerator at two sites, at another price and with another limit."""
    supply = config["fleet"]["supply"]
    for row in copy.deepcopy(supply[:2]):
        price = round(row.get("price_usd_per_hour", 1.0) * chosen.uniform(0.8, 1.3), 2)
        row |= {"name": f"{row['name']}-west", "site": "west", "price_usd_per_hour": price}
        row["limit"] = chosen.choice((2, 4, 12, 40))
        supply.append(row)
    supply[0]["limit"] = chosen.choice((2, 6, 10, 40))


def availability(config: Config, chosen: Random) -> None:
    _each_supply(config, lambda supply: supply.update(availability=chosen.choice((0.5, 0.8, 1.0))))


def owned(config: Config, chosen: Random) -> None:
    first = config["fleet"]["supply"][0]
    first.pop("price_usd_per_hour", None)
    first |= {"owned": True, "limit": chosen.choice((4, 12)), "running_usd_per_hour": 0.3}


def power(config: Config, chosen: Random) -> None:
    config["power_limit_kw"] = chosen.choice((4.0, 10.0, 25.0, 60.0))


def site_power(config: Config, chosen: Random) -> None:
    _each_supply(config, lambda supply: supply.setdefault("site", "east"))
    config["fleet"]["sites"] = {"east": {"power_limit_kw": chosen.choice((3.0, 8.0, 20.0, 60.0))}}


def budget(config: Config, chosen: Random) -> None:
    config["question"] = {**config.get("question", {"minimise": "cost"})}
    config["question"]["budget_usd_per_hour"] = chosen.choice((10.0, 30.0, 90.0, 300.0))


def _carbon(config: Config, chosen: Random) -> None:
    _each_supply(config, lambda supply: supply.update(carbon_kg_per_kwh=chosen.choice((0.02, 0.2, 0.6))))


def carbon(config: Config, chosen: Random) -> None:
    _carbon(config, chosen)
    config["carbon_limit_kg_per_hour"] = chosen.choice((0.5, 2.0, 8.0, 30.0))


def spares(config: Config, chosen: Random) -> None:
    _each_supply(config, lambda supply: supply.setdefault("limit", 200))
    config["spares"] = {"number": chosen.choice((1, 2))}


def spare_share(config: Config, chosen: Random) -> None:
    config["spares"] = {**config.get("spares", {}), "share": chosen.choice((0.1, 0.34, 0.5))}


def kinds(config: Config, chosen: Random) -> None:
    config["max_kinds_per_workload"] = chosen.choice((1, 2))


def kinds_of_one(config: Config, chosen: Random) -> None:
    config["workloads"][0]["max_kinds"] = 1


def pace(config: Config, chosen: Random) -> None:
    for workload in config["workloads"]:
        workload["min_pace_tokens_per_s"] = chosen.choice((10, 20, 40))


def ttft(config: Config, chosen: Random) -> None:
    for workload in config["workloads"]:
        workload.setdefault("min_pace_tokens_per_s", chosen.choice((20, 40)))
        workload["max_ttft_ms"] = chosen.choice((800, 2000))


def pools(config: Config, chosen: Random) -> None:
    """One model for all workloads, each with a pace, lengths and a demand of its own, on many sizes: many kinds that
    dominate each other here and not there."""
    model = config["workloads"][0]["model"]
    for workload in config["workloads"]:
        demand = round(10 ** chosen.uniform(1.5, 4.0), 1)
        workload |= {"model": model, "demand_tokens_per_s": demand}
        workload["min_pace_tokens_per_s"] = chosen.choice((5, 15, 30, 50))
        workload["input_tokens"] = chosen.choice((0, 500, 4000, 16000))
    config["layouts"]["instance_gpus"] = [1, 2, 4, 8]
    config["models"][model] |= {"weight_precisions": ["bf16", "fp8"], "kv_precisions": ["bf16", "fp8"]}


def prefix_hits(config: Config, chosen: Random) -> None:
    config["workloads"][0]["prefix_hit_rate"] = 0.5


def no_prompts(config: Config, chosen: Random) -> None:
    chosen.choice(config["workloads"])["input_tokens"] = 0


def safety(config: Config, chosen: Random) -> None:
    config["safety"] = 0.1


def utilisation(config: Config, chosen: Random) -> None:
    config["utilisation"] = 0.7


def disaggregated(config: Config, chosen: Random) -> None:
    config["serving"] = chosen.choice((["disaggregated"], ["aggregated", "disaggregated"]))


def speculation(config: Config, chosen: Random) -> None:
    first = next(iter(config["models"].values()))
    first["speculation"] = [{"draft": "llama-3.1-8b", "acceptance": 0.7, "draft_tokens": [2, 4]}]


def hybrids(config: Config, chosen: Random) -> None:
    """Models with recurrent layers, windows and compressed attention instead, paged as an engine does."""
    for model, architecture in zip(config["models"].values(), chosen.sample(HYBRIDS, 3), strict=False):
        model["architecture"] = architecture
    config["assumptions"] = chosen.choice(("erdil-2025", "default", "vllm-2026"))


def pipeline(config: Config, chosen: Random) -> None:
    config["layouts"]["pipeline"] = [1, 2]


def two_d(config: Config, chosen: Random) -> None:
    config["layouts"]["tensor_parallel"] = ["1d", "2d"]


def precisions(config: Config, chosen: Random) -> None:
    for model in config["models"].values():
        model["weight_precisions"] = ["bf16", "fp8"]


def no_prefill(config: Config, chosen: Random) -> None:
    config["prefill"] = False


def profiles(config: Config, chosen: Random) -> None:
    """One measured kind of every workload beside the physics."""
    config["profiles"] = [PROFILE]


def simplicity(config: Config, chosen: Random) -> None:
    config["simplicity"] = 0.02


def fewest_gpus(config: Config, chosen: Random) -> None:
    config["question"] = {**config.get("question", {}), "minimise": "gpus"}


def least_power(config: Config, chosen: Random) -> None:
    config["question"] = {**config.get("question", {}), "minimise": "power"}


def least_carbon(config: Config, chosen: Random) -> None:
    _carbon(config, chosen)
    config["question"] = {**config.get("question", {}), "minimise": "carbon"}


def throughput(config: Config, chosen: Random) -> None:
    _each_supply(config, lambda supply: supply.setdefault("limit", 24))
    asked = {key: value for key, value in config.get("question", {}).items() if key != "minimise"}
    config["question"] = {**asked, "maximise": "throughput", "workload": config["workloads"][0]["name"]}


def engine_settings(config: Config, chosen: Random) -> None:
    config["engine"] = chosen.choice(("vllm", "vllm 0.16", "sglang", "trtllm"))
    for model in config["models"].values():
        model["max_num_seqs"] = chosen.choice((8, 40, 200))
    config["workloads"][0]["max_num_seqs"] = chosen.choice((4, 30))


FEATURES: dict[str, Callable[[Config, Random], None]] = {
    feature.__name__: feature
    for feature in (
        units, nodes, limits, sites, availability, owned, power, site_power, budget, carbon, spares, spare_share, kinds,
        kinds_of_one, pools, pace, ttft, prefix_hits, no_prompts, safety, utilisation, disaggregated, speculation,
        pipeline, two_d, precisions, no_prefill, profiles, simplicity, fewest_gpus, least_power, least_carbon, throughput,
        engine_settings, hybrids,
    )
}  # fmt: skip


def study(names: tuple[str, ...], seed: int) -> Config:
    """A random study with the named features."""
    chosen = Random(f"{names} {seed}")
    config = plain(chosen)
    for name in names:
        FEATURES[name](config, chosen)
    return config


def write_profile(config: Config, folder: Path) -> None:
    """Measured rows that are about as good as the physics: sometimes chosen, sometimes not."""
    if "profiles" in config:
        write_rows(profile_rows(config), folder)


def profile_rows(config: Config) -> list[Row]:
    """One measured row for each workload."""
    chosen = Random(str(config["workloads"]))
    rows: list[Row] = []
    for workload in config["workloads"]:
        accelerator = chosen.choice(config["fleet"]["supply"])["accelerator"]
        rate = round(chosen.uniform(2, 12), 2)
        rows.append(
            {
                "model": workload["model"],
                "accelerator": accelerator,
                "gpus": chosen.choice((1, 2, 4)),
                "workload": workload["name"],
                "requests_per_s": rate,
            }
        )
    return rows


def write_rows(rows: list[Row], folder: Path) -> None:
    """A profile of these rows."""
    lines = [",".join(map(str, row.values())) for row in rows]
    (folder / PROFILE).write_text("\n".join([",".join(rows[0]), *lines]) + "\n", encoding="utf-8")
