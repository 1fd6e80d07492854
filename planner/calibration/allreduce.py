"""All-reduce: protocols of a collective library fitted to measured times of one accelerator.

Engines' kernels switch from one shot to two shots as the message grows, NCCL from its low-latency to its bandwidth
protocol; each is affine in the message, and the physics takes the cheapest. Six constants per accelerator and library,
least squares on log time, evaluated by `formulations.physics.collectives` itself.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from fleets import catalog
from fleets.errors import UnknownName
from fleets.schema.accelerators import Accelerator
from fleets.schema.assumptions import AssumptionSet, Collectives, Protocol
from formulations.physics.arrays import FloatArray
from formulations.physics.collectives import ALL_REDUCE, Pattern, route
from formulations.physics.machine import MICRO, machine
from planner.errors import InputError

NCCL = "NCCL"
Kind = Literal["ring", "shared_bus", "one_shot", "two_shot"]
Kinds = tuple[Kind, Kind]
NODE_US = {"LL": 5.0, "Simple": 28.0}
"""Between nodes nothing was measured: NCCL's LL and Simple of the paper (arXiv 2506.04645, Eq. 33)."""

BUS_GB_S = 64.0
"""Links up to this rate are a host bridge (PCIe 5.0 x16), which ranks may share."""

_LOW = np.array([0.5, 0.002, 0.03, 0.5, 0.002, 0.03])
_HIGH = np.array([120.0, 20.0, 1.0, 250.0, 40.0, 1.0])
_STARTS = (
    (4.0, 0.1, 0.5, 8.0, 0.2, 0.7), (10.0, 0.5, 0.3, 15.0, 0.5, 0.9),
    (6.0, 1.0, 0.2, 20.0, 0.1, 0.5), (10.0, 3.0, 0.3, 60.0, 1.0, 0.1),
)  # fmt: skip
"""(base µs, µs per rank, efficiency) of the first and of the second protocol."""


@dataclass(frozen=True)
class AllReduceTable:
    """Measured times of one accelerator and library: seconds by (ranks, bytes)."""

    accelerator: str
    library: str
    ranks: FloatArray
    message_bytes: FloatArray
    seconds: FloatArray


@dataclass(frozen=True)
class AllReduceFit:
    """Fitted protocols and how far they are off."""

    table: AllReduceTable
    protocols: tuple[Protocol, ...]
    errors: FloatArray
    """|predicted/measured − 1| by point."""

    @property
    def median_error(self) -> float:
        return float(np.median(self.errors))


def read_allreduce(path: Path) -> tuple[tuple[AllReduceTable, ...], list[str]]:
    """Tables of a CSV with system, impl, num_gpus, nodes and one column of µs per message size in bytes.

    Returns them with the systems that the catalogue does not have; rows of several nodes are not used. Raises
    `InputError` when the file cannot be read or has none of the columns.
    """
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    unknown: list[str] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            sizes = [name for name in reader.fieldnames or () if name.isdigit()]
            if not sizes or not {"system", "impl", "num_gpus", "nodes"} <= set(reader.fieldnames or ()):
                raise InputError(
                    [f"{path.name}: needs columns system, impl, num_gpus, nodes and sizes in bytes"]
                )
            for row in reader:
                if row["nodes"] != "1":
                    continue
                try:
                    accelerator = catalog.accelerator(row["system"]).name
                except UnknownName:
                    unknown.append(row["system"])
                    continue
                times = found.setdefault((accelerator, row["impl"]), [])
                times += [
                    (float(row["num_gpus"]), float(size), float(row[size]) * MICRO)
                    for size in sizes
                    if row[size]
                ]
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError([f"{path}: cannot be read: {error}"]) from None
    tables = [AllReduceTable(*key, *np.array(times).T) for key, times in found.items()]
    return tuple(tables), sorted(set(unknown))


