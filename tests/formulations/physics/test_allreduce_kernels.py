"""All-reduce kernels of engines by hand: bytes of one and two shots, where they cannot go, and a shared bus."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest

from fleets import catalog
from fleets.schema.assumptions import Collectives, Protocol
from formulations.physics.case import Case
from formulations.physics.collectives import ALL_REDUCE, ONE_PASS, Pattern, route
from formulations.physics.layout import Layout
from formulations.physics.machine import machine

RANKS = np.array([2.0, 4.0, 8.0])
MEGABYTE = 1e6


def seconds(
    kind: Literal["ring", "shared_bus", "one_shot", "two_shot"], nodes: Any = 1.0, passes: float = ALL_REDUCE
) -> Any:
    """1 MB over 2, 4 and 8 ranks with 5 µs base, 0.5 µs per rank and all of a 450 GB/s link."""
    protocol = Protocol(name=kind, kind=kind, base_us=5, rank_us=0.5, node_us=5, efficiency=1)
    base = catalog.assumption_set("default")
    assumptions = base.model_copy(update={"collectives": Collectives(protocols=(protocol,))})
    computer = machine(catalog.accelerator("h100-sxm"), assumptions)
    pattern = Pattern.ring(passes, RANKS, np.full_like(RANKS, nodes))
    return route(computer, "max", pattern).collective(kind, np.asarray(MEGABYTE), 1.0).total(np.ones(()))


def test_bytes_of_one_and_two_shots() -> None:
    latency = 5e-6 + 2 * (RANKS - 1) * 0.5e-6
    ring = 2 * (RANKS - 1) / RANKS * MEGABYTE / 450e9
    np.testing.assert_allclose(seconds("ring"), latency + ring, rtol=1e-12)
    np.testing.assert_allclose(seconds("two_shot"), latency + ring, rtol=1e-12)
    np.testing.assert_allclose(seconds("one_shot"), latency + (RANKS - 1) * MEGABYTE / 450e9, rtol=1e-12)
    np.testing.assert_allclose(seconds("shared_bus"), seconds("one_shot"), rtol=1e-12)


def test_kernels_stay_inside_a_domain_and_only_reduce() -> None:
    assert np.all(np.isinf(seconds("one_shot", nodes=2.0))) and np.all(
        np.isinf(seconds("two_shot", nodes=2.0))
    )
    assert np.all(np.isinf(seconds("one_shot", passes=ONE_PASS)))
    assert np.all(np.isfinite(seconds("ring", nodes=2.0))) and np.all(
        np.isfinite(seconds("shared_bus", passes=ONE_PASS))
    )


@pytest.mark.parametrize("name", ["serving-2026", "vllm-2026", "trtllm-2026", "sglang-2026"])
def test_fitted_sets_reach_over_nodes_and_through_experts(name: str) -> None:
    assumptions = catalog.assumption_set(name)
    for accelerator in ("h100-sxm", "b200-sxm", "l40s", "a100-80gb-sxm", "mi300x"):
        case = Case.of(catalog.architecture("deepseek-v3"), catalog.accelerator(accelerator), assumptions)
        step = case.step(Layout.of([8, 16], expert_parallel=[False, True]), 1000)
        assert np.all(np.isfinite(step.step_time(64).total)), accelerator
        pieces = step.network_pieces()
        assert np.all(np.isfinite(pieces.latency)) and np.all(np.isfinite(pieces.per_sequence)), accelerator
