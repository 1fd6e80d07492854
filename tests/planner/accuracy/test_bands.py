"""Bands by hand: whose errors a prediction may be expected to have, and that less knowledge never narrows them."""

from __future__ import annotations

import itertools

import pytest

from fleets import catalog
from fleets.schema.fits import Facet, Fit, LeftOut, Regime, TimeErrors
from planner.accuracy.bands import Band, band


def left_out(facet: Facet, low: float, high: float) -> LeftOut:
    quantiles = {"10": low, "50": (low + high) / 2, "90": high}
    return LeftOut(facet=facet, groups=2, tpot=TimeErrors(points=50, mape=0.1, bias=0.0, quantiles=quantiles))


def regime(family: str, accelerator: str, models: tuple[str, ...], *errors: LeftOut) -> Regime:
    return Regime(
        family=family, accelerator=accelerator, precision="fp8", models=models, points=50, errors=errors
    )


FIT = Fit(
    data="by hand", date="2026", points=150, tpot_mape=0.01, tpot_median=0.01,
    errors=(left_out("accelerator", 0.9, 1.1), left_out("family", 0.3, 1.2)),
    regimes=(
        regime(
            "dense", "h100-sxm", ("llama-3.1-70b", "qwen3-32b"),
            left_out("model", 0.95, 1.05), left_out("accelerator", 0.97, 1.15),
        ),
        regime("dense", "b200-sxm", ("llama-3.1-70b",), left_out("model", 0.8, 1.0)),
        regime("mixture", "h200-sxm", ("minimax-m2.5",), left_out("model", 1.1, 1.4)),
    ),
)  # fmt: skip


def found(model: str, accelerator: str, precision: str = "fp8", *beyond: str) -> Band:
    return band(FIT, catalog.architecture(model), catalog.accelerator(accelerator), precision, beyond)


def limits(one: Band) -> tuple[float, float]:
    return one.tpot["10"], one.tpot["90"]


def test_a_measured_regime_has_the_widest_of_what_was_left_out_of_it() -> None:
    assert limits(found("llama-3.1-8b", "h100-sxm")) == (0.95, 1.15)


def test_one_other_model_does_not_speak_for_a_family() -> None:
    assert limits(found("llama-3.1-70b", "b200-sxm")) == (0.8, 1.0)
    other = found("qwen3-32b", "b200-sxm")
    assert other.regime is None and other.others == ("llama-3.1-70b",)
    assert limits(other) == (0.8, 1.15)  # all points, and every dense regime


def test_what_was_measured_apart_takes_its_neighbours() -> None:
    apart = found("minimax-m2.5", "b200-sxm")
    assert apart.missing == () and limits(apart) == (0.8, 1.4)


@pytest.mark.parametrize(
    ("model", "accelerator", "precision", "missing"),
    [
        ("llama-3.1-8b", "mi300x", "fp8", "accelerator mi300x"),
        ("llama-3.1-8b", "h100-sxm", "int4", "precision int4"),
        ("deepseek-v3", "h100-sxm", "fp8", "mixture with latent attention models"),
    ],
)
def test_what_was_never_measured_is_named_and_takes_the_widest(
    model: str, accelerator: str, precision: str, missing: str
) -> None:
    unknown = found(model, accelerator, precision)
    assert unknown.missing == (missing,) and unknown.regime is None
    new_family = "attention" in missing
    assert limits(unknown) == (
        0.3 if new_family else 0.8,
        1.4,
    )  # leaving families out counts for a new family alone


def test_less_knowledge_never_narrows_a_band() -> None:
    models, accelerators = ("llama-3.1-70b", "minimax-m2.5"), ("h100-sxm", "h200-sxm", "b200-sxm")
    for model, accelerator in itertools.product(models, accelerators):
        low, high = limits(found(model, accelerator))
        wide_low, wide_high = limits(found(model, accelerator, "fp8", "speculative decoding"))
        assert wide_low <= low and high <= wide_high


def test_nvfp4_and_fp4_are_one_precision() -> None:
    four = FIT.model_copy(
        update={"regimes": (FIT.regimes[0].model_copy(update={"precision": "fp4"}), *FIT.regimes[1:])}
    )
    architecture, accelerator = catalog.architecture("llama-3.1-70b"), catalog.accelerator("h100-sxm")
    assert band(four, architecture, accelerator, "nvfp4").regime is not None