def fit_allreduce(table: AllReduceTable) -> AllReduceFit:
    """Least squares on log time from several starts; the best one counts."""
    from scipy.optimize import least_squares

    def residuals(logs: FloatArray, kinds: Kinds) -> FloatArray:
        return np.log(allreduce_seconds(table, _protocols(kinds, np.exp(logs))) / table.seconds)

    bounds = (np.log(_LOW), np.log(_HIGH))
    runs = [
        (
            kinds,
            least_squares(
                residuals, np.log(start), args=(kinds,), bounds=bounds, loss="soft_l1", f_scale=0.03
            ),
        )
        for kinds in _kinds(table)
        for start in _STARTS
    ]
    kinds, best = min(runs, key=lambda run: float(run[1].cost))
    rounded = np.array([float(f"{value:.3g}") for value in np.exp(best.x)])
    protocols = _useful(table, _protocols(kinds, rounded))
    errors = np.abs(allreduce_seconds(table, protocols) / table.seconds - 1.0)
    return AllReduceFit(table, protocols, errors)


def allreduce_seconds(table: AllReduceTable, protocols: tuple[Protocol, ...]) -> FloatArray:
    """Predicted seconds of each measured point, by the physics."""
    return seconds_on(catalog.accelerator(table.accelerator), protocols, table.ranks, table.message_bytes)


def seconds_on(
    accelerator: Accelerator, protocols: tuple[Protocol, ...], ranks: FloatArray, message_bytes: FloatArray
) -> FloatArray:
    """Seconds of an all-reduce of `message_bytes` over `ranks` of one domain, cheapest protocol; shapes broadcast."""
    computer = machine(accelerator, _set_with(protocols))
    pattern = Pattern.ring(ALL_REDUCE, ranks, np.ones_like(ranks))
    one = route(computer, "max", pattern).collective("all-reduce", message_bytes, 1.0)
    latency, transfer = one.best(np.ones(()))
    return np.asarray(latency + transfer)


def _set_with(protocols: tuple[Protocol, ...]) -> AssumptionSet:
    return catalog.assumption_set("default").model_copy(
        update={"collectives": Collectives(protocols=protocols)}
    )


def on_shared_bus(accelerator: str) -> bool:
    """Whether the ranks talk over a host bridge, so that an engine's kernels and NCCL are one choice, not two."""
    link = catalog.accelerator(accelerator).scaleup_gb_s
    return link is not None and link <= BUS_GB_S


def _kinds(table: AllReduceTable) -> tuple[Kinds, ...]:
    """An engine's two kernels; or NCCL's low-latency and bandwidth protocols, over own links or a shared bus."""
    if on_shared_bus(table.accelerator):
        return ("ring", "ring"), ("ring", "shared_bus"), ("shared_bus", "ring"), ("shared_bus", "shared_bus")
    return (("ring", "ring"),) if table.library == NCCL else (("one_shot", "two_shot"),)


def _useful(table: AllReduceTable, protocols: tuple[Protocol, ...]) -> tuple[Protocol, ...]:
    """By rising base time, without one that is cheapest at no measured point and moves bytes no faster either."""
    if protocols[0].kind == "one_shot":
        return protocols
    low, high = sorted(protocols, key=lambda protocol: protocol.base_us)
    alone = allreduce_seconds(table, (low,))
    wins = np.any(allreduce_seconds(table, (high,)) < alone)
    if not wins and high.efficiency <= low.efficiency:
        return (low.model_copy(update={"name": "LL", "node_us": NODE_US["LL"]}),)
    return (
        low.model_copy(update={"name": "LL", "node_us": NODE_US["LL"]}),
        high.model_copy(update={"name": "Simple", "node_us": NODE_US["Simple"]}),
    )


def _protocols(kinds: Kinds, values: FloatArray) -> tuple[Protocol, ...]:
    """Six numbers as two protocols: base [µs], µs per rank and efficiency of each."""
    names = ("one-shot", "two-shot") if kinds[0] == "one_shot" else ("LL", "Simple")
    return tuple(
        Protocol(
            name=name, kind=kind, base_us=float(values[at]), rank_us=float(values[at + 1]),
            node_us=NODE_US.get(name, 0.0), efficiency=float(values[at + 2]),
        )
        for name, kind, at in zip(names, kinds, (0, 3), strict=True)
    )  # fmt: skip
