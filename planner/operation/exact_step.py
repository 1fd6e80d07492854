"""Exact physics of a deployment: step time, pace and memory at a given mix of running sequences.

No line of the program is used here: the protocol is the cheapest one, the touched experts are W(n), and memory and
compute overlap as the roofline says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from formulations.physics.arrays import FloatArray
from formulations.physics.step import StepCoefficients
from planner.options.performance import Performance


@dataclass(frozen=True)
class ExactStep:
    """Seconds of one step by part; `memory` or `compute` is 0 where the other roof is higher (they overlap)."""

    kernel: float
    network: float
    memory: float
    compute: float
    draft: float
    """All draft passes of the step, every part of them."""
    prefill: float
    """Prompts that arrive during the step, on average."""

    @property
    def total(self) -> float:
        return self.kernel + self.network + self.memory + self.compute + self.draft + self.prefill

    @property
    def roof(self) -> str:
        """Which of memory and arithmetic limits the target's matrix multiplications."""
        return "memory" if self.memory >= self.compute else "compute"


def exact_step(performance: Performance, row: int, batch: dict[str, float]) -> ExactStep:
    """One step of kind `row` with `batch[workload]` running sequences (real, mean)."""
    running = np.array([batch.get(workload.name, 0.0) for workload in performance.workloads])
    (target, _), *drafts = performance.passes
    kernel, network, memory, compute = _pass(target, row, running)
    draft = sum(float(np.ravel(times[row])[0]) * _duration(*_pass(c, row, running)) for c, times in drafts)
    prefill = float(performance.prefill_s[row] @ running)
    bound_by_memory = memory >= compute
    return ExactStep(
        kernel,
        network,
        memory if bound_by_memory else 0.0,
        0.0 if bound_by_memory else compute,
        draft,
        prefill,
    )


def _pass(coefficients: StepCoefficients, row: int, running: FloatArray) -> tuple[float, float, float, float]:
    """(kernel, network, memory, compute) seconds of one pass; linear terms by workload, the rest by total batch."""
    total = float(running.sum())
    latency, transfer = coefficients.network(np.full((1, 1), total))
    network = float(np.broadcast_to(latency + transfer, coefficients.dense_read.shape)[row, 0])
    read = coefficients.sequence_read[row]
    memory = float(coefficients.memory(np.full((1, 1), total))[row, 0] - read[0] * total + read @ running)
    compute = float(coefficients.sequence_compute[row] @ running)
    kernel = float(np.broadcast_to(coefficients.kernel, coefficients.dense_read.shape)[row, 0])
    return kernel, network, memory, compute


def _duration(kernel: float, network: float, memory: float, compute: float) -> float:
    return kernel + network + max(memory, compute)


def memory_share(performance: Performance, row: int, batch: dict[str, float]) -> float:
    """Share of the instance's free HBM that the KV cache of `batch` takes; above 1 it does not fit."""
    running = np.array([batch.get(workload.name, 0.0) for workload in performance.workloads])
    with np.errstate(divide="ignore"):
        return float(np.where(running > 0, running / performance.capacity[row], 0.0).sum())
