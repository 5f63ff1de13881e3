"""The whole job, stage by stage: time, CPU and peak memory from a file to the file with its results.

    python benchmarks/whole_job.py [--rows 1000 10000 100000] [--latency-ms 0] [--rate 0] [--together 2] [--profile]

A sandbox portal is served in a process of its own, without a limit unless one is named; the job runs in another one.
Every row changes, in ten or so cells. The question is answered with yes, so that each batch is compared with the portal
again before it leaves: with `--yes` that would depend on whether the plan is older than a minute, and so on the size.
`--together N` runs N jobs at once, each against a portal of its own.
`--profile` prints where each stage's time goes.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import io
import json
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import workload  # noqa: E402
from measuring import ROOT, Figures, clock, forget_peak, peak_mb, run_case, say, seconds, table  # noqa: E402

STAGES = ("read and validate", "plan", "show the plan", "send", "write back")

# --- the job, in a process of its own --------------------------------------------------------------------------------


class Stages:
    """The clocks of a job's stages: functions of the program are wrapped, and nothing of them changed."""

    def __init__(self, *, profile: bool) -> None:
        self.figures: dict[str, Figures] = {}
        self.peak_mb = 0.0
        self.profiles: dict[str, str] = {}
        self._profile = profile

    def _begin(self) -> cProfile.Profile | None:
        self.peak_mb = max(self.peak_mb, peak_mb())
        profiler = cProfile.Profile() if self._profile else None
        if profiler:
            profiler.enable()
        return profiler

    def _end(self, name: str, profiler: cProfile.Profile | None) -> None:
        self.peak_mb = max(self.peak_mb, self.figures[name]["peak_mb"])
        if profiler:
            profiler.disable()
            told = io.StringIO()
            pstats.Stats(profiler, stream=told).sort_stats("tottime").print_stats(18)
            lines = told.getvalue().splitlines()
            self.profiles[name] = "\n".join(line.replace(f"{ROOT}{os.sep}", "") for line in lines if line.strip())

    def wrap(self, owner: Any, function: str, name: str) -> None:
        """Measure a function of a module under a stage's name."""
        inner: Callable[..., Any] = getattr(owner, function)
        figures = self.figures.setdefault(name, {})

        def plain(*given: Any, **more: Any) -> Any:
            profiler = self._begin()
            with clock(figures):
                result = inner(*given, **more)
            self._end(name, profiler)
            return result

        async def waiting(*given: Any, **more: Any) -> Any:
            profiler = self._begin()
            with clock(figures):
                result = await inner(*given, **more)
            self._end(name, profiler)
            return result

        setattr(owner, function, waiting if asyncio.iscoroutinefunction(inner) else plain)


def run_job(order: dict[str, Any]) -> Figures:
    """Run the program's command in this process, its stages measured."""
    import pandera.pandas  # noqa: F401 - imports are told apart

    import importer.sending.sender
    from importer.cli.main import main
    from importer.jobs import annotation, confirm
    from importer.jobs import main as main_job

    stages = Stages(profile=bool(order.get("profile")))
    stages.wrap(main_job, "validate", "read and validate")
    stages.wrap(main_job, "compare", "plan")
    stages.wrap(confirm, "plan_view", "show the plan")
    stages.wrap(importer.sending.sender, "send", "send")
    stages.wrap(annotation, "annotate_file", "write back")
    confirm.ask = lambda *_: None  # there is no terminal: all rows are confirmed
    forget_peak()
    began, began_cpu = time.perf_counter(), time.process_time()
    said = io.StringIO()
    keep, sys.stdout = sys.stdout, said
    try:
        code = main([order["file"], "--on-invalid", "skip", "--json", "--quiet"])
    finally:
        sys.stdout = keep
    whole = {"seconds": time.perf_counter() - began, "cpu_s": time.process_time() - began_cpu}
    summary = json.loads(said.getvalue())
    return {
        **whole,
        "peak_mb": max(stages.peak_mb, peak_mb()),
        "exit_code": code,
        "updated": summary["rows"]["updated"],
        "requests": summary["requests"],
        "journal_mb": sum(one.stat().st_size for one in Path(os.environ["IMPORT_TICKETS_HOME"]).rglob("*.sqlite3"))
        / 1e6,
        "stages": stages.figures,
        "profiles": stages.profiles,
    }


# --- the measurement -------------------------------------------------------------------------------------------------


class Portal:
    """A sandbox portal of plain tickets, served in a process of its own."""

    def __init__(self, tickets: int, *, rate: int, latency_ms: float) -> None:
        options = ["--tickets", str(tickets), "--rate", str(rate), "--daily", "0", "--latency-ms", str(latency_ms)]
        command = [sys.executable, "-m", "importer.sandbox", *options, "--no-history"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
        assert self._process.stdout is not None
        said = dict(self._process.stdout.readline().strip().split("=", 1) for _ in range(2))
        self.environment: dict[str, str] = said

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


def measure(
    rows: int, *, rate: int = 0, latency_ms: float = 0, profile: bool = False, together: int = 1
) -> list[Figures]:
    """Run the whole job on a fresh file of `rows` clean rows, `together` times at once; return each one's figures."""

    def one(number: int) -> Figures:
        with tempfile.TemporaryDirectory() as name, Portal(rows, rate=rate, latency_ms=latency_ms) as portal:
            folder = Path(name)
            files = workload.make(folder, rows, faulty=0, seed=512 + number, xlsx=False)
            order = {"file": str(files.csv), "profile": profile}
            more = {**portal.environment, "IMPORT_TICKETS_HOME": str(folder / "home")}
            return run_case("whole_job.py", order, environment=more)

    with ThreadPoolExecutor(together) as pool:
        return list(pool.map(one, range(together)))


TITLES = ("whole job, CSV", "stage", "seconds", "CPU s", "µs a row", "peak MB")


def lines(rows: int, found: Figures) -> list[list[str]]:
    """Return the lines of the table for one size."""
    if "failed" in found:
        return [[f"{rows:,} rows", f"failed: {found['failed']}", "", "", "", ""]]
    stages = {name: found["stages"].get(name, {}) for name in STAGES}
    rest = {key: found[key] - sum(one.get(key, 0) for one in stages.values()) for key in ("seconds", "cpu_s")}
    made = []
    for name, one in {**stages, "the rest": rest, "all": found}.items():
        if "seconds" in one:
            each = f"{one['seconds'] / rows * 1e6:.0f}"
            memory = f"{one['peak_mb']:.0f}" if "peak_mb" in one else ""
            made.append([f"{rows:,} rows", name, seconds(one["seconds"]), seconds(one["cpu_s"]), each, memory])
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--rate", type=int, default=0, help="requests in 10 s; 0 is no limit")
    parser.add_argument("--together", type=int, default=1)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        print(json.dumps(run_job(json.loads(given.case))))
        return
    made = []
    for rows in given.rows:
        say(f"  {rows:,} rows")
        for found in measure(
            rows, rate=given.rate, latency_ms=given.latency_ms, profile=given.profile, together=given.together
        ):
            made += lines(rows, found)
            for name, told in found.get("profiles", {}).items():
                print(f"\n{name}\n{told}")
    print(table(TITLES, made))


if __name__ == "__main__":
    main()
