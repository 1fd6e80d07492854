"""The program's data, scaled: every coefficient is a number of instances, GPUs or dollars of ordinary size.

The flow of a workload is counted in *lots*: what the best instance could serve of it, or all of its demand where that is
less. Steps are counted in the instances that their fixed part keeps busy. Coefficients are then ratios of instances
whatever the unit of demand (tokens per second or per day) or of money; bytes and FLOP never come here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np

from formulations.options import FloatArray, Option


@dataclass(frozen=True)
class SupplyData:
    """Accelerators that can be had, as the program sees them."""

    name: str
    usd_per_hour: float
    """Per accelerator."""
    limit: int | None
    unit: int
    availability: float
    power_kw: float | None


@dataclass(frozen=True)
class WorkloadData:
    """Demand of one workload, tokens per second, and in how many kinds it may be served."""

    name: str
    demand: float
    max_kinds: int | None = None


@dataclass(frozen=True)
class Offer:
    """An option within a supply, with its scaled rows."""

    option: Option
    supply: SupplyData
    utilisation: float
    step_load: FloatArray
    """Instances busy under each roof per unit of Steps, shape (R,); the largest is 1."""
    flow_load: FloatArray
    """Instances busy under each roof per lot of each workload, shape (R, W)."""
    steps_per_lot: FloatArray
    """Steps (scaled) that one lot of each workload needs under each resource, shape (Q, W)."""
    instances_for_all: FloatArray
    """Instances that all of each workload's demand would need here, shape (W,); inf without a demand."""
    most_instances: float
    """More instances than this are never of use: all demand served here, or what limit, budget and power allow; may be
    inf."""
    most_flow: FloatArray
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
    spare_number: int = 0
    spare_share: float = 0.0
    power_limit_kw: float | None = None
    budget_usd_per_hour: float | None = None
    scaled: tuple[str, ...] = ()
    """Workloads whose demand a throughput question multiplies."""
    granted: Granted | None = None
    """For the second solve that looks for a simpler plan: how good the plan must stay."""
    money_unit: float = 1.0
    """Dollars per hour in one unit of the objective."""
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

    def offers_in(self, supply: str) -> list[Offer]:
        return self.by_supply.get(supply, [])

    def offers_for(self, workload: str) -> list[Offer]:
        return self.by_workload.get(workload, [])


def program_data(
    pairs: list[tuple[Option, SupplyData]],
    supplies: tuple[SupplyData, ...],
    workloads: tuple[WorkloadData, ...],
    *,
    utilisation: float = 1.0,
    spare_number: int = 0,
    spare_share: float = 0.0,
    power_limit_kw: float | None = None,
    budget_usd_per_hour: float | None = None,
    scaled: tuple[str, ...] = (),
) -> ProgramData:
    """Scale options and demands; `pairs` says which option is offered in which supply.

    An option of which limit, budget or power do not allow one instance is left out.

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
    most = {s.name: _most_units(s, budget_usd_per_hour, power_limit_kw) for s in supplies}
    possible = (
        _offer(option, supply, lot, fixed, utilisation, most[supply.name]) for option, supply in pairs
    )
    offers = tuple(offer for offer in possible if offer.most_instances >= 1)
    prices = [supply.usd_per_hour * supply.unit for supply in supplies if supply.usd_per_hour > 0]
    return ProgramData(
        offers, supplies, workloads, lot, spare_number, spare_share, power_limit_kw, budget_usd_per_hour, scaled,
        money_unit=float(np.exp(np.mean(np.log(prices)))) if prices else 1.0,
    ).indexed()  # fmt: skip


def _most_units(supply: SupplyData, budget: float | None, power: float | None) -> float:
    """Most billing units that limit, budget and power allow; inf without any."""
    allowed = [
        (supply.limit, 1.0),
        (budget, supply.usd_per_hour),
        (power, supply.power_kw or 0.0),
    ]
    units = [
        total / (each * supply.unit) * (1 + 1e-9) for total, each in allowed if total is not None and each > 0
    ]
    return float(np.floor(min(units, default=np.inf)))


def _offer(
    option: Option,
    supply: SupplyData,
    lot: dict[str, float],
    demand: dict[str, float],
    utilisation: float,
    most_units: float,
) -> Offer:
    lots = np.array([lot[workload] for workload in option.workloads])
    sequences = lots / option.tokens_per_step
    reference = float(option.step_s.max()) if option.resources else 1.0
    share = utilisation * supply.availability
    wanted = np.array([demand[workload] for workload in option.workloads])
    alone = option.tokens_per_s_alone
    needed = np.where(wanted > 0, wanted / alone / share, np.inf)
    places = supply.unit // option.gpus or 1.0 / -(-option.gpus // supply.unit)
    most = min(float(np.ceil(needed.sum())), float(np.floor(most_units * places)))
    return Offer(
        option=option,
        supply=supply,
        utilisation=share,
        step_load=option.step_s / reference,
        flow_load=option.sequence_s * sequences,
        steps_per_lot=reference * sequences / option.batch_limit
        if option.resources
        else np.empty((0, len(lots))),
        instances_for_all=needed,
        most_instances=most,
        most_flow=np.where(wanted > 0, wanted, most * alone * share) / lots,
    )
