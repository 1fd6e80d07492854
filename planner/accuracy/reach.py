"""Reach: what a deployment may do that no measured one did, beside its family, accelerator and precision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fleets.schema.fits import Reach


@dataclass(frozen=True)
class Doing:
    """What is asked of the measurements; of several deployments the most of each."""

    kv_precisions: tuple[str, ...]
    instance_accelerators: int
    pipeline: int
    speculation: bool
    disaggregated: bool
    prefix_hits: bool
    request_tokens: float
    """Prompt and output together."""


def beyond(reach: Reach | None, doing: Doing) -> tuple[str, ...]:
    """In words, what was never measured; nothing where a set does not say how far its measurements reach."""
    return () if reach is None else tuple(_beyond(reach, doing))


def _beyond(reach: Reach, doing: Doing) -> Iterator[str]:
    for precision in doing.kv_precisions:
        if precision not in reach.kv_precisions:
            yield f"KV cache in {precision}"
    if doing.instance_accelerators > reach.instance_accelerators:
        yield f"more than {reach.instance_accelerators} accelerators in an instance"
    if doing.pipeline > reach.pipeline:
        yield "pipeline stages" if reach.pipeline == 1 else f"more than {reach.pipeline} pipeline stages"
    if doing.speculation:
        yield "speculative decoding"
    if doing.disaggregated:
        yield "prompts on instances of their own"
    if doing.prefix_hits:
        yield "prefix caching"
    if doing.request_tokens > reach.request_tokens:
        longest = f"the longest measured have {reach.request_tokens:,.0f}"
        yield f"requests of {doing.request_tokens:,.0f} tokens ({longest})"
