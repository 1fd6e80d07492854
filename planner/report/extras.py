"""The optional packages of the HTML report, asked for by name with a way to get them."""

from __future__ import annotations

import importlib
from types import ModuleType

from planner.errors import InputError


def need(package: str) -> ModuleType:
    """Import a package of the extra `report`; raises `InputError` that says how to install it."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise InputError(
            [
                f"the HTML report needs the package {package}, which is not installed: "
                "pip install 'fleetplan[report]' (plotly and jinja2)"
            ]
        ) from error
