"""What the modelling choices do to the paper's tables, as the Markdown of docs/physics.md.

    python benchmarks/physics_choices.py tables       # the printed rows under erdil-2025 and under default
    python benchmarks/physics_choices.py choices      # erdil-2025 with one choice at a time taken from default

`tables` uses the paper's 400 × 400 grid and its sampled frontier. `choices` compares the fastest point and the price at a
fixed speed, which the flat optimum of speed³/price would blur, at 4,000 tokens of context on a 200 × 200 grid.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from fleets import catalog
from fleets.schema.assumptions import AssumptionSet
from planner.step_time.speed_cost.answer import Curve, frontier
from planner.step_time.speed_cost.config import (
    Axis,
    FrontierStudy,
    RealSearch,
    ResolvedFrontier,
    resolve_frontier,
)
from planner.step_time.speed_cost.pareto import cheapest_at

DRAFT = {"draft": "paper-llama-3-8b", "acceptance": 0.8, "max_draft_tokens": 5}
# table, row, model, accelerator, speculative, which point, as printed: speed, $, accelerators, batch
ROWS = [
    *(
        (table, name, model, "paper-h100", True, point, printed[table])
        for name, model, printed in (
            (
                "Mixtral 8x22B (16-bit)",
                "paper-mixtral-8x22b",
                {"2": "199, –, 125, –", "3": "128, 0.54, 23, 197"},
            ),
            (
                "Llama 3 70B (8-bit)",
                "paper-llama-3-70b-8-bit",
                {"2": "189, –, 24, –", "3": "107, 0.27, 7, 136"},
            ),
            (
                "Llama 3.1 405B (8-bit)",
                "paper-llama-3-405b-8-bit",
                {"2": "122, –, 48, –", "3": "61, 1.31, 8, 58"},
            ),
            ("GPT-4 (16-bit)", "paper-gpt-4", {"2": "106, –, 460, –", "3": "61, 4.53, 100, 213"}),
            ("DeepSeek-V3 (8-bit)", "paper-deepseek-v3", {"2": "215, –, 14, –", "3": "116, 1.10, 54, 247"}),
        )
        for table, point in (("2", "fastest"), ("3", "preferred"))
    ),
    ("4", "H100 SXM", "paper-llama-3-70b-8-bit", "paper-h100", False, "fastest", "152, –, 24, –"),
    ("4", "A100 SXM", "paper-llama-3-70b-8-bit", "paper-a100", False, "fastest", "132, –, 32, –"),
    ("4", "V100 SXM", "paper-llama-3-70b-8-bit", "paper-v100", False, "fastest", "105, –, 102, –"),
    ("5", "Llama 3 70B", "paper-llama-3-70b", "paper-h100", False, "preferred", "69, 0.52, 8, 127"),
    ("5", "Llama 3 70B (S)", "paper-llama-3-70b", "paper-h100", True, "preferred", "95, 0.51, 6, 73"),
    ("5", "Llama 3.1 405B", "paper-llama-3-405b", "paper-h100", False, "preferred", "35, 6.54, 31, 80"),
    ("5", "Llama 3.1 405B (S)", "paper-llama-3-405b", "paper-h100", True, "preferred", "71, 7.33, 23, 26"),
    ("6", "4-bit weights", "paper-llama-3-70b-4-bit", "paper-h100", False, "preferred", "122, 0.23, 4, 90"),
    ("6", "8-bit weights", "paper-llama-3-70b-8-bit", "paper-h100", False, "preferred", "99, 0.37, 7, 109"),
    ("6", "16-bit weights", "paper-llama-3-70b", "paper-h100", False, "preferred", "83, 0.70, 13, 136"),
]
CONTEXT = 4000.0
"""Tokens of context at which choices are compared."""
FLOOR = 50.0
"""Tokens per second per user at which prices are compared."""
COMPARED = ("paper-llama-3-70b-8-bit", "paper-mixtral-8x22b", "paper-deepseek-v3")
_CURVES: dict[tuple[str, str, bool, str, int], Curve] = {}


def curve(
    model: str,
    accelerator: str,
    speculative: bool,
    assumptions: AssumptionSet,
    points: int,
    context: float = 0.0,
) -> Curve:
    """The frontier of one row at $2.1 per accelerator-hour; computed once."""
    key = model, accelerator, speculative, assumptions.name, points
    if key not in _CURVES:
        study = FrontierStudy.model_validate(
            {
                "fleet": {"supply": [{"accelerator": accelerator, "price_usd_per_hour": 2.1}]},
                "models": {"model": {"architecture": model, "speculation": [DRAFT] if speculative else []}},
                "context_tokens": context,
                "enumeration": "real",
                "latency_samples": 1000 if points == 400 else None,
            }
        )
        study = study.model_copy(
            update={"real": RealSearch(accelerators=Axis(points=points), batch=Axis(points=points))}
        )
        resolved = resolve_frontier(study, "benchmark", Path())
        _CURVES[key] = frontier(
            ResolvedFrontier(study, resolved.supplies, resolved.models, assumptions)
        ).curves[0]
    return _CURVES[key]


def tables() -> None:
    """One Markdown line per printed row: speed, price, accelerators and batch, printed and under both sets."""
    print("| table | row | point | printed | `erdil-2025` | `default` |\n|---|---|---|---|---|---|")
    for table, name, model, accelerator, speculative, point, printed in ROWS:
        ours = [
            _point(curve(model, accelerator, speculative, catalog.assumption_set(chosen), 400), point)
            for chosen in ("erdil-2025", "default")
        ]
        print(f"| {table} | {name} | {point} | {printed} | {' | '.join(ours)} |", flush=True)


def _point(found: Curve, point: str) -> str:
    row = found.rows[0] if point == "fastest" else found.preferred
    assert row is not None
    price = "–" if point == "fastest" else f"{row['usd_per_million_tokens']:.2f}"
    batch = "–" if point == "fastest" else f"{row['batch']:.0f}"
    return f"{row['pace_tokens_per_s']:.0f}, {price}, {row['gpus']:.0f}, {batch}"


def choices() -> None:
    """One Markdown line per choice: fastest speed and price at `FLOOR`, for each compared model."""
    base, default = catalog.assumption_set("erdil-2025"), catalog.assumption_set("default")
    variants = [("`erdil-2025`", base)]
    for field in type(base.choices).model_fields:
        value = getattr(default.choices, field)
        if value != getattr(base.choices, field):
            changed = base.choices.model_copy(update={field: value})
            variants.append(
                (f"{field}: {value}", base.model_copy(update={"name": field, "choices": changed}))
            )
    constants = {"collectives": default.collectives, "name": "collectives"}
    reserve = {"usable_hbm_fraction": default.usable_hbm_fraction, "name": "reserve"}
    variants.append(("Simple protocol with a base latency", base.model_copy(update=constants)))
    variants.append((f"usable_hbm_fraction: {default.usable_hbm_fraction}", base.model_copy(update=reserve)))
    variants.append(("`default`: all of them", default))
    heads = " | ".join(f"{name.removeprefix('paper-')}" for name in COMPARED)
    print(f"| change | {heads} |\n|---|{'---|' * len(COMPARED)}")
    for name, assumptions in variants:
        cells = [_compare(curve(model, "paper-h100", True, assumptions, 200, CONTEXT)) for model in COMPARED]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _compare(found: Curve) -> str:
    pace = np.array([row["pace_tokens_per_s"] for row in found.rows], dtype=float)
    cost = np.array([row["usd_per_million_tokens"] for row in found.rows], dtype=float)
    at = cheapest_at(pace, cost, FLOOR)
    return f"{pace.max():.0f} tok/s; " + ("–" if at is None else f"${cost[at]:.3f}")


if __name__ == "__main__":
    {"tables": tables, "choices": choices}[sys.argv[1]]()
