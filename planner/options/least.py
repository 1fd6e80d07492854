"""Least: accelerator seconds that a token takes at best, whatever else an instance serves; what a bound by hand rests on.

On an instance that runs B sequences in all, a sequence of w takes at least  s(B)/B + linear_w  seconds of every step,
s the concave part under one roof. s(B)/B falls with B, so the largest B that HBM, the engine and w's own step allow
gives the least (ours). Demands times these are a bound on accelerators of a kind for any mix, as long as all workloads of
a kind are counted under the same roof: an instance is as busy as its busiest roof, and no busier.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from formulations.physics.arrays import FloatArray
from planner.options.first_token import budget_s
from planner.options.limits import pace_step_s, sequence_limits, whole
from planner.options.measured import MeasuredKind
from planner.options.performance import Performance

_CHORDS = 3
"""Each takes one evaluation of the physics; the third batch was within 1 % of the true one on benchmark fleet c."""
_SAME = 1e-9


@dataclass(frozen=True)
class Least:
    """Accelerator seconds per token by workload and accelerator, for each role; what is missing cannot be served."""

    by_role: Mapping[str, Mapping[str, Mapping[str, float]]]

    def of(self, role: str, workload: str) -> Mapping[str, float]:
        """By accelerator."""
        return self.by_role.get(role, {}).get(workload, {})

    def price(self, workload: str, prompted: bool, price: Mapping[str, float]) -> float:
        """The least that a token can cost, of accelerators at a price per second; inf where nothing serves it.

        Decode instances serve no prompts, so those of a workload that has any come from prefill instances.
        """

        def best(role: str) -> float:
            held = self.of(role, workload).items()
            return min((seconds * price[name] for name, seconds in held if name in price), default=np.inf)

        apart = best("decode") + (best("prefill") if prompted else 0.0)
        return float(min(best("aggregated"), apart))


def least_of(performances: Iterable[Performance], measured: Iterable[MeasuredKind] = ()) -> Least:
    """The least of all kinds of some tables, and of measured ones."""
    found: dict[str, dict[str, dict[str, float]]] = {}

    def enter(role: str, workload: str, accelerator: str, seconds: float) -> None:
        if np.isfinite(seconds):
            held = found.setdefault(role, {}).setdefault(workload, {})
            held[accelerator] = min(seconds, held.get(accelerator, np.inf))

    for performance in performances:
        table = performance.table
        seconds = (table.gpus[:, None] * busy_s_per_token(performance)).min(axis=0, initial=np.inf)
        for workload, least in zip(performance.workloads, seconds, strict=True):
            enter(table.role, workload.name, table.accelerator.name, float(least))
    for kind in measured:
        row = kind.rows[0]
        for each, tokens in zip(kind.rows, kind.tokens_per_s, strict=True):
            enter(row.role, each.workload, row.accelerator, row.gpus / float(tokens))
    return Least(found)


def busy_s_per_token(performance: Performance) -> FloatArray:
    """Instance seconds that a token of each workload takes at least on each kind, (K, W); inf where it is not served."""
    by_roof = _prefill_s(performance) if performance.table.role == "prefill" else _decode_s(performance)
    demand = np.array([workload.demand for workload in performance.workloads])
    weight = demand if demand.any() else np.ones(len(demand))
    loads = (np.where(np.isfinite(by_roof), by_roof, 0.0) * weight).sum(axis=2)  # (R, K)
    roof = loads.argmax(axis=0)  # any one roof is a bound; the busiest is a good one
    return np.asarray(np.take_along_axis(by_roof, roof[None, :, None], axis=0)[0])


def _prefill_s(performance: Performance) -> FloatArray:
    outputs = np.array([workload.output_tokens for workload in performance.workloads])
    seconds = np.stack([performance.prompt_s, performance.transfer_s]) / outputs
    fits = (performance.capacity >= 1.0) & np.isfinite(performance.transfer_s)
    prompted = np.array([workload.prompted for workload in performance.workloads])
    return np.where(fits & prompted, seconds, np.inf)


def _decode_s(performance: Performance) -> FloatArray:
    batch = _largest_batch(performance)
    served = batch >= performance.table.smallest_batch
    batch = np.where(served, batch, 1.0)
    step, slope = performance.concave(batch)
    seconds = step / batch + slope + performance.linear
    return np.where(served, seconds / performance.tokens_per_step, np.inf)


def _largest_batch(performance: Performance) -> FloatArray:
    """No instance that serves w within its pace and first token runs more sequences, (K, W); 0 where it serves none.

    A step is concave in the batch, so it lies above any chord from batch 0: where the chord passes the longest step w
    allows, the step has passed it already.
    """
    held = np.min([performance.capacity, *(limit[0] for limit in sequence_limits(performance))], axis=0)
    batch = np.where(held >= performance.table.smallest_batch, held.max(axis=1, keepdims=True), 0.0)
    longest = np.concatenate([pace_step_s(performance, w.pace) for w in performance.workloads], axis=1)
    if performance.engine.first_token_steps > 0:
        longest = np.minimum(longest, budget_s(performance) / performance.engine.first_token_steps)
    if not np.isfinite(longest).any():
        return whole(batch)
    lightest = performance.linear.min(axis=2, keepdims=True)  # (R, K, 1)
    empty = performance.concave(np.zeros((len(held), 1)))[0]
    for _ in range(_CHORDS):
        step, slope = performance.concave(np.maximum(batch, _SAME))
        rise = step + (slope + lightest) * batch - empty
        room = longest - empty
        share = np.where(rise > room, room / np.maximum(rise, 1e-300), 1.0).min(axis=0)
        batch = batch * np.clip(share * (1 + _SAME), 0.0, 1.0)
    return whole(batch)
