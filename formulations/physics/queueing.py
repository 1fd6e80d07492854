"""Queueing: how long a prompt waits for the prompts before it, and the utilisation that a TTFT limit allows.

An instance serves prompts one after another: arrivals are Poisson (many independent users), a prompt's service is the
time of its passes, and the engine takes prompts before it goes on decoding, so decode is not in the queue; its step in
progress is in `fixed_s`. That is M/G/1, whose mean wait is Pollaczek-Khinchine's

    W = ρ·S·(1 + cv²) / (2·(1 − ρ)),        ρ = prompts per second · S,   cv² = variance of the service / S²

cv² = 0 is M/D/1 (prompts of one length), 1 is M/M/1. A limit on the mean TTFT, W + S + fixed ≤ T, holds exactly for

    ρ ≤ 2·w / (2·w + S·(1 + cv²)),          w = T − S − fixed

which is a constant: the program's row stays linear. For a limit that a share q of the requests must keep, the sojourn
of M/M/1 is exponential with mean S/(1 − ρ), and bounds that of steadier service (cv² ≤ 1) in heavy traffic:

    ρ ≤ 1 − S·ln(1/(1 − q)) / (T − fixed)

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


def utilisation_for_ttft(
    prompt_seconds: Numbers,
    max_ttft_s: Numbers,
    fixed_s: Numbers = 0.0,
    variability: Numbers = 0.0,
    quantile: Numbers | None = None,
) -> FloatArray:
    """Largest ρ in [0, 1) at which TTFT keeps `max_ttft_s`; negative where an idle instance already breaks it.

    `prompt_seconds` S: a prompt's own passes (`prefill.prompt_latency`); `fixed_s`: what neither prompt nor queue takes
    (`first_token.first_token_fixed`); `variability` cv² of S; without `quantile` the limit is on the mean. Broadcasts.
    """
    service, slack = floats(prompt_seconds), floats(max_ttft_s) - floats(fixed_s)
    if quantile is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            busy = 1.0 + service * np.log1p(-floats(quantile)) / slack
        return np.where(slack > 0, busy, -np.inf)
    waiting = slack - service
    with np.errstate(divide="ignore", invalid="ignore"):
        busy = 2.0 * waiting / (2.0 * waiting + service * (1.0 + floats(variability)))
    return np.where(waiting >= 0, np.where(service > 0, busy, 1.0), -np.inf)


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
