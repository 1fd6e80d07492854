"""Inputs that once crashed, hung, said too much or were answered wrongly, each by what it was."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.judge import ANSWERED, REFUSED, Ending, ending

Study = dict[str, Any]
SECRET = "root:x:0:0:a line of another file"


def study(**changes: Any) -> Study:
    """A small study, with its top keys replaced."""
    supply = [
        {"accelerator": "h100-sxm", "price_usd_per_hour": 2.0, "limit": 64},
        {"accelerator": "l40s", "price_usd_per_hour": 0.8, "limit": 64},
    ]
    workload = {
        "name": "chat", "model": "m", "input_tokens": 1000, "output_tokens": 300, "demand_tokens_per_s": 20000,
    }  # fmt: skip
    return {
        "fleet": {"supply": supply},
        "models": {"m": {"architecture": "llama-3.1-8b", "weight_precisions": ["fp8"]}},
        "workloads": [workload],
        "detail": "quick",
        **changes,
    }


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write a config and other files, run a command on it, and say how it ended: always without a crash."""

    def started(config: Study | str, *command: str, **files: str | bytes) -> Ending:
        text = config if isinstance(config, str) else json.dumps(config)
        for name, content in {"config.yaml": text, **files}.items():
            data = content if isinstance(content, bytes) else content.encode()
            (tmp_path / name.replace("__", ".")).write_bytes(data)
        end = ending(monkeypatch, command or ("check", "config.yaml"), tmp_path)
        assert not end.wrong, end.wrong
        return end

    return started


SOLVE = ("solve", "config.yaml", "-o", "json")
UNMEASURED = "model,accelerator,gpus,workload,requests_per_s\nm,h100-sxm,1,chat,10\n"


def test_an_inline_accelerator_without_a_price(run: Any) -> None:
    inline = {"name": "mine", "hbm_gb": 80, "hbm_bandwidth_gb_s": 2000, "tflops": {"bf16": 400}}
    end = run(study(fleet={"supply": [{"accelerator": inline}]}))
    assert end.code == REFUSED and "price_usd_per_hour" in end.err


@pytest.mark.parametrize("question", [{"frontier": ["cost", "pace"], "workload": "chat", "points": 3},
                                      {"maximise": "pace", "workload": "chat", "budget_usd_per_hour": 50}])  # fmt: skip
def test_a_question_about_pace_over_profiles_without_one(run: Any, question: dict[str, Any]) -> None:
    end = run(study(question=question, profiles=["p.csv"], physics=False), *SOLVE, p__csv=UNMEASURED)
    assert end.code == REFUSED and "tpot_ms" in end.err


def test_spares_with_an_unlimited_supply_under_a_question_about_pace(run: Any) -> None:
    supply = [{"accelerator": "l40s", "price_usd_per_hour": 0.8}]
    question = {"maximise": "pace", "workload": "chat", "budget_usd_per_hour": 50}
    assert (
        run(study(spares={"number": 1}, fleet={"supply": supply}, question=question), *SOLVE).code == ANSWERED
    )


@pytest.mark.parametrize("flags", [(), ("--no-screening",), ("--no-decomposition",)])
def test_no_layout_fits(run: Any, flags: tuple[str, ...]) -> None:
    other = study(layouts={"instance_gpus": [7], "pipeline": [5]})
    other["models"]["n"] = {"architecture": "deepseek-v3", "weight_precisions": ["bf16"]}
    other["workloads"].append({**other["workloads"][0], "name": "other", "model": "n"})
    assert run(other, *SOLVE, *flags).code == 3


@pytest.mark.parametrize("flags", [(), ("--no-screening",), ("--no-decomposition",)])
def test_choices_that_stand_twice(run: Any, flags: tuple[str, ...]) -> None:
    twice = study(layouts={"instance_gpus": [1, 1, 2], "pipeline": [1, 1]})
    twice["models"]["m"] |= {"weight_precisions": ["fp8", "fp8", "bf16"], "kv_precisions": ["fp8", "fp8"]}
    assert run(twice, *SOLVE, *flags).code == ANSWERED


def test_ways_of_speculation_of_one_name(run: Any) -> None:
    ways = [{"draft": "llama-3.1-8b", "acceptance": share} for share in (0.6, 0.7)]
    end = run(study(models={"m": {"architecture": "llama-3.1-8b", "speculation": ways}}))
    assert end.code == REFUSED and "speculation" in end.err


