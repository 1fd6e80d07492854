"""Prices: what an accelerator-hour costs, from whom and when."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

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
