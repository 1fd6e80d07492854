"""Memory: weights and KV cache of a deployment within its HBM, from architecture and precisions alone.

Nothing is taken from the option: neither its batch limits nor the capacity that they came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from fleets.schema.accelerators import Accelerator
from formulations.physics.arrays import floats
from formulations.physics.capacity import weight_bytes_total
from formulations.physics.context import Context
from formulations.physics.hybrid_cache import sequence_held
from formulations.physics.machine import GIGA, machine
from formulations.physics.precision import kv_bytes, weight_bytes
from formulations.physics.reserve import room
from formulations.physics.stored_weights import stored_weights
from planner.certificate.described import Described
from planner.certificate.modelled import modelled
from planner.checks import Check, at_most
from planner.config.resolved import ResolvedStudy
from planner.operation.operated import Operated, where
from planner.operation.whole_batches import whole_batches


def memory(operated: Operated) -> Iterator[Check]:
    """HBM of every deployment: at its mean batch, at whole batches, and for one prompt on a prefill instance."""
    study = operated.study
    for operation, found, accelerator in modelled(operated):
        deployment = operation.deployment
        name = f"HBM of {where(deployment)}"
        has = room_gb(study, found, accelerator)
        longest = found.model.settings.max_model_len
        if longest is not None:
            needs = needed_gb(study, found, {}) + longest_gb(study, found, longest)
            yield at_most(f"{name} for one request of {longest:,} tokens", needs, has, "GB")
        if operation.step is None:
            for workload in deployment.tokens_per_s:
                needs = needed_gb(study, found, {workload: 1.0})
                yield at_most(f"{name} for a prompt of {workload}", needs, has, "GB")
            continue
        yield at_most(f"{name} at the mean batch", needed_gb(study, found, operation.batch), has, "GB")
        for workload, batch, words in whole_batches(operation):
            yield at_most(f"{name} for {workload} {words}", needed_gb(study, found, batch), has, "GB")


def room_gb(study: ResolvedStudy, found: Described, accelerator: Accelerator) -> float:
    """GB of the whole instance for weights and KV cache, without what the engine keeps for itself by its settings."""
    unit = machine(accelerator, study.assumptions)
    architecture, layout = found.model.architecture, found.layout
    space = room(architecture, unit, study.assumptions, layout, found.model.settings)
    weights = needed_gb(study, found, {}) * GIGA
    return float(np.sum(space.holds(layout, space.free(layout, weights)))) / GIGA


def longest_gb(study: ResolvedStudy, found: Described, tokens: int) -> float:
    """GB of the model's KV cache for one request of `tokens`: engines start only where it fits."""
    element, architecture = kv_bytes((found.kv,)), found.model.architecture
    held = sequence_held(architecture, study.assumptions, found.layout, element, float(tokens), found.drafted)
    return float(np.sum(held)) / GIGA


def needed_gb(study: ResolvedStudy, found: Described, batch: Mapping[str, float]) -> float:
    """GB that weights and the KV cache of running sequences (by workload) take on the whole instance.

    The draft counts where the set says so (`speculation_memory`); with `kv_capacity: micro_batch` only the sequences of
    one pipeline stage are held.
    """
    choices = study.assumptions.choices
    layout = found.layout
    held = found.architectures if choices.speculation_memory == "joint" else found.architectures[:1]
    share = 1.0 / found.stages if choices.kv_capacity == "micro_batch" else 1.0
    weight = weight_bytes((found.weights,))
    element = kv_bytes((found.kv,))
    total = 0.0
    for architecture in held:
        stored = stored_weights(architecture, study.assumptions, layout, (found.weights,))
        total += float(np.sum(weight_bytes_total(architecture, choices, layout, weight, stored)))
        for workload, sequences in batch.items():
            context = Context(*map(floats, study.workload(workload).context_range))
            drafted = found.drafted if architecture is found.model.architecture else 0
            cache = sequence_held(architecture, study.assumptions, layout, element, context, drafted)
            total += float(np.sum(cache)) * sequences * share
    return total / GIGA
