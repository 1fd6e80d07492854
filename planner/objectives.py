"""Objectives: one table of all that a question can optimise and a limit can cap; what is known of one stands here alone.

Program, certificate, plan made by hand, ranking, explanation and text read this table; nothing else tells objectives
apart. Adding an objective that supplies count is one row here and, where it is a new figure, the supply's field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Sense = Literal["minimise", "maximise"]


class Counted(Protocol):
    """What a supply says of one of its accelerators."""

    @property
    def name(self) -> str: ...
    @property
    def unit(self) -> int: ...
    @property
    def usd_per_hour(self) -> float: ...
    @property
    def power_kw(self) -> float | None: ...
    @property
    def carbon_kg_per_kwh(self) -> float | None: ...
    @property
    def carbon_kg_per_hour(self) -> float | None: ...


@dataclass(frozen=True)
class Objective:
    """One thing to optimise, or to keep within a limit."""

    name: str
    """As a config writes it."""
    sense: Sense
    unit: str
    noun: str
    """As a sentence has it: `the cost`."""
    column: str
    """Its column in tables and JSON; ends with the unit."""
    worth: Callable[[Counted], float | None] | None = None
    """What one accelerator of a supply counts; None where nothing in a supply counts it, or the supply does not say."""
    says: Callable[[Counted], object] = lambda supply: True
    """The figure that every supply must give where this is asked for; None where it does not."""
    supply_key: str = ""
    """Its key."""
    missing: str = ""
    """What is wrong where a supply does not say it."""
    needs: tuple[str, ...] = ()
    """Objectives whose figures it is made of."""
    priced: bool = False
    """Whether it is a price per accelerator: scarce supplies can then be traded at it, model by model."""

    def known(self, supply: Counted) -> bool:
        """Whether a supply gives the figure."""
        return self.says(supply) is not None

    def counted(self, supply: Counted) -> float:
        """What one accelerator counts; 0 where the supply does not say (then nothing asks for it)."""
        value = None if self.worth is None else self.worth(supply)
        return 0.0 if value is None else value

    def per_unit(self, supply: Counted) -> float:
        """What one billing unit counts."""
        return supply.unit * self.counted(supply)

    def total(self, supplies: Iterable[Counted], units: Mapping[str, int]) -> float:
        """What units of supplies count together: Σ units · size · worth."""
        return sum(units[s.name] * s.unit * self.counted(s) for s in supplies)


COST = Objective("cost", "minimise", "$/h", "cost", "usd_per_hour", lambda s: s.usd_per_hour, priced=True)
GPUS = Objective("gpus", "minimise", "GPUs", "accelerators", "gpus", lambda s: 1.0)
POWER = Objective(
    "power", "minimise", "kW", "power", "power_kw", lambda s: s.power_kw,
    says=lambda s: s.power_kw,
    supply_key="power_kw_per_accelerator",
    missing="[kW] and the catalogue has no design power of {accelerator}; add it",
)  # fmt: skip
CARBON = Objective(
    "carbon", "minimise", "kg/h", "carbon", "carbon_kg_per_hour", lambda s: s.carbon_kg_per_hour,
    says=lambda s: s.carbon_kg_per_kwh,
    supply_key="carbon_kg_per_kwh",
    missing="[kg of CO2 per kWh]; add it, or to its site: fleet: {{sites: {{NAME: {{carbon_kg_per_kwh: …}}}}}}",
    needs=("power",),
)  # fmt: skip
THROUGHPUT = Objective("throughput", "maximise", "tokens/s", "throughput", "tokens_per_s")
PACE = Objective("pace", "maximise", "tokens/s per user", "pace", "pace_tokens_per_s")

OBJECTIVES = {row.name: row for row in (COST, GPUS, POWER, CARBON, THROUGHPUT, PACE)}
COUNTED = tuple(row for row in OBJECTIVES.values() if row.worth is not None)
"""Objectives that supplies count."""
MINIMISED = tuple(row.name for row in COUNTED)
MAXIMISED = tuple(row.name for row in OBJECTIVES.values() if row.worth is None)


def counts_of(supply: Counted) -> dict[str, float]:
    """What one accelerator of a supply counts under every objective, as the program takes it."""
    return {row.name: row.counted(supply) for row in COUNTED}
