"""Kill the whole program at every commit of its journal, and at many random instants; resume it each time.

    python benchmarks/soak.py [--instants 200] [--seed 1] [--faults 0.1]

One sandbox serves all trials; in the random ones a part of its answers is faulty. Prints what was tried and every
disagreement between the portal, the summary and the file; exits 1 where there is one.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "sender")]

from mortality import Trial  # noqa: E402 - after the path was made
from sandbox_server import SandboxServer  # noqa: E402


def at_commits(server: SandboxServer) -> list[str]:
    """Kill before and after each commit in turn."""
    with tempfile.TemporaryDirectory() as folder:
        commits = Trial(server, Path(folder), "undisturbed").count_commits()
    wrong = []
    for kill_at in range(1, commits + 1):
        for before in (True, False):
            server.reset()
            with tempfile.TemporaryDirectory() as folder:
                trial = Trial(server, Path(folder), f"commit {kill_at} {before}")
                trial.run(*trial.main_job, kill_at=kill_at, before=before)
                wrong += [f"commit {kill_at}, {'before' if before else 'after'}: {one}" for one in trial.finish()]
    print(f"{2 * commits} trials at the {commits} commits of a run: {len(wrong)} disagreements", flush=True)
    return wrong


def at_instants(server: SandboxServer, count: int, rng: random.Random, faults: float) -> list[str]:
    """Kill at random moments; where it died twice, resume twice."""
    wrong = []
    for number in range(count):
        server.reset()
        server.limits(latency_ms=rng.choice([0, 100, 300]))
        server.fault("mixed", path="batch/", times=None, probability=faults, seed=number)
        moment = rng.uniform(0.3, 4.0)
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(server, Path(folder), f"instant {number}")
            trial.die_after(moment)
            server.calm()
            wrong += [f"instant {number}, {moment:.3f} s: {one}" for one in trial.finish()]
    print(f"{count} trials at random instants: {len(wrong)} disagreements", flush=True)
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--instants", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=0.1)
    options = parser.parse_args()
    began = time.monotonic()
    print(f"Soak of {datetime.now(UTC):%Y-%m-%d}, seed {options.seed}", flush=True)
    with SandboxServer() as server:
        wrong = at_commits(server)
        wrong += at_instants(server, options.instants, random.Random(options.seed), options.faults)
    print(f"{(time.monotonic() - began) / 60:.0f} minutes")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
