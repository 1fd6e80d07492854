"""Network: the collectives of one step of a layout, each affine in the batch for every protocol.

Per layer: all-reduces of tensor parallelism after every token mixer and every feed-forward block (1D), or two
each over √T ranks and √nodes nodes (2D); two all-to-alls of expert parallelism; hops between pipeline
stages; the output head.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import Choices
from fleets.schema.blocks import Block
from formulations.physics.arrays import FloatArray, floats
from formulations.physics.blocks import dense_blocks, mixtures, token_mixers
from formulations.physics.collectives import ALL_REDUCE, ONE_PASS, Collective, Pattern, Route, route
from formulations.physics.layout import Layout
from formulations.physics.machine import Machine


def network(
    architecture: Architecture,
    choices: Choices,
    machine: Machine,
    layout: Layout,
    tokens_in_flight: FloatArray,
) -> list[Collective]:
    """All collectives of one step; those that the layouts cannot have are left out. Shapes broadcast, protocols last."""
    plan = _Plan(architecture, choices, machine, layout, floats(tokens_in_flight))
    layers = [*plan.attention(), *plan.dense_feed_forward(), *plan.expert_feed_forward(), *plan.all_to_all()]
    layers = _repeated(layers, layout.longest_stage(architecture.depth))
    return [*layers, *plan.hops(), *_repeated(plan.output_head(), layout.end_stages)]


def _repeated(collectives: list[Collective], times: FloatArray) -> list[Collective]:
    return collectives if np.all(times == 1.0) else [collective.repeated(times) for collective in collectives]


class _Plan:
    """The inputs that every collective of a step shares."""

    def __init__(
        self,
        architecture: Architecture,
        choices: Choices,
        machine: Machine,
        layout: Layout,
        tokens: FloatArray,
    ) -> None:
        self.architecture, self.choices, self.machine, self.layout = architecture, choices, machine, layout
        self.mixers, self.dense = token_mixers(architecture), dense_blocks(architecture)
        self.mixtures = mixtures(architecture)
        self.ranks, self.attention_ranks = layout.stage_ranks, layout.attention_ranks
        self.engine_share = 1.0 / layout.engines(choices)
        """Of sequences and ranks: one data-parallel engine's."""
        self.word_bytes = architecture.activation_bytes * tokens / layout.pipeline
        """Bytes of one word of every sequence of a micro-batch, per sequence of the batch."""
        self.any_two_d, self.all_two_d = bool(np.any(layout.two_d)), bool(np.all(layout.two_d))
        self.fuses = choices.kernels_per_layer != "four" and not architecture.is_mixture
        """Whether blocks that read the same input share one reduction."""

    def attention(self) -> list[Collective]:
        """One reduction after every token mixer; those beside another block use its own."""
        alone = [(count, mixer) for count, mixer in self.mixers if not self._fused(mixer.block)]
        layers = sum(count for count, _ in alone)
        if not layers:
            return []
        share = 1.0 / self.layout.schedulers(self.choices)
        words_in = sum(count * mixer.words_in for count, mixer in alone) / layers
        return self._reduce(
            "attention", self.attention_ranks, words_in * share, self.architecture.d_model * share, layers
        )

    def dense_feed_forward(self) -> list[Collective]:
        """Dense layers, and shared experts where routed experts leave the ranks they share."""
        d_model, share, found = self.architecture.d_model, self.engine_share, []
        alone = [(count, block) for count, block in self.dense if not block.parallel]
        layers = sum(count for count, _ in alone)
        if layers:
            beside = sum(count * mixer.words_in for count, mixer in self.mixers if self._fused(mixer.block))
            inside = sum(count * block.input_matrices * block.d_ff for count, block in alone) + beside
            outside = d_model * sum(count * block.output_matrices for count, block in alone)
            name = "dense feed-forward" if self.mixtures else "feed-forward"
            words = share / layers
            found += self._reduce(name, self.ranks * share, inside * words, outside * words, layers)
        for count, block in self.mixtures:
            if block.shared_experts and np.any(self.layout.expert_parallel):
                spread = floats(self.layout.expert_parallel)
                words_in = block.input_matrices * block.shared_width * share
                words_out = d_model * block.output_matrices * share
                ranks = self.ranks * share
                found += self._reduce("shared experts", ranks, words_in, words_out, count, spread)
        return found

    def expert_feed_forward(self) -> list[Collective]:
        """Routed experts: words of the active experts, shared by the expert groups that reduce side by side."""
        found = []
        for count, block in self.mixtures:
            ranks, groups = self.layout.expert_ranks(block.experts), self.layout.expert_groups(block.experts)
            outputs = floats(block.visited)
            if self.choices.moe_output_reduce == "local_sum":
                outputs = np.minimum(outputs, groups)  # experts of one group are summed before the reduction
            shared = np.where(self.layout.expert_parallel, 0.0, block.input_matrices * block.shared_width)
            words_in = block.visited * block.input_matrices * block.d_ff + shared
            words_out = outputs * block.output_matrices * (block.latent_dim or self.architecture.d_model)
            parallel = self.ranks / ranks
            found += self._reduce("experts", ranks, words_in / parallel, words_out / parallel, count)
        return found

    def all_to_all(self) -> list[Collective]:
        """Dispatch and combine: every rank sends its tokens, in the experts' size, to the ranks of their experts."""
        if not np.any(self.layout.expert_parallel):
            return []
        found = []
        for count, block in self.mixtures:
            groups = self.layout.expert_groups(block.experts)
            spread = np.minimum(block.visited, groups)
            bytes_sent = (
                (block.latent_dim or self.architecture.d_model) * self.word_bytes / self.ranks * spread
            )
            if self.choices.all_to_all_span == "active_experts":
                pattern = replace(Pattern.ring(ONE_PASS, spread, self._nodes(spread)), spreads=True)
            else:  # evenly over the group: of a token's copies 1/EP stay, 1 − 1/nodes cross between nodes
                nodes = self._nodes(np.where(self.layout.expert_parallel, self.ranks, 1.0))
                inside = np.maximum(0.0, 1.0 / nodes - 1.0 / groups)
                pattern = Pattern(
                    ONE_PASS, groups, np.minimum(nodes, groups), inside, 1.0 - 1.0 / nodes, True
                )
            found.append(self._route(pattern, 2.0 * count).collective("all-to-all", bytes_sent))
        return found

    def hops(self) -> list[Collective]:
        """PP − 1 hand-overs of d_model words between neighbouring stages, each by T pairs of ranks side by side."""
        stages = self.layout.pipeline
        if np.all(stages <= 1.0):
            return []
        bytes_sent = self.architecture.d_model * self.word_bytes / self.ranks
        two, one = np.full_like(stages, 2.0), np.ones_like(stages)
        if self.choices.point_to_point == "inter_node_double_rate":
            return [
                self._route(Pattern.ring(ONE_PASS, two, two)).collective("pipeline", bytes_sent, stages - 1.0)
            ]
        crossing = np.minimum(stages, self._nodes(self.layout.accelerators)) - 1.0
        inside = Pattern(ONE_PASS, two, one, one, 0.0 * one)
        between = Pattern(ONE_PASS, two, two, 0.0 * one, one)
        return [
            self._route(inside).collective("pipeline inside nodes", bytes_sent, stages - 1.0 - crossing),
            self._route(between).collective("pipeline between nodes", bytes_sent, crossing),
        ]

    def output_head(self) -> list[Collective]:
        """Gather of the logits that T ranks hold in slices (ours; the paper's code leaves it out)."""
        if self.choices.kernels_per_layer != "by_layout" or self.architecture.vocabulary == 0:
            return []
        ranks = self.ranks * self.engine_share
        pattern = Pattern.ring(ONE_PASS, ranks, self._nodes(ranks))
        words = self.architecture.vocabulary * self.engine_share
        return [self._route(pattern).collective("output head", words * self.word_bytes)]

    def _reduce(
        self,
        name: str,
        ranks: FloatArray,
        words_in: FloatArray | float,
        words_out: FloatArray | float,
        layers: float,
        where: FloatArray | None = None,
    ) -> list[Collective]:
        """1D: one all-reduce of `words_out` per layer. 2D: of `words_in` and of `words_out`, each over √ranks."""
        two_d = self.layout.two_d
        nodes = self._nodes(ranks)
        if not self.any_two_d:
            line = self._route(Pattern.ring(ALL_REDUCE, ranks, nodes), layers)
            return [line.collective(name, words_out * self.word_bytes, where)]
        side, side_nodes = np.sqrt(ranks), np.sqrt(nodes)
        groups, inner = side, where
        if not self.all_two_d:
            side, side_nodes = np.where(two_d, side, ranks), np.where(two_d, side_nodes, nodes)
            groups = np.where(two_d, side, 1.0)
            inner = floats(two_d) if where is None else two_d * where
        grid = self._route(Pattern.ring(ALL_REDUCE, side, side_nodes), layers)
        per_group = self.word_bytes / groups
        return [
            grid.collective(f"{name} input", words_in * per_group, inner),
            grid.collective(f"{name} output", words_out * per_group, where),
        ]

    def _route(self, pattern: Pattern, repetitions: float = 1.0) -> Route:
        return route(self.machine, self.choices.link_overlap, pattern, repetitions)

    def _nodes(self, ranks: FloatArray) -> FloatArray:
        return np.ceil(ranks / self.machine.domain)

    def _fused(self, block: Block) -> bool:
        return self.fuses and block.parallel
