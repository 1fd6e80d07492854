"""Search: the fastest real-valued layout of each point (accelerators, batch), as the paper's code minimises.

Candidates are 1D and 2D tensor parallelism, ten log-spaced pipeline degrees from 1 to min(b, L) and six
log-spaced attention scale-downs from 1 to N/PP. Points are evaluated in blocks that stay in the processor's
cache. Planning does not use this: it enumerates whole-numbered layouts (`deployable.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from formulations.physics.arrays import BoolArray, FloatArray, Numbers, floats
from formulations.physics.case import Case
from formulations.physics.layout import Layout
from formulations.physics.shape import shape
from formulations.physics.speculation import expected_tokens, verified_tokens

StepModel = Literal["as-presented", "full"]
Evaluate = Callable[[Layout, FloatArray], FloatArray]
"""Seconds of a step for layouts and batches of one shape, inf where they do not fit."""

BLOCK = 4096


@dataclass(frozen=True)
class SearchSpace:
    """Which layouts are tried for each point."""

    model: StepModel = "full"
    """`as-presented`: the paper's text, 2D over all ranks only."""
    pipeline: bool = False
    attention_scaledown: bool = True
    pipeline_degrees: int = 10
    scaledowns: int = 6


@dataclass(frozen=True)
class Fastest:
    """The best of each point, all of the points' shape; where nothing fits, inf and a layout without
    meaning."""

    seconds: FloatArray
    """Of a step; per token with speculation."""
    layout: Layout
    drafted: FloatArray
    """γ of speculation; 0 without."""


def fastest(
    case: Case,
    accelerators: Numbers,
    batch: Numbers,
    context: Numbers,
    space: SearchSpace,
    tokens_in_flight: float = 1.0,
) -> Fastest:
    """The fastest layout for every point of `accelerators`, `batch` and `context`, which broadcast."""
    return _search(case, accelerators, batch, context, space, _step_seconds(case, tokens_in_flight))


def fastest_speculation(
    target: Case,
    draft: Case,
    accelerators: Numbers,
    batch: Numbers,
    context: Numbers,
    space: SearchSpace,
    acceptance: float,
    max_drafted: int,
) -> Fastest:
    """The fastest γ in 0..`max_drafted` and layout for every point, in seconds per token.

    With `speculation_memory: ignored` target and draft take their own layouts and the draft no memory (the
    paper's code); with `joint` both run on one layout and share the memory.
    """
    choices = target.assumptions.choices
    best = fastest(target, accelerators, batch, context, space)
    joint = choices.speculation_memory == "joint"
    alone = None if joint else fastest(draft, accelerators, batch, context, space).seconds
    for drafted in range(1, max_drafted + 1):
        q = float(verified_tokens(drafted, choices.speculation_convention))
        tokens = float(expected_tokens(drafted, acceptance, choices.speculation_convention))
        if alone is None:
            evaluate = _joint_seconds(target, draft, drafted, q)
            found = _search(target, accelerators, batch, context, space, evaluate)
            seconds = found.seconds / tokens
        else:
            found = fastest(target, accelerators, batch, context, space, q)
            seconds = (found.seconds + drafted * alone) / tokens
        best = _better(best, replace(found, seconds=seconds, drafted=np.full_like(seconds, drafted)))
    return best


ContextEvaluate = Callable[[Layout, FloatArray, FloatArray], FloatArray]


def _step_seconds(case: Case, tokens_in_flight: float) -> ContextEvaluate:
    def evaluate(layout: Layout, batch: FloatArray, context: FloatArray) -> FloatArray:
        return case.step(layout, context, tokens_in_flight).total(batch)

    return evaluate


def _joint_seconds(target: Case, draft: Case, drafted: int, tokens_in_flight: float) -> ContextEvaluate:
    def evaluate(layout: Layout, batch: FloatArray, context: FloatArray) -> FloatArray:
        step = target.step(layout, context, tokens_in_flight).total(batch)
        step = step + drafted * draft.step(layout, context).total(batch)
        return np.where(target.fits(layout, context, batch, draft), step, np.inf)

    return evaluate


