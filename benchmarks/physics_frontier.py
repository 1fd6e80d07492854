"""The discrete frontier that planning uses: milliseconds and operating points per second.

    python benchmarks/physics_frontier.py

One model on one accelerator, deployable layouts up to 64 GPUs, three weight and two KV precisions, γ ≤ 5; the batches
that can matter. Names are looked up before; evaluation, dominance and description of the kept points are timed.
"""

from __future__ import annotations

import time
from pathlib import Path

from planner.step_time.speed_cost.answer import frontier
from planner.step_time.speed_cost.config import FrontierStudy, resolve_frontier

MODELS = {
    "paper-llama-3-70b": "paper-llama-3-8b",
    "paper-mixtral-8x22b": "paper-llama-3-8b",
    "paper-deepseek-v3": "paper-llama-3-8b",
}
REPEATS = 20


def study(model: str, draft: str) -> FrontierStudy:
    """The config of one measurement."""
    return FrontierStudy.model_validate(
        {
            "fleet": {"supply": [{"accelerator": "paper-h100", "price_usd_per_hour": 2.1}]},
            "models": {
                "model": {
                    "architecture": model,
                    "weight_precisions": ["bf16", "fp8", "int4"],
                    "kv_precisions": ["bf16", "fp8"],
                    "speculation": [{"draft": draft, "acceptance": 0.8, "max_draft_tokens": 5}],
                }
            },
            "context_tokens": 1000,
        }
    )


def main() -> None:
    """Print one line per model: the median of a few runs."""
    print(f"{'deployable frontier':<24}{'ms':>8}{'CPU ms':>8}{'points':>10}{'points/CPU s':>14}{'kept':>7}")
    for model, draft in MODELS.items():
        config = resolve_frontier(study(model, draft), "benchmark", Path())
        seconds, worked = [], []
        for _ in range(REPEATS):
            started, busy = time.perf_counter(), time.process_time()
            curve = frontier(config).curves[0]
            seconds.append(time.perf_counter() - started)
            worked.append(time.process_time() - busy)
        median, cpu = (sorted(values)[REPEATS // 2] for values in (seconds, worked))
        rate = curve.evaluated / cpu
        print(
            f"{model:<24}{median * 1e3:>8.1f}{cpu * 1e3:>8.1f}{curve.evaluated:>10,}{rate:>14,.0f}{len(curve.rows):>7}"
        )


if __name__ == "__main__":
    main()
