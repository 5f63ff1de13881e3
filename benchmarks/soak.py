"""Kill the whole program at every commit of its journal, and at many random instants; resume it each time.

    python benchmarks/soak.py [--instants 200] [--seed 1] [--faults 0.1] [--minutes 120] [--docs docs/soak.md]

One sandbox serves all trials; in the random ones a part of its answers is faulty. Prints what was tried and every
disagreement between the portal, the summary and the file; exits 1 where there is one. --docs keeps what was printed
as a page.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "sender")]

from mortality import Trial  # noqa: E402 - after the path was made
from sandbox_server import SandboxServer  # noqa: E402

PAGE = """# Soak

What the last `make soak` printed. It runs the whole program on a file of some 230 rows against a served sandbox, kills
it (SIGKILL) before and after each commit of its journal in turn, and at random instants while a part of the portal's
answers is faulty; then it resumes the run, and compares the portal, the JSON summary and the annotated file row by row.
A sample of both is in the test suite.

```text
{said}
```
"""
"""The page of documentation."""


@dataclass
class Result:
    """What was tried, and what went wrong."""

    lines: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        """Print a line, and keep it."""
        self.lines.append(line)
        print(line, flush=True)

    def add(self, trials: str, wrong: list[str]) -> None:
        """Say how many disagreements so many trials brought, and which."""
        self.wrong += wrong
        for line in [f"{trials}: {len(wrong)} disagreements", *wrong]:
            self.say(line)


def at_commits(server: SandboxServer, result: Result) -> None:
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
    result.add(f"{2 * commits} trials at the {commits} commits of a run", wrong)


def at_instants(
    server: SandboxServer, count: int, rng: random.Random, faults: float, ends_at: float, result: Result
) -> None:
    """Kill at random moments, until `ends_at` on the monotonic clock; where it died twice, resume twice."""
    wrong, tried = [], 0
    for number in range(count):
        if time.monotonic() > ends_at:
            break
        tried += 1
        server.reset()
        server.limits(latency_ms=rng.choice([0, 100, 300]))
        server.fault("mixed", path="batch/", times=None, probability=faults, seed=number)
        moment = rng.uniform(0.3, 4.0)
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(server, Path(folder), f"instant {number}")
            trial.die_after(moment)
            server.calm()
            wrong += [f"instant {number}, {moment:.3f} s: {one}" for one in trial.finish()]
    result.add(f"{tried} trials at random instants, {faults:.0%} of the answers faulty", wrong)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--instants", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=0.1)
    parser.add_argument("--minutes", type=float, default=120, help="begin no trial after so long")
    parser.add_argument("--docs", type=Path)
    options = parser.parse_args()
    began, rng = time.monotonic(), random.Random(options.seed)
    result = Result()
    result.say(f"Soak of {datetime.now(UTC):%Y-%m-%d}, seed {options.seed}")
    with SandboxServer() as server:
        at_commits(server, result)
        at_instants(server, options.instants, rng, options.faults, began + 60 * options.minutes, result)
    result.say(f"{(time.monotonic() - began) / 60:.0f} minutes")
    if options.docs:
        options.docs.write_text(PAGE.format(said="\n".join(result.lines)), "utf-8")
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
