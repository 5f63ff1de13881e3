"""Reading and validating, side by side: ours, the readers below it alone, and what others use for the job.

    python benchmarks/reading.py [--rows 100000] [--turns 3] [--csv-rows 1000000] [--peers]

Each case runs in a process of its own, in turns; it reads a small file first, so that imports are outside the clock.
Every case that judges is held to what was planted: the faulty cells it found, those it missed, and those that are none.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import workload  # noqa: E402
from measuring import PEERS_PYTHON, Figures, interleave, run_case, run_reader, seconds, spread, summarize, table  # noqa: E402

WARM_ROWS = 200

# --- cases -----------------------------------------------------------------------------------------------------------


Cells = set[tuple[int, int]]
Job = Callable[[Path], Cells | None]
"""Reads a file, and returns the faulty cells that were found: (row, position); None where nothing is judged."""


def ours(order: dict[str, Any]) -> Job:
    """Our loader and validator; with `rows`, the good rows are made too, as the journal takes them."""
    from importer.loader import open_file
    from importer.loader.columns import choose_sheet, match_columns
    from importer.validation.validator import Validation
    from schemas.cells import Reading
    from schemas.saved import read_saved_schema

    schema = read_saved_schema(Path(order["schema"]))

    def job(file: Path) -> Cells:
        found: Cells = set()
        source = open_file(file)
        table = source.table(choose_sheet(source, schema, sheet=None, mapping={}).name)
        columns = match_columns(table.headers, table.header_row, schema)
        for chunk in Validation(table, columns, schema, Reading(time_zone=schema.time_zone)):
            found.update((one.row, one.position) for one in chunk.findings)
            if order.get("rows"):
                len(chunk.rows)
        return found

    return job


def calamine(_: dict[str, Any]) -> Job:
    """python-calamine alone: every cell of the sheet as a Python value."""
    import python_calamine

    def job(file: Path) -> None:
        python_calamine.CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()

    return job


def pandas_chunks(_: dict[str, Any]) -> Job:
    """Pandas' C reader in chunks, every cell as text, alone."""
    import pandas as pd

    def job(file: Path) -> None:
        for _ in pd.read_csv(file, dtype=str, keep_default_na=False, index_col=False, chunksize=50_000):
            pass

    return job


def plain_script(_: dict[str, Any]) -> Job:
    """What a careful script does: pandas reads it all, pandera judges it, lazily. No row numbers but by counting."""
    import pandas as pd
    import pandera.pandas as pa

    many = "|".join(workload.CATEGORIES)
    blank_or = {"nullable": True}
    checks = pa.DataFrameSchema(
        {
            "id": pa.Column(str, pa.Check.str_matches(r"^\d+$")),
            "subject": pa.Column(str),
            "hs_pipeline_stage": pa.Column(str, pa.Check.isin(workload.STAGES)),
            "hs_ticket_priority": pa.Column(str, pa.Check.isin(["", *workload.PRIORITIES]), **blank_or),
            "hs_ticket_category": pa.Column(str, pa.Check.str_matches(rf"^$|^({many})(;({many}))*$")),
            "hubspot_owner_id": pa.Column(str, pa.Check.isin(["", *workload.OWNERS])),
            "due_on": pa.Column(str, pa.Check(lambda s: _dates(s, workload.DATE_FORMAT))),
            "next_contact_at": pa.Column(str, pa.Check(lambda s: _dates(s, workload.TIME_FORMAT))),
            "effort_hours": pa.Column(str, pa.Check(lambda s: pd.to_numeric(s, errors="coerce").notna() | (s == ""))),
            "property_checkbox": pa.Column(str, pa.Check.isin(["", "TRUE", "FALSE"])),
            "content": pa.Column(str, pa.Check.str_length(0, 65_536)),
            "invoice_no": pa.Column(str, pa.Check.str_matches(r"^$|^[A-Za-z0-9]{4,12}$")),
        }
    )

    def _dates(column: pd.Series, pattern: str) -> pd.Series:
        return pd.to_datetime(column, format=pattern, errors="coerce").notna() | (column == "")

    def job(file: Path) -> Cells:
        frame = pd.read_csv(file, dtype=str, keep_default_na=False, index_col=False)
        try:
            checks.validate(frame, lazy=True)
        except pa.errors.SchemaErrors as errors:
            cases = errors.failure_cases
            return {
                (int(row) + 2, workload.HEADERS.index(column))
                for row, column in zip(cases["index"], cases["column"], strict=True)
            }
        return set()

    return job


CASES = {
    "ours": ours,
    "python-calamine alone": calamine,
    "pandas in chunks, alone": pandas_chunks,
    "pandas + pandera script": plain_script,
}


def run(order: dict[str, Any]) -> Figures:
    """Run one case on a small file, then on the one that counts; compare what it found with what was planted."""
    return run_reader(CASES[order["name"]](order), order)


