"""Whole-numbered layouts: what divides stays, what does not is refused with what it needed and what was there."""

from __future__ import annotations

import pytest

from fleets import catalog
from formulations.physics.deployable import LayoutLimits, deployable_layouts

LLAMA = catalog.architecture("paper-llama-3-70b")  # 80 layers, 64 query heads, 8 KV heads, d_ff 28672
H100 = catalog.accelerator("paper-h100")  # domains of 8, links inside and between


def labels(
    limits: LayoutLimits, accelerator: str = "paper-h100", model: str = "paper-llama-3-70b"
) -> list[str]:
    found, _ = deployable_layouts(catalog.architecture(model), catalog.accelerator(accelerator), limits)
    return found.labels()


def refusals(limits: LayoutLimits, model: str = "paper-llama-3-70b", **changes: object) -> list[str]:
    accelerator = H100.model_copy(update=changes)
    return [str(r) for r in deployable_layouts(catalog.architecture(model), accelerator, limits)[1]]


def test_powers_of_two_divide_a_llama() -> None:
    assert labels(LayoutLimits()) == ["tp1", "tp2", "tp4", "tp8", "tp16", "tp32", "tp64"]


def test_heads_layers_and_widths_must_divide() -> None:
    assert refusals(LayoutLimits(instance_accelerators=(3,))) == [
        "tp3 on 3 accelerators: needs query heads divisible by 3 ranks, has 64 query heads"
    ]
    assert refusals(LayoutLimits(instance_accelerators=(3,), pipeline=(3,))) == [
        "tp1-pp3 on 3 accelerators: needs layers divisible by 3 pipeline stages, has 80 layers"
    ]
    assert (
        "accelerators divisible by 4 pipeline stages"
        in refusals(LayoutLimits(instance_accelerators=(2,), pipeline=(4,)))[0]
    )
    narrow = LLAMA.model_copy(update={"feed_forward": LLAMA.feed_forward.model_copy(update={"d_ff": 28_673})})
    _, refused = deployable_layouts(narrow, H100, LayoutLimits(instance_accelerators=(2,)))
    assert refused[0].needed == "d_ff divisible by 2 ranks"
    assert refused[0].available == "d_ff 28673"


def test_kv_heads_divide_or_are_copied() -> None:
    attention = LLAMA.attention.model_copy(update={"kv_heads": 6, "query_heads": 96})
    odd = LLAMA.model_copy(update={"attention": attention})
    found, refused = deployable_layouts(odd, H100, LayoutLimits(instance_accelerators=(2, 4)))
    assert found.labels() == ["tp2"]
    assert refused[0].available == "6 KV heads"
    assert "tp16" in labels(LayoutLimits())  # 8 KV heads, two copies


def test_instances_fill_domains_and_need_links() -> None:
    assert refusals(LayoutLimits(instance_accelerators=(12,), pipeline=(1,)))[0].endswith(
        "needs whole domains of 8 accelerators, has 12"
    )
    assert (
        "a link between domains of 8 (scaleout_gb_s)"
        in refusals(LayoutLimits(instance_accelerators=(16,)), scaleout_gb_s=None)[0]
    )
    assert (
        "a link between accelerators (scaleup_gb_s)"
        in refusals(LayoutLimits(instance_accelerators=(2,)), scaleup_gb_s=None)[0]
    )
    assert labels(LayoutLimits(instance_accelerators=(1,))) == ["tp1"]
    assert labels(LayoutLimits(instance_accelerators=(1, 4)), "paper-tpu-v4") == ["tp1", "tp4"]


def test_stages_must_not_straddle_domains() -> None:
    wide = H100.model_copy(update={"scaleup_domain": 6})
    _, refused = deployable_layouts(LLAMA, wide, LayoutLimits(instance_accelerators=(30,), pipeline=(2,)))
    assert refused[0].needed == "pipeline stages that fill or divide domains of 6"


def test_experts_spread_over_ranks_that_divide_them() -> None:
    limits = LayoutLimits(instance_accelerators=(1, 8, 16))
    assert labels(limits, model="paper-mixtral-8x22b") == ["tp1", "tp8", "tp8-ep", "tp16", "tp16-ep"]
    six = catalog.architecture("paper-mixtral-8x22b")
    six = six.model_copy(update={"feed_forward": six.feed_forward.model_copy(update={"experts": 6})})
    found, refused = deployable_layouts(six, H100, LayoutLimits(instance_accelerators=(4,)))
    assert found.labels() == ["tp4"]
    assert refused[0].available == "6 experts, 4 ranks"


def test_two_dimensions_need_a_square_and_groups_divide_ranks() -> None:
    limits = LayoutLimits(instance_accelerators=(4, 8), two_d=(False, True))
    assert labels(limits) == ["tp4", "2d4", "tp8"]
    groups = LayoutLimits(instance_accelerators=(8,), attention_groups=(1, 3, 8))
    assert labels(groups) == ["tp8", "tp8-adp8"]
    assert "tensor ranks divisible by 3 attention groups" in refusals(groups)[0]


@pytest.mark.parametrize("size", [1, 8])
def test_shapes_are_columns_for_broadcasting(size: int) -> None:
    found, _ = deployable_layouts(LLAMA, H100, LayoutLimits(instance_accelerators=(size,)))
    assert found.shape == (1,)
    assert found.column().shape == (1, 1)
