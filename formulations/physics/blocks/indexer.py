"""Indexer: the small scorer that chooses which tokens attention reads; every rank runs all of it (vLLM, SGLang)."""

from __future__ import annotations

from fleets.schema.blocks import Indexer
from formulations.physics.arrays import FloatArray, floats
from formulations.physics.blocks.kernel import Kernel, Matrix, Mixing, Small
from formulations.physics.context import Context, seen_pairs


def index_kernels(indexer: Indexer | None, d_model: int, query: int, weighted: bool) -> tuple[Kernel, ...]:
    """Queries from a vector of size `query`, one key, and a weight per head where the scores are `weighted`; the scores
    and the choice of the best. None where an earlier layer's choice is taken."""
    if indexer is None or indexer.shared:
        return ()
    weights = (Matrix(indexer.heads, d_model, replicated=True, launches=0),) if weighted else ()
    return (
        Matrix(indexer.heads * indexer.dim, query, replicated=True),
        Matrix(indexer.dim, d_model, replicated=True),
        *weights,
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


def read_tokens(indexer: Indexer | None, window: int | None, context: Context) -> FloatArray:
    """Tokens that attention reads: all, a window, or the best K."""
    limits = [limit for limit in (window, indexer.top_tokens if indexer else None) if limit is not None]
    return context.at_most(min(limits)) if limits else context.mean


def read_pairs(indexer: Indexer | None, window: int | None, tokens: FloatArray) -> FloatArray:
    """The same for all tokens of a prompt together."""
    limits = [limit for limit in (window, indexer.top_tokens if indexer else None) if limit is not None]
    return seen_pairs(tokens, min(limits) if limits else None)
