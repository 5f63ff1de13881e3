"""Every kind of file and cell that people have: how its fixture is made, and what is read from it.

`python -m tests.loader.make_file_fixtures` writes the fixtures and the table in docs/files.md. The tests read the
fixtures and compare with the words here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from importer.errors import FileError
from importer.loader import Kind, open_file
from tests.chunks import by_row

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures" / "files"


@dataclass(frozen=True)
class Case:
    """One fixture. `reads` is what `reading` gives; `notice` are words of what people are told besides."""

    group: str
    file: str
    odd: str
    reads: str
    notice: str
    make: Callable[[Path], object]


CASES: list[Case] = []


def case(group: str, file: str, odd: str, reads: str, *, notice: str = ""):
    """Register the function below as the maker of a fixture."""

    def register(make: Callable[[Path], object]) -> Callable[[Path], object]:
        CASES.append(Case(group, file, odd, reads, notice, make))
        return make

    return register


def text_case(file: str, odd: str, content: bytes | str, reads: str, *, notice: str = "") -> None:
    """Register a delimited file by its bytes, or its text in UTF-8."""
    data = content.encode() if isinstance(content, str) else content
    CASES.append(Case("Delimited text", file, odd, reads, notice, lambda path: path.write_bytes(data)))


def reading(path: Path) -> str:
    """Return what is read from a file in a line: cells right of the key, with their kinds, and findings by cell."""
    try:
        source = open_file(path)
        info = next(one for one in source.sheets if one.visible and one.header_row is not None)
        table = source.table(info.name)
        parts, found = [], []
        wanted = [position for position, header in enumerate(table.headers) if header and header != "id"]
        for chunk in table.chunks(range(len(table.headers))):
            rows = by_row(chunk)
            found += [f"{one.code} at {one.cell or f'row {one.row}'}" for one in chunk.findings]
            for position in wanted:
                letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[position]
                kinds = chunk.kinds.get(position)
                for index, (row, text) in enumerate(zip(chunk.rows, chunk.columns[position], strict=True)):
                    kind = Kind(int(kinds[index])) if kinds is not None else Kind.TEXT if text else Kind.BLANK
                    if kind < Kind.ERROR and (kind or any(rows[row])):
                        parts.append((row, position, _cell(f"{letter}{row}", text, kind)))
                    if row in chunk.shown.get(position, {}):
                        parts.append((row, position, f"shown as {chunk.shown[position][row]}"))
        if table.empty_headers_with_data:
            found.append(
                f"data without header in {', '.join('ABCDEFGHIJ'[one] for one in table.empty_headers_with_data)}"
            )
    except FileError as error:
        return f"{error.code}: {error}"
    return "; ".join([text for _, _, text in sorted(parts, key=lambda one: one[:2])] + found)


def notices(path: Path) -> str:
    """Return what people are told of a file besides."""
    source = open_file(path)
    info = next(one for one in source.sheets if one.visible and one.header_row is not None)
    return " ".join(map(str, (*source.notices, *source.table(info.name).notices)))


def _cell(address: str, text: str, kind: Kind) -> str:
    if kind is Kind.BLANK:
        return f"{address} blank"
    if kind is Kind.TEXT:
        return f"{address} {text!r}"
    return f"{address} {text} ({kind.name.lower()})"
