"""Random studies of measured capacity, as a config with its profile and as what the second program takes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tests.independent.program import Offer, Question, Supply

Config = dict[str, Any]
ROLES = ("aggregated", "aggregated", "aggregated", "prefill", "decode")


def study(seed: int) -> tuple[Config, list[str], list[Offer], list[Supply], Question]:
    """A config, the lines of its profile, and the same in numbers."""
    chosen = random.Random(f"measured {seed}")
    supplies = _supplies(chosen)
    workloads = {f"w{i}": f"m{chosen.randrange(2)}" for i in range(chosen.choice((1, 2, 2, 3)))}
    demand = {w: round(10 ** chosen.uniform(0, 2.2), 2) for w in workloads}
    lines, offers = _rows(chosen, sorted({s.accelerator for s in supplies}), workloads)
    asked = _question(chosen, demand, supplies)
    return _config(supplies, workloads, asked), lines, offers, supplies, asked


def _supplies(chosen: random.Random) -> list[Supply]:
    found = []
    for i in range(chosen.choice((1, 2, 3))):
        unit = chosen.choice((1, 1, 2, 4, 8))
        found.append(
            Supply(
                f"s{i}", f"x{chosen.randrange(3)}", round(chosen.uniform(0.5, 6), 2),
                chosen.choice((None, None, 8, 24, 60)), unit, chosen.choice((1.0, 1.0, 0.9)),
                round(chosen.uniform(0.3, 1.2), 2), chosen.choice(("", "a", "b")),
            )
        )  # fmt: skip
    return found


def _rows(
    chosen: random.Random, accelerators: list[str], workloads: dict[str, str]
) -> tuple[list[str], list[Offer]]:
    """Measured instances: each serves some workloads of one model at rates of its own."""
    lines, offers = ["model,accelerator,gpus,workload,requests_per_s,role,label"], []
    missing = list(workloads)  # a workload without a row at all is refused
    for number in range(chosen.choice((2, 3, 5, 8)) + len(missing)):
        accelerator, gpus = chosen.choice(accelerators), chosen.choice((1, 2, 4))
        first = missing.pop() if missing else None
        model = workloads[first] if first else chosen.choice(sorted(set(workloads.values())))
        role = chosen.choice(ROLES)
        rates = {
            w: round(chosen.uniform(0.4, 9) * gpus, 3)
            for w, own in workloads.items()
            if w == first or (own == model and chosen.random() < 0.8)
        }
        if not rates:
            continue
        lines += [f"{model},{accelerator},{gpus},{w},{rate},{role},r{number}" for w, rate in rates.items()]
        roof = (0.0, {w: 1.0 / rate for w, rate in rates.items()})
        offers.append(Offer(f"r{number}", accelerator, gpus, (roof,), role=role))
    return lines, offers


def _question(chosen: random.Random, demand: dict[str, float], supplies: list[Supply]) -> Question:
    objective = chosen.choice(("cost", "cost", "cost", "gpus", "power", "throughput"))
    extra: dict[str, Any] = {}
    feature = chosen.randrange(6)
    if feature == 0:
        extra["spares"] = chosen.choice((1, 2))
    elif feature == 1:
        extra["spare_share"] = chosen.choice((0.1, 0.34))
    elif feature == 2:
        extra["most_kinds"] = chosen.choice((1, 2))
    elif feature == 3:
        extra["power_limit"] = round(chosen.uniform(5, 60), 1)
    elif feature == 4:
        site = next((s.site for s in supplies if s.site), "")
        extra["site_power"] = {site: round(chosen.uniform(5, 40), 1)} if site else {}
    if objective == "throughput":
        extra["budget"] = round(chosen.uniform(20, 120), 2)
    return Question(demand, objective, chosen.choice((1.0, 1.0, 0.85)), **extra)


def _config(supplies: list[Supply], workloads: dict[str, str], asked: Question) -> Config:
    question: Config = {"minimise": asked.objective}
    if asked.objective == "throughput":
        question = {"maximise": "throughput", "budget_usd_per_hour": asked.budget}
    config: Config = {
        "fleet": fleet(supplies, asked),
        "workloads": [
            {"name": w, "model": model, "demand_requests_per_s": asked.demand[w]} for w, model in workloads.items()
        ],
        "question": question, "physics": False, "profiles": ["p.csv"], "serving": ["aggregated", "disaggregated"],
        **settings(asked),
    }  # fmt: skip
    return config


def fleet(supplies: list[Supply], asked: Question) -> Config:
    """Supplies and sites as a config has them."""
    entries = []
    for s in supplies:
        entry: Config = {
            "name": s.name, "accelerator": s.accelerator, "price_usd_per_hour": s.price, "unit": s.unit,
            "availability": s.availability, "power_kw_per_accelerator": s.power_kw,
        }  # fmt: skip
        entry |= {} if s.limit is None else {"limit": s.limit}
        entries.append(entry | ({"site": s.site} if s.site else {}))
    sites = {site: {"power_limit_kw": limit} for site, limit in asked.site_power.items()}
    return {"supply": entries, "sites": sites}


def settings(asked: Question) -> Config:
    """The keys of a config beside fleet, models, workloads and question; the gap is as small as it gets."""
    found: Config = {
        "utilisation": asked.utilisation, "detail": "quick",
        "solver": {"gap": 0.0, "time_limit_s": 60, "threads": 1},
    }  # fmt: skip
    if asked.spares or asked.spare_share:
        found["spares"] = {"number": asked.spares, "share": asked.spare_share}
    if asked.most_kinds is not None:
        found["max_kinds_per_workload"] = asked.most_kinds
    if asked.power_limit is not None:
        found["power_limit_kw"] = asked.power_limit
    return found


def write(lines: list[str], folder: Path) -> None:
    """The profile."""
    (folder / "p.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
