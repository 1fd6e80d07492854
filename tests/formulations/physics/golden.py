"""The paper's golden numbers as inputs of our physics: rows of `../shared/data/paper/` by catalogue names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fleets import catalog
from formulations.physics.case import Case


def paper_model(name: str) -> str:
    """The catalogue's name of what the paper's code calls so."""
    return catalog.of_paper("architectures", name) or name


def paper_unit(name: str) -> str:
    """The catalogue's name of what the paper's code calls so."""
    return catalog.of_paper("accelerators", name) or name


@lru_cache
def case(model: str, gpu: str, assumptions: str = "erdil-2025") -> Case:
    """A case of the paper, in its words."""
    return Case.of(
        catalog.architecture(paper_model(model)),
        catalog.accelerator(paper_unit(gpu)),
        catalog.assumption_set(assumptions),
    )


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "paper" / name)


def assert_close(ours: Any, theirs: Any, what: str) -> None:
    """Equal to a relative 1e-9, or both infinite."""
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=0, err_msg=what)
