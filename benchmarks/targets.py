"""The figures that the project set itself, held against what was measured in the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from measuring import table

Parts = dict[str, Any]
Line = tuple[str, str, str, bool | None]
"""What, the figure aimed at, the figure measured, and whether it was met."""


def _most(what: str, most: float, value: float, unit: str = "x", form: str = ".2f") -> Line:
    return what, f"at most {most:g}{unit}", f"{value:{form}}{unit}", value <= most


def _least(what: str, least: float, value: float, unit: str = "x", form: str = ".1f") -> Line:
    return what, f"at least {least:g}{unit}", f"{value:{form}}{unit}", value >= least


def _startup(found: Any) -> Iterator[Line]:
    bare = found["python -c pass"]["ms"]
    yield _most("`--version`, beside `python -c pass`", 2, found["--version"]["ms"] / bare)
    yield _most("`--help`, beside `python -c pass`", 6, found["--help"]["ms"] / bare)


def _reading(found: Any) -> Iterator[Line]:
    for size, cases in found["cases"].items():
        times = {name: one["seconds"] for name, one in cases.items() if "seconds" in one}
        text, sheet = times["CSV: ours"], times.get("XLSX: ours")
        chunks = times["CSV: pandas in chunks, alone"]
        if sheet is None:
            yield _most(f"CSV, {size}: beside pandas in chunks alone", 3, text / chunks)
            yield _most(f"CSV, {size}: peak memory", 400, cases["CSV: ours"]["peak_mb"], " MB", ".0f")
            continue
        yield _most(f"XLSX, {size}: beside python-calamine alone", 2, sheet / times["XLSX: python-calamine alone"])
        for peer, least in (
            ("XLSX: frictionless", 6),
            ("CSV: great_expectations", 4),
            ("CSV: django-import-export, dry run", 100),
        ):
            if peer in times:
                yield _least(
                    f"{peer}, {size}: we are faster by", least, times[peer] / (sheet if "XLSX" in peer else text)
                )
        ours = [one for name, one in cases.items() if name.endswith(": ours")]
        exact = all(one["found"] == one["planted"] and not one["wrong"] for one in ours)
        yield f"planted cells found, {size}", "all, and none other", "all" if exact else "not all", exact


def _send(found: Any) -> Iterator[Line]:
    for name, contenders in found.items():
        ours, sdk = contenders["ours"], contenders.get("sdk")
        if ours["floor_s"] and ours["rows"] >= 50_000:
            yield _most(f"send, {name}: beside the limit", 1.02, ours["seconds"] / ours["floor_s"], form=".3f")
            yield _most(f"send, {name}: 429s", 0, ours["refused"], "", ".0f")
        if name.startswith("one window"):
            yield _most("send, 19,000 rows (one window)", 2.5, ours["seconds"], " s")
        if name == "no limit, no wait":
            yield _least(f"send, {name}: rows a second", 10_000, ours["rows"] / ours["seconds"], "", ",.0f")
        if sdk:
            faster = ours["rows"] / ours["seconds"] / (sdk["rows"] / sdk["seconds"])
            yield _least(f"send, {name}: rows a second, beside the SDK in sequence", 6, faster)
            cpu = sdk["cpu_s"] / sdk["rows"] / (ours["cpu_s"] / ours["rows"])
            yield _least(f"send, {name}: CPU a row, the SDK's beside ours", 7, cpu)
            yield _most(f"send, {name}: the journal's share", 2, ours["journal_s"] / ours["seconds"] * 100, " %", ".1f")


def _writing(found: Any) -> Iterator[Line]:
    for name, cases in found.items():
        slow = next((one for case, one in cases.items() if "openpyxl" in case or "pandas" in case), None)
        for case, least in (("patch, zlib", 18), ("patch, isal", 40), ("two fields more", 10)):
            if case in cases and slow:
                yield _least(f"write back, {name}: {case}, faster by", least, slow["seconds"] / cases[case]["seconds"])
        for case, most in (("patch, flush, check, rename", 100 if "500,000" in name else 80), ("two fields more", 40)):
            if case in cases:
                yield _most(f"write back, {name}: peak memory", most, cases[case]["peak_mb"], " MB", ".0f")


def _jobs(found: Any) -> Iterator[Line]:
    if {"100000", "1000000"} <= found.keys() and not any("failed" in one for one in found.values()):
        small, large = found["100000"], found["1000000"]
        yield _most("whole job, 1,000,000 rows: peak memory", 500, large["peak_mb"], " MB", ".0f")
        for key, words in (("seconds", "time"), ("cpu_s", "CPU")):
            ratio = large[key] / 1e6 / (small[key] / 1e5)
            yield _most(f"whole job, 1,000,000 rows: {words} a row, beside 100,000", 1, ratio)


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
