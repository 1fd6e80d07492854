"""From a frontier config to its curves: one per model, supply and context length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.config.resolved import ResolvedModel, ResolvedSupply
from planner.step_time.speed_cost.config import ResolvedFrontier
from planner.step_time.speed_cost.deployable import deployable_points
from planner.step_time.speed_cost.pareto import pareto, preferred, sampled
from planner.step_time.speed_cost.points import Points, together
from planner.step_time.speed_cost.real import real_points

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, str | float | bool]


@dataclass(frozen=True)
class Curve:
    """One curve: rows from the fastest point to the cheapest."""

    name: str
    rows: tuple[Row, ...]
    evaluated: int
    """Operating points that fitted."""
    reason: str = ""
    """Why a curve without rows is empty."""

    @property
    def preferred(self) -> Row | None:
        """The point of the user who wants the largest speed^preference/price."""
        return next((row for row in self.rows if row["preferred"]), None)


@dataclass(frozen=True)
class Frontier:
    """All curves of a config."""

    name: str
    assumptions: str
    enumeration: str
    preference: float
    curves: tuple[Curve, ...]

    def frame(self) -> pd.DataFrame:
        """All rows as one table, in the order of the curves."""
        import pandas as pd

        return pd.DataFrame([row for curve in self.curves for row in curve.rows])


def frontier(config: ResolvedFrontier) -> Frontier:
    """Evaluate every curve of a config."""
    study = config.study
    curves = [
        _curve(config, model, supply, context)
        for model in config.models
        for supply in config.supplies
        for context in study.contexts
    ]
    assumptions = f"{config.assumptions.name} {config.assumptions.version}"
    return Frontier(study.name, assumptions, study.enumeration, study.preference, tuple(curves))


def _curve(config: ResolvedFrontier, model: ResolvedModel, supply: ResolvedSupply, context: float) -> Curve:
    study, refused = config.study, list[str]()
    if study.enumeration == "real":
        found = real_points(study, model, supply, config.assumptions, context)
    else:
        found, refused = deployable_points(study, model, supply, config.assumptions, context)
    name = _name(config, model, supply, context)
    if not found:
        why = f"no instance size that was tried holds {model.name} at {context:g} tokens on {supply.name}"
        return Curve(name, (), 0, "; ".join([why, *refused[:3]]))
    points = together(found)
    pace, cost = points.pace, points.usd_per_million_tokens
    kept = pareto(pace, cost) if study.latency_samples is None else sampled(pace, cost, study.latency_samples)
    best = kept[preferred(pace[kept], cost[kept], study.preference)]
    rows = tuple(_row(points, int(i), name, model, supply, context, bool(i == best)) for i in kept)
    return Curve(name, rows, points.batch.size)


def _row(
    points: Points,
    index: int,
    curve: str,
    model: ResolvedModel,
    supply: ResolvedSupply,
    context: float,
    is_preferred: bool,
) -> Row:
    return {
        "curve": curve,
        "model": model.name,
        "accelerator": supply.accelerator_name,
        "context_tokens": context,
        "pace_tokens_per_s": float(points.pace[index]),
        "usd_per_million_tokens": float(points.usd_per_million_tokens[index]),
        "gpus": float(points.accelerators[index]),
        "batch": float(points.batch[index]),
        "time_per_token_ms": float(points.seconds_per_token[index]) * 1e3,
        "gpu_s_per_million_tokens": float(points.accelerator_seconds_per_token[index]) * 1e6,
        **points.describe(index),
        "preferred": is_preferred,
    }


def _name(config: ResolvedFrontier, model: ResolvedModel, supply: ResolvedSupply, context: float) -> str:
    """The model, with supply and context where the config has several."""
    parts = [model.name]
    if len(config.supplies) > 1:
        parts.append(supply.name)
    if len(config.study.contexts) > 1:
        parts.append(f"{context:g} tokens")
    return ", ".join(parts)
