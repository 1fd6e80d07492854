"""Assemble: a fitted assumption set from measurements, cross-validated, with its data and its error inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleets import catalog
from fleets.schema.assumptions import AssumptionSet, Collectives, Protocol, ServingEngine
from fleets.schema.base import Source
from fleets.schema.fits import Facet, Fit
from planner.calibration.allreduce import NCCL, AllReduceFit, AllReduceTable, fit_allreduce, on_shared_bus
from planner.calibration.constants import apply
from planner.calibration.crossval import cross_validations
from planner.calibration.fit import FitResult, fit
from planner.calibration.measured import Measurements
from planner.calibration.predict import Predictor
from planner.calibration.regimes import LEAST_POINTS, errors_of, reach_of, regimes_of
from planner.calibration.report import Comparison
from planner.errors import InputError

SAME_LINKS = {"a100-40gb-sxm": "a100-80gb-sxm", "h800-sxm": "h100-sxm", "h20-sxm": "h200-sxm"}
"""Accelerators that nobody measured, and the one whose links and libraries they have."""
TOKEN_KERNELS = Protocol(
    name="all-to-all", kind="all_to_all", base_us=25, rank_us=0, node_us=0, efficiency=0.87
)
"""Not fitted: DeepEP's low-latency kernels on H800 with 400 Gbit/s InfiniBand (128 tokens of 7,168 words to 8 experts
each, dispatch in 8 bits 77, 118, 155, 173, 192, 194 µs and combine in 16 bits 114, 195, 273, 314, 369, 360 µs on 8 to 256
ranks) take this base and share of the links within 9 % from 32 ranks on, within 18 % below."""
TOKEN_KERNELS_SOURCE = Source(name="DeepEP README (all-to-all kernels; MIT)", date="2025-06")
DIGITS = 4
"""Significant digits of a constant in a shipped set."""


DEFAULT_ENGINE = "vllm"
"""Engine of a set that was fitted to several."""


@dataclass(frozen=True)
class Calibration:
    """A fitted set, what it was fitted to, and how well it does."""

    assumptions: AssumptionSet
    result: FitResult
    fitted: Comparison
    left_out: Mapping[Facet, Comparison]
    """The same points predicted by fits that never saw their like, by facet; empty where that says nothing."""
    all_reduces: tuple[AllReduceFit, ...]

    @property
    def fit(self) -> Fit:
        """Data and errors as the set keeps them."""
        assert self.assumptions.fit is not None
        return self.assumptions.fit


def calibrate(
    measurements: Measurements,
    base: AssumptionSet,
    name: str,
    version: str,
    source: Source,
    all_reduces: Sequence[AllReduceFit] = (),
    validate: bool = True,
) -> Calibration:
    """Fit `base` to the measurements under a new name; constants are rounded before their errors are taken.

    `all_reduces` replace the collective libraries of their accelerators; `validate` adds the errors of what is left out,
    where there are `LEAST_POINTS` at least and they differ in something.
    """
    given = {
        "collectives": with_token_kernels(base.collectives),
        "collectives_by_accelerator": collectives_of(base, all_reduces),
        "serving_engine": _serving_engine(measurements),  # its memory holds the batches that are fitted
    }
    start = base.model_copy(update=given)
    points = measurements.points
    result = fit(points, start)
    rounded = {key: float(f"{value:.{DIGITS}g}") for key, value in result.values.items()}
    assumptions = apply(start, rounded)
    fitted = Comparison(points, Predictor(points)(assumptions))
    enough = validate and len(points) >= LEAST_POINTS
    left_out = cross_validations(points, start, result) if enough else {}
    named = assumptions.model_copy(
        update={
            "name": name,
            "version": version,
            "description": _description(measurements),
            "fit": _fit_of(measurements, source, result, fitted, left_out),
            "sources": (*base.sources, TOKEN_KERNELS_SOURCE, source),
        }
    )
    return Calibration(named, result, fitted, left_out, tuple(all_reduces))


def collectives_of(base: AssumptionSet, fits: Sequence[AllReduceFit]) -> dict[str, Collectives]:
    """Libraries by accelerator: NCCL's protocols first, then an engine's kernels; the base's where nothing is fitted.

    Over a shared bus an engine's own times stand alone: NCCL beside them would undercut what the engine does.
    """
    engines = {found.table.accelerator for found in fits if found.table.library != NCCL}
    useful = [
        f
        for f in fits
        if not (
            f.table.library == NCCL and f.table.accelerator in engines and on_shared_bus(f.table.accelerator)
        )
    ]
    ordered = sorted(useful, key=lambda found: found.table.library != NCCL)
    protocols: dict[str, list[Protocol]] = {}
    for found in ordered:
        protocols.setdefault(found.table.accelerator, []).extend(found.protocols)
    for twin, measured in SAME_LINKS.items():
        if measured in protocols and twin not in protocols:
            protocols[twin] = protocols[measured]
    fitted = {name: Collectives(protocols=tuple(listed)) for name, listed in sorted(protocols.items())}
    libraries = {**base.collectives_by_accelerator, **fitted}
    return {name: with_token_kernels(library) for name, library in libraries.items()}


def with_token_kernels(library: Collectives) -> Collectives:
    """`library` with kernels that send tokens to experts; over a shared bus the bus is what counts."""
    kinds = {protocol.kind for protocol in library.protocols}
    if kinds & {"shared_bus", "all_to_all"}:
        return library
    return library.model_copy(update={"protocols": (*library.protocols, TOKEN_KERNELS)})


def fit_libraries(tables: Sequence[AllReduceTable], library: str) -> tuple[AllReduceFit, ...]:
    """Fits of `library` and of NCCL for each accelerator; raises `InputError` when the file has no such library."""
    known = sorted({table.library for table in tables})
    if library not in known:
        raise InputError([f"library '{library}' is not in the all-reduce file; it has {', '.join(known)}"])
    return tuple(fit_allreduce(table) for table in tables if table.library in (library, NCCL))


def _serving_engine(measurements: Measurements) -> ServingEngine | None:
    """Whose memory and layout rules hold: the engine that was measured, of several vLLM's or the first; none unnamed."""
    known = [name for name in catalog.names("engines") if name in {p.engine for p in measurements.points}]
    if not known:
        return None
    name = DEFAULT_ENGINE if DEFAULT_ENGINE in known else known[0]
    return ServingEngine(name=name, version=catalog.engine(name).versions[-1].version)


