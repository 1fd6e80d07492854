"""Reading measured serving: what a row becomes, and how a bad one is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.calibration.measured import read_measurements
from planner.errors import InputError
from tests.planner.calibration.sample import BAD_ROWS, HEADER, ROWS, write


def test_every_row_becomes_a_point_of_the_catalogue(tmp_path: Path) -> None:
    found = read_measurements([write(tmp_path)])
    assert len(found.points) == len(ROWS) and not found.rejected
    first = found.points[0]
    assert (first.model, first.system, first.accelerators, first.tensor) == ("minimax-m2.5", "h200-sxm", 4, 4)
    assert (first.tpot_s, first.ttft_s) == (pytest.approx(0.01335), pytest.approx(0.3191))
    assert found.dates == "2025-10-29 to 2026-03-28" and found.last_date == "2026-03-28"


def test_four_bits_mean_the_published_format_and_kv_follows_the_checkpoint(tmp_path: Path) -> None:
    points = read_measurements([write(tmp_path)]).points
    by_model = {(point.model, point.engine): point for point in points}
    assert by_model["gpt-oss-120b", "vllm"].weight_precision == "mxfp4"
    assert by_model["gpt-oss-120b", "vllm"].kv_precision == "bf16"
    assert by_model["llama-3.1-70b", "vllm"].kv_precision == "fp8"  # per-tensor fp8 brings KV scales
    assert by_model["deepseek-v3", "sglang"].kv_precision == "bf16"  # block-scaled fp8 brings none


@pytest.mark.parametrize(("what", "row", "reason"), BAD_ROWS, ids=[row[0] for row in BAD_ROWS])
def test_a_bad_row_is_reported_with_its_line_and_left_out(
    tmp_path: Path, what: str, row: str, reason: str
) -> None:
    found = read_measurements([write(tmp_path, ROWS[0], row, ROWS[1])])
    assert len(found.points) == 2, what
    assert [bad.line for bad in found.rejected] == [3]
    assert reason in found.rejected[0].reason


def test_unknown_names_are_counted(tmp_path: Path) -> None:
    unknown = {what: row for what, row, _ in BAD_ROWS}
    found = read_measurements(
        [write(tmp_path, ROWS[0], unknown["model"], unknown["model"], unknown["system"])]
    )
    assert found.unknown_names == {"Qwen/Qwen9-32B": 2, "h900_sxm": 1}


def test_kv_quant_and_length_share_columns_win(tmp_path: Path) -> None:
    path = tmp_path / "measured.csv"
    path.write_text(f"{HEADER},kv_quant,length_share\n{ROWS[4]},fp8,1\n{ROWS[4]},fp77,1\n", encoding="utf-8")
    found = read_measurements([path])
    assert (found.points[0].kv_precision, found.points[0].length_share) == ("fp8", 1.0)
    assert "kv_quant 'fp77'" in found.rejected[0].reason


def test_a_file_without_a_usable_row_or_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no usable row"):
        read_measurements([write(tmp_path, BAD_ROWS[0][1])])
    path = tmp_path / "other.csv"
    path.write_text("model,system\nx,y\n", encoding="utf-8")
    with pytest.raises(InputError, match="column 'tpot_mean_ms' is missing"):
        read_measurements([path])
    with pytest.raises(InputError, match="no row has backend 'ollama'; the file has sglang, trtllm, vllm"):
        read_measurements([write(tmp_path)]).of_engine("ollama")
    with pytest.raises(InputError, match="cannot be read"):
        read_measurements([tmp_path / "absent.csv"])
