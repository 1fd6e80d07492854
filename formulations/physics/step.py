"""Step: the time of one forward pass as coefficients in the batch, and the exact step time evaluated from them.

    step_time(b) = kernel + Σ_collectives min_protocol(latency + per_sequence·b) + max(memory(b), compute(b))
    memory(b)    = dense_read + sequence_read·b + W(q·b/PP)·(expert_read + expert_activation·b)
    compute(b)   = sequence_compute·b

The program of docs/program.md takes these coefficients; whoever wants seconds evaluates them. There is
no other source of a step time. Real batches are allowed; arrays broadcast, e.g. layouts (K, 1) against
contexts (W,). Uneven pipeline stages all take the longest stage's time: micro-batches follow one another, so that stage
sets the beat.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import AssumptionSet
from formulations.physics.arithmetic import decode_flop
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.collectives import Collective
from formulations.physics.context import Context
from formulations.physics.experts import touched_share, touched_share_slope
from formulations.physics.kernels import serial_kernels
from formulations.physics.kv_cache import cache_moved
from formulations.physics.layout import Layout
from formulations.physics.machine import MICRO, Machine
from formulations.physics.network import network
from formulations.physics.pieces import NetworkPieces, network_pieces
from formulations.physics.precision import ArithmeticRate
from formulations.physics.shape import shape
from formulations.physics.traffic import traffic


@dataclass(frozen=True)
class StepTime:
    """Seconds of one step by part; memory and compute overlap, so the larger of the two counts in `total`."""

    kernel: FloatArray
    network_latency: FloatArray
    network_bandwidth: FloatArray
    memory: FloatArray
    compute: FloatArray
    total: FloatArray


@dataclass(frozen=True)
class StepCoefficients:
    """One forward pass: everything affine in the batch except the protocol choice and the touched experts."""

    kernel: FloatArray
    """Seconds per step."""
    collectives: tuple[Collective, ...]
    """Seconds per step and per sequence, by protocol."""
    dense_read: FloatArray
    """Seconds per step: weights that every step reads, once per micro-batch."""
    expert_read: FloatArray
    """Seconds per step if every routed expert is read; times W."""
    expert_activation: FloatArray
    """Seconds per sequence, times W; zero unless `moe_activation_traffic: touched_share`."""
    sequence_read: FloatArray
    """Seconds per sequence: KV cache and activations."""
    sequence_compute: FloatArray
    """Seconds per sequence."""
    tokens_per_sequence: FloatArray
    """q/PP: tokens that one sequence of the batch adds to a micro-batch."""
    sparsity: float

    def step_time(self, batch: Numbers) -> StepTime:
        """Exact step time at `batch` sequences (real, broadcasts against the coefficients), by part."""
        batch = floats(batch)
        latency, bandwidth = self.network(batch)
        memory = self.memory(batch)
        compute = self.sequence_compute * batch
        total = self.kernel + latency + bandwidth + np.maximum(memory, compute)
        parts = np.broadcast_arrays(self.kernel, latency, bandwidth, memory, compute, total)
        return StepTime(*parts)

    def total(self, batch: FloatArray) -> FloatArray:
        """Seconds of a step without its parts: what a search over many layouts needs."""
        return self.roofline(batch) + network_total(self.collectives, batch)

    def roofline(self, batch: FloatArray) -> FloatArray:
        """Seconds of a step without its network: kernel + max(memory, compute)."""
        return floats(np.maximum(self.memory(batch), self.sequence_compute * batch) + self.kernel)

    def network(self, batch: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(latency, transfer) seconds of all collectives, each over its cheapest protocol."""
        latency, bandwidth = 0.0 * batch, 0.0 * batch
        for collective in self.collectives:
            a, b = collective.best(batch)
            latency, bandwidth = latency + a, bandwidth + b
        return latency, bandwidth

    def memory(self, batch: FloatArray) -> FloatArray:
        """Seconds of memory traffic at `batch`."""
        if not np.any(self.expert_read):
            return self.dense_read + self.sequence_read * batch
        touched = touched_share(self.tokens_per_sequence * batch, self.sparsity)
        experts = touched * (self.expert_read + self.expert_activation * batch)
        return self.dense_read + self.sequence_read * batch + experts

    def network_tangent(self, batch: Numbers) -> tuple[FloatArray, FloatArray]:
        """(latency, seconds per sequence) of the protocols that are cheapest at `batch`: ≥ the network time
        everywhere."""
        batch = floats(batch)
        lines = [collective.affine(batch) for collective in self.collectives]
        zero = np.zeros(np.broadcast_shapes(self.dense_read.shape, batch.shape))
        return sum((line[0] for line in lines), zero), sum((line[1] for line in lines), zero)

    def network_pieces(self) -> NetworkPieces:
        """The affine pieces of the network time over all batches; see `pieces.py`."""
        return network_pieces(self.collectives, self.dense_read.shape)

    def expert_tangent(self, batch: Numbers) -> tuple[FloatArray, FloatArray]:
        """(intercept, slope) of a line ≥ the touched-expert term at every batch, exact at `batch`.

        The term f(b) = W(n)·(A + B·b), n = tokens_per_sequence·b, is concave wherever an expert's weights outweigh the
        activations of 2·s tokens (−f'' ∝ r·(A + B·b) − 2·B/tokens_per_sequence with W' = r·(1 − W) ≥ 0, ours), which
        holds for every published mixture; its tangent then lies above it. Where it does not hold, W ≤ 1 of the
        activations is taken as 1: still above, no longer touching.
        """
        batch, per_sequence = floats(batch), self.tokens_per_sequence
        tokens = per_sequence * batch
        share = touched_share(tokens, self.sparsity)
        slope = touched_share_slope(tokens, self.sparsity) * per_sequence
        rate = touched_share_slope(0.0, self.sparsity)
        concave = rate * self.expert_read * per_sequence >= 2.0 * self.expert_activation
        activation = np.where(concave, share + slope * batch, 1.0) * self.expert_activation
        lift = np.where(concave, slope * batch**2, 0.0) * self.expert_activation
        return self.expert_read * (share - slope * batch) - lift, self.expert_read * slope + activation

    def expert_chord(self, low: Numbers, high: Numbers) -> tuple[FloatArray, FloatArray]:
        """(intercept, slope) of a line ≤ the touched-expert term at every batch in [low, high], low < high."""
        low, high = floats(low), floats(high)
        at_low = touched_share(self.tokens_per_sequence * low, self.sparsity)
        at_high = touched_share(self.tokens_per_sequence * high, self.sparsity)
        slope = (at_high - at_low) / (high - low)
        return self.expert_read * (
            at_low - slope * low
        ), self.expert_read * slope + self.expert_activation * at_low


