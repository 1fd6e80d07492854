"""Layout: how one instance is split over its accelerators. Real values are allowed (the paper's grids use them).

A *whole* layout is one that an engine can start: pipeline stages hold whole layers and ranks whole experts, so the
longest stage and the fullest rank set the pace and must fit. Physics counts as if all stages and ranks were like them.
"""

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
    whole: bool = False
    """Whole-numbered (`deployable.py`); the paper's real-valued grids share layers and experts evenly."""

    @classmethod
    def of(
        cls,
        accelerators: Numbers,
        two_d: Any = False,
        pipeline: Numbers = 1.0,
        expert_parallel: Any = False,
        attention_scaledown: Numbers = 1.0,
        *,
        whole: bool = False,
    ) -> Layout:
        """A layout from numbers or arrays that broadcast."""
        return cls(
            floats(accelerators),
            flags(two_d),
            floats(pipeline),
            flags(expert_parallel),
            floats(attention_scaledown),
            whole,
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
            return floats(1.0)
        return self.attention_scaledown

    def engines(self, choices: Choices) -> FloatArray:
        """Data-parallel engines: groups that hold and run all but the routed experts by themselves.

        f where experts are spread over the ranks of all groups, else 1: then all ranks share feed-forward blocks. So do
        vLLM (`--data-parallel-size` with `--enable-expert-parallel`), SGLang (`--enable-dp-attention` with an
        all-to-all backend) and TensorRT-LLM (`enable_attention_dp`). Whole layouts only.
        """
        if not self.whole:
            return floats(1.0)
        return np.where(self.expert_parallel, self.schedulers(choices), 1.0)

    def longest_stage(self, layers: int) -> FloatArray:
        """PP·⌈L/PP⌉/L ≥ 1: layers of the longest stage over their mean; 1 where stages share layers evenly."""
        if not self.whole:
            return floats(1.0)
        return np.ceil(layers / self.pipeline) * self.pipeline / layers

    @property
    def end_stages(self) -> FloatArray:
        """Stages that count with an embedding matrix: all, since the first or the last has one beside its layers.

        1 on real-valued grids, which share embeddings evenly too.
        """
        return self.pipeline if self.whole else floats(1.0)

    def expert_groups(self, experts: int) -> FloatArray:
        """EP = min(T, E) where experts are spread, else 1; redundant experts fill ranks beyond a multiple of E."""
        groups = np.minimum(self.stage_ranks, experts)
        if self.whole:
            groups = whole_expert_groups(self.stage_ranks, experts)
        return np.where(self.expert_parallel, groups, 1.0)

    def held_experts(self, experts: int) -> FloatArray:
        """EP·⌈E/EP⌉/E ≥ 1: experts that the groups hold over those of the model.

        Copies of busy experts fill up what does not divide (vLLM's and SGLang's redundant experts: 288 of 256 on 72 or
        144 ranks); without copies the fullest rank holds as many.
        """
        if not self.whole:
            return floats(1.0)
        groups = self.expert_groups(experts)
        return groups * np.ceil(experts / groups) / experts

    def expert_ranks(self, experts: int) -> FloatArray:
        """Tensor ranks of one routed expert: max(1, T/EP)."""
        return np.maximum(1.0, self.stage_ranks / self.expert_groups(experts))

    def select(self, index: Any) -> Layout:
        """The layouts at `index` of the common shape."""
        shape = self.shape
        return Layout.of(*(np.broadcast_to(field, shape)[index] for field in self.fields()), whole=self.whole)

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
        """The degrees in the order of `of`."""
        return (
            self.accelerators,
            self.two_d,
            self.pipeline,
            self.expert_parallel,
            self.attention_scaledown,
        )


def whole_expert_groups(ranks: Numbers, experts: int) -> FloatArray:
    """Groups among which `ranks` spread whole experts: every rank one, but where ranks are a multiple of the experts each
    expert is split over some."""
    ranks = floats(ranks)
    return np.where(ranks % experts == 0, np.minimum(ranks, experts), ranks)


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
