"""One scenario in a worker: from changes to a record, whatever happens.

A record is plain data for JSON: what the scenarios and instances tables are read from. A scenario that fails, is
infeasible or runs out of time becomes a record that says so.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from planner.batch.base import Base
from planner.batch.paths import Place
from planner.batch.reuse import Shared
from planner.config.resolved import ResolvedStudy
from planner.errors import CertificateError, InputError
from planner.options.build import OptionSource
from planner.plan.extract import plan_from
from planner.plan.plan import Plan
from planner.problem.answer import Answer
from planner.problem.optimise import optimise
from planner.questions.ask import ask
from planner.questions.goals import goal_of

Record = dict[str, Any]

_shared = Shared()
"""Of this worker process."""
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


def solve_task(base: Base, task: Task, settings: Settings, shared: Shared | None = None) -> Record:
    """The record of one scenario; never raises for what a scenario holds. Runs in a worker, one at a time in each."""
    with _one_at_a_time:
        begin = time.perf_counter()
        try:
            return _solved(base, task, settings, shared or _shared)
        except InputError as error:
            message = f"bad input: {error.render()}"
        except CertificateError as error:
            message = f"certificate failed: {error}"
        except Exception as error:  # any other fault is this scenario's row; the batch goes on
            message = f"{type(error).__name__}: {error}"
        return failure(task.scenario, message, time.perf_counter() - begin)


def _answer(source: OptionSource, simplify: bool) -> Answer:
    """The answer; of several plans with the same objective the simplest only where that is asked for: it takes as long
    as the answer itself."""
    study = source.study.config
    if study.question.minimise is None or simplify or study.simplicity > 0:
        return ask(source)
    return optimise(source, goal_of(study.question))


def _solved(base: Base, task: Task, settings: Settings, shared: Shared) -> Record:
    begin = time.perf_counter()
    study = with_threads(base.study(task.changes), settings.threads)
    read = time.perf_counter()
    source = shared.source(study)
    physics = time.perf_counter()
    answer = _answer(source, settings.simplify)
    answered = time.perf_counter()
    plan = plan_from(answer)
    end = time.perf_counter()
    stages = {"config": read - begin, "physics": physics - read, **answer.timings, "plan": end - answered}
    return record_of(task.scenario, plan, stages, end - begin)


def with_threads(study: ResolvedStudy, threads: int) -> ResolvedStudy:
    """The study with its solver held to a number of threads."""
    solver = study.config.solver.model_copy(update={"threads": threads})
    return replace(study, config=study.config.model_copy(update={"solver": solver}))


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
        "message": "" if plan.found else _why(status.termination),
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


def _why(termination: str) -> str:
    return {
        "infeasible": "infeasible: proven that no plan meets the limits, demands and paces",
        "time_limit": "no plan found within the time limit; raise solver.time_limit_s",
    }.get(termination, f"the solver stopped: {termination}")


def _plain(value: Any) -> Any:
    """A value that JSON holds exactly; NaN and infinities become None."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
