"""Operation: how each deployment runs, in exact physics; mean batch, engine limit, step time, pace, shares of time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from formulations.physics.arrays import FloatArray
from formulations.physics.queueing import mean_wait, mixed_service
from planner.allocation import Deployment
from planner.operation.exact_step import ExactStep, exact_step, memory_share
from planner.options.first_token import without_wait
from planner.options.option_set import OptionSet
from planner.options.performance import Performance
from planner.options.pieces import FIRST_TOKEN


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
    ttft_s: dict[str, float]
    """Mean seconds to the first token where prompts are processed here, by workload."""

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
        names = {"hbm": "HBM", "sequences": "max_num_seqs", "pace": "pace", FIRST_TOKEN: "first token"}
        limits = " and ".join(dict.fromkeys(names[name] for name in held))
        return f"{limits}; {'bandwidth' if self.step.roof == 'memory' else 'arithmetic'}"


def operate(deployment: Deployment, options: OptionSet, availability: float) -> Operation:
    """Run a deployment at the fewest steps that serve its load (largest batch within its limits), in exact physics.

    `availability` is the share of time for which its supply's instances are there: prompts come in that time alone.
    """
    if deployment.option.resources:
        return _stepping(deployment, options, availability)
    if deployment.option.role == "prefill" and deployment.option.kind in options.performances:
        return _prefill(deployment, options, availability)
    return _measured(deployment, options)


def _stepping(deployment: Deployment, options: OptionSet, availability: float) -> Operation:
    option = deployment.option
    rates = _rates(deployment)
    steps = float((rates / option.batch_limit).sum(axis=1).max())
    batch = {w: float(rate / steps) for w, rate in zip(option.workloads, rates, strict=True) if rate > 0}
    performance, row = options.performances[option.kind]
    columns = _columns(performance, option.workloads)
    step = exact_step(performance, row, batch)
    value = {w: float(v) for w, v in zip(option.workloads, option.tokens_per_step, strict=True)}
    own = performance.linear[:, row, columns].max(axis=0) * rates
    fixed = max(0.0, steps * step.total - float(own.sum()))
    load = deployment.instances * (own + fixed * rates / rates.sum())
    prompts = performance.prefill_s[row, columns]
    requests = np.divide(
        prompts * rates, performance.prompt_s[row, columns], where=prompts > 0, out=np.zeros_like(rates)
    )
    fixed_s = without_wait(performance)[row, columns] + performance.engine.first_token_steps * step.total
    ttft = fixed_s + _wait(performance.prompt_s[row, columns], requests / availability)
    whole = option.role == "aggregated"
    first = {w.name for w in performance.workloads if whole or not w.prompted}
    return Operation(
        deployment,
        step,
        batch,
        steps * step.total,
        memory_share(performance, row, batch),
        {w: value[w] / step.total for w in batch},
        _by_workload(option.workloads, load),
        _by_workload(option.workloads, deployment.instances * rates * prompts),
        {w: t for w, t in _by_workload(option.workloads, ttft).items() if w in first and w in batch},
    )


def _prefill(deployment: Deployment, options: OptionSet, availability: float) -> Operation:
    option, requests = deployment.option, _rates(deployment)
    performance, row = options.performances[option.kind]
    columns = _columns(performance, option.workloads)
    service = np.maximum(performance.prompt_s, performance.transfer_s)[row, columns]
    ttft = without_wait(performance)[row, columns] + _wait(service, requests / availability)
    load = _by_workload(option.workloads, deployment.instances * service * requests)
    served = {w: t for w, t in _by_workload(option.workloads, ttft).items() if w in deployment.tokens_per_s}
    return Operation(deployment, None, {}, float(service @ requests), 0.0, {}, load, load, served)


def _measured(deployment: Deployment, options: OptionSet) -> Operation:
    """Pace and first token are those that the table gives for the rate, which is the most that is served."""
    option = deployment.option
    rows = [r for r in options.measured[option.kind].rows if r.workload in deployment.tokens_per_s]
    prompt_only, decode_only = option.role == "prefill", option.role == "decode"
    pace = {r.workload: 1e3 / r.tpot_ms for r in rows if r.tpot_ms is not None and not prompt_only}
    ttft = {r.workload: r.ttft_ms / 1e3 for r in rows if r.ttft_ms is not None and not decode_only}
    load = option.sequence_s[0] * _rates(deployment) * deployment.instances
    shares = _by_workload(option.workloads, load)
    prompts = shares if option.role == "prefill" else dict.fromkeys(shares, 0.0)
    busy = float(load.sum()) / deployment.instances
    return Operation(deployment, None, {}, busy, 0.0, pace, shares, prompts, ttft)


def _rates(deployment: Deployment) -> FloatArray:
    """Sequence-steps (of prefill: requests) per second of one instance, by workload of the option."""
    option = deployment.option
    tokens = np.array([deployment.tokens_per_s.get(workload, 0.0) for workload in option.workloads])
    return np.asarray(tokens / option.tokens_per_step / deployment.instances)


def _columns(performance: Performance, workloads: tuple[str, ...]) -> list[int]:
    names = [workload.name for workload in performance.workloads]
    return [names.index(workload) for workload in workloads]


def _wait(service_s: FloatArray, requests: FloatArray) -> float:
    """Mean wait of a prompt in the mix that is really served."""
    mean, variability = mixed_service(service_s, requests)
    return float(mean_wait(mean, float(service_s @ requests), variability))


def _by_workload(workloads: tuple[str, ...], values: FloatArray) -> dict[str, float]:
    return dict(zip(workloads, values.tolist(), strict=True))
