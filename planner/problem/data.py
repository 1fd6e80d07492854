"""From a problem and its options to the program's data: which option is offered in which supply, what limits enter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from formulations.options import Option
from formulations.program.data import ProgramData, SupplyData, WorkloadData, program_data
from formulations.program.supply import nested
from planner.config.resolved import ResolvedStudy
from planner.errors import InputError
from planner.limits.entries import Entries
from planner.limits.limit import Limit
from planner.limits.total import kept_within
from planner.objectives import counts_of


def data_for(
    study: ResolvedStudy,
    limits: Iterable[Limit],
    options: Iterable[Option],
    *,
    scaled: tuple[str, ...] = (),
    within: Mapping[str, float] | None = None,
) -> ProgramData:
    """Offer every option in each supply of its accelerator that could hold one instance; raises `InputError`
    where instance sizes do not nest in a billing unit.

    `within` keeps objectives that supplies count within a value, by name, as limits of their own.
    """
    entries = Entries(study)
    for limit in limits:
        limit.enter(entries)
    entries.caps += kept_within(study, within or {})
    supplies = {
        s.name: SupplyData(
            s.name, entries.most_accelerators.get(s.name), s.unit, s.availability, counts_of(s)
        )
        for s in study.supplies
    }
    by_accelerator: dict[str, list[SupplyData]] = {}
    for supply in study.supplies:
        by_accelerator.setdefault(supply.accelerator_name, []).append(supplies[supply.name])
    pairs = [
        (option, supply)
        for option in options
        for supply in by_accelerator.get(option.accelerator, [])
        if supply.limit is None or -(-option.gpus // supply.unit) * supply.unit <= supply.limit
    ]
    _refuse_sizes_that_do_not_nest(study, pairs)
    return program_data(
        pairs,
        tuple(supplies.values()),
        tuple(WorkloadData(w.name, w.demand, entries.most_kinds.get(w.name)) for w in study.workloads),
        utilisation=study.config.utilisation,
        spares=entries.spares,
        caps=tuple(entries.caps),
        scaled=scaled,
    )


def _refuse_sizes_that_do_not_nest(study: ResolvedStudy, pairs: list[tuple[Option, SupplyData]]) -> None:
    sizes: dict[str, set[int]] = {}
    for option, supply in pairs:
        if option.gpus < supply.unit:
            sizes.setdefault(supply.name, set()).add(option.gpus)
    problems = [
        f"{study.file}: layouts.instance_gpus: sizes {sorted(found)} do not nest (each must divide the next) in the "
        f"units of {supply} [GPUs]; leave some out"
        for supply, found in sizes.items()
        if not nested(sorted(found))
    ]
    if problems:
        raise InputError(problems)