def _description(measurements: Measurements) -> str:
    engines = sorted({point.engine for point in measurements.points if point.engine})
    systems = sorted({point.system for point in measurements.points})
    return f"Fitted to measured serving of {', '.join(engines) or 'unnamed engines'} on {', '.join(systems)}"


def _fit_of(
    measurements: Measurements,
    source: Source,
    result: FitResult,
    fitted: Comparison,
    left_out: Mapping[Facet, Comparison],
) -> Fit:
    points = measurements.points
    tpot, ttft = fitted.tpot(), fitted.ttft()
    return Fit(
        data=f"{', '.join(measurements.files)} ({source.name})",
        date=measurements.dates or source.date,
        points=tpot.points,
        ttft_points=ttft.points,
        cells=len({point.cell for point in points}),
        left_out=len(measurements.rejected),
        tpot_mape=round(tpot.mape, 4),
        tpot_median=round(tpot.median_ape, 4),
        ttft_median=round(ttft.median_ape, 4) if ttft.points else None,
        at_bound=tuple(e.constant.name for e in result.estimates if e.at_bound),
        not_identified=tuple(e.constant.name for e in result.estimates if not e.identified),
        reach=reach_of(points),
        errors=errors_of(points, left_out),
        regimes=regimes_of(points, left_out),
    )
