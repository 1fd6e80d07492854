"""fleetplan: from a YAML file to a certified cheapest fleet for LLM inference.

    from planner import load_study, solve
    plan = solve(load_study("examples/quickstart.yaml"))
    plan.instances          # a pandas DataFrame

Names are imported when first used, so that the command line starts quickly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.batch.api import whatif
    from planner.config.load import load_study
    from planner.errors import CertificateError, InputError
    from planner.plan.plan import Plan
    from planner.solving import solve

__all__ = ["CertificateError", "InputError", "Plan", "load_study", "solve", "whatif"]

_HOME = {
    "load_study": "planner.config.load",
    "solve": "planner.solving",
    "whatif": "planner.batch.api",
    "Plan": "planner.plan.plan",
    "InputError": "planner.errors",
    "CertificateError": "planner.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'planner' has no attribute '{name}'")
    from importlib import import_module

    if name in ("Plan", "solve"):
        import_module("planner.report.notebook")  # how notebooks show a plan
    return getattr(import_module(_HOME[name]), name)
