"""Speculation: how many tokens a step yields when a draft proposes γ of them, and what drafting costs.

A step with speculation is γ draft passes of one token per sequence and one target pass that verifies. In
the convention `bonus` the target verifies γ+1 positions and yields V = (1 − α^(γ+1))/(1 − α) tokens; in the
paper's `no_bonus` it verifies γ and yields V = (1 − α^γ)/(1 − α) (P20; the paper's Eq. 46). A measured table of accepted
lengths replaces V.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fleets.schema.architectures import Architecture, LayerGroup
from fleets.schema.blocks import Block, Dense
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.case import Case
from formulations.physics.context import Context
from formulations.physics.layout import Layout
from formulations.physics.step import StepCoefficients


def expected_tokens(drafted: Numbers, acceptance: Numbers, convention: str) -> FloatArray:
    """V, expected tokens per step for γ = `drafted` and acceptance α in [0, 1]; 1 without drafts. Broadcasts.

    `convention` is the choice `speculation_convention`. α = 1 gives all positions.
    """
    positions = verified_tokens(drafted, convention)
    alpha = floats(acceptance)
    below_one = np.where(alpha < 1.0, alpha, 0.0)
    return np.where(alpha < 1.0, (1.0 - below_one**positions) / (1.0 - below_one), positions)


def verified_tokens(drafted: Numbers, convention: str) -> FloatArray:
    """q, tokens in flight per sequence in the target pass: γ + 1 (`bonus`) or γ (`no_bonus`), 1 without drafts."""
    drafted = floats(drafted)
    return drafted + 1.0 if convention == "bonus" else np.maximum(drafted, 1.0)


def measured_tokens(table: Mapping[int, float], drafted: int) -> float:
    """V from a table of accepted lengths, 1 without drafts; KeyError where the table has no such γ."""
    return 1.0 if drafted == 0 else table[drafted]


@dataclass(frozen=True)
class Speculation:
    """γ drafted tokens per step on the target's own instance and layout."""

    draft: Case
    drafted: int
    """γ, at least 1."""
    tokens_per_step: float
    """V."""

    @classmethod
    def with_acceptance(cls, draft: Case, drafted: int, acceptance: float) -> Speculation:
        """From an acceptance α, in the convention of the draft's assumption set."""
        convention = draft.assumptions.choices.speculation_convention
        return cls(draft, drafted, float(expected_tokens(drafted, acceptance, convention)))

    @property
    def tokens_in_flight(self) -> float:
        """q of the target pass."""
        return float(verified_tokens(self.drafted, self.draft.assumptions.choices.speculation_convention))

    def memory_draft(self) -> Case | None:
        """The draft, where its weights and KV cache take memory beside the target's; else None."""
        return self.draft if self.draft.assumptions.choices.speculation_memory == "joint" else None

    def draft_step(self, layout: Layout, context: Numbers | Context) -> StepCoefficients:
        """Coefficients of one draft pass; a step has `drafted` of them, one after the other."""
        return self.draft.step(layout, context, 1.0)


def head_architecture(target: Architecture, kind: Literal["mtp", "eagle3", "dspark"] = "mtp") -> Architecture:
    """The draft that a target brings along: one layer at its width, before its own output head.

    `mtp`: the multi-token-prediction module that the architecture describes (`draft_head`), else one layer of the
    target with its attention and, in a mixture, its experts (DeepSeek-V3). `eagle3`, `dspark`: attention and one dense
    block as wide as the experts that one token visits. The head reuses the target's embeddings, so they are tied here;
    the output head is read and multiplied by every draft pass, as in reality, and stored once more, which is not so (at
    most 2 % of a small target; the safe side). The projection that joins hidden state and token embedding (2·d_model²
    parameters) is left out. Ours, from the published shapes.
    """
    blocks = _head_blocks(target, kind)
    own = target.draft_head.weight_precision if target.draft_head and kind == "mtp" else None
    kept = dict.fromkeys(("attention", "dense", "expert"), own) if own else {}
    names = {f"block{number}": block for number, block in enumerate(blocks)}
    return target.model_copy(
        update={
            "name": f"{target.name[:72]}-{kind}",
            "aliases": (),
            "layers": (LayerGroup(count=1, blocks=tuple(names)),),
            "blocks": names,
            "attention": None,
            "feed_forward": None,
            "draft_head": None,
            **{f"{part}_weight_precision": precision for part, precision in kept.items()},
            "tied_embeddings": True,
            "encoder_parameters": 0.0,
            "lookup_parameters": 0.0,
            "published_parameters": None,
            "published_active_parameters": None,
            "note": f"{kind} head of {target.name}",
        }
    )


def _head_blocks(target: Architecture, kind: str) -> list[Block]:
    """The layer that drafts: the one described, else attention over the whole context and the widest block."""
    if kind == "mtp" and target.draft_head is not None and target.draft_head.blocks:
        return [target.blocks[name] for name in target.draft_head.blocks]
    caching = [block for _, block in target.token_mixers if not block.recurrent]
    mixer = next(iter(caching), target.token_mixers[0][1])
    if "window" in type(mixer).model_fields and not mixer.latent:
        mixer = mixer.model_copy(update={"window": None})
    channels = [block for _, block in target.stack if block.mixes == "channels"]
    experts = target.experts
    if experts is None:
        return [mixer, channels[0]] if channels else [mixer]
    if kind == "mtp":
        return [mixer, experts]
    width = round(experts.visited * experts.d_ff) + experts.shared_width
    dense = Dense(d_ff=width, input_matrices=experts.input_matrices, output_matrices=experts.output_matrices)
    return [mixer, dense]
