"""The whole choice written a second time, for `scipy.optimize.milp`, from docs/program.md and docs/config.md alone.

Per offer, a kind in a supply, there are instances, steps per second and sequence-steps per second of each workload,
counted in its demand. Nothing of the planner or of its formulations is used; what an offer can do is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

Amounts = dict[str, float]
"""By workload."""


@dataclass(frozen=True)
class Supply:
    """Accelerators that can be had."""

    name: str
    accelerator: str
    price: float
    limit: int | None = None
    unit: int = 1
    availability: float = 1.0
    power_kw: float = 0.0
    site: str = ""


@dataclass(frozen=True)
class Offer:
    """What one instance of a kind does: roofs (seconds per step, seconds per sequence-step by workload), and resources
    (largest whole batch by workload). A kind that was measured has one roof and no steps."""

    kind: str
    accelerator: str
    gpus: int
    roofs: tuple[tuple[float, Amounts], ...]
    resources: tuple[Amounts, ...] = ()
    role: str = "aggregated"

    @property
    def workloads(self) -> tuple[str, ...]:
        return tuple(self.roofs[0][1])


@dataclass(frozen=True)
class Question:
    """What is asked of the fleet; limits that are None do not hold."""

    demand: Amounts
    objective: str = "cost"
    """cost | gpus | power | throughput (of all workloads together, in multiples of the demand)"""
    utilisation: float = 1.0
    spares: int = 0
    spare_share: float = 0.0
    most_kinds: int | None = None
    budget: float | None = None
    power_limit: float | None = None
    site_power: Amounts = field(default_factory=dict)


class _Rows:
    """A mixed-integer program that grows by columns and rows."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.whole: list[int] = []
        self.upper: list[float] = []
        self.rows: list[tuple[dict[int, float], float, float]] = []

    def column(self, cost: float = 0.0, whole: bool = False, upper: float = np.inf) -> int:
        self.cost.append(cost)
        self.whole.append(int(whole))
        self.upper.append(upper)
        return len(self.cost) - 1

    def row(self, terms: Iterable[tuple[int, float]], least: float = -np.inf, most: float = np.inf) -> None:
        sums: dict[int, float] = {}
        for column, value in terms:
            sums[column] = sums.get(column, 0.0) + value
        self.rows.append((sums, least, most))

    def least(self) -> float | None:
        """The least cost; None where nothing keeps the rows."""
        entries = [
            (i, column, value) for i, (sums, _, _) in enumerate(self.rows) for column, value in sums.items()
        ]
        at, columns, values = zip(*entries, strict=True)
        matrix = coo_array((values, (at, columns)), shape=(len(self.rows), len(self.cost))).tocsr()
        held = LinearConstraint(matrix, [row[1] for row in self.rows], [row[2] for row in self.rows])
        found = milp(
            self.cost, constraints=held, integrality=self.whole, bounds=Bounds(0.0, self.upper),
            options={"mip_rel_gap": 0.0, "time_limit": 60.0},
        )  # fmt: skip
        if found.status == 2:
            return None
        assert found.status == 0, found.message
        return float(found.fun)


