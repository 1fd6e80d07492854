"""Service classes: the combinations of pace and first-token time that workloads need."""

from __future__ import annotations

import math

from planner.config.resolved import ResolvedWorkload
from planner.options.classes import ServiceClass, service_classes


def workload(name: str, pace: float, ttft_s: float | None = None) -> ResolvedWorkload:
    return ResolvedWorkload(name, "m", 100.0, 100.0, 150.0, 1.0, pace, ttft_s, 0.0, None)


def test_without_first_token_limits_there_is_one_class_per_pace() -> None:
    found = service_classes([workload("a", 40), workload("b", 20), workload("c", 40)])
    assert found == [ServiceClass(20), ServiceClass(40)]


def test_a_class_for_every_join_of_needs_and_none_that_nobody_needs() -> None:
    fast, prompt = workload("fast", 40), workload("prompt", 20, 0.5)
    # `fast` alone is content with no TTFT; sharing with `prompt` needs both; nobody needs a pace of 20 without a TTFT.
    assert service_classes([fast, prompt]) == [ServiceClass(20, 0.5), ServiceClass(40), ServiceClass(40, 0.5)]


def test_a_class_serves_whoever_needs_no_more_than_it_promises() -> None:
    strict = ServiceClass(40, 0.5)
    assert strict.serves(workload("a", 40, 0.5)) and strict.serves(workload("b", 10))
    assert not strict.serves(workload("c", 41)) and not strict.serves(workload("d", 40, 0.4))
    assert not ServiceClass(40).serves(workload("e", 10, 1.0))


def test_names_are_readable() -> None:
    assert ServiceClass(0).name == "any-pace"
    assert ServiceClass(40, 0.25).name == "pace40-ttft250ms"
    assert math.isinf(ServiceClass(40).ttft_s)
