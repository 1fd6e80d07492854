"""Structure: whether an allocation is one that the config allows at all, before any physics is asked.

Whole numbers; options of the config's own kinds, in supplies of their accelerator, serving workloads of their model.
Compared with the config, not with the program.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from planner.allocation import Allocation, Deployment
from planner.certificate.allowed import allowed, tabled
from planner.checks import Check, holds
from planner.config.resolved import ResolvedStudy
from planner.operation.operated import where
from planner.options.option_set import OptionSet


def structure(study: ResolvedStudy, allocation: Allocation, options: OptionSet) -> list[Check]:
    """Every structural check of one period of an allocation."""
    checks: list[Check] = []
    supplies = {supply.name: supply for supply in study.supplies}
    for deployment in allocation.deployments:
        name = where(deployment)
        counts = (deployment.instances, deployment.spares)
        checks.append(holds(f"whole instances of {name}", _whole(counts) and deployment.instances >= 1))
        supply = supplies.get(deployment.supply)
        offered = supply is not None and supply.accelerator_name == deployment.option.accelerator
        checks.append(holds(f"{name} is an accelerator of its supply", offered))
        checks += _rates(study, deployment, name)
        checks.append(holds(f"{name} has known step times", tabled(deployment, options)))
        if offered:
            checks += allowed(study, deployment, options, name)
    units = [allocation.units.get(name, -1) for name in supplies]
    checks.append(
        holds("whole units of every supply", _whole(units) and set(allocation.units) == set(supplies))
    )
    return checks


def _whole(counts: tuple[int, ...] | list[int]) -> bool:
    return all(isinstance(count, int) and count >= 0 for count in counts)


def _rates(study: ResolvedStudy, deployment: Deployment, name: str) -> Iterator[Check]:
    """Only workloads that the option may serve and whose model it runs, at finite rates."""
    models = {workload.name: workload.model for workload in study.workloads}
    option = deployment.option
    for workload, tokens in deployment.tokens_per_s.items():
        served = workload in option.workloads and models.get(workload) == option.model
        yield holds(f"{name} may serve {workload}", served)
        yield holds(f"rate of {workload} on {name} is a number", math.isfinite(tokens) and tokens >= 0)
