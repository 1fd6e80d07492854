"""From an answer to a plan: operate every deployment in exact physics, certify, and lay the tables out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from planner.allocation import Allocation
from planner.certificate.certificate import Certificate, certified, refuted
from planner.checks import Check
from planner.config.resolved import ResolvedStudy
from planner.config.warnings import config_warnings, readings
from planner.errors import CertificateError
from planner.objectives import CARBON, COST
from planner.operation.costs import deployment_costs, per_million, served, supply_totals, workload_costs
from planner.operation.operated import operated
from planner.operation.operation import Operation
from planner.options.option_set import OptionSet
from planner.plan.accuracy import accuracy_allowed, accuracy_of
from planner.plan.dump import dump
from planner.plan.engine_settings import engine_settings
from planner.plan.plan import Objective, Plan, Status
from planner.plan.warnings import plan_warnings
from planner.problem.answer import Answer
from planner.problem.problem import Problem
from planner.problem.refute import refute

INSTANCE_COLUMNS = (
    "option", "model", "accelerator", "site", "supply", "role", "instances", "spares", "gpus_per_instance", "layout",
    "weight_precision", "kv_precision", "speculation", "mean_batch", "batch", "step_time_ms", "pace_tokens_per_s",
    "tokens_per_s", "usd_per_hour", "time_shares", "binding",
    "engine",
)  # fmt: skip
SERVICE_COLUMNS = ("workload", "option", "supply", "share", "tokens_per_s", "pace_tokens_per_s", "ttft_ms")
SUPPLY_COLUMNS = (
    "supply", "accelerator", "site", "gpus", "units", "usd_per_hour", "power_kw", "carbon_kg_per_hour", "limit",
)  # fmt: skip
WORKLOAD_COLUMNS = (
    "workload", "model", "demand_tokens_per_s", "safety", "tokens_per_s", "min_pace_tokens_per_s", "pace_tokens_per_s",
    "max_ttft_ms", "ttft_ms",
    "usd_per_hour", "usd_per_million_tokens", "usd_per_million_input_tokens", "usd_per_million_output_tokens", "kinds",
)  # fmt: skip


def plan_from(answer: Answer, cross_checks: Sequence[Check] = (), remarks: Sequence[str] = ()) -> Plan:
    """The plan of an answer; raises `CertificateError` when its certificate fails, with what failed.

    An answer without a plan gives one without tables, and an empty certificate (`with_evidence` fills it).
    """
    study = answer.study
    objective = Objective(answer.optimised.sense, answer.objective, answer.unit, answer.bound, answer.gap)
    status = Status(answer.termination, answer.holds)
    rejected = tuple(vars(rejection) for rejection in answer.options.rejections)
    if answer.allocation is None:
        return Plan(
            study.config.name,
            _assumptions(study),
            status,
            objective,
            pd.DataFrame(columns=list(INSTANCE_COLUMNS)),
            pd.DataFrame(columns=list(SERVICE_COLUMNS)),
            pd.DataFrame(columns=list(SUPPLY_COLUMNS)),
            pd.DataFrame(columns=list(WORKLOAD_COLUMNS)),
            Certificate((), answer.linearisation_error),
            accuracy=accuracy_allowed(study) if answer.termination == "infeasible" else (),
            rejected=rejected,
            warnings=config_warnings(study),
            read_as=readings(study),
            timings=answer.timings,
        )
    allocation = answer.allocation
    certificate = certified(answer, cross_checks, remarks)
    if certificate.failures:
        failed = "; ".join(map(str, certificate.failures))
        record = dump(study, allocation, certificate.checks, vars(objective))
        raise CertificateError(f"the plan of {study.config.name} failed its certificate: {failed}", record)
    operations = list(operated(answer.study, allocation, answer.options).operations)
    return Plan(
        study.config.name,
        _assumptions(study),
        status,
        objective,
        _instances(study, allocation, operations, answer.options),
        _service(study, operations),
        _supply(study, allocation),
        _workloads(study, allocation, operations),
        certificate,
        accuracy=accuracy_of(study, allocation.deployments, answer.options),
        rejected=rejected,
        notes=_notes(answer),
        warnings=plan_warnings(study, allocation, operations, answer.options.options),
        read_as=readings(study),
        timings=answer.timings,
    )


def with_evidence(plan: Plan, problem: Problem, answer: Answer) -> Plan:
    """The plan of an infeasible answer with what shows that there is none; any other plan as it is."""
    if answer.termination != "infeasible":
        return plan
    options, found = refute(problem, answer)
    return replace(plan, certificate=refuted(problem.study, options, answer.within, found))


def _assumptions(study: ResolvedStudy) -> dict[str, Any]:
    return {
        "name": study.assumptions.name,
        "version": study.assumptions.version,
        "engine": None if study.assumptions.serving_engine is None else str(study.assumptions.serving_engine),
        "prefill": study.config.prefill,
        "utilisation": study.config.utilisation,
        "prices": {
            s.name: {"usd_per_hour": s.usd_per_hour, "source": s.price_source} for s in study.supplies
        },
    }


def _notes(answer: Answer) -> tuple[str, ...]:
    study, first, value = answer.study, answer.before_simplifying, answer.objective
    notes = list(answer.remarks)
    if first is not None and value is not None and abs(value - first) > 1e-9 * abs(first):
        notes.append(
            f"{first:,.2f} {answer.unit} is possible; {abs(value - first) / abs(first):.2%} of it is given up for fewer "
            f"kinds (simplicity: {study.config.simplicity:g})"
        )
    requests = [workload.name for workload in study.workloads if workload.counts_requests]
    if requests:
        notes.append(
            f"no lengths given: tokens of {', '.join(requests)} are requests, in rates and in cost per million"
        )
    notes += _margins(study)
    if study.config.physics and not study.config.prefill:
        notes.append("prefill: false: prompts take no instance time in this plan")
    return tuple(notes)


def _margins(study: ResolvedStudy) -> list[str]:
    """Margins that were asked for as a quantile, each once."""
    asked: dict[str, list[str]] = {}
    for workload in study.workloads:
        if workload.safety_of:
            shares = (
                f"{workload.safety:.0%} on times per token, {workload.first_token_safety:.0%} on first tokens"
            )
            asked.setdefault(f"{shares}: {workload.safety_of}", []).append(workload.name)
    return [f"margin of {', '.join(names)}: {what}" for what, names in asked.items()]


def _instances(
    study: ResolvedStudy, allocation: Allocation, operations: Sequence[Operation], options: OptionSet
) -> pd.DataFrame:
    rows = []
    for operation, cost in zip(operations, deployment_costs(study, allocation), strict=True):
        deployment, option = operation.deployment, operation.deployment.option
        layout, weight, kv, speculation = option.fields
        rows.append(
            (
                option.id, option.model, option.accelerator, study.supply(deployment.supply).site, deployment.supply,
                option.role, deployment.instances, deployment.spares, option.gpus, layout, weight, kv, speculation,
                operation.mean_batch, operation.engine_batch,
                operation.step.total * 1e3 if operation.step else math.nan,
                min(operation.pace.values(), default=math.nan), sum(deployment.tokens_per_s.values()), cost,
                time_shares(operation), operation.binding,
                engine_settings(study, deployment, option.kind not in options.measured),
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(INSTANCE_COLUMNS))


def time_shares(operation: Operation) -> dict[str, float]:
    """Shares of an instance's time: parts of the step, and idle; they sum to 1."""
    busy = min(operation.busy_share, 1.0)
    step = operation.step
    parts: dict[str, float] = {"serving": busy}
    if step is not None:
        names = ("kernel", "network", "memory", "compute", "draft", "prefill")
        parts = {name: busy * getattr(step, name) / step.total for name in names}
    return {**parts, "idle": 1.0 - busy}


