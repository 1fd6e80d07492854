"""Uneven pipeline stages against stages counted one by one: each is a model of its own layers on its own ranks."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np
import pytest

from fleets import catalog
from formulations.physics.case import Case
from formulations.physics.layout import Layout

H100 = catalog.accelerator("h100-sxm")
CONTEXT = 2000.0
SPLITS = [
    ("llama-3.1-70b", 3, 2),  # 27, 27, 26
    ("llama-3.1-70b", 6, 1),
    ("llama-3.1-70b", 7, 2),
    ("llama-3.1-70b", 4, 4),  # even: the last stage has the head beside as many layers
    ("llama-3.1-405b", 4, 8),  # 126 layers: 31, 32, 32, 31
    ("llama-3.1-8b", 3, 1),
]


def split(layers: int, stages: int) -> list[int]:
    """Layers of each stage as vLLM's `get_pp_indices` deals them: what is left over goes to stages before the last."""
    held = [layers // stages] * stages
    for extra in range(layers % stages):
        held[-2 - extra] += 1
    return held


def alone(case: Case, layers: int, end: bool) -> Case:
    """A stage as a model of its own: its layers, and the output head or the input embedding where it is at an `end`."""
    own = {
        "layers": layers,
        "vocabulary": case.architecture.vocabulary if end else 0,
        "tied_embeddings": True,
    }
    return replace(case, architecture=case.architecture.model_copy(update=own))


def seconds(case: Case, layout: Layout, batch: float) -> float:
    """A step without hand-overs between stages."""
    kept = [c for c in case.network(layout) if not c.name.startswith("pipeline")]
    return float(case.step(layout, CONTEXT, collectives=kept).total(np.array(batch)))


def device_only(name: str, model: str) -> Case:
    """A case without host time, which is not a stage's."""
    assumptions = catalog.assumption_set(name)
    engine = assumptions.engine.model_copy(update={"step_us": 0.0, "sequence_us": 0.0})
    return Case.of(catalog.architecture(model), H100, assumptions.model_copy(update={"engine": engine}))


@pytest.mark.parametrize("name", ["default", "serving-2026"])
@pytest.mark.parametrize(("model", "stages", "ranks"), SPLITS)
def test_every_micro_batch_waits_for_the_slowest_stage(
    name: str, model: str, stages: int, ranks: int
) -> None:
    case, one = device_only(name, model), Layout.of(ranks, whole=True)
    held = split(case.architecture.layers, stages)
    whole = Layout.of(ranks * stages, pipeline=stages, whole=True)
    for batch in (8.0, 64.0, 4096.0):
        ours, micro = seconds(case, whole, batch), batch / stages
        parts = [alone(case, layers, end=index == stages - 1) for index, layers in enumerate(held)]
        slowest = max(seconds(part, one, micro) for part in parts)
        assert ours >= stages * slowest * (1 - 1e-9)
        # the safe side: the longest stage counts with the output head, whichever stage has it
        longest = seconds(alone(case, ceil(case.architecture.layers / stages), True), one, micro)
        assert ours == pytest.approx(stages * longest, rel=1e-9)
        if held[-1] == max(held):
            assert ours == pytest.approx(stages * slowest, rel=1e-9)


@pytest.mark.parametrize(("stages", "ranks"), [(1, 4), (2, 2), (3, 2), (4, 2), (7, 2)])
def test_the_fullest_stage_must_fit(stages: int, ranks: int) -> None:
    case = Case.of(catalog.architecture("llama-3.1-70b"), H100, catalog.assumption_set("default"))
    layout, one = Layout.of(ranks * stages, pipeline=stages, whole=True), Layout.of(ranks, whole=True)
    held = split(80, stages)
    parts = [alone(case, layers, end=index in (0, stages - 1)) for index, layers in enumerate(held)]
    fullest = max(float(part.weights(one)) for part in parts)
    fullest += 128_256 * 8192 * 2 if stages == 1 else 0  # both embeddings on the only stage
    total, cache = float(case.weights(layout)) / stages, float(case.cache(layout, CONTEXT)) / stages
    assert cache == pytest.approx(max(float(part.cache(one, CONTEXT)) for part in parts), rel=1e-9)
    layer = 2 * (2 * 8192 * 8192 + 2 * 8192 * 1024 + 3 * 8192 * 28_672)
    if held[0] == max(held):
        assert total == pytest.approx(fullest, rel=1e-9)
    else:  # 11, 11, 11, 12, 12, 12, 11: the longest stages hold no embedding, and count as if they did
        assert fullest < total <= fullest + layer * (1 + 1e-9)


def test_real_valued_grids_share_layers_evenly() -> None:
    case = Case.of(catalog.architecture("llama-3.1-70b"), H100, catalog.assumption_set("default"))
    real, whole = (Layout.of(6, pipeline=3, whole=whole) for whole in (False, True))
    assert float(real.longest_stage(80)) == 1.0 and float(whole.longest_stage(80)) == pytest.approx(81 / 80)
    step, uneven = case.step(real, CONTEXT), case.step(whole, CONTEXT)
    assert float(uneven.sequence_read) == pytest.approx(81 / 80 * float(step.sequence_read))
