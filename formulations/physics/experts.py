"""Experts: the expected share of routed experts that a number of tokens touches, and affine bounds on what that
costs."""

from __future__ import annotations

import numpy as np

from fleets.schema.architectures import Architecture
from formulations.physics.arrays import FloatArray, Numbers, floats


def routed_experts(architecture: Architecture) -> int:
    """Routed experts of a layer; 1 for a dense model."""
    return 1 if architecture.experts is None else architecture.experts.experts


def touched_share(tokens: Numbers, sparsity: float) -> FloatArray:
    """W(n) = 1 − (1 − 1/s)^n, expected share of experts touched by n tokens (P3; the paper's Eq. 22); 1 for a dense
    model, 0 for none.

    Tokens choose experts independently and evenly; real routers are a little more concentrated.
    """
    tokens = floats(tokens)
    if sparsity <= 1.0:
        return np.where(tokens > 0, 1.0, 0.0)
    return floats(-np.expm1(tokens * np.log1p(-1.0 / sparsity)))


def touched_share_slope(tokens: Numbers, sparsity: float) -> FloatArray:
    """dW/dn, the derivative of `touched_share`; 0 for a dense model."""
    tokens = floats(tokens)
    if sparsity <= 1.0:
        return np.zeros_like(tokens)
    rate = np.log1p(-1.0 / sparsity)
    return floats(-rate * np.exp(tokens * rate))
