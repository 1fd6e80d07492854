"""What each question optimises, in the program's objective and the user's unit."""

from __future__ import annotations

from formulations.program.data import ProgramData
from planner.allocation import Allocation
from planner.config.resolved import ResolvedStudy
from planner.config.schema import Question
from planner.problem.optimise import Goal


def goal_of(question: Question) -> Goal:
    """The goal of a minimise question."""
    goals = {
        "cost": Goal("cost", "minimise", "$/h", lambda data: data.money_unit),
        "gpus": Goal("gpus", "minimise", "GPUs"),
        "power": Goal("power", "minimise", "kW"),
    }
    assert question.minimise is not None
    return within_budget(goals[question.minimise], question.budget_usd_per_hour)


def within_budget(goal: Goal, usd_per_hour: float | None) -> Goal:
    """The same goal with a budget."""
    return Goal(goal.objective, goal.sense, goal.unit, goal.scale, usd_per_hour, goal.scaled)


def cost_goal(budget_usd_per_hour: float | None = None) -> Goal:
    """Cheapest fleet, $/h."""
    return within_budget(goal_of(Question(minimise="cost")), budget_usd_per_hour)


def scaled(study: ResolvedStudy) -> tuple[str, ...]:
    """Workloads whose demand a throughput question multiplies: the one it names, or all."""
    asked = study.config.question.workload
    return (asked,) if asked else tuple(workload.name for workload in study.workloads)


def throughput_goal(study: ResolvedStudy) -> Goal:
    """Most tokens per second of the scaled workloads together, each within its margin, for the question's budget."""
    names = scaled(study)
    margin = {workload.name: 1 + workload.safety for workload in study.workloads}

    def tokens(data: ProgramData) -> float:
        whole = {w.name: w.demand if w.demand > 0 else data.lot[w.name] for w in data.workloads}
        return sum(whole[name] / margin[name] for name in names)

    budget = study.config.question.budget_usd_per_hour
    return Goal("throughput", "maximise", "tokens/s", tokens, budget, names)


def worth(goal: Goal, data: ProgramData, allocation: Allocation) -> float:
    """The goal's objective of an allocation, in the goal's unit, from prices and units alone."""
    if goal.objective == "throughput":
        return allocation.throughput * goal.scale(data)
    total = 0.0
    for supply in data.supplies:
        each = {"cost": supply.usd_per_hour, "gpus": 1.0, "power": supply.power_kw or 0.0}[goal.objective]
        total += allocation.units[supply.name] * supply.unit * each
    return total
