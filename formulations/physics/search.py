"""Search: the fastest real-valued layout of each point (accelerators, batch), as the paper's code minimises.

What is timed stands here: one pass, or a target pass with its drafts. How the layouts are tried stands in
`candidates.py`. Planning does not use this: it enumerates whole-numbered layouts (`deployable.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from formulations.physics.arrays import FloatArray, Numbers
from formulations.physics.candidates import Evaluate, Fastest, SearchSpace, Timed, search
from formulations.physics.case import Case
from formulations.physics.layout import Layout
from formulations.physics.speculation import expected_tokens, verified_tokens
from formulations.physics.step import network_total


def fastest(
    case: Case,
    accelerators: Numbers,
    batch: Numbers,
    context: Numbers,
    space: SearchSpace,
    tokens_in_flight: float = 1.0,
) -> Fastest:
    """The fastest layout for every point of `accelerators`, `batch` and `context`, which broadcast."""
    return fastest_passes(case, accelerators, batch, context, space, [tokens_in_flight])[0]


def fastest_passes(
    case: Case,
    accelerators: Numbers,
    batch: Numbers,
    context: Numbers,
    space: SearchSpace,
    tokens_in_flight: Sequence[float],
) -> list[Fastest]:
    """The same for several numbers of tokens in flight at once, each with its own layouts."""
    evaluate = _passes(case, tokens_in_flight)
    return search(case, accelerators, batch, context, space, evaluate, len(tokens_in_flight))


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

    With `speculation_memory: ignored` target and draft take their own layouts and the draft no memory (the paper's
    code); with `joint` both run on one layout and share the memory.
    """
    choices, drafted = target.assumptions.choices, range(1, max_drafted + 1)
    convention, points = choices.speculation_convention, (accelerators, batch, context)
    flight = {0: 1.0} | {count: float(verified_tokens(count, convention)) for count in drafted}
    if choices.speculation_memory == "joint":
        best = fastest(target, *points, space)
        evaluate = _joint(target, draft, [(count, flight[count]) for count in drafted])
        steps = dict(zip(drafted, search(target, *points, space, evaluate, len(drafted)), strict=True))
    else:
        distinct = sorted(set(flight.values()))
        by_flight = dict(zip(distinct, fastest_passes(target, *points, space, distinct), strict=True))
        best = by_flight[1.0]
        alone = fastest(draft, *points, space).seconds if drafted else best.seconds
        steps = {
            count: replace(by_flight[flight[count]], seconds=by_flight[flight[count]].seconds + count * alone)
            for count in drafted
        }
    for count, step in steps.items():
        seconds = step.seconds / float(expected_tokens(count, acceptance, convention))
        best = _better(best, replace(step, seconds=seconds, drafted=np.full_like(seconds, count)))
    return best


def fastest_layout(
    case: Case,
    layouts: Layout,
    batch: FloatArray,
    context: FloatArray,
    tokens_in_flight: float = 1.0,
    draft: Case | None = None,
    acceptance: float = 1.0,
    max_drafted: int = 0,
) -> Fastest:
    """The fastest of given layouts (K,) for points (P,), in seconds per token; γ in 0..`max_drafted` with a draft.

    Draft and target share the layout; whether they share the memory is the set's `speculation_memory`.
    """
    choices, column = case.assumptions.choices, layouts.column()
    room_beside = draft if choices.speculation_memory == "joint" else None
    candidates = []
    for drafted in range(max_drafted + 1 if draft is not None else 1):
        q = float(verified_tokens(drafted, choices.speculation_convention)) if drafted else tokens_in_flight
        seconds = case.step(column, context, q).total(batch)
        if drafted and draft is not None:
            seconds = seconds + drafted * draft.step(column, context).total(batch)
        fits = case.fits(column, context, batch, room_beside if drafted else None)
        tokens = (
            float(expected_tokens(drafted, acceptance, choices.speculation_convention)) if drafted else 1.0
        )
        candidates.append(np.where(fits, seconds / tokens, np.inf))
    stacked = np.concatenate(candidates)
    choice = np.argmin(stacked, axis=0)
    drafted_tokens, layout = np.divmod(choice, layouts.shape[0])
    seconds = np.take_along_axis(stacked, choice[None], axis=0)[0]
    return Fastest(seconds, layouts.select(layout), drafted_tokens.astype(np.float64))


def _passes(case: Case, tokens_in_flight: Sequence[float]) -> Evaluate:
    """Forward passes that carry so many tokens each.

    Memory and arithmetic do not depend on the tensor dimensions, and the network only on b·q: both are computed once.
    """

    def evaluate(
        layout: Layout, dimensions: tuple[bool, ...], batch: FloatArray, context: FloatArray
    ) -> Iterator[Timed]:
        networks = [(two_d, case.network(replace(layout, two_d=np.asarray(two_d)))) for two_d in dimensions]
        for index, q in enumerate(tokens_in_flight):
            roofline = case.step(layout, context, q, collectives=()).roofline(batch)
            for two_d, collectives in networks:
                yield Timed(index, two_d, roofline + network_total(collectives, batch * q))

    return evaluate


def _joint(target: Case, draft: Case, steps: Sequence[tuple[int, float]]) -> Evaluate:
    """Target passes with `(γ, q)` and their γ draft passes, on one layout in which both fit together."""
    verify, propose = _passes(target, [q for _, q in steps]), _passes(draft, [1.0])

    def evaluate(
        layout: Layout, dimensions: tuple[bool, ...], batch: FloatArray, context: FloatArray
    ) -> Iterator[Timed]:
        room = target.fits(layout, context, batch, draft)
        once = {timed.two_d: timed.seconds for timed in propose(layout, dimensions, batch, context)}
        for timed in verify(layout, dimensions, batch, context):
            seconds = timed.seconds + steps[timed.index][0] * once[timed.two_d]
            yield replace(timed, seconds=np.where(room, seconds, np.inf))

    return evaluate


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
