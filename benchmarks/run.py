"""Every comparison in one run: `make bench` and `make bench-quick`.

    python benchmarks/run.py [--quick] [--only reading,send] [--docs docs/performance.md]

Makes its own workloads from a seed, prints the tables, and writes what was measured as JSON into build/bench. With
`--docs` the tables are put between the markers of that page. What was measured before and is left out now is taken
from the JSON of the last run, with the day it was measured.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path[:0] = [
    str(Path(__file__).parent),
    str(Path(__file__).parent.parent),
    str(Path(__file__).parent.parent / "tests"),
]

from measuring import PEERS_PYTHON, ROOT, Figures, say, seconds, spread, summarize, table  # noqa: E402

WHOLE_WINDOW_S = 10
"""Below one window the limit needs no time of its own."""
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
OURS_PACKAGES = (
    "pandas",
    "numpy",
    "pandera",
    "python-calamine",
    "openpyxl",
    "httpx",
    "orjson",
    "hubspot-api-client",
    "isal",
)
PEERS_PACKAGES = ("frictionless", "great-expectations", "django", "django-import-export", "pandas")


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    startup: int
    plans: int
    rows: int
    turns: int
    large_csv: int
    sends: Sequence[tuple[str, int, float, dict[str, int]]]
    """(name, requests in 10 s, milliseconds an answer, rows by contender)."""
    workbooks: Sequence[tuple[int, bool]]
    """(rows, whether openpyxl takes part)."""
    written_csv: int
    jobs: Sequence[int]
    together: int


FULL = Size(
    startup=15,
    plans=5,
    rows=100_000,
    turns=3,
    large_csv=1_000_000,
    sends=(
        (
            "190 requests in 10 s, 300 ms an answer",
            190,
            300,
            {"ours": 100_000, "sdk": 10_000, "sdk-16-threads": 10_000},
        ),
        ("no limit, 300 ms an answer", 0, 300, {"ours": 100_000, "sdk": 5_000, "sdk-16-threads": 10_000}),
        ("no limit, no wait", 0, 0, {"ours": 100_000}),
        ("one window: 190 requests in 10 s, 300 ms", 190, 300, {"ours": 19_000}),
        ("190 requests in 10 s, 1 s an answer", 190, 1_000, {"ours": 60_000}),
        ("190 requests in 10 s, 2 s an answer", 190, 2_000, {"ours": 60_000}),
    ),
    workbooks=((10_000, True), (100_000, True), (500_000, False)),
    written_csv=1_000_000,
    jobs=(1_000, 10_000, 100_000, 1_000_000),
    together=100_000,
)
QUICK = Size(
    startup=5,
    plans=2,
    rows=5_000,
    turns=1,
    large_csv=0,
    sends=(("no limit, 300 ms an answer", 0, 300, {"ours": 10_000, "sdk": 1_000, "sdk-16-threads": 1_000}),),
    workbooks=((10_000, True),),
    written_csv=100_000,
    jobs=(1_000, 10_000),
    together=0,
)

# --- what is measured ------------------------------------------------------------------------------------------------


def measure_startup(size: Size, _: Path) -> dict[str, Any]:
    import startup

    return {
        name: {"ms": statistics.median(taken), "low_ms": min(taken), "high_ms": max(taken), "runs": len(taken)}
        for name, taken in startup.collect(size.startup, size.plans).items()
    }


def measure_reading(size: Size, folder: Path) -> dict[str, Any]:
    import limits
    import reading

    peers = PEERS_PYTHON.exists()
    found: dict[str, Any] = {f"{size.rows:,} rows": reading.measure(folder, size.rows, turns=size.turns, peers=peers)}
    if size.large_csv:
        found[f"{size.large_csv:,} rows"] = reading.measure_large(folder, size.large_csv, turns=size.turns)
    stem = folder / f"tickets-{size.rows}"
    return {"cases": found, "limits": limits.measure(stem.with_suffix(".xlsx"), stem.with_suffix(".csv"))}


def measure_send(size: Size, _: Path) -> dict[str, Any]:
    import send

    from tests.sandbox_server import SandboxServer

    measured: dict[str, Any] = {}
    for name, rate, latency_ms, contenders in size.sends:
        tickets = max(contenders.values()) + 1_000
        with SandboxServer(tickets=tickets, rate=rate, latency_ms=latency_ms, options=send.PORTAL) as server:
            for contender, rows in contenders.items():
                say(f"  {name}: {contender}, {rows:,} rows")
                found = send.measure(server, contender, rows, limited=rate > 0)
                requests = -(-int(found["asked"]) // 100)
                floor = (requests - 1) // rate * 10 + latency_ms / 1000 if rate else None
                measured.setdefault(name, {})[contender] = {**found, "floor_s": floor}
    return measured


def measure_writing(size: Size, folder: Path) -> dict[str, Any]:
    import writeback

    def medians(cases: Sequence[str], path: Path, rows: int) -> dict[str, Figures]:
        say(f"  {path.name}")
        seen = writeback.collect(cases, path, rows, size.turns)
        titles = ("seconds", "cpu_s", "peak_mb")
        runs = {name: [dict(zip(titles, run, strict=True)) for run in some] for name, some in seen.items()}
        return {name: summarize(some) for name, some in runs.items() if some}

    found: dict[str, Any] = {}
    for rows, with_openpyxl in size.workbooks:
        path = folder / f"write-{rows}.xlsx"
        writeback.make_workbook(path, rows)
        cases = [name for name in writeback.CASES if "patch" in name or ("openpyxl" in name and with_openpyxl)]
        found[f"XLSX, {rows:,} rows"] = medians(cases, path, rows)
    path = folder / "write.csv"
    writeback.make_csv(path, size.written_csv)
    cases = ["two fields more", "pandas read, add, write"]
    found[f"CSV, {size.written_csv:,} rows"] = medians(cases, path, size.written_csv)
    return found


def measure_jobs(size: Size, _: Path) -> dict[str, Any]:
    import whole_job

    found: dict[str, Any] = {}
    for rows in size.jobs:
        say(f"  {rows:,} rows")
        found[str(rows)] = whole_job.measure(rows)[0]
    return found


def measure_together(size: Size, _: Path) -> dict[str, Any]:
    import whole_job

    if not size.together:
        return {}
    limited = {"rate": 190, "latency_ms": 300}
    rows = size.together
    began = time.perf_counter()
    both = whole_job.measure(rows, together=2, **limited)
    return {"rows": rows, "each": both, "with_starting_s": time.perf_counter() - began, **limited}


PARTS: dict[str, Callable[[Size, Path], dict[str, Any]]] = {
    "startup": measure_startup,
    "reading": measure_reading,
    "send": measure_send,
    "writing": measure_writing,
    "jobs": measure_jobs,
    "together": measure_together,
}

# --- how it is told --------------------------------------------------------------------------------------------------


def tell_startup(found: dict[str, Any]) -> str:
    bare = found["python -c pass"]["ms"]
    heavy = found["import pandas, pandera"]["ms"]
    lines = [
        [
            name,
            f"{one['ms']:.0f}",
            f"{one['low_ms']:.0f} to {one['high_ms']:.0f}",
            f"{one['ms'] / bare:.1f}x",
            f"{one['ms'] / heavy:.2f}x",
        ]
        for name, one in found.items()
    ]
    titles = ("start-up", "median ms", "spread", "beside bare Python", "beside the imports")
    return table(titles, lines)


def tell_reading(found: dict[str, Any]) -> str:
    import reading

    parts = [
        f"{name}, 1 % of them with a faulty cell:\n\n" + table(reading.TITLES, reading.lines(cases))
        for name, cases in found["cases"].items()
    ]
    parts.append(
        "No program can be faster than this on the same files:\n\n"
        + table(("limit", "seconds"), [[name, seconds(taken)] for name, taken in found["limits"].items()])
    )
    return "\n\n".join(parts)


def tell_send(found: dict[str, Any]) -> str:
    lines = []
    for name, contenders in found.items():
        for contender, one in contenders.items():
            each = one["seconds"] / one["rows"]
            lines.append(
                [
                    f"{name}: {contender}",
                    f"{one['rows']:,.0f}",
                    seconds(one["seconds"]),
                    f"{1 / each:,.0f}",
                    f"{one['seconds'] / one['floor_s']:.3f}x" if (one["floor_s"] or 0) >= WHOLE_WINDOW_S else "",
                    f"{one['cpu_s'] / one['rows'] * 1e5:.1f}",
                    f"{one['peak_mb']:.0f}",
                    str(one["refused"]),
                    str(one["busiest_window"]),
                    f"{one['journal_s'] / one['seconds']:.1%}" if "journal_s" in one else "",
                ]
            )
    titles = (
        "send",
        "rows",
        "seconds",
        "rows/s",
        "beside the limit",
        "CPU s a 100k",
        "peak MB",
        "429s",
        "busiest 10 s",
        "journal",
    )
    return table(titles, lines)


def tell_writing(found: dict[str, Any]) -> str:
    lines = []
    for name, cases in found.items():
        last = list(cases.values())[-1]
        slowest = last if any("openpyxl" in case or "pandas" in case for case in cases) else None
        for case, one in cases.items():
            ratio = f"{slowest['seconds'] / one['seconds']:.1f}x" if slowest else ""
            lines.append(
                [
                    f"{name}: {case}",
                    seconds(one["seconds"]),
                    spread(one),
                    seconds(one["cpu_s"]),
                    f"{one['peak_mb']:.0f}",
                    ratio,
                ]
            )
    return table(("write back", "seconds", "spread", "CPU s", "peak MB", "times as fast"), lines)


def tell_jobs(found: dict[str, Any]) -> str:
    import whole_job

    return table(whole_job.TITLES, [line for rows, one in found.items() for line in whole_job.lines(int(rows), one)])


def tell_together(found: dict[str, Any]) -> str:
    if not found:
        return ""
    lines = [
        [
            f"run {number} of {len(found['each'])}",
            f"{one['updated']:,}",
            seconds(one["seconds"]),
            seconds(one["cpu_s"]),
            f"{_requests_in_10_s(one):.0f}",
            f"{one['peak_mb']:.0f}",
            str(one["requests"]["rate_limited"]),
        ]
        for number, one in enumerate(found["each"], 1)
        if "failed" not in one
    ]
    titles = (
        "two portals at once, each 190 requests in 10 s, 300 ms",
        "rows",
        "seconds",
        "CPU s",
        "requests in 10 s",
        "peak MB",
        "429s",
    )
    return table(titles, lines)


def _requests_in_10_s(job: Figures) -> float:
    """Return how much of the portal's window a job used, on an average, while it read and sent."""
    busy_s = sum(job["stages"][name]["seconds"] for name in ("plan", "send"))
    return (job["requests"]["read"] + job["requests"]["update"]) / busy_s * 10


