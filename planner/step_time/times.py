"""Step times of a table of points, searched or at given layouts: the answer of `fleetplan step-time`.

The answer adds seconds, their parts and the layout to every row, in the order of the rows. A point that does not fit
has inf seconds and says why; a point that makes no sense is an error that names its row.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from fleets import catalog
from fleets.errors import CatalogError
from fleets.schema.assumptions import AssumptionSet
from formulations.physics.arrays import FloatArray
from formulations.physics.candidates import Fastest, SearchSpace
from formulations.physics.case import Case
from formulations.physics.layout import Layout
from formulations.physics.search import fastest, fastest_layout, fastest_speculation
from formulations.physics.speculation import expected_tokens, verified_tokens
from formulations.physics.step import StepTime
from formulations.physics.toy import toy_step_time
from planner.errors import InputError
from planner.step_time.layouts import case_of, check_deployable, layouts_of
from planner.step_time.points import check_points

StepModel = Literal["toy", "as-presented", "full"]
Enumeration = Literal["real", "deployable"]
PARTS = ("kernel", "network_latency", "network_bandwidth", "memory", "compute")
ADDED = (
    "step_time_s",
    "tokens_per_step",
    *(f"{part}_s" for part in PARTS),
    "two_d",
    "pipeline",
    "expert_parallel",
    "attention_scaledown",
    "draft_tokens",
    "reason",
)
"""Columns of the answer. `step_time_s` is seconds per step, divided by the tokens it yields where a draft speculates (so
it is always seconds per token of a sequence); the parts are those of one target pass, memory and compute overlapping."""


@dataclass(frozen=True)
class _Rows:
    """Rows that differ in accelerators, batch and context only; arrays of shape (R,)."""

    case: Case
    draft: Case | None
    n: FloatArray
    batch: FloatArray
    context: FloatArray
    tokens_in_flight: float
    acceptance: float
    max_draft_tokens: int
    space: SearchSpace


def step_times(
    points: pd.DataFrame,
    step_model: StepModel = "full",
    assumptions: str = "default",
    attention_scaledown: bool = True,
    enumeration: Enumeration = "real",
    source: str = "points",
) -> pd.DataFrame:
    """The points with the columns `ADDED`; all other columns pass through.

    Needed are model, accelerator (alias gpu), n_gpu and batch; `step_points.COLUMNS` has the rest and their defaults.
    `enumeration: deployable` takes whole-numbered layouts and refuses rows that none divides. Raises `InputError` with
    every bad row; `source` is the file's name in it.
    """
    try:
        chosen = catalog.assumption_set(assumptions)
    except CatalogError as error:
        raise InputError([f"--assumptions: {problem}" for problem in error.problems]) from None
    checked = check_points(points, source)
    if step_model != "full" and (checked["draft"] != "").any():
        raise InputError([f"{source}: column draft: speculation needs --step-model full"])
    if enumeration == "deployable":
        check_deployable(checked, step_model, chosen, source)
    answer = {
        name: np.full(len(checked), np.nan, dtype=object if name == "reason" else float) for name in ADDED
    }
    keys = ["model", "accelerator", "draft", "use_pp", "seq_len", "acceptance", "gamma_max", "given_layout"]
    searched = checked["attn_scaledown"].where(~checked["given_layout"], 1.0).rename("searched")
    for key, group in checked.groupby([*keys, searched], sort=False):
        values = _answer(key, group, chosen, step_model, attention_scaledown, enumeration)
        for name, value in values.items():
            answer[name][group.index.to_numpy()] = value
    kept = points.drop(columns=[name for name in ADDED if name in points.columns]).reset_index(drop=True)
    return pd.concat([kept, pd.DataFrame(answer)], axis=1)


def _answer(
    key: Hashable,
    group: pd.DataFrame,
    assumptions: AssumptionSet,
    step_model: StepModel,
    scaledown: bool,
    enumeration: Enumeration,
) -> dict[str, Any]:
    assert isinstance(key, tuple)
    model, accelerator, draft, pipeline, q, acceptance, most, given, searched = key
    n, batch, context = (group[name].to_numpy(dtype=float) for name in ("n_gpu", "batch", "input_len"))
    rows = _Rows(
        case_of(model, accelerator, assumptions.name),
        case_of(draft, accelerator, assumptions.name) if draft else None,
        n,
        batch,
        context,
        tokens_in_flight=q,
        acceptance=acceptance,
        max_draft_tokens=int(most),
        space=SearchSpace(
            "as-presented" if step_model == "as-presented" else "full",
            bool(pipeline),
            scaledown and bool(searched),
        ),
    )
    if step_model == "toy":
        return _toy(rows)
    if given and step_model == "full":
        return _columns(rows, _given(rows, group, enumeration == "deployable"))
    if enumeration == "deployable":
        return _columns(rows, _deployable(rows))
    points = rows.n, rows.batch, rows.context
    if rows.draft is None:
        return _columns(rows, fastest(rows.case, *points, rows.space, q))
    most = rows.max_draft_tokens
    return _columns(
        rows, fastest_speculation(rows.case, rows.draft, *points, rows.space, rows.acceptance, most)
    )


def _given(rows: _Rows, group: pd.DataFrame, whole: bool) -> Fastest:
    """The layouts that the rows bring along."""
    experts = group["n_ep"].to_numpy() > 1
    layout = Layout.of(rows.n, group["two_d"], group["n_pp"], experts, group["attn_scaledown"], whole=whole)
    seconds = rows.case.step(layout, rows.context, rows.tokens_in_flight).total(rows.batch)
    fits = rows.case.fits(layout, rows.context, rows.batch)
    return Fastest(np.where(fits, seconds, np.inf), layout, np.zeros(rows.n.shape))


def _deployable(rows: _Rows) -> Fastest:
    """The fastest whole-numbered layout of every row; one set of candidates per number of accelerators."""
    layout = Layout.of(*_defaults(rows.n), whole=True)
    best = Fastest(np.full(rows.n.shape, np.inf), layout, np.zeros(rows.n.shape))
    for count in np.unique(rows.n):
        at = np.flatnonzero(rows.n == count)
        layouts, _ = layouts_of(rows.case, int(count), rows.space)
        points = rows.batch[at], rows.context[at]
        if rows.draft is None:
            found = fastest_layout(rows.case, layouts, *points, rows.tokens_in_flight)
        else:
            found = fastest_layout(
                rows.case, layouts, *points, draft=rows.draft, acceptance=rows.acceptance,
                max_drafted=rows.max_draft_tokens,
            )  # fmt: skip
        best.seconds[at], best.drafted[at] = found.seconds, found.drafted
        for kept, value in zip(best.layout.fields(), found.layout.fields(), strict=True):
            kept[at] = value
    return best


def _toy(rows: _Rows) -> dict[str, Any]:
    case, layout = rows.case, Layout.of(rows.n, *_defaults(rows.n)[1:])
    step = toy_step_time(
        case.architecture,
        case.machine,
        case.assumptions,
        rows.n,
        case.weight_bytes,
        case.flops.matrices,
        rows.batch,
    )
    fits = case.fits(layout, rows.context, rows.batch)
    return _columns(rows, Fastest(np.where(fits, step.total, np.inf), layout, np.zeros(rows.n.shape)), step)


def _columns(rows: _Rows, found: Fastest, step: StepTime | None = None) -> dict[str, Any]:
    """The answer's columns; parts of a target pass unless `step` has them."""
    fits, drafted = np.isfinite(found.seconds), found.drafted
    convention = rows.case.assumptions.choices.speculation_convention
    if step is None:
        q = np.where(drafted > 0, verified_tokens(drafted, convention), rows.tokens_in_flight)
        step = rows.case.step(found.layout, rows.context, q).step_time(rows.batch)
    tokens = np.where(drafted > 0, expected_tokens(drafted, rows.acceptance, convention), 1.0)
    layout = found.layout.fields()[1:]
    names = ("two_d", "pipeline", "expert_parallel", "attention_scaledown")
    return {
        "step_time_s": found.seconds,
        "tokens_per_step": tokens,
        **{f"{part}_s": np.where(fits, getattr(step, part), np.inf) for part in PARTS},
        **{name: np.where(fits, value, np.nan) for name, value in zip(names, layout, strict=True)},
        "draft_tokens": np.where(fits, drafted, np.nan),
        "reason": _reasons(rows, fits),
    }


def _reasons(rows: _Rows, fits: Any) -> list[str]:
    """Why a point does not fit: what was needed on one pipeline stage, and what was there."""
    layout = Layout.of(rows.n)
    weights = np.broadcast_to(rows.case.weights(layout), rows.n.shape) / 1e9
    cache = np.broadcast_to(rows.case.cache(layout, rows.context), rows.n.shape) * rows.batch / 1e9
    room = np.broadcast_to(rows.n * rows.case.room(layout).per_device / 1e9, rows.n.shape)
    return [
        ""
        if ok
        else f"does not fit: {w:.1f} GB of weights and {c:.1f} GB of KV cache in {r:.1f} GB of usable HBM"
        for ok, w, c, r in zip(fits, weights, cache, room, strict=True)
    ]


def _defaults(n: FloatArray) -> tuple[FloatArray, Any, FloatArray, Any, FloatArray]:
    """Fields of a 1D layout of each of `n`, to be overwritten."""
    return (
        n.copy(),
        np.zeros(n.shape, dtype=bool),
        np.ones(n.shape),
        np.zeros(n.shape, dtype=bool),
        np.ones(n.shape),
    )
