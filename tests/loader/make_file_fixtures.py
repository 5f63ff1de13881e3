"""Write the fixtures for reading, and docs/files.md, which tells what is read from each.

python -m tests.loader.make_file_fixtures [NAME...]    all of them, or those named; the document always
"""

import sys

from tests.loader import (
    file_cases_text,  # noqa: F401 - registers its cases
    file_cases_workbook,  # noqa: F401
)
from tests.loader.file_cases import CASES, FIXTURES, ROOT, Case, notices, reading

DOCUMENT = ROOT / "docs" / "files.md"

_INTRODUCTION = """# What is read from every kind of file and cell

Made by `python -m tests.loader.make_file_fixtures` from the files in `fixtures/files`; a test reads each of them again.

A cell is given by its address, with its text in quotation marks; behind numbers, dates and the like stands what kind
of cell it was. Codes such as `ragged_row` are findings: the row is not sent until it is fixed.
"""


def document() -> str:
    """Return the table of all cases, by group."""
    groups: dict[str, list[Case]] = {}
    for one in CASES:
        groups.setdefault(one.group, []).append(one)
    return _INTRODUCTION + "".join(_table(name, cases) for name, cases in groups.items())


def _table(name: str, cases: list[Case]) -> str:
    lines = [f"\n## {name}\n\n", "| file | what is odd | what is read |\n", "| --- | --- | --- |\n"]
    for one in cases:
        said = f" *{_escaped(one.notice)} ...*" if one.notice else ""
        lines.append(f"| `{one.file}` | {_escaped(one.odd)} | {_escaped(one.reads)}{said} |\n")
    return "".join(lines)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for one in CASES:
        path = FIXTURES / one.file
        if len(sys.argv) == 1 or one.file in sys.argv[1:]:
            one.make(path)
        if reading(path) != one.reads or one.notice not in (notices(path) if one.notice else ""):
            sys.exit(f"{one.file}\n  expected {one.reads}\n  is       {reading(path)}")
    DOCUMENT.write_text(document(), encoding="utf-8")
