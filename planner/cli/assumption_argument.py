"""Assumption sets on the command line: a catalogue name, or a YAML file of one's own."""

from __future__ import annotations

from pathlib import Path

from fleets.schema.assumptions import AssumptionSet


def load_set(name: str) -> AssumptionSet:
    """The set of that name, or in that file when the name ends in .yaml or .yml; raises `InputError`."""
    from fleets import catalog
    from fleets.errors import CatalogError
    from fleets.loading import read_yaml, validate
    from planner.errors import InputError

    try:
        if name.lower().endswith((".yaml", ".yml")):
            return validate(AssumptionSet, read_yaml(Path(name)), name)
        return catalog.assumption_set(name)
    except CatalogError as error:
        raise InputError(error.problems) from None
