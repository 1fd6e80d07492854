"""Settings of the serving engine that a deployment was planned with: what an operator must start it with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from formulations.physics.engine import engine_of
from planner.allocation import Deployment
from planner.config.resolved import ResolvedStudy


def engine_settings(study: ResolvedStudy, deployment: Deployment, physical: bool) -> dict[str, Any]:
    """`engine` and the settings in force, the config's or the engine's own; empty for a measured kind (`physical` false).

    `max_model_len` is the longest request that is served here where the config gives none.
    """
    accelerator = study.supply(deployment.supply).accelerator
    if not physical or accelerator is None:
        return {}
    engine = engine_of(study.assumptions)
    settings = study.model(deployment.option.model).settings
    found: dict[str, Any] = {
        "usable_memory_share": settings.memory_share,
        "max_num_seqs": settings.max_num_seqs,
        "max_num_batched_tokens": settings.batched_tokens,
        "max_model_len": settings.max_model_len or _longest(study, deployment.tokens_per_s),
    }
    if engine is None:
        found["usable_memory_share"] = settings.memory_share or study.assumptions.usable_hbm_fraction
        return {name: value for name, value in found.items() if value is not None}
    defaults = engine.defaults_for(accelerator.name, accelerator.memory_gib)
    own = {
        # an engine whose share is what a formula leaves has no default to state
        "usable_memory_share": None if engine.memory.share_of == "static" else engine.memory.share,
        "max_num_seqs": defaults.max_num_seqs,
        "max_num_batched_tokens": defaults.batched_tokens,
    }
    chosen = {name: own.get(name) if value is None else value for name, value in found.items()}
    return {
        "engine": str(study.assumptions.serving_engine),
        **{name: value for name, value in chosen.items() if value is not None},
    }


def _longest(study: ResolvedStudy, workloads: Iterable[str]) -> int | None:
    served = [study.workload(name) for name in workloads]
    longest = max((w.input_tokens + w.output_tokens for w in served), default=0.0)
    return round(max(longest, max((w.context_tokens for w in served), default=0.0))) or None


def settings_of(instances: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(`#1, #3`, settings in words) of the deployments of a plan, those with the same settings together."""
    found: dict[str, list[str]] = {}
    for place, row in enumerate(instances, start=1):
        settings = row.get("engine")
        if settings:
            found.setdefault(in_words(settings), []).append(f"#{place}")
    return [(", ".join(places), words) for words, places in found.items()]


def in_words(settings: Mapping[str, Any]) -> str:
    """`vllm 0.33: usable_memory_share 0.92, max_num_seqs 1024`."""
    parts = [f"{name} {value}" for name, value in settings.items() if name != "engine"]
    engine = settings.get("engine")
    return (f"{engine}: " if engine else "") + ", ".join(parts)
