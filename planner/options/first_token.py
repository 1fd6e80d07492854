"""First token: what a limit on the mean TTFT leaves for decode steps and for waiting, and what waiting costs.

    TTFT = request + first_token_steps·step + own passes (+ KV transfer) + wait  ≤  limit

Request and own passes are fixed for a kind and a workload; what they leave is the *budget* of that workload there, which
decode steps and the wait share. The wait is that of `formulations.physics.queueing` (M/G/1, prompts in order and before
decode),  W = Σ λ_w·S_w²/(2·(1 − Σ λ_w·S_w)),  with λ_w prompts per second of S_w seconds each; so a wait of at most W is
a linear limit on what an instance serves, exactly and for every mix (ours):

    Σ_w λ_w·S_w·(1 + S_w/(2·W)) ≤ 1

It is one more roof of the time budget, `queue`. Traffic in bursts waits longer; a margin (`safety`) is what covers that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from formulations.physics.arrays import FloatArray
from formulations.physics.first_token import first_token_fixed
from planner.options.performance import Performance

_SAME = 1e-12


def due(performance: Performance) -> NDArray[np.bool_]:
    """Workloads whose first token instances in this role owe, shape (W,).

    Decode instances owe it to workloads without prompts alone: others have theirs from prefill instances.
    """
    role = performance.table.role
    return np.array(
        [
            w.max_ttft_s is not None and (role == "aggregated" or w.prompted == (role == "prefill"))
            for w in performance.workloads
        ]
    )


def budget_s(performance: Performance) -> FloatArray:
    """Seconds that a first token in time leaves for decode steps here and for waiting, (K, W); inf where not due."""
    limits = np.array([w.max_ttft_s or 0.0 for w in performance.workloads])
    return np.where(due(performance), limits - without_wait(performance), np.inf)


def without_wait(performance: Performance) -> FloatArray:
    """Seconds to the first token beside decode steps here and waiting, shape (K, W).

    Prefill instances decode nothing, and a prompt's last pass yields its first token: no decode step stands before it
    there (ours; counting the longest step that a pace allows made a milder pace dearer).
    """
    passes = 0.0 if performance.table.role == "decode" else first_passes(performance)
    fixed = first_token_fixed(performance.engine, 0.0) + passes
    return np.broadcast_to(fixed, performance.capacity.shape)


def first_passes(performance: Performance) -> FloatArray:
    """Seconds of a prompt's own passes and of sending its cache on, shape (K, W)."""
    return performance.prompt_latency_s + performance.transfer_s


def patient(budget: FloatArray, first: int, allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the `allowed` workloads (W,) can wait as long as workload `first`, by kind, shape (K, W).

    `budget` is as `budget_s` gives it. Of workloads that can wait equally long the class is the first one's: the others'
    classes are empty on that kind.
    """
    finite = np.isfinite(budget[:, [first]])
    own = np.where(finite, budget[:, [first]], 0.0)
    same = _SAME * np.abs(own)
    equal = (budget >= own - same) & (budget <= own + same)
    earlier = np.any(equal[:, :first] & allowed[:first], axis=1, keepdims=True)
    return np.asarray((budget >= own - same) & allowed & finite & (own > 0) & ~earlier)
