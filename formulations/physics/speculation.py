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

from fleets.schema.architectures import Architecture
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.case import Case
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

    def draft_step(self, layout: Layout, context: Numbers) -> StepCoefficients:
        """Coefficients of one draft pass; a step has `drafted` of them, one after the other."""
        return self.draft.step(layout, context, 1.0)


def head_architecture(target: Architecture, kind: Literal["mtp", "eagle3", "dspark"] = "mtp") -> Architecture:
    """The draft that a target brings along: one Transformer layer at its width, before its own output head.

    `mtp`: a multi-token-prediction module, one full layer of the target with its experts (DeepSeek-V3).
    `eagle3`, `dspark`: one dense layer as wide as the experts that one token visits. The head reuses the
    target's embeddings, so they are tied here; the output head is read and multiplied by every draft pass,
    as in reality, and stored once more, which is not so (at most 2 % of a small target; the safe side). The
    projection that joins hidden state and token embedding (2·d_model² parameters) is left out. Ours, from
    the published shapes.
    """
    ff = target.feed_forward
    layer: dict[str, object] = {"dense_layers": 0, "dense_d_ff": None}
    if kind != "mtp" and target.is_mixture:
        shared = ff.shared_experts * (ff.shared_d_ff or ff.d_ff)
        layer |= {
            "d_ff": ff.active_experts * ff.d_ff + shared,
            "experts": 1,
            "active_experts": 1,
            "sparsity": None,
        }
        layer |= {"shared_experts": 0, "shared_d_ff": None}
    return target.model_copy(
        update={
            "name": f"{target.name[:72]}-{kind}",
            "aliases": (),
            "layers": 1,
            "attention": target.attention.model_copy(update={"windowed_layers": 0, "window_tokens": None}),
            "feed_forward": ff.model_copy(update=layer),
            "tied_embeddings": True,
            "published_parameters": None,
            "published_active_parameters": None,
            "note": f"{kind} head of {target.name}",
        }
    )
