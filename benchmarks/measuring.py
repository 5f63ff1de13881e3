"""What the benchmarks share: a case in a process of its own, its clock and memory, medians and tables."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PEERS_PYTHON = ROOT / ".venv-bench" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
"""The interpreter of what others use, installed apart by `make bench`."""

Figures = dict[str, Any]
"""What one run of a case measured: seconds, cpu_s, peak_mb, and what else it has to tell."""


def peak_mb() -> float:
    """Return this process's peak memory since it began, or since `forget_peak`, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage also knows the peak of the process that this one was forked from
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def forget_peak() -> None:
    """Begin the peak anew at what is held now, where the system can."""
    reset = Path("/proc/self/clear_refs")
    if reset.exists():
        reset.write_text("5")


@contextmanager
def clock(figures: Figures):
    """Put the seconds, CPU seconds and peak memory of what is done inside into `figures`."""
    forget_peak()
    began, began_cpu = time.perf_counter(), time.process_time()
    yield
    figures |= {
        "seconds": time.perf_counter() - began,
        "cpu_s": time.process_time() - began_cpu,
        "peak_mb": peak_mb(),
    }


def run_case(
    script: str,
    order: Mapping[str, Any],
    *,
    python: str | Path = sys.executable,
    environment: Mapping[str, str] | None = None,
) -> Figures:
    """Run one case of a script in a process of its own: `order` goes in as JSON, figures come out as JSON."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **(environment or {})}
    command = [str(python), str(ROOT / "benchmarks" / script), "--case", json.dumps(order)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["?"])[-1]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def run_reader(job: Callable[[Path], set[tuple[int, int]] | None], order: Mapping[str, Any]) -> Figures:
    """Measure a job that reads a file and returns the faulty cells (row, position) it found, or None.

    It reads a small file of the same kind first, so that what is imported or compiled late is outside the clock.
    """
    file = Path(order["file"])
    job(Path(order["warm"]).with_suffix(file.suffix))
    figures: Figures = {}
    with clock(figures):
        found = job(file)
    if found is not None:
        planted = {tuple(one) for one in json.loads(Path(order["planted"]).read_text())}
        figures |= {"planted": len(planted), "found": len(planted & found), "wrong": len(found - planted)}
    return figures


def interleave(cases: Mapping[str, Callable[[], Figures]], turns: Mapping[str, int]) -> dict[str, list[Figures]]:
    """Run cases round-robin, each as often as `turns` says: a slow moment of the machine hits all of them."""
    seen: dict[str, list[Figures]] = {name: [] for name in cases}
    for turn in range(max(turns.values())):
        for name, run in cases.items():
            if turn < turns[name]:
                say(f"  {name} ({turn + 1} of {turns[name]})")
                seen[name].append(run())
    return seen


def summarize(runs: Sequence[Figures]) -> Figures:
    """Return the medians of figures, with the lowest and highest seconds; what is no number is taken from the last."""
    good = [one for one in runs if "failed" not in one]
    if not good:
        return {"failed": runs[-1]["failed"] if runs else "not run"}
    found: Figures = {}
    for name, value in good[-1].items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        found[name] = statistics.median(one[name] for one in good) if is_number else value
    if "seconds" in found:
        times = [one["seconds"] for one in good]
        found |= {"runs": len(good), "low_s": min(times), "high_s": max(times)}
    return found


def table(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose columns are as wide as their texts."""
    rows = [list(titles), *map(list, lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(titles))]

    def one(row: Sequence[str]) -> str:
        first, *others = (
            text.ljust(width) if n == 0 else text.rjust(width)
            for n, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        return "| " + " | ".join([first, *others]) + " |"

    rule = (
        "| "
        + " | ".join("-" * widths[0] if n == 0 else "-" * (width - 1) + ":" for n, width in enumerate(widths))
        + " |"
    )
    return "\n".join([one(rows[0]), rule, *map(one, rows[1:])])


def seconds(value: float) -> str:
    """Return seconds with as many digits as they bear."""
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def spread(found: Figures) -> str:
    """Return the lowest and highest seconds of the runs."""
    return f"{seconds(found['low_s'])} to {seconds(found['high_s'])}" if found["runs"] > 1 else "one run"


def say(text: str) -> None:
    """Tell on standard error how far the benchmark is."""
    print(text, file=sys.stderr, flush=True)
