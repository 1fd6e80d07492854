"""Case: one model in given precisions on one accelerator under one assumption set; what every evaluation starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fleets.schema.accelerators import Accelerator
from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import AssumptionSet
from formulations.physics.arrays import BoolArray, FloatArray, Numbers, floats
from formulations.physics.capacity import batch_capacity, fits, weight_bytes_total
from formulations.physics.collectives import Collective
from formulations.physics.context import Context
from formulations.physics.hybrid_cache import sequence_held
from formulations.physics.layout import Layout
from formulations.physics.machine import Machine, machine
from formulations.physics.network import network
from formulations.physics.precision import ArithmeticRate, arithmetic_rate, kv_bytes, weight_bytes
from formulations.physics.reserve import Room, room
from formulations.physics.step import StepCoefficients, step_coefficients
from formulations.physics.stored_weights import stored_weights


@dataclass(frozen=True)
class Case:
    """Inputs of the physics that a layout, a context and a batch do not change; precisions may be arrays."""

    architecture: Architecture
    machine: Machine
    assumptions: AssumptionSet
    weight_bytes: FloatArray
    kv_bytes: FloatArray
    flops: ArithmeticRate
    weight_precision: str = "bf16"
    """Name of the weights' precision, which engines store in their own way."""

    @classmethod
    def of(
        cls,
        architecture: Architecture,
        accelerator: Accelerator,
        assumptions: AssumptionSet,
        weight_precision: str | None = None,
        kv_precision: str | None = None,
    ) -> Case:
        """The case in named precisions; the architecture's own where none is named. KeyError on an unknown name."""
        weight = weight_precision or architecture.weight_precision
        computer = machine(accelerator, assumptions)
        return cls(
            architecture=architecture,
            machine=computer,
            assumptions=assumptions,
            weight_bytes=weight_bytes(weight),
            kv_bytes=kv_bytes(kv_precision or architecture.kv_precision),
            flops=arithmetic_rate(computer, assumptions, weight),
            weight_precision=weight,
        )

    def step(
        self,
        layout: Layout,
        context: Numbers | Context,
        tokens_in_flight: Numbers = 1.0,
        collectives: Sequence[Collective] | None = None,
    ) -> StepCoefficients:
        """Coefficients of one forward pass; see `step.step_coefficients`."""
        return step_coefficients(
            self.architecture,
            self.machine,
            self.assumptions,
            layout,
            self.weight_bytes,
            self.flops,
            self.kv_bytes,
            context,
            tokens_in_flight,
            collectives,
        )

    def network(self, layout: Layout, tokens_in_flight: Numbers = 1.0) -> list[Collective]:
        """The collectives of one forward pass alone; see `network.network`."""
        choices = self.assumptions.choices
        return network(self.architecture, choices, self.machine, layout, floats(tokens_in_flight))

    def weights(self, layout: Layout) -> FloatArray:
        """Bytes of all weights on all ranks together."""
        stored = stored_weights(self.architecture, self.assumptions, layout, (self.weight_precision,))
        return weight_bytes_total(
            self.architecture, self.assumptions.choices, layout, self.weight_bytes, stored
        )

    def room(self, layout: Layout) -> Room:
        """Memory of each accelerator for weights and KV cache."""
        return room(self.architecture, self.machine, self.assumptions, layout)

    def cache(self, layout: Layout, context: Numbers | Context) -> FloatArray:
        """Bytes of KV cache per sequence of `context` tokens on all ranks together."""
        return sequence_held(self.architecture, self.assumptions, layout, self.kv_bytes, context)

    def capacity(self, layout: Layout, context: Numbers | Context, draft: Case | None = None) -> FloatArray:
        """Largest real batch that fits, beside the weights and KV cache of `draft` where one is given."""
        weights, cache = self.weights(layout), self.cache(layout, context)
        if draft is not None:
            weights, cache = weights + draft.weights(layout), cache + draft.cache(layout, context)
        return batch_capacity(self.room(layout), self.assumptions, layout, weights, cache)

    def fits(
        self, layout: Layout, context: Numbers | Context, batch: Numbers, draft: Case | None = None
    ) -> BoolArray:
        """Whether `batch` fits, beside `draft` where one is given."""
        weights, cache = self.weights(layout), self.cache(layout, context)
        if draft is not None:
            weights, cache = weights + draft.weights(layout), cache + draft.cache(layout, context)
        return fits(self.room(layout), self.assumptions, layout, weights, cache, floats(batch))
