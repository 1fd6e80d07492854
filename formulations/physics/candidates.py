"""Candidates: the layouts that a real-valued search tries at every point, block by block.

1D and 2D tensor parallelism, ten log-spaced pipeline degrees from 1 to min(b, L) and six log-spaced attention
scale-downs from 1 to N/PP (the paper's code). Blocks stay in the processor's cache; batches of at least L share their
pipeline degrees, so that their coefficients do not depend on the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from formulations.physics.arrays import BoolArray, FloatArray, Numbers, floats, reuse_freed_memory
from formulations.physics.case import Case
from formulations.physics.layout import Layout
from formulations.physics.shape import shape

StepModel = Literal["as-presented", "full"]
BLOCK = 16_384
"""Points evaluated together."""


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
    """The best of each point, all of the points' shape; where nothing fits, inf and a layout without meaning."""

    seconds: FloatArray
    """Of a step; per token with speculation."""
    layout: Layout
    drafted: FloatArray
    """γ of speculation; 0 without."""


@dataclass(frozen=True)
class Timed:
    """Seconds of the step number `index` in one tensor dimension; scale-downs first, then rows and columns."""

    index: int
    two_d: bool
    seconds: FloatArray


Evaluate = Callable[[Layout, tuple[bool, ...], FloatArray, FloatArray], Iterable[Timed]]
"""(layout without tensor dimensions, the dimensions to try, batch, context), which broadcast, to seconds."""
At = tuple[slice, slice]


def search(
    case: Case,
    accelerators: Numbers,
    batch: Numbers,
    context: Numbers,
    space: SearchSpace,
    evaluate: Evaluate,
    steps: int,
) -> list[Fastest]:
    """The best candidate of each point for each of `steps` that `evaluate` times; shapes of the broadcast points."""
    reuse_freed_memory()
    points_shape, grid = _grid(accelerators, batch, context)
    rows, columns = np.broadcast_shapes(*(values.shape for values in grid))
    best = [_nothing(grid[0], (rows, columns)) for _ in range(steps)]
    for group, stages in _column_groups(case, grid[1], space):
        for at in _blocks(rows, group):
            points = [_part(values, at) for values in grid]
            inner = slice(at[1].start - group.start, at[1].stop - group.start)
            for degree in stages:
                degree = degree[:, inner] if degree.shape[1] > 1 else degree
                _try(case, points, degree, space, evaluate, [_view(one, at) for one in best])
    return [_reshaped(one, points_shape) for one in best]


def _try(
    case: Case,
    points: list[FloatArray],
    stages: FloatArray,
    space: SearchSpace,
    evaluate: Evaluate,
    best: list[Fastest],
) -> None:
    """Evaluate every candidate with these pipeline stages and write what is faster into `best`."""
    n, batch, context = points
    fits = case.fits(Layout.of(n, pipeline=stages), context, batch)
    if not np.any(fits):
        return
    dimensions = (True,) if space.model == "as-presented" else (True, False)
    for layout in _layouts(case, n, batch, stages, space):
        for timed in evaluate(layout, dimensions, batch, context):
            found = best[timed.index]
            seconds, scaledown = _over_scaledowns(timed.seconds, layout)
            better = fits & (seconds < found.seconds)
            if np.any(better):
                np.copyto(found.seconds, seconds, where=better)
                values = (np.asarray(timed.two_d), stages, layout.expert_parallel, scaledown)
                for kept, value in zip(found.layout.fields()[1:], values, strict=True):
                    np.copyto(kept, value, where=better)


def _over_scaledowns(seconds: FloatArray, layout: Layout) -> tuple[FloatArray, FloatArray]:
    if seconds.shape[0] == 1:
        return seconds[0], np.broadcast_to(layout.attention_scaledown, seconds.shape)[0]
    choice = np.argmin(seconds, axis=0)[None]
    scaledown = np.broadcast_to(layout.attention_scaledown, seconds.shape)
    return np.take_along_axis(seconds, choice, axis=0)[0], np.take_along_axis(scaledown, choice, axis=0)[0]


