"""What the program and the screening know of an option: seconds per step, seconds per sequence, batch limits.

An option in a supply runs `StepRate` steps per second and gives workload w `SequenceRate[w]` sequence-steps per second;
tokens per second are V times that. Under every *roof* (which of memory and arithmetic limits the matrix
multiplications of target and draft) it is busy  step[roof]·StepRate + Σ_w sequence[roof, w]·SequenceRate[w]  instance
seconds per second; under every *resource* (HBM, pace) its mean batch is held by  Σ_w SequenceRate[w]/limit ≤ StepRate.
Measured options have one roof, no step term and no resource.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Role = Literal["aggregated", "prefill", "decode"]


@dataclass(frozen=True)
class Option:
    """One option. R roofs, Q resources, W workloads (those that it may serve)."""

    id: str
    kind: str
    """What an operator would call one deployment; options of one kind differ in pace class, piece or protocol."""
    model: str
    accelerator: str
    gpus: int
    role: Role
    workloads: tuple[str, ...]
    tokens_per_step: FloatArray
    """V, shape (W,): tokens that a sequence-step of each workload yields."""
    roofs: tuple[str, ...]
    step_s: FloatArray
    """Seconds per step, shape (R,)."""
    sequence_s: FloatArray
    """Seconds per sequence-step, shape (R, W)."""
    resources: tuple[str, ...]
    batch_limit: FloatArray
    """Largest whole batch of each workload alone, shape (Q, W)."""
    row: int = -1
    """Where the physics of the kind stands in its table (`planner.options`); −1 for measured options."""
    fields: tuple[str, str, str, str] = ("", "", "", "")
    """Layout, weight precision, KV precision and speculation, as plans show them."""
    unprompted: frozenset[str] = frozenset()
    """Of decode instances: workloads that stand behind no prefill instance, because their requests have no prompts."""
    pace: float = 0.0
    """Pace class, tokens per second that every workload served here sees, at least."""

    def behind_prefill(self, workload: str) -> bool:
        """Whether what is decoded here had its prompts processed on other instances."""
        return self.role == "decode" and workload not in self.unprompted

    @property
    def instance_s_per_token(self) -> FloatArray:
        """Instance seconds per token by binding row, shape (R·max(Q, 1), W): StepRate eliminated.

        What one instance delivers is {tokens: rows · tokens ≤ 1}; ours, the form that screening compares.
        """
        if not self.resources:
            return np.asarray(self.sequence_s / self.tokens_per_step)
        steps = self.step_s[:, None, None] / self.batch_limit[None, :, :]
        rows = (steps + self.sequence_s[:, None, :]) / self.tokens_per_step
        return np.asarray(rows.reshape(-1, len(self.workloads)))

    @property
    def tokens_per_s_alone(self) -> FloatArray:
        """Most tokens per second of each workload alone on one instance, shape (W,)."""
        return np.asarray(1.0 / self.instance_s_per_token.max(axis=0))


def binding_rows(rows: FloatArray) -> NDArray[np.bool_]:
    """Which of the rows (n, W) of a set {x: rows·x ≤ 1} no other row dominates; of equal rows the first stays."""
    order = np.arange(len(rows))
    covers = (rows[:, None, :] >= rows[None, :, :]).all(axis=2)  # [i, j]: row i implies row j
    equal = covers & covers.T
    return np.asarray(~(covers & ~(equal & (order[:, None] >= order[None, :]))).any(axis=0))
