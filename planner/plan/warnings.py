"""Warnings about a plan that is right and may not be what was meant, one line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from formulations.options import Option
from planner.allocation import Allocation
from planner.config.resolved import ResolvedStudy
from planner.config.warnings import config_warnings
from planner.operation.operation import Operation

BUSY = 0.995
"""Busy for this share of the time that it can be used, an instance has no headroom."""
TINY = 0.01
"""A workload that takes less of one instance than this is rather in another unit."""


def plan_warnings(
    study: ResolvedStudy, allocation: Allocation, operations: Sequence[Operation], options: Iterable[Option]
) -> tuple[str, ...]:
    """Warnings about the config, and about what the plan made of it out of these options."""
    return (
        *config_warnings(study),
        *_at_limit(study, allocation),
        *_busy(study, operations),
        *tiny_demands(study, options),
    )


def _at_limit(study: ResolvedStudy, allocation: Allocation) -> Iterator[str]:
    """A fleet that has nothing left; a question of how much it can serve asks for just that."""
    if study.config.question.maximise == "throughput":
        return
    for supply in study.supplies:
        held = allocation.units[supply.name]
        if supply.limit is not None and 0 < held == supply.limit // supply.unit:
            yield f"{supply.name} is at its limit: all {held * supply.unit:,} accelerators are in use"


def _busy(study: ResolvedStudy, operations: Sequence[Operation]) -> Iterator[str]:
    places = [
        f"#{place}"
        for place, operation in enumerate(operations, start=1)
        if operation.busy_share >= BUSY * study.supply(operation.deployment.supply).availability
    ]
    if places:
        all_of_them = len(places) == len(operations)
        who = "every deployment" if all_of_them else ", ".join(places)
        verb = "is" if all_of_them or len(places) == 1 else "are"
        yield f"{who} {verb} busy all the time: no headroom for bursts (utilisation: 0.8 would keep a fifth)"


def tiny_demands(study: ResolvedStudy, options: Iterable[Option]) -> Iterator[str]:
    """Warnings of workloads that ask for next to nothing of what the fastest instance on offer serves.

    Of all that is on offer, not of what a plan uses: it must say the same before there is a plan.
    """
    most: dict[str, float] = {}
    for option in options:
        for name, rate in zip(option.workloads, option.tokens_per_s_alone, strict=True):
            most[name] = max(most.get(name, 0.0), float(rate))
    for workload in study.workloads:
        asked, whole = workload.asked_demand, most.get(workload.name, 0.0)
        if 0 < asked < TINY * whole:
            yield (
                f"{workload.name} asks for {asked:,.3g} tokens/s, {asked / whole:.2g} of what one instance serves; "
                "is its demand in the right unit?"
            )
