"""Rows of the catalogue's tables: one flat record per entry, units in the column names, doubtful figures named."""

from __future__ import annotations

from typing import TypeAlias

from fleets import catalog
from fleets.errors import CatalogError
from fleets.schema.base import Source
from formulations.physics import parameters
from formulations.physics.kv_cache import cache_elements_per_token

Row: TypeAlias = dict[str, str | float | int | bool | None]


def rows(kind: catalog.Kind, names: tuple[str, ...]) -> list[Row]:
    """One record per entry (per price, per version); raises `CatalogError` when an entry is unknown or broken."""
    makers = {
        "accelerators": _accelerator,
        "architectures": _architecture,
        "assumptions": _assumptions,
        "accepted-lengths": _accepted_lengths,
        "fleets": _fleet,
    }
    if kind == "prices":
        return [row for name in names for row in _prices(name)]
    if kind == "engines":
        return [row for name in names for row in _engines(name)]
    return [makers[kind](name) for name in names]


def _accelerator(name: str) -> Row:
    entry = catalog.accelerator(name)
    try:
        price: float | None = catalog.default_price(entry.name).usd_per_hour
    except CatalogError:  # no price in the catalogue is an answer, shown as an empty cell
        price = None
    return {
        "name": entry.name,
        "hbm_gb": entry.hbm_gb,
        "reported_gib": entry.reported_gib,
        "hbm_bandwidth_gb_s": entry.hbm_bandwidth_gb_s,
        "bf16_tflops": entry.tflops["bf16"],
        "fp8_tflops": entry.tflops.get("fp8"),
        "int8_tops": entry.tflops.get("int8"),
        "fp4_tflops": entry.tflops.get("fp4"),
        "scaleup_gb_s": entry.scaleup_gb_s,
        "scaleup_domain": entry.scaleup_domain,
        "scaleout_gb_s": entry.scaleout_gb_s,
        "tdp_w": entry.tdp_w,
        "usd_per_hour": price,
        "doubtful": " ".join(entry.doubtful),
        **_source(entry.sources),
    }


def _architecture(name: str) -> Row:
    entry = catalog.architecture(name)
    choices = catalog.assumption_set("default").choices
    counts, experts = parameters.count(entry, choices), entry.experts
    mixers = [f"{count} × {block.summary}" for count, block in entry.token_mixers]
    return {
        "name": entry.name,
        "parameters_billion": round(counts.total / 1e9, 2),
        "active_billion": round(counts.active / 1e9, 2),
        "layers": entry.depth,
        "d_model": entry.d_model,
        "token_mixers": ", ".join(mixers),
        "experts": f"{experts.active_experts} of {experts.experts}" if experts else "dense",
        "shared_experts": experts.shared_experts if experts else 0,
        "cache_elements_per_token": cache_elements_per_token(entry),
        "weight_precision": entry.weight_precision,
        **_source(entry.sources),
    }


def _prices(name: str) -> list[Row]:
    return [
        {
            "accelerator": price.accelerator,
            "usd_per_hour": price.usd_per_hour,
            "terms": price.terms,
            "provider": price.provider,
            "region": price.region,
            "default": price.default,
            "source": price.source.name,
            "date": price.source.date,
        }
        for price in catalog.prices(name)
    ]


def _assumptions(name: str) -> Row:
    entry = catalog.assumption_set(name)
    constants = entry.default_accelerator
    return {
        "name": entry.name,
        "version": entry.version,
        "sustained_compute_fraction": constants.sustained_compute_fraction,
        "sustained_bandwidth_fraction": constants.sustained_bandwidth_fraction,
        "kernel_launch_latency_us": constants.kernel_launch_latency_us,
        "usable_hbm_fraction": entry.usable_hbm_fraction if entry.serving_engine is None else None,
        "serving_engine": None if entry.serving_engine is None else str(entry.serving_engine),
        "accelerators_with_own_constants": len(entry.accelerators),
        "description": entry.description,
        **_source(entry.sources),
    }


def _engines(name: str) -> list[Row]:
    entry = catalog.engine(name)
    return [
        {
            "name": entry.name,
            "version": version.version,
            "usable_memory_share": version.memory.share,
            "share_of": version.memory.share_of,
            "max_num_batched_tokens": max(row.batched_tokens for row in version.defaults),
            "max_num_seqs": max((row.max_num_seqs or 0 for row in version.defaults), default=0) or None,
            "layout_rules": " ".join(dict.fromkeys(rule.precision for rule in version.layout_rules)),
            "fitted": "; ".join(version.fitted),
            **_source((*version.sources, *entry.sources)),
        }
        for version in entry.versions
    ]


def _accepted_lengths(name: str) -> Row:
    entry = catalog.accepted_lengths(name)
    lengths: Row = {f"tokens_per_step_{drafted}": value for drafted, value in entry.tokens_per_step.items()}
    head: Row = {"name": entry.name, "draft": entry.draft, "model": entry.model, "thinking": entry.thinking}
    return {**head, **lengths, **_source(entry.sources)}


def _fleet(name: str) -> Row:
    entry = catalog.fleet(name)
    return {
        "name": name,
        "supplies": len(entry.supply),
        "accelerators": " ".join(supply.accelerator_name for supply in entry.supply),
        "description": entry.description,
        **_source(entry.sources),
    }


def _source(sources: tuple[Source, ...]) -> Row:
    return {
        "source": "; ".join(source.name for source in sources),
        "date": max((source.date for source in sources), default=""),
    }
