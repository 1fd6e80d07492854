"""Optimality: whether a claimed objective and bound can be true, from prices, a hand-made plan and the linear relaxation.

  objective   recomputed from units bought and prices (accelerators, kW), never taken from the solver;
  greedy      a proven objective is no worse than the greedy plan, and no bound is better than it, since it exists;
  bound       no better than the objective;
  relaxation  its duals prove a bound by arithmetic alone (weak duality); no plan may be better than that.

HiGHS has called a plan at 64.6 optimal whose optimum was 2.30: the greedy plan catches that, whatever the solver says.
"""

from __future__ import annotations

from formulations.program.build import build_program
from planner.allocation import Allocation
from planner.by_hand.greedy import Worth, accelerators, dollars, greedy, kilowatts, value_of
from planner.checks import TOLERANCE, Check, at_least, at_most, equal
from planner.problem.answer import Answer
from planner.problem.highs import SolverOptions, solve_relaxation

PATIENCE_S = 20.0
"""A program that took longer to build and solve is not solved again as a linear one; a remark says so."""
BUILD_WEIGHT = 10.0
"""A program that takes long to build takes longer to solve, however little time the plan's solve had."""
SHORTEST_S = 2.0
"""The linear program gets as long as the plan's solve took, and no less than this."""
WORTHS: dict[str, tuple[str, Worth]] = {
    "$/h": ("cost", dollars),
    "GPUs": ("gpus", accelerators),
    "kW": ("power", kilowatts),
}
"""Objective of the program and what an accelerator counts in it, by unit of the answer."""
NAMES = {
    "$/h": "cost recomputed from prices",
    "GPUs": "accelerators counted again",
    "kW": "power added up again",
}


def optimality(answer: Answer) -> list[Check]:
    """Checks of an answer's objective and bound; every question has the bound's, minimise questions all."""
    allocation = answer.allocation
    assert allocation is not None and answer.objective is not None
    found = answer.objective if answer.before_simplifying is None else answer.before_simplifying
    checks: list[Check] = []
    if answer.sense == "minimise" and answer.unit in WORTHS:
        checks += _minimised(answer, allocation, found)
    if answer.bound is not None:
        compare = at_least if answer.sense == "minimise" else at_most
        checks.append(compare("objective no better than its bound", found, answer.bound, answer.unit))
    return checks


def remarks(answer: Answer) -> tuple[str, ...]:
    """What was left unchecked."""
    if answer.sense == "minimise" and answer.unit in WORTHS and _seconds(answer) > PATIENCE_S:
        return ("not compared with the linear relaxation: the program takes too long to solve again",)
    return ()


def _seconds(answer: Answer) -> float:
    """What building and solving took, with the weight of building."""
    return answer.timings.get("solve", 0.0) + BUILD_WEIGHT * answer.timings.get("build", 0.0)


def _minimised(answer: Answer, allocation: Allocation, found: float) -> list[Check]:
    objective, worth = WORTHS[answer.unit]
    unit, data = answer.unit, answer.data
    checks = [equal(NAMES[unit], _recomputed(answer, allocation), answer.objective or 0.0, unit)]
    hand_made = greedy(data, worth)
    if hand_made is not None:
        value = value_of(data, hand_made, worth)
        if answer.holds == "proven":
            slack = max(answer.study.config.solver.gap, TOLERANCE)
            checks.append(at_most("no worse than the greedy plan", found, value, unit, slack))
        if answer.bound is not None:
            checks.append(at_most("bound no better than the greedy plan", answer.bound, value, unit))
    if _seconds(answer) <= PATIENCE_S:
        settings = answer.study.config.solver
        limit = max(SHORTEST_S, answer.timings.get("solve", 0.0))
        options = SolverOptions(0.0, limit, settings.threads, settings.seed)
        relaxed = solve_relaxation(build_program(data, objective), options)
        if relaxed.proven is not None:
            least = relaxed.proven * (data.money_unit if unit == "$/h" else 1.0)
            checks.append(at_least("no better than what the relaxation's duals prove", found, least, unit))
    return checks


def _recomputed(answer: Answer, allocation: Allocation) -> float:
    """The objective from units and the config's own figures."""
    total = 0.0
    for supply in answer.study.supplies:
        each = {"$/h": supply.usd_per_hour, "GPUs": 1.0, "kW": supply.power_kw or 0.0}[answer.unit]
        total += allocation.units[supply.name] * supply.unit * each
    return total
