"""From a study and its options to the program's data: which option is offered in which supply, and every limit."""

from __future__ import annotations

from collections.abc import Iterable

from formulations.options import Option
from formulations.program.data import ProgramData, SupplyData, WorkloadData, program_data
from formulations.program.supply import nested
from planner.config.resolved import ResolvedStudy, ResolvedSupply
from planner.errors import InputError


def supply_data(supply: ResolvedSupply) -> SupplyData:
    """A supply as the program sees it."""
    return SupplyData(
        supply.name, supply.usd_per_hour, supply.limit, supply.unit, supply.availability, supply.power_kw
    )


def data_for(
    study: ResolvedStudy,
    options: Iterable[Option],
    *,
    budget_usd_per_hour: float | None = None,
    scaled: tuple[str, ...] = (),
) -> ProgramData:
    """Offer every option in each supply of its accelerator that could hold one instance; raises `InputError`
    where instance sizes do not nest in a billing unit."""
    config = study.config
    supplies = {supply.name: supply_data(supply) for supply in study.supplies}
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
        tuple(WorkloadData(w.name, w.demand, w.max_kinds) for w in study.workloads),
        utilisation=config.utilisation,
        spare_number=config.spares.number,
        spare_share=config.spares.share,
        power_limit_kw=config.power_limit_kw,
        budget_usd_per_hour=budget_usd_per_hour,
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
