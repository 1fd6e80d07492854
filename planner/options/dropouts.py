"""Drop-outs: kinds that cannot serve a workload, with what they needed and what they had.

A kind is dropped for a workload when HBM does not hold its weights and one sequence, or when even the smallest batch is
slower than the pace asked for. Layouts and KV precisions that fail for the same reason stand in one line, so that the
list stays readable: one per model, accelerator, way of decoding, weight precision, workloads and reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fleets.schema.assumptions import AssumptionSet
from formulations.physics.arrays import FloatArray
from formulations.physics.machine import GIGA
from planner.options.kinds import Rejection
from planner.options.performance import Performance

MEMORY = "does not fit into HBM"
PACE = "slower than asked"


@dataclass(frozen=True)
class Reach:
    """What the kinds of a table can do with a single sequence in every pipeline stage; shapes (K, W)."""

    needed_gb: FloatArray
    """Weights and KV cache, GB on the whole instance."""
    usable_gb: FloatArray
    """HBM that may be filled, GB on the whole instance."""
    pace: FloatArray
    """Tokens per second per user; what the kind reaches at best."""
    fits: NDArray[np.bool_]

    def serves(self, performance: Performance) -> NDArray[np.bool_]:
        """Whether a kind fits and keeps the pace of each workload, shape (K, W)."""
        return np.asarray(self.fits & (self.pace >= _paces(performance)))


def reach(performance: Performance, assumptions: AssumptionSet) -> Reach:
    """Memory and pace of every kind at its smallest batch: one sequence, or one in every pipeline stage."""
    table = performance.table
    smallest = table.smallest_batch
    kept = 1.0 if assumptions.choices.kv_capacity == "micro_batch" else smallest
    pace = np.broadcast_to(
        performance.tokens_per_step / performance.alone_s(smallest), performance.capacity.shape
    )
    if table.role == "prefill":
        pace = np.full_like(pace, np.inf)
    needed = np.broadcast_to(
        performance.weights + np.maximum(performance.cache * kept, performance.longest), pace.shape
    )
    fits = performance.capacity >= smallest * (1 - 1e-12)
    return Reach(needed / GIGA, performance.room / GIGA, pace, np.asarray(fits))


def dropouts(performances: Iterable[Performance], assumptions: AssumptionSet) -> list[Rejection]:
    """Every kind that some workload cannot use, grouped."""
    found: list[Rejection] = []
    for performance in performances:
        able = reach(performance, assumptions)
        slow = able.fits & (able.pace < _paces(performance))
        for reason, lacking in ((MEMORY, ~able.fits), (PACE, slow)):
            found += _grouped(performance, able, lacking, reason)
    return found


def _grouped(
    performance: Performance, able: Reach, lacking: NDArray[np.bool_], reason: str
) -> Iterator[Rejection]:
    table = performance.table
    groups: dict[tuple[str, tuple[int, ...]], list[int]] = {}
    for row in np.flatnonzero(lacking.any(axis=1)):
        workloads = tuple(int(w) for w in np.flatnonzero(lacking[row]))
        groups.setdefault((table.weight_precisions[row], workloads), []).append(int(row))
    for (weights, workloads), rows in groups.items():
        names = [performance.workloads[w].name for w in workloads]
        way = table.way.name if table.way else ""
        role = "" if table.role == "aggregated" else table.role
        layouts = ", ".join(dict.fromkeys(table.layout_names[row] for row in rows))
        where = "/".join(
            p for p in (table.model.name, table.accelerator.name, f"w-{weights}", way, role) if p
        )
        what = f"{where} ({layouts}) for {', '.join(names)}"
        here = np.ix_(rows, workloads)
        if reason == MEMORY:
            needed = f"{_range(able.needed_gb[here])} GB for weights and {_held(performance)}"
            yield Rejection(what, needed, f"{_range(able.usable_gb[here])} GB of usable HBM", reason)
        else:
            asked = _paces(performance)[:, list(workloads)]
            best = f"{_range(able.pace[here])} tokens/s with one sequence"
            yield Rejection(what, f"{_range(asked)} tokens/s per user", best, reason)


def _held(performance: Performance) -> str:
    """What an instance must hold at least beside its weights."""
    longest = performance.table.model.settings.max_model_len
    return "one sequence" if longest is None else f"one request of {longest:,} tokens (max_model_len)"


def _paces(performance: Performance) -> FloatArray:
    """Pace asked by each workload, shape (1, W)."""
    return np.array([[workload.pace for workload in performance.workloads]])


def _range(values: FloatArray) -> str:
    low, high = f"{values.min():.4g}", f"{values.max():.4g}"
    return low if low == high else f"{low} to {high}"
