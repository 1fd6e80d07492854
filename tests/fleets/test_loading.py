"""Refusals of the loading layer: each names file, key path, value, unit and fix; all problems come at once."""

from __future__ import annotations

import pytest

from fleets.errors import CatalogError
from fleets.loading import parse_yaml, validate
from fleets.schema.accelerators import Accelerator
from fleets.schema.accepted_lengths import AcceptedLengths
from fleets.schema.architectures import Architecture
from fleets.schema.fleets import Fleet
from fleets.schema.prices import PriceTable

GOOD = "name: x1\nhbm_gb: 80\nhbm_bandwidth_gb_s: 3350\ntflops: {bf16: 989.5}\n"


def problems_of(schema: type, text: str) -> list[str]:
    with pytest.raises(CatalogError) as caught:
        validate(schema, parse_yaml(text, "x1.yaml"), "x1.yaml")
    return caught.value.problems


def test_a_good_file_loads_and_dates_stay_text() -> None:
    text = GOOD + "sources: [{name: data sheet, date: 2025-05-01}]"
    entry = validate(Accelerator, parse_yaml(text, "x1.yaml"), "x1.yaml")
    assert entry.sources[0].date == "2025-05-01"
    assert entry.tflops == {"bf16": 989.5}


def test_a_key_that_stands_twice_is_refused_with_its_lines() -> None:
    with pytest.raises(CatalogError, match=r"x1.yaml:5:1: key 'hbm_gb' stands twice \(lines 2 and 5\)"):
        parse_yaml(GOOD + "hbm_gb: 96\n", "x1.yaml")
    with pytest.raises(CatalogError, match=r"key 'bf16' stands twice"):
        parse_yaml("tflops: {bf16: 1, bf16: 2}", "x1.yaml")


def test_broken_yaml_and_code_are_refused() -> None:
    with pytest.raises(CatalogError, match=r"x1.yaml:\d+:\d+: not valid YAML"):
        parse_yaml("name: [", "x1.yaml")
    with pytest.raises(CatalogError, match=r"x1.yaml:1:7: the tag"):
        parse_yaml("name: !!python/object/apply:os.getcwd []", "x1.yaml")


def test_a_file_that_is_not_a_mapping_is_refused() -> None:
    assert "expected keys and values" in problems_of(Accelerator, "- 1")[0]
    assert "got nothing" in problems_of(Accelerator, "")[0]


def test_all_problems_of_a_file_come_together() -> None:
    text = "name: x1\nhbm_gb: -80\nhbm_gib: 80\ntflops: {bf16: .nan, fp16: 3}\n"
    found = problems_of(Accelerator, text)
    assert len(found) == 5
    joined = "\n".join(found)
    assert "x1.yaml: hbm_gb = -80 [GB]: input should be greater than 0" in joined
    assert "x1.yaml: hbm_bandwidth_gb_s is missing [GB/s]; add it" in joined
    assert "x1.yaml: hbm_gib = 80 is not a known key" in joined
    assert "x1.yaml: tflops.bf16 = nan [TFLOP/s]" in joined
    assert "fp16" in joined


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("hbm_gb: 0", "hbm_gb"),
        ("hbm_gb: 80000", "hbm_gb"),  # bytes or MB by mistake
        ("hbm_gb: 80 GB", "hbm_gb"),
        ("hbm_gb: .inf", "hbm_gb"),
        ("hbm_bandwidth_gb_s: 3.35e12", "hbm_bandwidth_gb_s"),  # bytes per second
        ("tflops: {fp8: 1979}", "bf16"),
        ("tflops: {bf16: 9.9e14}", "tflops.bf16"),  # FLOP per second
        ("scaleup_domain: 2.5", "scaleup_domain"),
        ("scaleup_domain: 0", "scaleup_domain"),
        ("tdp_w: -1", "tdp_w"),
        ("interconnect: nvlink", "interconnect"),
        ("name: two words", "name"),
        ("sources: [{name: somebody, date: last year}]", "sources[0].date"),
    ],
)
def test_absurd_values_are_refused(line: str, key: str) -> None:
    field = line.split(":")[0]
    rest = "".join(f"{kept}\n" for kept in GOOD.splitlines() if not kept.startswith(f"{field}:"))
    found = problems_of(Accelerator, rest + line)
    assert len(found) == 1
    assert key in found[0]


PRICES = "accelerator: x1\nprices:\n"
PRICE = "  - {usd_per_hour: %s, terms: market, provider: us%s, source: {name: us, date: 2025-01}}\n"


