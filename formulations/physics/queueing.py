"""Queueing: how long a prompt waits for the prompts before it, and what a limit on the wait allows.

An instance serves prompts one after another: arrivals are Poisson (many independent users), a prompt's service is the
time of its passes, and the engine takes prompts before it goes on decoding, so decode is not in the queue; its step in
progress is in `fixed_s`. That is M/G/1, whose mean wait is Pollaczek-Khinchine's

    W = ρ·S·(1 + cv²) / (2·(1 − ρ)),        ρ = prompts per second · S,   cv² = variance of the service / S²

cv² = 0 is M/D/1 (prompts of one length), 1 is M/M/1. With λ_w prompts per second of S_w seconds each, a mean wait of at
most W is the same as

    Σ_w λ_w·S_w·(1 + S_w/(2·W)) ≤ 1

which is linear in what an instance serves, exactly and for every mix (ours, from E[S²] = Σ λ_w·S_w²/Σ λ_w). For a limit
that a share q of the requests must keep, the sojourn of M/M/1 is exponential with mean S/(1 − ρ).

ρ counts the time of prompts alone; bounding the whole busy time of an instance by it is safe, never exact (ours).
"""

from __future__ import annotations

import numpy as np

from formulations.physics.arrays import FloatArray, Numbers, floats


def mean_wait(prompt_seconds: Numbers, utilisation: Numbers, variability: Numbers = 0.0) -> FloatArray:
    """Mean seconds that a prompt waits at `utilisation` ρ (M/G/1); inf from ρ = 1 on. `variability` is cv²."""
    service, busy, spread = np.broadcast_arrays(
        floats(prompt_seconds), floats(utilisation), floats(variability)
    )
    with np.errstate(divide="ignore"):
        wait = busy * service * (1.0 + spread) / (2.0 * (1.0 - busy))
    return np.where(busy < 1.0, wait, np.inf)


def quantile_wait(prompt_seconds: Numbers, utilisation: Numbers, quantile: Numbers) -> FloatArray:
    """Seconds from arrival to the end of the prompt's passes that a share `quantile` of requests does not exceed: M/M/1's
    S·ln(1/(1 − q))/(1 − ρ); inf from ρ = 1 on. Broadcasts."""
    service, busy, share = np.broadcast_arrays(floats(prompt_seconds), floats(utilisation), floats(quantile))
    with np.errstate(divide="ignore"):
        sojourn = -service * np.log1p(-share) / (1.0 - busy)
    return np.where(busy < 1.0, sojourn, np.inf)


def queued_seconds(work_s: Numbers, prompt_seconds: Numbers, wait_s: Numbers) -> FloatArray:
    """What `work_s` seconds of prompts weigh where the mean wait is `wait_s` at most: all weights ≤ the time there is.

    inf where there are prompts and no time to wait. Broadcasts.
    """
    work, service, wait = np.broadcast_arrays(floats(work_s), floats(prompt_seconds), floats(wait_s))
    weighed = work * (1.0 + service / (2.0 * np.where(wait > 0, wait, 1.0)))
    return np.where(work > 0, np.where(wait > 0, weighed, np.inf), 0.0)


def mixed_service(prompt_seconds: Numbers, rates: Numbers) -> tuple[FloatArray, FloatArray]:
    """(mean seconds, cv²) of the prompts of several workloads that share an instance, along the last axis.

    `rates` are requests per second of each; zero rates everywhere give (0, 0).
    """
    service, rate = np.broadcast_arrays(floats(prompt_seconds), floats(rates))
    total = rate.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (service * rate).sum(axis=-1) / total
        spread = (service**2 * rate).sum(axis=-1) / total / mean**2 - 1.0
    known = (total > 0) & (mean > 0)
    return np.where(known, mean, 0.0), np.where(known, np.maximum(spread, 0.0), 0.0)
