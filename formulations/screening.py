"""Screening: which options can never be needed, exactly, before the program is built.

StepRate eliminated, one instance of an option delivers {tokens: rows·tokens ≤ 1}. Option A makes option B useless when A
serves all that B serves and every row of A, times size_A/size_B where A's size divides B's, is dominated by a row of B: in
B's place size_B/size_A instances of A deliver at least as much with as many accelerators. The comparison does not look at
prices, limits or demands, so it survives their change; it holds within one model and accelerator.

Whole billing units need a second look: an instance larger than a unit takes whole ones, and smaller instances in its
place fit into them where their size divides the unit or is a multiple of it.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from formulations.options import FloatArray

_TIE = 1e-12


def undominated(rows: FloatArray, gpus: FloatArray, units: Collection[int] = ()) -> NDArray[np.int64]:
    """Indices of the options to keep, in order of cost per token.

    `rows` are instance seconds per token, shape (n, rows, W), inf where a workload is not served; `gpus` shape (n,);
    `units` are the billing units of the supplies that offer them.
    Of equal options the one with fewer accelerators stays, then the first.
    """
    per_gpu = rows * gpus[:, None, None]
    served = np.asarray(np.isfinite(rows).all(axis=1))  # (n, W)
    order = _promising_first(per_gpu, served, gpus)
    alive = np.asarray(served.any(axis=1))
    kept: list[int] = []
    for index in order:
        if not alive[index]:
            continue
        kept.append(int(index))
        alive[index] = False
        others = np.flatnonzero(alive)
        if len(others):
            placed = others[_replaceable(gpus[index], gpus[others], units)]
            alive[placed[_dominates(per_gpu, served, index, placed)]] = False
    return np.array(kept, dtype=np.int64)


def _promising_first(per_gpu: FloatArray, served: NDArray[np.bool_], gpus: FloatArray) -> NDArray[np.int64]:
    """Options that serve more workloads at less GPU time first: they remove the most others."""
    worst = per_gpu.max(axis=1)
    cheap = np.where(served, worst, np.nan)
    scale = np.nanmin(np.where(served.any(axis=0), cheap, 1.0), axis=0)
    cost = np.where(served, worst / scale, 0.0).sum(axis=1) / np.maximum(served.sum(axis=1), 1)
    return np.lexsort((gpus, cost, -served.sum(axis=1)))


def _replaceable(size: float, others: FloatArray, units: Collection[int]) -> NDArray[np.bool_]:
    """Whether instances of `size` fit into the place of one of each of the other sizes, in every billing unit."""
    whole = np.mod(others, size) == 0
    for unit in units:
        if unit % size and size % unit:
            whole &= others <= unit
    return np.asarray(whole)


def _dominates(
    per_gpu: FloatArray, served: NDArray[np.bool_], one: int, others: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether option `one` makes each of `others` useless where it fits into their place."""
    fits = (served[one] | ~served[others]).all(axis=1)
    result = np.zeros(len(others), dtype=bool)
    candidates = others[fits]
    if not len(candidates):
        return result
    mine, theirs = per_gpu[one], per_gpu[candidates]  # (rows, W), (m, rows, W)
    limit = theirs * (1 + _TIE)
    below = (mine[None, :, None, :] <= limit[:, None, :, :]) | ~served[candidates][:, None, None, :]
    result[fits] = below.all(axis=3).any(axis=2).all(axis=1)
    return result
