"""Allowed: whether the config allows a deployment: its size, layout, precisions, speculation and role."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from fleets.schema.accelerators import Accelerator
from formulations.physics.deployable import LayoutLimits, deployable_layouts
from formulations.physics.engine_rules import engine_problem
from planner.allocation import Deployment
from planner.certificate.described import Described, described
from planner.checks import Check, equal, holds
from planner.config.resolved import ResolvedStudy
from planner.options.measured import MeasuredKind
from planner.options.option_set import OptionSet
from planner.options.speculation import tokens_per_step

ROLES = {"aggregated": "aggregated", "prefill": "disaggregated", "decode": "disaggregated"}
"""The way of serving that each role belongs to."""


def allowed(study: ResolvedStudy, deployment: Deployment, options: OptionSet, name: str) -> Iterator[Check]:
    """Every choice of a deployment against what the config allows; `name` is what checks call it."""
    option = deployment.option
    measured = options.measured.get(option.kind)
    if measured is not None:
        yield holds(f"{name} is a measured kind", _is_measured(measured, deployment))
        return
    found = described(study, deployment)
    yield holds(f"{name} is described in the config's words", found is not None)
    if found is None:
        return
    layouts = study.config.layouts
    yield holds(f"{name} has an allowed size", found.gpus == option.gpus in layouts.instance_gpus)
    yield holds(
        f"{name} has an allowed tensor parallelism",
        ("2d" if found.two_d else "1d") in layouts.tensor_parallel,
    )
    yield holds(f"{name} has allowed pipeline stages", found.stages in layouts.pipeline)
    yield holds(f"{name} has allowed expert parallelism", _experts_allowed(study, found))
    yield holds(f"{name} has allowed attention groups", _groups_allowed(study, found))
    yield holds(f"{name} has an allowed weight precision", found.weights in found.model.weight_precisions)
    yield holds(f"{name} has an allowed KV precision", found.kv in found.model.kv_precisions)
    yield holds(f"{name} has an allowed speculation", _speculation_allowed(found, option.role))
    yield holds(f"{name} has an allowed role", ROLES[option.role] in study.config.serving)
    accelerator = study.supply(deployment.supply).accelerator
    yield holds(f"{name} has a layout that can run", accelerator is not None and _runs(accelerator, found))
    yield holds(f"{name} has a layout that the engine starts", _starts(study, found))
    yield _yield(study, deployment, found, name)


def tabled(deployment: Deployment, options: OptionSet) -> bool:
    """Whether the physics was evaluated for this very kind: exact step times can be read."""
    option = deployment.option
    if option.kind in options.measured:
        return True
    if option.kind not in options.performances:
        return False
    performance, row = options.performances[option.kind]
    table = performance.table
    words = (
        table.layout_names[row],
        table.weight_precisions[row],
        table.kv_precisions[row],
        table.speculation_name(row),
    )
    same = table.name(row) == option.kind and option.row == row and table.role == option.role
    return bool(
        same
        and words == option.fields
        and table.gpus[row] == option.gpus
        and table.model.name == option.model
    )


def _is_measured(kind: MeasuredKind, deployment: Deployment) -> bool:
    row, option = kind.rows[0], deployment.option
    here = (option.model, option.accelerator, option.gpus, option.role)
    return (row.model, row.accelerator, row.gpus, row.role) == here


def _experts_allowed(study: ResolvedStudy, found: Described) -> bool:
    """A dense model has no experts to spread, and one rank nothing to spread them over."""
    if not found.model.architecture.is_mixture or found.gpus == found.stages:
        return not found.experts
    return found.experts in study.config.layouts.expert_parallel


def _groups_allowed(study: ResolvedStudy, found: Described) -> bool:
    """Data-parallel attention: only under a set that knows it, as the config lists it or for latent attention."""
    if found.groups == 1:
        return True
    if study.assumptions.choices.attention_scaledown != "data_parallel":
        return False
    listed = study.config.layouts.attention_groups
    return found.model.architecture.is_latent if listed is None else found.groups in listed


def _speculation_allowed(found: Described, role: str) -> bool:
    """Prompts are processed without speculation."""
    if found.way is None:
        return found.model.plain or role == "prefill"
    return role != "prefill" and found.drafted in found.way.draft_tokens


def _runs(accelerator: Accelerator, found: Described) -> bool:
    """Whether the rules of deployable layouts let exactly this one through."""
    limits = LayoutLimits((found.gpus,), (found.two_d,), (found.stages,), (found.experts,), (found.groups,))
    layouts, _ = deployable_layouts(found.model.architecture, accelerator, limits)
    return layouts.labels() == found.layout.labels()


def _starts(study: ResolvedStudy, found: Described) -> bool:
    """Whether no rule of the engine forbids these widths in this precision."""
    ranks = found.gpus // found.stages
    where = (found.model.architecture, study.assumptions, found.weights, ranks, found.experts, found.groups)
    return engine_problem(*where) is None


def _yield(study: ResolvedStudy, deployment: Deployment, found: Described, name: str) -> Check:
    """Tokens per step (of prefill: per prompt) as speculation and lengths give them."""
    option = deployment.option
    if option.role == "prefill":
        lengths = {workload.name: workload.output_tokens for workload in study.workloads}
        expected = np.array([lengths.get(workload, math.nan) for workload in option.workloads])
    else:
        gamma = np.array([float(found.drafted)])
        expected = tokens_per_step(found.way, study.assumptions.choices, gamma)
    error = float(np.abs(option.tokens_per_step / expected - 1.0).max(initial=0.0))
    return equal(f"tokens per step of {name}, relative error", 1.0 + error, 1.0)
