"""Results: the two tables of a batch; what figures, the report, CSV, Parquet and `compare` start from.

**Scenarios**, one row per scenario, in the order of the scenario file. Columns, in this order:

  number                          position in the scenario file, from 1; unique
  scenario                        content hash of the whole scenario; two rows with the same hash have the same plan
  name                            `base`, the given name, or made of what was set; free text of the user
  source                          base | scenarios | grid | table | monte_carlo
  set.<key path>                  an input: the value in force (number, text, or true/false), also where this row does not
                                  change it; empty where the config leaves it to its default
  times.<key path>                an input: factor on every value that a path with [*] names; 1 where not changed
  termination                     optimal | gap_reached | time_limit | infeasible | unbounded | error
  solution                        proven | feasible | none
  message                         why there is no plan; empty where there is one
  sense, unit                     of the question: minimise or maximise, and `$/h`, `GPUs`, ...
  objective, bound, gap           in that unit; gap is relative; empty where unknown
  usd_per_hour                    cost of the fleet; empty without a plan (never 0)
  gpus_total                      accelerators bought or used
  kinds                           different deployments in use
  gpus.<accelerator>              accelerators of that type, all sites together; 0 where the plan has none
  tokens_per_s.<workload>         served
  pace_tokens_per_s.<workload>    slowest that a user sees
  usd_per_hour.<workload>         its part of the cost
  usd_per_million_tokens.<workload>
  seconds                         wall time of this scenario; the next columns are its parts
  seconds.<stage>                 config, physics, options, build, solve, plan

**Instances**, one row per distinct scenario × deployment: `scenario` (the hash), then the columns of `Plan.instances`,
with `gpus` (instances and spares together), and its time shares as columns `time_share.<part>`.

A run's folder holds them as `scenarios.parquet`, `scenarios.csv`, `instances.parquet` and `instances.csv`, the Parquet
files with checksums (`sha256sum -c scenarios.parquet.sha256`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from planner.batch.checksum import verify
from planner.errors import InputError

NEEDED = {
    "scenarios": (
        "number",
        "scenario",
        "name",
        "source",
        "termination",
        "solution",
        "unit",
        "usd_per_hour",
        "gpus_total",
    ),
    "instances": ("scenario",),
}  # fmt: skip
"""Columns without which a file is no table of a run."""
INPUT_PREFIXES = ("set.", "times.")
"""Columns of the scenarios table that hold what was varied."""


@dataclass(frozen=True)
class BatchTables:
    """The tables of a batch (columns: see the module)."""

    scenarios: pd.DataFrame
    instances: pd.DataFrame
    name: str = "whatif"

    @property
    def inputs(self) -> list[str]:
        """Columns that hold inputs and differ between rows."""
        columns = [column for column in self.scenarios if str(column).startswith(INPUT_PREFIXES)]
        return [column for column in columns if self.scenarios[column].nunique(dropna=False) > 1]

    @property
    def accelerators(self) -> list[str]:
        """Accelerators that some plan may use, from the columns `gpus.<accelerator>`."""
        return [str(c).removeprefix("gpus.") for c in self.scenarios if str(c).startswith("gpus.")]

    @property
    def solved(self) -> pd.DataFrame:
        """Rows that hold a plan."""
        return self.scenarios[self.scenarios["solution"] != "none"]


def load_tables(folder: str | Path) -> BatchTables:
    """The tables of a run's folder; raises `InputError` where there are none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    frames = []
    name = "whatif"
    for table in ("scenarios", "instances"):
        path = Path(folder) / f"{table}.parquet"
        try:
            verify(path)
            read = pq.read_table(path, page_checksum_verification=True)
            written = json.loads((read.schema.metadata or {}).get(b"fleetplan", b"{}"))
            frames.append(read.replace_schema_metadata(None).to_pandas())
        except FileNotFoundError:
            raise InputError(
                [
                    f"{path}: no such file; give the folder of a finished run (`fleetplan whatif ... --out FOLDER`)"
                ]
            ) from None
        except InputError:
            raise
        except (OSError, ValueError, pa.ArrowException) as error:
            raise InputError([f"{path}: cannot be read: {error}; run the batch again, it resumes"]) from None
        missing = [column for column in NEEDED[table] if column not in frames[-1]]
        if missing:
            raise InputError([f"{path}: column {', '.join(missing)} is missing; run the batch again"])
        name = str(written.get("name", name)) if isinstance(written, dict) else name
    return BatchTables(frames[0], frames[1], name)
