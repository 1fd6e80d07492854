"""One scenario in a worker: from changes to a record, whatever happens.

A record is plain data for JSON: what the scenarios and instances tables are read from. A scenario that fails, is
infeasible or runs out of time becomes a record that says so.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from planner.batch.base import Base
from planner.batch.paths import Place
from planner.clock import Clock
from planner.config.variants import with_solver
from planner.errors import CertificateError, InputError
from planner.options.library import Library
from planner.plan.extract import plan_from, with_evidence
from planner.plan.plan import Plan
from planner.problem.cross_check import cross_check
from planner.problem.problem import Problem
from planner.questions.ask import question_of

Record = dict[str, Any]

_library = Library()
"""Of this worker process: physics and options that scenarios share are found once."""
_one_at_a_time = threading.Lock()
"""Cluster workers may run several threads; HiGHS has one scheduler and one standard output per process."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How workers solve."""

    threads: int = 1
    """Threads of the solver in each worker."""
    simplify: bool = False
    """Look for the simplest among plans with the same objective, as `solve` does."""


@dataclass(frozen=True, slots=True)
class Task:
    """One distinct scenario to solve."""

    scenario: str
    """Content hash."""
    changes: Mapping[Place, Any]


def solve_task(base: Base, task: Task, settings: Settings, library: Library | None = None) -> Record:
    """The record of one scenario; never raises for what a scenario holds. Runs in a worker, one at a time in each."""
    with _one_at_a_time:
        begin = time.perf_counter()
        try:
            return _solved(base, task, settings, library or _library)
        except InputError as error:
            message = f"bad input: {error.render()}"
        except CertificateError as error:
            message = f"certificate failed: {error}"
        except Exception as error:  # any other fault is this scenario's row; the batch goes on
            message = f"{type(error).__name__}: {error}"
        return failure(task.scenario, message, time.perf_counter() - begin)


def _solved(base: Base, task: Task, settings: Settings, library: Library) -> Record:
    reading = Clock(math.inf)
    with reading.stage("config"):
        study = with_solver(base.study(task.changes), threads=settings.threads)
    clock = Clock(study.config.solver.time_limit_s)
    clock.add(reading.spent)
    problem = Problem(study, library=library)
    with clock.stage("physics"):
        _ = problem.source.tables
    answer = question_of(problem).answer(settings.simplify)
    clock.add(answer.timings)
    with clock.stage("plan"):
        full = study.config.detail == "full"
        plan = plan_from(answer, *(cross_check(answer, clock.left()) if full else ()))
        plan = with_evidence(plan, problem, answer)
    return record_of(task.scenario, plan, clock.spent, clock.elapsed)


def failure(scenario: str, message: str, seconds: float = 0.0) -> Record:
    """The record of a scenario that has no plan because something went wrong."""
    return {
        "scenario": scenario,
        "termination": "error",
        "solution": "none",
        "message": message,
        "seconds": round(seconds, 6),
        "stages": {},
        "instances": [],
    }


def record_of(scenario: str, plan: Plan, stages: Mapping[str, float], seconds: float) -> Record:
    """The record of a plan, or of why there is none."""
    status, objective = plan.status, plan.objective
    record: Record = {
        "scenario": scenario,
        "termination": status.termination,
        "solution": status.solution,
        "message": "" if plan.found else _why(plan),
        "sense": objective.sense,
        "unit": objective.unit,
        "objective": objective.value,
        "bound": objective.bound,
        "gap": objective.gap,
        "seconds": round(seconds, 6),
        "stages": {stage: round(spent, 6) for stage, spent in stages.items()},
        "instances": [],
    }
    if not plan.found:
        return record
    gpus: dict[str, int] = {}
    for row in _rows(plan.supply):
        gpus[row["accelerator"]] = gpus.get(row["accelerator"], 0) + int(row["gpus"])
    record["usd_per_hour"] = plan.usd_per_hour
    record["carbon_kg_per_hour"] = _plain(plan.carbon_kg_per_hour)
    record["gpus_total"] = plan.gpus
    record["gpus"] = gpus
    record["workloads"] = {
        row["workload"]: {name: _plain(row[name]) for name in WORKLOAD_FIGURES}
        for row in _rows(plan.workloads)
    }
    record["instances"] = [
        {name: _plain(value) for name, value in row.items()} for row in _rows(plan.instances)
    ]
    record["kinds"] = len({_kind(row) for row in record["instances"]})
    return record


WORKLOAD_FIGURES = ("tokens_per_s", "pace_tokens_per_s", "usd_per_hour", "usd_per_million_tokens")
"""Columns of the plan's workloads table that a scenario's row keeps, by workload."""


def _rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Rows by column name; ten times as fast as `to_dict("records")`, which boxes every cell."""
    names = [str(name) for name in frame.columns]
    columns = [frame[name].tolist() for name in frame.columns]
    for values in zip(*columns, strict=True):
        yield dict(zip(names, values, strict=True))


def _kind(row: Mapping[str, Any]) -> tuple[Any, ...]:
    names = (
        "model",
        "supply",
        "role",
        "gpus_per_instance",
        "layout",
        "weight_precision",
        "kv_precision",
        "speculation",
    )
    return tuple(row.get(name) for name in names)


def _why(plan: Plan) -> str:
    """Why there is no plan; what an infeasible scenario's proof rests on."""
    termination = plan.status.termination
    if termination == "infeasible":
        proof = "proven" if plan.certificate.passed else "by the solver's word"
        return f"infeasible: {proof}: no plan meets the limits, demands and paces"
    if termination == "time_limit":
        return "no plan found within the time limit; raise solver.time_limit_s"
    return f"the solver stopped: {termination}"


def _plain(value: Any) -> Any:
    """A value that JSON holds exactly; NaN and infinities become None."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
