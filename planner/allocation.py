"""Allocation: the solver's answer as plain numbers, free of Pyomo; what certificate, plan and report start from."""

from __future__ import annotations

from dataclasses import dataclass

from formulations.options import Option


@dataclass(frozen=True)
class Deployment:
    """Instances of one option in one supply, and what they serve."""

    option: Option
    supply: str
    instances: int
    spares: int
    tokens_per_s: dict[str, float]
    """By workload; of prefill instances: tokens whose prompts they process."""

    @property
    def gpus(self) -> int:
        """Accelerators that its instances take, spares included."""
        return (self.instances + self.spares) * self.option.gpus


@dataclass(frozen=True)
class Allocation:
    """All deployments, and the billing units that hold them."""

    deployments: tuple[Deployment, ...]
    units: dict[str, int]
    """Units bought of each supply."""
    throughput: float
    """What the scaled workloads get, as a multiple of their demand (or tokens/s where they gave none)."""