TELL: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "startup": ("Start-up", tell_startup),
    "reading": ("Reading and validating", tell_reading),
    "send": ("Sending", tell_send),
    "writing": ("Writing back", tell_writing),
    "jobs": ("The whole job, stage by stage", tell_jobs),
    "together": ("Several portals", tell_together),
}


# --- what is reckoned ------------------------------------------------------------------------------------------------

RECKONED_ROWS = 10_000_000
ACCOUNTS = (
    ("Professional", 190, 625_000),
    ("with the API limit increase", 250, 1_625_000),
)
"""Requests in 10 s, and calls a day. Source: HubSpot API usage guidelines."""


def reckon(jobs: dict[str, Any]) -> str:
    """Return what ten million rows take of the portal and of this machine, from the largest job that was measured."""
    rows, job = max(((int(rows), one) for rows, one in jobs.items() if "failed" not in one), key=lambda pair: pair[0])
    calls = RECKONED_ROWS // 100
    lines = []
    for told, reads in (("current values read first, and again before they are changed", 2), ("`--no-diff`", 0)):
        requests = calls * (1 + reads)
        for account, rate, daily in ACCOUNTS:
            hours = requests / rate * 10 / 3600
            days = -(-requests // int(daily * 0.95))  # 5 % of the day's calls are left to others
            lines.append([f"{account}, {told}", f"{rate * 10:,}", f"{requests:,}", f"{hours:.1f}", str(days)])
    factor = RECKONED_ROWS / rows
    own = (
        f"This machine's own share, from {rows:,} rows measured: {job['cpu_s'] * factor / 60:.0f} minutes of one core, "
        f"{job['peak_mb']:.0f} MB of memory (it does not grow with the rows), a journal of "
        f"{job['journal_mb'] * factor / 1000:.1f} GB. A sheet holds 1,048,576 rows, so this is ten files or one CSV."
    )
    titles = ("10,000,000 rows", "rows/s at most", "calls", "hours at that rate", "days by the day's calls")
    return f"{table(titles, lines)}\n\n{own}"


# --- the run ---------------------------------------------------------------------------------------------------------


def describe_machine() -> str:
    """Return what a reader must know of the machine: no names."""
    gib = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30) if hasattr(os, "sysconf") else 0
    memory = f", {gib} GiB" if gib else ""
    return f"{os.cpu_count()} shared cores{memory}, {platform.system()}, Python {platform.python_version()}"


