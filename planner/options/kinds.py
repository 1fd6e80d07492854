"""Kinds: every deployment of a model on an accelerator that the config allows, as columns of one table.

A table holds one way of decoding (plain, or one draft); its rows are layout × weight precision × KV precision × number of
drafted tokens. Physics is evaluated on whole columns, so thousands of kinds cost as much as a few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from fleets.schema.accelerators import Accelerator
from fleets.schema.assumptions import AssumptionSet
from formulations.options import Role
from formulations.physics.arrays import FloatArray
from formulations.physics.deployable import LayoutLimits, deployable_layouts
from formulations.physics.engine_rules import engine_problem
from formulations.physics.layout import Layout
from planner.config.resolved import ResolvedModel, ResolvedSpeculation
from planner.config.schema.models import Layouts

UNSTARTED = "the engine does not start it"


@dataclass(frozen=True)
class KindTable:
    """K kinds of one model on one accelerator with one way of decoding."""

    model: ResolvedModel
    accelerator: Accelerator
    way: ResolvedSpeculation | None
    layout: Layout
    """Fields of shape (K,)."""
    layout_names: tuple[str, ...]
    weight_precisions: tuple[str, ...]
    kv_precisions: tuple[str, ...]
    draft_tokens: FloatArray
    """γ, shape (K,); 0 for plain decoding."""
    role: Role = "aggregated"

    def __len__(self) -> int:
        return len(self.layout_names)

    @property
    def gpus(self) -> FloatArray:
        """Accelerators per instance, shape (K,)."""
        return np.broadcast_to(self.layout.accelerators, (len(self),))

    @property
    def smallest_batch(self) -> FloatArray:
        """Sequences at least, shape (K, 1): a batch fills every pipeline stage or the layout does not run."""
        return np.broadcast_to(np.maximum(self.layout.pipeline, 1.0), (len(self),))[:, None]

    def speculation_name(self, row: int) -> str:
        """`draft-g3`, or nothing for plain decoding."""
        return f"{self.way.name}-g{self.draft_tokens[row]:.0f}" if self.way else ""

    def name(self, row: int) -> str:
        """Readable and stable across runs: made of the kind's fields."""
        parts = [
            self.model.name,
            self.accelerator.name,
            self.layout_names[row],
            f"w-{self.weight_precisions[row]}",
            f"kv-{self.kv_precisions[row]}",
            self.speculation_name(row),
            "" if self.role == "aggregated" else self.role,
        ]
        return "/".join(part for part in parts if part)


@dataclass(frozen=True)
class Rejection:
    """Something that was left out, with what it needed and what was there."""

    what: str
    needed: str
    available: str
    reason: str

    def __str__(self) -> str:
        return f"{self.what}: {self.reason}; needs {self.needed}, has {self.available}"


def kind_tables(
    model: ResolvedModel, accelerator: Accelerator, layouts: Layouts, assumptions: AssumptionSet
) -> tuple[list[KindTable], list[Rejection]]:
    """All kinds of a model on an accelerator, one table for each way of decoding, and the layouts refused."""
    limits = LayoutLimits(
        instance_accelerators=layouts.instance_gpus,
        two_d=tuple(kind == "2d" for kind in layouts.tensor_parallel),
        pipeline=layouts.pipeline,
        expert_parallel=layouts.expert_parallel,
        attention_groups=_attention_groups(model, layouts, assumptions),
    )
    layout, refused = deployable_layouts(model.architecture, accelerator, limits)
    rejections = [
        Rejection(
            f"{model.name}/{accelerator.name}/{r.layout}", r.needed, r.available, "layout does not divide"
        )
        for r in refused
    ]
    started, unstarted = _started(model, accelerator, layout, assumptions)
    ways = [None] * model.plain + list(model.speculation)
    tables = [_table(model, accelerator, way, layout, started) for way in ways] if started else []
    return tables, [*rejections, *unstarted]


def _started(
    model: ResolvedModel, accelerator: Accelerator, layout: Layout, assumptions: AssumptionSet
) -> tuple[list[tuple[int, str]], list[Rejection]]:
    """(row of the layouts, weight precision) of what the engine starts, and the others with the rule that they break."""
    started: list[tuple[int, str]] = []
    refused: list[Rejection] = []
    labels = layout.labels()
    for row in range(layout.shape[0]):
        one = layout.select(np.s_[row : row + 1])
        for precision in model.weight_precisions:
            problem = engine_problem(
                model.architecture, assumptions, precision,
                int(one.stage_ranks[0]), bool(one.expert_parallel[0]), int(one.attention_scaledown[0]),
            )  # fmt: skip
            if problem is None:
                started.append((row, precision))
            else:
                what = f"{model.name}/{accelerator.name}/{labels[row]}/w-{precision}"
                refused.append(Rejection(what, *problem, UNSTARTED))
    return started, refused


def _attention_groups(model: ResolvedModel, layouts: Layouts, assumptions: AssumptionSet) -> tuple[int, ...]:
    """Groups of data-parallel attention to choose from; only where the assumption set knows it."""
    if assumptions.choices.attention_scaledown != "data_parallel":
        return (1,)
    if layouts.attention_groups is not None:
        return layouts.attention_groups
    if not model.architecture.is_latent:
        return (1,)
    return tuple(
        sorted({1, *(gpus // stages for gpus in layouts.instance_gpus for stages in layouts.pipeline)} - {0})
    )


def in_roles(tables: list[KindTable], serving: Sequence[str]) -> list[KindTable]:
    """The tables in every role that the config allows: aggregated, or decode and prefill apart.

    Prompts are processed without speculation, so prefill instances come from the plain table (or from the first, without
    its draft).
    """
    found = list(tables) if "aggregated" in serving else []
    if "disaggregated" in serving and tables:
        found += [replace(table, role="decode") for table in tables]
        plain = next((table for table in tables if table.way is None), tables[0])
        single = np.flatnonzero(plain.draft_tokens == plain.draft_tokens.min())
        found.append(_rows(plain, single))
    return found


def _rows(table: KindTable, rows: NDArray[np.intp]) -> KindTable:
    """Some rows of a table, as prefill kinds."""
    return KindTable(
        table.model,
        table.accelerator,
        None,
        table.layout.select(rows),
        tuple(table.layout_names[row] for row in rows),
        tuple(table.weight_precisions[row] for row in rows),
        tuple(table.kv_precisions[row] for row in rows),
        np.zeros(len(rows)),
        "prefill",
    )


def _table(
    model: ResolvedModel,
    accelerator: Accelerator,
    way: ResolvedSpeculation | None,
    layout: Layout,
    started: list[tuple[int, str]],
) -> KindTable:
    drafted = way.draft_tokens if way else (0,)
    rows = [(*kind, kv, gamma) for kind, kv, gamma in product(started, model.kv_precisions, drafted)]
    index = np.array([row[0] for row in rows], dtype=int)
    labels = layout.labels()
    return KindTable(
        model,
        accelerator,
        way,
        layout.select(index),
        tuple(labels[i] for i in index),
        tuple(row[1] for row in rows),
        tuple(row[2] for row in rows),
        np.array([row[3] for row in rows], dtype=float),
    )
