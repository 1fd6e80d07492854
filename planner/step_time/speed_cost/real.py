"""Points of `enumeration: real`: every grid point of accelerators × batch at its fastest real-valued layout."""

from __future__ import annotations

import numpy as np

from fleets.schema.assumptions import AssumptionSet
from formulations.physics.arrays import FloatArray
from formulations.physics.candidates import Fastest, SearchSpace
from formulations.physics.capacity import fits
from formulations.physics.case import Case
from formulations.physics.layout import Layout
from formulations.physics.search import fastest, fastest_speculation
from formulations.physics.toy import toy_step_time
from planner.config.resolved import ResolvedModel, ResolvedSpeculation, ResolvedSupply
from planner.step_time.speed_cost.config import FrontierStudy
from planner.step_time.speed_cost.points import Description, Points

MOST_ACCELERATORS = 2.0**18
MOST_BATCH = 2.0**18
"""The paper's grid ends there; batches times the sparsity."""


def real_points(
    study: FrontierStudy,
    model: ResolvedModel,
    supply: ResolvedSupply,
    assumptions: AssumptionSet,
    context: float,
) -> list[Points]:
    """Points that fit, one set per weight precision, KV precision and way of decoding."""
    accelerator = supply.accelerator
    assert accelerator is not None  # a frontier always resolves with physics
    found = []
    for weight in model.weight_precisions:
        for kv in model.kv_precisions:
            case = Case.of(model.architecture, accelerator, assumptions, weight, kv)
            ways: list[ResolvedSpeculation | None] = [None] * model.plain + list(model.speculation)
            for way in ways:
                draft = Case.of(way.draft, accelerator, assumptions) if way and way.draft else None
                found.append(_grid_points(study, case, supply, context, way, draft, (weight, kv)))
    return [points for points in found if points.batch.size]


def _grid_points(
    study: FrontierStudy,
    case: Case,
    supply: ResolvedSupply,
    context: float,
    way: ResolvedSpeculation | None,
    draft: Case | None,
    precisions: tuple[str, str],
) -> Points:
    real = study.real
    alone = Layout.of(1.0)
    least = float(case.weights(alone)) / float(case.room(alone).per_device)
    n = real.accelerators.grid(least, MOST_ACCELERATORS)[:, None]
    batch = real.batch.grid(1.0, MOST_BATCH * case.architecture.sparsity)
    best = _fastest(study, case, n, batch, context, way, draft)
    inside = np.flatnonzero(np.isfinite(best.seconds))
    n_inside, batch_inside = (
        np.broadcast_to(values, best.seconds.shape).reshape(-1)[inside] for values in (n, batch)
    )
    layout = Layout.of(*(values.reshape(-1)[inside] for values in best.layout.fields()))
    drafted = best.drafted.reshape(-1)[inside]

    def describe(index: int) -> Description:
        speculation = f"{way.name}-g{drafted[index]:.0f}" if way and drafted[index] else ""
        return {
            "layout": layout.select(np.s_[index : index + 1]).labels("asd")[0],
            "weight_precision": precisions[0],
            "kv_precision": precisions[1],
            "speculation": speculation,
        }

    return Points(best.seconds.reshape(-1)[inside], n_inside, batch_inside, supply.usd_per_hour, describe)


def _fastest(
    study: FrontierStudy,
    case: Case,
    n: FloatArray,
    batch: FloatArray,
    context: float,
    way: ResolvedSpeculation | None,
    draft: Case | None,
) -> Fastest:
    if study.step_model == "toy":
        return _toy(case, n, batch, context)
    space = SearchSpace(study.step_model, study.real.pipeline, study.real.attention_scaledown)
    if way is None or draft is None or way.acceptance is None:
        return fastest(case, n, batch, context, space)
    most = max(way.draft_tokens)
    return fastest_speculation(case, draft, n, batch, context, space, way.acceptance, most)


def _toy(case: Case, n: FloatArray, batch: FloatArray, context: float) -> Fastest:
    step = toy_step_time(
        case.architecture, case.machine, case.assumptions, n, case.weight_bytes, case.flops.matrices, batch
    )
    layout = Layout.of(n, two_d=True)
    room = fits(
        case.room(layout), case.assumptions, layout, case.weights(layout), case.cache(layout, context), batch
    )
    seconds = np.where(room, step.total, np.inf)
    fields = [np.broadcast_to(values, seconds.shape) for values in layout.fields()]
    return Fastest(seconds, Layout.of(*fields), np.zeros(seconds.shape))
