"""Margins: by how much predicted times may be too short, as a share that a config writes or a quantile of what is known.

A quantile is that of the widest band among what the config allows the workload to run on: which deployments a plan will
choose is not known yet, and a margin must hold for any of them. Times to the first token have a margin of their own, as
they are predicted less well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fleets.schema.accelerators import Accelerator
from fleets.schema.assumptions import AssumptionSet
from fleets.schema.fits import Fit
from planner.accuracy.bands import Band, band
from planner.accuracy.reach import Doing, beyond
from planner.config.resolved import ResolvedModel
from planner.config.schema.study import Study
from planner.config.schema.workloads import Workload

MEDIAN = 50
"""Quantiles below it are no margin: more than half of the times are longer."""


@dataclass(frozen=True)
class Margin:
    """Shares by which times may be longer than predicted."""

    token: float
    first_token: float
    of: str = ""
    """What a quantile is the quantile of."""


def margin(
    safety: float | str,
    study: Study,
    workload: Workload,
    model: ResolvedModel | None,
    accelerators: Sequence[Accelerator],
    assumptions: AssumptionSet,
) -> Margin:
    """The margin of a workload; raises `ValueError` that says why a quantile is not known, and what to do."""
    if not isinstance(safety, str):
        return Margin(safety, safety)
    percent = safety[1:]
    if not study.physics or model is None:
        raise ValueError("with physics: false nothing is predicted; write a percentage")
    fit, name = assumptions.fit, assumptions.name
    if fit is None or not fit.errors:
        why = (
            "is not fitted to measurements"
            if fit is None
            else f"is fitted to {fit.points} points, too few or alike"
        )
        raise ValueError(
            f"assumption set {name} has no error quantile {safety}: it {why}; write a percentage, or use a set fitted "
            "to measurements"
        )
    known = [p for p in fit.errors[0].tpot.quantiles if float(p) >= MEDIAN]
    if percent not in known:
        choices = ", ".join(f"p{p}" for p in known)
        raise ValueError(f"assumption set {name} has no error quantile {safety}; choose {choices}")
    doing = allowed(study, model, workload.prefix_hit_rate > 0, workload.request_tokens)
    bands = [
        band(fit, model.architecture, accelerator, precision, beyond(fit.reach, doing))
        for accelerator in accelerators
        for precision in model.weight_precisions
    ]
    if not bands:
        return Margin(0.0, 0.0)
    widest = max(bands, key=lambda found: found.tpot[percent])
    first = [found.ttft or _anything(fit, model, accelerators[0]).ttft for found in bands]
    if workload.max_ttft_ms is not None and not all(first):
        raise ValueError(f"assumption set {name} has no measured first tokens; write a percentage")
    longest = max((found[percent] for found in first if found), default=1.0)
    return Margin(max(0.0, widest.tpot[percent] - 1.0), max(0.0, longest - 1.0), _words(widest, safety))


def allowed(study: Study, model: ResolvedModel, prefix_hits: bool, request_tokens: float) -> Doing:
    """The most that a config lets deployments of a model do, for requests of so many tokens."""
    return Doing(
        model.kv_precisions,
        max(study.layouts.instance_gpus),
        max(study.layouts.pipeline),
        bool(model.speculation),
        "disaggregated" in study.serving,
        prefix_hits,
        request_tokens,
    )


def _anything(fit: Fit, model: ResolvedModel, accelerator: Accelerator) -> Band:
    """The widest of all: for what a regime itself does not know."""
    return band(fit, model.architecture, accelerator, model.weight_precisions[0], ("first tokens",))


def _words(found: Band, safety: str) -> str:
    if found.regime is not None:
        regime = found.regime
        return f"{safety} of {regime.family} models on {regime.accelerator} in {regime.precision}"
    if found.missing:
        return f"{safety} of everything measured, because the config allows: {', '.join(found.missing)}"
    return f"{safety} of the neighbours of what the config allows"
