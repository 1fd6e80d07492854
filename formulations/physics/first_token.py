"""First token: time from a request's arrival to its first token, without a queue in front of the instance.

    TTFT = request + first_token_steps·step + prompt_latency + prompts in front·prefill_time + queue

The queue of an open stream of requests is `queueing.py`'s. Here: a closed loop of b requests, as benchmarks run, where
prompts in front are  burst_share·(b − 1)/2  (requests that start or end together) plus the mean queue ρ/(2(1 − ρ)) of
M/D/1 at the share ρ of time that prompts take (ours).
"""

from __future__ import annotations

import numpy as np

from fleets.schema.assumptions import Engine
from formulations.physics.arrays import FloatArray, Numbers, floats

MILLI = 1e-3
BUSIEST = 0.9
"""Share of time beyond which a closed loop's prompts no longer queue up as an open stream's would."""


def first_token_fixed(engine: Engine, step_s: Numbers, name: str = "") -> FloatArray:
    """Seconds of a first token that neither the prompt nor a queue takes: the request's own time and the decode steps
    around it. `name` picks an engine's constants where the set lists several."""
    request = engine.requests_of.get(name, engine.requests)
    return request.request_ms * MILLI + engine.first_token_steps * floats(step_s)


def first_token_time(
    engine: Engine,
    prompt_latency_s: Numbers,
    step_s: Numbers,
    prefill_s: Numbers,
    batch: Numbers,
    residence_s: Numbers,
    name: str = "",
) -> FloatArray:
    """Mean seconds to the first token in a closed loop of `batch` requests; arrays broadcast.

    `prompt_latency_s` a prompt's own passes, `step_s` a decode step, `prefill_s` what a prompt in front takes of the
    instance, `residence_s` how long a request decodes.
    """
    request = engine.requests_of.get(name, engine.requests)
    prefill, batch = floats(prefill_s), floats(batch)
    busy = np.minimum(batch * prefill / floats(residence_s), BUSIEST)
    in_front = request.burst_share * np.maximum(batch - 1.0, 0.0) / 2.0 + busy / (2.0 * (1.0 - busy))
    return first_token_fixed(engine, step_s, name) + floats(prompt_latency_s) + in_front * prefill