def optimum(offers: Iterable[Offer], supplies: Iterable[Supply], asked: Question) -> float | None:
    """The least cost, GPUs or power; or the most multiples of the demand; None where there is no plan."""
    rows, supplies = _Rows(), tuple(supplies)
    most = asked.objective == "throughput"
    times = rows.column(-1.0 if most else 0.0, upper=np.inf if most else 1.0)
    if not most:
        rows.row([(times, 1.0)], least=1.0)
    worth = {"cost": "price", "power": "power_kw"}.get(asked.objective)
    units = {}
    for supply in supplies:
        each = 0.0 if most else supply.unit * (1.0 if worth is None else getattr(supply, worth))
        limit = np.inf if supply.limit is None else supply.limit // supply.unit
        units[supply.name] = rows.column(each, whole=True, upper=limit)
    held: dict[str, list[tuple[int, float]]] = {supply.name: [] for supply in supplies}
    flows: dict[tuple[str, str], list[tuple[int, float]]] = {}
    serving: dict[tuple[str, str, bool], list[int]] = {}
    running: dict[tuple[str, str], list[int]] = {}
    size: dict[str, int] = {}
    for supply in supplies:
        for offer in (offer for offer in offers if offer.accelerator == supply.accelerator):
            instances = rows.column(whole=True)
            held[supply.name].append((instances, float(offer.gpus)))
            running.setdefault((offer.kind, supply.name), []).append(instances)
            size[offer.kind] = offer.gpus
            stepping = any(step > 0 for step, _ in offer.roofs)
            steps = rows.column() if stepping else None
            parts = {w: rows.column() for w in offer.workloads}
            share = asked.utilisation * supply.availability
            for step, seconds in offer.roofs:
                busy = [(parts[w], seconds[w] * asked.demand[w]) for w in parts]
                busy += [(steps, step)] if steps is not None else []
                rows.row([*busy, (instances, -share)], most=0.0)
            for resource in offer.resources:
                assert steps is not None
                rows.row(
                    [*((parts[w], asked.demand[w] / resource[w]) for w in parts), (steps, -1.0)], most=0.0
                )
            for w, part in parts.items():
                flows.setdefault((w, offer.role), []).append((part, 1.0))
                serving.setdefault((w, offer.kind, offer.role == "prefill"), []).append(part)
    _balances(rows, flows, times, asked)
    _spares(rows, running, size, held, asked)
    _kinds(rows, serving, asked)
    for supply in supplies:
        rows.row([*held[supply.name], (units[supply.name], -float(supply.unit))], most=0.0)
    _totals(rows, supplies, units, asked)
    found = rows.least()
    return None if found is None else -found if most else found


def _balances(
    rows: _Rows, flows: dict[tuple[str, str], list[tuple[int, float]]], times: int, asked: Question
) -> None:
    """All is served; what is decoded apart had its prompts processed."""
    for w in asked.demand:
        decoded = flows.get((w, "decode"), [])
        rows.row([*flows.get((w, "aggregated"), []), *decoded, (times, -1.0)], least=0.0, most=0.0)
        if decoded:
            prompts = [(column, -1.0) for column, _ in flows.get((w, "prefill"), [])]
            rows.row([*decoded, *prompts], most=0.0)


def _spares(
    rows: _Rows, running: dict[tuple[str, str], list[int]], size: dict[str, int],
    held: dict[str, list[tuple[int, float]]], asked: Question,
) -> None:  # fmt: skip
    """For every kind in use in every supply the larger of a number and a share of its instances."""
    if not asked.spares and not asked.spare_share:
        return
    for (kind, supply), instances in running.items():
        spare = rows.column(whole=True)
        held[supply].append((spare, float(size[kind])))
        rows.row([*((n, asked.spare_share) for n in instances), (spare, -1.0)], most=0.0)
        if asked.spares:
            used = rows.column(whole=True, upper=1.0)
            rows.row([*((n, 1.0) for n in instances), (used, -MOST_INSTANCES)], most=0.0)
            rows.row([(used, float(asked.spares)), (spare, -1.0)], most=0.0)


MOST_INSTANCES = 2000.0
"""No study drawn here needs so many instances of a kind."""


def _kinds(rows: _Rows, serving: dict[tuple[str, str, bool], list[int]], asked: Question) -> None:
    """At most so many kinds for a workload; kinds that process prompts are counted apart."""
    if asked.most_kinds is None:
        return
    counted: dict[tuple[str, bool], list[tuple[int, float]]] = {}
    for (w, _, prompts), parts in serving.items():
        serves = rows.column(whole=True, upper=1.0)
        rows.row([*((part, 1.0) for part in parts), (serves, -MOST_MULTIPLES)], most=0.0)
        counted.setdefault((w, prompts), []).append((serves, 1.0))
    for chosen in counted.values():
        rows.row(chosen, most=float(asked.most_kinds))


MOST_MULTIPLES = 200.0
"""No fleet drawn here serves so many times the demand."""


def _totals(rows: _Rows, supplies: tuple[Supply, ...], units: dict[str, int], asked: Question) -> None:
    """Budget and power count what is bought, in whole units."""
    if asked.budget is not None:
        rows.row([(units[s.name], s.unit * s.price) for s in supplies], most=asked.budget)
    if asked.power_limit is not None:
        rows.row([(units[s.name], s.unit * s.power_kw) for s in supplies], most=asked.power_limit)
    for site, limit in asked.site_power.items():
        rows.row([(units[s.name], s.unit * s.power_kw) for s in supplies if s.site == site], most=limit)
