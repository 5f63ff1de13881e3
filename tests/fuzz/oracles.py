"""What must hold of any file whatsoever."""

import io
import json
import lzma
import re
import zipfile
import zlib
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import jsonschema
import pytest

from importer.errors import FileError
from importer.findings import CODES
from importer.loader import Kind, open_file
from tests.fuzz.effort import ROOT

FILE_CODES = {"unreadable_file", "unsafe_file", "empty_file"}
SUMMARY = jsonschema.Draft202012Validator(
    json.loads((ROOT / "importer/reports/summary.schema.json").read_text("utf-8"))
)


def read_everything(path: Path, *, size: int = 10_000) -> dict:
    """Return {sheet: {row: {position: text}}}, or {"refused": code}; whatever else happens is a fault of the loader."""
    try:
        source = open_file(path)
        found = {}
        for sheet in source.sheets:
            if sheet.header_row is not None:
                found[sheet.name] = _read_table(source.table(sheet.name), size)
    except FileError as problem:
        refusal = problem
    else:
        return found
    assert refusal.code in FILE_CODES
    assert str(refusal.text)
    return {"refused": refusal.code}


def _read_table(table, size: int) -> dict:
    assert [text for text in table.notices if not str(text)] == []
    assert all(0 <= position < 20_000 for position in table.empty_headers_with_data)
    positions = range(len(table.headers))
    rows, last = {}, table.header_row
    for chunk in table.chunks(positions, size):
        assert list(chunk.columns) == list(positions)
        assert len(chunk.rows) <= size
        numbers = [int(row) for row in chunk.rows]
        assert numbers == sorted(set(numbers))
        assert not numbers or numbers[0] > last
        last = numbers[-1] if numbers else last
        for position, kinds in chunk.kinds.items():
            assert position in positions
            assert set(kinds) <= set(Kind)
            assert len(kinds) == len(numbers)
            blank = [text for text, kind in zip(chunk.columns[position], kinds, strict=True) if kind == Kind.BLANK]
            assert not any(blank)
        for position, shown in chunk.shown.items():
            assert position in positions
            assert shown.keys() <= set(numbers)
        for finding in chunk.findings:
            assert finding.code in CODES
            assert str(finding.text)
        columns = [chunk.columns[position] for position in positions]
        for number, cells in zip(numbers, zip(*columns, strict=True), strict=True):
            assert all(isinstance(text, str) for text in cells)
            rows[number] = cells
    return {"headers": table.headers, "rows": {row: cells for row, cells in rows.items() if any(cells)}}


OUR_HEADER = re.compile("Import (status|message)( [0-9]+)?")
"""With a number where the file has a column of that name of its own."""


def without_ours(found: dict) -> dict:
    """Return what `read_everything` found, without the columns and sheets that a run adds, and trailing blanks."""
    kept = {}
    for sheet, table in found.items():
        if sheet in ("Import report", "Import changes") or sheet == "refused":
            continue
        ours = {n for n, header in enumerate(table["headers"]) if OUR_HEADER.fullmatch(header.strip())}
        rows = {1: table["headers"], **table["rows"]} if 1 not in table["rows"] else table["rows"]
        kept[sheet] = {row: _trimmed(cells, ours) for row, cells in rows.items()}
        kept[sheet] = {row: cells for row, cells in kept[sheet].items() if cells}
    return kept


def _trimmed(cells, ours) -> tuple[str, ...]:
    left = [text for position, text in enumerate(cells) if position not in ours]
    while left and not left[-1]:
        left.pop()
    return tuple(left)


class Outcome:
    """How the program ended: exit code, output, and the summary where there is one."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def summary(self) -> dict:
        return json.loads(self.out)


def run_program(arguments: list[str], *, home: Path, environment: dict[str, str] | None = None) -> Outcome:
    """Run `import-tickets` in this process, without a terminal; a fault of its own fails with its traceback."""
    from importer.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name in ("HUBSPOT_ACCESS_TOKEN", "HUBSPOT_BASE_URL", "HUBSPOT_API_VERSION"):
            patch.delenv(name, raising=False)
        for name, value in {"IMPORT_TICKETS_HOME": str(home), "LC_ALL": "C", **(environment or {})}.items():
            patch.setenv(name, value)
        patch.setattr("sys.stdin", io.StringIO())
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
    for fault in home.glob("fault-*.txt"):
        text = fault.read_text("utf-8")
        fault.unlink()
        raise AssertionError(f"a fault of the program itself:\n{text}")
    assert code in {0, 1, 2, 3, 130}, code
    assert "Traceback" not in err.getvalue()
    return Outcome(code, out.getvalue(), err.getvalue())


def check_dry_run(path: Path, *, home: Path) -> Outcome:
    """Run a file offline: an exit code of the contract, nothing of the file harmed, the same said a second time."""
    before = path.read_bytes()
    cells = read_everything(path)
    arguments = [str(path), "--dry-run", "--no-diff", "--json", "--quiet", "--skip-unknown", "--skip-read-only"]

    first = run_program(arguments, home=home)

    summary = first.summary
    SUMMARY.validate(summary)
    assert first.code in {0, 1, 2}, first.err
    assert all(error["code"] in CODES for error in summary["errors"])
    rows = summary["rows"]
    assert rows["total"] == sum(count for name, count in rows.items() if name != "total")
    report = Path(summary["report"]) if summary["report"] else None
    if report != path:
        assert path.read_bytes() == before
        for beside in path.parent.glob(f"{path.stem}.results*"):
            beside.unlink()
        return first
    assert without_ours(read_everything(path)) == without_ours(cells)
    if before.startswith(b"PK\x03\x04"):
        assert_members_kept(before, path.read_bytes())

    if any(error["code"] == "ragged_row" for error in summary["errors"]):
        return first  # the message counts the fields of the header, which has ours in it the second time

    second = run_program(arguments, home=home)

    same = ("rows", "cells", "errors", "key", "sheet")
    assert [second.summary[name] for name in same] == [summary[name] for name in same]
    return first


def assert_members_kept(before: bytes, after: bytes) -> None:
    """Every member that a run has no business with has the bytes it had; the sheet has the cells it had."""
    old, new = _members(before), _members(after)
    touched = re.compile(
        r"^/?(\[content_types\]\.xml|.*styles\.xml|.*workbook\.xml(\.rels)?|.*(sheet|table)[^/]*\.xml(\.rels)?)$",
        re.IGNORECASE,
    )
    for name, content in old.items():
        if not touched.match(name):
            assert new.get(name) == content, name


def _members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found = {}
        for member in archive.infolist():
            try:
                found[member.filename] = archive.read(member)
            except (
                zipfile.BadZipFile,
                zlib.error,
                lzma.LZMAError,
                NotImplementedError,
                OSError,
                EOFError,
                ValueError,
            ) as problem:
                found[member.filename] = repr(type(problem)).encode()
        return found
