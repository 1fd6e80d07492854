"""Names in a config that did not pass its schema: looked up anyway, so that one run shows every problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fleets import catalog
from fleets.errors import CatalogError

FILES = (".yaml", ".yml", ".json")


def name_problems(data: Any, file: str, folder: Path) -> list[str]:
    """Unknown names, missing files and duplicates in parsed but unchecked data; `file: key: message` each."""
    if not isinstance(data, Mapping):
        return []
    found = [*_lookups(data, folder), *_workloads(data)]
    return [f"{file}: {key}: {message}" for key, message in found]


def _lookups(data: Mapping[Any, Any], folder: Path) -> Iterator[tuple[str, str]]:
    physics = data.get("physics", True) is not False
    fleet = data.get("fleet")
    if isinstance(fleet, str):
        yield from _unknown("fleet", fleet, catalog.fleet, folder)
    if isinstance(data.get("assumptions"), str):
        yield from _unknown("assumptions", data["assumptions"], catalog.assumption_set, folder)
    for index, supply in enumerate(_list(_mapping(fleet).get("supply"))):
        name = _mapping(supply).get("accelerator")
        if isinstance(name, str) and physics:
            yield from _unknown(f"fleet.supply[{index}].accelerator", name, catalog.accelerator, folder)
    for key, model in _mapping(data.get("models")).items():
        model = _mapping(model)
        if isinstance(model.get("architecture"), str):
            yield from _unknown(
                f"models.{key}.architecture", model["architecture"], catalog.architecture, folder
            )
        for index, way in enumerate(_list(model.get("speculation"))):
            draft = _mapping(way).get("draft")
            if isinstance(draft, str):
                yield from _unknown(
                    f"models.{key}.speculation[{index}].draft", draft, catalog.architecture, folder
                )


def _unknown(
    key: str, name: str, look_up: Callable[[str], object], folder: Path
) -> Iterator[tuple[str, str]]:
    if name.endswith(FILES):
        if not (folder / name).exists():
            yield key, f"'{name}': no such file"
        return
    try:
        look_up(name)
    except CatalogError as error:
        for problem in error.problems:
            yield key, problem


def _workloads(data: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    """Duplicate names, and models that are not there."""
    workloads = [_mapping(workload) for workload in _list(data.get("workloads"))]
    names = [name for workload in workloads if isinstance(name := workload.get("name"), str)]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        yield "workloads", f"name '{twice}' stands twice; every workload needs its own"
    models = list(_mapping(data.get("models")))
    if data.get("physics", True) is False:
        return
    listed = ", ".join(map(str, models)) or "none given"
    for index, workload in enumerate(workloads):
        model = workload.get("model")
        if model is None and len(models) != 1:
            yield f"workloads[{index}].model", f"is missing; name one of the models: {listed}"
        elif isinstance(model, str) and model not in models:
            yield f"workloads[{index}].model", f"'{model}' is not under models: {listed}"


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