def _layouts(
    case: Case, accelerators: FloatArray, batch: FloatArray, stages: FloatArray, space: SearchSpace
) -> Iterator[Layout]:
    """Layouts with scale-downs first, one per way of expert parallelism; tensor dimensions are left open."""
    ranks = accelerators / stages
    scales = case.assumptions.choices.attention_scaledown != "none" and space.model == "full"
    scaledown = np.ones((1, 1, 1))
    if space.attention_scaledown and scales:
        scaledown = log_spaced(ranks, space.scaledowns)
    for experts in _expert_parallel(case, batch / stages, space):
        yield Layout(accelerators, np.asarray(False), stages, experts, scaledown)


def _expert_parallel(case: Case, sequences: FloatArray, space: SearchSpace) -> list[BoolArray]:
    off = np.zeros((1, 1), dtype=bool)
    if space.model == "as-presented" or not case.architecture.is_mixture:
        return [off]
    if case.assumptions.choices.expert_parallel == "from_two_per_expert":
        return [sequences >= 2 * shape(case.architecture, case.assumptions.choices).sparsity]
    return [off, ~off]


def log_spaced(most: FloatArray, count: int) -> FloatArray:
    """`count` values from 1 to `most`, shape (count, *most.shape), evenly spaced in log2.

    As powers of two: ranks are rounded up to whole nodes, so 4 and 3.9999999999999996 are different layouts.
    """
    exponent = np.log2(most)
    steps = np.arange(count).reshape(-1, *np.ones(most.ndim, dtype=int)) * (exponent / (count - 1))
    steps[-1] = exponent
    return np.power(2.0, steps)


def _column_groups(
    case: Case, batch: FloatArray, space: SearchSpace
) -> Iterator[tuple[slice, list[FloatArray]]]:
    """Columns with their pipeline degrees, each of shape (1, columns) or (1, 1)."""
    columns = batch.shape[1]
    if not space.pipeline or space.model == "as-presented":
        yield slice(0, columns), [np.ones((1, 1))]
        return
    layers = float(case.architecture.depth)
    capped = batch[0] >= layers
    first = int(np.argmax(capped)) if capped.any() else columns
    if not capped[first:].all():  # not sorted by batch
        first = columns
    if first > 0:
        yield slice(0, first), list(log_spaced(np.minimum(batch[:, :first], layers), space.pipeline_degrees))
    if first < columns:
        yield slice(first, columns), list(log_spaced(np.full((1, 1), layers), space.pipeline_degrees))


def _grid(*given: Numbers) -> tuple[tuple[int, ...], list[FloatArray]]:
    """Points as rows and columns: a grid stays one (N by b), anything else is one long row."""
    arrays = [floats(values) for values in given]
    points_shape = np.broadcast_shapes(*(values.shape for values in arrays))
    crossed = arrays[0].ndim == 2 and arrays[0].shape[1] == 1
    if crossed and len(points_shape) == 2 and all(v.ndim < 2 or v.shape[0] == 1 for v in arrays[1:]):
        return points_shape, [np.atleast_2d(values) for values in arrays]
    return points_shape, [np.array(values).reshape(1, -1) for values in np.broadcast_arrays(*arrays)]


def _blocks(rows: int, columns: slice) -> Iterator[At]:
    """Parts of at most BLOCK points."""
    across = min(columns.stop - columns.start, BLOCK)
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


def _nothing(accelerators: FloatArray, grid: tuple[int, int]) -> Fastest:
    layout = Layout(
        np.broadcast_to(accelerators, grid),
        np.zeros(grid, dtype=bool),
        np.ones(grid),
        np.zeros(grid, dtype=bool),
        np.ones(grid),
    )
    return Fastest(np.full(grid, np.inf), layout, np.zeros(grid))


def _view(one: Fastest, at: At) -> Fastest:
    return Fastest(one.seconds[at], Layout(*(values[at] for values in one.layout.fields())), one.drafted[at])


def _reshaped(one: Fastest, points_shape: tuple[int, ...]) -> Fastest:
    fields = [np.ascontiguousarray(values).reshape(points_shape) for values in one.layout.fields()]
    return Fastest(one.seconds.reshape(points_shape), Layout.of(*fields), one.drafted.reshape(points_shape))
