"""The bounds of speed and memory that the project keeps, held against what was measured in the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from measuring import table

Parts = dict[str, Any]
Line = tuple[str, str, str, bool | None]
"""What, the figure aimed at, the figure measured, and whether it was met."""
_WHOLE_LIMIT_ROWS = 50_000
"""Fewer rows are sent in one or two windows of the limit, where its own time says little."""


def _most(what: str, most: float, value: float, unit: str = "x", form: str = ".2f") -> Line:
    return what, f"at most {most:g}{unit}", f"{value:{form}}{unit}", value <= most


def _least(what: str, least: float, value: float, unit: str = "x", form: str = ".1f") -> Line:
    return what, f"at least {least:g}{unit}", f"{value:{form}}{unit}", value >= least


def _startup(found: Any) -> Iterator[Line]:
    bare, imports = found["python -c pass"]["ms"], found["import pandas, pandera"]["ms"]
    yield _most("`--version`, beside `python -c pass`", 2, found["--version"]["ms"] / bare)
    yield _most("`--help`, beside `python -c pass`", 6, found["--help"]["ms"] / bare)
    plan = found["the plan of 500 rows"]["ms"] / imports
    yield _most("a plan of 500 rows, beside `import pandas, pandera`", 2, plan)


def _reading(found: Any) -> Iterator[Line]:
    for size, cases in found["cases"].items():
        times = {name: one["seconds"] for name, one in cases.items() if "seconds" in one}
        text, sheet = times["CSV: ours"], times.get("XLSX: ours")
        if sheet is not None:
            yield _most(f"XLSX, {size}: beside python-calamine alone", 3, sheet / times["XLSX: python-calamine alone"])
        for peer, least in (
            ("XLSX: frictionless", 5),
            ("CSV: great_expectations", 1.5),
            ("CSV: django-import-export, dry run", 100),
        ):
            ours = sheet if "XLSX" in peer else text
            if peer in times and ours is not None:
                yield _least(f"{peer}, {size}: we are faster by", least, times[peer] / ours)
        own = [one for name, one in cases.items() if name.endswith(": ours")]
        exact = all(one["found"] == one["planted"] and not one["wrong"] for one in own)
        yield f"planted cells found, {size}", "all, and none other", "all" if exact else "not all", exact


def _send(found: Any) -> Iterator[Line]:
    for name, contenders in found.items():
        ours, sdk = contenders["ours"], contenders.get("sdk")
        if ours["floor_s"] and ours["rows"] >= _WHOLE_LIMIT_ROWS:
            yield _most(f"send, {name}: beside the limit", 1.05, ours["seconds"] / ours["floor_s"], form=".3f")
            yield _most(f"send, {name}: 429s", 0, ours["refused"], "", ".0f")
        if sdk and ours["floor_s"]:
            cpu = ours["cpu_s"] / ours["rows"] / (sdk["cpu_s"] / sdk["rows"])
            yield _most(f"send, {name}: CPU a row, beside the SDK's", 0.25, cpu)


def _writing(found: Any) -> Iterator[Line]:
    for name, cases in found.items():
        slow = next((one for case, one in cases.items() if "openpyxl" in case or "pandas" in case), None)
        for case, least in (("patch, zlib", 18), ("patch, isal", 40), ("two fields more", 10)):
            if case in cases and slow:
                yield _least(f"write back, {name}: {case}, faster by", least, slow["seconds"] / cases[case]["seconds"])
        for case, most in (("patch, flush, check, rename", 80), ("two fields more", 40)):
            if case in cases:
                yield _most(f"write back, {name}: peak memory", most, cases[case]["peak_mb"], " MB", ".0f")


def _jobs(found: Any) -> Iterator[Line]:
    if {"100000", "1000000"} <= found.keys() and not any("failed" in one for one in found.values()):
        small, large = found["100000"], found["1000000"]
        yield _most("whole job, 1,000,000 rows: peak memory", 300, large["peak_mb"], " MB", ".0f")
        ratio = large["seconds"] / 1e6 / (small["seconds"] / 1e5)
        yield _most("whole job, 1,000,000 rows: time a row, beside 100,000", 1, ratio)


_TELLERS: dict[str, Callable[[Any], Iterator[Line]]] = {
    "startup": _startup,
    "reading": _reading,
    "send": _send,
    "writing": _writing,
    "jobs": _jobs,
}


def render(parts: Parts) -> str:
    """Return the table of figures aimed at and measured."""
    lines = [line for name, tell in _TELLERS.items() if name in parts for line in tell(parts[name]["found"])]
    words = {True: "met", False: "not met", None: ""}
    return table(("figure", "aimed at", "measured", ""), [[*line[:3], words[line[3]]] for line in lines])
