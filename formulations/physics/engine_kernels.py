"""Communication kernels of serving engines: how their time differs from a ring's, whose formula `collectives.py` has.

`one_shot`: every rank reads the message of every other rank, (n − 1)·m bytes. `two_shot`: reduce-scatter and all-gather,
2·(n − 1)/n·m, a ring's bytes without its hops. Both stay inside one domain and only reduce. Engines switch from one to
two shots as the message grows; the cheapest of affine protocols is that switch. `shared_bus`: a ring over one host
bridge (PCIe), where the ranks' bytes add up. `all_to_all`: dispatch and combine of spread experts, each message sent to
its rank at once (DeepEP). Ours, after the kernels of TensorRT-LLM, vLLM and SGLang.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from formulations.physics.arrays import FloatArray


def adapt_to_kinds(
    kinds: Sequence[str],
    reduces: bool,
    spreads: bool,
    ranks: FloatArray,
    nodes: FloatArray,
    latency: FloatArray,
    slope: FloatArray,
) -> None:
    """Turn a ring's `latency` [s] and `slope` [s/sequence] (protocols first) in place into those of `kinds`.

    Latency is inf where a kernel cannot go. `reduces` and `spreads` say whether the pattern is an all-reduce or an
    all-to-all of tokens.
    """
    for index, kind in enumerate(kinds):
        if kind in ("one_shot", "shared_bus"):
            slope[index, ...] *= np.maximum(ranks / 2.0, 1.0)  # n/2 times 2·(n − 1)/n
        if kind in ("one_shot", "two_shot"):
            excluded = (ranks > 1.0) & (nodes > 1.0) if reduces else np.ones_like(ranks, dtype=np.bool_)
            latency[index, ...] = np.where(excluded, np.inf, latency[index, ...])
        if kind == "all_to_all" and not spreads:
            latency[index, ...] = np.inf
