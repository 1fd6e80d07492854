"""Toy: the model of the paper's section 2.2, kept to reproduce its first tables; plans never use it.

step = L·n_reduce·(rank·max(√N − 1, 0) + base) + max(weights/(N·BW), 2·params·b/(N·C))     (P23)
"""

from __future__ import annotations

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import AssumptionSet
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.machine import MICRO, Machine
from formulations.physics.shape import shape
from formulations.physics.step import StepTime


def toy_step_time(
    architecture: Architecture,
    machine: Machine,
    assumptions: AssumptionSet,
    accelerators: Numbers,
    weight_bytes: Numbers,
    flops: Numbers,
    batch: Numbers,
) -> StepTime:
    """Seconds of a step without context, activations or bandwidth of links; `flops` is the sustained FLOP/s.
    Broadcasts."""
    counts, n, batch = shape(architecture, assumptions.choices), floats(accelerators), floats(batch)
    latency = architecture.depth * reduces_per_layer(architecture) * reduce_latency(assumptions, n)
    memory = floats(weight_bytes) * counts.total_parameters / (n * machine.bandwidth)
    compute = 2 * counts.total_parameters * batch / (n * floats(flops))
    total = latency + np.maximum(memory, compute)
    zero = np.zeros(())
    return StepTime(*np.broadcast_arrays(zero, latency, zero, memory, compute, total))


def reduce_latency(assumptions: AssumptionSet, accelerators: FloatArray) -> FloatArray:
    """Seconds of one all-reduce of the 2D toy layout on N ranks."""
    toy = assumptions.toy
    return (toy.rank_us * np.maximum(np.sqrt(accelerators) - 1.0, 0.0) + toy.base_us) * MICRO


def reduces_per_layer(architecture: Architecture) -> int:
    """Four 2D all-reduces, two where attention and feed-forward block share them."""
    return 2 if any(block.parallel for _, block in architecture.stack) else 4


def fastest_accelerators(
    weight_read_s: Numbers, reduces_per_step: Numbers, rank_s: Numbers
) -> tuple[FloatArray, FloatArray]:
    """(N, seconds per token) of the fastest single stream, base latencies left out (P24; the paper's Eq. 13-14).

    Minimises reduces·rank·(√N − 1) + read/N, so N^(3/2) = 2·read/(reduces·rank); `weight_read_s` is the seconds in which
    one accelerator reads all weights, `reduces_per_step` all-reduces of a step, `rank_s` the toy's seconds per √N.
    """
    read, per_root = floats(weight_read_s), floats(reduces_per_step) * floats(rank_s)
    count = (2.0 * read / per_root) ** (2.0 / 3.0)
    return count, per_root * (np.sqrt(count) - 1.0) + read / count
