"""Accuracy of a plan: how far the times of each of its deployments may be off, or of what there is no measurement.

One record per statement; deployments of which the same is known share one. The certificate does not know this: it says
that a plan is right if the step times are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from fleets.schema.accelerators import Accelerator
from fleets.schema.architectures import Architecture
from planner.accuracy.bands import HIGH, LOW, Band, Quantiles, band
from planner.accuracy.reach import Doing, beyond
from planner.allocation import Deployment
from planner.certificate.described import Described, described
from planner.config.margins import allowed
from planner.config.resolved import ResolvedModel, ResolvedStudy
from planner.options.option_set import OptionSet

Source = Literal["regime", "neighbours", "everything", "none", "profile"]


@dataclass(frozen=True)
class Accuracy:
    """What is known of the times of some deployments."""

    places: tuple[int, ...]
    """Their numbers among the deployments, from 1."""
    subjects: tuple[str, ...]
    """What was or was not measured: `dense models on h100-sxm in fp8`."""
    source: Source
    """Whose errors the figures are: of the regime itself, of its neighbours, of all points where something was never
    measured, of none; `profile`: the times are measured ones of the config."""
    band: Band
    nothing: str = ""
    """Why no error is known, where none is."""

    @property
    def sentence(self) -> str:
        """In words."""
        subject, known = ", ".join(self.subjects), self.band
        if self.source == "profile":
            return f"{subject}: measured, by a profile of the config that does not say how far it is off"
        missing = f"no measurement of this: {', '.join(known.missing)}" if known.missing else ""
        if self.source == "none":
            return "; ".join(part for part in (missing, self.nothing) if part)
        first = _between(known.ttft) if known.ttft else "not measured"
        shares = f"time per token {_between(known.tpot)}, to the first token {first}"
        if known.regime is not None:
            models = ", ".join(known.regime.models)
            return f"{subject}: {shares} ({known.regime.points} points of {models})"
        if missing:
            return f"{missing}; the widest of all that was measured: {shares}"
        why = (
            f"only {', '.join(known.others)} was measured there"
            if known.others
            else "never measured together"
        )
        return f"{subject}: {why}; the widest of its neighbours: {shares}"

    def record(self) -> dict[str, Any]:
        """As plain data."""
        regime = self.band.regime
        return {
            "deployments": list(self.places),
            "subjects": list(self.subjects),
            "no_measurement_of": list(self.band.missing),
            "figures_of": self.source,
            "models": list(regime.models) if regime else [],
            "points": regime.points if regime else None,
            "tpot_measured_over_predicted": dict(self.band.tpot),
            "ttft_measured_over_predicted": dict(self.band.ttft),
            "sentence": self.sentence,
        }


def accuracy_of(
    study: ResolvedStudy, deployments: Iterable[Deployment], options: OptionSet
) -> tuple[dict[str, Any], ...]:
    """Records of what is known of the times of the deployments, in their order (`Accuracy.record`)."""
    return _records(
        _of(study, place, deployment, options) for place, deployment in enumerate(deployments, start=1)
    )


def accuracy_allowed(study: ResolvedStudy) -> tuple[dict[str, Any], ...]:
    """Records of what is known of the times of all that a config allows: what an answer without a plan rests on."""
    accelerators = {s.accelerator_name: s.accelerator for s in study.supplies if s.accelerator}
    if not study.config.physics:
        return ()
    return _records(
        _judged(study, (), model.architecture, accelerator, weights, _allowed(study, model))
        for model in study.models
        for accelerator in accelerators.values()
        for weights in model.weight_precisions
    )


def _records(statements: Iterable[Accuracy]) -> tuple[dict[str, Any], ...]:
    """One record per statement; what it is said of together."""
    found: dict[str, Accuracy] = {}
    for one in statements:
        known = found.setdefault(one.sentence, one)
        if known is not one:
            subjects = tuple(dict.fromkeys([*known.subjects, *one.subjects]))
            found[one.sentence] = replace(known, places=(*known.places, *one.places), subjects=subjects)
    return tuple(accuracy.record() for accuracy in found.values())


def _of(study: ResolvedStudy, place: int, deployment: Deployment, options: OptionSet) -> Accuracy:
    option = deployment.option
    accelerator = study.supply(deployment.supply).accelerator
    what = described(study, deployment)
    if option.kind in options.measured or accelerator is None or what is None:
        profiled = (f"{option.model} on {option.accelerator}",)
        return Accuracy((place,), profiled, "profile", Band("", (), None, (), {}, {}))
    doing = _doing(study, deployment, what)
    return _judged(study, (place,), what.model.architecture, accelerator, what.weights, doing)


def _judged(
    study: ResolvedStudy,
    places: tuple[int, ...],
    architecture: Architecture,
    accelerator: Accelerator,
    weights: str,
    doing: Doing,
) -> Accuracy:
    """What is known of a model on an accelerator, doing so much."""
    fit, name, family = study.assumptions.fit, study.assumptions.name, architecture.family
    subject = (f"{family} models on {accelerator.name} in {weights}",)
    if fit is None:
        missing = (f"accelerator {accelerator.name}", f"{family} models", f"precision {weights}")
        unfitted = f"assumption set {name} is not fitted to measurements"
        return Accuracy(places, subject, "none", Band(family, missing, None, (), {}, {}), unfitted)
    known = band(fit, architecture, accelerator, weights, beyond(fit.reach, doing))
    if not known.tpot:
        few = f"no error is known: {name} is fitted to {fit.points} points, too few or too alike to leave some out"
        return Accuracy(places, subject, "none", known, few)
    source: Source = "regime" if known.regime else "everything" if known.missing else "neighbours"
    return Accuracy(places, subject, source, known)


def _allowed(study: ResolvedStudy, model: ResolvedModel) -> Doing:
    """The most that a config lets a model's deployments do."""
    served = [workload for workload in study.workloads if workload.model == model.name]
    hits = any(workload.prefix_hit_rate > 0 for workload in served)
    return allowed(study.config, model, hits, max((w.request_tokens for w in served), default=0.0))


def _doing(study: ResolvedStudy, deployment: Deployment, what: Described) -> Doing:
    """What the measurements are asked for, beside the regime."""
    served = [study.workload(workload) for workload in deployment.tokens_per_s]
    return Doing(
        kv_precisions=(what.kv,),
        instance_accelerators=what.gpus,
        pipeline=what.stages,
        speculation=what.way is not None,
        disaggregated=deployment.option.role != "aggregated",
        prefix_hits=any(workload.prefix_hit_rate > 0 for workload in served),
        request_tokens=max((workload.request_tokens for workload in served), default=0.0),
    )


def _between(quantiles: Quantiles) -> str:
    return f"{quantiles[LOW]:.2f} to {quantiles[HIGH]:.2f}"
