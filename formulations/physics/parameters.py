"""Parameter counts of an architecture, read from the matrices that its physics multiplies (`shape`): counted once.

Norms and biases are left out: together they stay below 0.06 % of every model in the catalogue. Encoders and tables that
are looked up are not among them.
"""

from __future__ import annotations

from dataclasses import dataclass

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import Choices
from formulations.physics.shape import shape


@dataclass(frozen=True)
class ParameterCounts:
    """Matrix parameters of one model, all layers together."""

    attention: float
    """Of token mixers: projections, convolutions, gates."""
    feed_forward: float
    """Every feed-forward matrix, of which only the routed part is sparse."""
    feed_forward_active: float
    """Feed-forward parameters that one token passes: routed/s + shared + dense."""
    embedding: float
    """Embedding matrices that are stored: two, or one when tied."""
    unembedding: float
    """Output head; counted here when tied."""

    @property
    def total(self) -> float:
        """All parameters: what the weights occupy."""
        return self.attention + self.feed_forward + self.embedding

    @property
    def active(self) -> float:
        """Parameters per token, every stored embedding matrix included (convention of the paper)."""
        return self.attention + self.feed_forward_active + self.embedding

    @property
    def active_multiplied(self) -> float:
        """Parameters per token that are multiplied: the input embedding is a look-up and does not count."""
        return self.attention + self.feed_forward_active + self.unembedding


def count(architecture: Architecture, choices: Choices) -> ParameterCounts:
    """Parameter counts under the choices that can change them (`mla_projections`, `embedding`).

    GQA:  L·d_model·d_h·(2·n_q + 2·n_kv).
    MLA `separate` (DeepSeek-V2, arXiv 2405.04434, Eq. 37–47): the five matrices of each layer.
    MLA `combined`: as the public code of arXiv 2506.04645 counts it, keys and values compressed apart, no rotary part.
    Feed-forward: matrices·d_model·d_ff per block and expert.
    """
    parts = shape(architecture, choices)
    return ParameterCounts(
        parts.attention_parameters,
        parts.dense_parameters + parts.expert_parameters,
        parts.active_feed_forward,
        parts.stored_embedding,
        parts.unembedding,
    )
