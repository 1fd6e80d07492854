"""Supply: limits, billing units, and how instances of nested sizes fill nodes and racks.

`Units` of size U are bought whole. Instances of sizes that nest (each divides the next) pack exactly:
for every size q ≤ U in use,  Σ_{g ≥ q} (g/q)·Instances[g] ≤ floor(U/q)·Units,  where an instance larger than a unit takes
whole units. The row of the smallest size implies those of larger sizes that divide U, so only the others stand beside
it. Sizes that do not nest are refused before they come here.
"""

from __future__ import annotations

import math
from itertools import pairwise

import pyomo.environ as pyo

from formulations.program.data import ProgramData, SupplyData
from formulations.program.linear import weighted


def units_per_instance(size: int, unit: int) -> int:
    """Whole units that an instance at least as large as a unit takes."""
    return math.ceil(size / unit)


def nested(sizes: list[int]) -> bool:
    """Whether each size divides the next larger one."""
    ordered = sorted(set(sizes))
    return all(large % small == 0 for small, large in pairwise(ordered))


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add units, packing rows and the limit of each supply."""
    model.Units = pyo.Var(
        model.SUPPLIES,
        domain=pyo.NonNegativeIntegers,
        initialize=0,  # a supply that no instance fits stands in no row
        bounds=lambda _, supply: (0, _most_units(_named(data, supply))),
        doc="billing units bought [units]",
    )
    rows = [(supply.name, size) for supply in data.supplies for size in _binding_sizes(data, supply)]
    model.PACKED_SIZES = pyo.Set(
        dimen=2, initialize=rows, doc="supply, size of the place that instances take [GPUs]"
    )

    def pack(model: pyo.ConcreteModel, supply: str, size: int) -> object:
        unit = _named(data, supply).unit
        loaded = [
            (_places(o.option.gpus, size, unit), model.Instances[o.key]) for o in data.offers_in(supply)
        ]
        spare = [
            (_places(gpus, size, unit), model.Spares[kind, supply])
            for kind, gpus in kinds_in(data, supply).items()
            if (kind, supply) in model.SPARED
        ]
        taken = [*loaded, *spare]
        return weighted([*taken, (-float(unit // size), model.Units[supply])]) <= 0.0

    model.Limit_Packing = pyo.Constraint(
        model.PACKED_SIZES, rule=pack, doc="instances fit into the units [places]"
    )


def _binding_sizes(data: ProgramData, supply: SupplyData) -> list[int]:
    """The smallest place in use, and every larger one that does not divide the unit."""
    sizes = sorted({min(offer.option.gpus, supply.unit) for offer in data.offers_in(supply.name)})
    return [size for size in sizes if size == sizes[0] or supply.unit % size]


def kinds_in(data: ProgramData, supply: str) -> dict[str, int]:
    """GPUs per instance of every kind offered in a supply."""
    return {offer.option.kind: offer.option.gpus for offer in data.offers_in(supply)}


def _places(gpus: int, size: int, unit: int) -> float:
    """Places of `size` GPUs that an instance of `gpus` takes; 0 where it is smaller than such a place."""
    if gpus < size:
        return 0.0
    if gpus >= unit:
        return float(units_per_instance(gpus, unit) * (unit // size))
    return gpus / size


def _most_units(supply: SupplyData) -> int | None:
    return None if supply.limit is None else supply.limit // supply.unit


def _named(data: ProgramData, name: str) -> SupplyData:
    return next(supply for supply in data.supplies if supply.name == name)
