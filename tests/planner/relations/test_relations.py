"""Metamorphic tests: random studies over every feature, changed in ways whose effect is known.

Answers claim [bound, objective]; a relation is broken where what one answer has found lies beyond what the other says is
possible, so that gaps and time limits cannot make it flaky. 510 more studies: `pytest -m long tests/planner/relations`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.certificate.certificate import certified
from planner.config.load import study_from
from planner.errors import InputError
from planner.problem.answer import Answer
from planner.problem.problem import Problem
from planner.questions.ask import question_of
from tests.planner.agreement.studies import FEATURES, Config, Random, Row, profile_rows, study, write_rows
from tests.planner.relations.relations import RELATIONS, changed

ROUNDING = 1e-6
IN_CI = 5
"""Relations of each study."""
NAMED: tuple[tuple[tuple[str, ...], int, str], ...] = ()
"""Studies and relations that were broken once."""


def answered(config: Config, rows: list[Row], folder: Path) -> Answer | None:
    """The certified answer; None where the study cannot be asked this."""
    if "profiles" in config:
        write_rows(rows, folder)
    try:
        answer = question_of(Problem(study_from(config, "relations.yaml", folder))).answer(simplest=False)
    except InputError:
        return None
    assert answer.termination not in ("error", "unbounded")
    if answer.allocation is not None:
        assert not certified(answer, ()).failures
    return answer


def broken(one: Answer, other: Answer, effect: str, times: float) -> list[str]:
    """What cannot be: `other` is `one` changed with that effect, and its figures are `times` as large."""
    found = []
    if effect in ("same", "harder"):
        found += _beyond("changed", other, 1.0 / times, "unchanged", one)
    if effect in ("same", "easier"):
        found += _beyond("unchanged", one, times, "changed", other)
    return found


def _beyond(better: str, plan: Answer, times: float, worse: str, bound: Answer) -> list[str]:
    """Whether a plan is better than another answer says is possible."""
    if plan.allocation is None or plan.optimum is None:
        return []
    value = plan.optimum * times
    if bound.termination == "infeasible":
        return [f"{worse}: no plan; {better}: one at {value:.10g}"]
    if bound.bound is None:
        return []
    sign = 1.0 if plan.optimised.sense == "minimise" else -1.0
    if sign * value < sign * bound.bound - ROUNDING * max(1.0, abs(value)):
        return [f"{worse}: none better than {bound.bound:.10g}; {better}: one at {value:.10g}"]
    return []


def problems(names: tuple[str, ...], seed: int, folder: Path, relations: list[str]) -> list[str]:
    """Relations that a study breaks."""
    config = study(names, seed)
    rows = profile_rows(config)
    one = answered(config, rows, folder)
    if one is None:
        return []
    found = []
    for name in relations:
        variant = changed(name, config, rows, seed)
        other = None if variant is None else answered(*variant, folder)
        if other is not None:
            times = RELATIONS[name].times if one.optimised.unit == "$/h" else 1.0
            found += [
                f"{names} {seed} {name}: {said}" for said in broken(one, other, RELATIONS[name].effect, times)
            ]
    return found


@pytest.mark.parametrize("feature", FEATURES)
def test_relations_hold(feature: str, tmp_path: Path) -> None:
    chosen = Random(feature)
    assert not problems((feature,), 0, tmp_path, chosen.sample(list(RELATIONS), IN_CI))
    other = chosen.choice(list(FEATURES))
    assert not problems((feature, other), 1, tmp_path, chosen.sample(list(RELATIONS), IN_CI))


@pytest.mark.parametrize(("names", "seed", "relation"), NAMED)
def test_what_was_broken_once(names: tuple[str, ...], seed: int, relation: str, tmp_path: Path) -> None:
    assert not problems(names, seed, tmp_path, [relation])


@pytest.mark.parametrize("seed", range(6))
def test_the_cheapest_plan_bounds_other_questions(seed: int, tmp_path: Path) -> None:
    assert not other_questions((Random(seed).choice(list(FEATURES)),), seed, tmp_path)


def other_questions(names: tuple[str, ...], seed: int, folder: Path) -> list[str]:
    """No fewer accelerators than the fewest; the demand at the cheapest cost; no plan for less than the bound."""
    config = study(names, seed)
    rows = profile_rows(config)
    if "question" in config:
        return []
    cheapest = answered(config, rows, folder)
    if (
        cheapest is None
        or cheapest.allocation is None
        or cheapest.objective is None
        or cheapest.bound is None
    ):
        return []
    found = []
    supplies = {supply.name: supply for supply in cheapest.study.supplies}
    gpus = sum(units * supplies[name].unit for name, units in cheapest.allocation.units.items())
    fewest = answered(config | {"question": {"minimise": "gpus"}}, rows, folder)
    if fewest is not None and fewest.bound is not None and fewest.bound > gpus + ROUNDING:
        found.append(f"{names} {seed}: {gpus} accelerators; never fewer than {fewest.bound}")
    less = {"minimise": "cost", "budget_usd_per_hour": cheapest.bound * (1 - 1e-4)}
    cheaper = answered(config | {"question": less}, rows, folder) if cheapest.bound > 0 else None
    if cheaper is not None and cheaper.allocation is not None:
        found.append(f"{names} {seed}: a plan for less than the bound of {cheapest.bound}")
    first = config["workloads"][0]
    ask = {
        "maximise": "throughput",
        "workload": first["name"],
        "budget_usd_per_hour": cheapest.objective * (1 + 1e-9),
    }
    most = answered(config | {"question": ask}, rows, folder)
    demand = first["demand_tokens_per_s"]
    if most is not None and (most.bound is None or most.bound < demand * (1 - ROUNDING)):
        found.append(
            f"{names} {seed}: {demand} served for {cheapest.objective}; never more than {most.bound}"
        )
    return found


def test_a_broken_relation_is_seen(tmp_path: Path) -> None:
    """The comparison can fail: dearer prices called a relief, and a demand called nothing."""
    config = study((), 0)
    for workload in config["workloads"]:
        workload["demand_tokens_per_s"] = 1e6
    one = answered(config, [], tmp_path)
    dearer = changed("prices_times_three", config, [], 0)
    more = changed("more_demand", config, [], 0)
    assert one is not None and dearer is not None and more is not None
    other, served = answered(*dearer, tmp_path), answered(*more, tmp_path)
    assert other is not None and served is not None
    assert not broken(one, other, "same", 3.0)
    assert broken(one, other, "same", 1.0) and broken(one, other, "easier", 1.0)
    assert broken(served, one, "harder", 1.0)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 25))
@pytest.mark.parametrize("feature", FEATURES)
def test_more_studies(feature: str, seed: int, tmp_path: Path) -> None:
    chosen = Random(f"{feature} {seed}")
    names = (feature, *chosen.sample(list(FEATURES), chosen.choice((0, 1, 2))))
    assert not problems(names, seed, tmp_path, list(RELATIONS))
    assert not other_questions(names, seed, tmp_path)
