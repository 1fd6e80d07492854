"""Accelerators: what one GPU, TPU or LPU is according to its specification."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleets.schema.base import Count, FrozenModel, Name, Positive, Source

Arithmetic = Literal["bf16", "fp8", "int8", "fp4"]
"""Number formats that tensor cores multiply in (fp16 counts as bf16)."""


class Accelerator(FrozenModel):
    """One accelerator type; every figure is a data-sheet peak per accelerator, dense (no sparsity)."""

    name: Name
    aliases: tuple[Name, ...] = ()
    """Other names under which configs and measured tables know it."""
    instance_types: tuple[Name, ...] = ()
    """Families of clouds' instance types that have it, without their size: `p5` for p5.48xlarge."""
    paper_name: str | None = None
    """Name in the public code of arXiv 2506.04645, for its tables."""
    vendor: str = ""
    hbm_gb: Annotated[Positive, Field(le=10_000)]
    """Memory as the data sheet names it, in GB of 1e9 bytes."""
    reported_gib: Annotated[Positive, Field(le=10_000)] | None = None
    """Memory that the device reports to a program, in GiB of 2^30 bytes; null: unknown, the data sheet's is taken."""
    hbm_bandwidth_gb_s: Annotated[Positive, Field(le=1e6)]
    """Peak memory bandwidth, GB/s."""
    tflops: dict[Arithmetic, Annotated[Positive, Field(le=1e6)]]
    """Peak dense arithmetic by number format, TFLOP/s (TOP/s for int8); absent: not supported."""
    interconnect: Literal["switched", "torus"] = "switched"
    """`switched`: NVLink/xGMI nodes with an all-reduce library; `torus`: peer-to-peer links (TPU, Groq)."""
    scaleup_gb_s: Positive | None = None
    """Unidirectional bandwidth inside the scale-up domain, GB/s; null: no link inside it."""
    scaleup_domain: Count = 1
    """Accelerators in one scale-up domain (the node, or the rack of 72)."""
    scaleout_gb_s: Positive | None = None
    """Unidirectional bandwidth between domains, GB/s (400 Gbit/s = 50); null: no link between them."""
    tdp_w: Annotated[Positive, Field(le=100_000)] | None = None
    """Thermal design power, W."""
    sources: tuple[Source, ...] = ()
    doubtful: tuple[str, ...] = ()
    """Fields whose figure the sources disagree on or that is unverified; see `note`."""
    note: str = ""

    @property
    def memory_bytes(self) -> float:
        """Memory in bytes: what the device reports, else what the data sheet says."""
        return self.hbm_gb * 1e9 if self.reported_gib is None else self.reported_gib * 2.0**30

    @property
    def memory_gib(self) -> float:
        """The same in GiB."""
        return self.memory_bytes / 2.0**30

    @model_validator(mode="after")
    def _has_wide_arithmetic(self) -> Accelerator:
        if "bf16" not in self.tflops:
            raise ValueError(f"{self.name}: tflops needs bf16 (dense 16-bit), got {sorted(self.tflops)}")
        return self
