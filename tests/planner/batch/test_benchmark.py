"""The benchmark of batches runs, in small, and keeps its promises."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

PATH = Path(__file__).resolve().parents[3] / "benchmarks" / "whatif_benchmark.py"


@pytest.fixture(scope="module")
def benchmark_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("whatif_benchmark", PATH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("what", ["speed", "equal"])
def test_in_small(benchmark_module: ModuleType, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark_module.main([what, "--count", "4", "--jobs", "1"]) == 0
    assert "promise: kept" in capsys.readouterr().out
