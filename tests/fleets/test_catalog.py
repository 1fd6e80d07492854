"""Look-ups by name and alias, and refusals of names that are claimed twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleets import catalog
from fleets.catalog import Catalog
from fleets.errors import CatalogError, UnknownName

ENTRY = "name: {name}\naliases: [{aliases}]\nhbm_gb: 80\nhbm_bandwidth_gb_s: 3350\ntflops: {{bf16: 989.5}}\n"


def write(folder: Path, file: str, name: str, aliases: str = "") -> None:
    (folder / "accelerators").mkdir(exist_ok=True)
    (folder / "accelerators" / f"{file}.yaml").write_text(ENTRY.format(name=name, aliases=aliases))


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("h100-sxm", "h100-sxm"),
        ("H100-SXM", "h100-sxm"),
        ("h100_sxm", "h100-sxm"),
    ],
)
def test_names_and_aliases_find_accelerators_in_any_case(asked: str, name: str) -> None:
    assert catalog.accelerator(asked).name == name


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b"),
        ("deepseek-ai/DeepSeek-V3", "deepseek-v3"),
        ("DeepSeek_V3", "deepseek-v3"),
    ],
)
def test_hugging_face_ids_find_architectures(asked: str, name: str) -> None:
    assert catalog.architecture(asked).name == name


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        UnknownName, match=r"unknown accelerator 'h100-smx'; did you mean .*h100-sxm"
    ) as caught:
        catalog.accelerator("h100-smx")
    assert "h100-sxm" in caught.value.nearest
    with pytest.raises(UnknownName, match=r"unknown architecture"):
        catalog.architecture("something else entirely")


def test_an_entry_is_read_once() -> None:
    assert catalog.accelerator("h100-sxm") is catalog.accelerator("h100_sxm")


def test_a_look_up_by_name_reads_one_file(tmp_path: Path) -> None:
    write(tmp_path, "a", "a")
    (tmp_path / "accelerators" / "broken.yaml").write_text("name: [")
    shelf = Catalog(tmp_path).accelerators
    assert shelf.get("a").name == "a"
    with pytest.raises(CatalogError, match=r"broken.yaml:2:1: not valid YAML"):
        shelf.get("an alias")


def test_names_and_aliases_claimed_twice_are_refused_together(tmp_path: Path) -> None:
    write(tmp_path, "a", "a", "big, same")
    write(tmp_path, "b", "b", "Same")
    write(tmp_path, "big", "big")
    with pytest.raises(CatalogError) as caught:
        _ = Catalog(tmp_path).accelerators.index
    assert len(caught.value.problems) == 2
    assert "b.yaml: name or alias 'same' already belongs to accelerator 'a'" in str(caught.value)
    assert "big.yaml: name or alias 'big' already belongs to accelerator 'a'" in str(caught.value)


def test_files_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "a", "a")
    write(tmp_path, "A", "A")
    with pytest.raises(CatalogError, match=r"differs from A.yaml only in case"):
        Catalog(tmp_path).accelerators.names()


def test_a_file_must_be_named_after_its_entry(tmp_path: Path) -> None:
    write(tmp_path, "a", "b")
    with pytest.raises(CatalogError, match=r"a.yaml: name is 'b'; its file must be b.yaml"):
        Catalog(tmp_path).accelerators.get("a")


def test_prices_by_alias_with_the_default_first() -> None:
    quotes = catalog.prices("h100_sxm")
    assert quotes[0].default and not any(quote.default for quote in quotes[1:])
    assert catalog.default_price("h100_sxm") == quotes[0]
    assert catalog.default_price("H100") == quotes[0]
    assert catalog.default_price("paper-h100").usd_per_hour == 2.1


def test_an_accelerator_without_price_says_so() -> None:
    assert catalog.prices("t4") == ()
    with pytest.raises(
        CatalogError, match=r"no default price for accelerator 't4'; give its supply price_usd_per_hour"
    ):
        catalog.default_price("t4")
    with pytest.raises(UnknownName):
        catalog.prices("nothing like it")


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(UnknownName, match=r"unknown catalogue kind"):
        catalog.names("models")  # type: ignore[arg-type]
