"""Kernels: what a block hands to whoever times it. A block is the list of those that engines run one after another.

`Matrix` multiplies with weights: its rows and columns, copies and launches. `Mixing` works on what a sequence keeps
(attention, a recurrence, scores of an index), with the FLOP and bytes that its block states. `Small` is launch time:
norms, rotary embedding and cache write, activations, routing. Kernels that are fused have one launch between them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Matrix:
    """`copies` matrices of `rows` × `columns` (output × input)."""

    rows: float
    columns: float
    copies: float = 1.0
    replicated: bool = False
    """Every tensor rank holds and multiplies all of it."""
    launches: int = 1
    """Kernels that multiply with it; 0: fused into another one."""

    @property
    def parameters(self) -> float:
        return self.rows * self.columns * self.copies

    def times(self, count: float) -> Matrix:
        """So many times as many of it."""
        return replace(self, copies=self.copies * count)


@dataclass(frozen=True)
class Mixing:
    """Work on what is kept of the tokens before."""

    what: str
    launches: int = 1


@dataclass(frozen=True)
class Small:
    """A kernel whose work is nothing beside its launch."""

    what: str
    launches: int = 1


Kernel = Matrix | Mixing | Small
NORM = Small("norm")
ROTARY = Small("rotary embedding and cache write")
ATTENTION = (Mixing("attention"), Small("reduction of split attention"))


def matrices_of(kernels: Iterable[Kernel]) -> tuple[Matrix, ...]:
    """The multiplications among them."""
    return tuple(kernel for kernel in kernels if isinstance(kernel, Matrix))


def launches_of(kernels: Iterable[Kernel]) -> int:
    """How many run one after another."""
    return sum(kernel.launches for kernel in kernels)
