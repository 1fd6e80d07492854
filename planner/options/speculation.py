"""Speculation as a config writes it: which architecture drafts, and how many tokens a step yields."""

from __future__ import annotations

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import Choices
from formulations.physics.arrays import FloatArray
from formulations.physics.speculation import expected_tokens, head_architecture, measured_tokens
from planner.config.resolved import ResolvedSpeculation


def draft_architecture(way: ResolvedSpeculation | None, target: Architecture) -> Architecture | None:
    """The draft model, one layer of the target for a measured head, or None for plain decoding."""
    if way is None:
        return None
    if way.draft is not None:
        return way.draft
    assert way.accepted_lengths is not None
    return head_architecture(target, way.accepted_lengths.draft)


def tokens_per_step(way: ResolvedSpeculation | None, choices: Choices, drafted: FloatArray) -> FloatArray:
    """V for each number of drafted tokens γ; shape follows `drafted`."""
    if way is None:
        return np.ones_like(drafted)
    if way.accepted_lengths is not None:
        table = way.accepted_lengths.tokens_per_step
        values = [measured_tokens(table, int(gamma)) for gamma in drafted.ravel()]
        return np.array(values).reshape(drafted.shape)
    assert way.acceptance is not None
    return expected_tokens(drafted, way.acceptance, choices.speculation_convention)