# --- the measurement -------------------------------------------------------------------------------------------------


def save_schema(folder: Path) -> Path:
    """Save the sandbox's ticket schema, as `schema pull` does."""
    import subprocess

    target = folder / "schema.json"
    program = Path(sys.executable).with_name("import-tickets")
    command = [str(program), "schema", "pull", "--sandbox", "--output", str(target)]
    subprocess.run(command, check=True, capture_output=True, env={"IMPORT_TICKETS_HOME": str(folder / "home")})
    return target


def warm_file(folder: Path) -> str:
    """Make a small file, to be read before the clock starts."""
    made = workload.make(folder, WARM_ROWS, faulty=0.1)
    return str(made.csv)


def measure(folder: Path, rows: int, *, turns: int, peers: bool, slow_turns: int = 1) -> dict[str, Figures]:
    """Measure every contender on one file of `rows` rows, 1 % of them with a faulty cell; return medians by case."""
    files = workload.make(folder, rows)
    schema = save_schema(folder)
    warm, told = warm_file(folder), {"planted": str(files.planted)}

    def case(name: str, file: Path | None, **more: Any):
        order = {"name": name, "file": str(file), "warm": warm, **told, "schema": str(schema), **more}
        return lambda: run_case("reading.py", order)

    def peer(name: str, file: Path | None):
        order = {"name": name, "file": str(file), "warm": warm, **told}
        return lambda: run_case("peers.py", order, python=PEERS_PYTHON)

    cases = {
        "CSV: ours": case("ours", files.csv),
        "CSV: ours, rows made for the journal": case("ours", files.csv, rows=True),
        "CSV: pandas in chunks, alone": case("pandas in chunks, alone", files.csv),
        "CSV: pandas + pandera script": case("pandas + pandera script", files.csv),
        "XLSX: ours": case("ours", files.xlsx),
        "XLSX: ours, rows made for the journal": case("ours", files.xlsx, rows=True),
        "XLSX: python-calamine alone": case("python-calamine alone", files.xlsx),
    }
    if peers:
        cases |= {
            "CSV: great_expectations": peer("great_expectations", files.csv),
            "CSV: frictionless": peer("frictionless", files.csv),
            "XLSX: frictionless": peer("frictionless", files.xlsx),
            "CSV: django-import-export, dry run": peer("django-import-export", files.csv),
        }
    slow = ("frictionless", "django")
    often = {name: slow_turns if any(word in name for word in slow) else turns for name in cases}
    return {name: summarize(found) for name, found in interleave(cases, often).items()}


def measure_large(folder: Path, rows: int, *, turns: int) -> dict[str, Figures]:
    """Measure a large CSV file: ours beside pandas' chunked reader alone."""
    files = workload.make(folder, rows, xlsx=False)
    schema = save_schema(folder)
    order = {
        "file": str(files.csv),
        "warm": warm_file(folder),
        "planted": str(files.planted),
        "schema": str(schema),
    }
    cases = {
        "CSV: ours": lambda: run_case("reading.py", {**order, "name": "ours"}),
        "CSV: ours, rows made for the journal": lambda: run_case("reading.py", {**order, "name": "ours", "rows": True}),
        "CSV: pandas in chunks, alone": lambda: run_case("reading.py", {**order, "name": "pandas in chunks, alone"}),
    }
    return {name: summarize(found) for name, found in interleave(cases, dict.fromkeys(cases, turns)).items()}


TITLES = ("read and validate", "seconds", "spread", "CPU s", "peak MB", "found", "wrong", "beside ours")


def lines(found: dict[str, Figures]) -> list[list[str]]:
    """Return the lines of the table; the last cell tells how a case compares with ours on the same file."""
    made = []
    for name, one in found.items():
        if "failed" in one:
            made.append([name, f"failed: {one['failed']}", *[""] * 6])
            continue
        base = found[name.partition(":")[0] + ": ours"]["seconds"]
        told = [f"{one['found']:,} of {one['planted']:,}", f"{one['wrong']:,}"] if "planted" in one else ["", ""]
        cells = [seconds(one["seconds"]), spread(one), seconds(one["cpu_s"]), f"{one['peak_mb']:.0f}", *told]
        made.append([name, *cells, f"{one['seconds'] / base:.2f}x"])
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--csv-rows", type=int, default=0, help="a large CSV file too")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--peers", action="store_true", help="what others use, from .venv-bench")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        print(json.dumps(run(json.loads(given.case))))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(table(TITLES, lines(measure(Path(folder), given.rows, turns=given.turns, peers=given.peers))))
        if given.csv_rows:
            print(table(TITLES, lines(measure_large(Path(folder), given.csv_rows, turns=given.turns))))


if __name__ == "__main__":
    main()
