"""What binds: the limits that a plan has used up, and what holds every workload's batch."""

from __future__ import annotations

from planner.plan.plan import Plan
from planner.problem.answer import Answer
from planner.problem.problem import Problem


def binding(problem: Problem, answer: Answer, plan: Plan) -> tuple[str, ...]:
    """Sentences; a limit binds where not even the smallest unit more would fit."""
    assert answer.allocation is not None
    found = [
        said
        for period in answer.allocation.each_period()
        for limit in problem.limits
        if (said := limit.binds(problem.study, period)) is not None
    ]
    held = dict(zip(plan.instances["option"], plan.instances["binding"], strict=True))
    for workload in problem.study.workloads:
        rows = plan.service[plan.service["workload"] == workload.name]
        shares: dict[str, float] = {}
        for option, share in zip(rows["option"], rows["share"], strict=True):
            shares[held[option]] = shares.get(held[option], 0.0) + float(share)
        for what, share in sorted(shares.items(), key=lambda item: -item[1]):
            held_by, _, roof = what.partition("; ")
            step = f" and {roof} its step" if roof else ""
            found.append(f"{share:.0%} of {workload.name} runs where {held_by} limits the batch{step}")
    return tuple(found)
