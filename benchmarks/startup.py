"""How long the program takes to say anything: `--version` and `--help` beside a bare Python, in one run.

    python benchmarks/startup.py [--runs 15]

Prints medians in milliseconds and the ratios; the commands take turns, so that a slow moment of the machine hits all.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

PROGRAM = str(Path(sys.executable).with_name("import-tickets"))
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "--version": [PROGRAM, "--version"],
    "--help": [PROGRAM, "--help"],
    "import pandas, pandera": [sys.executable, "-c", "import pandas, pandera.pandas"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(runs + 1):
        for name, command in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            if turn:  # the first turn warms the caches
                times[name].append((time.perf_counter() - began) * 1000)
    bare = statistics.median(times["python -c pass"])
    print(f"{'command':<24} {'median ms':>10} {'min':>7} {'max':>7} {'of bare Python':>15}")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:<24} {median:>10.1f} {min(taken):>7.1f} {max(taken):>7.1f} {median / bare:>14.1f}x")


if __name__ == "__main__":
    main()
