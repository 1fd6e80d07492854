"""Limits: everything in a config that can stand in the way of a plan, in the user's words, and how to drop each one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from planner.config.resolved import ResolvedWorkload
from planner.explain.variants import (
    supply_key,
    tpot_ms,
    ttft_ms,
    with_budget,
    with_config,
    with_demand,
    with_supply,
    with_workload,
    workload_key,
)
from planner.options.build import OptionSource

Family = Literal["pace", "ttft", "kinds", "spares", "power", "budget", "supply", "demand"]

NEXT_TO_NOTHING = 1e-6
"""Share of a demand that stands for none: a workload without any would be another study."""


@dataclass(frozen=True)
class Limit:
    """One limit of a config."""

    family: Family
    subject: str
    """Supply or workload that it belongs to; empty for the whole study."""
    key: str
    """Where it stands in the config."""
    value: float
    unit: str
    sentence: str
    """`at most 16 h100-sxm`, as plans and explanations say it."""
    drop: Callable[[OptionSource], OptionSource]
    """The study without it."""

    def __str__(self) -> str:
        return f"{self.sentence} ({self.key})"


def limits_of(source: OptionSource) -> list[Limit]:
    """Every limit of a study, the ones that a user gives up most easily first."""
    study, config = source.study, source.study.config
    found: list[Limit] = []
    for workload in study.workloads:
        found += _service(source, workload.name)
    if config.spares.number or config.spares.share:
        spares = config.spares
        wanted = f"{spares.number}" if spares.number else f"{spares.share:.3g} of its instances"
        none = spares.model_copy(update={"number": 0, "share": 0.0})
        found.append(
            Limit("spares", "", "spares", spares.number or spares.share, "instances", f"{wanted} spare for every kind",
                  lambda s: with_config(s, spares=none))
        )  # fmt: skip
    if config.power_limit_kw is not None:
        found.append(
            Limit("power", "", "power_limit_kw", config.power_limit_kw, "kW", f"at most {config.power_limit_kw:g} kW",
                  lambda s: with_config(s, power_limit_kw=None))
        )  # fmt: skip
    budget = config.question.budget_usd_per_hour
    if budget is not None:
        found.append(
            Limit("budget", "", "question.budget_usd_per_hour", budget, "$/h", f"at most {budget:g} $/h",
                  lambda s: with_budget(s, None))
        )  # fmt: skip
    for supply in study.supplies:
        if supply.limit is not None:
            found.append(_supply(source, supply.name, supply.limit))
    for workload in study.workloads:
        if workload.demand > 0 and not _scaled(source, workload.name):
            found.append(_demand(source, workload.name))
    return found


def _scaled(source: OptionSource, workload: str) -> bool:
    """Whether the question asks how much of a workload can be served: its demand is then no limit."""
    question = source.study.config.question
    return question.maximise == "throughput" and question.workload in (None, workload)


def _service(source: OptionSource, name: str) -> list[Limit]:
    workload, key = source.study.workload(name), workload_key(source.study, name)
    written = next(w for w in source.study.config.workloads if w.name == name)
    found = []
    if workload.pace > 0:
        slowest, margin = tpot_ms(workload), _margin(workload)
        sentence = (
            f"{name} at {workload.asked_pace:.4g} tokens/s per user or faster (TPOT {slowest:.4g} ms){margin}"
        )
        field = "max_tpot_ms" if written.max_tpot_ms is not None else "min_pace_tokens_per_s"
        found.append(
            Limit("pace", name, f"{key}.{field}", workload.asked_pace, "tokens/s per user", sentence,
                  lambda s: with_workload(s, name, pace=0.0))
        )  # fmt: skip
    longest = ttft_ms(workload)
    if longest is not None:
        sentence = f"{name} with its first token within {longest:.4g} ms{_margin(workload)}"
        found.append(
            Limit("ttft", name, f"{key}.max_ttft_ms", longest, "ms", sentence,
                  lambda s: with_workload(s, name, max_ttft_s=None))
        )  # fmt: skip
    if workload.max_kinds is not None:
        sentence = f"{name} on at most {workload.max_kinds} kind{'s' * (workload.max_kinds != 1)}"
        where = f"{key}.max_kinds" if written.max_kinds is not None else "max_kinds_per_workload"
        found.append(
            Limit("kinds", name, where, workload.max_kinds, "kinds", sentence,
                  lambda s: with_workload(s, name, max_kinds=None))
        )  # fmt: skip
    return found


def _supply(source: OptionSource, name: str, limit: int) -> Limit:
    key = f"{supply_key(source.study, name)}.limit"
    return Limit(
        "supply", name, key, limit, "accelerators", f"at most {limit:,} {name}",
        lambda s: with_supply(s, name, limit=None),
    )  # fmt: skip


def _margin(workload: ResolvedWorkload) -> str:
    """What is added to a limit, where anything is."""
    return f", with its margin of {workload.safety:.0%}" if workload.safety else ""


def _demand(source: OptionSource, name: str) -> Limit:
    workload = source.study.workload(name)
    written = next(w for w in source.study.config.workloads if w.name == name)
    requests = written.demand_requests_per_s is not None
    field = "demand_requests_per_s" if requests else "demand_tokens_per_s"
    asked = workload.asked_demand
    value = asked / workload.output_tokens if requests else asked
    unit = "requests/s" if requests else "tokens/s"

    def drop(source: OptionSource) -> OptionSource:
        return with_workload(with_demand(source, NEXT_TO_NOTHING, name), name, max_kinds=None)

    return Limit(
        "demand", name, f"{workload_key(source.study, name)}.{field}", value, unit,
        f"{value:,.6g} {unit} of {name}{_margin(workload)}", drop,
    )  # fmt: skip
