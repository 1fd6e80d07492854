"""The catalogue: entries of `fleets/data` by name or alias, each file read and checked once, when asked for.

An entry's file is named after it, so a lookup by name reads one file. A lookup by alias reads all files of
its kind once and keeps the index. Names and aliases are compared as `fleets.spelling` does, without regard to case,
separators and, for accelerators, vendors; two entries that claim the same one are refused.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Generic, Literal, TypeVar, get_args

from fleets.errors import CatalogError, UnknownName
from fleets.loading import read_yaml, validate
from fleets.schema.accelerators import Accelerator
from fleets.schema.accepted_lengths import AcceptedLengths
from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import AssumptionSet
from fleets.schema.base import FrozenModel
from fleets.schema.engines import EngineEntry
from fleets.schema.fleets import Fleet
from fleets.schema.prices import Price, PriceTable
from fleets.spelling import VENDORS, instance_family, spelling

Kind = Literal[
    "accelerators", "architectures", "assumptions", "engines", "prices", "accepted-lengths", "fleets"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
DATA = Path(__file__).resolve().parent / "data"
PAPER = "paper-"
"""How the idealised entries of arXiv 2506.04645 begin: they are found by these names alone."""


Entry = TypeVar("Entry", bound=FrozenModel)


class Shelf(Generic[Entry]):
    """All entries of one kind: a folder of YAML files with one entry each."""

    def __init__(
        self,
        folder: Path,
        schema: type[Entry],
        word: str,
        name_field: str = "name",
        left_out: Collection[str] = (),
    ) -> None:
        self.folder, self.schema, self.word, self.name_field = folder, schema, word, name_field
        self.left_out = left_out
        self._loaded: dict[Path, Entry] = {}

    @cached_property
    def files(self) -> dict[str, Path]:
        """File of each entry by lower-case name; the file's name is the entry's."""
        found: dict[str, Path] = {}
        for path in sorted(self.folder.glob("*.yaml")):
            twin = found.get(path.stem.lower())
            if twin is not None:
                raise CatalogError([f"{self._shown(path)}: differs from {twin.name} only in case; keep one"])
            found[path.stem.lower()] = path
        return found

    @cached_property
    def index(self) -> dict[str, str]:
        """Lower-case entry name by every name's and alias's spelling; raises `CatalogError` with each claimed twice."""
        claimed: dict[str, str] = {}
        problems: list[str] = []
        for stem, path in self.files.items():
            try:
                entry = self._load(path)
            except CatalogError as error:
                problems += error.problems
                continue
            labels = (*getattr(entry, "aliases", ()), *getattr(entry, "instance_types", ()), stem)
            for spelled, label in {spelling(label): label for label in labels}.items():
                if spelled in claimed:
                    problems.append(
                        f"{self._shown(path)}: name or alias '{label.lower()}' already belongs to {self.word} "
                        f"'{claimed[spelled]}'; rename one"
                    )
                claimed.setdefault(spelled, stem)
        if problems:
            raise CatalogError(problems)
        return claimed

    @cached_property
    def of_paper(self) -> dict[str, str]:
        """Lower-case entry name by the exact name that the paper's public code has for it."""
        papers = {stem: self._load(path) for stem, path in self.files.items() if stem.startswith(PAPER)}
        return {str(getattr(entry, "paper_name", None) or stem): stem for stem, entry in papers.items()}

    def get(self, name: str) -> Entry:
        """The entry of that name or alias; raises `UnknownName` with the nearest names, or `CatalogError`."""
        path = self.files.get(name.lower())
        if path is None:
            spellings = (spelling(name), spelling(name, self.left_out), spelling(instance_family(name)))
            owner = next((self.index[spelled] for spelled in spellings if spelled in self.index), None)
            if owner is None:
                raise UnknownName(self.word, name, self._nearest(spellings[1]))
            path = self.files[owner]
        return self._load(path)

    def _nearest(self, spelled: str) -> list[str]:
        """Names of the entries that are spelled most like this."""
        near = difflib.get_close_matches(spelled, self.index, n=3, cutoff=0.6)
        return list(dict.fromkeys(self.files[self.index[other]].stem for other in near))

    def names(self) -> tuple[str, ...]:
        """Names of all entries, sorted; aliases not included. Reads no file."""
        return tuple(sorted(path.stem for path in self.files.values()))

    def _load(self, path: Path) -> Entry:
        if path not in self._loaded:
            entry = validate(self.schema, read_yaml(path, self._shown(path)), self._shown(path))
            name = getattr(entry, self.name_field)
            if name != path.stem:
                raise CatalogError(
                    [f"{self._shown(path)}: {self.name_field} is '{name}'; its file must be {name}.yaml"]
                )
            self._loaded[path] = entry
        return self._loaded[path]

    def _shown(self, path: Path) -> str:
        return f"{self.folder.name}/{path.name}"


