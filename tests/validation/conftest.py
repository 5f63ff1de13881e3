"""Files checked as a run checks them: through the loader, against a portal of every type of property."""

from dataclasses import dataclass, field

import openpyxl
import pytest

from importer import loader
from importer.loader.columns import choose_sheet, match_columns
from importer.validation.validator import Validation
from schemas.cells import Reading
from tests.checked_portal import checked_portal


@pytest.fixture(scope="session")
def portal():
    """Return a portal of every type of property."""
    return checked_portal()


@dataclass
class Checked:
    """What became of a file."""

    rows: dict = field(default_factory=dict)
    invalid: list = field(default_factory=list)
    findings: list = field(default_factory=list)
    notices: list = field(default_factory=list)

    @property
    def codes(self):
        """(cell, code) of each finding."""
        return [(one.cell or one.row, one.code) for one in self.findings]

    def wanted(self, row):
        """Return what a row says."""
        return dict(self.rows[row].wanted)


@pytest.fixture
def check(tmp_path, portal):
    """Return a function that checks a file, or rows of one."""

    def run(content, *, chunk_size=10_000, id_property=None, schema=None, **reading):
        schema = schema or portal
        path = content if hasattr(content, "suffix") else write(tmp_path, content)
        source = loader.open_file(path)
        table = source.table(choose_sheet(source, schema, id_property=id_property).name)
        columns = match_columns(table.headers, table.header_row, schema, id_property=id_property)
        validation = Validation(
            table, columns, schema, Reading(**{"time_zone": schema.time_zone, **reading}), chunk_size=chunk_size
        )
        checked = Checked()
        for chunk in validation:
            checked.rows |= {row.row: row for row in chunk.rows}
            checked.invalid += chunk.invalid
            checked.findings += chunk.findings
        checked.notices = [str(one) for one in validation.notices]
        return checked

    return run


def write(folder, content):
    """Write a CSV of text, or a workbook of rows of cells."""
    if isinstance(content, str):
        path = folder / "edits.csv"
        path.write_text(content, encoding="utf-8", newline="")
        return path
    book = openpyxl.Workbook()
    for row in content:
        book.active.append(row)
    path = folder / "edits.xlsx"
    book.save(path)
    return path
