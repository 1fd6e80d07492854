"""Benchmark files: results of vLLM's serving benchmark, genai-perf and aiperf as rows of the measured CSV.

Such a file says what was measured, not on what: model, mean lengths, concurrency and times come from it; the system,
its parallel degrees and precision from whoever ran it. Lengths are true means, so `length_share` is 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleets.errors import CatalogError
from fleets.loading import parse_json, read_text
from planner.calibration.measured import COLUMNS
from planner.errors import InputError

Row = dict[str, str | float | int]
_MILLISECONDS = {"s": 1e3, "sec": 1e3, "seconds": 1e3, "ms": 1.0, "us": 1e-3, "µs": 1e-3, "ns": 1e-6}
LARGEST = 1e15
"""No count of tokens and no time reaches this."""


@dataclass(frozen=True)
class Deployment:
    """What a benchmark file does not say; a field that is None must then be in the file's metadata."""

    system: str | None = None
    precision: str | None = None
    engine: str | None = None
    model: str | None = None
    kv_precision: str | None = None
    tensor: int = 1
    attention_groups: int = 1
    expert_parallel: int = 1
    pipeline: int = 1

    @property
    def accelerators(self) -> int:
        return self.tensor * self.attention_groups * self.pipeline


def benchmark_rows(paths: list[Path], deployment: Deployment) -> list[Row]:
    """One row per file, in the CSV's columns; raises `InputError` with every file that cannot be used."""
    rows: list[Row] = []
    problems: list[str] = []
    for path in paths:
        try:
            rows.append(_row(path, deployment))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return rows


def _row(path: Path, deployment: Deployment) -> Row:
    data = _read(path)
    if "mean_tpot_ms" in data:
        found = _vllm(path, data)
    elif "inter_token_latency" in data and "time_to_first_token" in data:
        found = _genai_perf(path, data)
    else:
        raise InputError(
            [
                f"{path.name}: neither a result of vLLM's serving benchmark (mean_tpot_ms) nor an export of genai-perf "
                "or aiperf (time_to_first_token and inter_token_latency; both need --streaming)"
            ]
        )
    named: dict[str, str | int | None] = {
        "model": deployment.model,
        "system": deployment.system,
        "precision": deployment.precision,
        "backend": deployment.engine,
        "kv_quant": deployment.kv_precision,
    }
    found |= {key: value for key, value in named.items() if value is not None}
    found |= {
        "n_gpus": deployment.accelerators,
        "attn_tp": deployment.tensor,
        "attn_dp": deployment.attention_groups,
        "ep": deployment.expert_parallel,
        "pp": deployment.pipeline,
        "length_share": 1,
        "origin": path.name,
    }
    options = {
        "system": "--system",
        "precision": "--precision",
        "model": "--model",
        "concurrency": "--max-concurrency of the benchmark",
    }
    lacking = [
        f"{path.name}: {key} is not in the file; give {option}"
        for key, option in options.items()
        if not found.get(key)
    ]
    if lacking:
        raise InputError(lacking)
    return {column: found.get(column, "") for column in COLUMNS}


def _read(path: Path) -> dict[str, Any]:
    """The file's JSON object; of a file with one object per line, the last."""
    try:
        text = read_text(path)
        try:
            data = parse_json(text, str(path))
        except CatalogError:
            data = parse_json((text.strip().splitlines() or [""])[-1], str(path))
    except CatalogError as error:
        raise InputError(error.problems) from None
    if not isinstance(data, dict):
        raise InputError([f"{path.name}: expected one JSON object, got {type(data).__name__}"])
    return data


def _vllm(path: Path, data: Mapping[str, Any]) -> Row:
    """vLLM's `vllm bench serve --save-result`: mean times in ms, totals of tokens over completed requests; `--metadata`
    adds flat keys, of which system, precision and kv_quant are taken."""
    completed = _figure(path, data, "completed")
    row: Row = {
        "model": _text(path, data, "model_id"),
        "backend": _text(path, data, "backend").split("-")[0],
        "isl": _figure(path, data, "total_input_tokens") / completed,
        "osl": _figure(path, data, "total_output_tokens") / completed,
        "ttft_mean_ms": _figure(path, data, "mean_ttft_ms"),
        "tpot_mean_ms": _figure(path, data, "mean_tpot_ms"),
        "measured_date": _date(_text(path, data, "date")),
    }
    if data.get("max_concurrency") is not None:
        row["concurrency"] = _figure(path, data, "max_concurrency")
    return row | {key: _text(path, data, key) for key in ("system", "precision", "kv_quant") if key in data}


def _genai_perf(path: Path, data: Mapping[str, Any]) -> Row:
    """genai-perf's and aiperf's `profile_export_*.json`: metrics with `avg` and `unit`, and the command's settings."""
    settings = data.get("input_config")
    settings = settings if isinstance(settings, Mapping) else {}
    row: Row = {
        "model": _first_name(settings),
        "backend": "",
        "isl": _metric(path, data, "input_sequence_length", None),
        "osl": _metric(path, data, "output_sequence_length", None),
        "ttft_mean_ms": _metric(path, data, "time_to_first_token", "ms"),
        "tpot_mean_ms": _metric(path, data, "inter_token_latency", "ms"),
        "measured_date": _date(_text(path, data, "start_time")),
    }
    for *way, last in (
        ("loadgen", "concurrency"),
        ("perf_analyzer", "stimulus", "concurrency"),
        ("concurrency",),
    ):
        where: Any = settings
        for key in way:
            where = where.get(key) if isinstance(where, Mapping) else None
        if isinstance(where, Mapping) and where.get(last) is not None:
            row["concurrency"] = _figure(path, where, last)
            break
    return row


def _first_name(settings: Mapping[str, Any]) -> str:
    """The model's name where one of the places that tools put it has one."""
    endpoint = settings.get("endpoint")
    places = (
        endpoint.get("model_names") if isinstance(endpoint, Mapping) else None,
        settings.get("model_names"),
        settings.get("model"),
    )
    for names in places:
        first = names[0] if isinstance(names, list) and names else names
        if isinstance(first, str) and first:
            return first
    return ""


def _metric(path: Path, data: Mapping[str, Any], name: str, unit: str | None) -> float:
    entry = data.get(name)
    if not isinstance(entry, Mapping) or "avg" not in entry:
        raise InputError([f"{path.name}: {name} has no avg"])
    value = _figure(path, entry, "avg", f"{name}.avg")
    if unit is None:
        return value
    given = str(entry.get("unit", unit)).lower()
    if given not in _MILLISECONDS:
        raise InputError(
            [f"{path.name}: {name} is in '{given[:40]}'; known units are {', '.join(_MILLISECONDS)}"]
        )
    return value * _MILLISECONDS[given]


def _figure(path: Path, data: Mapping[str, Any], key: str, name: str = "") -> float:
    value = data.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < LARGEST:
        raise InputError([f"{path.name}: {name or key} = {value!r} must be a positive number"])
    return float(value)


def _text(path: Path, data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if value is not None and not isinstance(value, str):
        raise InputError([f"{path.name}: {key} = {value!r} must be text"])
    return value or ""


def _date(text: str) -> str:
    """2025-07-30 of `20250730-101500` and of ISO times; empty where there is none."""
    found = re.match(r"(\d{4})-?(\d{2})-?(\d{2})", text)
    return "-".join(found.groups()) if found else ""