@pytest.mark.parametrize(
    ("of", "to"),
    [("64", "9" * 5000), ("64", "1" + "0" * 400), ("2.0", "1e400"), ("2.0", "1e300"), ("20000", "1e300"),
     ("1000", "1e15"), ("0.8", "!!float x"), ("0.8", "!!python/name:os.system"), ("0.8", ".nan"), ('"m"', '"\\u0000"')],
)  # fmt: skip
def test_numbers_and_tags_that_mean_nothing(run: Any, of: str, to: str) -> None:
    text = json.dumps(study()).replace(of, to, 1)
    assert run(text).code == REFUSED


def test_an_alias_bomb_is_refused_at_once(run: Any) -> None:
    layers = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    layers += [f"{n}: &{n} [{', '.join([f'*{m}'] * 9)}]" for m, n in zip("abcdefgh", "bcdefghi", strict=True)]
    start = time.process_time()
    assert run("\n".join(layers)).code == REFUSED
    assert time.process_time() - start < 5


@pytest.mark.parametrize("key", ["profiles", "architecture", "fleet", "assumptions"])
def test_a_path_with_nul(run: Any, key: str) -> None:
    name = "a\0b.csv" if key == "profiles" else "a\0b.json"
    changed = study() if key == "architecture" else study(**{key: [name] if key == "profiles" else name})
    if key == "architecture":
        changed["models"]["m"]["architecture"] = name
    assert run(changed).code == REFUSED


@pytest.mark.parametrize("key", ["profiles", "architecture", "fleet", "assumptions"])
def test_messages_do_not_tell_what_stands_in_another_file(run: Any, key: str) -> None:
    name = "./other.csv" if key == "profiles" else "./other.json" if key == "architecture" else "./other.yaml"
    changed = study() if key == "architecture" else study(**{key: [name] if key == "profiles" else name})
    if key == "architecture":
        changed["models"]["m"]["architecture"] = name
    for text in (SECRET, f"- {SECRET}", f"{SECRET},b,c\n1,2,3"):
        end = run(changed, **{Path(name).name.replace(".", "__"): text})
        assert end.code == REFUSED and "a line of another file" not in end.err


def test_a_table_of_scenarios_is_not_told_either(run: Any) -> None:
    scenarios = json.dumps({"base": "config.yaml", "table": "other.csv"})
    for text in (SECRET, f"name,{SECRET}\na,b", f"{SECRET}\n{SECRET}"):
        end = run(study(), "whatif", "s.json", "--dry-run", s__json=scenarios, other__csv=text)
        assert end.code == REFUSED and "a line of another file" not in end.err


def test_a_cell_of_a_profile_beyond_128_kb(run: Any) -> None:
    end = run(study(profiles=["p.csv"]), p__csv=UNMEASURED + f"m,h100-sxm,1,{'x' * 200_000},10\n")
    assert end.code == REFUSED and "p.csv" in end.err


@pytest.mark.parametrize(
    "config",
    [{"model_type": ["llama"]}, {"model_type": "llama", "architectures": [["X"]], "hidden_size": "x"},
     {"model_type": {"a": []}}, {"model_type": "llama", "quantization_config": [1]}, {"text_config": {"model_type": []}}],
)  # fmt: skip
def test_a_config_json_of_wrong_types(run: Any, config: dict[str, Any]) -> None:
    end = run(study(models={"m": {"architecture": "c.json"}}), c__json=json.dumps(config))
    assert end.code == REFUSED and "c.json" in end.err


def test_formulas_are_not_printed_raw(run: Any) -> None:
    changed = study()
    changed["fleet"]["supply"][0]["name"] = "@SUM(1)"
    end = run(changed, "solve", "config.yaml", "-o", "csv")
    assert end.code == REFUSED or ",@SUM" not in end.out
    points = "model,accelerator,n_gpu,batch,note\nllama-3.1-8b,h100-sxm,1,1,=cmd|' /C calc'!A0\n"
    end = run("{}", "step-time", "points.csv", "--output", "csv", points__csv=points)
    assert end.code == ANSWERED and ",=cmd" not in end.out


@pytest.mark.parametrize("key", ["output_tokens", "demand_tokens_per_s", "min_pace_tokens_per_s"])
def test_next_to_nothing_is_refused(run: Any, key: str) -> None:
    tiny = study()
    tiny["workloads"][0][key] = 1e-308
    end = run(tiny)
    assert end.code == REFUSED and key in end.err
