"""Writes the benchmark configs (b) and (c): random studies of a pinned seed, every price and limit spelled out.

    python benchmarks/generate_configs.py

rewrites `fleet_b.yaml` and `fleet_c.yaml` beside this file; a test holds the files to what this script would write.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent

PRICES = {
    "h100-sxm": 1.78,
    "h200-sxm": 2.05,
    "a100-80gb-sxm": 1.75,
    "l40s": 1.55,
    "b200-sxm": 2.60,
    "mi300x": 1.30,
    "b300-sxm": 3.00,
    "gb200-nvl72": 2.60,
    "h100-pcie": 2.38,
    "a100-80gb-pcie": 1.58,
    "mi325x": 1.60,
    "mi355x": 2.10,
}
"""$/h per accelerator: the catalogue's default prices (November 2025 to 2026), rounded to a cent."""

DRAFTED = {"llama-3.1-70b": "llama-3.1-8b", "mixtral-8x22b": "llama-3.1-8b", "llama-3.1-405b": "llama-3.1-8b"}
MODELS_B = ("llama-3.1-70b", "llama-3.1-8b", "mixtral-8x22b")
MODELS_C = (
    *MODELS_B,
    "llama-3.1-405b",
    "qwen3-32b",
    "qwen3-235b-a22b",
    "qwen3-30b-a3b",
    "deepseek-v3",
    "gemma-2-27b",
    "phi-4",
)
SITES = {"us-east": 1.0, "us-west": 1.06, "eu-north": 0.94, "ap-south": 1.12}
"""Price level of each site against the catalogue's."""

PACES = (15, 25, 40, 60, 80)


def workloads(models: tuple[str, ...], count: int, seed: int) -> list[str]:
    """Workloads of mixed context (500–32,000), demand (2,000–200,000 tokens/s) and pace, models in turn."""
    random = np.random.default_rng(seed)
    lines = []
    for number in range(count):
        model = models[number % len(models)]
        context = round(float(np.exp(random.uniform(np.log(500), np.log(32000)))), -2)
        demand = round(float(np.exp(random.uniform(np.log(2000), np.log(200000)))), -2)
        pace = int(random.choice(PACES if model != "llama-3.1-405b" else PACES[:3]))
        lines.append(
            f"  - {{name: w{number:03d}, model: {model}, context_tokens: {context:.0f}, "
            f"demand_tokens_per_s: {demand:.0f}, min_pace_tokens_per_s: {pace}}}"
        )
    return lines


def models(names: tuple[str, ...]) -> list[str]:
    """The models, every precision, and a draft where the family has one."""
    lines = []
    for name in names:
        lines += [f"  {name}:", f"    architecture: {name}", "    weight_precisions: [bf16, fp8, int4]"]
        lines += ["    kv_precisions: [bf16, fp8]"]
        if name in DRAFTED:
            draft = f"{{draft: {DRAFTED[name]}, acceptance: 0.8, draft_tokens: [1, 2, 3, 5]}}"
            lines += [f"    speculation: [{draft}]"]
    return lines


def config(
    name: str, about: str, supply: list[str], chosen: tuple[str, ...], work: list[str], solver: str
) -> str:
    """A whole config as YAML."""
    return "\n".join(
        [
            f"# {about} Written by generate_configs.py.",
            "version: 1",
            f"name: {name}",
            "fleet:",
            "  supply:",
            *supply,
            "models:",
            *models(chosen),
            "workloads:",
            *work,
            "question: {minimise: cost}",
            "assumptions: erdil-2025",
            "prefill: false",
            "layouts: {instance_gpus: [1, 2, 4, 8, 16, 32], tensor_parallel: [1d, 2d], pipeline: [1, 2]}",
            f"solver: {solver}",
            "",
        ]
    )


def fleet_b() -> str:
    """20 workloads on the models and accelerators of (a), four times its limits."""
    limits = {
        "h100-sxm": 256,
        "h200-sxm": 128,
        "a100-80gb-sxm": 512,
        "l40s": 1024,
        "b200-sxm": 64,
        "mi300x": 256,
    }
    supply = [
        f"    - {{accelerator: {name}, price_usd_per_hour: {PRICES[name]:.2f}, limit: {limit}}}"
        for name, limit in limits.items()
    ]
    about = (
        "Benchmark (b): 20 workloads of mixed context, demand and pace on the models and accelerators of (a)."
    )
    solver = "{gap: 1.0e-3, time_limit_s: 60, threads: 2, seed: 0}"
    return config("fleet-b", about, supply, MODELS_B, workloads(MODELS_B, 20, seed=20), solver)


def fleet_c() -> str:
    """12 accelerators × 10 models × 100 workloads × 4 sites."""
    random = np.random.default_rng(12)
    supply = [
        f"    - {{accelerator: {name}, site: {site}, price_usd_per_hour: {price * level:.2f}, "
        f"limit: {int(random.choice([32, 64, 128, 256]))}}}"
        for site, level in SITES.items()
        for name, price in PRICES.items()
    ]
    about = "Benchmark (c): 12 accelerators × 10 models × 100 workloads × 4 sites."
    solver = "{gap: 1.0e-2, time_limit_s: 120, threads: 2, seed: 0}"
    return config("fleet-c", about, supply, MODELS_C, workloads(MODELS_C, 100, seed=100), solver)


CONFIGS = {"fleet_b.yaml": fleet_b, "fleet_c.yaml": fleet_c}

if __name__ == "__main__":
    for file, write in CONFIGS.items():
        (FOLDER / file).write_text(write(), encoding="utf-8")
