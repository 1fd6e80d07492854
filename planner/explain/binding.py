"""What binds: the limits that a plan has used up, and what holds every workload's batch."""

from __future__ import annotations

from planner.config.resolved import ResolvedStudy
from planner.explain.variants import supply_key
from planner.plan.plan import Plan


def binding(study: ResolvedStudy, plan: Plan) -> tuple[str, ...]:
    """Sentences; a limit binds where not even the smallest unit more would fit."""
    found = []
    for supply in study.supplies:
        bought = int(plan.supply.set_index("supply").loc[supply.name, "gpus"])
        if supply.limit is not None and bought and bought + supply.unit > supply.limit:
            found.append(f"all {bought:,} {supply.name} are used ({supply_key(study, supply.name)}.limit)")
    least = min((s.unit * s.power_kw for s in study.supplies if s.power_kw), default=0.0)
    drawn = float(plan.supply["power_kw"].sum())
    limit = study.config.power_limit_kw
    if limit is not None and drawn + least > limit:
        found.append(f"{drawn:,.1f} of {limit:,.1f} kW are drawn (power_limit_kw)")
    budget = study.config.question.budget_usd_per_hour
    cheapest = min((s.unit * s.usd_per_hour for s in study.supplies), default=0.0)
    if budget is not None and plan.usd_per_hour + cheapest > budget:
        found.append(
            f"{plan.usd_per_hour:,.2f} of {budget:,.2f} $/h are spent (question.budget_usd_per_hour)"
        )
    held = dict(zip(plan.instances["option"], plan.instances["binding"], strict=True))
    for workload in study.workloads:
        rows = plan.service[plan.service["workload"] == workload.name]
        shares: dict[str, float] = {}
        for option, share in zip(rows["option"], rows["share"], strict=True):
            shares[held[option]] = shares.get(held[option], 0.0) + float(share)
        for what, share in sorted(shares.items(), key=lambda item: -item[1]):
            held_by, _, roof = what.partition("; ")
            step = f" and {roof} its step" if roof else ""
            found.append(f"{share:.0%} of {workload.name} runs where {held_by} limits the batch{step}")
    return tuple(found)
