"""What no program can be faster than: unzipping and parsing the sheet, reading the bytes, and the portal's rate.

python benchmarks/limits.py FILE.xlsx FILE.csv
"""

from __future__ import annotations

import csv
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat

RATES = {"190 requests in 10 s": 1_900, "250 requests in 10 s (with the add-on)": 2_500}
"""Rows a second that a portal takes, of 100 rows a request. Source: HubSpot API usage guidelines."""


def best(job: Callable[[], object], *, turns: int = 3) -> float:
    """Return the seconds of the quickest of some turns: a limit is what a quiet machine can do."""
    times = []
    for _ in range(turns):
        began = time.perf_counter()
        job()
        times.append(time.perf_counter() - began)
    return min(times)


def measure(xlsx: Path, text: Path) -> dict[str, float]:
    """Return seconds of each step on these files."""
    with zipfile.ZipFile(xlsx) as package:
        name = "xl/worksheets/sheet1.xml"
        info = package.getinfo(name)
        sheet = package.read(name)
        with xlsx.open("rb") as file:
            file.seek(info.header_offset + 26)
            skip = sum(int.from_bytes(file.read(2), "little") for _ in range(2))
            file.seek(info.header_offset + 30 + skip)
            packed = file.read(info.compress_size)

    def count_fields() -> None:
        with text.open(newline="", encoding="utf-8") as file:
            for _ in csv.reader(file):
                pass

    return {
        f"sheet of {len(sheet) / 1e6:.0f} MB: unzip (zlib)": best(lambda: zlib.decompress(packed, -15)),
        f"sheet of {len(sheet) / 1e6:.0f} MB: parse, and do nothing (expat)": best(
            lambda: expat.ParserCreate().Parse(sheet, True)
        ),
        f"CSV of {text.stat().st_size / 1e6:.0f} MB: read the bytes": best(text.read_bytes),
        f"CSV of {text.stat().st_size / 1e6:.0f} MB: cut into fields (csv.reader)": best(count_fields),
    }


if __name__ == "__main__":
    for step, taken in measure(Path(sys.argv[1]), Path(sys.argv[2])).items():
        print(f"{step}: {taken:.3f} s")
