"""The program's data, scaled: every coefficient is a number of instances, GPUs or dollars of ordinary size.

`SequenceRate` of a workload is counted in *lots*: what the best instance could serve of it, or all of its demand where
that is less. `StepRate` is counted in the instances that the fixed part of the steps keeps busy. Coefficients are then
ratios of instances whatever the unit of demand (tokens per second or per day) or of money; bytes and FLOP never come
here.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from formulations.options import FloatArray, Option


@dataclass(frozen=True)
class SupplyData:
    """Accelerators that can be had, as the program sees them."""

    name: str
    limit: int | None
    """Accelerators."""
    unit: int
    availability: float
    counts: Mapping[str, float]
    """What one accelerator counts under each objective (dollars per hour, kW, …); the accelerator itself counts 1."""

    def per_unit(self, objective: str) -> float:
        """What one billing unit counts under an objective."""
        return self.counts[objective] * self.unit


@dataclass(frozen=True)
class WorkloadData:
    """Demand of one workload, tokens per second, and in how many kinds it may be served."""

    name: str
    demand: float
    max_kinds: int | None = None


@dataclass(frozen=True)
class Spares:
    """Instances without load that every kind in use needs in every supply: the larger of the two."""

    number: int = 0
    share: float = 0.0

    def needed(self, loaded: int) -> int:
        """Spare instances beside `loaded` ones."""
        return max(self.number, math.ceil(self.share * loaded - 1e-9)) if loaded else 0


@dataclass(frozen=True)
class Cap:
    """A limit on a sum over units and instances, by supply: Σ per_unit·Units + Σ per_instance·Instances ≤ most."""

    name: str
    most: float
    per_unit: Mapping[str, float] = field(default_factory=dict)
    per_instance: Mapping[str, float] = field(default_factory=dict)
    """Of every instance in a supply, spares included."""

    def taken(self, units: Mapping[str, int], instances: Mapping[str, int]) -> float:
        """The sum, for numbers of units and of instances in each supply."""
        held = sum(each * units.get(supply, 0) for supply, each in self.per_unit.items())
        return held + sum(each * instances.get(supply, 0) for supply, each in self.per_instance.items())


@dataclass(frozen=True)
class Offer:
    """An option within a supply, with its scaled rows."""

    option: Option
    supply: SupplyData
    utilisation: float
    step_load: FloatArray
    """Instances busy under each roof per unit of StepRate, shape (R,); the largest is 1."""
    sequence_load: FloatArray
    """Instances busy under each roof per lot of each workload, shape (R, W)."""
    step_rate_per_lot: FloatArray
    """StepRate that one lot of each workload needs under each resource, shape (Q, W)."""
    instances_for_all: FloatArray
    """Instances that all of each workload's demand would need here, shape (W,); inf without a demand."""
    most_instances: float
    """More instances than this are never of use: all demand served here, or what limit and caps allow; may be inf."""
    most_lots: FloatArray
    """Most lots of each workload that are ever served here, shape (W,); may be inf."""

    @property
    def key(self) -> tuple[str, str]:
        return self.option.id, self.supply.name

    def row_of_workload(self, workload: str) -> int:
        """Position of a workload among the option's."""
        return self.option.workloads.index(workload)


@dataclass(frozen=True)
class Granted:
    """An objective that a plan must keep while something else is optimised."""

    objective: str
    """Name in `objectives.OBJECTIVES`."""
    value: float
    """In the program's unit: at most this where it is minimised, at least this where it is maximised."""


@dataclass(frozen=True)
class ProgramData:
    """All that the program is built from."""

    offers: tuple[Offer, ...]
    supplies: tuple[SupplyData, ...]
    workloads: tuple[WorkloadData, ...]
    lot: dict[str, float]
    """Tokens per second in one lot of each workload."""
    spares: Spares = Spares()
    caps: tuple[Cap, ...] = ()
    scaled: tuple[str, ...] = ()
    """Workloads whose demand a throughput question multiplies."""
    granted: Granted | None = None
    """For the second solve that looks for a simpler plan: how good the plan must stay."""
    by_supply: dict[str, list[Offer]] = field(default_factory=dict)
    by_workload: dict[str, list[Offer]] = field(default_factory=dict)

    def only(self, keys: Collection[tuple[str, str]], granted: Granted | None = None) -> ProgramData:
        """The same program with these offers alone, held to `granted` where that is given."""
        kept = replace(
            self,
            offers=tuple(offer for offer in self.offers if offer.key in keys),
            granted=granted,
            by_supply={},
            by_workload={},
        )
        return kept.indexed()

    def indexed(self) -> ProgramData:
        """Itself, with the offers entered under their supply and workloads."""
        for offer in self.offers:
            self.by_supply.setdefault(offer.supply.name, []).append(offer)
            for workload in offer.option.workloads:
                self.by_workload.setdefault(workload, []).append(offer)
        return self

    def scale(self, objective: str) -> float:
        """What one unit of the program's objective counts in the objective's own unit.

        The geometric mean of what a billing unit counts, so that coefficients are of ordinary size; accelerators are
        counted as they are, and so is a throughput (in multiples of the demand).
        """
        worth = [
            supply.per_unit(objective) for supply in self.supplies if supply.counts.get(objective, 0.0) > 0
        ]
        if not worth or all(supply.counts.get(objective) == 1.0 for supply in self.supplies):
            return 1.0
        return float(np.exp(np.mean(np.log(worth))))

    def offers_in(self, supply: str) -> list[Offer]:
        return self.by_supply.get(supply, [])

    @property
    def offers_for_all(self) -> bool:
        """Whether every workload has an offer."""
        return all(self.offers_for(workload.name) for workload in self.workloads)

    def offers_for(self, workload: str) -> list[Offer]:
        return self.by_workload.get(workload, [])


