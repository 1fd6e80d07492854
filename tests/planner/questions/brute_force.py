"""Brute force over options × whole batches × instance counts, from the exact step time alone.

Nothing of the planner, the screening or the program is used: for every layout, precision and number of drafted tokens
the step time of every whole batch is evaluated, and instances are counted by dynamic programming over units.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from fleets import catalog
from formulations.physics.case import Case
from formulations.physics.deployable import LayoutLimits, deployable_layouts
from formulations.physics.layout import Layout
from formulations.physics.precision import arithmetic_rate
from formulations.physics.prefill import prefill_time
from formulations.physics.speculation import expected_tokens, verified_tokens

FloatArray = NDArray[np.float64]

LARGEST_BATCH = 20_000
"""Cases whose instances hold more sequences than this are not drawn."""


@dataclass(frozen=True)
class Draft:
    """A draft model and its acceptance."""

    architecture: str
    acceptance: float
    drafted: tuple[int, ...]


@dataclass(frozen=True)
class Service:
    """One workload and what may be chosen for its model."""

    architecture: str
    assumptions: str
    context: float
    demand: float
    pace: float = 0.0
    input_tokens: float = 0.0
    output_tokens: float = 1.0
    prefill: bool = False
    weights: tuple[str, ...] = ("bf16",)
    caches: tuple[str, ...] = ("bf16",)
    sizes: tuple[int, ...] = (1, 2, 4, 8)
    pipeline: tuple[int, ...] = (1,)
    drafts: tuple[Draft, ...] = ()


@dataclass(frozen=True)
class Place:
    """A supply."""

    accelerator: str
    price: float
    limit: int | None = None
    unit: int = 1
    availability: float = 1.0


@dataclass
class Rates:
    """Most tokens per second of one instance, by instance size."""

    by_size: dict[int, float] = field(default_factory=dict)
    largest_batch: int = 0
    options: int = 0
    batches: list[int] = field(default_factory=list)
    """Best batch of every option that runs."""


def best_rates(service: Service, accelerator: str) -> Rates:
    """Every option at every whole batch that fits and keeps the pace."""
    architecture, unit = catalog.architecture(service.architecture), catalog.accelerator(accelerator)
    limits = LayoutLimits(instance_accelerators=service.sizes, pipeline=service.pipeline)
    layouts, _ = deployable_layouts(architecture, unit, limits)
    ways: list[tuple[Draft | None, int]] = [(None, 0)]
    ways += [(draft, gamma) for draft in service.drafts for gamma in draft.drafted]
    found = Rates()
    for index, weight, cache, (draft, gamma) in product(
        range(layouts.shape[0]), service.weights, service.caches, ways
    ):
        layout = layouts.select(index)
        rate = _rates(service, accelerator, layout, weight, cache, draft, gamma, found)
        if rate.size and rate.max() > 0:
            size = int(layout.accelerators)
            found.by_size[size] = max(found.by_size.get(size, 0.0), float(rate.max()))
            found.batches.append(int(rate.argmax()) + 1)
        found.options += 1
    return found


def _rates(
    service: Service,
    accelerator: str,
    layout: Layout,
    weight: str,
    cache: str,
    draft: Draft | None,
    gamma: int,
    found: Rates,
) -> FloatArray:
    """Tokens per second at batch 1, 2, …; 0 where the pace breaks."""
    assumptions = catalog.assumption_set(service.assumptions)
    choices = assumptions.choices
    unit = catalog.accelerator(accelerator)
    target = Case.of(catalog.architecture(service.architecture), unit, assumptions, weight, cache)
    drafting = draft and Case.of(catalog.architecture(draft.architecture), unit, assumptions, weight, cache)
    joint = drafting if choices.speculation_memory == "joint" else None
    most = float(target.capacity(layout, service.context, joint))
    found.largest_batch = int(max(found.largest_batch, min(most, 1e9)))
    batch = np.arange(1, min(int(most * (1 + 1e-12)), LARGEST_BATCH) + 1, dtype=float)
    batch = batch[batch >= float(layout.pipeline)]
    in_flight = float(verified_tokens(gamma, choices.speculation_convention))
    yields = float(expected_tokens(gamma, draft.acceptance, choices.speculation_convention)) if draft else 1.0
    seconds = target.step(layout, service.context, in_flight).step_time(batch).total
    if drafting is not None:
        seconds = seconds + gamma * drafting.step(layout, service.context, 1.0).step_time(batch).total
    if service.prefill:
        prompt = 0.0
        for case in (target, drafting):
            if case is not None:
                flops = arithmetic_rate(case.machine, assumptions, weight, prefill=True)
                prompt += float(
                    prefill_time(
                        case.architecture, case.machine, assumptions, layout, flops, service.input_tokens
                    )
                )
        seconds = seconds + batch * prompt * yields / service.output_tokens
    rate = yields * batch / seconds
    padded = np.zeros(int(batch[-1]) if batch.size else 0)
    padded[batch.astype(int) - 1] = np.where(yields / seconds >= service.pace * (1 - 1e-12), rate, 0.0)
    return padded


def cheapest(rates: Iterable[tuple[dict[int, float], Place]], demand: float) -> float:
    """Least cost of instances that serve the demand, $/h; inf where limits forbid it."""
    frontier = np.array([[0.0, 0.0]])  # (cost, tokens per second) that no other beats
    for by_size, place in rates:
        served = _by_units(by_size, place, demand)
        costs = np.arange(len(served)) * place.unit * place.price
        sums = frontier[:, None, :] + np.stack([costs, served], axis=1)[None, :, :]
        frontier = _undominated(sums.reshape(-1, 2))
    enough = frontier[frontier[:, 1] >= demand * (1 - 1e-9), 0]
    return float(enough.min()) if enough.size else float("inf")


def _by_units(by_size: dict[int, float], place: Place, demand: float) -> FloatArray:
    """Most tokens per second of 0, 1, 2, … units of a supply, until the demand is served or the limit reached."""
    inside = np.zeros(place.unit + 1)  # most tokens per second of instances in so many GPUs of one unit
    for gpus in range(1, place.unit + 1):
        fitting = [inside[gpus - size] + rate for size, rate in by_size.items() if size <= gpus]
        inside[gpus] = max([inside[gpus - 1], *fitting])
    groups = {1: float(inside[-1])}
    for size, rate in by_size.items():
        if size > place.unit:
            groups[-(-size // place.unit)] = max(groups.get(-(-size // place.unit), 0.0), rate)
    most = 10_000 if place.limit is None else place.limit // place.unit
    served = [0.0]
    while len(served) <= most and served[-1] < demand / place.availability * (1 - 1e-9):
        units = len(served)
        served.append(
            max([served[-1], *(served[units - n] + rate for n, rate in groups.items() if n <= units)])
        )
        if units > 64 and served[-1] == 0.0:
            break
    return np.array(served) * place.availability


def _undominated(pairs: FloatArray) -> FloatArray:
    """Pairs (cost, served) that serve more than every cheaper one."""
    pairs = pairs[np.lexsort((-pairs[:, 1], pairs[:, 0]))]
    best = np.maximum.accumulate(pairs[:, 1])
    return pairs[np.concatenate([[True], pairs[1:, 1] > best[:-1]])]
