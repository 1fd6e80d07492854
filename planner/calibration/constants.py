"""Constants that a fit may move: what each means, where it sits in an assumption set, and its plausible range.

A constant enters only with a physical meaning. Its prior is what kernel measurements or engine profiles say
independently of serving data; it decides where the data do not, and costs nothing where they do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fleets.schema.assumptions import AssumptionSet, Engine, RequestConstants

SHARED_FORMATS = {"int8": "fp8", "fp4": "fp8"}
"""Number formats that no point measures take the share of peak of another."""
HALF_RATE_TOKENS = 40.0
"""Not fitted: measured matrix multiplications of 512 tokens run at 0.90-0.95 of the rate of 4,096 (aiconfigurator's GEMM
tables for H100 and H200, Apache-2.0), and t/(t + 40) is 0.93."""


@dataclass(frozen=True)
class Constant:
    """One constant of the fit; `sigma` is the prior's standard deviation in log units."""

    name: str
    meaning: str
    prior: float
    sigma: float
    low: float
    high: float


STEP_CONSTANTS = (
    Constant(
        "kernel_launch_latency_us",
        "launch and drain of one serial kernel in a captured graph",
        5.0,
        0.4,
        1.0,
        12.0,
    ),
    Constant("step_us", "host time of a step that the accelerator does not hide", 200.0, 0.7, 10.0, 5000.0),
    Constant("sequence_us", "host time per running sequence and step", 10.0, 0.7, 0.1, 60.0),
    Constant("weight_bandwidth", "share of peak bandwidth while streaming weights", 0.85, 0.05, 0.6, 0.95),
    Constant("kv_bandwidth", "share of peak bandwidth of decode attention", 0.83, 0.08, 0.4, 0.95),
    Constant("compute_bf16", "share of peak FLOP/s in 16 bits", 0.75, 0.12, 0.4, 0.9),
    Constant("compute_fp8", "share of peak FLOP/s in 8 bits", 0.57, 0.12, 0.3, 0.85),
    Constant("expert_factor", "time of routed experts over evenly loaded dense matrices", 1.4, 0.3, 1.0, 4.0),
    Constant("prompt_kernel_us", "extra launch time per kernel of a pass with a prompt", 6.0, 0.7, 0.5, 60.0),
)
FIRST_TOKEN_CONSTANTS = (
    # half a step in progress, one scheduled ahead, the sequences that share the prompt's pass, half a step to come out
    Constant(
        "first_token_steps", "decode steps around a prompt's pass until its token is out", 3.0, 0.2, 0.5, 10.0
    ),
)


def request_constants(engine: str) -> tuple[Constant, Constant]:
    """Constants of one engine's requests."""
    return (
        Constant(f"request_ms.{engine}", "a request's own time outside the passes", 20.0, 0.8, 1.0, 150.0),
        Constant(
            f"burst_share.{engine}",
            "share of the running requests whose prompts arrive together",
            0.3,
            0.7,
            0.01,
            1.0,
        ),
    )


def constants_for(engines: Sequence[str], with_experts: bool, formats: Sequence[str]) -> tuple[Constant, ...]:
    """The constants that points of these engines and arithmetic formats can say something about."""
    unused = set() if with_experts else {"expert_factor"}
    unused |= {f"compute_{name}" for name in ("bf16", "fp8") if name not in formats and name != "bf16"}
    chosen = [
        constant for constant in (*STEP_CONSTANTS, *FIRST_TOKEN_CONSTANTS) if constant.name not in unused
    ]
    for engine in engines:
        chosen += request_constants(engine)
    return tuple(chosen)


def priors(constants: Sequence[Constant]) -> dict[str, float]:
    """Prior values by name."""
    return {constant.name: constant.prior for constant in constants}


def apply(base: AssumptionSet, values: Mapping[str, float]) -> AssumptionSet:
    """`base` with the named constants; serial kernels are counted, and accelerators keep only their collectives.

    Where several engines have request constants, the set's default is their geometric mean.
    """
    defaults = {**priors(STEP_CONSTANTS), **priors(FIRST_TOKEN_CONSTANTS), **values}
    fractions = {"bf16": defaults["compute_bf16"], "fp8": defaults["compute_fp8"]}
    fractions |= {name: fractions[other] for name, other in SHARED_FORMATS.items()}
    accelerator = base.default_accelerator.model_copy(
        update={
            "sustained_compute_fraction": fractions["bf16"],
            "sustained_bandwidth_fraction": defaults["weight_bandwidth"],
            "kv_bandwidth_fraction": defaults["kv_bandwidth"],
            "kernel_launch_latency_us": defaults["kernel_launch_latency_us"],
            "compute_fractions": fractions,
            "half_rate_tokens": HALF_RATE_TOKENS,
        }
    )
    by_engine = {
        name.partition(".")[2]: RequestConstants(
            request_ms=value, burst_share=values[f"burst_share.{name.partition('.')[2]}"]
        )
        for name, value in values.items()
        if name.startswith("request_ms.")
    }
    engine = Engine(
        step_us=defaults["step_us"],
        sequence_us=defaults["sequence_us"],
        prompt_kernel_us=defaults["prompt_kernel_us"],
        expert_factor=defaults["expert_factor"],
        chunk_tokens=base.engine.chunk_tokens,
        first_token_steps=defaults["first_token_steps"],
        requests=_mean(list(by_engine.values())) or base.engine.requests,
        requests_of=by_engine if len(by_engine) > 1 else {},
    )
    update: dict[str, Any] = {
        "choices": base.choices.model_copy(update={"kernels_per_layer": "counted"}),
        "default_accelerator": accelerator,
        "accelerators": {},
        "engine": engine,
        "prefill_compute_fraction": None,
    }
    return base.model_copy(update=update)


def _mean(requests: list[RequestConstants]) -> RequestConstants | None:
    if not requests:
        return None
    log_ms = np.mean([np.log(request.request_ms) for request in requests])
    log_share = np.mean([np.log(request.burst_share) for request in requests])
    return RequestConstants(
        request_ms=round(float(np.exp(log_ms)), 2), burst_share=round(float(np.exp(log_share)), 4)
    )
