"""A plan made by hand: workload after workload, the instances that serve most for the least; a solver must equal it.

Written without Pyomo and HiGHS. The result is an allocation like any other and is certified like one, so its worth is an
upper limit of the optimum wherever it exists: a claimed optimum above it, or a claimed bound above it, is an error.
Pools are not shared between workloads, units are: a new instance first fills places that are already paid for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from formulations.program.data import Offer, ProgramData, SupplyData, WorkloadData
from planner.allocation import Allocation, Deployment, steady
from planner.operation.packing import units_needed

DONE = 1e-9
"""Shares of a workload below this count as served."""
MOST_TRIED = 24
"""Offers compared for each piece, the cheapest by fractions of instances first."""
MOST_PIECES = 64
"""Offers that one workload may be spread over; more means that nothing useful is left."""
Parts = tuple[tuple[Offer, int], ...]
"""Offers, and how many instances of each."""


@dataclass(frozen=True)
class _Piece:
    """A share of a workload on one offer, with the prefill instances that it needs."""

    parts: Parts
    share: float
    extra: float


@dataclass
class _State:
    """Instances bought so far, by (option, supply), and what they serve."""

    data: ProgramData
    objective: str
    instances: dict[tuple[str, str], int] = field(default_factory=dict)
    offers: dict[tuple[str, str], Offer] = field(default_factory=dict)
    tokens: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)
    loaded: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    """(Instances with load, their size) by supply and kind."""
    bought: dict[str, int] = field(default_factory=dict)
    """Billing units by supply."""

    def units(self, supply: SupplyData, extra: Parts = ()) -> int:
        """Billing units that the instances in a supply need, spares included, with `extra` ones added."""
        if not extra:
            return self.bought.get(supply.name, 0)
        kinds = dict(self.loaded.get(supply.name, {}))
        for offer, number in extra:
            if offer.supply.name == supply.name:
                before, _ = kinds.get(offer.option.kind, (0, 0))
                kinds[offer.option.kind] = before + number, offer.option.gpus
        sizes: dict[int, int] = {}
        for number, gpus in kinds.values():
            sizes[gpus] = sizes.get(gpus, 0) + number + self.data.spares.needed(number)
        return units_needed(sizes, supply.unit)

    def price(self, parts: Parts) -> float | None:
        """What adding instances costs; None where a supply's limit does not allow it."""
        total = 0.0
        for supply in {offer.supply.name: offer.supply for offer, _ in parts}.values():
            after = self.units(supply, parts)
            if supply.limit is not None and after * supply.unit > supply.limit:
                return None
            total += (after - self.units(supply)) * supply.per_unit(self.objective)
        return total

    def buy(self, piece: _Piece, workload: WorkloadData) -> None:
        """Add a piece."""
        supplies = {offer.supply.name: offer.supply for offer, _ in piece.parts}
        self.bought |= {name: self.units(supply, piece.parts) for name, supply in supplies.items()}
        for offer, number in piece.parts:
            kinds = self.loaded.setdefault(offer.supply.name, {})
            before, _ = kinds.get(offer.option.kind, (0, 0))
            kinds[offer.option.kind] = before + number, offer.option.gpus
            self.instances[offer.key] = self.instances.get(offer.key, 0) + number
            self.offers[offer.key] = offer
            served = self.tokens.setdefault(offer.key, {})
            served[workload.name] = served.get(workload.name, 0.0) + piece.share * workload.demand


def greedy(data: ProgramData, objective: str) -> Allocation | None:
    """The better of the plans for two orders of the workloads: as given, and those with the fewest choices first.

    None where neither fits into the limits (which proves nothing), and for questions that scale demand. `objective` is
    one that supplies count.
    """
    if data.scaled:
        return None
    choosy = sorted(data.workloads, key=lambda workload: len(data.offers_for(workload.name)))
    plans = [
        plan for order in (data.workloads, choosy) if (plan := _ordered(data, objective, order)) is not None
    ]
    return min(plans, key=lambda plan: value_of(data, plan, objective), default=None)


def _ordered(data: ProgramData, objective: str, order: Iterable[WorkloadData]) -> Allocation | None:
    """Serve the workloads in an order; None where a limit is in the way."""
    state = _State(data, objective)
    for workload in order:
        if workload.demand > 0 and not _serve(state, workload):
            return None
    units = {supply.name: state.units(supply) for supply in data.supplies}
    plan = steady(tuple(_deployments(state)), units)
    return plan if _within(data, plan) else None


