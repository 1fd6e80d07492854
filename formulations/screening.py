"""Screening: which options can never be needed, exactly, before the program is built.

StepRate eliminated, one instance of an option delivers {tokens: rows·tokens ≤ 1}. Option A makes option B useless when
A serves all that B serves and every row of A, times size_A/size_B where A's size divides B's, is dominated by a row of B:
in B's place size_B/size_A instances of A deliver at least as much with as many accelerators. The comparison does not
look at prices, limits or demands, so it survives their change; it holds within one model and accelerator.

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
    per_gpu = np.where(served[:, None, :], per_gpu, np.inf)
    worst = per_gpu.max(axis=1)
    order = _promising_first(worst, served, gpus)
    alive = np.asarray(served.any(axis=1))
    kept: list[int] = []
    for index in order:
        if not alive[index]:
            continue
        kept.append(int(index))
        alive[index] = False
        others = np.flatnonzero(alive)
        if len(others):
            near = (worst[index] <= worst[others] * (1 + _TIE)).all(axis=1)
            placed = others[near & _replaceable(gpus[index], gpus[others], units)]
            alive[placed[_dominates(per_gpu[index], worst[index], per_gpu[placed])]] = False
    return np.array(kept, dtype=np.int64)


def _promising_first(worst: FloatArray, served: NDArray[np.bool_], gpus: FloatArray) -> NDArray[np.int64]:
    """Options that serve more workloads at less GPU time first: they remove the most others."""
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


def _dominates(mine: FloatArray, worst: FloatArray, theirs: FloatArray) -> NDArray[np.bool_]:
    """Whether rows `mine` (rows, W), whose largest entries are `worst`, are each below a row of each of `theirs`
    (m, rows, W); inf, where they do not serve, is above everything.

    A single row of theirs above `worst` is above all of mine, which settles most; the rest is compared row by row.
    """
    limit = theirs * (1 + _TIE)
    result = np.asarray(np.asarray((worst <= limit).all(axis=2)).any(axis=1))
    unclear = np.flatnonzero(~result)
    for row in mine:
        unclear = unclear[np.asarray((row <= limit[unclear]).all(axis=2)).any(axis=1)]
    result[unclear] = True
    return result
