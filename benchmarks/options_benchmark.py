"""Time to find the options of the largest pinned config, this checkout against another, each run in a process of its own.

    python benchmarks/options_benchmark.py OTHER_CHECKOUT [RUNS]

Runs alternate, so that what else the machine does falls on both; the ratio is of the least seconds of each.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
CONFIG = HERE / "benchmarks" / "fleet_c.yaml"
TIMED = """
import sys, time
from planner.config.load import load_study
from planner.problem.problem import Problem

problem = Problem(load_study(sys.argv[1]))
start = time.perf_counter()
found = [problem.options(estimate) for estimate in ("over", "under")]
print(time.perf_counter() - start, len(found[0].options))
"""


def seconds(checkout: Path) -> float:
    """Seconds of both estimates in a fresh process of a checkout."""
    command = [sys.executable, "-c", TIMED, str(CONFIG)]
    done = subprocess.run(
        command, cwd=checkout, env={"PYTHONPATH": str(checkout)}, capture_output=True, check=True
    )
    spent, options = done.stdout.split()
    print(f"{checkout}: {float(spent):.2f} s, {int(options):,} options", flush=True)
    return float(spent)


def main() -> None:
    other, runs = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 3
    times = [(seconds(HERE), seconds(other)) for _ in range(runs)]
    own, others = (min(column) for column in zip(*times, strict=True))
    print(f"ratio {own / others:.2f}")


if __name__ == "__main__":
    main()
