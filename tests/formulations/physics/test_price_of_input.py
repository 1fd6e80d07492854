"""The paper's section 4.3: an input token costs about a third of an output token at half utilisation."""

from __future__ import annotations

import numpy as np
import pytest

from fleets import catalog
from formulations.physics.layout import Layout
from formulations.physics.machine import machine
from formulations.physics.precision import arithmetic_rate
from formulations.physics.prefill import prefill_time

USD_PER_GPU_HOUR = 2.1
OUTPUT_USD_PER_MILLION = 0.70
"""Table 6, Llama 3 70B in 16 bits at the speed^3/price point."""


def usd_per_million_input(tokens: float, utilisation: float) -> float:
    architecture = catalog.architecture("paper-llama-3-70b")
    assumptions = catalog.assumption_set("erdil-2025")
    unit = machine(catalog.accelerator("paper-h100"), assumptions)
    rate = arithmetic_rate(unit, assumptions, "bf16", prefill=True)
    seconds = prefill_time(architecture, unit, assumptions, Layout.of(1), rate, tokens)
    return float(seconds) / utilisation * USD_PER_GPU_HOUR / 3600 / tokens * 1e6


def test_short_prompts_at_half_utilisation_cost_a_third_of_output() -> None:
    # 2 · 70.6e9 FLOP / (0.7 · 1e15 FLOP/s · 0.5) = 0.40 ms of a GPU at $2.1/h: $0.24 per million; 0.24/0.70 = 0.34
    assert usd_per_million_input(200, 0.5) / OUTPUT_USD_PER_MILLION == pytest.approx(1 / 3, abs=0.03)


def test_long_prompts_cost_more_per_token_because_attention_is_quadratic() -> None:
    prices = [usd_per_million_input(tokens, 0.5) for tokens in (200, 10_000, 100_000)]
    assert np.all(np.diff(prices) > 0)
    # attention adds 2·L·n_q·d_h·ℓ FLOP per token: 2·80·64·128·1e5 = 1.3e11, as much again as 2 · 70.6e9
    assert prices[2] / prices[0] == pytest.approx(1.93, abs=0.05)
