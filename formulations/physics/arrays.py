"""Array types of the physics, and the one conversion that turns what callers pass into float64 arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Numbers = ArrayLike


def floats(values: Numbers) -> FloatArray:
    """`values` as float64, any shape."""
    return np.asarray(values, dtype=np.float64)


def flags(values: Any) -> BoolArray:
    """`values` as booleans, any shape."""
    return np.asarray(values, dtype=np.bool_)


def finite_share(share: FloatArray, seconds_per_byte: float) -> FloatArray:
    """share · seconds_per_byte, where a share of zero costs nothing even over a link that is not there (inf)."""
    if np.isfinite(seconds_per_byte):
        return share * seconds_per_byte
    return np.where(share > 0, np.inf, 0.0)
