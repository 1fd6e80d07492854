"""Clash: a smallest set of the config's limits that no plan can keep together (each one dropped, the rest could be).

Deletion filter (J. Chinneck, Feasibility and Infeasibility in Optimization, 2008): drop a limit; where the study stays
infeasible it is not needed for the clash and stays dropped. Families are tried whole first, so that a study of many
workloads needs few solves. What is left clashes, every one of it, in the program with whole instances.
"""

from __future__ import annotations

from functools import reduce
from itertools import groupby

from planner.explain.trial import Trial
from planner.limits.limit import Limit
from planner.problem.problem import Problem
from planner.questions.ask import question_of


def clash(problem: Problem, trial: Trial) -> tuple[list[Limit], bool]:
    """The limits that clash, and whether each was proven to be needed for it (False where the time ran out)."""
    kept: list[Limit] = []
    proven = True
    for _, group in groupby(question_of(problem).limits, key=lambda limit: limit.family):
        family = list(group)
        dropped = reduce(Problem.without, family, problem)
        verdict = trial.feasible(dropped) if not trial.over else None
        if verdict is False:
            problem = dropped
            continue
        if len(family) == 1:
            kept += family
            proven = proven and verdict is True
            continue
        for limit in family:
            without = problem.without(limit)
            verdict = trial.feasible(without) if not trial.over else None
            if verdict is False:
                problem = without
            else:
                kept.append(limit)
                proven = proven and verdict is True
    return kept, proven
