"""Fleets: which accelerators can be had, where, how many and at what price."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from fleets.schema.accelerators import Accelerator
from fleets.schema.base import Count, Counts, Fraction, FrozenModel, Name, Positive, Source


def _form(value: Any) -> str:
    return "<name>" if isinstance(value, str) else "<inline>"


WrittenName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._+-]{0,79}$")]
"""A name as people, vendors or clouds write it."""

AcceleratorReference = Annotated[
    Annotated[WrittenName, Tag("<name>")] | Annotated[Accelerator, Tag("<inline>")], Discriminator(_form)
]
"""A catalogue name or alias, or a whole accelerator written in place."""

Usd = Annotated[float, Field(ge=0, le=1e5, allow_inf_nan=False, strict=True)]


Intensity = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False, strict=True)]


class Site(FrozenModel):
    """What all supplies at a site share."""

    carbon_kg_per_kwh: Intensity | None = None
    """Carbon intensity of the site's electricity, kg of CO2 per kWh."""
    power_limit_kw: Annotated[Positive | None, Counts("power")] = None
    """Power of all accelerators that are bought at the site, at most."""


class Supply(FrozenModel):
    """Accelerators of one type at one site, to be rented or owned; an instance lies within one supply."""

    accelerator: AcceleratorReference
    name: Name | None = None
    """Name of this supply in plans; default: the accelerator's, with the site's."""
    price_usd_per_hour: Usd | None = None
    """Per accelerator and hour; default: the catalogue's default price."""
    limit: Annotated[int, Field(ge=0, strict=True)] | None = None
    """Accelerators to be had; null: no limit."""
    unit: Count = 1
    """Accelerators are billed in units of this many (8: whole nodes; 72: whole racks)."""
    site: Name | None = None
    availability: Fraction = 1.0
    """Share of time that they can be used (spot capacity: below 1)."""
    owned: bool = False
    """Already paid for: costs `running_usd_per_hour` while used, and is not bought."""
    running_usd_per_hour: Usd | None = None
    """Power, space and upkeep of one owned accelerator in use; default 0."""
    power_kw_per_accelerator: Annotated[Positive, Field(le=1000)] | None = None
    """Power of one accelerator with its share of host and cooling; default: its design power (tdp_w)."""
    carbon_kg_per_kwh: Intensity | None = None
    """Carbon intensity of its electricity, kg of CO2 per kWh; default: its site's."""

    @model_validator(mode="after")
    def _consistent(self) -> Supply:
        if self.owned and self.price_usd_per_hour is not None:
            raise ValueError("an owned supply has no price_usd_per_hour; write running_usd_per_hour")
        if self.owned and self.limit is None:
            raise ValueError("an owned supply needs limit: how many accelerators are owned")
        if not self.owned and self.running_usd_per_hour is not None:
            raise ValueError("running_usd_per_hour needs owned: true; else write price_usd_per_hour")
        return self

    @property
    def accelerator_name(self) -> str:
        """Name of the accelerator as written: catalogue name, alias, or the inline one's."""
        return self.accelerator if isinstance(self.accelerator, str) else self.accelerator.name

    @property
    def label(self) -> str:
        """Readable name in plans: `name`, or accelerator@site."""
        return self.name or (f"{self.accelerator_name}@{self.site}" if self.site else self.accelerator_name)


class Fleet(FrozenModel):
    """A list of supplies."""

    name: Name | None = None
    description: str = ""
    supply: Annotated[tuple[Supply, ...], Field(min_length=1)]
    sites: dict[Name, Site] = {}
    """What is known of the sites that supplies name."""
    sources: tuple[Source, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Fleet:
        labels = [supply.label for supply in self.supply]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} stand twice among the supplies; give each a name or site")
        unused = sorted(set(self.sites) - {supply.site for supply in self.supply})
        if unused:
            raise ValueError(f"sites: {', '.join(unused)}: no supply names it as its site")
        return self
