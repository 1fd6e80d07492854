"""All models in one program, proven for the exact physics: a plan from over-estimates, a bound from under-estimates.

Where both estimates are the same options the solver's own bound is the answer. Elsewhere (touched experts, protocol
switches within one pool of several workloads) the program of chords is solved for the bound, and intervals between
points are split until the gap asked for holds or splitting no longer helps.

Bound first: the two programs differ by a fraction of a percent of the step time, and instances are whole; so the
instances that are optimal under under-estimates mostly serve the demand under over-estimates too. Then a search among
so few instances takes milliseconds, and its plan costs what the bound says: proven with one full search instead of two
(measured on the quickstart at 24 prices, demands and paces: 24 of 24).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from formulations.program.data import ProgramData
from planner.allocation import Allocation
from planner.clock import Clock
from planner.options.levels import Estimate
from planner.options.option_set import OptionSet
from planner.problem.answer import Answer
from planner.problem.data import data_for
from planner.problem.effort import effort
from planner.problem.goal import Goal
from planner.problem.problem import Problem
from planner.problem.program import Adaptation, Fixed, Outcome, run
from planner.problem.termination import Termination, reached, relative_gap

MOST_REFINEMENTS = 3
"""Each splits every interval and at least quarters the error of a smooth one; three leave 1/64 of it."""
_BOUND = 0.5
"""Share of the time left for the bound."""


@dataclass
class _Search:
    """One goal in one problem, within its time."""

    problem: Problem
    goal: Goal
    within: Mapping[str, float]
    clock: Clock

    def data(self, estimate: Estimate, refinement: int) -> tuple[OptionSet, ProgramData]:
        with self.clock.stage("options"):
            options = self.problem.options(estimate, refinement, self.clock.left())
        with self.clock.stage("build"):
            problem = self.problem
            data = data_for(
                problem.study, problem.limits, options.options, scaled=self.goal.scaled, within=self.within
            )
        return options, data

    def run(
        self,
        data: ProgramData,
        share: float = 1.0,
        fixed: Fixed | None = None,
        start: Allocation | None = None,
    ) -> Outcome:
        """Solve within a share of the time left."""
        study = self.problem.study
        asked = Adaptation(self.goal.objective.name, start=start, fixed=fixed)
        with self.clock.stage("solve"):
            return run(
                data, effort(study, gap=study.config.solver.gap / 2, seconds=share * self.clock.left()), asked
            )

    def scaled(self, value: float | None, data: ProgramData) -> float | None:
        """In the objective's own unit."""
        return None if value is None else value * self.goal.scale(self.problem.study, data)


def solve_jointly(problem: Problem, goal: Goal, within: Mapping[str, float] | None = None) -> Answer:
    """Solve the goal to the gap that the config asks for, within its time limit, in one program for all models."""
    study = problem.study
    search = _Search(problem, goal, within or {}, Clock(study.config.solver.time_limit_s))
    best: tuple[Outcome, OptionSet, ProgramData] | None = None
    bound: float | None = None
    termination: Termination = "error"
    for refinement in range(MOST_REFINEMENTS + 1):
        options, data = search.data("over", refinement)
        if not options.complete:
            outcome, lower = _some(search, data), None
        elif options.exact:
            outcome = search.run(data)
            lower = search.scaled(outcome.bound, data)
        else:
            outcome, lower = _bounded(search, refinement, data)
        if best is None or goal.better(outcome.objective, best[0].objective):
            best = (outcome, options, data)
        termination = outcome.termination
        if termination == "infeasible" and lower is None:
            break
        bound = goal.tighter(bound, lower)
        gap = relative_gap(search.scaled(best[0].objective, best[2]), bound)
        if options.exact or termination == "time_limit" or search.clock.left() < 0.1:
            break
        if gap is not None and gap <= study.config.solver.gap:
            break
    assert best is not None
    outcome, options, data = best
    if outcome.allocation is None and not options.exact and termination == "infeasible" and bound is not None:
        termination = "time_limit"  # over-estimates are infeasible, under-estimates are not: undecided
    return Answer(
        study,
        goal,
        termination,
        outcome.allocation,
        search.scaled(outcome.objective, data),
        bound,
        search.scaled(outcome.bound, data),
        options,
        data,
        search.clock.spent,
        within=search.within,
    )


def _some(search: _Search, data: ProgramData) -> Outcome:
    """A plan where time left out some options: it may be used, and it proves nothing."""
    outcome = search.run(data)
    return replace(outcome, termination="time_limit", bound=None)


def _bounded(search: _Search, refinement: int, data: ProgramData) -> tuple[Outcome, float | None]:
    """Bound from under-estimates, plan from over-estimates: where the bound's instances allow it, of the same cost.

    Infeasible under-estimates prove that there is no plan: then there is no bound either.
    """
    gap = search.problem.study.config.solver.gap
    options, under = search.data("under", refinement)
    if not options.complete:
        return _some(search, data), None
    relaxed = search.run(under, share=_BOUND)
    if relaxed.termination == "infeasible":
        return replace(relaxed, objective=None, bound=None, allocation=None), None
    lower = search.scaled(relaxed.bound, under)
    start = None
    if relaxed.allocation is not None:
        fixed = _fixed(relaxed.allocation)
        outcome = search.run(_guided(fixed, data), fixed=fixed)
        start = outcome.allocation
        proof = reached(search.scaled(outcome.objective, data), lower, gap)
        if proof != "time_limit":
            # the optimum of over-estimates lies between the bound and this objective
            return replace(outcome, termination=proof, bound=outcome.objective), lower
    outcome = search.run(data, start=start)
    if relaxed.termination == "time_limit" and outcome.allocation is not None:
        # the bound is not what the search would have found
        outcome = replace(outcome, termination="time_limit")
    return outcome, lower


def _fixed(allocation: Allocation) -> Fixed:
    """Its instances of each (kind, supply), options of one kind added up, and its units."""
    instances: dict[tuple[str, str], int] = {}
    for deployment in allocation.deployments:
        key = deployment.option.kind, deployment.supply
        instances[key] = instances.get(key, 0) + deployment.instances
    return Fixed(instances, allocation.units)


def _guided(fixed: Fixed, data: ProgramData) -> ProgramData:
    """The program with the fixed kinds alone (all offers of a workload that they do not serve)."""
    kept = {o.key for o in data.offers if fixed.instances.get((o.option.kind, o.supply.name), 0) > 0}
    served = {name for o in data.offers if o.key in kept for name in o.option.workloads}
    kept |= {o.key for o in data.offers if not served.issuperset(o.option.workloads)}
    return data.only(kept)