def describe_versions() -> dict[str, str]:
    """Return versions by package, of ours and of the peers' environment."""
    found = {"SQLite": sqlite3.sqlite_version}
    for name in OURS_PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    if PEERS_PYTHON.exists():
        asked = f"import importlib.metadata as m; print(*[m.version(n) for n in {PEERS_PACKAGES!r}])"
        told = subprocess.run(
            [str(PEERS_PYTHON), "-c", asked], capture_output=True, text=True, check=True
        ).stdout.split()
        found |= {name: text for name, text in zip(PEERS_PACKAGES, told, strict=True) if name not in found}
    return found


def render(results: dict[str, Any]) -> str:
    """Return everything that was measured as Markdown."""
    versions = ", ".join(f"{name} {text}" for name, text in results["versions"].items())
    parts = [f"{results['machine']}. Versions: {versions}."]
    days = {name: part["measured_at"][:16].replace("T", " ") for name, part in results["parts"].items()}
    import targets

    parts.append("### What the figures were to be\n\n" + targets.render(results["parts"]))
    for name, (title, tell) in TELL.items():
        if name in results["parts"] and (told := tell(results["parts"][name]["found"])):
            parts.append(f"### {title}\n\nMeasured {days[name]} UTC.\n\n{told}")
    if "jobs" in results["parts"]:
        parts.append(f"### Ten million rows, reckoned\n\n{reckon(results['parts']['jobs']['found'])}")
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, under two minutes")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, joined by commas; none: tell the last results")
    parser.add_argument("--docs", type=Path, help="a page whose part between the markers is made anew")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "bench")
    given = parser.parse_args()
    size = QUICK if given.quick else FULL
    target = given.output / ("quick.json" if given.quick else "full.json")
    results: dict[str, Any] = json.loads(target.read_text()) if target.exists() else {"parts": {}}
    results |= {"machine": describe_machine(), "versions": describe_versions()}
    given.output.mkdir(parents=True, exist_ok=True)
    for name in filter(None, given.only.split(",")):
        say(f"{name} ...")
        with tempfile.TemporaryDirectory() as folder:
            found = PARTS[name](size, Path(folder))
        results["parts"][name] = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "found": found}
        target.write_text(json.dumps(results, indent=1))
    told = render(results)
    print(told)
    if given.docs:
        page = given.docs.read_text(encoding="utf-8")
        head, _, rest = page.partition(BEGIN)
        given.docs.write_text(f"{head}{BEGIN}\n\n{told}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
