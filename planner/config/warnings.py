"""Warnings about a config that may well be meant, one line each; and how its names were read."""

from __future__ import annotations

from collections.abc import Iterator

from fleets import catalog
from fleets.errors import UnknownName
from fleets.schema.architectures import Architecture
from fleets.spelling import VENDORS, spelling
from planner.config.resolved import ResolvedStudy, ResolvedSupply

NODE = 4.0
"""A price so many times the catalogue's is rather that of a node, of 4 or 8 accelerators."""
DEAREST_USD_PER_HOUR = 30.0
"""No accelerator is rented for more, where the catalogue has no price to compare with."""


def config_warnings(study: ResolvedStudy) -> tuple[str, ...]:
    """What in a config looks like a mistake and is none for sure."""
    return tuple(warning for supply in study.supplies for warning in (*_units(supply), *_price(supply)))


def headroom_warning(study: ResolvedStudy) -> tuple[str, ...]:
    """That a config lets instances be busy all the time; before there is a plan that shows whether they are."""
    if study.config.utilisation < 1:
        return ()
    return ("utilisation is 1: instances may be busy all the time, without headroom for bursts",)


def readings(study: ResolvedStudy) -> tuple[str, ...]:
    """Which entries of the catalogue are meant by names that are written otherwise, and what was left out of a model's
    own config.json; each once."""
    supplies = (
        _reading(supply.written, supply.accelerator.name, "accelerators")
        for supply in study.supplies
        if supply.accelerator
    )
    written = study.config.models
    models = (
        _reading(written[model.name].architecture, model.architecture.name, "architectures")
        for model in study.models
    )
    files = (
        f"{written[model.name].architecture}: {model.architecture.note}"
        for model in study.models
        if model.architecture.note and not _in_catalogue(written[model.name].architecture)
    )
    folders = (
        f"{written[model.name].architecture}: its config.json is read, not the catalogue's entry of that name"
        for model in study.models
        if _in_catalogue(written[model.name].architecture)
        and catalog.architecture(written[model.name].architecture) != model.architecture
    )
    beside = (sentence for model in study.models for sentence in _beside(model.name, model.architecture))
    every = (*supplies, *models, *files, *folders, *beside)
    return tuple(dict.fromkeys(sentence for sentence in every if sentence))


def _beside(name: str, architecture: Architecture) -> Iterator[str]:
    """What of a model takes memory and is left out of the time."""
    if architecture.encoder_parameters:
        billions = architecture.encoder_parameters / 1e9
        yield f"{name}: its towers for images and sound, {billions:.2g} billion parameters, take memory and no time"
    if architecture.residual_streams > 1:
        yield f"{name}: mixing its {architecture.residual_streams} residual streams is left out of the time"


def _reading(written: str, name: str, kind: catalog.Kind) -> str:
    """`H100 is read as h100-sxm (others: h100-nvl, h100-pcie)`; empty where the name is the entry's own, or of a file."""
    own = name not in catalog.names(kind) or written.endswith((".json", ".yaml", ".yml"))
    if not written or own or spelling(written) == spelling(name):
        return ""
    asked = spelling(written, VENDORS)
    others = [
        other
        for other in catalog.names(kind)
        if other != name and not other.startswith(catalog.PAPER) and _is_form(other, asked)
    ]
    return f"{written} is read as {name}" + (f" (others: {', '.join(others)})" if others else "")


def _is_form(name: str, asked: str) -> bool:
    """Whether an entry's name begins with the word or words that were asked for: `h100-nvl` with `h100`, not `h1`."""
    words = name.split("-")
    return any(spelling("-".join(words[:count])) == asked for count in range(1, len(words)))


def _in_catalogue(written: str) -> bool:
    try:
        return bool(catalog.architecture(written))
    except UnknownName:
        return False


def _units(supply: ResolvedSupply) -> Iterator[str]:
    if supply.limit is not None and supply.limit % supply.unit:
        left = supply.limit % supply.unit
        yield (
            f"{supply.name}: of {supply.limit:,} accelerators {left:,} can never be had: "
            f"they come in units of {supply.unit:,}"
        )


def _price(supply: ResolvedSupply) -> Iterator[str]:
    if supply.owned or supply.price_source != "config":
        return
    listed = _catalogue_price(supply)
    if listed is not None and supply.usd_per_hour >= NODE * listed:
        yield (
            f"{supply.name}: {supply.usd_per_hour:,.2f} $/h is {supply.usd_per_hour / listed:,.0f} times the catalogue's "
            f"{listed:,.2f} $/h for one {supply.accelerator_name}; prices are per accelerator, not per node"
        )
    elif listed is None and supply.usd_per_hour > DEAREST_USD_PER_HOUR:
        yield f"{supply.name}: {supply.usd_per_hour:,.2f} $/h is much for one accelerator; prices are not per node"


def _catalogue_price(supply: ResolvedSupply) -> float | None:
    if supply.accelerator is None or supply.accelerator_name not in catalog.names("accelerators"):
        return None
    prices = [price.usd_per_hour for price in catalog.prices(supply.accelerator_name) if price.default]
    return prices[0] if prices else None
