"""Service classes: the paces, and the paces with a first token in time, that workloads need."""

from __future__ import annotations

from planner.config.resolved import ResolvedWorkload
from planner.options.classes import ServiceClass, service_classes


def workload(name: str, pace: float, ttft_s: float | None = None) -> ResolvedWorkload:
    return ResolvedWorkload(name, "m", 100.0, 100.0, 150.0, 1.0, pace, ttft_s, 0.0, None)


def test_without_first_token_limits_there_is_one_class_per_pace() -> None:
    found = service_classes([workload("a", 40), workload("b", 20), workload("c", 40)])
    assert found == [ServiceClass(20), ServiceClass(40)]


def test_a_first_token_is_promised_at_every_pace_that_its_workload_is_content_with() -> None:
    fast, prompt, eager = workload("fast", 40), workload("prompt", 20, 0.5), workload("eager", 40, 0.2)
    assert service_classes([fast, prompt, eager]) == [
        ServiceClass(20),
        ServiceClass(20, "prompt"),
        ServiceClass(40),
        ServiceClass(40, "prompt"),
        ServiceClass(40, "eager"),
    ]


def test_names_are_readable() -> None:
    assert ServiceClass(0).name == "any-pace"
    assert ServiceClass(40, "chat").name == "pace40-first-token-of-chat"
