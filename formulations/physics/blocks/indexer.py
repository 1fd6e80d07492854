"""Indexer: the small scorer that chooses which tokens attention reads; every rank runs all of it (vLLM, SGLang)."""

from __future__ import annotations

from fleets.schema.blocks import Indexer
from formulations.physics.arrays import FloatArray, floats
from formulations.physics.blocks.kernel import Kernel, Matrix, Mixing, Small


def index_kernels(
    indexer: Indexer | None, d_model: int, query: int, weighted: bool, keyed: bool = True
) -> tuple[Kernel, ...]:
    """Queries from a vector of size `query`, one key where it is the indexer's own (`keyed`), and a weight per head where
    the scores are `weighted`; the scores and the choice of the best. None where an earlier layer's choice is taken."""
    if indexer is None or indexer.shared:
        return ()
    beside = [indexer.dim] * keyed + [indexer.heads] * weighted
    return (
        Matrix(indexer.heads * indexer.dim, query, replicated=True),
        *(Matrix(rows, d_model, replicated=True, launches=int(n == 0)) for n, rows in enumerate(beside)),
        Mixing("scores of the index"),
        Small("choice of the best"),
    )


def index_flop(indexer: Indexer | None, scored: FloatArray) -> FloatArray:
    """FLOP of scoring so many keys: 2·heads·size each."""
    if indexer is None or indexer.shared:
        return floats(0.0 * scored)
    return floats(2.0 * indexer.heads * indexer.dim * scored / indexer.pooled)


def index_bytes(indexer: Indexer | None) -> float:
    """Bytes of index keys per token, held and read."""
    return 0.0 if indexer is None else indexer.cached_bytes


def reach_of(indexer: Indexer | None, window: int | None) -> int | None:
    """Tokens that attention reads at the most: a window, or the best K; None: all."""
    limits = [limit for limit in (window, indexer.top_tokens if indexer else None) if limit is not None]
    return min(limits, default=None)
