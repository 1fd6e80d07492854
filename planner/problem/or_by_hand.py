"""By hand: where the time limit left no plan, or one worse than a plan made without a solver, the latter is the answer.

Its gap is that to the solver's bound, like any plan's; the certificate checks it like any plan.
"""

from __future__ import annotations

from dataclasses import replace

from planner.by_hand.greedy import Worth, accelerators, dollars, greedy, kilowatts, value_of
from planner.problem.answer import Answer

WORTHS: dict[str, Worth] = {"$/h": dollars, "GPUs": accelerators, "kW": kilowatts}
"""What an accelerator counts, by unit of the objective."""


def or_by_hand(answer: Answer) -> Answer:
    """The answer, or the plan made by hand where the solver's time ended without one as good."""
    worth = WORTHS.get(answer.unit)
    if answer.termination != "time_limit" or answer.sense != "minimise" or worth is None:
        return answer
    plan = greedy(answer.data, worth)
    if plan is None:
        return answer
    value = value_of(answer.data, plan, worth)
    if answer.objective is not None and answer.objective <= value:
        return answer
    remark = "the time limit came before the solver had a plan as good as this one, made by hand workload after workload"
    return replace(
        answer, allocation=plan, objective=value, before_simplifying=None, remarks=(*answer.remarks, remark)
    )
