"""First token: the largest share of time for prompts at which every workload keeps its time to first token.

    TTFT = request + first_token_steps·step + own passes (+ KV transfer) + wait

All but the wait are fixed for an option, so a limit on the mean TTFT is a limit on the share ρ of time that prompts take:
one more roof of the time budget, `queue`, on which a prompt weighs 1/ρ of its time. The wait is that of
`formulations.physics.queueing` (M/G/1, prompts in order and before decode), with E[S²] ≤ S_max·E[S], S_max the longest
prompt that the option serves, so that it holds for any mix of workloads (ours): wait ≤ ρ·S_max/(2·(1 − ρ)). Traffic in
bursts waits longer; a margin (`safety`) is what covers that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fleets.schema.assumptions import Engine
from formulations.physics.arrays import FloatArray
from formulations.physics.first_token import first_token_fixed
from formulations.physics.queueing import utilisation_for_ttft
from planner.config.resolved import ResolvedWorkload


def ttft_limits(workloads: tuple[ResolvedWorkload, ...]) -> FloatArray:
    """Seconds to the first token that each workload allows, shape (W,); inf where it asks for nothing."""
    return np.array([np.inf if w.max_ttft_s is None else w.max_ttft_s for w in workloads])


def without_wait(engine: Engine, step_s: FloatArray, passes_s: FloatArray) -> FloatArray:
    """Seconds to the first token on an idle queue; `step_s` a decode step, `passes_s` the prompt's own, both (K, W)."""
    return np.asarray(first_token_fixed(engine, step_s) + passes_s)


def prompt_share(
    fixed_s: FloatArray, prompt_s: FloatArray, limits_s: FloatArray, served: NDArray[np.bool_]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """(largest share of time for prompts of each kind (K,), workloads that it can serve at all (K, W)).

    A workload whose fixed part alone breaks its limit is not served. `fixed_s`, `prompt_s`, `served`: shape (K, W);
    `limits_s`: (W,).
    """
    possible = served & (fixed_s < limits_s)
    longest = np.where(possible, prompt_s, 0.0).max(axis=1, initial=0.0)
    wait = np.where(possible, limits_s - np.where(possible, fixed_s, 0.0), np.inf)
    share = np.where(np.isfinite(wait), utilisation_for_ttft(longest[:, None], wait + longest[:, None]), 1.0)
    return np.asarray(share.min(axis=1, initial=1.0)), possible
