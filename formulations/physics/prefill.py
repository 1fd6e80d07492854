"""Prefill: instance time that a prompt takes (extension of the paper; design.md section 3), linear in
requests."""

from __future__ import annotations

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import AssumptionSet
from formulations.physics.arithmetic import prompt_flop
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.layout import Layout
from formulations.physics.machine import Machine
from formulations.physics.network import network
from formulations.physics.precision import ArithmeticRate


def prefill_time(
    architecture: Architecture,
    machine: Machine,
    assumptions: AssumptionSet,
    layout: Layout,
    flops: ArithmeticRate,
    input_tokens: Numbers,
    prefix_hit_rate: Numbers = 0.0,
) -> FloatArray:
    """Seconds of one instance per request of `input_tokens`, of which a share `prefix_hit_rate` is already
    cached.

    (1 − hits)·[(2·active·ℓ + 2·L·n_q·d_h·ℓ²)/(N·C) + transfer of ℓ tokens over the cheapest protocol].
    Prompts are processed in long chunks, so they compute and transfer at full rate, and latencies and
    weight reads are shared by the many tokens of a chunk and left out. `flops` are the prefill rates
    (`arithmetic_rate(..., prefill=True)`). All arguments broadcast.
    """
    tokens = floats(input_tokens)
    flop = prompt_flop(architecture, assumptions.choices, tokens)
    compute = (flop.matrices / flops.matrices + flop.attention / flops.attention) / layout.accelerators
    one_token = network(architecture, assumptions.choices, machine, layout, np.ones(()))
    transfer = sum((np.min(c.per_sequence, axis=-1) for c in one_token), np.zeros(()))
    return (1.0 - floats(prefix_hit_rate)) * (compute + transfer * tokens)
