"""The paper's golden numbers as inputs of our physics: rows of `../shared/data/paper/` by catalogue names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fleets import catalog
from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import AssumptionSet
from formulations.physics.layout import Layout
from formulations.physics.machine import Machine, machine
from formulations.physics.precision import ArithmeticRate, arithmetic_rate, kv_bytes, weight_bytes
from formulations.physics.step import StepCoefficients, step_coefficients


@dataclass(frozen=True)
class Case:
    """One model on one accelerator under one assumption set."""

    architecture: Architecture
    machine: Machine
    assumptions: AssumptionSet
    weight_bytes: float
    kv_bytes: float
    flops: ArithmeticRate

    def coefficients(self, layout: Layout, context: Any, tokens_in_flight: Any = 1.0) -> StepCoefficients:
        return step_coefficients(
            self.architecture,
            self.machine,
            self.assumptions,
            layout,
            self.weight_bytes,
            self.flops,
            self.kv_bytes,
            context,
            tokens_in_flight,
        )


@lru_cache
def case(model: str, gpu: str, assumptions: str = "erdil-2025") -> Case:
    architecture, accelerator = catalog.architecture(model), catalog.accelerator(gpu)
    chosen = catalog.assumption_set(assumptions)
    computer = machine(accelerator, chosen)
    precision = architecture.weight_precision
    return Case(
        architecture,
        computer,
        chosen,
        float(weight_bytes(precision)),
        float(kv_bytes(architecture.kv_precision)),
        arithmetic_rate(computer, chosen, precision),
    )


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "paper" / name)


def assert_close(ours: Any, theirs: Any, what: str) -> None:
    """Equal to a relative 1e-9, or both infinite."""
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=0, err_msg=what)