def network_total(collectives: Iterable[Collective], batch: FloatArray) -> FloatArray:
    """Seconds of all collectives at `batch`, each over its cheapest protocol."""
    return sum((collective.total(batch) for collective in collectives), np.zeros(()))


def step_coefficients(
    architecture: Architecture,
    machine: Machine,
    assumptions: AssumptionSet,
    layout: Layout,
    weight_bytes: Numbers,
    flops: ArithmeticRate,
    kv_bytes: Numbers,
    context: Numbers | Context,
    tokens_in_flight: Numbers = 1.0,
    collectives: Sequence[Collective] | None = None,
) -> StepCoefficients:
    """Coefficients of one forward pass that carries `tokens_in_flight` tokens of every sequence (q of the paper).

    `weight_bytes` and `kv_bytes` are bytes per element, `flops` the sustained rates
    (`precision.arithmetic_rate`), `context` the tokens that each sequence attends to, or their range over a
    request. All broadcast; seconds out. Whether the batch fits in memory is `capacity`'s question. Raises ValueError
    where the layout uses an attention scale-down that the set excludes. `collectives` replaces the layout's own network.
    """
    choices, engine = assumptions.choices, assumptions.engine
    if choices.attention_scaledown == "none" and np.any(layout.attention_scaledown != 1.0):
        raise ValueError(
            f"assumption set {assumptions.name} has attention_scaledown: none, the layout scales down"
        )
    q, stages = floats(tokens_in_flight), layout.pipeline
    if collectives is None:
        collectives = network(architecture, choices, machine, layout, q)
    bytes_moved = traffic(architecture, choices, layout, weight_bytes)
    cache = cache_moved(architecture, choices, layout, kv_bytes, context)
    flop = decode_flop(architecture, choices, layout, context)
    per_byte = 1.0 / (layout.accelerators * machine.bandwidth)
    once_per_stage = stages * per_byte
    experts = 2.0 * shape(architecture, choices).expert_parameters / architecture.sparsity
    uneven, ends = layout.longest_stage(architecture.depth), layout.end_stages
    matrices = uneven * (flop.matrices + (engine.expert_factor - 1.0) * experts) + ends * flop.head
    compute = matrices / flops.matrices + uneven * flop.attention / flops.attention
    # nothing overlaps it, so it enters memory and compute alike; every group's scheduler has its own sequences
    host = engine.sequence_us * MICRO / layout.schedulers(choices)
    arrays = np.broadcast_arrays(
        once_per_stage
        * (
            uneven * (bytes_moved.attention_weights + bytes_moved.dense_weights)
            + ends * bytes_moved.head_weights
        ),
        once_per_stage * uneven * bytes_moved.expert_weights * engine.expert_factor,
        q * per_byte * uneven * bytes_moved.expert_per_token,
        per_byte * (cache / machine.kv_bandwidth_ratio + q * uneven * bytes_moved.per_token) + host,
        q * compute / layout.accelerators + host,
    )
    dense_read, expert_read, expert_activation, sequence_read, sequence_compute = arrays
    return StepCoefficients(
        kernel=floats(
            serial_kernels(architecture, choices, layout) * machine.kernel_launch_s + engine.step_us * MICRO
        ),
        collectives=tuple(collectives),
        dense_read=dense_read,
        expert_read=expert_read,
        expert_activation=expert_activation,
        sequence_read=sequence_read,
        sequence_compute=sequence_compute,
        tokens_per_sequence=q / stages,
        sparsity=shape(architecture, choices).sparsity,
    )