def _service(study: ResolvedStudy, operations: Sequence[Operation]) -> pd.DataFrame:
    total = {w.name: served([o.deployment for o in operations], w.name) for w in study.workloads}
    rows = [
        (workload, o.deployment.option.id, o.deployment.supply, tokens / total[workload] if total[workload] else 0.0,
         tokens, o.pace.get(workload, math.nan), o.ttft_s.get(workload, math.nan) * 1e3)
        for o in operations
        for workload, tokens in o.deployment.tokens_per_s.items()
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=list(SERVICE_COLUMNS))
    order = {workload.name: position for position, workload in enumerate(study.workloads)}
    table["order"] = table["workload"].map(order)
    return (
        table.sort_values(["order", "share"], ascending=[True, False])
        .drop(columns="order")
        .reset_index(drop=True)
    )


def _supply(study: ResolvedStudy, allocation: Allocation) -> pd.DataFrame:
    costs = supply_totals(study, allocation, COST)
    rows = []
    for supply in study.supplies:
        units = allocation.units[supply.name]
        gpus = units * supply.unit
        power = math.nan if supply.power_kw is None else gpus * supply.power_kw
        known = supply.carbon_kg_per_hour is not None
        carbon = CARBON.total((supply,), allocation.units) if known else math.nan
        limit = math.nan if supply.limit is None else supply.limit
        rows.append(
            (
                supply.name,
                supply.accelerator_name,
                supply.site,
                gpus,
                units,
                costs[supply.name],
                power,
                carbon,
                limit,
            )
        )
    return pd.DataFrame(rows, columns=list(SUPPLY_COLUMNS))


def _workloads(study: ResolvedStudy, allocation: Allocation, operations: Sequence[Operation]) -> pd.DataFrame:
    costs = workload_costs(study, allocation, operations)
    rows = []
    for workload in study.workloads:
        tokens = served(allocation.deployments, workload.name)
        here = [o for o in operations if workload.name in o.deployment.tokens_per_s]
        paces = [o.pace[workload.name] for o in here if workload.name in o.pace]
        cost = costs[workload.name]
        first = max((o.ttft_s[workload.name] for o in here if workload.name in o.ttft_s), default=math.nan)
        limit = math.nan if workload.asked_ttft_s is None else workload.asked_ttft_s
        inputs = tokens / workload.output_tokens * workload.input_tokens if study.config.prefill else 0.0
        kinds = len({o.deployment.option.kind for o in here})
        rows.append(
            (workload.name, workload.model, workload.asked_demand, workload.safety, tokens, workload.asked_pace,
             min(paces, default=math.nan),
             limit * 1e3, first * 1e3, cost.total, per_million(cost.total, tokens), per_million(cost.prompts, inputs),
             per_million(cost.generation, tokens), kinds)
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(WORKLOAD_COLUMNS))
