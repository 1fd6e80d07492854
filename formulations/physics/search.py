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
from formulations.physics.step import network_total

StepModel = Literal["as-presented", "full"]
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
    return _search(case, accelerators, batch, context, space, _alone(case, tokens_in_flight))


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
            evaluate = _joint(target, draft, drafted, q)
            found = _search(target, accelerators, batch, context, space, evaluate)
            seconds = found.seconds / tokens
        else:
            found = fastest(target, accelerators, batch, context, space, q)
            seconds = (found.seconds + drafted * alone) / tokens
        best = _better(best, replace(found, seconds=seconds, drafted=np.full_like(seconds, drafted)))
    return best


Evaluate = Callable[[Layout, tuple[bool, ...], FloatArray, FloatArray], list[FloatArray]]
"""Seconds of a step per tensor dimension for a layout, batches and contexts that broadcast; inf where it
does not fit."""


def _alone(case: Case, tokens_in_flight: float) -> Evaluate:
    """One forward pass; memory and arithmetic do not depend on the tensor dimensions, so they are computed
    once."""

    def evaluate(
        layout: Layout, dimensions: tuple[bool, ...], batch: FloatArray, context: FloatArray
    ) -> list[FloatArray]:
        first, *others = (replace(layout, two_d=np.asarray(two_d)) for two_d in dimensions)
        step = case.step(first, context, tokens_in_flight)
        roofline = step.roofline(batch)
        networks = [step.collectives, *(case.network(other, tokens_in_flight) for other in others)]
        return [roofline + network_total(collectives, batch) for collectives in networks]

    return evaluate


def _joint(target: Case, draft: Case, drafted: int, tokens_in_flight: float) -> Evaluate:
    """A target pass and `drafted` draft passes on one layout, where both fit together."""
    verify, propose = _alone(target, tokens_in_flight), _alone(draft, 1.0)

    def evaluate(
        layout: Layout, dimensions: tuple[bool, ...], batch: FloatArray, context: FloatArray
    ) -> list[FloatArray]:
        fits = target.fits(layout, context, batch, draft)
        passes = zip(
            verify(layout, dimensions, batch, context),
            propose(layout, dimensions, batch, context),
            strict=True,
        )
        return [np.where(fits, step + drafted * draft_step, np.inf) for step, draft_step in passes]

    return evaluate


def _search(
    case: Case,
    accelerators: Numbers,
    batch: Numbers,
    context: Numbers,
    space: SearchSpace,
    evaluate: Evaluate,
) -> Fastest:
    """Points as rows and columns: a grid stays one (rows of N by columns of b), anything else is one long
    row."""
    given = [floats(values) for values in (accelerators, batch, context)]
    shape = np.broadcast_shapes(*(values.shape for values in given))
    if len(shape) == 2 and given[0].shape[-1] == 1 and all(v.ndim < 2 or v.shape[0] == 1 for v in given[1:]):
        grid = [np.atleast_2d(values) for values in given]
    else:
        grid = [np.ascontiguousarray(values).reshape(1, -1) for values in np.broadcast_arrays(*given)]
    rows, columns = np.broadcast_shapes(*(values.shape for values in grid))
    best = Fastest(
        np.full((rows, columns), np.inf),
        Layout.of(
            np.broadcast_to(grid[0], (rows, columns)),
            *(np.full((rows, columns), value) for value in (False, 1.0, False, 1.0)),
        ),
        np.zeros((rows, columns)),
    )
    for columns_slice, stages in _column_groups(case, grid[1], space):
        width = np.size(best.seconds[:1, columns_slice])
        for row_slice, column_slice in _blocks(rows, columns_slice, width):
            at = row_slice, column_slice
            points = [_part(values, at) for values in grid]
            offset = column_slice.start - columns_slice.start
            inner = slice(offset, offset + column_slice.stop - column_slice.start)
            for degree in stages:
                _try(
                    case,
                    points,
                    degree[:, inner] if degree.shape[1] > 1 else degree,
                    space,
                    evaluate,
                    best,
                    at,
                )
    shaped = [np.ascontiguousarray(values).reshape(shape) for values in best.layout.fields()]
    return Fastest(best.seconds.reshape(shape), Layout.of(*shaped), best.drafted.reshape(shape))


