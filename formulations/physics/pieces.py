"""Pieces: the network time as a concave, piecewise affine function of the batch.

Each collective takes the cheapest of its protocols, a minimum of lines; their sum changes slope at the
batches where one collective switches protocol. Any one piece, extended, is an over-estimate everywhere
(docs/program.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from formulations.physics.arrays import FloatArray
from formulations.physics.collectives import Collective


@dataclass(frozen=True)
class NetworkPieces:
    """Pieces along the last axis, by rising batch; a piece whose `start` is inf is padding.

    On batches from `start` to the next piece's start the network takes `latency` + `per_sequence`·batch
    seconds.
    """

    start: FloatArray
    latency: FloatArray
    per_sequence: FloatArray


def network_pieces(collectives: Sequence[Collective], shape: tuple[int, ...]) -> NetworkPieces:
    """All pieces for coefficients of `shape`; the first starts at batch 0."""
    shape = np.broadcast_shapes(shape, *(collective.latency.shape[:-1] for collective in collectives))
    starts = [np.zeros((*shape, 1))]
    starts += [_switches(collective, shape) for collective in collectives]
    start = np.sort(np.concatenate(starts, axis=-1), axis=-1)
    repeated = np.zeros(start.shape, dtype=bool)
    repeated[..., 1:] = start[..., 1:] <= start[..., :-1] * (1 + 1e-12)
    start = np.sort(np.where(repeated, np.inf, start), axis=-1)
    count = max(1, int(np.max(np.sum(np.isfinite(start), axis=-1), initial=1)))
    start = start[..., :count]
    inside = _inside(start)
    latency, per_sequence = np.zeros(start.shape), np.zeros(start.shape)
    for collective in collectives:
        wide = Collective(
            collective.name, collective.latency[..., None, :], collective.per_sequence[..., None, :]
        )
        a, b = wide.affine(inside)
        latency, per_sequence = latency + a, per_sequence + b
    return NetworkPieces(start, latency, per_sequence)


def _switches(collective: Collective, shape: tuple[int, ...]) -> FloatArray:
    """Batches at which the collective's lower envelope changes protocol, inf elsewhere; shape (*shape, pairs)."""
    lines = range(collective.latency.shape[-1])
    found = [np.full(shape, np.inf)]
    for one, other in combinations(lines, 2):
        with np.errstate(divide="ignore", invalid="ignore"):
            batch = (collective.latency[..., other] - collective.latency[..., one]) / (
                collective.per_sequence[..., one] - collective.per_sequence[..., other]
            )
            value = collective.latency[..., one] + collective.per_sequence[..., one] * batch
            lowest = np.min(collective.latency + collective.per_sequence * batch[..., None], axis=-1)
            on_envelope = np.isfinite(batch) & (batch > 0) & (value <= lowest * (1 + 1e-12))
        found.append(np.broadcast_to(np.where(on_envelope, batch, np.inf), shape))
    return np.stack(found, axis=-1)


def _inside(start: FloatArray) -> FloatArray:
    """A batch inside every piece (padding: the last piece's)."""
    ends = np.concatenate([start[..., 1:], np.full((*start.shape[:-1], 1), np.inf)], axis=-1)
    known = np.where(np.isfinite(start), start, 0.0)
    last = np.max(known, axis=-1, keepdims=True)
    beyond = 2.0 * last + 1.0
    middle = np.where(np.isfinite(ends), (known + np.where(np.isfinite(ends), ends, 0.0)) / 2, beyond)
    return np.where(np.isfinite(start), middle, beyond)
