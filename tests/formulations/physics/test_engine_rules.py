"""Layouts that engines do not start: quantised widths that leave part of a block on a rank."""

from __future__ import annotations

import pytest

from fleets import catalog
from fleets.schema.assumptions import AssumptionSet, ServingEngine
from formulations.physics.engine_rules import engine_problem

SERVING = catalog.assumption_set("serving-2026")


def under(engine: str) -> AssumptionSet:
    return SERVING.model_copy(update={"serving_engine": ServingEngine(name=engine)})


def problem(
    model: str, precision: str, ranks: int, experts: bool = False, groups: int = 1, engine: str = "vllm"
) -> tuple[str, str] | None:
    return engine_problem(catalog.architecture(model), under(engine), precision, ranks, experts, groups)


@pytest.mark.parametrize("engine", ["vllm", "sglang", "trtllm"])
@pytest.mark.parametrize("model", ["qwen3-235b-a22b", "minimax-m2.5"])
def test_block_fp8_experts_of_1536_need_expert_parallelism_on_eight_ranks(model: str, engine: str) -> None:
    found = problem(model, "fp8", 8, engine=engine)
    assert found is not None
    assert "d_ff per rank in blocks of 128" in found[0] and found[1] == "192 per rank"
    assert problem(model, "fp8", 8, experts=True, engine=engine) is None
    assert problem(model, "fp8", 4, engine=engine) is None  # 384 = 3 blocks
    assert problem(model, "bf16", 8, engine=engine) is None


@pytest.mark.parametrize(
    ("model", "precision", "ranks", "experts", "groups", "starts"),
    [
        ("qwen3-30b-a3b", "fp8", 4, False, 1, False),  # 768/4 = 192: pull 44763
        ("qwen3-30b-a3b", "fp8", 2, False, 1, True),
        ("qwen3-8b", "fp8", 8, False, 1, True),  # dense 12,288/8 = 1,536
        ("qwen3-32b", "fp8", 8, False, 1, True),  # 25,600/8 = 3,200
        ("qwen3-32b", "fp8", 16, False, 1, False),  # 1,600 = 12.5 blocks
        ("deepseek-v3", "fp8", 8, False, 1, True),
        ("deepseek-v3", "fp8", 16, False, 1, True),
        ("deepseek-v3", "fp8", 32, True, 1, False),  # shared experts of 2,048/32 = 64
        ("deepseek-v3", "fp8", 32, True, 32, True),  # data-parallel attention: shared experts whole
        ("llama-3.1-70b", "fp8", 8, False, 1, True),  # scales by tensor: no blocks
        ("qwen2.5-72b", "int4", 8, False, 1, False),  # 29,568/8 = 3,696: no whole groups of 128
        ("qwen2.5-72b", "int4", 1, False, 1, True),
        ("gpt-oss-120b", "mxfp4", 8, False, 1, True),  # 2,880/8 = 360 is padded
    ],
)
def test_widths_by_hand(
    model: str, precision: str, ranks: int, experts: bool, groups: int, starts: bool
) -> None:
    assert (problem(model, precision, ranks, experts, groups) is None) == starts


def test_a_set_without_an_engine_has_no_rules() -> None:
    architecture = catalog.architecture("qwen3-235b-a22b")
    assert engine_problem(architecture, catalog.assumption_set("default"), "fp8", 8, False, 1) is None