def test_prices_are_refused() -> None:
    assert "prices[0].usd_per_hour = 0 [$/h]" in problems_of(PriceTable, PRICES + PRICE % (0, ""))[0]
    assert "prices[0].usd_per_hour = nan [$/h]" in problems_of(PriceTable, PRICES + PRICE % (".nan", ""))[0]
    two = PRICES + 2 * (PRICE % (2, ", default: true"))
    assert "2 prices say default: true; keep one" in problems_of(PriceTable, two)[0]
    assert (
        "prices of x2 do not belong to x1"
        in problems_of(PriceTable, PRICES + PRICE % (2, ", accelerator: x2"))[0]
    )
    assert (
        "source is missing"
        in problems_of(PriceTable, PRICES + "  - {usd_per_hour: 2, terms: spot, provider: us}")[0]
    )


SHAPE = "name: m\nlayers: 2\nd_model: 8\nvocabulary: 10\nfeed_forward: {d_ff: 8, input_matrices: 2%s}\nattention: {%s}\n"


@pytest.mark.parametrize(
    ("block", "attention", "message"),
    [
        ("", "kind: mla, query_heads: 2, kv_heads: 2, head_dim: 4", "needs kv_rank"),
        ("", "query_heads: 2, kv_heads: 2, head_dim: 4, windowed_layers: 1", "go together"),
        (
            "",
            "query_heads: 2, kv_heads: 2, head_dim: 4, windowed_layers: 3, window_tokens: 8",
            "more dense or windowed",
        ),
        (", experts: 4, active_experts: 5", "query_heads: 2, kv_heads: 2, head_dim: 4", "exceeds experts"),
        (", dense_layers: 1", "query_heads: 2, kv_heads: 2, head_dim: 4", "needs dense_d_ff"),
        ("", "query_heads: -2, kv_heads: 2, head_dim: 4", "attention.query_heads = -2"),
    ],
)
def test_inconsistent_shapes_are_refused(block: str, attention: str, message: str) -> None:
    assert message in problems_of(Architecture, SHAPE % (block, attention))[0]


def test_accepted_lengths_beyond_the_drafted_tokens_are_refused() -> None:
    text = "name: t\ndraft: mtp\nmodel: m\nthinking: true\ndataset: d\nsources: [{name: s, date: 2026-01}]\n"
    assert "exceeds 2 tokens" in problems_of(AcceptedLengths, text + "tokens_per_step: {1: 2.5}")[0]
    assert "tokens_per_step" in problems_of(AcceptedLengths, text + "tokens_per_step: {}")[0]


@pytest.mark.parametrize(
    ("supply", "message"),
    [
        ("{accelerator: a, limit: -1}", "supply[0].limit = -1"),
        ("{accelerator: a, unit: 0}", "supply[0].unit = 0"),
        ("{accelerator: a, price_usd_per_hour: .nan}", "supply[0].price_usd_per_hour = nan [$/h]"),
        ("{accelerator: a, availability: 1.5}", "supply[0].availability = 1.5"),
        ("{accelerator: a, owned: true}", "needs limit"),
        ("{accelerator: a, owned: true, limit: 8, price_usd_per_hour: 2}", "write running_usd_per_hour"),
        ("{accelerator: a, running_usd_per_hour: 1}", "needs owned: true"),
        (
            "{accelerator: {name: b, hbm_gb: 80, tflops: {bf16: 1}}}",
            "supply[0].accelerator.hbm_bandwidth_gb_s is missing",
        ),
        ("{accelerator: a~b}", "supply[0].accelerator = 'a~b'"),
    ],
)
def test_supplies_are_refused(supply: str, message: str) -> None:
    found = problems_of(Fleet, f"supply: [{supply}]")
    assert len(found) == 1
    assert message in found[0]


def test_supplies_need_distinct_names() -> None:
    assert "a stand twice" in problems_of(Fleet, "supply: [{accelerator: a}, {accelerator: a}]")[0]
    sites = "supply: [{accelerator: a, site: east}, {accelerator: a, site: west}]"
    fleet = validate(Fleet, parse_yaml(sites, "f.yaml"), "f.yaml")
    assert [supply.label for supply in fleet.supply] == ["a@east", "a@west"]


def test_an_inline_accelerator_is_a_supply() -> None:
    text = "supply: [{accelerator: {name: b, hbm_gb: 80, hbm_bandwidth_gb_s: 3000, tflops: {bf16: 900}}, limit: 8}]"
    supply = validate(Fleet, parse_yaml(text, "f.yaml"), "f.yaml").supply[0]
    assert supply.accelerator_name == supply.label == "b"
