"""Tables of a run: from the store and the list of scenarios to Parquet and CSV, some thousand rows at a time.

Memory does not grow with the number of scenarios: a first pass over the store notes where each record starts and which
columns there are, a second writes them. Files appear under their names only when they are whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from planner.batch.checksum import write_checksum
from planner.batch.scenario import Batch, Scenario, shown, times
from planner.batch.solve_one import WORKLOAD_FIGURES, Record
from planner.batch.store import parsed, store_path
from planner.errors import InputError
from planner.plan.engine_settings import in_words
from planner.plan.extract import INSTANCE_COLUMNS
from planner.wording.spreadsheet import header, line

ColumnType = Literal["text", "whole", "number", "truth"]
Row = dict[str, Any]

ROWS_AT_ONCE = 2000
_TYPES = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "truth": pa.bool_()}
_NUMBERS = {
    "instances", "spares", "gpus_per_instance", "gpus", "mean_batch", "batch", "step_time_ms", "pace_tokens_per_s",
    "tokens_per_s", "usd_per_hour",
}  # fmt: skip
"""Columns of instances that hold numbers."""
_BEFORE: dict[str, ColumnType] = {"number": "whole", "scenario": "text", "name": "text", "source": "text"}
_STATUS: dict[str, ColumnType] = {
    "termination": "text", "solution": "text", "message": "text", "sense": "text", "unit": "text",
    "objective": "number", "bound": "number", "gap": "number", "usd_per_hour": "number",
    "carbon_kg_per_hour": "number", "gpus_total": "whole",
    "kinds": "whole",
}  # fmt: skip


@dataclass
class Index:
    """Where the last record of each scenario starts in the store, and what columns the records have."""

    path: Path
    start: dict[str, int] = field(default_factory=dict)
    accelerators: dict[str, None] = field(default_factory=dict)
    workloads: dict[str, None] = field(default_factory=dict)
    stages: dict[str, None] = field(default_factory=dict)
    instance_columns: dict[str, ColumnType] = field(default_factory=dict)

    def note(self, record: Record, start: int) -> None:
        """Take a record in."""
        self.start[record["scenario"]] = start
        self.accelerators.update(dict.fromkeys(record.get("gpus", {})))
        self.workloads.update(dict.fromkeys(record.get("workloads", {})))
        self.stages.update(dict.fromkeys(record["stages"]))
        for row in instance_rows(record):
            for name, value in row.items():
                self.instance_columns[name] = _wider(self.instance_columns.get(name), value)


def index_of(folder: Path, wanted: set[str]) -> Index:
    """One pass over a run's store, looking at wanted scenarios."""
    index = Index(store_path(folder))
    start = 0
    with index.path.open("rb") as lines:
        for text in lines:
            record = parsed(text)
            if record is not None and record["scenario"] in wanted:
                index.note(record, start)
            start += len(text)
    return index


def write_tables(batch: Batch, ids: list[str], folder: Path) -> None:
    """Write scenarios and instances as Parquet and CSV; raises `InputError` where the disk does not take them."""
    index = index_of(folder, set(ids))
    columns = scenario_columns(batch, index)
    try:
        with index.path.open("rb") as store:
            rows = (
                scenario_row(batch, scenario, _record(store, index, identity), columns)
                for scenario, identity in zip(batch.scenarios, ids, strict=True)
                if identity in index.start
            )
            _write(folder, "scenarios", columns, rows, batch.name)
            distinct = [identity for identity in dict.fromkeys(ids) if identity in index.start]
            parts = (row for identity in distinct for row in instance_rows(_record(store, index, identity)))
            _write(folder, "instances", {"scenario": "text", **instance_columns(index)}, parts, batch.name)
    except OSError as error:
        raise InputError(
            [
                f"{folder}: tables cannot be written: {error.strerror or error}; every finished scenario is whole in "
                "the store. Make room and run the same command again"
            ]
        ) from None


def instance_columns(index: Index) -> dict[str, ColumnType]:
    """Columns of the instances table; the plan's own also where no scenario has a plan."""
    if index.instance_columns:
        return index.instance_columns
    return {
        name: "number" if name in _NUMBERS else "text"
        for name in (*INSTANCE_COLUMNS, "gpus")
        if name != "time_shares"
    }


