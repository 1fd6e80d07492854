"""Mamba-1 (Jamba): a state of n numbers per channel, with step sizes of low rank."""

from __future__ import annotations

from dataclasses import dataclass

from fleets.schema.assumptions import Choices
from fleets.schema.blocks import Mamba1
from formulations.physics.blocks.matrix import Matrix
from formulations.physics.blocks.recurrence import Recurrence
from formulations.physics.blocks.token_mixer import Split


@dataclass(frozen=True)
class Mamba1Physics(Recurrence[Mamba1]):
    """7·I·n FLOP per token, of a prompt too: its scan is sequential."""

    def matrices(self, choices: Choices) -> tuple[Matrix, ...]:
        """Input and gate; convolution; step rank, B and C; step sizes; decay; output."""
        shape = self.block
        return (
            Matrix(2 * shape.inner, self.d_model),
            Matrix(shape.inner, shape.convolution),
            Matrix(shape.step_rank + 2 * shape.state, shape.inner),
            Matrix(shape.inner, shape.step_rank),
            Matrix(shape.inner, shape.state),
            Matrix(self.d_model, shape.inner),
        )

    @property
    def state_elements(self) -> float:
        return float(self.block.inner * self.block.state)

    @property
    def convolved(self) -> float:
        return float(self.block.inner)

    @property
    def taps(self) -> int:
        return self.block.convolution

    @property
    def flop_per_token(self) -> float:
        return 7.0 * self.state_elements

    @property
    def flop_of_prompt(self) -> float:
        return self.flop_per_token

    @property
    def cache_heads(self) -> int:
        return self.block.inner

    @property
    def words_in(self) -> float:
        return 2.0 * self.block.inner

    @property
    def heads(self) -> tuple[tuple[str, int], ...]:
        return (("Mamba channels", self.block.inner),)

    @property
    def outputs(self) -> tuple[Split, ...]:
        return (("Mamba channels", self.block.inner),)

    @property
    def inputs(self) -> tuple[Split, ...]:
        return (("Mamba channels", self.block.inner),)
