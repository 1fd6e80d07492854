"""Screening: which options can never be needed, exactly, before the program is built; as far as the limits allow.

StepRate eliminated, one instance of an option delivers {tokens: rows·tokens ≤ 1}. Option A makes option B useless when
A serves all that B serves and every row of A, times size_A/size_B where A's size divides B's, is dominated by a row of B:
in B's place size_B/size_A instances of A deliver at least as much with as many accelerators. The comparison does not
look at prices, limits or demands, so it survives their change; it holds within one model and accelerator.

Whole billing units need a second look: an instance larger than a unit takes whole ones, and smaller instances in its
place fit into them where their size divides the unit or is a multiple of it.

Where something counts kinds (a spare for every kind, a largest number of kinds), an option of a kind that is running
anyway can be the cheaper one although another dominates it. There an option goes only before one of its own kind, or
with its whole kind where a single other kind has a better option for each of its own: putting that kind in its place
everywhere leaves no more kinds than before (ours). Where instances themselves are counted, nothing may go.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from formulations.options import FloatArray

_TIE = 1e-12

Screening = Literal["full", "kinds", "off"]
"""How far options may be left out: whatever another dominates; only where no rule that counts kinds can tell; nothing."""


def screened(
    rows: FloatArray, gpus: FloatArray, units: Collection[int], how: Screening, kinds: Sequence[str]
) -> list[int]:
    """Indices of the options to keep, ascending; `kinds` is the kind of each, needed where kinds count.

    `rows` are instance seconds per token, shape (n, rows, W), inf where a workload is not served; `gpus` shape (n,).
    """
    if how == "full":
        return sorted(int(index) for index in undominated(rows, gpus, units))
    if how == "kinds":
        return undominated_kinds(rows, gpus, units, kinds)
    served = np.asarray(np.isfinite(rows).all(axis=1))
    return [int(index) for index in np.flatnonzero(served.any(axis=1))]


def undominated(rows: FloatArray, gpus: FloatArray, units: Collection[int] = ()) -> NDArray[np.int64]:
    """Indices of the options to keep, in order of cost per token.

    `rows` are instance seconds per token, shape (n, rows, W), inf where a workload is not served; `gpus` shape (n,);
    `units` are the billing units of the supplies that offer them.
    Of equal options the one with fewer accelerators stays, then the first.
    """
    per_gpu, worst, served = _per_gpu(rows, gpus)
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
            alive[_worse(int(index), others, per_gpu, worst, gpus, units)] = False
    return np.array(kept, dtype=np.int64)


def undominated_kinds(
    rows: FloatArray, gpus: FloatArray, units: Collection[int], kinds: Sequence[str]
) -> list[int]:
    """Indices of the options to keep where kinds count, ascending (arguments as `screened`)."""
    members: dict[str, list[int]] = {}
    for index, kind in enumerate(kinds):
        members.setdefault(kind, []).append(index)
    left: dict[str, NDArray[np.int64]] = {}
    for kind, own in members.items():
        inside = undominated(rows[own], gpus[own], units)
        if len(inside):
            left[kind] = np.array(own, dtype=np.int64)[np.sort(inside)]
    if not left:
        return []
    alive = np.concatenate(list(left.values()))
    names = np.concatenate([np.full(len(own), place) for place, own in enumerate(left.values())])
    per_gpu, worst, served = _per_gpu(rows[alive], gpus[alive])
    sizes = gpus[alive]
    gone = np.zeros(len(left), dtype=bool)
    done = np.zeros(len(left), dtype=bool)
    for index in _promising_first(worst, served, sizes):
        place = names[index]
        if gone[place] or done[place]:
            continue
        done[place] = True
        covered = np.zeros(len(alive), dtype=bool)
        others = np.flatnonzero(~gone[names] & ~done[names])
        for better in np.flatnonzero(names == place):
            rest = others[~covered[others]]
            covered[_worse(int(better), rest, per_gpu, worst, sizes, units)] = True
        gone |= ~done & (np.bincount(names[covered], minlength=len(left)) == np.bincount(names))
    return sorted(int(index) for index in alive[~gone[names]])


def _per_gpu(rows: FloatArray, gpus: FloatArray) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """(GPU seconds per token (n, rows, W), the largest by workload (n, W), which workloads are served (n, W))."""
    served = np.asarray(np.isfinite(rows).all(axis=1))
    per_gpu = np.where(served[:, None, :], rows * gpus[:, None, None], np.inf)
    return per_gpu, per_gpu.max(axis=1), served


def _worse(
    index: int,
    others: NDArray[np.int64],
    per_gpu: FloatArray,
    worst: FloatArray,
    gpus: FloatArray,
    units: Collection[int],
) -> NDArray[np.int64]:
    """Which of the `others` the option at `index` makes useless."""
    near = (worst[index] <= worst[others] * (1 + _TIE)).all(axis=1)
    placed = others[near & _replaceable(gpus[index], gpus[others], units)]
    return np.asarray(placed[_dominates(per_gpu[index], worst[index], per_gpu[placed])])


def _promising_first(worst: FloatArray, served: NDArray[np.bool_], gpus: FloatArray) -> NDArray[np.int64]:
    """Options that serve more workloads at less GPU time first: they remove the most others."""
    cheap = np.where(served, worst, np.nan)
    least = np.nanmin(np.where(served.any(axis=0), cheap, 1.0), axis=0)
    scale = np.where(
        least > 0, least, 1.0
    )  # a workload without prompts takes no time of an instance for prompts
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
