"""Reserve: memory of a device that a serving engine keeps from weights and KV cache (ours, from the engines' sources).

With t tokens in one pass, S sequences at once, T tensor ranks and N accelerators, a device keeps, beside the contexts
that are there before the engine takes its share,

    runtime + parallel·[N > 1] + rank·N + token·max(t, least) + graph·graph_sequences + graphs + 2·t·d_model
      + max(forward, sampler),

    forward = 2·t·(copies·d_model + widest block of a rank),   sampler = copies·4·S·vocabulary,

where a dense block holds gate, up and their product on d_ff/T, and routed experts max(2·d_ff, d_model) + d_ff for each
of the experts that a token visits. Logits are gathered on every rank. 2·t·d_model: hidden states that wait for the
sampler.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import AssumptionSet
from fleets.schema.engines import EngineVersion, Memory
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.blocks import dense_blocks, mixtures
from formulations.physics.engine import UNSET, EngineSettings, engine_of
from formulations.physics.layout import Layout
from formulations.physics.machine import Machine

GIB = 2.0**30
MIB = 2.0**20


@dataclass(frozen=True)
class Room:
    """HBM that an engine leaves for weights and KV cache."""

    per_device: FloatArray
    """Bytes for weights and KV cache (and nothing else), shape of the layout."""
    kept_free: float = 0.0
    """Share of what weights leave that stays free as well."""

    def free(self, layout: Layout, weights: Numbers) -> FloatArray:
        """Bytes for KV cache on the whole instance beside `weights` bytes; negative where they do not fit."""
        left = layout.accelerators * self.per_device - floats(weights)
        return left if self.kept_free == 0 else np.where(left > 0, left * (1.0 - self.kept_free), left)

    def holds(self, layout: Layout, free: Numbers) -> FloatArray:
        """Bytes that weights and KV cache may take together where `free` bytes are left for the KV cache."""
        beside = np.maximum(floats(free), 0.0) * (1.0 / (1.0 - self.kept_free) - 1.0)
        return layout.accelerators * self.per_device - beside


def room(
    architecture: Architecture,
    machine: Machine,
    assumptions: AssumptionSet,
    layout: Layout,
    settings: EngineSettings = UNSET,
) -> Room:
    """Memory for weights and KV cache under a set: by its engine, or `usable_hbm_fraction` where it names none."""
    engine = engine_of(assumptions)
    share = settings.memory_share
    if engine is None:
        return Room(floats(machine.usable_hbm_bytes if share is None else machine.hbm_bytes * share))
    memory = engine.memory
    several = layout.accelerators > 1
    held = machine.hbm_bytes - (memory.context_gib + memory.context_parallel_gib * several) * GIB
    kept = reserve(engine, architecture, machine, layout, settings)
    if memory.share_of == "static":
        return Room(floats(held * ((1.0 - kept / machine.hbm_bytes) if share is None else share)))
    share = memory.share if share is None else share
    if memory.share_of == "free":
        return Room(held - kept, 1.0 - share)
    return Room(held * share - kept)


def reserve(
    engine: EngineVersion,
    architecture: Architecture,
    machine: Machine,
    layout: Layout,
    settings: EngineSettings = UNSET,
) -> FloatArray:
    """Bytes of one device that hold neither weights nor KV cache, shape of the layout."""
    memory = engine.memory
    defaults = engine.defaults_for(machine.name, machine.hbm_bytes / GIB)
    tokens = settings.batched_tokens or defaults.batched_tokens
    sequences = settings.max_num_seqs or defaults.max_num_seqs or 0
    graphs = memory.graphs_gib
    if architecture.is_latent and memory.latent_graphs_gib is not None:
        graphs = memory.latent_graphs_gib
    fixed = (memory.runtime_gib + graphs) * GIB
    fixed += (
        memory.token_mib * max(tokens, memory.least_tokens) + memory.graph_mib * defaults.graph_sequences
    ) * MIB
    several = layout.accelerators > 1
    kept = fixed + several * (memory.parallel_gib * GIB) + layout.accelerators * (memory.rank_gib * GIB)
    kept = kept + _peak(memory, architecture, layout, tokens, sequences)
    if machine.hbm_bytes > memory.least_from_gib * GIB:
        kept = np.maximum(kept, memory.least_gib * GIB)
    return floats(kept)


def _peak(
    memory: Memory, architecture: Architecture, layout: Layout, tokens: int, sequences: int
) -> FloatArray:
    """Activations of a profile run: a pass over `tokens`, then sampling for `sequences`."""
    if memory.hidden_copies == memory.sampler_copies == 0:
        return floats(0.0)
    hidden = float(architecture.d_model)
    forward = 2.0 * tokens * (memory.hidden_copies * hidden + _widest_block(architecture, layout))
    sampler = memory.sampler_copies * 4.0 * sequences * architecture.vocabulary
    return 2.0 * tokens * hidden + np.maximum(forward, sampler)


def _widest_block(architecture: Architecture, layout: Layout) -> FloatArray:
    """Elements per token that the widest feed-forward block of a rank holds at once."""
    widest = floats(0.0)
    for _, mixture in mixtures(architecture):
        own = mixture.d_ff / layout.expert_ranks(mixture.experts)
        inside = mixture.latent_dim or architecture.d_model
        widest = np.maximum(widest, mixture.active_experts * (np.maximum(2.0 * own, inside) + own))
    for _, block in dense_blocks(architecture):
        widest = np.maximum(widest, (block.input_matrices + 1.0) * block.d_ff / layout.stage_ranks)
    return floats(widest)
