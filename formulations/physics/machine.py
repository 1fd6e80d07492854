"""Machine: an accelerator under an assumption set, in SI units (bytes, seconds, bytes/s, FLOP/s)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fleets.schema.accelerators import Accelerator
from fleets.schema.assumptions import AssumptionSet
from formulations.physics.arrays import FloatArray

GIGA = 1e9
TERA = 1e12
MICRO = 1e-6


@dataclass(frozen=True)
class Protocols:
    """Protocols of the collective library, one entry per protocol (shape (P,)); seconds and shares of the link.

    On a torus there is one: `rank_s` per hop, no node term.
    """

    names: tuple[str, ...]
    base_s: FloatArray
    rank_s: FloatArray
    node_s: FloatArray
    efficiency: FloatArray
    kinds: tuple[str, ...] = ()
    """`Protocol.kind` of each; empty: all rings."""


@dataclass(frozen=True)
class Machine:
    """What one accelerator can hold, read, compute and send; rates are sustained, not peak."""

    name: str
    hbm_bytes: float
    usable_hbm_bytes: float
    bandwidth: float
    """Sustained memory bandwidth, bytes/s."""
    flops: dict[str, float]
    """Sustained FLOP/s in decode by arithmetic format that the accelerator has."""
    prefill_flops: dict[str, float]
    """The same while processing prompts."""
    kernel_launch_s: float
    scaleup: float
    """Unidirectional link inside the domain, bytes/s; 0 where there is none."""
    scaleout: float
    """Unidirectional link between domains, bytes/s; 0 where there is none."""
    domain: int
    """Accelerators in one scale-up domain (node or rack)."""
    torus: bool
    protocols: Protocols
    kv_bandwidth_ratio: float = 1.0
    """Sustained bandwidth of attention over the KV cache, over that of weights."""
    half_rate_tokens: float = 0.0
    """Tokens at which a prompt's matrix multiplications reach half of their rate."""

    @property
    def scaleup_s_per_byte(self) -> float:
        """Seconds per byte inside the domain; inf without a link."""
        return 1.0 / self.scaleup if self.scaleup > 0 else np.inf

    @property
    def scaleout_s_per_byte(self) -> float:
        """Seconds per byte between domains; inf without a link."""
        return 1.0 / self.scaleout if self.scaleout > 0 else np.inf


def machine(accelerator: Accelerator, assumptions: AssumptionSet) -> Machine:
    """SI constants of `accelerator` under `assumptions`: data-sheet peaks times sustained fractions."""
    constants = assumptions.constants(accelerator.name)
    compute, by_format = constants.sustained_compute_fraction, constants.compute_fractions
    prefill = assumptions.prefill_compute_fraction
    kv_fraction = constants.kv_bandwidth_fraction or constants.sustained_bandwidth_fraction
    peak = {name: tflops * TERA for name, tflops in accelerator.tflops.items()}
    hbm = accelerator.memory_bytes
    torus = accelerator.interconnect == "torus"
    scaleup = (accelerator.scaleup_gb_s or 0.0) * GIGA
    scaleout = (accelerator.scaleout_gb_s or 0.0) * GIGA
    return Machine(
        name=accelerator.name,
        hbm_bytes=hbm,
        usable_hbm_bytes=hbm * assumptions.usable_hbm_fraction,
        bandwidth=accelerator.hbm_bandwidth_gb_s * GIGA * constants.sustained_bandwidth_fraction,
        flops={name: value * by_format.get(name, compute) for name, value in peak.items()},
        prefill_flops={
            name: value * (prefill or by_format.get(name, compute)) for name, value in peak.items()
        },
        kernel_launch_s=constants.kernel_launch_latency_us * MICRO,
        scaleup=scaleup,
        scaleout=scaleout,
        domain=accelerator.scaleup_domain,
        torus=torus,
        protocols=(_torus_protocol if torus else _switched_protocols)(assumptions, accelerator.name),
        kv_bandwidth_ratio=kv_fraction / constants.sustained_bandwidth_fraction,
        half_rate_tokens=constants.half_rate_tokens,
    )


def _switched_protocols(assumptions: AssumptionSet, accelerator: str) -> Protocols:
    listed = assumptions.collectives_of(accelerator).protocols
    return Protocols(
        names=tuple(p.name for p in listed),
        base_s=np.array([p.base_us for p in listed]) * MICRO,
        rank_s=np.array([p.rank_us for p in listed]) * MICRO,
        node_s=np.array([p.node_us for p in listed]) * MICRO,
        efficiency=np.array([p.efficiency for p in listed]),
        kinds=tuple(p.kind for p in listed),
    )


def _torus_protocol(assumptions: AssumptionSet, accelerator: str) -> Protocols:
    hop = np.array([assumptions.collectives_of(accelerator).torus_hop_us * MICRO])
    return Protocols(("torus",), np.zeros(1), hop, np.zeros(1), np.ones(1))
