"""Whole batches: at which whole sequences an engine runs a deployment, beside its mean batch."""

from __future__ import annotations

from collections.abc import Iterator

from planner.operation.operation import Operation


def whole_batches(operation: Operation) -> Iterator[tuple[str, dict[str, float], str]]:
    """(workload, whole batch by workload, in words) that must hold for each workload served here.

    For one workload the engine's limit; a mix is planned as time shared between whole batches, so there each workload's
    whole batch alone, and the mean batch between them is checked as it is.
    """
    option = operation.deployment.option
    if not option.resources:
        return
    alone = dict(zip(option.workloads, option.batch_limit.min(axis=0), strict=True))
    mixed = len(operation.batch) > 1
    words = "at its batch limit alone" if mixed else "at the engine's batch limit"
    for workload in operation.batch:
        batch = float(alone[workload]) if mixed else float(operation.engine_batch)
        yield workload, {workload: batch}, words
