"""Collectives: one message pattern of a step, affine in the batch for each protocol; the cheapest protocol counts.

P10, P11: latency = base + k·((ranks/nodes − 1)·t_rank + log2(nodes)·t_node), k = 2 for an all-reduce and 1
otherwise; transfer = k·bytes·share/(link·efficiency) over the links inside and between nodes. Ours: shares
other than a ring's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from formulations.physics.arrays import FloatArray, finite_share, floats
from formulations.physics.engine_kernels import adapt_to_kinds
from formulations.physics.machine import Machine

ALL_REDUCE = 2.0
ONE_PASS = 1.0


@dataclass(frozen=True)
class Collective:
    """`latency` + `per_sequence`·batch seconds per step by protocol (last axis), all repetitions in a step included."""

    name: str
    latency: FloatArray
    per_sequence: FloatArray

    def best(self, batch: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(latency, transfer) in seconds of the cheapest protocol at `batch`, which broadcasts to the coefficients."""
        latency = self.latency[..., 0] + 0.0 * batch
        transfer = self.per_sequence[..., 0] * batch
        for protocol in range(1, self.latency.shape[-1]):
            other_latency = self.latency[..., protocol]
            other_transfer = self.per_sequence[..., protocol] * batch
            better = other_latency + other_transfer < latency + transfer
            latency = np.where(better, other_latency, latency)
            transfer = np.where(better, other_transfer, transfer)
        return latency, transfer

    def total(self, batch: FloatArray) -> FloatArray:
        """Seconds of the cheapest protocol at `batch`."""
        best = self.latency[..., 0] + self.per_sequence[..., 0] * batch
        for protocol in range(1, self.latency.shape[-1]):
            best = np.minimum(best, self.latency[..., protocol] + self.per_sequence[..., protocol] * batch)
        return floats(best)

    def affine(self, batch: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(latency, seconds per sequence) of the protocol that is cheapest at `batch`: an over-estimate elsewhere."""
        first = self.latency[..., 0] + self.per_sequence[..., 0] * batch
        total, latency, slope = np.array(first), np.empty(first.shape), np.empty(first.shape)
        latency[...], slope[...] = self.latency[..., 0], self.per_sequence[..., 0]
        for protocol in range(1, self.latency.shape[-1]):
            other_latency, other_slope = self.latency[..., protocol], self.per_sequence[..., protocol]
            other = other_latency + other_slope * batch
            better = np.less(other, total)
            np.copyto(
                latency, other_latency, where=better
            )  # in place: these arrays are the largest of the options
            np.copyto(slope, other_slope, where=better)
            np.copyto(total, other, where=better)
        return latency, slope

    @property
    def fastest_transfer(self) -> FloatArray:
        """Least seconds per sequence of the protocols that can go at all: what long messages take."""
        possible = np.where(np.isfinite(self.latency), self.per_sequence, np.inf)
        return floats(np.min(possible, axis=-1))

    def repeated(self, times: FloatArray) -> Collective:
        """So many times as often in a step."""
        return Collective(self.name, self.latency * times[..., None], self.per_sequence * times[..., None])


@dataclass(frozen=True)
class Pattern:
    """Who talks to whom: `ranks` on `nodes` nodes, `passes` k, and the bytes' shares inside and between nodes."""

    passes: float
    ranks: FloatArray
    nodes: FloatArray
    inside: FloatArray
    between: FloatArray
    spreads: bool = False
    """Whether ranks send tokens to their experts or back."""

    @classmethod
    def ring(cls, passes: float, ranks: FloatArray, nodes: FloatArray) -> Pattern:
        """Shares of a hierarchical ring: nodes·(ranks/nodes − 1)/ranks inside, (nodes − 1)/ranks between."""
        ranks, nodes = floats(ranks), floats(nodes)
        inside = nodes * np.maximum(0.0, ranks / nodes - 1.0) / ranks
        return cls(passes, ranks, nodes, inside, (nodes - 1.0) / ranks)


@dataclass(frozen=True)
class Route:
    """A pattern on a machine: seconds and seconds per byte by protocol, which come first here."""

    latency: FloatArray
    per_byte: FloatArray

    def collective(
        self, name: str, bytes_per_sequence: FloatArray, where: FloatArray | float | None = None
    ) -> Collective:
        """Messages of that many bytes per sequence; `where` multiplies them, and none cost nothing."""
        latency, slope = self.latency, self.per_byte * bytes_per_sequence
        if where is not None:
            where = floats(where)
            with np.errstate(invalid="ignore"):  # none over a link or by a kernel that is not there: 0 · inf
                latency = np.where(where > 0, latency * where, 0.0)
                slope = np.where(where > 0, slope * where, 0.0)
        return Collective(name, np.moveaxis(latency, 0, -1), np.moveaxis(slope, 0, -1))


def route(machine: Machine, overlap: str, pattern: Pattern, repetitions: float = 1.0) -> Route:
    """Costs of `pattern`, so many times a step: 0 where a rank is alone, inf over a link that is not there.

    `overlap` is the choice `link_overlap`: the slower of both transfers, or their sum.
    """
    ranks, protocols = pattern.ranks, machine.protocols
    passes = pattern.passes * repetitions
    seconds = _torus_transfer(machine, pattern) if machine.torus else _transfer(machine, overlap, pattern)
    seconds = passes * seconds
    hops = ranks - 1.0 if machine.torus else ranks / pattern.nodes - 1.0
    stages = np.log2(pattern.nodes)
    company = ranks > 1.0
    latency = np.empty((len(protocols.names), *np.broadcast_shapes(hops.shape, stages.shape)))
    per_byte = np.empty((len(protocols.names), *seconds.shape))
    for index, (base, rank, node, efficiency) in enumerate(
        zip(protocols.base_s, protocols.rank_s, protocols.node_s, protocols.efficiency, strict=True)
    ):
        line = latency[index, ...]
        np.multiply(hops, passes * rank, out=line)
        line += stages * (passes * node)
        line += base * repetitions
        line *= company
        np.divide(seconds, efficiency, out=per_byte[index, ...])
    reduces = pattern.passes == ALL_REDUCE
    adapt_to_kinds(protocols.kinds, reduces, pattern.spreads, ranks, pattern.nodes, latency, per_byte)
    return Route(latency, per_byte)


def _transfer(machine: Machine, overlap: str, pattern: Pattern) -> FloatArray:
    inside = finite_share(pattern.inside, machine.scaleup_s_per_byte)
    between = finite_share(pattern.between, machine.scaleout_s_per_byte)
    return np.maximum(inside, between) if overlap == "max" else inside + between


def _torus_transfer(machine: Machine, pattern: Pattern) -> FloatArray:
    """P12: every share crosses the same peer-to-peer links, whichever name the data sheet gives them."""
    link = min(machine.scaleup_s_per_byte, machine.scaleout_s_per_byte)
    return finite_share(1.0 - 1.0 / np.maximum(pattern.ranks, 1.0), link)
