"""How fast, how exact, how small and how durable what-if batches of the quickstart are.

    python benchmarks/whatif_benchmark.py speed  [--count 1000]     scenarios per second, shares of time
    python benchmarks/whatif_benchmark.py equal  [--count 50]       a sample against separate solve calls
    python benchmarks/whatif_benchmark.py memory [--count 10000]    largest memory of every process, along the way
    python benchmarks/whatif_benchmark.py kills  [--count 300]      SIGKILL at ten random moments, resumed

The batch is a grid of H100 price × chat demand × chat pace. Prints one `name: value` per line; exit code 1 where a
promise is broken. Seconds depend on what else the machine does: the load is printed with them.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parent.parent
PRICE = "fleet.supply[h100-sxm].price_usd_per_hour"
DEMAND = "workloads.chat-70b.demand_tokens_per_s"
PACE = "workloads.chat-70b.min_pace_tokens_per_s"
MOST_SECONDS, MOST_BYTES = 60.0, 1e9
FLEETPLAN = (sys.executable, "-c", "from planner.cli import main; main()")


def grid(count: int) -> dict[str, Any]:
    """A scenario file of at least `count` grid points."""
    each = 1
    while each**3 < count:
        each += 1
    axes = {PACE: (15.0, 60.0), PRICE: (1.2, 3.5), DEMAND: (10_000.0, 80_000.0)}
    spans = {key: {"start": a, "stop": b, "count": max(2, each)} for key, (a, b) in axes.items()}
    return {"base": str(ROOT / "examples" / "quickstart.yaml"), "include_base": False, "grid": spans}


def speed(count: int, jobs: int | None, folder: Path) -> bool:
    """Wall time of a whole run, start of the processes and writing of the tables included."""
    from planner.batch.runner import run_batch
    from planner.batch.scenarios import read_batch
    from planner.batch.workers import Workers

    say("load before", f"{os.getloadavg()[0]:.2f}")
    since = time.perf_counter()
    batch = read_batch(grid(count), limit=count)
    summary = run_batch(batch, folder, Workers(jobs=jobs), show_progress=False)
    wall = time.perf_counter() - since
    say("load after", f"{os.getloadavg()[0]:.2f}")
    say("scenarios", summary.solved)
    say("seconds", f"{wall:.1f}")
    say("scenarios per second", f"{summary.solved / wall:.1f}")
    spent = _cpu_seconds()
    say("CPU seconds of all processes", f"{spent:.1f}")
    say("CPU seconds on each of two cores", f"{spent / 2:.1f}")
    say("endings", dict(summary.endings))
    say("seconds of checking before", f"{summary.check_s:.2f}")
    for stage, share in summary.shares().items():
        spent = summary.stages.get(stage, summary.write_s)
        say(f"share of {stage}", f"{share:.1%} ({1000 * spent / summary.solved:.1f} ms per scenario)")
    return summary.solved == count and (count < 1000 or wall <= MOST_SECONDS)


def _cpu_seconds() -> float:
    """User and system time of this process and its workers; unlike wall time it hardly depends on the machine's load."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def equal(count: int, jobs: int | None, folder: Path) -> bool:
    """A random sample solved in a batch and alone: objectives at gap 0, brackets at the quickstart's gap."""
    from planner.batch.runner import run_batch
    from planner.batch.scenario import places_of
    from planner.batch.scenarios import read_batch
    from planner.batch.workers import Workers
    from planner.solving import solve

    good = True
    for gap in (0.0, 1e-4):
        everything = read_batch(grid(1000))
        chosen = random.Random(2026).sample(everything.scenarios, count)
        named = [
            {"name": f"s{s.number}", "set": {c.path.text: c.value for c in s.changes} | {"solver.gap": gap}}
            for s in chosen
        ]
        batch = read_batch({"base": grid(1)["base"], "include_base": False, "scenarios": named})
        run_batch(batch, folder / f"gap{gap:g}", Workers(jobs=jobs), show_progress=False)
        table = pd.read_parquet(folder / f"gap{gap:g}" / "scenarios.parquet")
        worst, apart = 0.0, 0
        for scenario, row in zip(batch.scenarios, table.to_dict("records"), strict=True):
            alone = solve(batch.base.changed(places_of(batch.base, scenario)), compare=False, explain=False)
            if alone.status.solution != row["solution"]:
                apart += 1
            elif alone.found:
                assert alone.objective.value is not None and alone.objective.bound is not None
                worst = max(worst, abs(alone.objective.value - row["objective"]) / alone.objective.value)
                slack = 1e-9 * row["objective"]
                apart += (
                    row["bound"] > alone.objective.value + slack
                    or alone.objective.bound > row["objective"] + slack
                )
        say(f"largest relative difference of objectives at gap {gap:g}", f"{worst:.2e}")
        say(f"brackets that do not overlap at gap {gap:g}", f"{apart} of {count}")
        good = good and apart == 0 and (gap > 0 or worst <= 1e-6)
    return good


