"""Prefill instances: the first half of disaggregated serving. They process prompts and send the KV cache on.

One instance spends  prompt_s[w]  seconds of arithmetic on a request of w and, at the same time,  transfer_s[w]  seconds
on sending its KV cache over the links between nodes; the slower of the two counts, so each is a roof of its own. The
cache is sent in the prefill instance's precision. There are no steps and no batch limit; HBM must hold the weights and
one prompt.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
from numpy.typing import NDArray

from formulations.options import Option, binding_rows
from formulations.physics.arrays import FloatArray
from formulations.physics.queueing import queued_seconds
from formulations.screening import Screening, screened
from planner.options.classes import ServiceClass
from planner.options.first_token import budget_s, patient
from planner.options.performance import Performance

ROOFS = ("prompt", "transfer", "queue")


def prefill_options(
    performances: Iterable[Performance],
    wanted: ServiceClass,
    screening: Screening,
    units: Collection[int] = (),
    forbidden: Collection[str] = (),
) -> list[Option]:
    """Prefill options of one model and accelerator for the workloads of a class, without forbidden kinds, screened.

    `units` are the billing units of the supplies that offer the accelerator.
    """
    found = [
        option
        for performance in performances
        for option in _options(performance, wanted)
        if option.kind not in forbidden
    ]
    if not found:
        return found
    names = list(dict.fromkeys(name for option in found for name in option.workloads))
    rows = np.full((len(found), len(ROOFS), len(names)), np.inf)
    for position, option in enumerate(found):
        own = option.sequence_s / option.tokens_per_step
        padded = own[np.minimum(np.arange(len(ROOFS)), len(own) - 1)]
        rows[position][:, [names.index(name) for name in option.workloads]] = padded
    gpus = np.array([option.gpus for option in found], dtype=float)
    kept = screened(rows, gpus, units, screening, [option.kind for option in found])
    return [found[index] for index in kept]


def _options(performance: Performance, wanted: ServiceClass) -> Iterable[Option]:
    transfer = performance.transfer_s
    outputs = np.array([workload.output_tokens for workload in performance.workloads])
    fits = (performance.capacity >= 1.0) & np.isfinite(transfer)
    queue, fits = _first_token(performance, wanted, fits)
    for kind in np.flatnonzero(fits.any(axis=1)):
        served = np.flatnonzero(fits[kind])
        seconds = np.stack([performance.prompt_s[kind, served], transfer[kind, served], queue[kind, served]])
        queued = bool(wanted.first)  # without a TTFT the queue is as long as it likes
        roofs = np.flatnonzero(np.append(binding_rows(seconds[:2]), queued))
        names = [ROOFS[roof] for roof in roofs]
        yield _option(performance, int(kind), served, seconds[roofs], names, outputs[served], wanted)


def _first_token(
    performance: Performance, wanted: ServiceClass, fits: NDArray[np.bool_]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """(seconds per prompt on the roof `queue`, who of those who fit is served), both (K, W).

    The queue has all of an instance's time, not only what headroom leaves; busy time is held to `utilisation`.
    """
    workloads, budget = performance.workloads, budget_s(performance)
    allowed = np.array([w.prompted and w.pace <= wanted.pace for w in workloads])
    longest = np.maximum(performance.prompt_s, performance.transfer_s)
    if not wanted.first:
        return longest, fits & allowed & np.isinf(budget).all(axis=0)
    first = [workload.name for workload in workloads].index(wanted.first)
    queue = queued_seconds(longest, longest, budget[:, [first]]) * performance.utilisation
    served = fits & patient(budget, first, allowed) & np.isfinite(queue)
    return np.where(served, queue, 0.0), served


def _option(
    performance: Performance,
    kind: int,
    served: np.ndarray[tuple[int, ...], np.dtype[np.intp]],
    seconds: FloatArray,
    roofs: list[str],
    outputs: FloatArray,
    wanted: ServiceClass,
) -> Option:
    table = performance.table
    name = table.name(kind)
    return Option(
        id=f"{name}/{wanted.name}",
        kind=name,
        model=table.model.name,
        accelerator=table.accelerator.name,
        gpus=int(table.gpus[kind]),
        role="prefill",
        workloads=tuple(performance.workloads[w].name for w in served),
        tokens_per_step=outputs,
        roofs=tuple(roofs),
        step_s=np.zeros(len(roofs)),
        sequence_s=seconds,
        resources=(),
        batch_limit=np.empty((0, len(served))),
        row=kind,
        fields=(table.layout_names[kind], table.weight_precisions[kind], table.kv_precisions[kind], ""),
        pace=wanted.pace,
    )
