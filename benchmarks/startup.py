"""How long the program takes to say anything, and to show a plan, beside a bare Python and bare imports, in one run.

    python benchmarks/startup.py [--runs 15] [--plan-runs 5]

Prints medians in milliseconds and the ratios; the commands take turns, so that a slow moment of the machine hits all.
The plan is that of a CSV file of 500 rows, made against a served sandbox portal, from the start of the process to its
end: without a terminal nobody can say yes, so nothing is sent.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

PROGRAM = str(Path(sys.executable).with_name("import-tickets"))
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "--version": [PROGRAM, "--version"],
    "--help": [PROGRAM, "--help"],
}
LARGE_COMMANDS = {
    "import pandas, pandera": [sys.executable, "-c", "import pandas, pandera.pandas"],
    "the plan of 500 rows": [PROGRAM, "tickets-500-clean.csv"],
}
NOT_CONFIRMED = 2
PLAN_ROWS = 500


def collect(runs: int, plan_runs: int) -> dict[str, list[float]]:
    """Run the commands in turns; return milliseconds by command."""
    import workload
    from whole_job import Portal

    times: dict[str, list[float]] = {name: [] for name in (*COMMANDS, *LARGE_COMMANDS)}
    with tempfile.TemporaryDirectory() as name, Portal(PLAN_ROWS, rate=0, latency_ms=0) as portal:
        workload.make(Path(name), PLAN_ROWS, faulty=0, xlsx=False)
        environment = {**os.environ, **portal.environment, "IMPORT_TICKETS_HOME": f"{name}/home"}
        for turn in range(runs + 1):  # the first turn warms the caches
            for told, command in {**COMMANDS, **(LARGE_COMMANDS if turn <= plan_runs else {})}.items():
                began = time.perf_counter()
                done = subprocess.run(command, check=False, capture_output=True, cwd=name, env=environment)
                if done.returncode != (NOT_CONFIRMED if told == "the plan of 500 rows" else 0):
                    raise RuntimeError(f"{told}: {done.stderr.decode()}")
                if turn:
                    times[told].append((time.perf_counter() - began) * 1000)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--plan-runs", type=int, default=5)
    given = parser.parse_args()
    times = collect(given.runs, given.plan_runs)
    bare = statistics.median(times["python -c pass"])
    print(f"{'command':<24} {'median ms':>10} {'min':>7} {'max':>7} {'of bare Python':>15}")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:<24} {median:>10.1f} {min(taken):>7.1f} {max(taken):>7.1f} {median / bare:>14.1f}x")


if __name__ == "__main__":
    main()
