"""`fleetplan validate` and `fleetplan calibrate`: reports, the fitted set, and the errors on the whole measured file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fleets.loading import read_yaml, validate
from fleets.schema.assumptions import AssumptionSet
from planner.cli import app
from tests.planner.calibration.sample import BAD_ROWS, ROWS, write

ALL_REDUCE = "system,impl,num_gpus,nodes,4096,65536,1048576\n" + "".join(
    f"h100_sxm,{library},{gpus},1,{times}\n"
    for library, rows in {
        "NCCL": {2: "6.5,7.6,15.5", 4: "9.8,11.7,19.4", 8: "16.0,19.4,26.6"},
        "vLLM_custom_graph": {2: "4.3,4.5,8.3", 4: "4.6,5.2,12.8", 8: "4.7,6.4,15.0"},
    }.items()
    for gpus, times in rows.items()
)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_validate_reports_errors_by_cell_and_bad_rows_by_line(tmp_path: Path) -> None:
    path = write(tmp_path, *ROWS, BAD_ROWS[0][1], BAD_ROWS[-1][1])
    data = json.loads(run("validate", str(path), "--assumptions", "serving-2026", "--output", "json"))
    assert data["tpot"]["points"] == len(ROWS) and 0 < data["tpot"]["median_ape"] < 0.12
    assert data["ttft"]["points"] == sum(int(row.split(",")[7]) <= 16 for row in ROWS)
    assert {cell["cell"] for cell in data["tpot"]["cells"]} >= {"qwen3-32b | h100-sxm | fp8"}
    assert sum(cell["points"] for cell in data["tpot"]["cells"]) == len(ROWS)
    assert [row["line"] for row in data["rejected"]] == [len(ROWS) + 2, len(ROWS) + 3]
    assert data["left_out"] == 2 and data["unknown"] == {"h900_sxm": 1}


def test_validate_prints_tables_and_csv_and_draws(tmp_path: Path) -> None:
    path, figure = write(tmp_path), tmp_path / "errors.png"
    assert "qwen3-32b | h100-sxm | bf16" in run("validate", str(path), "--plot", str(figure))
    assert figure.read_bytes().startswith(b"\x89PNG")
    lines = run("validate", str(path), "--output", "csv").splitlines()
    assert lines[0].startswith("group,label,tpot_points") and lines[1].startswith(f"all,all,{len(ROWS)},")
    only = json.loads(run("validate", str(path), "--engine", "vllm", "--output", "json"))
    assert only["tpot"]["points"] == sum(",vllm," in row for row in ROWS)


def test_calibrate_writes_a_set_with_its_data_and_its_error(tmp_path: Path) -> None:
    rows = [row for row in ROWS if "Qwen" in row or "70B" in row]
    path, out, reduce = write(tmp_path, *rows), tmp_path / "mine.yaml", tmp_path / "allreduce.csv"
    reduce.write_text(ALL_REDUCE, encoding="utf-8")
    report = json.loads(
        run(
            "calibrate",
            str(path),
            "--all-reduce",
            str(reduce),
            "--out",
            str(out),
            "--source",
            "a test",
            "--output",
            "json",
        )
    )
    fitted = validate(AssumptionSet, read_yaml(out), "mine.yaml")
    assert fitted.name == "mine" and fitted.fit is not None and fitted.fit.points == len(rows)
    assert fitted.fit.tpot_mape == pytest.approx(report["fitted"]["tpot"]["mape"], abs=1e-4)
    assert (
        report["cross_validated"] is None and fitted.fit.errors == ()
    )  # too few points to judge a prediction by
    kinds = [protocol.kind for protocol in fitted.collectives_of("h100-sxm").protocols]
    assert kinds[-3:] == ["one_shot", "two_shot", "all_to_all"] and fitted.collectives_of(
        "h800-sxm"
    ) == fitted.collectives_of("h100-sxm")
    again = json.loads(run("validate", str(path), "--assumptions", str(out), "--output", "json"))
    assert again["tpot"]["mape"] == pytest.approx(report["fitted"]["tpot"]["mape"], rel=1e-9)


def test_calibrate_says_the_errors_of_what_was_left_out_by_regime(tmp_path: Path) -> None:
    rows = [_at(row, concurrency) for row in ROWS for concurrency in (8, 16)]
    out = tmp_path / "mine.yaml"
    report = json.loads(run("calibrate", str(write(tmp_path, *rows)), "--out", str(out), "--output", "json"))
    fit = validate(AssumptionSet, read_yaml(out), "mine.yaml").fit
    assert fit is not None and fit.reach is not None and fit.reach.instance_accelerators == 8
    by_facet = {found.facet: found for found in fit.errors}
    assert set(by_facet) == {"cell", "accelerator", "model", "family", "precision", "engine"}
    assert by_facet["accelerator"].groups == 3 and by_facet["model"].groups == 6
    for facet, found in by_facet.items():
        judged = report["cross_validated"] if facet == "cell" else report["left_out_by"][facet]
        assert found.tpot.mape == pytest.approx(judged["tpot"]["mape"], abs=1e-4)
        assert found.tpot.points == len(rows)
    quantiles = list(by_facet["model"].tpot.quantiles.values())
    assert quantiles == sorted(quantiles) and quantiles[0] < quantiles[-1]
    assert {(r.family, r.accelerator, r.precision) for r in fit.regimes} >= {("dense", "h100-sxm", "bf16")}
    assert sum(regime.points for regime in fit.regimes) == len(rows)
    assert all(regime.errors == () for regime in fit.regimes if regime.points < 30)


def _at(row: str, concurrency: int) -> str:
    """A row of the sample at another concurrency; its times stay, which is as good as any other error."""
    cells = row.split(",")
    return ",".join([*cells[:7], str(concurrency), *cells[8:]])


def test_the_bands_of_the_shipped_set_hold_in_cells_that_it_never_saw(shared_data: Path) -> None:
    """Later measurements; 80 % are meant to lie within."""
    path = shared_data / "measured" / "serving_aggregated_2.csv"
    report = json.loads(run("validate", str(path), "--assumptions", "serving-2026", "--output", "json"))
    rows = report["coverage"]
    assert sum(row["points"] for row in rows) == report["tpot"]["points"] >= 400
    assert any("accelerator b300-sxm" in row["measured"] for row in rows)
    for inside, points in (("inside", "points"), ("ttft_inside", "ttft_points")):
        assert sum(row[inside] for row in rows) >= 0.8 * sum(row[points] for row in rows)


def test_errors_on_the_whole_measured_file(shared_data: Path, tmp_path: Path) -> None:
    """Leave-one-cell-out TPOT: MAPE ≤ 16 %, median ≤ 12 %; TTFT at concurrency ≤ 16: median ≤ 30 %."""
    path = shared_data / "measured" / "serving_aggregated.csv"
    reduce = shared_data / "allreduce" / "allreduce_summary.csv"
    out = tmp_path / "serving.yaml"
    report = json.loads(
        run("calibrate", str(path), "--all-reduce", str(reduce), "--out", str(out), "--output", "json")
    )
    crossed = report["cross_validated"]
    assert crossed["tpot"]["points"] == 982 and report["left_out"] == 0
    assert crossed["tpot"]["mape"] <= 0.16 and crossed["tpot"]["median_ape"] <= 0.12
    assert crossed["ttft"]["median_ape"] <= 0.30
    shipped = json.loads(run("validate", str(path), "--assumptions", "serving-2026", "--output", "json"))
    assert shipped["tpot"]["mape"] == pytest.approx(report["fitted"]["tpot"]["mape"], rel=0.02)
    ideal = json.loads(run("validate", str(path), "--assumptions", "erdil-2025", "--output", "json"))
    assert ideal["tpot"]["bias"] < -0.1 and ideal["tpot"]["mape"] > 1.8 * shipped["tpot"]["mape"]


@pytest.mark.parametrize("engine", ["vllm", "trtllm", "sglang"])
def test_sets_of_engines_on_their_part_of_the_file(shared_data: Path, engine: str) -> None:
    path = shared_data / "measured" / "serving_aggregated.csv"
    report = json.loads(
        run("validate", str(path), "--engine", engine, "--assumptions", f"{engine}-2026", "--output", "json")
    )
    assert report["tpot"]["mape"] <= 0.10 and report["ttft"]["median_ape"] <= 0.27


def test_unknown_library_and_set_are_refused(tmp_path: Path) -> None:
    path, reduce = write(tmp_path), tmp_path / "allreduce.csv"
    reduce.write_text(ALL_REDUCE, encoding="utf-8")
    arguments = [
        "calibrate",
        str(path),
        "--all-reduce",
        str(reduce),
        "--library",
        "MSCCL",
        "--out",
        str(tmp_path / "x.yaml"),
    ]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code != 0 and "MSCCL" in str(result.exception)
    result = CliRunner().invoke(app, ["validate", str(path), "--assumptions", "serving-1999"])
    assert result.exit_code != 0 and "serving-1999" in str(result.exception)
