"""Indexer: the small scorer that chooses which tokens attention reads; every rank runs all of it (vLLM, SGLang)."""

from __future__ import annotations

from fleets.schema.blocks import Indexer
from formulations.physics.arrays import FloatArray, floats
from formulations.physics.blocks.matrix import Matrix
from formulations.physics.context import Context, seen_pairs

KERNELS = 4
"""Its query, its key, the scores, the choice."""


def index_matrices(indexer: Indexer | None, d_model: int, query: int, weighted: bool) -> tuple[Matrix, ...]:
    """Queries from a vector of size `query`, one key, and a weight per head where the scores are `weighted`."""
    if indexer is None or indexer.shared:
        return ()
    queries = Matrix(indexer.heads * indexer.dim, query, replicated=True)
    key = Matrix(indexer.dim, d_model, replicated=True)
    return (queries, key, Matrix(indexer.heads, d_model, replicated=True)) if weighted else (queries, key)


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
