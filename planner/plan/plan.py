"""Plan: the answer as a user reads it; tables are pandas DataFrames, `to_dict` is the JSON of `solve --output json`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd

from planner.certificate.certificate import Certificate

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Status:
    """Why the solver stopped, and what we hold."""

    termination: str
    """optimal | gap_reached | time_limit | infeasible | error"""
    solution: str
    """proven | feasible | none"""


@dataclass(frozen=True)
class Objective:
    """What was optimised, and how good it is."""

    sense: str
    value: float | None
    unit: str
    bound: float | None
    gap: float | None


@dataclass(frozen=True)
class Plan:
    """A certified plan. Tables have one row per deployment, service, supply and workload; units are in column names."""

    html_view: ClassVar[Callable[[Plan], str] | None] = None
    """How notebooks show a plan; reports stand above plans and give it (`planner.report.notebook`)."""

    name: str
    assumptions: dict[str, Any]
    """Name, version and settings that the figures rest on."""
    status: Status
    objective: Objective
    instances: pd.DataFrame
    service: pd.DataFrame
    supply: pd.DataFrame
    workloads: pd.DataFrame
    certificate: Certificate
    accuracy: tuple[dict[str, Any], ...] = ()
    """How far predicted times may be off, by what was measured; or of what there is no measurement
    (`planner.plan.accuracy`)."""
    sensitivity: dict[str, Any] = field(default_factory=dict)
    clashes: tuple[str, ...] = ()
    """Infeasible: the limits that clash, in the config's words."""
    relaxations: tuple[dict[str, Any], ...] = ()
    """Infeasible: changes of the config each of which gives a plan, and what that plan costs; all solved."""
    alternatives: tuple[dict[str, Any], ...] = ()
    """The next best plans that differ in kinds, this one first; where the config asks for them."""
    rejected: tuple[dict[str, str], ...] = ()
    """What was left out of the options, with what it needed and had."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """What may not be meant, one line each."""
    read_as: tuple[str, ...] = ()
    """Entries of the catalogue that were meant by names written otherwise."""
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def found(self) -> bool:
        """Whether there is a plan at all."""
        return self.status.solution != "none"

    @property
    def usd_per_hour(self) -> float:
        """Total cost of the fleet."""
        return float(self.supply["usd_per_hour"].sum()) if self.found else math.nan

    @property
    def carbon_kg_per_hour(self) -> float:
        """Carbon of the fleet; NaN where a supply in use does not say."""
        if not self.found:
            return math.nan
        return float(self.supply.loc[self.supply["gpus"] > 0, "carbon_kg_per_hour"].sum(skipna=False))

    @property
    def gpus(self) -> int:
        """Accelerators bought or used."""
        return int(self.supply["gpus"].sum()) if self.found else 0

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; absent numbers are None, never NaN."""
        return {
            "schema_version": SCHEMA_VERSION,
            "name": self.name,
            "assumptions": self.assumptions,
            "status": vars(self.status),
            "objective": {key: _finite(value) for key, value in vars(self.objective).items()},
            "instances": _records(self.instances),
            "service": _records(self.service),
            "supply": _records(self.supply),
            "workloads": _records(self.workloads),
            "certificate": self.certificate.to_dict(),
            "accuracy": _finite(self.accuracy),
            "sensitivity": _finite(self.sensitivity),
            "clashes": list(self.clashes),
            "relaxations": _finite(self.relaxations),
            "alternatives": _finite(self.alternatives),
            "rejected": list(self.rejected),
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "read_as": list(self.read_as),
            "timings": {stage: round(seconds, 4) for stage, seconds in self.timings.items()},
        }

    def summary(self) -> str:
        """One sentence: what it costs, how sure that is."""
        if not self.found:
            return f"{self.name}: no plan ({self.status.termination})"
        gap = "unknown gap" if self.objective.gap is None else f"gap {self.objective.gap:.2%}"
        value = f"{self.objective.value:,.2f} {self.objective.unit}"
        return f"{self.name}: {value}, {self.gpus} accelerators, {self.status.solution} ({gap})"

    def _repr_html_(self) -> str | None:
        """As notebooks show it; None, for the plain text, until `planner.report.notebook` gives a view."""
        return None if Plan.html_view is None else Plan.html_view(self)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): _finite(value) for key, value in row.items()} for row in table.to_dict("records")]


def _finite(value: Any) -> Any:
    """Numbers that JSON can hold: NaN and infinities become None, numpy scalars plain ones."""
    if isinstance(value, dict):
        return {str(key): _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
