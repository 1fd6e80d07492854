"""Time to a proven plan on the three pinned configs beside this file, each in a process of its own.

    python benchmarks/solve_benchmark.py a b c
    python benchmarks/solve_benchmark.py a --unscreened 60     also in one program without screening, for so many seconds

Prints options before and after screening, seconds by stage, the gap of the exact physics and the peak memory. Total is
wall time from the start of the process, imports included; the stages leave out imports and the config.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
LARGEST_UNSCREENED = 20_000
"""Raw options up to which the unscreened program is tried; above it, building it alone takes minutes."""


@dataclass(frozen=True)
class Measured:
    """One run."""

    name: str
    raw: int
    kept: int
    seconds: dict[str, float]
    total_s: float
    peak_mb: float
    termination: str
    objective: float | None
    bound: float | None
    gap: float | None

    def lines(self) -> list[str]:
        """What a reader wants to know."""
        stages = ", ".join(f"{stage} {spent:.2f} s" for stage, spent in self.seconds.items())
        known = [
            f"{value:.2f} $/h" if value is not None else "none" for value in (self.objective, self.bound)
        ]
        gap = "none" if self.gap is None else f"{100 * self.gap:.4f} %"
        return [
            f"{self.name}: {self.raw:,} options, {self.kept:,} after screening",
            f"  {stages}",
            f"  total {self.total_s:.2f} s, peak memory {self.peak_mb:.0f} MB",
            f"  {self.termination}: plan {known[0]}, bound {known[1]}, gap {gap}",
        ]


def measure(name: str, unscreened: float | None = None) -> Measured:
    """Solve one config as pinned, or without screening and cutting up, for at most so many seconds."""
    start = time.perf_counter()
    from planner.config.load import load_study
    from planner.problem.problem import Problem
    from planner.problem.solve import solve
    from planner.questions.minimise import CHEAPEST

    clever = unscreened is None
    study = load_study(FOLDER / f"fleet_{name}.yaml")
    problem = Problem(study, screening=clever, decomposition=clever).with_solver(seconds=unscreened)
    answer = solve(problem, CHEAPEST)
    total = time.perf_counter() - start
    screened = problem.options()
    return Measured(
        name=f"fleet {name}" if unscreened is None else f"fleet {name} unscreened",
        raw=screened.raw_count,
        kept=len(screened.options),
        seconds=answer.timings,
        total_s=total,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        termination=answer.termination,
        objective=answer.objective,
        bound=answer.bound,
        gap=answer.gap,
    )


def apart(name: str, unscreened: float | None = None) -> Measured:
    """The same in a fresh process, so that imports count and memory is its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, name, unscreened).result()


def main() -> None:
    """Measure the configs named on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("configs", nargs="*", default=["a", "b", "c"], choices=["a", "b", "c"])
    parser.add_argument(
        "--unscreened", type=float, metavar="SECONDS", help="also without screening, at most so long"
    )
    arguments = parser.parse_args()
    for name in arguments.configs:
        screened = apart(name)
        print("\n".join(screened.lines()), flush=True)
        if arguments.unscreened is None:
            continue
        if screened.raw > LARGEST_UNSCREENED:
            print(
                f"  unscreened: not tried, {screened.raw:,} options are above {LARGEST_UNSCREENED:,}",
                flush=True,
            )
            continue
        whole = apart(name, arguments.unscreened)
        print("\n".join(whole.lines()))
        print(f"  screening: {whole.total_s / screened.total_s:.1f} times as fast", flush=True)


if __name__ == "__main__":
    main()
