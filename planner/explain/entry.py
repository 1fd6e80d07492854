"""Entry: a change with which something enters the plan, and its proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Entry:
    """A change with which the target enters the plan; solved just inside and just outside."""

    lever: Literal["price", "limit", "pace", "discount"]
    key: str
    """What to change in the config."""
    sentence: str
    value: float
    """The threshold."""
    was: float
    """What the config says."""
    unit: str
    inside: float
    """Value at which the plan found has the target."""
    outside: float
    """Value at which the plan found has no use for it."""
    verified: bool
    """Whether both were found so."""
    usd_per_hour: float
    """Cost of the fleet at `inside`."""