def scenario_columns(batch: Batch, index: Index) -> dict[str, ColumnType]:
    """All columns of the scenarios table, in order, with what they hold."""
    inputs: dict[str, ColumnType] = {}
    for scenario in batch.scenarios:
        for name, value in _all_inputs(batch, scenario).items():
            inputs[name] = _wider(inputs.get(name), value)
    figures: dict[str, ColumnType] = {
        f"{figure}.{workload}": "number" for figure in WORKLOAD_FIGURES for workload in index.workloads
    }
    gpus: dict[str, ColumnType] = {f"gpus.{name}": "whole" for name in index.accelerators}
    seconds: dict[str, ColumnType] = {f"seconds.{stage}": "number" for stage in index.stages}
    return {**_BEFORE, **inputs, **_STATUS, **gpus, **figures, "seconds": "number", **seconds}


def scenario_row(batch: Batch, scenario: Scenario, record: Record, columns: dict[str, ColumnType]) -> Row:
    """One row of the scenarios table; columns that it lacks stay empty."""
    row: Row = {
        "number": scenario.number,
        "scenario": record["scenario"],
        "name": scenario.name,
        "source": scenario.source,
        **_all_inputs(batch, scenario),
        **{name: record.get(name) for name in _STATUS},
        "seconds": record["seconds"],
        **{f"seconds.{stage}": spent for stage, spent in record["stages"].items()},
    }
    if record["solution"] != "none":
        row |= {name: 0 for name in columns if name.startswith("gpus.")}
        row |= {f"gpus.{name}": count for name, count in record["gpus"].items()}
        row |= {f"{f}.{w}": v for w, figures in record["workloads"].items() for f, v in figures.items()}
    return {name: _as(column, row.get(name)) for name, column in columns.items()}


def instance_rows(record: Record) -> Iterator[Row]:
    """Rows of the instances table of one scenario."""
    for entry in record["instances"]:
        row: Row = {"scenario": record["scenario"]}
        for name, value in entry.items():
            if name == "time_shares":
                row |= {f"time_share.{part}": share for part, share in value.items()}
            elif name == "engine":
                row[name] = in_words(value)
            else:
                row[name] = value
            if name == "gpus_per_instance":
                row["gpus"] = (entry["instances"] + entry.get("spares", 0)) * value
        yield row


def _inputs(batch: Batch, scenario: Scenario) -> Row:
    """What a scenario sets, by column."""
    row: Row = {}
    for change in scenario.changes:
        single = change.factor and len(change.path.places) == 1
        row[change.column] = times(batch.base, change, change.path.places[0]) if single else change.value
    return row


def _all_inputs(batch: Batch, scenario: Scenario) -> Row:
    """Every input column: what the scenario sets, elsewhere what the base config has."""
    own = _inputs(batch, scenario)
    row: Row = {}
    for column, path in batch.paths.items():
        if column in own:
            row[column] = own[column]
        else:
            present = [batch.base.present(place) for place in path.places]
            same = all(value == present[0] for value in present)
            row[column] = 1.0 if column.startswith("times.") else present[0] if same else None
    return row


def _record(store: IO[bytes], index: Index, identity: str) -> Record:
    store.seek(index.start[identity])
    record = parsed(store.readline())
    if record is None:
        raise OSError(None, f"{index.path} changed while it was read")
    return record


def _write(folder: Path, name: str, columns: dict[str, ColumnType], rows: Iterable[Row], batch: str) -> None:
    """Both files of one table, renamed into place when whole."""
    metadata = {"fleetplan": json.dumps({"name": batch, "table": name})}
    schema = pa.schema([(column, _TYPES[kind]) for column, kind in columns.items()], metadata=metadata)
    parquet, text = folder / f"{name}.parquet", folder / f"{name}.csv"
    part, text_part = folder / f".{name}.parquet.part", folder / f".{name}.csv.part"
    source = iter(rows)
    with pq.ParquetWriter(part, schema) as binary, text_part.open("w", encoding="utf-8", newline="") as plain:
        plain.write(header(columns))
        while block := list(islice(source, ROWS_AT_ONCE)):
            binary.write_table(pa.Table.from_pylist(block, schema=schema))
            plain.writelines(line(row.get(column) for column in columns) for row in block)
    write_checksum(parquet, part)
    part.replace(parquet)
    text_part.replace(text)


def _wider(known: ColumnType | None, value: Any) -> ColumnType:
    """What holds both what a column held so far and this value."""
    if value is None:
        return known or "number"
    found: ColumnType = (
        "truth"
        if isinstance(value, bool)
        else "whole"
        if isinstance(value, int)
        else "number"
        if isinstance(value, float)
        else "text"
    )
    if known is None or known == found:
        return found
    return "number" if {known, found} == {"whole", "number"} else "text"


def _as(column: ColumnType, value: Any) -> Any:
    """A value in the type of its column."""
    if value is None:
        return None
    if column == "text":
        return value if isinstance(value, str) else shown(value)
    return float(value) if column == "number" else value