def memory(count: int, jobs: int | None, folder: Path) -> bool:
    """Resident memory of the run's processes together, ten times along the way."""
    (folder / "scenarios.yaml").write_text(yaml.safe_dump(grid(count)))
    process = _start(folder, jobs, count)
    peak, said = 0, 0
    while process.poll() is None:
        time.sleep(0.5)
        now = _resident(process.pid)
        peak = max(peak, now)
        done = _finished(folder / "run")
        if done >= (said + 1) * count / 10:
            said += 1
            say(f"GB at {done:,} scenarios", f"{now / 1e9:.3f}")
    say("largest GB", f"{peak / 1e9:.3f}")
    say("exit code", process.returncode)
    return process.returncode == 0 and peak < MOST_BYTES and _finished(folder / "run") == count


def kills(count: int, jobs: int | None, folder: Path, times: int = 10) -> bool:
    """SIGKILL to all processes at random moments; the tables equal an uninterrupted run's, nothing is solved twice."""
    (folder / "scenarios.yaml").write_text(yaml.safe_dump(grid(count)))
    chosen = random.Random(5)
    for kill in range(times):
        process = _start(folder, jobs, count)
        wanted = (kill + chosen.random()) * count / times
        while _finished(folder / "run") < wanted and process.poll() is None:
            time.sleep(0.005)
        time.sleep(chosen.random() * 0.3)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        say(f"finished at kill {kill + 1}", _finished(folder / "run"))
    if _start(folder, jobs, count).wait() != 0:
        return False
    lines = (folder / "run" / "scenarios.log").read_bytes().splitlines()
    identities = [line.split(b'"scenario": "')[1][:16] for line in lines]
    say("records", len(lines))
    say("solved twice", len(identities) - len(set(identities)))
    (folder / "run").rename(folder / "killed")
    if _start(folder, jobs, count).wait() != 0:
        return False
    same = _same(folder / "killed", folder / "run")
    say("equal to an uninterrupted run", same)
    return same and len(lines) == len(set(identities)) == count


def _same(one: Path, other: Path) -> bool:
    for name in ("scenarios", "instances"):
        frames = [pd.read_parquet(folder / f"{name}.parquet") for folder in (one, other)]
        kept = [f[sorted(c for c in map(str, f.columns) if not c.startswith("seconds"))] for f in frames]
        if not kept[0].equals(kept[1]):
            return False
    return True


def _start(folder: Path, jobs: int | None, count: int) -> subprocess.Popen[bytes]:
    wide = ["--jobs", str(jobs)] if jobs else []
    command = [*FLEETPLAN, "whatif", str(folder / "scenarios.yaml"), "--out", str(folder / "run"), *wide]
    return subprocess.Popen(
        [*command, "--limit", str(count)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _finished(run: Path) -> int:
    path = run / "scenarios.log"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _resident(session: int) -> int:
    """Bytes in memory of all processes of a session, pages that they share counted once each (PSS)."""
    total = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if int((entry / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                lines = (entry / "smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        except (OSError, ValueError):
            continue  # the process ended while it was read
    return total


def say(name: str, value: object) -> None:
    """One line of the report."""
    print(f"{name}: {value}", flush=True)


COMMANDS = {"speed": (speed, 1000), "equal": (equal, 50), "memory": (memory, 10_000), "kills": (kills, 300)}


def main(arguments: list[str] | None = None) -> int:
    """Run one benchmark; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=COMMANDS)
    parser.add_argument("--count", type=int)
    parser.add_argument("--jobs", type=int)
    asked = parser.parse_args(arguments)
    command, usual = COMMANDS[asked.what]
    folder = Path(tempfile.mkdtemp(prefix="whatif-benchmark-"))
    try:
        good = command(asked.count or usual, asked.jobs, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say("promise", "kept" if good else "BROKEN")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