def _search(
    case: Case,
    accelerators: Numbers,
    batch: Numbers,
    context: Numbers,
    space: SearchSpace,
    evaluate: ContextEvaluate,
) -> Fastest:
    points = np.broadcast_arrays(floats(accelerators), floats(batch), floats(context))
    n, b, ctx = (np.ascontiguousarray(values).reshape(-1) for values in points)
    seconds = np.full(n.size, np.inf)
    two_d, experts = np.zeros(n.size, dtype=bool), np.zeros(n.size, dtype=bool)
    pipeline, scaledown = np.ones(n.size), np.ones(n.size)
    for start in range(0, n.size, BLOCK):
        block = np.arange(start, min(start + BLOCK, n.size))
        for stages in _pipeline_degrees(case, b[block], space):
            inside = stages <= np.minimum(n[block], b[block])
            inside &= case.fits(Layout.of(n[block], pipeline=stages), ctx[block], b[block])
            index, stages = block[inside], stages[inside]
            if not index.size:
                continue
            for layout in _candidates(case, n[index], b[index], stages, space):
                time = evaluate(layout, b[index], ctx[index])
                choice = np.argmin(time, axis=0)[None]
                time = np.take_along_axis(time, choice, axis=0)[0]
                better = time < seconds[index]
                at = index[better]
                seconds[at], pipeline[at] = time[better], stages[better]
                scaledown[at] = np.take_along_axis(layout.attention_scaledown, choice, axis=0)[0][better]
                two_d[at] = bool(np.any(layout.two_d))
                experts[at] = np.broadcast_to(layout.expert_parallel, index.shape)[better]
    shaped = [values.reshape(points[0].shape) for values in (n, two_d, pipeline, experts, scaledown, seconds)]
    return Fastest(shaped[5], Layout.of(*shaped[:5]), np.zeros(points[0].shape))


def _pipeline_degrees(case: Case, batch: FloatArray, space: SearchSpace) -> Iterator[FloatArray]:
    yield np.ones_like(batch)
    if space.pipeline and space.model == "full":
        most = np.minimum(batch, case.architecture.layers)
        yield from log_spaced(most, space.pipeline_degrees)[1:]


def _candidates(
    case: Case, accelerators: FloatArray, batch: FloatArray, stages: FloatArray, space: SearchSpace
) -> Iterator[Layout]:
    """Layouts of shape (scale-downs, points), one per tensor dimension and expert parallelism."""
    choices = case.assumptions.choices
    ranks = accelerators / stages
    scales = space.attention_scaledown and space.model == "full" and choices.attention_scaledown != "none"
    scaledown = log_spaced(ranks, space.scaledowns) if scales else np.ones((1, *ranks.shape))
    for experts in _expert_parallel(case, batch / stages, space):
        for two_d in (True,) if space.model == "as-presented" else (True, False):
            yield Layout(accelerators, np.asarray(two_d), stages, experts, scaledown)


def log_spaced(most: FloatArray, count: int) -> FloatArray:
    """`count` values from 1 to `most`, shape (count, *most.shape), evenly spaced in log2.

    As powers of two: ranks are rounded up to whole nodes, so 4 and 3.9999999999999996 are different layouts.
    """
    exponent = np.log2(most)
    steps = np.arange(count).reshape(-1, *np.ones(most.ndim, dtype=int)) * (exponent / (count - 1))
    steps[-1] = exponent
    return np.power(2.0, steps)


def _expert_parallel(case: Case, sequences: FloatArray, space: SearchSpace) -> list[BoolArray]:
    off = np.zeros(sequences.shape, dtype=bool)
    if space.model == "as-presented" or not case.architecture.is_mixture:
        return [off]
    if case.assumptions.choices.expert_parallel == "from_two_per_expert":
        return [sequences >= 2 * shape(case.architecture, case.assumptions.choices).sparsity]
    return [off, ~off]


def _better(one: Fastest, other: Fastest) -> Fastest:
    choose = other.seconds < one.seconds
    fields = [
        np.where(choose, theirs, ours)
        for ours, theirs in zip(one.layout.fields(), other.layout.fields(), strict=True)
    ]
    return Fastest(
        np.where(choose, other.seconds, one.seconds),
        Layout.of(*fields),
        np.where(choose, other.drafted, one.drafted),
    )
