"""Larger choices: kinds that the config leaves out and that would make a plan possible.

More accelerators per instance, or fewer bits per weight or KV element. Each needs new physics, so few are tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from formulations.program.supply import nested
from planner.config.variants import with_layouts, with_model
from planner.explain.change import Change
from planner.problem.problem import Problem

MOST_GPUS = 64
LESS_WEIGHT = ("fp8", "nvfp4", "int4")
"""Weight precisions to suggest, widest first."""
LESS_CACHE = ("fp8",)


def larger_choices(problem: Problem, workloads: tuple[str, ...]) -> Iterator[Change]:
    """Changes of layouts and precisions that may serve the named workloads, smallest step first."""
    config = problem.study.config
    if not config.physics:
        return
    sizes = sorted(config.layouts.instance_gpus)
    units = [supply.unit for supply in problem.study.supplies]
    size = sizes[-1] * 2
    while size <= MOST_GPUS and all(_nests(size, sizes, unit) for unit in units):
        sentence = f"instances of {size} GPUs, beside {', '.join(map(str, sizes))}"
        yield Change(("layouts.instance_gpus",), sentence, size / sizes[-1] - 1, False,
                     partial(with_layouts, instance_gpus=(*sizes, size)))  # fmt: skip
        size *= 2
    models = dict.fromkeys(problem.study.workload(name).model for name in workloads)
    for name in models:
        model = problem.study.model(name)
        for precision in LESS_WEIGHT:
            if precision not in model.weight_precisions:
                yield Change(
                    (f"models.{name}.weight_precisions",), f"{precision} weights allowed for {name}", 1.0, False,
                    partial(with_model, name=name, weight_precisions=(*model.weight_precisions, precision)),
                )  # fmt: skip
        for precision in LESS_CACHE:
            if precision not in model.kv_precisions:
                yield Change(
                    (f"models.{name}.kv_precisions",), f"{precision} KV cache allowed for {name}", 1.0, False,
                    partial(with_model, name=name, kv_precisions=(*model.kv_precisions, precision)),
                )  # fmt: skip


def _nests(size: int, sizes: list[int], unit: int) -> bool:
    """Whether instances of another size can be packed into units beside the others."""
    return size >= unit or nested([*(small for small in sizes if small < unit), size])
