"""The paper's golden numbers as inputs of our physics: rows of `../shared/data/paper/` by catalogue names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fleets import catalog
from formulations.physics.case import Case


@lru_cache
def case(model: str, gpu: str, assumptions: str = "erdil-2025") -> Case:
    return Case.of(catalog.architecture(model), catalog.accelerator(gpu), catalog.assumption_set(assumptions))


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "paper" / name)


def assert_close(ours: Any, theirs: Any, what: str) -> None:
    """Equal to a relative 1e-9, or both infinite."""
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=0, err_msg=what)