class Catalog:
    """The shelves of one data folder; the module's functions use the shipped one."""

    def __init__(self, folder: Path = DATA) -> None:
        self.accelerators = Shelf(folder / "accelerators", Accelerator, "accelerator", left_out=VENDORS)
        self.architectures = Shelf(folder / "architectures", Architecture, "architecture")
        self.assumptions = Shelf(folder / "assumptions", AssumptionSet, "assumption set")
        self.engines = Shelf(folder / "engines", EngineEntry, "serving engine")
        self.prices = Shelf(folder / "prices", PriceTable, "price table", "accelerator")
        self.accepted_lengths = Shelf(folder / "accepted_lengths", AcceptedLengths, "accepted-length table")
        self.fleets = Shelf(folder / "fleets", Fleet, "fleet")

    def shelf(self, kind: Kind) -> Shelf[FrozenModel]:
        """The shelf of a kind as the command line names it; raises `UnknownName` for another word."""
        if kind not in KINDS:
            raise UnknownName("catalogue kind", kind, list(KINDS))
        shelf: Shelf[FrozenModel] = getattr(self, kind.replace("-", "_"))
        return shelf


@lru_cache(maxsize=1)
def shipped() -> Catalog:
    """The catalogue that comes with the package."""
    return Catalog()


def accelerator(name: str) -> Accelerator:
    """The accelerator of that name or alias; raises `UnknownName`."""
    return shipped().accelerators.get(name)


def architecture(name: str) -> Architecture:
    """The architecture of that name or alias (Hugging Face ids are aliases); raises `UnknownName`."""
    return shipped().architectures.get(name)


def of_paper(kind: Kind, name: str) -> str | None:
    """The entry that the public code of arXiv 2506.04645 calls so, exactly (`Llama_3_8B`, `H100`): for its tables only,
    since elsewhere its words for accelerators mean real ones."""
    return shipped().shelf(kind).of_paper.get(name)


def assumption_set(name: str) -> AssumptionSet:
    """The assumption set of that name; raises `UnknownName`."""
    return shipped().assumptions.get(name)


def engine(name: str) -> EngineEntry:
    """The serving engine of that name or alias; raises `UnknownName`."""
    return shipped().engines.get(name)


def accepted_lengths(name: str) -> AcceptedLengths:
    """The measured accepted lengths of that name; raises `UnknownName`."""
    return shipped().accepted_lengths.get(name)


def fleet(name: str) -> Fleet:
    """The shipped fleet of that name; raises `UnknownName`."""
    return shipped().fleets.get(name)


def prices(accelerator_name: str) -> tuple[Price, ...]:
    """All prices of an accelerator (name or alias), the default first; empty when the catalogue has none.

    Raises `UnknownName` when there is no such accelerator.
    """
    shelf = shipped().prices
    name = accelerator_name if accelerator_name.lower() in shelf.files else accelerator(accelerator_name).name
    if name.lower() not in shelf.files:
        return ()
    return tuple(sorted(shelf.get(name).prices, key=lambda price: not price.default))


def default_price(accelerator_name: str) -> Price:
    """The price that a config gets when it names none; raises `CatalogError` when the catalogue has none."""
    for price in prices(accelerator_name):
        if price.default:
            return price
    raise CatalogError(
        [f"no default price for accelerator '{accelerator_name}'; give its supply price_usd_per_hour [$/h]"]
    )


def names(kind: Kind) -> tuple[str, ...]:
    """Sorted names of all entries of a kind; raises `UnknownName` for another kind."""
    return shipped().shelf(kind).names()
