"""fleetplan: from a YAML file to a certified cheapest fleet for LLM inference.

    from planner import load_study, solve
    plan = solve(load_study("examples/quickstart.yaml"))
    plan.instances          # a pandas DataFrame

Names are imported when first used, so that the command line starts quickly. `planner.solve` and `planner.whatif` are
functions although folders of these names exist: see `_Package`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.config.load import load_study
    from planner.errors import CertificateError, InputError
    from planner.plan.plan import Plan
    from planner.solving import solve
    from planner.whatif.api import whatif

__all__ = ["CertificateError", "InputError", "Plan", "load_study", "solve", "whatif"]

_HOME = {
    "load_study": "planner.config.load",
    "solve": "planner.solving",
    "whatif": "planner.whatif.api",
    "Plan": "planner.plan.plan",
    "InputError": "planner.errors",
    "CertificateError": "planner.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'planner' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


class _Package(ModuleType):
    """Keeps the import of a subpackage from hiding the function of the same name (`from planner import solve`)."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
