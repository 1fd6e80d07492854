"""The paper's 400 × 400 grid: seconds, points per second and peak memory, with pipeline degrees and with speculation.

    python benchmarks/physics_grid.py

The paper's public code takes 12-17 s for one such setting with pipeline degrees and 60-80 s with speculation (one core,
idle machine). Every setting runs in a process of its own, so that its peak memory is its own. One thread;
CPU seconds are what a busy machine does not change much.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

SETTINGS = {
    "Llama 3 70B, pipeline": ("paper-llama-3-70b", False),
    "Mixtral 8x22B, pipeline": ("paper-mixtral-8x22b", False),
    "Llama 3 70B, pipeline, speculation": ("paper-llama-3-70b", True),
    "Mixtral 8x22B, pipeline, speculation": ("paper-mixtral-8x22b", True),
}
REPEATS = 3
DRAFT, ACCEPTANCE, MOST_DRAFTED = "paper-llama-3-8b", 0.8, 5


def measure(setting: str) -> dict[str, float]:
    """Best of a few runs of one setting."""
    import numpy as np

    from fleets import catalog
    from formulations.physics.candidates import SearchSpace
    from formulations.physics.case import Case
    from formulations.physics.layout import Layout
    from formulations.physics.search import fastest, fastest_speculation

    name, speculative = SETTINGS[setting]
    assumptions, gpu = catalog.assumption_set("erdil-2025"), catalog.accelerator("paper-h100")
    target, draft = (Case.of(catalog.architecture(model), gpu, assumptions) for model in (name, DRAFT))
    least = float(target.weights(Layout.of(1.0))) / target.machine.hbm_bytes
    n = np.logspace(np.log2(least), 18, 400, base=2.0)[:, None]
    batch = np.logspace(0, 18 + np.log2(target.architecture.sparsity), 400, base=2.0)
    space, best, cpu = SearchSpace(pipeline=True), np.inf, np.inf
    for _ in range(REPEATS):
        started, worked = time.perf_counter(), time.process_time()
        if speculative:
            found = fastest_speculation(target, draft, n, batch, 0, space, ACCEPTANCE, MOST_DRAFTED)
        else:
            found = fastest(target, n, batch, 0, space)
        best = min(best, time.perf_counter() - started)
        cpu = min(cpu, time.process_time() - worked)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": best, "cpu_s": cpu, "points_per_s": found.seconds.size / cpu, "peak_mb": peak}


def main() -> None:
    """Print one line per setting."""
    print(f"{'400 × 400 grid':<38}{'seconds':>9}{'CPU s':>8}{'points/CPU s':>14}{'peak MB':>9}")
    for setting in SETTINGS:
        answer = subprocess.run(
            [sys.executable, __file__, setting], check=True, capture_output=True, text=True
        ).stdout
        measured = json.loads(answer)
        print(
            f"{setting:<38}{measured['seconds']:>9.2f}{measured['cpu_s']:>8.2f}{measured['points_per_s']:>14,.0f}{measured['peak_mb']:>9.0f}"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
    else:
        main()
