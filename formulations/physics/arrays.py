"""Array types of the physics, the one conversion that turns what callers pass into float64 arrays, and their memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Numbers = ArrayLike
_SAME = 1e-12
_REUSED_BYTES = 31 * 2**20
"""Temporary arrays up to this size are reused between operations; below glibc's limit of 32 MiB."""


def floats(values: Numbers) -> FloatArray:
    """`values` as float64, any shape."""
    return np.asarray(values, dtype=np.float64)


def flags(values: Any) -> BoolArray:
    """`values` as booleans, any shape."""
    return np.asarray(values, dtype=np.bool_)


def distinct(values: FloatArray) -> FloatArray:
    """Each row of `values` (K, P) sorted, without repetitions within rounding; nan fills up."""
    values = np.sort(values, axis=1)
    repeated = np.zeros(values.shape, dtype=bool)
    repeated[:, 1:] = values[:, 1:] <= values[:, :-1] * (1 + _SAME)
    return np.asarray(np.sort(np.where(repeated, np.nan, values), axis=1))


def finite_share(share: FloatArray, seconds_per_byte: float) -> FloatArray:
    """share · seconds_per_byte, where a share of zero costs nothing even over a link that is not there (inf)."""
    if np.isfinite(seconds_per_byte):
        return share * seconds_per_byte
    return np.where(share > 0, np.inf, 0.0)


def reuse_freed_memory() -> None:
    """Have glibc keep freed temporaries: it raises its threshold for memory maps to the largest one it saw freed.

    Without this every temporary array is a fresh map whose pages fault in, nearly half of the time. The array is never
    touched, so it takes no memory; other allocators are not affected.
    """
    np.empty(_REUSED_BYTES, dtype=np.uint8)
