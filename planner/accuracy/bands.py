"""Bands: between which shares of the predicted time a measured one may be expected, from points that fits never saw.

Where the model itself, or two others of its family at least, were measured on the accelerator in the precision, the band
is that regime's: the widest over everything that was left out of the fit. Where family, accelerator and precision were
measured but not together, it is the widest over all points and over every regime that shares family or accelerator:
inside one regime the error is nearly constant, so one model says little about another. Where something was never
measured, it is the widest of all. The rules are ours; they were chosen by leaving cells, accelerators, models and
precisions out of the whole procedure, and judged on later measurements (docs/accuracy.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fleets import catalog
from fleets.errors import UnknownName
from fleets.schema.accelerators import Accelerator
from fleets.schema.architectures import Architecture
from fleets.schema.fits import Facet, Fit, LeftOut, Regime, TimeErrors

Quantiles = dict[str, float]
"""Measured over predicted by percent of points that lie below."""

LOW, HIGH = "10", "90"
"""Percent between which 80 % of the points should lie."""
MODELS_OF_A_FAMILY = 2
"""Models at least whose error a model that was not measured there may be expected to have."""
_SAME_PRECISION = {"nvfp4": "fp4"}
"""Names of one format: measured tables call both fp4."""


@dataclass(frozen=True)
class Band:
    """What is known of the error of one model on one accelerator in one precision."""

    family: str
    missing: tuple[str, ...]
    """What was never measured, in words: `accelerator mi300x`."""
    regime: Regime | None
    """Whose points the figures are; None where they are of neighbours."""
    others: tuple[str, ...]
    """Where they are of neighbours though the regime was measured: the models that it was measured with."""
    tpot: Quantiles
    """Empty where nothing is known."""
    ttft: Quantiles


def band(
    fit: Fit,
    architecture: Architecture,
    accelerator: Accelerator,
    precision: str,
    beyond: Sequence[str] = (),
) -> Band:
    """The band of a model's predictions on an accelerator in a weight precision; `beyond`: what else was never measured
    of it (`planner.accuracy.reach`)."""
    family = architecture.family
    missing = (*_missing(fit, architecture, accelerator, precision), *beyond)
    regime = None if missing else _regime(fit, architecture, accelerator, precision)
    if regime is not None and regime.errors and _speaks_for(regime, architecture):
        return Band(family, (), regime, (), *_widest(regime.errors, "family"))
    errors = [*fit.errors]
    for other in fit.regimes:
        if missing or other.family == family or other.accelerator == accelerator.name:
            errors += other.errors
    known_family = any(other.family == family for other in fit.regimes)
    others = regime.models if regime else ()
    return Band(family, missing, None, others, *_widest(errors, "family" if known_family else None))


def _missing(
    fit: Fit, architecture: Architecture, accelerator: Accelerator, precision: str
) -> tuple[str, ...]:
    """The facets that no point has."""
    known = {
        f"accelerator {accelerator.name}": any(r.accelerator == accelerator.name for r in fit.regimes)
        and _is_catalogued(accelerator),
        f"{architecture.family} models": any(r.family == architecture.family for r in fit.regimes),
        f"precision {precision}": any(_same(r.precision, precision) for r in fit.regimes),
    }
    return tuple(facet for facet, measured in known.items() if not measured)


def _regime(fit: Fit, architecture: Architecture, accelerator: Accelerator, precision: str) -> Regime | None:
    return next(
        (
            regime
            for regime in fit.regimes
            if regime.family == architecture.family
            and regime.accelerator == accelerator.name
            and _same(regime.precision, precision)
        ),
        None,
    )


def _speaks_for(regime: Regime, architecture: Architecture) -> bool:
    """Whether the regime's error may be expected of the model."""
    return len(regime.models) >= MODELS_OF_A_FAMILY or any(
        _same_shape(name, architecture) for name in regime.models
    )


def _widest(errors: Iterable[LeftOut], without: Facet | None) -> tuple[Quantiles, Quantiles]:
    """TPOT and TTFT quantiles, each the farthest from 1 of those that something left out gave, medians in between."""
    counted = [found for found in errors if found.facet != without]
    return _farthest([found.tpot for found in counted]), _farthest(
        [found.ttft for found in counted if found.ttft is not None]
    )


def _farthest(errors: list[TimeErrors]) -> Quantiles:
    """Below the median the least, above it the largest; of medians the one in the middle."""
    if not errors:
        return {}
    percents = sorted({percent for found in errors for percent in found.quantiles}, key=float)
    return {percent: _of(float(percent), [e.quantiles[percent] for e in errors]) for percent in percents}


def _of(percent: float, values: list[float]) -> float:
    if percent == 50:
        return sorted(values)[len(values) // 2]
    return min(values) if percent < 50 else max(values)


def _same(one: str, other: str) -> bool:
    return _SAME_PRECISION.get(one, one) == _SAME_PRECISION.get(other, other)


def _is_catalogued(accelerator: Accelerator) -> bool:
    """Whether a config's accelerator is the catalogue's of that name, not one with figures of its own."""
    try:
        return catalog.accelerator(accelerator.name) == accelerator
    except UnknownName:
        return False


def _same_shape(name: str, architecture: Architecture) -> bool:
    """Whether the catalogue's model of that name has the shape: the same layers, whatever it is called here."""
    try:
        known = catalog.architecture(name)
    except UnknownName:
        return False
    same = all(getattr(known, field) == getattr(architecture, field) for field in ("d_model", "vocabulary"))
    return same and set(known.stack) == set(architecture.stack)
