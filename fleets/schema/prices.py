"""Prices: what an accelerator-hour costs, from whom and when."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fleets.schema.base import FrozenModel, Name, Positive, Source


class Price(FrozenModel):
    """One price of one accelerator."""

    accelerator: Name
    usd_per_hour: Annotated[Positive, Field(le=1e5)]
    """Per accelerator, not per node."""
    terms: Literal["market", "on_demand", "reserved", "spot", "cost_of_ownership"]
    provider: str
    region: str = ""
    source: Source
    default: bool = False
    """The price a config gets when it names none; at most one per accelerator."""


class PriceTable(FrozenModel):
    """All prices of one accelerator: one file."""

    accelerator: Name
    prices: Annotated[tuple[Price, ...], Field(min_length=1)]
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _name_once(cls, data: Any) -> Any:
        """The file names the accelerator once; every price gets it."""
        if isinstance(data, dict) and isinstance(data.get("prices"), list):
            name = data.get("accelerator")
            rows = [{"accelerator": name, **row} if isinstance(row, dict) else row for row in data["prices"]]
            return {**data, "prices": rows}
        return data

    @model_validator(mode="after")
    def _one_default(self) -> PriceTable:
        defaults = [price for price in self.prices if price.default]
        if len(defaults) > 1:
            raise ValueError(f"{self.accelerator}: {len(defaults)} prices say default: true; keep one")
        strangers = sorted({price.accelerator for price in self.prices} - {self.accelerator})
        if strangers:
            raise ValueError(f"prices of {', '.join(strangers)} do not belong to {self.accelerator}")
        return self
