"""A plan and its application beside the run that they stand for: time, CPU and peak memory.

    python benchmarks/plans.py [--rows 1000 100000] [--latency-ms 0] [--rate 0]

For each size and each kind of plan a sandbox portal is served in a process of its own, as for the whole job; the
commands run in others. Every row changes, in ten or so cells. The file is a CSV.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import workload  # noqa: E402
from measuring import Figures, clock, run_case, say, seconds, table  # noqa: E402
from whole_job import Portal  # noqa: E402

TITLES = ("plans", "command", "seconds", "CPU s", "time, beside the run", "CPU, beside the run", "peak MB", "file, MB")


def run_command(order: dict[str, Any]) -> Figures:
    """Run one command of the program in this process."""
    from importer.cli.main import main

    figures: Figures = {}
    keep, sys.stdout = sys.stdout, io.StringIO()
    try:
        with clock(figures):
            figures["exit_code"] = main([*order["arguments"], "--quiet", "--json"])
        figures["rows"] = json.loads(sys.stdout.getvalue())["rows"]
    finally:
        sys.stdout = keep
    return figures


def measure(rows: int, commands: list[list[str]], *, rate: int, latency_ms: float) -> list[Figures]:
    """Run commands one after the other against a portal of their own; `FILE` and `PLAN.x` stand for files."""
    with tempfile.TemporaryDirectory() as name, Portal(rows, rate=rate, latency_ms=latency_ms) as portal:
        folder = Path(name)
        file = workload.make(folder, rows, faulty=0, seed=512, xlsx=False).csv
        found = []
        for command in commands:
            typed = [str(file) if one == "FILE" else str(folder / one) if "PLAN" in one else one for one in command]
            more = {**portal.environment, "IMPORT_TICKETS_HOME": str(folder / "home")}
            one = run_case("plans.py", {"arguments": typed}, environment=more)
            plan = folder / command[-1]
            one["file_mb"] = plan.stat().st_size / 1e6 if plan.is_file() else None
            found.append(one)
        return found


def lines(rows: int, **how: Any) -> list[list[str]]:
    """Return the lines of the table for one size."""
    [run] = measure(rows, [["FILE", "--yes"]], **how)
    cases = {"run": run}
    for kind in ("jsonl", "xlsx"):
        plan = f"PLAN.{kind}"
        made, applied = measure(rows, [["plan", "FILE", "-o", plan], ["apply", "--yes", plan]], **how)
        cases |= {f"plan, {kind}": made, f"apply, {kind}": applied}
    told = []
    for name, one in cases.items():
        if "failed" in one or one["exit_code"]:
            told.append([f"{rows:,} rows", name, f"failed: {one.get('failed', one.get('rows'))}", "", "", "", "", ""])
            continue
        times = [f"{one[clocked] / run[clocked]:.2f}x" for clocked in ("seconds", "cpu_s")]
        size = f"{one['file_mb']:.1f}" if one["file_mb"] else ""
        plain = [seconds(one["seconds"]), seconds(one["cpu_s"]), *times, f"{one['peak_mb']:.0f}", size]
        told.append([f"{rows:,} rows", name, *plain])
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000, 100_000])
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--rate", type=int, default=0, help="requests in 10 s; 0 is no limit")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        print(json.dumps(run_command(json.loads(given.case))))
        return
    made = []
    for rows in given.rows:
        say(f"  {rows:,} rows")
        made += lines(rows, rate=given.rate, latency_ms=given.latency_ms)
    print(table(TITLES, made))


if __name__ == "__main__":
    main()
