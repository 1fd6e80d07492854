"""Certificate: every plan is checked again without Pyomo and without HiGHS, from tables, prices and exact physics.

A failed check is an error, never a result. Each check states the value found and the limit it must keep.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from planner.allocation import Allocation
from planner.certificate.structure import structure
from planner.checks import Check, at_least, at_most, equal, failures
from planner.config.resolved import ResolvedStudy
from planner.operation.costs import served, supply_costs, workload_costs
from planner.operation.exact_step import exact_step, memory_share
from planner.operation.operation import Operation, operate
from planner.operation.packing import units_needed
from planner.options.build import OptionSet

SMALL_LIMIT = 20
"""Mixed pools are planned in mean batch; from this batch limit up that is within 1 % of whole batches (tests)."""


@dataclass(frozen=True)
class Certificate:
    """All checks of a plan, its bound and its linearisation error."""

    checks: tuple[Check, ...]
    linearisation_error: float = 0.0
    remarks: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        return failures(self.checks)

    def to_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {
            "passed": self.passed,
            "checks": [vars(check) for check in self.checks],
            "linearisation_error": self.linearisation_error,
            "remarks": list(self.remarks),
        }


def certify(
    study: ResolvedStudy,
    allocation: Allocation,
    options: OptionSet,
    extra: Sequence[Check] = (),
    linearisation_error: float = 0.0,
    remarks: Sequence[str] = (),
) -> Certificate:
    """Check an allocation against everything the config asked for; `extra` are the question's own checks.

    Where the structure is broken (half an instance, a workload of another model) nothing further can be computed, and the
    certificate has those checks alone.
    """
    first = structure(study, allocation, options)
    if failures(first):
        return Certificate(tuple(first), linearisation_error, tuple(remarks))
    operations = [operate(deployment, options) for deployment in allocation.deployments]
    checks = [
        *first,
        *_demands(study, allocation),
        *_deployments(study, options, operations),
        *_supplies(study, allocation),
        *_totals(study, allocation, operations),
        *extra,
    ]
    return Certificate(tuple(checks), linearisation_error, (*remarks, *_remarks(operations)))


def _demands(study: ResolvedStudy, allocation: Allocation) -> Iterator[Check]:
    for workload in study.workloads:
        tokens = served(allocation.deployments, workload.name)
        yield at_least(f"demand of {workload.name} served", tokens, workload.demand, "tokens/s")
        prompts = sum(
            d.tokens_per_s.get(workload.name, 0.0)
            for d in allocation.deployments
            if d.option.role == "prefill"
        )
        decoded = sum(
            d.tokens_per_s.get(workload.name, 0.0)
            for d in allocation.deployments
            if d.option.role == "decode"
        )
        if decoded > 0:
            yield at_least(
                f"prompts of {workload.name} processed before decode", prompts, decoded, "tokens/s"
            )


def _deployments(
    study: ResolvedStudy, options: OptionSet, operations: Sequence[Operation]
) -> Iterator[Check]:
    paces = {workload.name: workload.pace for workload in study.workloads}
    for operation in operations:
        deployment = operation.deployment
        where = f"{deployment.option.id} in {deployment.supply}"
        share = study.config.utilisation * study.supply(deployment.supply).availability
        yield at_most(
            f"busy time of {where}",
            operation.busy_share,
            share,
            "share of time",
        )
        for workload, seconds in operation.ttft_s.items():
            limit = study.workload(workload).max_ttft_s
            if limit is not None:
                yield at_most(f"mean TTFT of {workload} on {where}", seconds * 1e3, limit * 1e3, "ms")
        yield from _measured(study, options, operation, share, where)
        if operation.step is None:
            continue
        yield at_most(f"HBM of {where} at the mean batch", operation.memory_share, 1.0, "share of free HBM")
        for workload, pace in operation.pace.items():
            yield at_least(f"pace of {workload} on {where}", pace, paces[workload], "tokens/s per user")
        yield from _engine_limit(options, operation, paces, where)


def _measured(
    study: ResolvedStudy, options: OptionSet, operation: Operation, share: float, where: str
) -> Iterator[Check]:
    """Measured instances within the table's rates, and no row that breaks a workload's SLA."""
    deployment = operation.deployment
    kind = options.measured.get(deployment.option.kind)
    if kind is None:
        return
    rows = {row.workload: row for row in kind.rows}
    taken = 0.0
    for name, tokens in deployment.tokens_per_s.items():
        row, workload = rows[name], study.workload(name)
        taken += tokens / workload.output_tokens / row.requests_per_s
        if row.tpot_ms is not None and row.role != "prefill" and workload.pace > 0:
            yield at_most(f"measured TPOT of {name} on {where}", row.tpot_ms, 1e3 / workload.pace, "ms")
        if row.ttft_ms is not None and row.role != "decode" and workload.max_ttft_s is not None:
            yield at_most(f"measured TTFT of {name} on {where}", row.ttft_ms, workload.max_ttft_s * 1e3, "ms")
    yield at_most(f"measured capacity of {where}", taken / deployment.instances, share, "share of its rate")


def _engine_limit(
    options: OptionSet, operation: Operation, paces: dict[str, float], where: str
) -> Iterator[Check]:
    """The same at whole sequences: for one workload the engine's limit, for a mix each workload's whole batch alone.

    A mix is planned as time shared between whole batches, so these are the batches that must hold; the mean batch between
    them is checked as it is.
    """
    option = operation.deployment.option
    performance, row = options.performances[option.kind]
    alone = dict(zip(option.workloads, option.batch_limit.min(axis=0), strict=True))
    mixed = len(operation.batch) > 1
    for workload, value in zip(option.workloads, option.tokens_per_step, strict=True):
        if workload not in operation.batch:
            continue
        batch = {workload: float(alone[workload]) if mixed else float(operation.engine_batch)}
        at = "at its batch limit alone" if mixed else "at the engine's batch limit"
        yield at_most(
            f"HBM of {workload} on {where} {at}",
            memory_share(performance, row, batch),
            1.0,
            "share of free HBM",
        )
        seconds = exact_step(performance, row, batch).total
        yield at_least(
            f"pace of {workload} on {where} {at}", value / seconds, paces[workload], "tokens/s per user"
        )


def _supplies(study: ResolvedStudy, allocation: Allocation) -> Iterator[Check]:
    for supply in study.supplies:
        units = allocation.units[supply.name]
        here = [d for d in allocation.deployments if d.supply == supply.name]
        sizes = {d.option.gpus: 0 for d in here}
        for deployment in here:
            sizes[deployment.option.gpus] += deployment.instances + deployment.spares
        yield at_least(
            f"units of {supply.name} hold its instances", units, units_needed(sizes, supply.unit), "units"
        )
        if supply.limit is not None:
            yield at_most(f"limit of {supply.name}", units * supply.unit, supply.limit, "accelerators")


def _totals(study: ResolvedStudy, allocation: Allocation, operations: Sequence[Operation]) -> Iterator[Check]:
    config = study.config
    total = sum(supply_costs(study, allocation).values())
    parts = sum(cost.total for cost in workload_costs(study, allocation, operations).values())
    used = sum(
        cost
        for name, cost in supply_costs(study, allocation).items()
        if any(d.supply == name for d in allocation.deployments)
    )
    yield equal("cost of workloads sums to the total", parts, used, "$/h")
    if config.power_limit_kw is not None:
        drawn = sum(allocation.units[s.name] * s.unit * (s.power_kw or 0.0) for s in study.supplies)
        yield at_most("power", drawn, config.power_limit_kw, "kW")
    if config.question.budget_usd_per_hour is not None:
        yield at_most("budget", total, config.question.budget_usd_per_hour, "$/h")
    yield from _spares(study, operations)


def _spares(study: ResolvedStudy, operations: Sequence[Operation]) -> Iterator[Check]:
    """Spares by kind and supply, whichever options of the kind run there."""
    asked = study.config.spares
    loaded: dict[tuple[str, str], int] = {}
    spare: dict[tuple[str, str], int] = {}
    for deployment in (operation.deployment for operation in operations):
        key = deployment.option.kind, deployment.supply
        loaded[key] = loaded.get(key, 0) + deployment.instances
        spare[key] = spare.get(key, 0) + deployment.spares
    for key, instances in loaded.items():
        needed = max(asked.number, asked.share * instances)
        if needed > 0:
            yield at_least(f"spares of {key[0]} in {key[1]}", spare[key], needed, "instances")


def _remarks(operations: Sequence[Operation]) -> Iterator[str]:
    for operation in operations:
        option = operation.deployment.option
        if len(operation.batch) > 1 and option.batch_limit.min() < SMALL_LIMIT:
            yield (
                f"{option.id} mixes workloads with a batch limit of {option.batch_limit.min():.0f}, below {SMALL_LIMIT}: "
                "its mean batch can be up to a few percent off what whole batches do"
            )
