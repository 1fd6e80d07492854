"""`fleetplan step-time`: the golden files as they are, layouts that rows bring along, and bad input by its row."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from planner.cli import app
from planner.errors import InputError
from planner.step_time.times import ADDED, step_times

# points of the paper's code (final state of May 2025), seconds per token with and without attention scale-down
POINTS = """model,gpu,n_gpu,batch,input_len,note
Llama_3_8B,H100,8,128,0,fits
Llama_3_70B,H100,1,1,0,too big
"""
SCALED, UNSCALED, PRESENTED = 0.002791032005620805, 0.002839935685095621, 0.0032121956526284597


def points(text: str = POINTS) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text))


def problems(text: str, **options: object) -> list[str]:
    with pytest.raises(InputError) as caught:
        step_times(points(text), source="points.csv", **options)  # type: ignore[arg-type]
    return caught.value.problems


def run(tmp_path: Path, *options: str, text: str = POINTS) -> str:
    path = tmp_path / "points.csv"
    path.write_text(text)
    result = CliRunner().invoke(app, ["step-time", str(path), *options])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_csv_adds_columns_and_passes_others_through(tmp_path: Path) -> None:
    answer = pd.read_csv(io.StringIO(run(tmp_path, "--assumptions", "erdil-2025", "--output", "csv")))
    assert list(answer.columns) == [*points().columns, *ADDED]
    assert answer.note.tolist() == ["fits", "too big"]
    assert answer.step_time_s[0] == pytest.approx(SCALED, rel=1e-9)
    assert answer.step_time_s[1] == np.inf
    assert "141.1 GB of weights" in answer.reason[1]
    parts = answer.loc[0]
    assert parts.step_time_s == pytest.approx(
        parts.kernel_s
        + parts.network_latency_s
        + parts.network_bandwidth_s
        + max(parts.memory_s, parts.compute_s)
    )


def test_json_has_null_and_a_reason_where_it_does_not_fit(tmp_path: Path) -> None:
    options = ("--assumptions", "erdil-2025", "--output", "json", "--no-attention-scaledown")
    fits, too_big = json.loads(run(tmp_path, *options))
    assert fits["step_time_s"] == pytest.approx(UNSCALED, rel=1e-9)
    assert fits["reason"] == ""
    assert too_big["step_time_s"] is None
    assert too_big["kernel_s"] is None
    assert too_big["reason"].startswith("does not fit")


def test_table_and_step_models(tmp_path: Path) -> None:
    assert "does not fit" in run(tmp_path)
    presented = step_times(points(), "as-presented", "erdil-2025").step_time_s
    assert presented[0] == pytest.approx(PRESENTED, rel=1e-9)
    # 128·(2 µs·(√8 − 1) + 6 µs) + 2·8,029,995,008/(8·2.475e12)
    toy = step_times(points(), "toy", "erdil-2025")
    assert toy.step_time_s[0] == pytest.approx(128 * (2e-6 * (8**0.5 - 1) + 6e-6) + 16_059_990_016 / 1.98e13)
    assert toy.step_time_s[1] == np.inf


def test_speculation_columns() -> None:
    text = "model,approx_model,gpu,n_gpu,batch,input_len,acceptance,gamma_max\n"
    answer = step_times(
        points(text + "Llama_3_70B,Llama_3_8B,H100,8,1,0,0.8,5\nLlama_3_70B,,H100,8,1,0,0.8,5\n"),
        assumptions="erdil-2025",
    )
    assert answer.step_time_s[0] == pytest.approx(
        0.006518550906707209, rel=1e-9
    )  # per token, the paper's code
    assert answer.draft_tokens[0] == 5
    assert answer.tokens_per_step[0] == pytest.approx((1 - 0.8**5) / 0.2)
    assert answer.step_time_s[1] == pytest.approx(0.010755659038740033, rel=1e-9)
    assert answer.draft_tokens[1] == 0


def test_a_row_may_bring_its_layout() -> None:
    text = "model,gpu,n_gpu,batch,two_d,n_pp,n_ep,attn_scaledown\n"
    rows = "Llama_3_8B,H100,8,128,0,1,1,1\nLlama_3_8B,H100,8,128,0,1,1,2\nLlama_3_8B,H100,8,4,0,8,1,1\n"
    answer = step_times(points(text + rows), assumptions="erdil-2025")
    assert answer.step_time_s[0] == pytest.approx(UNSCALED, rel=1e-9)
    assert answer.attention_scaledown[1] == 2
    assert answer.step_time_s[2] == np.inf  # eight stages, four sequences


def test_golden_files_are_accepted_as_they_are(shared_data: Path) -> None:
    folder = shared_data / "paper"
    latency = pd.read_csv(folder / "pointwise_latency.csv")
    for model, scaledown, column in (
        ("as-presented", True, "lat_as_presented_s"),
        ("full", True, "lat_new_scaledown_s"),
        ("full", False, "lat_new_noscaledown_s"),
        ("toy", True, "lat_section_2_2_s"),
    ):
        answer = step_times(latency, model, "erdil-2025", scaledown)  # type: ignore[arg-type]
        given = latency[column].notna()
        np.testing.assert_allclose(
            answer.step_time_s[given], latency[column][given], rtol=1e-9, err_msg=column
        )
    speculation = pd.read_csv(folder / "speculation_pointwise.csv")
    answer = step_times(speculation, assumptions="erdil-2025")
    np.testing.assert_allclose(answer.step_time_s, speculation.lat_spec_dec_s, rtol=1e-9)
    components = pd.read_csv(folder / "components.csv")
    for model, rows in (
        ("full", components.function != "as_presented"),
        ("as-presented", components.function == "as_presented"),
    ):
        chosen = components[rows].reset_index(drop=True)
        answer = step_times(chosen, model, "erdil-2025")  # type: ignore[arg-type]
        for ours, theirs in (
            ("step_time_s", "total_s"),
            ("kernel_s", "kernel_s"),
            ("network_latency_s", "net_latency_s"),
            ("network_bandwidth_s", "net_bandwidth_s"),
            ("memory_s", "memory_s"),
            ("compute_s", "compute_s"),
        ):
            np.testing.assert_allclose(answer[ours], chosen[theirs], rtol=1e-9, err_msg=f"{model} {theirs}")


HEADER = "model,gpu,n_gpu,batch,input_len\n"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("Llama_3_8B,H100,0,1,0", "row 3: n_gpu = 0; must be at least 1 [accelerators]"),
        ("Llama_3_8B,H100,8,0.5,0", "row 3: batch = 0.5; must be at least 1 [sequences]"),
        ("Llama_3_8B,H100,8,1,-1", "row 3: input_len = -1; must be at least 0 [tokens of context]"),
        ("Llama_3_8B,H100,nan,1,0", "row 3: n_gpu = blank"),
        ("Llama_3_8B,H100,eight,1,0", "row 3: n_gpu = eight"),
        ("Llama_3_8B,H100,inf,1,0", "row 3: n_gpu = inf"),
        ("Llama_3_9B,H100,8,1,0", "row 3: model: "),
        (",H100,8,1,0", "row 3: model is empty"),
        ("Llama_3_8B,H1000,8,1,0", "row 3: accelerator: "),
    ],
)
def test_a_point_outside_the_domain_names_its_row(row: str, expected: str) -> None:
    found = problems(f"{HEADER}Llama_3_8B,H100,8,1,0\n{row}\n")
    assert len(found) == 1
    assert expected in found[0].replace(": accelerator: ", ": accelerator: ")
    assert found[0].startswith("points.csv: ")


def test_every_bad_row_is_named_at_once() -> None:
    assert len(problems(f"{HEADER}Llama_3_8B,H100,0,0,-5\nLlama_3_8B,H100,-8,1,0\n")) == 4


def test_missing_columns_and_unknown_sets_are_named() -> None:
    assert problems("model,gpu\nLlama_3_8B,H100\n") == [
        "points.csv: column n_gpu is missing; add it to the header",
        "points.csv: column batch is missing; add it to the header",
    ]
    assert "erdil-2025" in problems(POINTS, assumptions="erdil-2026")[0]
    assert (
        "full"
        in problems("model,draft,gpu,n_gpu,batch\nLlama_3_70B,Llama_3_8B,H100,8,1\n", step_model="toy")[0]
    )


def test_deployable_layouts_refuse_ranks_that_do_not_divide_and_name_the_row() -> None:
    found = problems(
        f"{HEADER}Llama_3_8B,H100,8,1,0\nLlama_3_8B,H100,3,1,0\nLlama_3_8B,H100,2.5,1,0\n",
        enumeration="deployable",
    )
    assert (
        "row 3: n_gpu = 3: paper-llama-3-8b cannot be split so: tp3 needs query heads divisible by 3 ranks"
        in found[0]
    )
    assert "row 4: n_gpu = 2.5; deployable layouts need a whole number" in found[1]
    answer = step_times(points(), enumeration="deployable")
    assert answer.attention_scaledown[0] in (1, 2, 4, 8)
    real = step_times(points()).step_time_s[0]
    assert answer.step_time_s[0] == pytest.approx(real, rel=0.05)
    assert answer.step_time_s[1] == np.inf


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    for path in (str(empty), str(tmp_path / "none.csv")):
        result = CliRunner().invoke(app, ["step-time", path])
        assert isinstance(result.exception, InputError)


def test_the_page_lists_every_column() -> None:
    from planner.step_time.points import ALIASES, COLUMNS

    page = (Path(__file__).resolve().parents[3] / "docs" / "physics.md").read_text()
    for column in (*COLUMNS, *ALIASES, "attn_scaledown", "draft"):
        assert column in page
