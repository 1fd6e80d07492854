"""Speed, with room for a busy machine: the benchmarks run, and stay far from the paper's own times.

The figures of an idle machine are in docs/physics.md; the bounds here catch a change of order, not of a few percent.
"""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path
from types import ModuleType

import pytest

from planner.step_time.speed_cost.answer import frontier
from planner.step_time.speed_cost.config import resolve_frontier

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
BUSY = 4.0
"""How much slower a loaded test machine may be."""


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_deployable_frontier_takes_100_ms() -> None:
    benchmark = load("physics_frontier")
    config = resolve_frontier(benchmark.study("paper-llama-3-70b", "paper-llama-3-8b"), "test", Path())
    seconds = []
    for _ in range(5):
        started = time.process_time()
        assert frontier(config).curves[0].evaluated > 10_000
        seconds.append(time.process_time() - started)
    assert min(seconds) <= 0.1 * BUSY


def test_the_papers_grid_takes_a_tenth_of_its_time_and_little_memory() -> None:
    benchmark = load("physics_grid")
    benchmark.REPEATS = 1
    measured = benchmark.measure("Llama 3 70B, pipeline")
    assert measured["cpu_s"] <= 12 / 10 * BUSY
    assert measured["points_per_s"] == pytest.approx(160_000 / measured["cpu_s"])


def test_choices_benchmark_prints_one_line_per_row(capsys: pytest.CaptureFixture[str]) -> None:
    benchmark = load("physics_choices")
    benchmark.ROWS = [row for row in benchmark.ROWS if row[0] == "4"][:1]
    benchmark.tables()
    assert "| 4 | H100 SXM | fastest | 152, –, 24, – | 152, –, 24, – |" in capsys.readouterr().out
