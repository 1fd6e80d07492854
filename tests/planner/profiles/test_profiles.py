"""Measured profiles: reading with every problem at once, options, rejections, roles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from planner.config.load import study_from
from planner.errors import InputError
from planner.problem.problem import Problem
from planner.problem.solve import solve
from planner.questions.minimise import CHEAPEST

COST = CHEAPEST
HEAD = "model,accelerator,gpus,workload,requests_per_s,role,tpot_ms,ttft_ms,label\n"


def study_of(folder: Path, csv: str, **changes: Any) -> Any:
    (folder / "profile.csv").write_text(csv, encoding="utf-8")
    config: dict[str, Any] = {
        "fleet": {
            "supply": [
                {"accelerator": "big", "price_usd_per_hour": 3.0},
                {"accelerator": "small", "price_usd_per_hour": 1.0},
            ]
        },
        "workloads": [{"name": "chat", "model": "m", "demand_requests_per_s": 10}],
        "physics": False,
        "profiles": ["profile.csv"],
    }
    return study_from(config | changes, "config.yaml", folder)


def test_rows_become_one_option_per_instance_type(tmp_path: Path) -> None:
    csv = HEAD + (
        "m,big,2,chat,8,,,,\n"
        "m,big,2,code,4,,,,\n"
        "m,big,2,chat,9,,,,tuned\n"
        "m,small,1,chat,0,,,,\n"
    )  # fmt: skip
    workloads = [
        {"name": "chat", "model": "m", "demand_requests_per_s": 10, "output_tokens": 100},
        {"name": "code", "model": "m", "demand_requests_per_s": 3},
    ]
    source = Problem(study_of(tmp_path, csv, workloads=workloads))
    options = {option.id: option for option in source.options().options}
    assert list(options) == ["m/big/2gpu/measured", "m/big/2gpu/measured/aggregated/tuned"]
    plain = options["m/big/2gpu/measured"]
    assert plain.workloads == ("chat", "code")
    # chat: 8 requests/s of 100 tokens; code gives no lengths, so its flow is requests.
    assert plain.tokens_per_s_alone == pytest.approx([800.0, 4.0])
    assert plain.roofs == ("measured",) and not plain.resources and plain.step_s.tolist() == [0.0]


def test_screening_leaves_out_what_another_size_does_better(tmp_path: Path) -> None:
    csv = HEAD + "m,big,1,chat,5,,,,\nm,big,2,chat,9,,,,\nm,big,4,chat,21,,,,\n"
    study = study_of(tmp_path, csv)
    assert [option.gpus for option in Problem(study).options().options] == [1, 4]
    assert len(Problem(study, screening=False).options().options) == 3
    # 10 requests/s: two single ones (10/s, 2 GPUs, 6 $/h); 5 + 5.
    for screening in (True, False):
        assert solve(Problem(study, screening), COST).objective == pytest.approx(6.0)


def test_rows_that_break_the_sla_are_rejected_with_the_reason(tmp_path: Path) -> None:
    csv = (
        HEAD
        + "m,big,1,chat,5,,30,400,\nm,big,2,chat,90,,60,400,\nm,big,4,chat,50,,30,900,\nm,odd,1,chat,1,,,,\n"
    )
    workloads = [
        {"name": "chat", "model": "m", "demand_requests_per_s": 10, "max_tpot_ms": 50, "max_ttft_ms": 500}
    ]
    source = Problem(study_of(tmp_path, csv, workloads=workloads))
    found = source.options()
    assert [option.gpus for option in found.options] == [1]
    assert [(r.reason, r.needed, r.available) for r in found.rejections] == [
        ("too slow for the workload's pace", "50 ms per token", "60 ms"),
        ("first token too late", "500 ms to the first token", "900 ms"),
        ("accelerator is not in the fleet", "odd", "not in the fleet"),
    ]
    assert found.rejections[0].what == "profile.csv, line 3 (chat on 2 big)"
    assert found.measured["m/big/1gpu/measured"].pace == {"chat": pytest.approx(1000 / 30)}


def test_prefill_and_decode_instances_serve_together(tmp_path: Path) -> None:
    # 10 requests/s. Disaggregated: 2 prefill instances on small (5/s each, 1 $) and 1 decode on big (10/s, 3 $) = 5 $/h;
    # aggregated on big: 4/s each, 3 instances = 9 $/h. A slow row cannot be told from prefill's TPOT column.
    csv = HEAD + "m,small,1,chat,5,prefill,999,,\nm,big,1,chat,10,decode,20,9999,\nm,big,1,chat,4,,20,,\n"
    workloads = [
        {"name": "chat", "model": "m", "demand_requests_per_s": 10, "max_tpot_ms": 50, "max_ttft_ms": 500}
    ]
    answer = solve(Problem(study_of(tmp_path, csv, workloads=workloads)), COST)
    assert answer.objective == pytest.approx(5.0)
    assert answer.allocation is not None
    assert {(d.option.role, d.instances) for d in answer.allocation.deployments} == {
        ("prefill", 2),
        ("decode", 1),
    }


def test_decode_instances_alone_serve_nothing(tmp_path: Path) -> None:
    csv = HEAD + "m,big,1,chat,10,decode,,,\n"
    assert solve(Problem(study_of(tmp_path, csv)), COST).termination == "infeasible"


def test_utilisation_leaves_headroom(tmp_path: Path) -> None:
    csv = HEAD + "m,big,1,chat,5,,,,\n"  # 10/(5·0.9) = 2.2: three instances
    assert solve(Problem(study_of(tmp_path, csv, utilisation=0.9)), COST).objective == pytest.approx(9.0)


def test_measured_options_stand_beside_the_physics(tmp_path: Path) -> None:
    csv = HEAD + "llama,h100-sxm,1,chat,1000,,,,dream\n"
    study = study_of(
        tmp_path,
        csv,
        physics=True,
        fleet={"supply": [{"accelerator": "h100-80gb-sxm", "price_usd_per_hour": 2.0}]},
        models={"llama": {"architecture": "llama-3.1-8b"}},
        workloads=[
            {
                "name": "chat", "input_tokens": 100, "output_tokens": 100, "demand_requests_per_s": 900,
                "min_pace_tokens_per_s": 20,
            }
        ],
    )  # fmt: skip
    source = Problem(study)
    roofs = {option.roofs == ("measured",) for option in source.options().options}
    assert roofs == {True, False}
    assert solve(source, COST).objective == pytest.approx(2.0)
    without = source.without_kinds("llama/h100-sxm/1gpu/measured/aggregated/dream")
    dearer = solve(without, COST).objective
    assert dearer is not None and dearer > 2.0


def test_every_bad_row_is_reported_with_its_line(tmp_path: Path) -> None:
    csv = HEAD + (
        "m,big,0,chat,5,,,,\n"
        "m,big,1.5,chat,5,,,,\n"
        "m,big,1,chat,fast,,,,\n"
        "m,big,1,chat,-1,,,,\n"
        "m,big,1,chat,nan,,,,\n"
        "m,big,1,chat,5,both,,,\n"
        ",big,1,chat,5,,0,,\n"
        "m,big,1,chat\n"
        "\n"
        "m,big,1,chat,5,,,,\n"
        "m,big,1,chat,6,,,,\n"
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        study_of(tmp_path, csv)
    text = caught.value.problems
    lines = [int(problem.split("line ")[1].split(":")[0]) for problem in text]
    assert lines == [2, 3, 4, 5, 6, 7, 8, 8, 9, 12]
    assert "gpus = '0' is not a number above 0" in text[0]
    assert "requests_per_s = 'fast' is not a number from 1e-09 to 1e+12 or 0" in text[2]
    assert "role = 'both' is none of aggregated, prefill, decode" in text[5]
    assert "first in profile.csv, line 11" in text[-1]


@pytest.mark.parametrize(
    ("csv", "message"),
    [
        ("", "is empty"),
        ("model,accelerator,gpus\n", "column workload, requests_per_s is missing"),
        (HEAD.strip() + ",color\n", "column 'color' is not known"),
        (HEAD + "m,big,1,chatt,5,,,,\n", "no profile has a row of 'chat'; did you mean chatt?"),
    ],
)
def test_bad_files_name_the_fix(tmp_path: Path, csv: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Problem(study_of(tmp_path, csv))


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"other\.csv: no such file"):
        study_of(tmp_path, HEAD, profiles=["other.csv"])


def test_screening_keeps_sizes_that_smaller_ones_cannot_replace_in_a_unit(tmp_path: Path) -> None:
    # Units of 12: an instance of 16 takes two whole units, and so do two of 8; one of 8 and
    # one of 4 fill one unit. With and without screening the cheapest plan is the same.
    csv = HEAD + "m,big,4,chat,3.5,,,,\nm,big,8,chat,8,,,,\nm,big,16,chat,15,,,,\n"
    fleet = {"supply": [{"accelerator": "big", "price_usd_per_hour": 1.0, "unit": 12}]}
    for rate in (11, 15, 16, 26):
        workloads = [{"name": "chat", "model": "m", "demand_requests_per_s": rate}]
        study = study_of(tmp_path, csv, fleet=fleet, workloads=workloads)
        screened, whole = (solve(Problem(study, way), COST).objective for way in (True, False))
        assert screened == pytest.approx(whole)
