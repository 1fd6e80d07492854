"""Unserved: workloads that no option can serve at all, each with the reason and the nearest miss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from formulations.program.data import ProgramData
from planner.config.resolved import ResolvedWorkload
from planner.limits.supply import SupplyLimit
from planner.options.dropouts import Reach, reach
from planner.options.performance import Performance
from planner.problem.data import data_for
from planner.problem.problem import Problem

Cause = Literal["memory", "pace", "ttft", "supply", "profiles", "layouts"]


@dataclass(frozen=True)
class Unserved:
    """A workload without any option, why, and how near the nearest comes."""

    workload: str
    cause: Cause
    sentence: str


def unserved(problem: Problem) -> list[Unserved]:
    """Workloads that nothing in the fleet can serve, whatever the numbers of instances."""
    data = _offered(problem)
    return [
        _reason(problem, workload)
        for workload in problem.study.workloads
        if all(offer.option.role == "prefill" for offer in data.offers_for(workload.name))
    ]


def served(problem: Problem, workload: str) -> bool:
    """Whether some option in some supply could serve a workload."""
    return any(offer.option.role != "prefill" for offer in _offered(problem).offers_for(workload))


def _offered(problem: Problem) -> ProgramData:
    """What supplies could hold, whatever else is limited."""
    held = [limit for limit in problem.limits if isinstance(limit, SupplyLimit)]
    return data_for(problem.study, held, problem.options().options)


def _reason(problem: Problem, workload: ResolvedWorkload) -> Unserved:
    name = workload.name
    tables = list(_tables(problem, workload))
    if not tables:
        return _without_tables(problem, workload)
    if not any(able.fits[:, column].any() for _, able, column in tables):
        return Unserved(name, "memory", _memory(workload, tables))
    if not any((able.fits & (able.pace >= workload.pace))[:, column].any() for _, able, column in tables):
        return Unserved(name, "pace", _pace(workload, tables))
    smallest = _smallest_instances(problem, name)
    if smallest:
        return Unserved(
            name, "supply", f"{name}: no supply is large enough for one instance: {'; '.join(smallest)}"
        )
    if workload.max_ttft_s is not None and served(problem.with_workload(name, max_ttft_s=None), name):
        limit = f"{workload.max_ttft_s * 1e3:.4g} ms{_margin(workload.first_token_safety)}"
        return Unserved(name, "ttft", f"{name}: no instance gives the first token within {limit}")
    return Unserved(name, "pace", _pace(workload, tables))


def _tables(problem: Problem, workload: ResolvedWorkload) -> Iterator[tuple[Performance, Reach, int]]:
    """Tables of the workload's model with what their kinds reach, and the workload's column."""
    for (model, _), group in problem.source.tables.items():
        for performance in group:
            if model == workload.model and performance.table.role != "prefill" and len(performance.table):
                names = [w.name for w in performance.workloads]
                able = reach(performance, problem.study.assumptions)
                yield performance, able, names.index(workload.name)


def _memory(workload: ResolvedWorkload, tables: list[tuple[Performance, Reach, int]]) -> str:
    performance, able, column = max(
        tables,
        key=lambda entry: float((entry[1].usable_gb[:, entry[2]] / entry[1].needed_gb[:, entry[2]]).max()),
    )
    longest = performance.table.model.settings.max_model_len
    held = f"one sequence of {workload.context_tokens:,.0f} tokens"
    if longest is not None:
        held = f"one request of {longest:,} tokens (max_model_len)"
    row = int(np.argmax(able.usable_gb[:, column] / able.needed_gb[:, column]))
    return (
        f"{workload.name} does not fit any allowed instance: the nearest, {performance.table.name(row)}, needs "
        f"{able.needed_gb[row, column]:,.4g} GB for weights and {held}, "
        f"has {able.usable_gb[row, column]:,.4g} GB of usable HBM"
    )


def _margin(safety: float) -> str:
    return f" (margin of {safety:.0%} included)" if safety else ""


def _pace(workload: ResolvedWorkload, tables: list[tuple[Performance, Reach, int]]) -> str:
    def best(entry: tuple[Performance, Reach, int]) -> float:
        _, able, column = entry
        return float(np.where(able.fits, able.pace, 0.0)[:, column].max())

    performance, able, column = max(tables, key=best)
    paces = np.where(able.fits, able.pace, 0.0)[:, column]
    row = int(np.argmax(paces))
    return (
        f"{workload.name} asks for {workload.pace:,.4g} tokens/s per user{_margin(workload.safety)}; the fastest, "
        f"{performance.table.name(row)}, "
        f"reaches {paces[row]:,.4g} tokens/s with a single sequence (TPOT {1e3 / paces[row]:.4g} ms)"
    )


def _smallest_instances(problem: Problem, workload: str) -> list[str]:
    """Supplies whose limit is below the smallest instance that would serve the workload."""
    options = [o for o in problem.options().options if workload in o.workloads and o.role != "prefill"]
    found = []
    for supply in problem.study.supplies:
        sizes = [option.gpus for option in options if option.accelerator == supply.accelerator_name]
        if sizes and supply.limit is not None:
            least = -(-min(sizes) // supply.unit) * supply.unit
            if least > supply.limit:
                found.append(f"{supply.name} needs {least}, has {supply.limit}")
    return found


def _without_tables(problem: Problem, workload: ResolvedWorkload) -> Unserved:
    """No kind was ever evaluated: no layout divides, or only measured rows count and none is left."""
    refused = [str(r) for r in problem.source.refused_rows if f"({workload.name} on " in r.what]
    if refused:
        return Unserved(
            workload.name, "profiles", f"{workload.name}: no measured row serves it: {'; '.join(refused)}"
        )
    layouts = [str(r) for r in problem.source.refused_layouts if r.what.startswith(f"{workload.model}/")]
    reasons = "; ".join(layouts[:3]) or "no supply's accelerator has a layout for its model"
    return Unserved(
        workload.name, "layouts", f"{workload.name}: no layout of its model is allowed: {reasons}"
    )
