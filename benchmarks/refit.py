"""Fit the shipped assumption sets again and put their figures into docs/accuracy.md; less than two minutes on one core.

    python benchmarks/refit.py MEASURED.csv ALLREDUCE.csv [LATER.csv]

MEASURED: the serving points that the sets are fitted to. LATER: points that they are not fitted to, by which the bands
that plans state are judged; without it that table stays as it is. To be run after every change of the physics.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from fleets import catalog
from fleets.schema.assumptions import AssumptionSet
from fleets.schema.base import Source
from planner.accuracy.coverage import coverage, coverage_cells, total
from planner.calibration import assemble
from planner.calibration.allreduce import read_allreduce
from planner.calibration.measured import Measurements, read_measurements
from planner.calibration.predict import Predictor
from planner.calibration.report import Comparison
from planner.calibration.tables import BAND, left_out_cells, left_out_rows
from planner.calibration.writing import write_set

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "accuracy.md"
SOURCE = "NVIDIA aiconfigurator repository (Apache-2.0), from SemiAnalysis InferenceX (Apache-2.0) and NVIDIA sweeps"
SETS = {
    "serving-2026": ("", "vLLM_custom_graph"),
    "vllm-2026": ("vllm", "vLLM_custom_graph"),
    "trtllm-2026": ("trtllm", "TRTLLM_graph"),
    "sglang-2026": ("sglang", "SGLang_CustomAllReduce_graph"),
}
"""Shipped sets: the engine whose rows they are fitted to (all, where none is named), and its all-reduce library."""
UNFITTED = ("erdil-2025", "default")


def refit(measured: Path, all_reduces: Path, later: Path | None) -> None:
    """Write the four sets and the page's tables."""
    measurements = read_measurements([measured])
    fitted = {name: _fitted(name, measurements, all_reduces) for name in SETS}
    page = PAGE.read_text(encoding="utf-8")
    page = _put(page, "sets", _sets_table(fitted, measurements))
    page = _put(page, "left-out", _left_out_table(fitted))
    page = _put(page, "regimes", _regimes_table(fitted["serving-2026"]))
    if later is not None:
        page = _put(page, "coverage", _coverage_table(fitted, read_measurements([later])))
    PAGE.write_text(_constants(page, fitted["serving-2026"]), encoding="utf-8")


def _fitted(name: str, measurements: Measurements, all_reduces: Path) -> AssumptionSet:
    begin = time.perf_counter()
    engine, library = SETS[name]
    own = measurements.of_engine(engine) if engine else measurements
    tables, _ = read_allreduce(all_reduces)
    found = assemble.calibrate(
        own, catalog.assumption_set("default"), name, "1.0", Source(name=SOURCE, date=own.last_date),
        assemble.fit_libraries(tables, library),
    )  # fmt: skip
    comment = f"{found.assumptions.description}; made by `python benchmarks/refit.py`, see docs/accuracy.md."
    write_set(found.assumptions, ROOT / "fleets" / "data" / "assumptions" / f"{name}.yaml", comment)
    print(f"{name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    return found.assumptions


def _sets_table(fitted: dict[str, AssumptionSet], measurements: Measurements) -> str:
    rows = []
    for name in (*UNFITTED, *fitted):
        engine = SETS.get(name, ("", ""))[0]
        points = (measurements.of_engine(engine) if engine else measurements).points
        assumptions = fitted.get(name) or catalog.assumption_set(name)
        found = Comparison(points, Predictor(points)(assumptions))
        tpot, ttft = found.tpot(), found.ttft()
        rows.append(
            (name, tpot.points, _percent(tpot.mape), _percent(tpot.median_ape), f"{100 * tpot.bias:+.1f}", ttft.points,
             _percent(ttft.median_ape), f"{100 * ttft.bias:+.1f}")
        )  # fmt: skip
    return _table(
        ("set", "points", "TPOT MAPE %", "median %", "bias %", "TTFT points", "TTFT median %", "bias %"), rows
    )


def _left_out_table(fitted: dict[str, AssumptionSet]) -> str:
    rows = [
        (name, *left_out_cells(found))
        for name, assumptions in fitted.items()
        for found in (assumptions.fit.errors if assumptions.fit else ())
    ]
    return _table(("set", "left out", *_bands()), rows)


def _regimes_table(assumptions: AssumptionSet) -> str:
    assert assumptions.fit is not None
    rows = [
        (regime, *left_out_cells(found))
        for regime, found in left_out_rows(assumptions.fit)
        if regime != "all" and found.facet in ("accelerator", "model", "precision")
    ]
    return _table(("regime", "left out", *_bands()), rows)


def _coverage_table(fitted: dict[str, AssumptionSet], later: Measurements) -> str:
    engines = {point.engine for point in later.points}
    rows: list[tuple[str, ...]] = []
    for name, assumptions in fitted.items():
        engine = SETS[name][0]
        if not engine or engine in engines:
            points = (later.of_engine(engine) if engine else later).points
            covered = coverage(points, assumptions)
            rows += [(name, *coverage_cells(row)) for row in (*covered, total(covered))]
    cells = [tuple(cell.replace(" | ", ", ") for cell in row) for row in rows]
    return _table(
        ("set", "cell", "measured", "points", "TPOT within %", "TTFT points", "TTFT within %"), cells
    )


def _constants(page: str, assumptions: AssumptionSet) -> str:
    """The values of the constants in their table."""
    constants, engine = assumptions.default_accelerator, assumptions.engine
    shares = constants.compute_fractions
    requests = {name: f"{found.request_ms:.0f}" for name, found in engine.requests_of.items()}
    bursts = [f"{engine.requests_of[name].burst_share:.2g}" for name in ("vllm", "trtllm", "sglang")]
    values = {
        "kernel_launch_latency_us": f"{constants.kernel_launch_latency_us:.2f} µs",
        "step_us": f"{engine.step_us:.0f} µs",
        "sequence_us": f"{engine.sequence_us:.1f} µs",
        "sustained_bandwidth_fraction": f"{constants.sustained_bandwidth_fraction:.2f}",
        "kv_bandwidth_fraction": f"{constants.kv_bandwidth_fraction:.2f}",
        "compute_fractions bf16, fp8": f"{shares['bf16']:.2f}, {shares['fp8']:.2f}",
        "half_rate_tokens": f"{constants.half_rate_tokens:.0f}",
        "expert_factor": f"{engine.expert_factor:.2f}",
        "prompt_kernel_us": f"{engine.prompt_kernel_us:.1f} µs",
        "first_token_steps": f"{engine.first_token_steps:.1f}",
        "request_ms": f"{requests['vllm']} vLLM, {requests['trtllm']} TensorRT-LLM, {requests['sglang']} SGLang",
        "burst_share": ", ".join(bursts),
    }
    for name, value in values.items():
        page = re.sub(rf"^\| {name} \| [^|]* \|", f"| {name} | {value} |", page, count=1, flags=re.MULTILINE)
    return page


def _bands() -> tuple[str, ...]:
    return tuple(f"{time} {name}" for time in ("TPOT", "TTFT") for name in BAND)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def _put(page: str, name: str, table: str) -> str:
    """The page with a table between its marks; raises `SystemExit` where they are missing."""
    begin, end = f"<!-- refit:{name} -->\n", "<!-- refit:end -->\n"
    start = page.find(begin)
    if start < 0:
        raise SystemExit(f"{PAGE.name} has no mark {begin.strip()}")
    start += len(begin)
    return page[:start] + table + page[page.index(end, start) :]


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    files = [Path(argument) for argument in sys.argv[1:]]
    refit(files[0], files[1], files[2] if len(files) == 3 else None)
