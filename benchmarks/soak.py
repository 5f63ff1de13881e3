"""Kill the whole program at every commit of its journal, and at many random instants; resume it each time.

    python benchmarks/soak.py [--instants 200] [--seed 1] [--faults 0.1] [--minutes 120] [--docs docs/soak.md]

Two trials go on at once, each with a sandbox of its own; in the random ones a part of its answers is faulty. Prints
what was tried and every disagreement between the portal, the summary and the file; exits 1 where there is one. --docs
keeps what was printed as a page.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue

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


Job = Callable[[SandboxServer], list[str]]
"""One trial against a portal of its own: what was wrong in the end."""


def die_at_commit(kill_at: int, *, before: bool) -> Job:
    """Return the trial of a program killed before, or after, one commit of its journal."""

    def job(server: SandboxServer) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(server, Path(folder), f"commit {kill_at} {before}")
            trial.run(*trial.main_job, kill_at=kill_at, trouble="before" if before else "after")
            return [f"commit {kill_at}, {'before' if before else 'after'}: {one}" for one in trial.finish()]

    return job


def die_at_instant(number: int, rng: random.Random, faults: float) -> Job:
    """Return the trial of a program killed at a random moment, while some answers are faulty."""
    latency_ms, moment = rng.choice([0, 100, 300]), rng.uniform(0.3, 4.0)

    def job(server: SandboxServer) -> list[str]:
        server.limits(latency_ms=latency_ms)
        server.fault("mixed", path="batch/", times=None, probability=faults, seed=number)
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(server, Path(folder), f"instant {number}")
            trial.die_after(moment)
            server.calm()
            return [f"instant {number}, {moment:.3f} s: {one}" for one in trial.finish()]

    return job


def try_all(jobs: Sequence[Job], servers: Queue[SandboxServer], ends_at: float) -> tuple[int, list[str]]:
    """Run trials, one a portal at a time, begin none after `ends_at`; return how many, and what was wrong."""

    def run(job: Job) -> list[str] | None:
        if time.monotonic() > ends_at:
            return None
        server = servers.get()
        try:
            return job(server.as_seeded())
        finally:
            servers.put(server)

    with ThreadPoolExecutor(servers.qsize()) as pool:
        ended = [one for one in pool.map(run, jobs) if one is not None]
    return len(ended), [line for one in ended for line in one]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--instants", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=0.1)
    parser.add_argument("--minutes", type=float, default=120, help="begin no trial after so long")
    parser.add_argument("--at-once", type=int, default=2, help="trials side by side, each with a portal of its own")
    parser.add_argument("--docs", type=Path)
    options = parser.parse_args()
    began, rng = time.monotonic(), random.Random(options.seed)
    ends_at = began + 60 * options.minutes
    result = Result()
    result.say(f"Soak of {datetime.now(UTC):%Y-%m-%d}, seed {options.seed}")
    with ExitStack() as stack:
        servers: Queue[SandboxServer] = Queue()
        for _ in range(options.at_once):
            servers.put(stack.enter_context(SandboxServer()))
        with tempfile.TemporaryDirectory() as folder:
            commits = Trial(servers.queue[0], Path(folder), "undisturbed").count_commits()
        places = [(kill_at, before) for kill_at in range(1, commits + 1) for before in (True, False)]
        tried, wrong = try_all([die_at_commit(at, before=before) for at, before in places], servers, ends_at)
        result.add(f"{tried} trials at the {commits} commits of a run", wrong)
        jobs = [die_at_instant(number, rng, options.faults) for number in range(options.instants)]
        tried, wrong = try_all(jobs, servers, ends_at)
        result.add(f"{tried} trials at random instants, {options.faults:.0%} of the answers faulty", wrong)
    result.say(f"{(time.monotonic() - began) / 60:.0f} minutes")
    if options.docs:
        options.docs.write_text(PAGE.format(said="\n".join(result.lines)), "utf-8")
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