def program_data(
    pairs: list[tuple[Option, SupplyData]],
    supplies: tuple[SupplyData, ...],
    workloads: tuple[WorkloadData, ...],
    *,
    utilisation: float = 1.0,
    spares: Spares = Spares(),
    caps: tuple[Cap, ...] = (),
    scaled: tuple[str, ...] = (),
) -> ProgramData:
    """Scale options and demands; `pairs` says which option is offered in which supply.

    An option of which limit and caps do not allow one instance is left out.

    A workload whose demand is 0 (the free one of a throughput question) gets the lot of its best instance.
    """
    best: dict[str, float] = {}
    for option, _ in pairs:
        for workload, tokens in zip(option.workloads, option.tokens_per_s_alone, strict=True):
            best[workload] = max(best.get(workload, 0.0), float(tokens))
    demand = {workload.name: workload.demand for workload in workloads}
    lot = {
        name: min(best.get(name, 1.0), demand[name]) if demand[name] > 0 else best.get(name, 1.0)
        for name in demand
    }
    fixed = {name: 0.0 if name in scaled else value for name, value in demand.items()}
    most = {s.name: _most_units(s, caps) for s in supplies}
    possible = (
        _offer(option, supply, lot, fixed, utilisation, most[supply.name], _most_instances(supply, caps))
        for option, supply in pairs
    )
    offers = tuple(offer for offer in possible if offer.most_instances >= 1)
    return ProgramData(offers, supplies, workloads, lot, spares, caps, scaled).indexed()


def _most_units(supply: SupplyData, caps: tuple[Cap, ...]) -> float:
    """Most billing units that the limit and the caps allow; inf without any."""
    allowed = [(cap.most, cap.per_unit.get(supply.name, 0.0)) for cap in caps]
    if supply.limit is not None:
        allowed.append((float(supply.limit), float(supply.unit)))
    units = [most / each * (1 + 1e-9) for most, each in allowed if each > 0]
    return float(np.floor(min(units, default=np.inf)))


def _most_instances(supply: SupplyData, caps: tuple[Cap, ...]) -> float:
    """Most instances in a supply that the caps on instances allow; inf without any."""
    each = [(cap.most, cap.per_instance.get(supply.name, 0.0)) for cap in caps]
    return min((math.floor(most / one * (1 + 1e-9)) for most, one in each if one > 0), default=math.inf)


def _offer(
    option: Option,
    supply: SupplyData,
    lot: dict[str, float],
    demand: dict[str, float],
    utilisation: float,
    most_units: float,
    most_instances: float,
) -> Offer:
    lots = np.array([lot[workload] for workload in option.workloads])
    sequences = lots / option.tokens_per_step
    reference = float(option.step_s.max()) if option.resources else 1.0
    share = utilisation * supply.availability
    wanted = np.array([demand[workload] for workload in option.workloads])
    alone = option.tokens_per_s_alone
    needed = np.where(wanted > 0, wanted / alone / share, np.inf)
    places = supply.unit // option.gpus or 1.0 / -(-option.gpus // supply.unit)
    most = min(float(np.ceil(needed.sum())), float(np.floor(most_units * places)), most_instances)
    return Offer(
        option=option,
        supply=supply,
        utilisation=share,
        step_load=option.step_s / reference,
        sequence_load=option.sequence_s * sequences,
        step_rate_per_lot=reference * sequences / option.batch_limit
        if option.resources
        else np.empty((0, len(lots))),
        instances_for_all=needed,
        most_instances=most,
        most_lots=np.where(wanted > 0, wanted, most * alone * share) / lots,
    )
