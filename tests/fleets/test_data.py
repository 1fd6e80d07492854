"""The shipped data: everything loads, nothing is claimed twice, every figure has a source, references resolve."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
import yaml

from fleets import catalog
from fleets.catalog import KINDS, Catalog, Kind
from fleets.loading import parse_yaml, validate
from fleets.schema.accelerators import Accelerator
from fleets.writing import to_yaml

ENTRIES = [(kind, name) for kind in KINDS for name in catalog.names(kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_no_name_or_alias_is_claimed_twice(kind: Kind) -> None:
    assert set(catalog.shipped().shelf(kind).index.values()) >= {name.lower() for name in catalog.names(kind)}


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_every_entry_loads_and_has_a_source(kind: Kind, name: str) -> None:
    entry = catalog.shipped().shelf(kind).get(name)
    if kind == "prices":
        assert all(price.source.name and price.source.date for price in catalog.prices(name))
        assert catalog.accelerator(name).name == name
        assert catalog.default_price(name).accelerator == name
    else:
        assert entry.sources  # type: ignore[attr-defined]


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_every_entry_survives_writing(kind: Kind, name: str) -> None:
    entry = catalog.shipped().shelf(kind).get(name)
    assert validate(type(entry), parse_yaml(to_yaml(entry), name), name) == entry


def test_doubtful_fields_exist() -> None:
    for name in catalog.names("accelerators"):
        assert set(catalog.accelerator(name).doubtful) <= set(Accelerator.model_fields), name


def test_constants_belong_to_known_accelerators() -> None:
    for name in catalog.names("assumptions"):
        assert set(catalog.assumption_set(name).accelerators) <= set(catalog.names("accelerators")), name


def test_shipped_fleets_name_accelerators_with_prices() -> None:
    for name in catalog.names("fleets"):
        for supply in catalog.fleet(name).supply:
            assert catalog.default_price(supply.accelerator_name).usd_per_hour > 0


def test_the_paper_and_the_default_take_opposite_sides() -> None:
    paper, default = catalog.assumption_set("erdil-2025"), catalog.assumption_set("default")
    for key in (
        "kv_capacity",
        "speculation_memory",
        "speculation_convention",
        "arithmetic_rate",
        "embedding",
    ):
        assert getattr(paper.choices, key) != getattr(default.choices, key), key
    assert paper.usable_hbm_fraction == 1 > default.usable_hbm_fraction
    zero = paper.collectives_of("paper-h100-zl")
    assert [protocol.base_us for protocol in zero.protocols] == [0, 0, 0]
    assert paper.collectives_of("paper-h100") == paper.collectives
    simple = {protocol.name: protocol for protocol in default.collectives.protocols}["Simple"]
    assert simple.base_us > 0  # else a collective over few ranks would cost nothing


def test_accepted_lengths_are_the_measured_ones() -> None:
    table = catalog.accepted_lengths("qwen3.5-397b-mtp")
    assert (table.draft, table.tokens_per_step[1], table.tokens_per_step[8]) == ("mtp", 1.93, 5.21)


def test_loading_the_whole_catalogue_is_fast() -> None:
    fresh = Catalog()
    start = time.perf_counter()
    for kind in KINDS:
        _ = fresh.shelf(kind).index
    assert (
        time.perf_counter() - start < 1.0
    )  # measured: 0.04 s on two cores; the slack is for loaded machines


BESIDE_THE_TABLE = {"a100-40gb-pcie", "h200-nvl", "v100-16gb-sxm"}
"""Forms that people name and the table leaves out; their figures are of the sources in their entries."""


def test_accelerators_match_the_hardware_table(shared_data: Path) -> None:
    with (shared_data / "hardware" / "gpu_specs.csv").open() as file:
        table = list(csv.DictReader(file))
    shipped = [
        catalog.accelerator(name)
        for name in catalog.names("accelerators")
        if not name.startswith("paper-") and name not in BESIDE_THE_TABLE
    ]
    assert len(table) == len(shipped)
    figures = sorted(
        (
            float(row["mem_gb_usable"]),
            float(row["mem_bw_gb_s"]),
            float(row["bf16_tflops_dense"]),
            float(row["tdp_w"]),
        )
        for row in table
    )
    assert figures == sorted(
        (entry.hbm_gb, entry.hbm_bandwidth_gb_s, entry.tflops["bf16"], entry.tdp_w) for entry in shipped
    )


def test_accepted_lengths_match_the_measurements(shared_data: Path) -> None:
    measured = []
    for path in (shared_data / "spec_decode").glob("*.yaml"):
        for modes in yaml.safe_load(path.read_text()).values():
            measured += [tuple(table.items()) for table in modes.values()]
    tables = [catalog.accepted_lengths(name) for name in catalog.names("accepted-lengths")]
    assert sorted(measured) == sorted(tuple(table.tokens_per_step.items()) for table in tables)


def test_measured_serving_points_name_known_models_and_accelerators(shared_data: Path) -> None:
    with (shared_data / "measured" / "serving_aggregated.csv").open() as file:
        points = list(csv.DictReader(file))
    for system, model in {(point["system"], point["model"]) for point in points}:
        assert catalog.accelerator(system).hbm_gb > 0
        assert catalog.architecture(model).layers > 0
