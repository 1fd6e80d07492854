"""Results of vLLM's benchmark, genai-perf and aiperf become rows of the measured CSV."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from planner.calibration.benchmark_files import Deployment, benchmark_rows
from planner.calibration.measured import read_measurements
from planner.cli import app
from planner.errors import InputError

DEPLOYMENT = Deployment(system="h100-sxm", precision="bf16", tensor=8)
VLLM = {
    "date": "20251118-101500", "backend": "openai-chat", "model_id": "Qwen/Qwen3-32B", "max_concurrency": 32,
    "completed": 320, "total_input_tokens": 294_912, "total_output_tokens": 288_000,
    "mean_ttft_ms": 124.0, "mean_tpot_ms": 10.2,
}  # fmt: skip


def perf(concurrency: dict[str, Any], unit: str = "ms", scale: float = 1.0) -> dict[str, Any]:
    return {
        "time_to_first_token": {"unit": unit, "avg": 124.0 * scale},
        "inter_token_latency": {"unit": unit, "avg": 10.2 * scale},
        "input_sequence_length": {"unit": "tokens", "avg": 921.6},
        "output_sequence_length": {"unit": "tokens", "avg": 900.0},
        "input_config": concurrency,
    }


AIPERF = perf({"endpoint": {"model_names": ["Qwen/Qwen3-32B"]}, "loadgen": {"concurrency": 32}}, "us", 1e3)
GENAI_PERF = perf({"model_names": ["Qwen/Qwen3-32B"], "perf_analyzer": {"stimulus": {"concurrency": 32}}})
OLD_GENAI_PERF = perf({"model": ["Qwen/Qwen3-32B"], "concurrency": 32}, "ns", 1e6)


def write(folder: Path, data: Any) -> Path:
    path = folder / "result.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "data", [VLLM, AIPERF, GENAI_PERF, OLD_GENAI_PERF], ids=["vllm", "aiperf", "genai-perf", "old"]
)
def test_each_format_gives_the_same_row(tmp_path: Path, data: dict[str, Any]) -> None:
    (row,) = benchmark_rows([write(tmp_path, data)], DEPLOYMENT)
    expected = {
        "model": "Qwen/Qwen3-32B",
        "isl": 921.6,
        "osl": 900.0,
        "concurrency": 32,
        "n_gpus": 8,
        "length_share": 1,
    }
    assert {key: row[key] for key in expected} == expected
    assert (row["ttft_mean_ms"], row["tpot_mean_ms"]) == (pytest.approx(124.0), pytest.approx(10.2))


def test_the_command_writes_what_calibrate_and_validate_read(tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    arguments = [
        "import",
        "benchmark",
        str(write(tmp_path, VLLM)),
        "--system",
        "h100-sxm",
        "--precision",
        "bf16",
        "--tp",
        "8",
    ]
    assert CliRunner().invoke(app, [*arguments, "--out", str(out)]).exit_code == 0
    (point,) = read_measurements([out]).points
    assert (point.model, point.tensor, point.input_tokens, point.length_share) == ("qwen3-32b", 8, 921.6, 1.0)
    assert point.date == "2025-11-18"
    printed = CliRunner().invoke(app, arguments)
    assert printed.stdout == out.read_text(encoding="utf-8")


def test_what_is_missing_is_asked_for_by_its_option(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give --system") as error:
        benchmark_rows([write(tmp_path, {**VLLM, "max_concurrency": None})], Deployment())
    assert any("concurrency" in problem for problem in error.value.problems)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"throughput": 3}, "neither a result of vLLM"),
        ([1, 2], "expected one JSON object"),
        ({**VLLM, "completed": 0}, "completed = 0 must be a positive number"),
        (perf({}, "fortnights"), "is in 'fortnights'"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, data: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        benchmark_rows([write(tmp_path, data)], DEPLOYMENT)
