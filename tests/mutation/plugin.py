"""A pytest plugin: loads one module with one check mutated (`FLEETPLAN_MUTATE=path:line:column`)."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from tests.mutation.sites import ROOT, mutated


class Loader(importlib.machinery.SourceFileLoader):
    """Loads the mutated source."""

    place = (0, 0)

    def get_code(self, fullname: str) -> object:  # type: ignore[override]
        source = mutated(self.get_source(fullname) or "", *self.place)
        return compile(source, self.path, "exec")


class Finder(importlib.abc.MetaPathFinder):
    """Finds the one module."""

    def __init__(self, module: str, path: str, place: tuple[int, int]) -> None:
        self.module, self.path, self.place = module, path, place

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.module:
            return None
        loader = Loader(fullname, self.path)
        loader.place = self.place
        return importlib.util.spec_from_loader(fullname, loader)


chosen = os.environ.get("FLEETPLAN_MUTATE")
if chosen:
    file, line, column = chosen.rsplit(":", 2)
    name = file.removesuffix(".py").replace("/", ".")
    sys.meta_path.insert(0, Finder(name, str(ROOT / file), (int(line), int(column))))
