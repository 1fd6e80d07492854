"""Performance of kinds: the exact seconds of a step of every kind with every workload, from the physics.

A step is one target pass over q tokens per sequence, γ draft passes, and the prompts that arrive in the meantime:

    step(b) = pass_target(b) + γ·pass_draft(b) + Σ_w prefill[w]·b_w,      pass = kernel + network + max(memory, compute)

Evaluated per *roof* (the target memory- or compute-bound, the draft likewise): the true step is the largest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np

from fleets.schema.assumptions import AssumptionSet, Engine
from formulations.physics.arrays import FloatArray
from formulations.physics.capacity import batch_capacity, weight_bytes_total
from formulations.physics.context import Context
from formulations.physics.engine import most_sequences
from formulations.physics.hybrid_cache import reused_tokens, sequence_held
from formulations.physics.kv_transfer import transfer_time
from formulations.physics.machine import machine
from formulations.physics.precision import ArithmeticRate, arithmetic_rate, kv_bytes, weight_bytes
from formulations.physics.prefill import prefill_time, prompt_latency
from formulations.physics.reserve import room
from formulations.physics.speculation import verified_tokens
from formulations.physics.step import StepCoefficients, step_coefficients
from formulations.physics.stored_weights import stored_weights
from planner.config.resolved import ResolvedWorkload
from planner.options.kinds import KindTable
from planner.options.speculation import draft_architecture, tokens_per_step

LARGEST_BATCH = 2.0**20
"""A batch without any limit (no KV cache, no pace) still ends somewhere; no engine comes near it."""


@dataclass(frozen=True)
class Performance:
    """K kinds × W workloads; the exact physics in the form that limits and options are read from."""

    table: KindTable
    workloads: tuple[ResolvedWorkload, ...]
    passes: tuple[tuple[StepCoefficients, FloatArray], ...]
    """(coefficients, how many passes per step): the target once, the draft γ times; shapes (K, W), (K, 1)."""
    tokens_per_step: FloatArray
    """V, shape (K, 1)."""
    prefill_s: FloatArray
    """Seconds of prompt processing per sequence-step, shape (K, W)."""
    prompt_s: FloatArray
    """Seconds of an instance that one prompt takes, shape (K, W)."""
    prompt_latency_s: FloatArray
    """Seconds that a prompt's own passes last, shape (K, W)."""
    transfer_s: FloatArray
    """Seconds that a prefill instance sends a prompt's KV cache, shape (K, W); 0 in other roles."""
    engine: Engine
    """What the serving engine adds to a step and a first token."""
    capacity: FloatArray
    """Largest real batch that HBM holds, shape (K, W)."""
    weights: FloatArray
    """Bytes of all weights on an instance, shape (K, 1)."""
    room: FloatArray
    """Bytes that weights and KV cache may take on an instance, shape (K, W)."""
    cache: FloatArray
    """Bytes of one sequence's KV cache on an instance, shape (K, W)."""
    longest: FloatArray
    """Bytes of KV cache of the longest request that an instance must hold, (K, 1); 0 where the config names none."""
    sequences: FloatArray | None = None
    """Sequences that an instance may run at once, by workload, shape (W,); None: no limit but memory and pace."""
    utilisation: float = 1.0
    """Share of the time for which an instance is there that it may be busy. Queues know of the time, not of headroom."""

    @property
    def roofs(self) -> tuple[str, ...]:
        """Names of the roofs, target first: `memory`, `compute`, or `memory+compute` with a draft."""
        return tuple("+".join(roof) for roof in product(("memory", "compute"), repeat=len(self.passes)))

    @cached_property
    def limits_by_step(self) -> dict[bytes, FloatArray]:
        """Step limits already found (`limits.step_limits`): every estimate of every refinement asks for the same."""
        return {}

    def alone_s(self, batch: FloatArray) -> FloatArray:
        """Exact seconds of a step that runs `batch` sequences, (K, W) or (K, 1), of each workload alone; shape (K, W)."""
        step, slope = self.concave(batch)
        return np.asarray((step + (slope + self.linear) * batch).max(axis=0))

    @cached_property
    def linear(self) -> FloatArray:
        """Seconds per sequence that are linear in the batch, by roof and workload, shape (R, K, W)."""
        ways = [
            [times * coefficients.sequence_read, times * coefficients.sequence_compute]
            for coefficients, times in self.passes
        ]
        sums = [sum(way[which] for way, which in zip(ways, roof, strict=True)) for roof in self._roofs()]
        return np.stack([np.broadcast_to(value + self.prefill_s, self.capacity.shape) for value in sums])

    def concave(self, batch: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(seconds per step, seconds per sequence) of the tangent at `batch` to all that is fixed or concave in it.

        These are kernels, the cheapest protocols, weights and touched experts; they depend on the total batch only.
        `batch` broadcasts to (…, K, W or points); a roof axis is put before the last two. Exact at `batch` and never
        below the exact value elsewhere, because a concave function lies below its tangents.
        """
        lines = []
        for coefficients, times in self._totals:
            latency, transfer = coefficients.network_tangent(batch)
            experts, slope = coefficients.expert_tangent(batch)
            compute = (coefficients.kernel + latency, transfer)
            memory = (compute[0] + coefficients.dense_read + experts, transfer + slope)
            lines.append([(times * a, times * b) for a, b in (memory, compute)])
        sums = [
            [sum(lines[number][which][part] for number, which in enumerate(roof)) for part in (0, 1)]
            for roof in self._roofs()
        ]
        shape = np.broadcast_shapes(*(np.shape(value) for pair in sums for value in pair))
        step, slope = (
            np.stack([np.broadcast_to(pair[part], shape) for pair in sums], axis=-3) for part in (0, 1)
        )
        return step, slope

    @cached_property
    def _totals(self) -> list[tuple[StepCoefficients, FloatArray]]:
        """The passes without the workload axis: what depends on the total batch is the same for all workloads."""
        return [(_first_workload(coefficients), times) for coefficients, times in self.passes]

    def _roofs(self) -> list[tuple[int, ...]]:
        return list(product((0, 1), repeat=len(self.passes)))


def performance(
    table: KindTable,
    workloads: tuple[ResolvedWorkload, ...],
    assumptions: AssumptionSet,
    prefill: bool,
    utilisation: float,
) -> Performance:
    """Evaluate the physics of every kind of a table for every workload (one vectorised call per pass)."""
    settings = table.model.settings
    if settings.batched_tokens is not None:
        engine = assumptions.engine.model_copy(update={"chunk_tokens": float(settings.batched_tokens)})
        assumptions = assumptions.model_copy(update={"engine": engine})
    choices = assumptions.choices
    unit = machine(table.accelerator, assumptions)
    layout = table.layout.column()
    gamma = table.draft_tokens[:, None]
    weights_b, kv_b = weight_bytes(table.weight_precisions)[:, None], kv_bytes(table.kv_precisions)[:, None]
    context = Context(*np.array([workload.context_range for workload in workloads]).T)
    inputs = np.array([workload.input_tokens for workload in workloads])
    cached = np.array([workload.prefix_hit_rate for workload in workloads]) * inputs
    decode = _column(arithmetic_rate(unit, assumptions, table.weight_precisions))
    prompt = _column(arithmetic_rate(unit, assumptions, table.weight_precisions, prefill=True))
    target = table.model.architecture
    draft = draft_architecture(table.way, target)
    in_flight = verified_tokens(gamma, choices.speculation_convention)
    passes = [
        (
            step_coefficients(target, unit, assumptions, layout, weights_b, decode, kv_b, context, in_flight),
            np.ones((1, 1)),
        )
    ]
    found = reused_tokens(target, assumptions, layout, kv_b, cached)
    hits = np.divide(found, inputs, out=np.zeros_like(found), where=inputs > 0)
    prompt_s = prefill_time(target, unit, assumptions, layout, prompt, inputs, hits)
    latency = prompt_latency(target, unit, assumptions, layout, prompt, weights_b, inputs, hits)
    stored = stored_weights(target, assumptions, layout, table.weight_precisions)
    weights = weight_bytes_total(target, choices, layout, weights_b, stored)
    cache = sequence_held(target, assumptions, layout, kv_b, context, gamma)
    if draft is not None:
        passes.append(
            (step_coefficients(draft, unit, assumptions, layout, weights_b, decode, kv_b, context), gamma)
        )
        prompt_s = prompt_s + prefill_time(draft, unit, assumptions, layout, prompt, inputs, hits)
        latency = latency + prompt_latency(draft, unit, assumptions, layout, prompt, weights_b, inputs, hits)
        if choices.speculation_memory == "joint":
            stored = stored_weights(draft, assumptions, layout, table.weight_precisions)
            weights = weights + weight_bytes_total(draft, choices, layout, weights_b, stored)
            cache = cache + sequence_held(draft, assumptions, layout, kv_b, context)
    shape = (len(table), len(workloads))
    transfer = (
        transfer_time(target, choices, unit, layout, kv_b, inputs)
        if table.role == "prefill"
        else np.zeros(shape)
    )
    yields = np.broadcast_to(tokens_per_step(table.way, choices, gamma), (len(table), 1))
    outputs = np.array([workload.output_tokens for workload in workloads])
    prompt_s = np.broadcast_to(prompt_s, shape)
    space = room(target, unit, assumptions, layout, settings)
    free = space.free(layout, weights)
    capacity = np.broadcast_to(batch_capacity(space, assumptions, layout, weights, cache), shape)
    longest = sequence_held(target, assumptions, layout, kv_b, float(settings.max_model_len or 0), gamma)
    capacity = np.where(free >= longest, capacity, 0.0)
    sequences = most_sequences(assumptions, table.accelerator, settings)
    return Performance(
        table,
        workloads,
        tuple(passes),
        yields,
        prompt_s * yields / outputs if prefill and table.role == "aggregated" else np.zeros(shape),
        prompt_s,
        np.broadcast_to(latency, shape),
        np.broadcast_to(transfer, shape),
        assumptions.engine,
        np.minimum(capacity, LARGEST_BATCH),
        np.broadcast_to(weights, (len(table), 1)),
        np.broadcast_to(space.holds(layout, free), shape),
        np.broadcast_to(cache, shape),
        np.broadcast_to(longest, (len(table), 1)),
        by_workload(sequences, workloads),
        utilisation,
    )


def by_workload(most: int | None, workloads: tuple[ResolvedWorkload, ...]) -> FloatArray | None:
    """Sequences of each workload that an instance may run, shape (W,): the instance's `most`, or its own where lower."""
    own = [workload.max_num_seqs or LARGEST_BATCH for workload in workloads]
    if most is None and min(own) >= LARGEST_BATCH:
        return None
    return np.asarray(np.minimum(np.array(own, dtype=float), LARGEST_BATCH if most is None else most))


def _first_workload(coefficients: StepCoefficients) -> StepCoefficients:
    names = ("dense_read", "expert_read", "expert_activation", "sequence_read", "sequence_compute")
    return replace(coefficients, **{name: getattr(coefficients, name)[:, :1] for name in names})


def _column(rate: ArithmeticRate) -> ArithmeticRate:
    return ArithmeticRate(rate.matrices[:, None], rate.attention[:, None])
