"""KV transfer: how long a prefill instance sends the cache of a prompt to the instance that decodes it."""

from __future__ import annotations

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import Choices
from formulations.physics.arrays import FloatArray, Numbers
from formulations.physics.kv_cache import cache_held
from formulations.physics.layout import Layout
from formulations.physics.machine import Machine


def transfer_time(
    architecture: Architecture,
    choices: Choices,
    machine: Machine,
    layout: Layout,
    kv_bytes: Numbers,
    input_tokens: Numbers,
) -> FloatArray:
    """Seconds to send the KV cache of `input_tokens` from an instance; inf without a link between nodes. Broadcasts.

    bytes of the prompt's cache / (accelerators · link rate): every rank sends its part over its own link, at the link's
    full rate and in the precision that the cache is kept in (ours).
    """
    cache = cache_held(architecture, choices, layout, kv_bytes, input_tokens)
    link = machine.scaleup_s_per_byte if machine.torus else machine.scaleout_s_per_byte
    with np.errstate(invalid="ignore"):
        seconds = cache * link / layout.accelerators
    return np.where(cache > 0, seconds, 0.0)
