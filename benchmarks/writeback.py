"""Results into a spreadsheet: ours beside openpyxl's load-modify-save, and beside pandas' read-and-write for CSV.

    python benchmarks/writeback.py [--rows 10000 100000] [--csv-rows 1000000] [--repeat 3]

Each case runs in a process of its own, round-robin; medians are printed, with the highest peak of memory. Files have 12
typical columns; every row gets a status, one in twenty a message and a highlighted cell. Reading the notes is inside
everybody's clock, imports and the making of the files are not.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import hashlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

HEADERS = (
    "Ticket ID",
    "Name",
    "Status",
    "Priority",
    "Category",
    "Owner",
    "Due",
    "Closed",
    "Amount",
    "Flag",
    "Text",
    "Code",
)
TEXT = "The printer on the second floor has been making a noise since the last update"


def values(row):
    return [
        25_012_340_000 + row,
        f"Ticket {row}",
        ("New", "Waiting on us", "Closed")[row % 3],
        ("LOW", "MEDIUM", "HIGH", "")[row % 4],
        ("BILLING;PRODUCT", "PRODUCT", "")[row % 3],
        f"owner{row % 50}@example.com",
        dt.date(2026, 1, 1) + dt.timedelta(row % 300),
        dt.datetime(2026, 1, 1, 12, 30) + dt.timedelta(row % 300),  # noqa: DTZ001 - cells have no zone
        row * 1.25,
        row % 2 == 0,
        f"{TEXT}, {row}" if row % 3 else f"{TEXT} {row}",
        f"{row:010}",
    ]


def make_workbook(path, rows):
    import xlsxwriter

    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("Tickets")
    bold = book.add_format({"bold": True, "bg_color": "#DDEBF7"})
    date, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.write_row(0, 0, HEADERS, bold)
    for row in range(1, rows + 1):
        for column, value in enumerate(values(row)):
            style = moment if isinstance(value, dt.datetime) else date if isinstance(value, dt.date) else None
            sheet.write_datetime(row, column, value, style) if style else sheet.write(row, column, value)
    sheet.autofilter(0, 0, rows, len(HEADERS) - 1)
    sheet.freeze_panes(1, 0)
    sheet.data_validation(1, 3, rows, 3, {"validate": "list", "source": ["LOW", "MEDIUM", "HIGH"]})
    sheet.conditional_format(1, 8, rows, 8, {"type": "2_color_scale"})
    book.add_worksheet("Other")
    book.close()


def make_csv(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        writer.writerows(values(row) for row in range(1, rows + 1))


def notes(rows):
    said = 'D{} Priority: "Urgentt" isn\'t an option; did you mean "URGENT"?'
    for row in range(2, rows + 2):
        yield (row, "invalid", said.format(row), "") if row % 20 == 0 else (row, "updated", "", "")


def annotation(rows, sheet):
    from importer.writeback import Annotation

    faulty = [(row, 3) for row in range(20, rows + 2, 20)] if sheet else []
    return Annotation(sheet, 1, HEADERS, lambda: notes(rows), faulty)


def run_patch(codec):
    def run(path, rows, target):
        from importer.writeback import workbook

        with path.open("rb") as source, target.open("w+b") as out:
            yield
            workbook.annotate(source, out, annotation(rows, "Tickets"), codec=codec())

    return run


def run_whole(path, rows, target):
    """Patched, flushed to disk, read again, renamed."""
    from importer import writeback

    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    yield
    written = writeback.write_back(path, annotation(rows, "Tickets"), output=target, digest=digest)
    assert not written.beside


def run_openpyxl(path, rows, target):
    import openpyxl

    yield
    book = openpyxl.load_workbook(path)
    sheet = book["Tickets"]
    sheet.cell(1, 13, "Import status")
    sheet.cell(1, 14, "Import message")
    for row, status, text, _ in notes(rows):
        sheet.cell(row, 13, status)
        if text:
            sheet.cell(row, 14, text)
    book.save(target)


def run_delimited(path, rows, target):
    from importer.loader.delimited import open_delimited
    from importer.writeback import delimited

    dialect = open_delimited(path).dialect
    yield
    with path.open("rb") as source, target.open("wb") as out:
        delimited.annotate(source, out, annotation(rows, None), dialect)


def run_pandas(path, rows, target):
    import pandas as pd

    yield
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    said = list(notes(rows))
    frame["Import status"] = [status for _, status, _, _ in said]
    frame["Import message"] = [text for _, _, text, _ in said]
    frame.to_csv(target, index=False)


def zlib_codec():
    from importer.ooxml.deflate import ZLIB

    return ZLIB


def isal_codec():
    from importer.ooxml.deflate import best_codec

    codec = best_codec()
    assert codec.name == "isal", "isal is not installed"
    return codec


CASES = {
    "patch, zlib": run_patch(zlib_codec),
    "patch, isal": run_patch(isal_codec),
    "patch, flush, check, rename": run_whole,
    "openpyxl load, modify, save": run_openpyxl,
    "two fields more": run_delimited,
    "pandas read, add, write": run_pandas,
}


def child(case, path, rows):
    """Run one case and print its seconds and megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        steps = CASES[case](Path(path), rows, Path(folder) / f"out{Path(path).suffix}")
        next(steps)
        start, start_cpu = time.perf_counter(), time.process_time()
        for _ in steps:
            pass
        wall, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    print(json.dumps([wall, cpu, peak_megabytes()]))


def peak_megabytes():
    """Return this process's own peak (Linux); getrusage also knows that of the process it was forked from."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def collect(cases, path, rows, repeat):
    """Run cases in turns; return (seconds, CPU seconds, megabytes) of each run by case."""
    seen = {case: [] for case in cases}
    for _ in range(repeat):
        for case in cases:
            command = [sys.executable, __file__, "--case", case, "--file", str(path), "--rows", str(rows)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{case}: left out ({done.stderr.strip().splitlines()[-1]})")
            else:
                seen[case].append(json.loads(done.stdout))
    return seen


def measure(cases, path, rows, repeat):
    """Print a table of cases, the last of which is what the others are compared with."""
    seen = collect(cases, path, rows, repeat)
    medians = {
        case: [statistics.median(column) for column in zip(*runs, strict=True)] for case, runs in seen.items() if runs
    }
    last = medians[cases[-1]]
    print(
        f"\n| {rows:,} rows, {path.suffix[1:].upper()} | wall s | CPU s | peak MB | times as fast |",
        "| --- | --- | --- | --- | --- |",
        sep="\n",
    )
    for case, (wall, cpu, memory) in medians.items():
        print(f"| {case} | {wall:.3f} | {cpu:.3f} | {memory:.0f} | {last[0] / wall:.1f} (CPU {last[1] / cpu:.1f}) |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--csv-rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        child(given.case, given.file, given.rows[0])
        return
    with tempfile.TemporaryDirectory() as folder:
        for rows in given.rows:
            path = Path(folder) / f"tickets-{rows}.xlsx"
            make_workbook(path, rows)
            measure([case for case in CASES if "patch" in case or "openpyxl" in case], path, rows, given.repeat)
        if given.csv_rows:
            path = Path(folder) / "tickets.csv"
            make_csv(path, given.csv_rows)
            measure(["two fields more", "pandas read, add, write"], path, given.csv_rows, given.repeat)


if __name__ == "__main__":
    main()