def value_of(data: ProgramData, allocation: Allocation, objective: str) -> float:
    """What an allocation's units count."""
    return sum(allocation.units[s.name] * s.per_unit(objective) for s in data.supplies)


def _within(data: ProgramData, plan: Allocation) -> bool:
    """Whether every cap holds."""
    return all(cap.taken(plan.units, plan.instances) <= cap.most for cap in data.caps)


def _serve(state: _State, workload: WorkloadData) -> bool:
    """Buy instances until all of a workload is served; the best piece for its price each time."""
    left, kinds = 1.0, set[str]()
    for _ in range(MOST_PIECES):
        if left <= DONE:
            return True
        full = workload.max_kinds is not None and len(kinds) >= workload.max_kinds
        pieces = list(_pieces(state, workload, left, kinds if full else None))
        last = workload.max_kinds is not None and len(kinds) == workload.max_kinds - 1
        whole = [piece for piece in pieces if piece.share >= left - DONE]
        if last and whole:
            pieces = whole
        if not pieces:
            return False
        best = min(pieces, key=lambda piece: (piece.extra / piece.share, -piece.share))
        state.buy(best, workload)
        kinds.add(best.parts[0][0].option.kind)
        left -= best.share
    return left <= DONE


def _pieces(state: _State, workload: WorkloadData, left: float, kinds: set[str] | None) -> Iterator[_Piece]:
    """For the most promising offers (of `kinds`, where given), as much of what is left as a supply's limit allows."""
    offers = state.data.offers_for(workload.name)
    prompts = _best_prefill(state, workload, offers)
    able = [
        offer
        for offer in offers
        if offer.option.role != "prefill"
        and (prompts is not None or not offer.option.behind_prefill(workload.name))
        and (kinds is None or offer.option.kind in kinds)
    ]
    able.sort(key=lambda o: _needed(o, workload) * o.option.gpus * o.supply.counts[state.objective])
    found = 0
    for offer in able:
        piece = _most(
            state, workload, offer, prompts if offer.option.behind_prefill(workload.name) else None, left
        )
        if piece is not None:
            found += 1
            yield piece
        if found == MOST_TRIED:
            return


def _best_prefill(state: _State, workload: WorkloadData, offers: list[Offer]) -> Offer | None:
    """The prefill offer that processes prompts for the least, by itself."""
    prefill = [offer for offer in offers if offer.option.role == "prefill"]
    if not prefill:
        return None
    return min(prefill, key=lambda o: _needed(o, workload) * o.option.gpus * o.supply.counts[state.objective])


def _needed(offer: Offer, workload: WorkloadData) -> float:
    """Instances (real) for all of a workload's demand."""
    return float(offer.instances_for_all[offer.row_of_workload(workload.name)])


def _most(
    state: _State, workload: WorkloadData, offer: Offer, prompts: Offer | None, left: float
) -> _Piece | None:
    """The largest share of what is left that an offer can take within the limits, in whole instances."""
    needed = _needed(offer, workload)
    if not math.isfinite(needed):
        return None
    low, high = 0, max(1, math.ceil(needed * left * (1 - 1e-12)))

    def piece(number: int) -> _Piece | None:
        share = min(left, number / needed)
        parts = [(offer, number)]
        if prompts is not None:
            parts.append((prompts, max(1, math.ceil(_needed(prompts, workload) * share * (1 - 1e-12)))))
        extra = state.price(tuple(parts))
        return None if extra is None else _Piece(tuple(parts), share, extra)

    found = piece(high)
    if found is not None:
        return found
    while high - low > 1:
        middle = (low + high) // 2
        tried = piece(middle)
        low, high, found = (middle, high, tried) if tried is not None else (low, middle, found)
    return found


def _deployments(state: _State) -> Iterator[Deployment]:
    """Deployments with their spares; spares of a kind stand with its first option."""
    loaded: dict[tuple[str, str], int] = {}
    for key, number in state.instances.items():
        kind = state.offers[key].option.kind, key[1]
        loaded[kind] = loaded.get(kind, 0) + number
    for key, number in state.instances.items():
        offer = state.offers[key]
        total = loaded.pop((offer.option.kind, key[1]), 0)
        yield Deployment(offer.option, key[1], number, state.data.spares.needed(total), state.tokens[key])
