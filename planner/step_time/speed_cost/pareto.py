"""Which points stay: those that no other beats, the ones the paper samples, and the one a user prefers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from formulations.physics.arrays import FloatArray

Indices = NDArray[np.intp]
LATENCY_SPAN = 100.0
"""The paper's latency caps reach from the least latency to this multiple of it."""


def pareto(pace: FloatArray, cost: FloatArray) -> Indices:
    """Points that no other beats in speed and cost at once, fastest first; of equals the first stays."""
    order = np.lexsort((cost, -pace))
    ordered = cost[order]
    cheapest_before = np.concatenate([[np.inf], np.minimum.accumulate(ordered)[:-1]])
    return order[ordered < cheapest_before]


def sampled(pace: FloatArray, cost: FloatArray, samples: int) -> Indices:
    """The cheapest point below each of `samples` log-spaced latency caps, the fastest among equals; each once.

    The paper's frontier (its public code): caps from the least latency to 100 times it.
    """
    kept = pareto(pace, cost)
    latency = 1.0 / pace[kept]
    caps = np.logspace(np.log10(latency[0]), np.log10(latency[0] * LATENCY_SPAN), samples)
    caps[0] = latency[0]
    slowest_below = np.searchsorted(latency, caps, side="right") - 1
    return kept[np.unique(slowest_below)]


def preferred(pace: FloatArray, cost: FloatArray, preference: float) -> int:
    """Index of the largest pace^preference / cost."""
    return int(np.argmax(preference * np.log(pace) - np.log(cost)))


def cheapest_at(pace: FloatArray, cost: FloatArray, floor: float) -> int | None:
    """Index of the cheapest point that keeps `floor` tokens per second per user; None where none does."""
    allowed = np.flatnonzero(pace >= floor)
    return int(allowed[np.argmin(cost[allowed])]) if allowed.size else None
