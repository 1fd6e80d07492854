"""Key paths find what they name, and say what there is where they do not."""

from __future__ import annotations

from typing import Any

import pytest

from planner.batch.base import base_from
from planner.batch.paths import PathError, key_path, put, value_at


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("workloads.chat.demand_tokens_per_s", ("workloads", 0, "demand_tokens_per_s")),
        ("workloads[chat].demand_tokens_per_s", ("workloads", 0, "demand_tokens_per_s")),
        ("workloads[0].demand_tokens_per_s", ("workloads", 0, "demand_tokens_per_s")),
        ("workloads.0.demand_tokens_per_s", ("workloads", 0, "demand_tokens_per_s")),
        ("fleet.supply[l40s].limit", ("fleet", "supply", 1, "limit")),
        ("fleet.supply.l40s.limit", ("fleet", "supply", 1, "limit")),
        ("models.llama-8b.weight_precisions", ("models", "llama-8b", "weight_precisions")),
        ("models[llama-8b].kv_precisions", ("models", "llama-8b", "kv_precisions")),
        ("spares.share", ("spares", "share")),
        ("assumptions", ("assumptions",)),
    ],
)
def test_a_path_names_one_place(study: dict[str, Any], text: str, place: tuple[str | int, ...]) -> None:
    assert key_path(text, study).places == (place,)


def test_names_with_dots_need_no_brackets(study: dict[str, Any]) -> None:
    study["models"]["llama-3.1"] = study["models"]["llama-8b"]
    assert key_path("models.llama-3.1.architecture", study).places == (
        ("models", "llama-3.1", "architecture"),
    )


def test_a_star_names_all(study: dict[str, Any]) -> None:
    found = key_path("fleet.supply[*].price_usd_per_hour", study)
    assert found.places == (
        ("fleet", "supply", 0, "price_usd_per_hour"),
        ("fleet", "supply", 1, "price_usd_per_hour"),
    )


def test_one_accelerator_at_two_sites_is_told_apart_by_its_label(study: dict[str, Any]) -> None:
    supply = study["fleet"]["supply"]
    supply[0]["site"] = "east"
    supply.append({"accelerator": "h100-sxm", "site": "west"})
    assert key_path("fleet.supply[h100-sxm@west].limit", study).places == (("fleet", "supply", 2, "limit"),)
    with pytest.raises(PathError, match=r"several.*h100-sxm@east, h100-sxm@west"):
        key_path("fleet.supply[h100-sxm].limit", study)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("workloads.chta.demand_tokens_per_s", "did you mean chat"),
        ("fleet.supply[h200-sxm].limit", "did you mean h100-sxm"),
        ("models.llama.weight_precisions", "llama-8b"),
        ("wrkloads.chat.x", "did you mean workloads"),
        ("workloads[7].model", "1 elements, counted from 0"),
        ("workloads[chat", "not closed"),
        ("workloads.chat", "whole element"),
        ("utilisation.x.y", "is a value"),
        ("", "names nothing"),
    ],
)
def test_a_path_that_names_nothing_says_what_there_is(study: dict[str, Any], text: str, said: str) -> None:
    study["utilisation"] = 0.9
    with pytest.raises(PathError, match=said):
        key_path(text, study)


def test_setting_one_of_a_pair_removes_the_other(study: dict[str, Any]) -> None:
    put(study, ("workloads", 0, "max_tpot_ms"), 20.0)
    assert study["workloads"][0]["max_tpot_ms"] == 20.0
    assert "min_pace_tokens_per_s" not in study["workloads"][0]
    put(study, ("workloads", 0, "demand_requests_per_s"), 5.0)
    assert "demand_tokens_per_s" not in study["workloads"][0]


def test_a_group_that_is_not_there_yet_is_made(study: dict[str, Any]) -> None:
    put(study, ("spares", "share"), 0.1)
    assert value_at(study, ("spares", "share")) == 0.1


def test_the_base_knows_the_value_in_force_of_what_the_config_leaves_out(study: dict[str, Any]) -> None:
    from fleets import catalog

    del study["fleet"]["supply"][1]["price_usd_per_hour"]
    base = base_from(study)
    assert (
        base.present(("fleet", "supply", 1, "price_usd_per_hour"))
        == catalog.default_price("l40s").usd_per_hour
    )
    assert base.present(("utilisation",)) == 1.0
    assert "utilisation" not in base.config  # only what was written is written again


def test_a_change_leaves_the_base_alone(study: dict[str, Any]) -> None:
    base = base_from(study)
    changed = base.study({("workloads", 0, "demand_tokens_per_s"): 5.0})
    assert changed.workloads[0].demand == 5.0
    assert base.study({}).workloads[0].demand == 20000.0


def test_a_list_put_where_values_stood_holds_no_keys() -> None:
    config: dict[str, Any] = {"workloads": [{"name": "chat"}]}
    put(config, ("workloads",), 3)
    with pytest.raises(PathError, match="workloads is a value and holds no keys"):
        put(config, ("workloads", 0, "demand_tokens_per_s"), 1.0)
