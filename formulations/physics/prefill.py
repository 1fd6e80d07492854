"""Prefill: instance time that a prompt takes (extension of the paper; docs/physics.md), linear in requests.

`prefill_time` is what a prompt adds to an instance that decodes, the term of the program; `prompt_latency` is how
long its own passes last, the term of the time to first token and of prefill instances.

With data-parallel attention a prompt is one group's, and as many prompts as groups run in one pass: a prompt takes the
instance 1/f of what a pass takes, and waits for all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import AssumptionSet
from formulations.physics.arithmetic import prompt_flop
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.experts import touched_share
from formulations.physics.kernels import serial_kernels
from formulations.physics.layout import Layout
from formulations.physics.machine import MICRO, Machine
from formulations.physics.network import network
from formulations.physics.precision import ArithmeticRate
from formulations.physics.shape import shape
from formulations.physics.traffic import traffic


def prefill_time(
    architecture: Architecture,
    machine: Machine,
    assumptions: AssumptionSet,
    layout: Layout,
    flops: ArithmeticRate,
    input_tokens: Numbers,
    prefix_hit_rate: Numbers = 0.0,
) -> FloatArray:
    """Seconds that a request of `input_tokens` adds to the steps it shares with running sequences; a share
    `prefix_hit_rate` of the prompt is already cached.

    [2·active·(1 − h)·ℓ + 2·L·n_q·d_h·(1 − h²)·ℓ²]/(N·C) + transfer of the (1 − h)·ℓ new tokens + chunks·kernels·extra
    launch time/f. Prompts are processed in long chunks beside decode, so they compute and transfer at full rate, and
    the steps' own latencies and weight reads are not counted again. `flops` are the prefill rates
    (`arithmetic_rate(..., prefill=True)`). All arguments broadcast.
    """
    work = _work(architecture, machine, assumptions, layout, flops, input_tokens, prefix_hit_rate)
    return work.compute + work.transfer + work.launches / layout.schedulers(assumptions.choices)


@dataclass(frozen=True)
class _Work:
    """Seconds of a prompt by part, and how many chunks it takes."""

    compute: FloatArray
    transfer: FloatArray
    launches: FloatArray
    tokens: FloatArray
    chunks: FloatArray


def _work(
    architecture: Architecture,
    machine: Machine,
    assumptions: AssumptionSet,
    layout: Layout,
    flops: ArithmeticRate,
    input_tokens: Numbers,
    prefix_hit_rate: Numbers,
) -> _Work:
    choices, engine = assumptions.choices, assumptions.engine
    tokens, hits = floats(input_tokens), floats(prefix_hit_rate)
    whole, cached = (
        prompt_flop(architecture, choices, layout, tokens),
        prompt_flop(architecture, choices, layout, hits * tokens),
    )
    new = (1.0 - hits) * tokens
    chunks = np.maximum(new / engine.chunk_tokens, np.minimum(new, 1.0))
    experts = 2.0 * shape(architecture, choices).expert_parameters / architecture.sparsity
    head = whole.head - cached.head
    matrices = whole.matrices - cached.matrices + head + (engine.expert_factor - 1.0) * experts * new
    with np.errstate(invalid="ignore", divide="ignore"):
        slower = np.where(new > 0, 1.0 + machine.half_rate_tokens * chunks / new, 1.0)
    attention = (whole.attention - cached.attention) / flops.attention
    one_token = network(architecture, choices, machine, layout, np.ones(()))
    transfer = sum((c.fastest_transfer for c in one_token), np.zeros(()))
    uneven = layout.longest_stage(architecture.depth)
    launches = serial_kernels(architecture, choices, layout) * engine.prompt_kernel_us * MICRO
    return _Work(
        compute=uneven * (matrices * slower / flops.matrices + attention) / layout.accelerators,
        transfer=transfer * new,
        launches=launches * chunks,
        tokens=new,
        chunks=chunks,
    )


def prompt_latency(
    architecture: Architecture,
    machine: Machine,
    assumptions: AssumptionSet,
    layout: Layout,
    flops: ArithmeticRate,
    weight_bytes: Numbers,
    input_tokens: Numbers,
    prefix_hit_rate: Numbers = 0.0,
) -> FloatArray:
    """Seconds of the passes that process a prompt with no other work beside it: a prefill instance, or TTFT.

    Per chunk: kernels, the host's step, collective latencies, and the larger of arithmetic and of reading all
    weights (the experts that a chunk touches); every chunk reads the weights again. Data-parallel groups each run a
    prompt of this kind in the same pass, as they do under load. Arguments as in `prefill_time`.
    """
    choices, engine = assumptions.choices, assumptions.engine
    together = layout.schedulers(choices)
    work = _work(architecture, machine, assumptions, layout, flops, input_tokens, prefix_hit_rate)
    moved = traffic(architecture, choices, layout, weight_bytes)
    with np.errstate(invalid="ignore", divide="ignore"):
        per_chunk = np.where(work.chunks > 0, work.tokens / work.chunks, 0.0)
    per_chunk = together * per_chunk
    touched = touched_share(per_chunk / layout.pipeline, architecture.sparsity) * engine.expert_factor
    layers = moved.attention_weights + moved.dense_weights + touched * moved.expert_weights
    uneven = layout.longest_stage(architecture.depth)
    read = layout.pipeline * (uneven * layers + moved.head_weights)
    seconds = read * work.chunks / (layout.accelerators * machine.bandwidth)
    latency = sum(
        (c.best(np.ones(()))[0] for c in network(architecture, choices, machine, layout, per_chunk)),
        np.zeros(()),
    )
    kernel = serial_kernels(architecture, choices, layout) * machine.kernel_launch_s + engine.step_us * MICRO
    passes = together * work.transfer + np.maximum(together * work.compute, seconds)
    return work.chunks * (kernel + latency) + work.launches + passes
