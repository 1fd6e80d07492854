"""Servable: whether any option could serve a workload at all, with a single instance and nothing else in the fleet."""

from __future__ import annotations

import math
from collections.abc import Mapping

from planner.checks import Check, at_most
from planner.config.resolved import ResolvedStudy, ResolvedSupply
from planner.limits.capped import CappedLimit
from planner.limits.registry import limits_of
from planner.limits.total import kept_within
from planner.options.option_set import OptionSet

SERVABLE = "options that can serve "


def servable(study: ResolvedStudy, options: OptionSet, within: Mapping[str, float], workload: str) -> Check:
    """Passed where no option in any supply can: the number of those that can is at most 0."""
    sizes = {
        (o.accelerator, o.gpus) for o in options.options if workload in o.workloads and o.role != "prefill"
    }
    able = sum(
        supply.accelerator_name == accelerator and _held(study, within, supply, gpus)
        for accelerator, gpus in sizes
        for supply in study.supplies
    )
    return at_most(f"{SERVABLE}{workload}", able, 0.0, "options")


def _held(study: ResolvedStudy, within: Mapping[str, float], supply: ResolvedSupply, gpus: int) -> bool:
    """Whether one instance of that size keeps every limit on units and instances."""
    units = math.ceil(gpus / supply.unit)
    caps = [limit.cap(study) for limit in limits_of(study) if isinstance(limit, CappedLimit)]
    caps += kept_within(study, within)
    return all(cap.taken({supply.name: units}, {supply.name: 1}) <= cap.most * (1 + 1e-9) for cap in caps)
