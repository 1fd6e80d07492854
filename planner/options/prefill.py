"""Prefill instances: the first half of disaggregated serving. They process prompts and send the KV cache on.

One instance spends  prompt_s[w]  seconds of arithmetic on a request of w and, at the same time,  transfer_s[w]  seconds
on sending its KV cache over the links between nodes; the slower of the two counts, so each is a roof of its own. The
cache is sent in the prefill instance's precision. There are no steps and no batch limit; HBM must hold the weights and
one prompt.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fleets.schema.assumptions import AssumptionSet
from formulations.options import Option, binding_rows
from formulations.physics.arrays import FloatArray
from formulations.physics.kv_cache import kv_bytes_per_sequence
from formulations.physics.machine import machine
from formulations.physics.precision import kv_bytes
from formulations.screening import undominated
from planner.options.classes import ServiceClass
from planner.options.performance import Performance

ROOFS = ("prompt", "transfer")


def transfer_time(performance: Performance, assumptions: AssumptionSet) -> FloatArray:
    """Seconds to send the KV cache of one prompt from an instance, shape (K, W); inf without a link between nodes.

    bytes of the prompt's cache / (accelerators · link rate): every rank sends its part over its own link (ours).
    """
    table, workloads = performance.table, performance.workloads
    unit = machine(table.accelerator, assumptions)
    prompts = np.array([workload.input_tokens for workload in workloads])
    layout = table.layout.column()
    cache = kv_bytes_per_sequence(
        table.model.architecture, assumptions.choices, layout, kv_bytes(table.kv_precisions)[:, None], prompts
    )
    link = unit.scaleup_s_per_byte if unit.torus else unit.scaleout_s_per_byte
    return np.asarray(np.broadcast_to(cache * link / layout.accelerators, performance.prompt_s.shape))


def prefill_options(
    performances: Iterable[Performance], assumptions: AssumptionSet, wanted: ServiceClass, screening: bool
) -> list[Option]:
    """Prefill options of one model and accelerator for the workloads of a class, screened."""
    found: list[Option] = []
    for performance in performances:
        found += _options(performance, assumptions, wanted)
    if not screening or not found:
        return found
    names = list(dict.fromkeys(name for option in found for name in option.workloads))
    rows = np.full((len(found), len(ROOFS), len(names)), np.inf)
    for position, option in enumerate(found):
        columns = [names.index(name) for name in option.workloads]
        own = option.sequence_s / option.tokens_per_step
        rows[position][:, columns] = own[[0, -1]]
    gpus = np.array([option.gpus for option in found], dtype=float)
    return [found[index] for index in sorted(undominated(rows, gpus))]


def _options(performance: Performance, assumptions: AssumptionSet, wanted: ServiceClass) -> Iterable[Option]:
    transfer = transfer_time(performance, assumptions)
    outputs = np.array([workload.output_tokens for workload in performance.workloads])
    allowed = np.array([wanted.serves(workload) for workload in performance.workloads])
    fits = (performance.capacity >= 1.0) & np.isfinite(transfer) & allowed
    for kind in np.flatnonzero(fits.any(axis=1)):
        served = np.flatnonzero(fits[kind])
        seconds = np.stack([performance.prompt_s[kind, served], transfer[kind, served]])
        roofs = np.flatnonzero(binding_rows(seconds))
        yield _option(
            performance, int(kind), served, seconds[roofs], [ROOFS[r] for r in roofs], outputs[served], wanted
        )


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
