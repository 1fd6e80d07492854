"""Names become objects: what catalogue, paths and in-place entries hold; what is wrong is collected, not raised."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from fleets import catalog
from fleets.errors import CatalogError, UnknownName
from fleets.huggingface import read_config
from fleets.loading import read_yaml, validate
from fleets.schema.accelerators import Accelerator
from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import AssumptionSet
from fleets.schema.fleets import Fleet, Supply
from formulations.physics.engine import EngineSettings
from formulations.physics.speculation import head_architecture
from planner.config.resolved import ResolvedModel, ResolvedSpeculation, ResolvedSupply
from planner.config.schema.models import Model, Speculation

Found = TypeVar("Found")
OWN_HEAD = "mtp"
"""How a config names the head for multi-token prediction that comes with a model."""


class Lookup:
    """Looks names up and collects what is wrong instead of stopping at the first."""

    def __init__(self, file: str, folder: Path) -> None:
        self.file, self.folder, self.problems = file, folder, list[str]()

    def fail(self, key: str, message: str) -> None:
        problem = f"{self.file}: {key}: {message}"
        if problem not in self.problems:
            self.problems.append(problem)

    def find(self, key: str, look_up: Callable[[], Found]) -> Found | None:
        try:
            return look_up()
        except CatalogError as error:
            for problem in error.problems:
                self.fail(key, problem)
            return None

    def architecture(self, key: str, name: str) -> Architecture | None:
        if name.endswith(".json"):
            return self.find(key, lambda: read_config(self.folder / name, name=Path(name).stem))
        if self._is_checkpoint(name):
            return self.find(key, lambda: read_config(self.folder / name / "config.json"))
        if name.endswith((".yaml", ".yml")):
            return self.find(key, lambda: validate(Architecture, read_yaml(self.folder / name, name), name))
        return self.find(key, lambda: _of_catalogue(name))

    def _is_checkpoint(self, name: str) -> bool:
        """Whether a name is that of a folder with a config.json."""
        try:
            return (self.folder / name / "config.json").is_file()
        except (OSError, ValueError):
            return False

    def fleet(self, fleet: Fleet | str) -> Fleet | None:
        if isinstance(fleet, Fleet):
            return fleet
        if fleet.endswith((".yaml", ".yml", ".json")):
            return self.find("fleet", lambda: validate(Fleet, read_yaml(self.folder / fleet, fleet), fleet))
        return self.find("fleet", lambda: catalog.fleet(fleet))

    def assumptions(self, name: str) -> AssumptionSet | None:
        if name.endswith((".yaml", ".yml", ".json")):
            return self.find(
                "assumptions", lambda: validate(AssumptionSet, read_yaml(self.folder / name, name), name)
            )
        return self.find("assumptions", lambda: catalog.assumption_set(name))

    def supply(
        self, key: str, supply: Supply, fleet: Fleet, priced: bool, physics: bool
    ) -> ResolvedSupply | None:
        given = supply.accelerator
        if not isinstance(given, str):
            found: Accelerator | None = given
        elif physics:
            found = self.find(f"{key}.accelerator", lambda: catalog.accelerator(given))
            if found is None:
                return None
        else:
            found = _known_accelerator(given)
        name = found.name if found else supply.accelerator_name
        listed = isinstance(given, str) and found is not None
        price, source = self.price(key, supply, name, priced, known=listed)
        power = supply.power_kw_per_accelerator
        if power is None and found is not None and found.tdp_w is not None:
            power = found.tdp_w / 1000
        return ResolvedSupply(
            supply.label, name, found, price, source, supply.limit, supply.unit, supply.site or "",
            supply.availability, supply.owned, power, _intensity(supply, fleet), given if isinstance(given, str) else "",
        )  # fmt: skip

    def price(self, key: str, supply: Supply, name: str, priced: bool, known: bool) -> tuple[float, str]:
        if supply.owned:
            return supply.running_usd_per_hour or 0.0, "owned"
        if supply.price_usd_per_hour is not None:
            return supply.price_usd_per_hour, "config"
        listed = next((price for price in catalog.prices(name) if price.default), None) if known else None
        if listed is not None:
            return listed.usd_per_hour, f"{listed.source.name}, {listed.source.date}"
        if priced:
            self.fail(
                f"{key}.price_usd_per_hour",
                f"is missing [$/h per accelerator] and the catalogue has no price of {name}; add it",
            )
        return 0.0, "none"

    def speculation(
        self, key: str, speculation: Speculation, target: Architecture | None
    ) -> ResolvedSpeculation | None:
        if speculation.accepted_lengths is not None:
            name = speculation.accepted_lengths
            table = self.find(f"{key}.accepted_lengths", lambda: catalog.accepted_lengths(name))
            if table is None:
                return None
            measured = tuple(g for g in speculation.choices if g in table.tokens_per_step)
            if not measured:
                listed = ", ".join(map(str, table.tokens_per_step))
                self.fail(
                    f"{key}.draft_tokens",
                    f"{name} was measured at {listed} drafted tokens only; choose among them",
                )
            return ResolvedSpeculation(name, None, None, table, measured)
        assert speculation.draft is not None
        if speculation.draft == OWN_HEAD:
            return self._own_head(key, speculation, target)
        draft = self.architecture(f"{key}.draft", speculation.draft)
        if draft is None:
            return None
        return ResolvedSpeculation(draft.name, draft, speculation.acceptance, None, speculation.choices)

    def _own_head(
        self, key: str, speculation: Speculation, target: Architecture | None
    ) -> ResolvedSpeculation | None:
        """The head for multi-token prediction that a model brings along."""
        if target is None:
            return None
        if target.draft_head is None:
            self.fail(
                f"{key}.draft", f"{target.name} brings no head for multi-token prediction; name a draft model"
            )
            return None
        return ResolvedSpeculation(
            OWN_HEAD, head_architecture(target), speculation.acceptance, None, speculation.choices
        )

    def _each_once(
        self, key: str, ways: Iterable[ResolvedSpeculation | None]
    ) -> tuple[ResolvedSpeculation, ...]:
        """Ways of decoding under names of their own: options are called by them."""
        found: dict[str, ResolvedSpeculation] = {}
        for way in ways:
            if way is not None and found.setdefault(way.name, way) != way:
                self.fail(
                    f"{key}.speculation",
                    f"{way.name} stands twice, each time otherwise; say all of it in one entry",
                )
        return tuple(found.values())

    def model(self, name: str, model: Model) -> ResolvedModel | None:
        key = f"models.{name}"
        architecture = self.architecture(f"{key}.architecture", model.architecture)
        ways = [
            self.speculation(f"{key}.speculation[{i}]", way, architecture)
            for i, way in enumerate(model.speculation)
        ]
        if model.speculation_only and not ways:
            self.fail(f"{key}.speculation_only", "is true but speculation lists no way; add one or remove it")
        if architecture is None:
            return None
        return ResolvedModel(
            name,
            architecture,
            model.weight_precisions or (architecture.weight_precision,),
            model.kv_precisions or (architecture.kv_precision,),
            self._each_once(key, ways),
            plain=not model.speculation_only,
            settings=EngineSettings(
                model.usable_memory_share,
                model.max_num_batched_tokens,
                model.max_num_seqs,
                model.max_model_len,
            ),
        )


def _of_catalogue(name: str) -> Architecture:
    """The catalogue's architecture; of a hub's name that it does not have, what to do instead is said."""
    try:
        return catalog.architecture(name)
    except UnknownName as error:
        if "/" not in name:
            raise
        problem = error.problems[0].removesuffix("?")
        raise CatalogError(
            [f"{problem}; no file is fetched: give the path of its config.json, or of its folder"]
        ) from None


def _known_accelerator(name: str) -> Accelerator | None:
    """The catalogue's entry where there is one; with measured profiles alone a name of the user's own is fine."""
    try:
        return catalog.accelerator(name)
    except UnknownName:
        return None


def _intensity(supply: Supply, fleet: Fleet) -> float | None:
    """kg of CO2 per kWh: the supply's own, or its site's."""
    if supply.carbon_kg_per_kwh is not None or not supply.site:
        return supply.carbon_kg_per_kwh
    site = fleet.sites.get(supply.site)
    return None if site is None else site.carbon_kg_per_kwh
