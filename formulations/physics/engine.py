"""The serving engine of an assumption set, and the settings that it runs with."""

from __future__ import annotations

from dataclasses import dataclass

from fleets import catalog
from fleets.schema.accelerators import Accelerator
from fleets.schema.assumptions import AssumptionSet
from fleets.schema.engines import EngineVersion


@dataclass(frozen=True)
class EngineSettings:
    """What an operator sets of an engine; None: the engine's default."""

    memory_share: float | None = None
    """Share of the device's memory (gpu_memory_utilization, mem_fraction_static, free_gpu_memory_fraction)."""
    batched_tokens: int | None = None
    """Tokens of one forward pass, at most."""
    max_num_seqs: int | None = None
    """Sequences that run at once on an instance, at most."""
    max_model_len: int | None = None
    """Tokens of the longest request; an engine starts only where its KV cache holds one such."""


UNSET = EngineSettings()


def engine_of(assumptions: AssumptionSet) -> EngineVersion | None:
    """The engine that a set names, in its version; None where it names none. `UnknownName`, LookupError for others."""
    named = assumptions.serving_engine
    return None if named is None else catalog.engine(named.name).at(named.version)


def most_sequences(
    assumptions: AssumptionSet, accelerator: Accelerator, settings: EngineSettings
) -> int | None:
    """Sequences that an instance may run at once: the operator's, else the engine's default; None: no limit."""
    if settings.max_num_seqs is not None:
        return settings.max_num_seqs
    engine = engine_of(assumptions)
    return (
        None if engine is None else engine.defaults_for(accelerator.name, accelerator.memory_gib).max_num_seqs
    )
