"""Layout: how one instance is split over its accelerators. Real values are allowed (the paper's grids use them)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fleets.schema.assumptions import Choices
from formulations.physics.arrays import BoolArray, FloatArray, Numbers, flags, floats


@dataclass(frozen=True)
class Layout:
    """Parallel degrees of one or many instances; all fields broadcast against each other."""

    accelerators: FloatArray
    """N, accelerators of the instance."""
    two_d: BoolArray
    """2D tensor parallelism (P14) instead of 1D."""
    pipeline: FloatArray
    """PP, pipeline stages."""
    expert_parallel: BoolArray
    """Routed experts are spread over EP = min(T, E) groups instead of each being split over all T ranks."""
    attention_scaledown: FloatArray
    """f: attention runs on T/f ranks. Idle projections (the paper's code) or f data-parallel groups: a choice."""

    @classmethod
    def of(
        cls,
        accelerators: Numbers,
        two_d: Any = False,
        pipeline: Numbers = 1.0,
        expert_parallel: Any = False,
        attention_scaledown: Numbers = 1.0,
    ) -> Layout:
        """A layout from numbers or arrays that broadcast."""
        return cls(
            floats(accelerators),
            flags(two_d),
            floats(pipeline),
            flags(expert_parallel),
            floats(attention_scaledown),
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Common shape of the fields."""
        return np.broadcast_shapes(*(np.shape(field) for field in self.fields()))

    @property
    def stage_ranks(self) -> FloatArray:
        """T = N/PP, tensor ranks of one pipeline stage."""
        return self.accelerators / self.pipeline

    @property
    def attention_ranks(self) -> FloatArray:
        """T/f, ranks over which one attention block is split."""
        return self.stage_ranks / self.attention_scaledown

    def schedulers(self, choices: Choices) -> FloatArray:
        """Groups that take sequences and prompts of their own at once: f with data-parallel attention, else 1.

        Each is a process with its own scheduler, as under vLLM's and SGLang's `--data-parallel-size`.
        """
        if choices.attention_scaledown != "data_parallel":
            return np.ones_like(self.attention_scaledown)
        return self.attention_scaledown

    def expert_groups(self, experts: int) -> FloatArray:
        """EP = min(T, E) where experts are spread, else 1."""
        return np.where(self.expert_parallel, np.minimum(self.stage_ranks, experts), 1.0)

    def expert_ranks(self, experts: int) -> FloatArray:
        """Tensor ranks of one routed expert: max(1, T/EP)."""
        return np.maximum(1.0, self.stage_ranks / self.expert_groups(experts))

    def select(self, index: Any) -> Layout:
        """The layouts at `index` of the common shape."""
        shape = self.shape
        return Layout.of(*(np.broadcast_to(field, shape)[index] for field in self.fields()))

    def column(self) -> Layout:
        """Shape (K,) as (K, 1): to broadcast K layouts against W workloads."""
        return self.select(np.s_[:, None])

    def labels(self, groups: str = "adp") -> list[str]:
        """Readable names of whole-numbered layouts, shape (K,): `tp8`, `2d16`, `tp8-pp2-ep8`, `tp8-adp8`.

        `groups` names the attention scale-down: data-parallel groups, or `asd` where ranks idle instead.
        """
        shape = self.shape
        parts = [np.broadcast_to(field, shape).tolist() for field in self.fields()]
        return [_label(groups, *values) for values in zip(*parts, strict=True)]

    def fields(self) -> tuple[Any, ...]:
        """The fields in the order of `of`."""
        return (
            self.accelerators,
            self.two_d,
            self.pipeline,
            self.expert_parallel,
            self.attention_scaledown,
        )


def _label(
    groups: str, accelerators: float, two_d: bool, pipeline: float, experts: bool, scaledown: float
) -> str:
    ranks = accelerators / pipeline
    text = f"{'2d' if two_d else 'tp'}{ranks:.4g}"
    if pipeline != 1:
        text += f"-pp{pipeline:.4g}"
    if experts:
        text += "-ep"
    return text if scaledown == 1 else f"{text}-{groups}{scaledown:.4g}"
