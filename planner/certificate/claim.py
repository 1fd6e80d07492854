"""Claim: whether a claimed objective and bound can be true, from the supplies' figures and a plan made by hand.

  objective   recomputed from units bought, or from what is served; never taken from the solver;
  by hand     a proven objective is no worse than the plan made by hand, and no bound is better than it, since it exists;
  bound       no better than the objective.

HiGHS has called a plan at 64.6 optimal whose optimum was 2.30: the plan made by hand catches that, whatever the solver
says.
"""

from __future__ import annotations

from collections.abc import Iterator

from planner.by_hand.greedy import greedy
from planner.checks import TOLERANCE, Check, at_least, at_most, equal
from planner.objectives import PACE
from planner.problem.answer import Answer


def claim(answer: Answer) -> list[Check]:
    """Checks of an answer's objective and bound."""
    assert answer.allocation is not None and answer.objective is not None and answer.optimum is not None
    checks = list(_recomputed(answer))
    if answer.asked is None:
        checks += _by_hand(answer)
    if answer.bound is not None:
        compare = at_least if answer.optimised.sense == "minimise" else at_most
        checks.append(
            compare("objective no better than its bound", answer.optimum, answer.bound, answer.unit)
        )
    return checks


def _recomputed(answer: Answer) -> Iterator[Check]:
    """The objective from the plan's own numbers; a pace is what the answer's study asks for (`limits.pace` checks it)."""
    assert answer.allocation is not None and answer.objective is not None
    if answer.asked is None:
        value = answer.goal.value(answer.study, answer.allocation)
        yield equal(f"{answer.optimised.noun} recomputed", value, answer.objective, answer.unit)
    elif answer.asked is PACE:
        name = answer.study.config.question.workload
        assert name is not None
        asked = answer.study.workload(name).asked_pace
        yield equal(f"{PACE.noun} of {name} asked of the plan", asked, answer.objective, answer.unit)


def _by_hand(answer: Answer) -> Iterator[Check]:
    objective = answer.goal.objective
    assert answer.optimum is not None
    plan = None if objective.worth is None else greedy(answer.data, objective.name)
    if plan is None:
        return
    value = answer.goal.value(answer.study, plan)
    if answer.holds == "proven":
        slack = max(answer.study.config.solver.gap, TOLERANCE)
        yield at_most("no worse than the plan made by hand", answer.optimum, value, answer.unit, slack)
    if answer.bound is not None:
        yield at_most("bound no better than the plan made by hand", answer.bound, value, answer.unit)
