"""Delete every check of the certificate in turn: a test must break each time.

python -m tests.mutation.run             # all of them, one process per core; exit code 1 where one survives
python -m tests.mutation.run --list
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.mutation.sites import ROOT, Site, sites

TESTS = ("tests/planner/certificate", "tests/planner/limits")
FAILED = 1
"""pytest's exit code where a test failed; anything else says nothing about the mutation."""


def run(site: Site | None) -> int:
    """pytest's exit code with one check passing whatever it finds."""
    mutated = {} if site is None else {"FLEETPLAN_MUTATE": site.name}
    command = [
        sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "tests.mutation.plugin", "-p", "no:cacheprovider",
        *TESTS,
    ]  # fmt: skip
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **mutated}, capture_output=True, check=False
    ).returncode


def main() -> int:
    """Run every mutation and name the survivors."""
    found = sites()
    if "--list" in sys.argv:
        for site in found:
            print(f"{site.name}  {site.text}")
        return 0
    if run(None) != 0:
        print("the tests of the certificate fail without any mutation; mend them first")
        return 1
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        codes = list(pool.map(run, found))
    survivors = [(site, code) for site, code in zip(found, codes, strict=True) if code != FAILED]
    for site, code in survivors:
        print(f"survived (pytest ended with {code}): {site.name}  {site.text}")
    print(f"{len(found)} checks deleted in turn, {len(found) - len(survivors)} broke a test")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
