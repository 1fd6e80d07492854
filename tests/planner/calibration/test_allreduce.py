"""All-reduces: one- and two-shot kernels and NCCL fitted to measured times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fleets import catalog
from planner.calibration.allreduce import AllReduceTable, fit_allreduce, read_allreduce, seconds_on
from planner.errors import InputError

SIZES = np.array([4096.0, 16384.0, 65536.0, 262144.0, 1048576.0])
# Medians in µs of vLLM's custom kernel in a captured graph, and of NCCL, on H100 SXM at 2, 4 and 8 GPUs and SIZES.
# Source: NVIDIA aiconfigurator repository (Apache-2.0), 2026-04.
VLLM = [[4.3, 4.4, 4.5, 5.2, 8.3], [4.6, 4.9, 5.2, 7.1, 12.8], [4.7, 5.2, 6.4, 10.8, 15.0]]
NCCL = [[6.5, 7.4, 7.6, 9.2, 15.5], [9.8, 11.6, 11.7, 12.1, 19.4], [16.0, 17.0, 19.4, 20.0, 26.6]]
LIBRARIES = {
    "vllm-2026": "vLLM_custom_graph",
    "trtllm-2026": "TRTLLM_graph",
    "sglang-2026": "SGLang_CustomAllReduce_graph",
}
IN_ENGINES = ("NCCL", "vLLM_custom_graph", "TRTLLM_graph", "SGLang_CustomAllReduce_graph")


def table(library: str, microseconds: list[list[float]]) -> AllReduceTable:
    ranks = np.repeat([2.0, 4.0, 8.0], len(SIZES))
    return AllReduceTable(
        "h100-sxm", library, ranks, np.tile(SIZES, 3), 1e-6 * np.array(microseconds).ravel()
    )


@pytest.mark.parametrize(("library", "times"), [("vLLM_custom_graph", VLLM), ("NCCL", NCCL)])
def test_measured_times_are_met(library: str, times: list[list[float]]) -> None:
    found = fit_allreduce(table(library, times))
    assert found.median_error < 0.05 and found.errors.max() < 0.15


def test_engines_switch_from_one_to_two_shots_as_the_message_grows() -> None:
    one_shot, two_shot = fit_allreduce(table("vLLM_custom_graph", VLLM)).protocols
    assert (one_shot.kind, two_shot.kind) == ("one_shot", "two_shot") and one_shot.base_us < two_shot.base_us
    accelerator, eight = catalog.accelerator("h100-sxm"), np.array([8.0])
    small, large = np.array([16384.0]), np.array([1048576.0])
    assert seconds_on(accelerator, (one_shot,), eight, small) < seconds_on(
        accelerator, (two_shot,), eight, small
    )
    assert seconds_on(accelerator, (one_shot,), eight, large) > seconds_on(
        accelerator, (two_shot,), eight, large
    )


@pytest.mark.parametrize("name", [*LIBRARIES, "serving-2026"])
def test_shipped_sets_carry_the_measured_library(name: str) -> None:
    protocols = catalog.assumption_set(name).collectives_of("h100-sxm").protocols
    times = seconds_on(
        catalog.accelerator("h100-sxm"), protocols, np.repeat([2.0, 4.0, 8.0], 5), np.tile(SIZES, 3)
    )
    if name in ("vllm-2026", "serving-2026"):
        assert np.median(np.abs(1e6 * times / np.array(VLLM).ravel() - 1)) < 0.05
    assert np.all(times <= 1.2e-6 * np.array(NCCL).ravel())  # never slower than NCCL, which is in the set too


def test_every_library_of_engines_within_15_percent_on_every_system(shared_data: Path) -> None:
    tables, unknown = read_allreduce(shared_data / "allreduce" / "allreduce_summary.csv")
    used = [found for found in tables if found.library in IN_ENGINES]
    assert len(used) >= 30 and unknown == ["b60"]
    errors = {(t.accelerator, t.library): fit_allreduce(t).median_error for t in used}
    assert {key: round(error, 3) for key, error in errors.items() if error > 0.15} == {}


@pytest.mark.parametrize(("name", "library"), list(LIBRARIES.items()))
def test_shipped_sets_agree_with_the_whole_file(shared_data: Path, name: str, library: str) -> None:
    tables, _ = read_allreduce(shared_data / "allreduce" / "allreduce_summary.csv")
    assumptions = catalog.assumption_set(name)
    for found in (one for one in tables if one.library == library):
        protocols = assumptions.collectives_of(found.accelerator).protocols
        accelerator = catalog.accelerator(found.accelerator)
        times = seconds_on(accelerator, protocols, found.ranks, found.message_bytes)
        assert np.median(np.abs(times / found.seconds - 1)) <= 0.15, (found.accelerator, library)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("system,impl\nh100_sxm,NCCL\n", encoding="utf-8")
    with pytest.raises(InputError, match="needs columns"):
        read_allreduce(path)
