"""Operation: how each deployment runs, in exact physics; mean batch, engine limit, step time, pace, shares of time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from planner.options.build import OptionSet
from planner.plan.allocation import Deployment
from planner.plan.exact import ExactStep, exact_step, memory_share


@dataclass(frozen=True)
class Operation:
    """The running state of one deployment's instances (each of them alike)."""

    deployment: Deployment
    step: ExactStep | None
    """None for measured and prefill instances, which have no modelled step."""
    batch: dict[str, float]
    """Mean running sequences per instance by workload."""
    busy_share: float
    """Share of time that an instance is busy."""
    memory_share: float
    """Share of free HBM that the running sequences' KV cache takes."""
    pace: dict[str, float]
    """Tokens per second one user sees, by workload."""
    load: dict[str, float]
    """Instances kept busy by each workload's own time, by workload; what cost is split by."""
    prompt_load: dict[str, float]
    """The part of `load` that processes prompts; what input tokens cost."""

    @property
    def mean_batch(self) -> float:
        return sum(self.batch.values())

    @property
    def engine_batch(self) -> int:
        """Whole sequences that the engine must be allowed to run: the mean batch, rounded up."""
        return math.ceil(self.mean_batch - 1e-6)

    @property
    def binding(self) -> str:
        """What holds the batch: HBM or the pace; and which roof limits a step."""
        if self.step is None:
            return (
                "measured capacity"
                if self.deployment.option.role == "aggregated"
                else self.deployment.option.role
            )
        held = [resource.split(":")[0] for resource in self.deployment.option.resources]
        names = {"hbm": "HBM", "pace": "pace"}
        limits = " and ".join(dict.fromkeys(names[name] for name in held))
        return f"{limits}; {'bandwidth' if self.step.roof == 'memory' else 'arithmetic'}"


def operate(deployment: Deployment, options: OptionSet) -> Operation:
    """Run a deployment at the fewest steps that serve its load (largest batch within its limits), in exact physics."""
    option = deployment.option
    tokens = np.array([deployment.tokens_per_s.get(workload, 0.0) for workload in option.workloads])
    rates = tokens / option.tokens_per_step / deployment.instances
    if not option.resources:
        load = option.sequence_s.max(axis=0) * tokens / option.tokens_per_step
        shares = dict(zip(option.workloads, load.tolist(), strict=True))
        prompts = shares if option.role == "prefill" else dict.fromkeys(shares, 0.0)
        return Operation(
            deployment, None, {}, float(load.sum()) / deployment.instances, 0.0, {}, shares, prompts
        )
    steps = float((rates / option.batch_limit).sum(axis=1).max())
    batch = {w: float(rate / steps) for w, rate in zip(option.workloads, rates, strict=True) if rate > 0}
    performance, row = options.performances[option.kind]
    step = exact_step(performance, row, batch)
    value = {w: float(v) for w, v in zip(option.workloads, option.tokens_per_step, strict=True)}
    own = option.sequence_s.max(axis=0) * rates
    fixed = max(0.0, steps * step.total - float(own.sum()))
    weights = rates / rates.sum()
    load = deployment.instances * (own + fixed * weights)
    position = {workload.name: column for column, workload in enumerate(performance.workloads)}
    prompt_s = [performance.prefill_s[row, position[workload]] for workload in option.workloads]
    prompts = deployment.instances * rates * prompt_s
    return Operation(
        deployment,
        step,
        batch,
        steps * step.total,
        memory_share(performance, row, batch),
        {w: value[w] / step.total for w in batch},
        dict(zip(option.workloads, load.tolist(), strict=True)),
        dict(zip(option.workloads, prompts.tolist(), strict=True)),
    )
