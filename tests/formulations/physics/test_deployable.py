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


def test_heads_and_widths_must_divide_and_every_stage_has_a_layer() -> None:
    assert refusals(LayoutLimits(instance_accelerators=(3,))) == [
        "tp3 on 3 accelerators: needs query heads divisible by 3 ranks, has 64 query heads"
    ]
    assert refusals(LayoutLimits(instance_accelerators=(96,), pipeline=(96,))) == [
        "tp1-pp96 on 96 accelerators: needs a layer for each of 96 pipeline stages, has 80 layers"
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


def test_stages_need_not_divide_the_layers() -> None:
    six = LayoutLimits(instance_accelerators=(6,), pipeline=(1, 2, 3, 6))
    assert labels(six, "h100-sxm", "llama-3.1-70b") == [
        "tp2-pp3",
        "tp1-pp6",
    ]  # 64 heads are not for 6 or 3 ranks
    two = LayoutLimits(instance_accelerators=(16,), pipeline=(2,), expert_parallel=(False,))
    assert labels(two, "h100-sxm", "deepseek-v3") == ["tp8-pp2"]  # 61 layers: 31 and 30


def test_stages_inside_domains_may_leave_the_last_one_to_others() -> None:
    limits = LayoutLimits(instance_accelerators=(12, 24), pipeline=(2, 3))
    # 12 accelerators in domains of 8: three stages of 4, but not two of 6; 24: three of 8, but not two of 12
    assert labels(limits) == ["tp4-pp3", "tp8-pp3"]
    heads = LLAMA.attention.model_copy(update={"query_heads": 96, "kv_heads": 8})
    wide = LLAMA.model_copy(update={"attention": heads})
    found, refused = deployable_layouts(wide, H100, LayoutLimits(instance_accelerators=(3, 6, 12, 24)))
    assert found.labels() == []  # 96 heads for 3, 6 and 24 ranks, but 8 KV heads for none of them
    assert refused[0].needed == "KV heads that divide by, or into, 3 ranks"
    wide = wide.model_copy(update={"attention": heads.model_copy(update={"kv_heads": 12})})
    found, refused = deployable_layouts(wide, H100, LayoutLimits(instance_accelerators=(3, 6, 12, 24)))
    assert [str(r.needed) for r in refused] == [
        "d_ff divisible by 3 ranks",
        "d_ff divisible by 6 ranks",
        "whole domains of 8 accelerators",
        "d_ff divisible by 24 ranks",
    ]
    wide = wide.model_copy(update={"feed_forward": LLAMA.feed_forward.model_copy(update={"d_ff": 36_864})})
    found, _ = deployable_layouts(wide, H100, LayoutLimits(instance_accelerators=(3, 6, 12, 24)))
    assert found.labels() == ["tp3", "tp6", "tp24"]


def test_engines_of_one_rank_spread_experts_over_nodes() -> None:
    limits = LayoutLimits(instance_accelerators=(32, 72, 144), attention_groups=(1, 32, 72, 144))
    assert labels(limits, "h800-sxm", "deepseek-v3") == [
        "tp32",
        "tp32-adp32",
        "tp32-ep",
        "tp32-ep-adp32",
        "tp72-ep-adp72",
        "tp144-ep-adp72",  # engines of two ranks
        "tp144-ep-adp144",
    ]
    refused = deployable_layouts(
        catalog.architecture("deepseek-v3"), catalog.accelerator("h800-sxm"), limits
    )[1]
    # without engines of their own, 72 ranks share the dense layers, the shared expert and each routed one
    assert {(r.layout, r.needed) for r in refused if r.layout.endswith("adp72") and r.accelerators == 72} == {
        ("tp72-adp72", "d_ff divisible by 72 ranks")
    }


def test_experts_spread_over_ranks_with_copies_where_they_do_not_divide() -> None:
    limits = LayoutLimits(instance_accelerators=(1, 8, 16))
    assert labels(limits, model="paper-mixtral-8x22b") == ["tp1", "tp8", "tp8-ep", "tp16", "tp16-ep"]
    six = catalog.architecture("paper-mixtral-8x22b")
    six = six.model_copy(update={"feed_forward": six.feed_forward.model_copy(update={"experts": 6})})
    found, refused = deployable_layouts(six, H100, LayoutLimits(instance_accelerators=(4,)))
    assert found.labels() == ["tp4", "tp4-ep"] and refused == ()
    assert float(found.held_experts(6)[1]) == pytest.approx(8 / 6)  # two on each rank, two of them copies


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