At = tuple[slice, slice]


def _try(
    case: Case,
    points: list[FloatArray],
    stages: FloatArray,
    space: SearchSpace,
    evaluate: Evaluate,
    best: Fastest,
    at: At,
) -> None:
    """Evaluate every candidate with these pipeline stages and write what is faster into `best`."""
    n, batch, context = points
    fits = case.fits(Layout.of(n, pipeline=stages), context, batch)
    if not np.any(fits):
        return
    dimensions = (True,) if space.model == "as-presented" else (True, False)
    for layout in _candidates(case, n, batch, stages, space):
        for two_d, seconds in zip(dimensions, evaluate(layout, dimensions, batch, context), strict=True):
            choice = np.argmin(seconds, axis=0)[None]
            fastest_of_scaledowns = np.take_along_axis(seconds, choice, axis=0)[0]
            better = fits & (fastest_of_scaledowns < best.seconds[at])
            if not np.any(better):
                continue
            scaledown = np.broadcast_to(layout.attention_scaledown, seconds.shape)
            np.copyto(best.seconds[at], fastest_of_scaledowns, where=better)
            np.copyto(best.layout.two_d[at], two_d, where=better)
            np.copyto(best.layout.pipeline[at], stages, where=better)
            np.copyto(best.layout.expert_parallel[at], layout.expert_parallel, where=better)
            np.copyto(
                best.layout.attention_scaledown[at],
                np.take_along_axis(scaledown, choice, axis=0)[0],
                where=better,
            )


def _column_groups(
    case: Case, batch: FloatArray, space: SearchSpace
) -> Iterator[tuple[slice, list[FloatArray]]]:
    """Columns with their pipeline degrees: batches of at least L share theirs, so their coefficients need
    no batch."""
    columns = batch.shape[1]
    if not space.pipeline or space.model == "as-presented":
        yield slice(0, columns), [np.ones((1, 1))]
        return
    layers = float(case.architecture.layers)
    capped = batch[0] >= layers
    first = int(np.argmax(capped)) if capped.any() else columns
    if not capped[first:].all():  # not sorted by batch
        first = columns
    if first > 0:
        yield slice(0, first), list(log_spaced(np.minimum(batch[:, :first], layers), space.pipeline_degrees))
    if first < columns:
        yield slice(first, columns), list(log_spaced(np.full((1, 1), layers), space.pipeline_degrees))


def _blocks(rows: int, columns: slice, width: int) -> Iterator[At]:
    """Parts of at most BLOCK points."""
    across = min(width, BLOCK)
    down = max(1, BLOCK // across)
    for row in range(0, rows, down):
        for column in range(columns.start, columns.stop, across):
            yield slice(row, min(row + down, rows)), slice(column, min(column + across, columns.stop))


def _part(values: FloatArray, at: At) -> FloatArray:
    """The part of a broadcast array that belongs to a block."""
    rows, columns = at
    return values[
        rows if values.shape[0] > 1 else slice(None), columns if values.shape[1] > 1 else slice(None)
    ]


def _candidates(
    case: Case, accelerators: FloatArray, batch: FloatArray, stages: FloatArray, space: SearchSpace
) -> Iterator[Layout]:
    """Layouts with scale-downs first, one per way of expert parallelism; tensor dimensions are left open."""
    choices = case.assumptions.choices
    ranks = accelerators / stages
    scales = space.attention_scaledown and space.model == "full" and choices.attention_scaledown != "none"
    scaledown = log_spaced(ranks, space.scaledowns) if scales else np.ones((1, 1, 1))
    for experts in _expert_parallel(case, batch / stages, space):
        yield Layout(accelerators, np.asarray(False), stages, experts, scaledown)


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
